//! What an image holds: the outcome of analysis, before anything is judged.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{DiffId, Digest, Ecosystem, FileFact, Observation, Package};

/// An operating system as its release file names it (os-release(5)).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct OsRelease {
    /// `ID`, lower case: `debian`, `alpine`.
    pub id: String,
    /// `VERSION_ID`: `12`, `3.18.4`. Absent in rolling and testing releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// `VERSION_CODENAME`: `bookworm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codename: Option<String>,
    /// `PRETTY_NAME`, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretty_name: Option<String>,
}

/// An image's content, squashed: every package with where it came from, and what could not be read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Inventory {
    /// The operating system, if any release file was found.
    pub os: Option<OsRelease>,
    /// The layers in order, lowest first.
    pub layers: Vec<Layer>,
    /// Every package that is still there in the topmost layer's view.
    pub packages: Vec<InstalledPackage>,
    /// What is wrong in it without any advisory: secrets, malware, misconfiguration. Those in files that a later layer deletes are among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub observations: Vec<Observation>,
    /// What its files show beside packages, for checks to judge. Not written out: it is evidence, not an answer.
    #[serde(skip)]
    pub file_facts: Vec<FileFact>,
    /// How much its layers hold, and how much of that is hidden. Not written out either.
    #[serde(skip)]
    pub layer_bytes: Vec<LayerBytes>,
    /// What packages were read from, sorted by analyser.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<PackageSource>,
    /// What could not be read, in which layer and file.
    pub problems: Vec<Problem>,
}

/// A kind of package source that an image has: how much was read of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PackageSource {
    /// The analyser's name: `dpkg`, `npm-lock`.
    pub analyser: String,
    /// Files that it read.
    pub files: u64,
    /// Packages in them, before those are left out that belong to the distribution.
    pub packages: u64,
}

/// A layer of an image, with the build step that made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Layer {
    /// Position, from 0 at the bottom.
    pub index: u32,
    /// The blob's digest, as the manifest names it (compressed, where it is).
    pub digest: Digest,
    /// The digest of the uncompressed tar, as computed (as claimed, where the layer could not be read to its end).
    pub diff_id: DiffId,
    /// The blob's size in bytes.
    pub size: u64,
    /// The history entry that made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_step: Option<BuildStep>,
}

/// How much a layer holds, for checks to judge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerBytes {
    /// The layer's position, from 0 at the bottom.
    pub layer: u32,
    /// The bytes of its files.
    pub bytes: u64,
    /// How many of them later layers delete or replace. `None` where that was not counted.
    pub hidden: Option<u64>,
}

/// An entry of the image's build history (OCI image specification, config `history`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct BuildStep {
    /// Its position among all history entries, empty layers included.
    pub index: u32,
    /// The command, `RUN pip install ...`.
    pub created_by: String,
    /// When it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
}

/// A package in an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct InstalledPackage {
    /// The package.
    #[serde(flatten)]
    pub package: Package,
    /// Where its name and version have their meaning; `None` for a distribution we do not know, and for a third party's package in one.
    pub ecosystem: Option<Ecosystem>,
    /// Its package URL.
    pub purl: Option<String>,
    /// The first layer since which it has been there unchanged.
    pub layer: u32,
    /// The file that says so, without a leading slash.
    pub path: String,
}

/// Something in an image that could not be read or believed. Everything else is still analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Problem {
    /// Which kind.
    pub code: ProblemCode,
    /// The layer, where it concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer: Option<u32>,
    /// The file, where it concerns one; escaped where it held control characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// For people: what was found, at which line or offset.
    pub detail: String,
    /// How many problems this one stands for: more than one where they are not listed one by one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub count: u64,
}

const fn one() -> u64 {
    1
}

const fn is_one(count: &u64) -> bool {
    *count == 1
}

impl Problem {
    /// One problem, of the image as a whole until its place is told.
    pub const fn new(code: ProblemCode, detail: String) -> Self {
        Self { code, layer: None, path: None, detail, count: 1 }
    }
}

/// The kinds of [`Problem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    /// The compressed stream ended early.
    LayerTruncated,
    /// The compressed stream does not decode, or its checksum is wrong.
    LayerCorrupt,
    /// The layer inflates past the limit, or holds too many entries.
    LayerTooLarge,
    /// The blob is not there, or its media type is not one of a layer that we read.
    LayerUnreadable,
    /// The blob's bytes do not hash to its digest.
    DigestMismatch,
    /// The config's diffID is not the layer's.
    DiffIdMismatch,
    /// A tar header that cannot be believed; entries before it are kept.
    TarCorrupt,
    /// A PAX or long-name header past the limit.
    TarHeaderTooLarge,
    /// A whiteout that names nothing.
    WhiteoutInvalid,
    /// A file that we wanted to read is past the limit.
    FileTooLarge,
    /// A file that we wanted to read does not parse, or only in part.
    FileMalformed,
    /// A file that was read, but that something which should have examined it did not: it took too long, or a daemon failed.
    FileNotExamined,
    /// An archive in the image that is not followed to its end: past a limit (its entries, its depth, what it inflates to), damaged,
    /// encrypted, or compressed in a way that we do not know.
    #[serde(alias = "archive_unreadable")]
    ArchiveLimit,
}

impl ProblemCode {
    /// The code as stored and shown: `layer_truncated`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LayerTruncated => "layer_truncated",
            Self::LayerCorrupt => "layer_corrupt",
            Self::LayerTooLarge => "layer_too_large",
            Self::LayerUnreadable => "layer_unreadable",
            Self::DigestMismatch => "digest_mismatch",
            Self::DiffIdMismatch => "diff_id_mismatch",
            Self::TarCorrupt => "tar_corrupt",
            Self::TarHeaderTooLarge => "tar_header_too_large",
            Self::WhiteoutInvalid => "whiteout_invalid",
            Self::FileTooLarge => "file_too_large",
            Self::FileMalformed => "file_malformed",
            Self::FileNotExamined => "file_not_examined",
            Self::ArchiveLimit => "archive_limit",
        }
    }
}
