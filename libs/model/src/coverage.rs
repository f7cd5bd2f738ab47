//! What of an image was judged and what was not: "nothing found" and "not judged" are different answers.

mod gaps;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{Ecosystem, OsRelease, PackageSource, PackageType, Problem};

/// Whether an operating system's vendor still mends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum OsSupport {
    /// It is mended, until that day where one is known.
    Supported {
        /// The last day.
        until: Option<NaiveDate>,
    },
    /// It is mended for those alone who pay for it, or by another team, until that day.
    Extended {
        /// The last day of the support for all.
        ended: NaiveDate,
        /// The last day.
        until: Option<NaiveDate>,
    },
    /// It is no longer mended.
    Ended {
        /// The last day on which it was.
        since: NaiveDate,
    },
    /// We do not know this operating system, or this release of it.
    Unknown,
    /// There is none in the image.
    Absent,
}

/// Packages of one kind in an image, as they were judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedPackages {
    /// Their type.
    pub kind: PackageType,
    /// Their ecosystem; none where the distribution is unknown, or advisories of such packages have no name for one.
    pub ecosystem: Option<Ecosystem>,
    /// How many.
    pub count: u64,
    /// How many of them have a version that could not be ordered against an advisory's.
    pub unordered: u64,
    /// Whether some advisory source that is loaded speaks of the ecosystem.
    pub has_source: bool,
}

/// What coverage is made of.
#[derive(Debug, Clone)]
pub struct CoverageEvidence<'a> {
    /// The operating system's kind in the image's config: `linux`; none for a folder.
    pub platform: Option<&'a str>,
    /// The operating system in the image.
    pub os: Option<&'a OsRelease>,
    /// Whether it is still mended.
    pub support: OsSupport,
    /// What packages were read from.
    pub sources: &'a [PackageSource],
    /// What could not be read.
    pub problems: &'a [Problem],
    /// The packages, by kind and ecosystem.
    pub packages: &'a [JudgedPackages],
    /// The oldest of the last answers of the feeds that the judgement rests on; none where one has never answered.
    pub knowledge: Option<DateTime<Utc>>,
}

/// Why something was not judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The image is for a platform that is not analysed.
    PlatformNotSupported,
    /// The operating system's vendor publishes no advisories for it any more.
    OsEnded,
    /// No advisories are known for this operating system, or for this release of it.
    OsUnknown,
    /// The operating system is known, but there is no database of its packages that lists any.
    PackageDatabaseMissing,
    /// Nothing that was read lists packages.
    NothingListsPackages,
    /// A layer was not read, or not to its end.
    LayerNotRead,
    /// An archive in the image was not opened, or not to its end.
    ArchiveNotRead,
    /// A file was not read, or in part only.
    FileNotRead,
    /// Versions that could not be ordered.
    VersionUnordered,
    /// Packages of an ecosystem that no advisory source speaks of.
    EcosystemWithoutSource,
    /// A feed that the judgement rests on has never answered.
    KnowledgeMissing,
}

impl GapReason {
    /// All reasons.
    pub const ALL: [Self; 11] = [
        Self::PlatformNotSupported,
        Self::OsEnded,
        Self::OsUnknown,
        Self::PackageDatabaseMissing,
        Self::NothingListsPackages,
        Self::LayerNotRead,
        Self::ArchiveNotRead,
        Self::FileNotRead,
        Self::VersionUnordered,
        Self::EcosystemWithoutSource,
        Self::KnowledgeMissing,
    ];

    /// The reason that [`GapReason::as_str`] names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// The word as shown: `os_ended`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PlatformNotSupported => "platform_not_supported",
            Self::OsEnded => "os_ended",
            Self::OsUnknown => "os_unknown",
            Self::PackageDatabaseMissing => "package_database_missing",
            Self::NothingListsPackages => "nothing_lists_packages",
            Self::LayerNotRead => "layer_not_read",
            Self::ArchiveNotRead => "archive_not_read",
            Self::FileNotRead => "file_not_read",
            Self::VersionUnordered => "version_unordered",
            Self::EcosystemWithoutSource => "ecosystem_without_source",
            Self::KnowledgeMissing => "knowledge_missing",
        }
    }
}

/// Something that was not judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Gap {
    /// Why.
    pub reason: GapReason,
    /// How many: layers, archives, files or packages; 1 for the image as a whole.
    pub count: u64,
    /// For people: `not judged, because ...`.
    pub statement: String,
    /// Some of them: paths, layers, ecosystems.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

/// What of an image was judged and what was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Coverage {
    /// Whether there is no gap.
    pub is_complete: bool,
    /// Whether the operating system is still mended.
    pub os: OsSupport,
    /// What packages were read from.
    pub sources: Vec<PackageSource>,
    /// What was not judged, each reason once.
    pub gaps: Vec<Gap>,
}

