//! What of an image was judged and what was not.

use std::collections::BTreeMap;

use async_graphql::{Enum, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_model::OsSupport;
use plimsoll_store::image_contents;
use plimsoll_store::malware_bundles::{self, BundleKind, UsedBundle};
use plimsoll_store::views::images;

/// Whether an operating system's vendor still mends it.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum OsSupportState {
    /// It is mended.
    Supported,
    /// It is mended for those alone who pay for it, or by another team.
    Extended,
    /// It is no longer mended: new vulnerabilities are not published for it.
    Ended,
    /// We do not know this operating system, or this release of it.
    Unknown,
    /// There is none in the image.
    Absent,
}

/// How long the operating system in an image is mended.
#[derive(SimpleObject)]
pub struct OsCoverage {
    /// Where it stands today.
    state: OsSupportState,
    /// The last day on which it was mended for all; null where that is not over, or not known.
    ended_on: Option<NaiveDate>,
    /// The last day on which it will be; null where that is over, or not known.
    until: Option<NaiveDate>,
}

impl From<OsSupport> for OsCoverage {
    fn from(support: OsSupport) -> Self {
        let (state, ended_on, until) = match support {
            OsSupport::Supported { until } => (OsSupportState::Supported, None, until),
            OsSupport::Extended { ended, until } => (OsSupportState::Extended, Some(ended), until),
            OsSupport::Ended { since } => (OsSupportState::Ended, Some(since), None),
            OsSupport::Unknown => (OsSupportState::Unknown, None, None),
            OsSupport::Absent => (OsSupportState::Absent, None, None),
        };
        Self { state, ended_on, until }
    }
}

/// A kind of package source in an image.
#[derive(SimpleObject)]
pub struct PackageSource {
    /// What reads it: `dpkg`, `npm-lock`.
    analyser: String,
    /// Files that were read.
    files: u64,
    /// Packages in them, before those are left out that belong to the distribution.
    packages: u64,
}

/// Why something was not judged.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_model::GapReason")]
pub enum CoverageGapReason {
    /// The image is for a platform that is not analysed, such as Windows.
    PlatformNotSupported,
    /// The operating system's vendor publishes no advisories for it any more.
    OsEnded,
    /// No advisories are known for this operating system, or for this release of it.
    OsUnknown,
    /// The operating system is known, but there is no database of its packages that lists any.
    PackageDatabaseMissing,
    /// Nothing that was read lists packages.
    NothingListsPackages,
    /// A layer was not read, not to its end, or is not the one that the image names.
    LayerNotRead,
    /// An archive in the image was not opened, or not to its end.
    ArchiveNotRead,
    /// A file was not read, or in part only.
    FileNotRead,
    /// Versions that could not be ordered.
    VersionUnordered,
    /// Packages of an ecosystem that no advisory source speaks of, or of third parties.
    EcosystemWithoutSource,
    /// A feed that the judgement rests on has never answered.
    KnowledgeMissing,
}

/// Something that was not judged.
#[derive(SimpleObject)]
pub struct CoverageGap {
    /// Why.
    reason: CoverageGapReason,
    /// How many layers, archives, files or packages; 1 for the image as a whole.
    count: u64,
    /// For people: `not judged, because ...`.
    statement: String,
    /// Some of them: paths, layers, ecosystems.
    examples: Vec<String>,
}

/// Why the sources of a judgement do not tell all.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_model::LimitReason")]
pub enum CoverageLimitReason {
    /// Only vulnerabilities that have a fix are published for the packages.
    OnlyFixesPublished,
    /// Advisories of some repositories that the packages may be from are not read.
    RepositoryLeftAside,
}

/// Something that the sources of a judgement do not tell. It is no gap: what they tell was judged.
#[derive(SimpleObject)]
pub struct CoverageLimit {
    /// Why.
    reason: CoverageLimitReason,
    /// The packages that it is said of.
    count: u64,
    /// For people: `judged by fixes alone, because ...`.
    statement: String,
    /// Their ecosystem: `Rocky Linux:9`.
    ecosystem: String,
}

/// A check of the image's configuration that could not be judged.
#[derive(SimpleObject)]
pub struct UnjudgedCheck {
    /// Its short name: `content-trust`.
    check: String,
    /// Why not.
    reason: String,
}

/// A feed that the judgement of an image rests on.
#[derive(SimpleObject)]
pub struct FeedKnowledge {
    /// Its name: `osv`, `debian`.
    feed: String,
    /// When it was last known to be up to date: the oldest of its documents that speak of the image's packages counts; of rules and hashes of
    /// malware, the oldest of those that the image was examined with. Null where one of them has never been fetched.
    checked_at: Option<DateTime<Utc>>,
}

