//! What of an image was judged and what was not: "nothing found" and "not judged" are different answers.

mod gaps;
mod limits;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{Ecosystem, OsRelease, PackageSource, PackageType, Problem};

pub use limits::{LeftAside, Limit, LimitReason};

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
    /// Their ecosystem; none where the distribution is unknown or they are a third party's, or advisories of such packages have no name for one.
    pub ecosystem: Option<Ecosystem>,
    /// The program that they are, where it is one without a package that no source knows: such are told one by one.
    pub program: Option<String>,
    /// How many.
    pub count: u64,
    /// How many of them have a version that could not be ordered against an advisory's.
    pub unordered: u64,
    /// Whether some advisory source that is loaded speaks of the ecosystem.
    pub has_source: bool,
    /// The feed that the ecosystem is judged by first, where it has not been read yet.
    pub awaits: Option<String>,
    /// Whether its sources tell only of what is fixed.
    pub lists_only_fixes: bool,
    /// Repositories that the packages may be from and whose advisories are not read.
    pub left_aside: Option<LeftAside>,
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
    /// What the sources do not tell of what was judged: no gap, as nothing that is known was left out.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

impl Coverage {
    /// The coverage that the evidence shows.
    pub fn of(evidence: &CoverageEvidence<'_>) -> Self {
        let gaps = gaps::of(evidence);
        let limits = limits::of(evidence.packages);
        Self { is_complete: gaps.is_empty(), os: evidence.support, sources: evidence.sources.to_vec(), gaps, limits }
    }
}

#[cfg(test)]
mod tests;