impl Coverage {
    /// The coverage that the evidence shows.
    pub fn of(evidence: &CoverageEvidence<'_>) -> Self {
        let gaps = gaps::of(evidence);
        Self { is_complete: gaps.is_empty(), os: evidence.support, sources: evidence.sources.to_vec(), gaps }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProblemCode;

    fn evidence<'a>(os: Option<&'a OsRelease>, support: OsSupport) -> CoverageEvidence<'a> {
        CoverageEvidence {
            platform: Some("linux"),
            os,
            support,
            sources: &[],
            problems: &[],
            packages: &[],
            knowledge: Some(DateTime::UNIX_EPOCH),
        }
    }

    fn release(id: &str, version: &str) -> OsRelease {
        OsRelease { id: id.into(), version_id: Some(version.into()), codename: None, pretty_name: None }
    }

    fn packages(kind: PackageType, ecosystem: Option<&str>, unordered: u64, has_source: bool) -> JudgedPackages {
        let ecosystem = ecosystem.and_then(|text| text.parse().ok());
        JudgedPackages { kind, ecosystem, count: 3, unordered, has_source }
    }

    fn reasons(evidence: &CoverageEvidence<'_>) -> Vec<&'static str> {
        Coverage::of(evidence).gaps.iter().map(|gap| gap.reason.as_str()).collect()
    }

    #[test]
    fn each_thing_that_was_not_judged_says_why() {
        let debian = release("debian", "12");
        let supported = OsSupport::Supported { until: None };
        let ended = OsSupport::Ended { since: NaiveDate::default() };
        let (known, none) = (packages(PackageType::Deb, Some("Debian:12"), 0, true), release("nonesuch", "1"));
        let problem = |code, path: Option<&str>| Problem {
            code,
            layer: Some(1),
            path: path.map(str::to_owned),
            detail: "it broke".into(),
        };
        let truncated = [problem(ProblemCode::LayerTruncated, None), problem(ProblemCode::DigestMismatch, None)];
        let files = [
            problem(ProblemCode::FileTooLarge, Some("a")),
            problem(ProblemCode::FileMalformed, Some("a")),
            problem(ProblemCode::ArchiveLimit, Some("b.zip")),
        ];
        let unordered = [packages(PackageType::Npm, Some("npm"), 2, true)];
        let unsourced = [packages(PackageType::Luarocks, None, 0, false)];
        let whole = std::slice::from_ref(&known);
        let linked = [packages(PackageType::Golang, Some("Go"), 0, true)];
        let nameless = OsRelease { version_id: None, ..release("debian", "") };
        let cases: [(&str, CoverageEvidence<'_>, &[&str]); 16] = [
            ("whole", CoverageEvidence { packages: whole, ..evidence(Some(&debian), supported) }, &[]),
            ("ended", CoverageEvidence { packages: whole, ..evidence(Some(&debian), ended) }, &["os_ended"]),
            (
                "unknown",
                CoverageEvidence { packages: whole, ..evidence(Some(&none), OsSupport::Unknown) },
                &["os_unknown"],
            ),
            ("unknown, nothing of it listed", evidence(Some(&none), OsSupport::Unknown), &["os_unknown"]),
            (
                "unknown release",
                CoverageEvidence { packages: whole, ..evidence(Some(&nameless), OsSupport::Unknown) },
                &["os_unknown"],
            ),
            ("no database", evidence(Some(&debian), supported), &["package_database_missing"]),
            (
                "no database beside what an application brings",
                CoverageEvidence { packages: &linked, ..evidence(Some(&debian), ended) },
                &["os_ended", "package_database_missing"],
            ),
            ("nothing", evidence(None, OsSupport::Absent), &["nothing_lists_packages"]),
            (
                "nothing in a folder",
                CoverageEvidence { platform: None, ..evidence(None, OsSupport::Absent) },
                &["nothing_lists_packages"],
            ),
            (
                "one program without a system",
                CoverageEvidence { packages: &linked, ..evidence(None, OsSupport::Absent) },
                &[],
            ),
            (
                "a project's folder",
                CoverageEvidence { packages: &linked, platform: None, ..evidence(None, OsSupport::Absent) },
                &[],
            ),
            (
                "windows",
                CoverageEvidence { platform: Some("windows"), ..evidence(None, OsSupport::Absent) },
                &["platform_not_supported"],
            ),
            (
                "layer",
                CoverageEvidence { problems: &truncated, packages: &linked, ..evidence(None, OsSupport::Absent) },
                &["layer_not_read"],
            ),
            (
                "files",
                CoverageEvidence { problems: &files, packages: &linked, ..evidence(None, OsSupport::Absent) },
                &["archive_not_read", "file_not_read"],
            ),
            (
                "unordered",
                CoverageEvidence { packages: &unordered, ..evidence(None, OsSupport::Absent) },
                &["version_unordered"],
            ),
            (
                "unsourced",
                CoverageEvidence { packages: &unsourced, knowledge: None, ..evidence(None, OsSupport::Absent) },
                &["ecosystem_without_source"],
            ),
        ];
        for (name, evidence, expected) in &cases {
            assert_eq!(reasons(evidence), *expected, "{name}");
            let coverage = Coverage::of(evidence);
            assert_eq!(coverage.is_complete, expected.is_empty());
            assert!(
                coverage.gaps.iter().all(|gap| gap.statement.starts_with("not judged") && gap.count > 0),
                "{coverage:?}"
            );
        }
        let silent = CoverageEvidence { packages: whole, knowledge: None, ..evidence(Some(&debian), supported) };
        assert_eq!(reasons(&silent), ["knowledge_missing"]);
        let (_, files, _) = cases.iter().find(|(name, ..)| *name == "files").unwrap();
        assert_eq!(Coverage::of(files).gaps[1].count, 1, "two problems of one file are one file");
    }
}
