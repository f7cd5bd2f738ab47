//! Advisories: what a source says of which package versions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{CvssVector, Ecosystem, PackageKey, Severity};

/// The id under which one vulnerability is known, whatever its aliases: the CVE where one exists.
pub type VulnerabilityId = String;

/// One source's statement about a vulnerability, in one form whatever the feed's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advisory {
    /// The feed: `osv`, `debian`, `alpine`.
    pub source: String,
    /// The record's key in its source, unique there. Often the id; Debian and Alpine publish per (package, CVE).
    pub key: String,
    /// The id that people know it by (`PYSEC-2021-9`, `CVE-2024-1`).
    pub id: String,
    /// Other ids of the *same* vulnerability. Related ones and upstreams are not aliases.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The vulnerabilities that it is about, where `id` names a notice (`ALSA-2022:0894`) and no vulnerability; else empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
    /// One line.
    #[serde(default)]
    pub title: String,
    /// The whole description; may be empty.
    #[serde(default)]
    pub description: String,
    /// When it was first published.
    pub published: Option<DateTime<Utc>>,
    /// When the source last changed it.
    pub modified: Option<DateTime<Utc>>,
    /// When the source took it back: it then matches nothing.
    pub withdrawn: Option<DateTime<Utc>>,
    /// Ratings, with whose they are.
    #[serde(default)]
    pub cvss: Vec<CvssVector>,
    /// The source's own word for the severity, where it has one for the whole advisory.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// `CWE-79` and the like.
    #[serde(default)]
    pub cwes: Vec<String>,
    /// Addresses to read on.
    #[serde(default)]
    pub references: Vec<String>,
    /// What it affects.
    #[serde(default)]
    pub affected: Vec<Affected>,
}

impl Advisory {
    /// Every id of a vulnerability that the advisory knows: all of one and the same, its own first, or of a notice those that it is about.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        let own = (!self.is_notice()).then_some(&self.id).into_iter();
        let others = if self.is_notice() { &self.about } else { &self.aliases };
        own.chain(others).map(String::as_str)
    }

    /// One id of each vulnerability that it is about.
    pub fn vulnerabilities(&self) -> impl Iterator<Item = &str> {
        let most = if self.is_notice() { usize::MAX } else { 1 };
        self.ids().take(most)
    }

    /// Whether its id names a notice on vulnerabilities and none of them.
    pub const fn is_notice(&self) -> bool {
        !self.about.is_empty()
    }

    /// Whether the source has taken it back.
    pub const fn is_withdrawn(&self) -> bool {
        self.withdrawn.is_some()
    }
}

/// One package that an advisory speaks of, and which of its versions.
///
/// A version is affected if `versions` lists it or any of `ranges` holds it (OSV schema, "Evaluation"), and `state` is one
/// that counts ([`AffectedState::is_affected`]).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Affected {
    /// The ecosystem, with the release for distributions.
    pub ecosystem: Ecosystem,
    /// The package: the source package for distributions; normalised as its ecosystem says.
    pub package: String,
    /// The module and stream whose builds it speaks of (`nodejs:18`), where the source tells streams: a package of another stream, or of
    /// none, is not meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// What the source says of it.
    #[serde(default)]
    pub state: AffectedState,
    /// Version ranges.
    #[serde(default)]
    pub ranges: Vec<Range>,
    /// Versions listed one by one.
    #[serde(default)]
    pub versions: Vec<String>,
    /// The source's own severity for this package, where it has one.
    #[serde(default)]
    pub severity: Option<Severity>,
}

impl Affected {
    /// What it is looked up by.
    pub fn key(&self) -> PackageKey {
        PackageKey { ecosystem: self.ecosystem.clone(), package: self.package.clone() }
    }
}

/// What a source says of a package: kept as said, not flattened.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AffectedState {
    /// The ranges are affected; a fix may exist.
    #[default]
    Affected,
    /// Affected, and the source will not fix it (Debian `no-dsa`, `ignored`, `postponed`).
    WontFix,
    /// Affected, and the release gets no more fixes.
    EndOfLife,
    /// Not yet known (Debian `undetermined`).
    UnderInvestigation,
    /// The source says that this package never was affected.
    NotAffected,
    /// No source's word but ours, of a match: what is affected is not in this package (a kernel's headers or tools, documentation).
    NotRunning,
}

impl AffectedState {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Affected, Self::WontFix, Self::EndOfLife, Self::UnderInvestigation, Self::NotAffected, Self::NotRunning];

    /// Whether versions in the ranges are findings.
    pub const fn is_affected(self) -> bool {
        matches!(self, Self::Affected | Self::WontFix | Self::EndOfLife)
    }

    /// The word as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Affected => "affected",
            Self::WontFix => "wont_fix",
            Self::EndOfLife => "end_of_life",
            Self::UnderInvestigation => "under_investigation",
            Self::NotAffected => "not_affected",
            Self::NotRunning => "not_running",
        }
    }

    /// The state that [`AffectedState::as_str`] names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// One version range: events in the source's order. Several branches may follow each other in one range.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Range {
    /// What happens at which version.
    pub events: Vec<Event>,
}

impl Range {
    /// From the first version on, until `fixed`.
    pub fn until(fixed: impl Into<String>) -> Self {
        Self { events: vec![Event::Introduced("0".into()), Event::Fixed(fixed.into())] }
    }

    /// Every version, with no fix known.
    pub fn everything() -> Self {
        Self { events: vec![Event::Introduced("0".into())] }
    }
}

/// A point in a range (OSV schema, `affected[].ranges[].events`). `"0"` means before every version.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Affected from this version on.
    Introduced(String),
    /// No longer affected from this version on.
    Fixed(String),
    /// Affected up to and including this version.
    LastAffected(String),
    /// Nothing is said of this version and later.
    Limit(String),
}

impl Event {
    /// The version at which it is.
    pub const fn version(&self) -> &String {
        match self {
            Self::Introduced(version) | Self::Fixed(version) | Self::LastAffected(version) | Self::Limit(version) => {
                version
            }
        }
    }
}