/// What malware is known by.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "BundleKind")]
pub enum MalwareSourceKind {
    /// YARA rules.
    YaraRules,
    /// SHA-256 hashes of files.
    FileHashes,
}

/// A feed's rules or hashes of malware that an image was examined with.
#[derive(SimpleObject)]
pub struct MalwareSource {
    /// What stands before the colon in the rules of observations: `signature-base`.
    name: String,
    /// The feed that they are of.
    feed: String,
    /// What they are.
    kind: MalwareSourceKind,
    /// When they were last known to be up to date. Where others are there since, this is when they were fetched, or said to be the same, last: the
    /// image is examined by the others in its time.
    checked_at: Option<DateTime<Utc>>,
}

impl MalwareSource {
    /// A kind that this release does not know is left out.
    fn of(bundle: &UsedBundle) -> Option<Self> {
        Some(Self {
            name: malware_bundles::called(&bundle.path).to_owned(),
            feed: bundle.feed.clone(),
            kind: BundleKind::parse(&bundle.kind)?.into(),
            checked_at: bundle.checked_at,
        })
    }
}

/// What of an image was judged and what was not. Nothing found and not judged are different answers.
#[derive(SimpleObject)]
pub struct Coverage {
    /// Whether there is no gap.
    is_complete: bool,
    /// How long its operating system is mended.
    os: OsCoverage,
    /// What packages were read from.
    sources: Vec<PackageSource>,
    /// What was not judged, each reason once.
    gaps: Vec<CoverageGap>,
    /// What the sources do not tell of what was judged: that only fixes are published for a distribution, or that some of its repositories are left aside.
    limits: Vec<CoverageLimit>,
    /// Checks of its configuration that could not be judged; those that wait for a policy are among them.
    unjudged_checks: Vec<UnjudgedCheck>,
    /// How old what it is judged by is, by feed: of those that speak of its packages, and those whose rules and hashes of malware it was examined
    /// with; none where there is neither.
    knowledge: Vec<FeedKnowledge>,
    /// The feeds' rules and hashes of malware that it was examined with, beside the built-in rules. Null where that is not known, as it was scanned
    /// last by an older release.
    malware_sources: Option<Vec<MalwareSource>>,
}

impl Coverage {
    /// Of an image whose coverage is known.
    pub fn new<'a>(
        coverage: plimsoll_model::Coverage,
        checks: impl Iterator<Item = &'a image_contents::UnjudgedCheck>,
        mut knowledge: Vec<images::FeedKnowledge>,
        examined_with: Option<&[UsedBundle]>,
    ) -> Self {
        knowledge.extend(of_malware(examined_with.unwrap_or_default()));
        knowledge.sort_by(|a, b| a.feed.cmp(&b.feed));
        let source = |source: plimsoll_model::PackageSource| PackageSource {
            analyser: source.analyser,
            files: source.files,
            packages: source.packages,
        };
        let gap = |gap: plimsoll_model::Gap| CoverageGap {
            reason: gap.reason.into(),
            count: gap.count,
            statement: gap.statement,
            examples: gap.examples,
        };
        let limit = |limit: plimsoll_model::Limit| CoverageLimit {
            reason: limit.reason.into(),
            count: limit.count,
            statement: limit.statement,
            ecosystem: limit.ecosystem,
        };
        let check = |check: &image_contents::UnjudgedCheck| UnjudgedCheck {
            check: check.check.clone(),
            reason: check.reason.clone(),
        };
        let known = |known: images::FeedKnowledge| FeedKnowledge { feed: known.feed, checked_at: known.checked_at };
        Self {
            is_complete: coverage.is_complete,
            os: coverage.os.into(),
            sources: coverage.sources.into_iter().map(source).collect(),
            gaps: coverage.gaps.into_iter().map(gap).collect(),
            limits: coverage.limits.into_iter().map(limit).collect(),
            unjudged_checks: checks.map(check).collect(),
            knowledge: knowledge.into_iter().map(known).collect(),
            malware_sources: examined_with.map(|bundles| bundles.iter().filter_map(MalwareSource::of).collect()),
        }
    }
}

/// How old these are, by feed: the oldest counts.
fn of_malware(bundles: &[UsedBundle]) -> Vec<images::FeedKnowledge> {
    let mut by_feed: BTreeMap<&str, Option<DateTime<Utc>>> = BTreeMap::new();
    for bundle in bundles {
        let oldest = by_feed.entry(&bundle.feed).or_insert(bundle.checked_at);
        // Nothing is older than any time.
        *oldest = (*oldest).min(bundle.checked_at);
    }
    by_feed.into_iter().map(|(feed, checked_at)| images::FeedKnowledge { feed: feed.to_owned(), checked_at }).collect()
}
