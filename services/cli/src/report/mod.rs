//! What a scan found: one shape, whoever scanned.

mod advice;
pub mod columns;
pub mod head;
mod hidden;
mod json;
mod observations;
mod table;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use plimsoll_model::{Coverage, Digest, Ecosystem, Finding, Layer, Observation, OsRelease, Problem, Severity};
use plimsoll_oci::source::SourceImage;
use plimsoll_vex::{Justification, Status};
use serde::{Deserialize, Serialize};

pub use json::{json, json_line};
pub use table::{View, table};

/// The result of a scan. `--format json` writes it as it is; fields may be added, none goes or changes its meaning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ScanReport {
    /// What was scanned.
    pub image: ScannedImage,
    /// The operating system in it.
    pub os: Option<OsRelease>,
    /// Its layers, lowest first; none for a folder or file.
    pub layers: Vec<Layer>,
    /// How many packages it has.
    pub package_count: u64,
    /// What in it could not be read or believed.
    pub problems: Vec<Problem>,
    /// Packages that could not be judged, as a whole or by some advisory: they are not known to be unaffected.
    pub unknown: Vec<UnknownPackage>,
    /// What is wrong with it, the most urgent first.
    pub findings: Vec<Finding>,
    /// What advisories say of it that is no finding, by each one's `state`: what its source still looks into (`under_investigation`), and what
    /// does not run from the package that it is said of (`not_running`: a kernel's headers or tools, documentation). No gate counts it.
    pub not_counted: Vec<Finding>,
    /// Findings that a VEX statement says need not be seen, in the same order: they do not count.
    pub hidden: Vec<HiddenFinding>,
    /// What is wrong with it without any advisory saying so: secrets, malware, misconfiguration; the most severe first. None where that is not known: the server's
    /// last scan is older than such judgement.
    pub observations: Option<Vec<Observation>>,
    /// What of it was judged and what was not. None where that is not known, as above.
    pub coverage: Option<JudgedCoverage>,
    /// When each feed was last known to be up to date: the oldest of its documents counts.
    pub knowledge: BTreeMap<String, DateTime<Utc>>,
    /// Whose rules and hashes of malware there are beside the built-in rules, used or not; of a server's scan, those of feeds that were used. None where
    /// that is not known: the server's last scan was an older release's.
    pub malware_sources: Option<Vec<MalwareSource>>,
    /// Where its packages lie: what a statement says of a module within a program is looked up by it.
    #[serde(skip)]
    pub placed: Vec<PlacedPackage>,
}

/// Rules or hashes of malware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MalwareSource {
    /// What stands before the colon in the rules of observations: `signature-base`.
    pub name: String,
    /// The feed that they are of; none for the user's own.
    pub feed: Option<String>,
    /// What they are.
    pub kind: MalwareKind,
    /// Whether files were looked through with them: those of feeds are where the user chooses them.
    pub is_used: bool,
    /// How many rules or hashes, where they are used.
    pub count: Option<u64>,
    /// When they were last known to be up to date; none for the user's own.
    pub checked_at: Option<DateTime<Utc>>,
}

/// What malware is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MalwareKind {
    /// YARA rules.
    YaraRules,
    /// SHA-256 hashes of files.
    FileHashes,
}

/// A finding that does not count, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HiddenFinding {
    /// The finding.
    #[serde(flatten)]
    pub finding: Finding,
    /// Who says what.
    pub vex: VexNote,
}

/// The statement that hides a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VexNote {
    /// `not_affected` or `fixed`.
    pub status: Status,
    /// Why it is not affected.
    pub justification: Option<Justification>,
    /// The same in words; may be empty.
    pub impact: String,
    /// The document's id, or its file's name where it has none.
    pub document: String,
    /// Who says it; may be empty.
    pub author: String,
    /// Since when.
    pub at: Option<DateTime<Utc>>,
}

/// A package where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedPackage {
    /// The file that shows it.
    pub path: String,
    /// Its package URL.
    pub purl: String,
}

/// What was scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScannedImage {
    /// Its name: a reference, or a path.
    pub name: String,
    /// The digest of its manifest; none for a folder or file.
    pub digest: Option<String>,
    /// What it runs on: `linux/amd64`.
    pub platform: Option<String>,
    /// What else the index has images for that it was chosen from: they were not scanned.
    pub other_platforms: Vec<String>,
    /// References that it is known by.
    #[serde(skip)]
    pub references: Vec<String>,
    /// The digest of the index that it was chosen from.
    #[serde(skip)]
    pub index: Option<Digest>,
}

impl From<SourceImage> for ScannedImage {
    fn from(image: SourceImage) -> Self {
        let mut other_platforms: Vec<String> = image.other_platforms.iter().map(ToString::to_string).collect();
        // Those of Windows differ in its version alone.
        other_platforms.dedup();
        Self {
            name: image.name,
            digest: Some(image.manifest.digest.to_string()),
            platform: image.platform.as_ref().map(ToString::to_string),
            other_platforms,
            references: image.names,
            index: image.index,
        }
    }
}

/// What of it was judged and what was not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JudgedCoverage {
    /// Of its packages, files and system.
    #[serde(flatten)]
    pub coverage: Coverage,
    /// Checks of its configuration that could not be judged; those that wait for a policy are among them.
    pub unjudged_checks: Vec<UnjudgedCheck>,
}

/// A check that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnjudgedCheck {
    /// Its rule: `content-trust`.
    pub check: String,
    /// Why not.
    pub reason: String,
}

/// A package that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UnknownPackage {
    /// Where its name has its meaning, if that is known.
    pub ecosystem: Option<Ecosystem>,
    /// Its name as installed.
    pub package: String,
    /// Its version as installed.
    pub version: String,
    /// Why.
    pub why: String,
}

impl ScanReport {
    /// How many findings have each severity that occurs, the highest first.
    pub fn severities(&self) -> Vec<(Severity, usize)> {
        let count = |severity| self.findings.iter().filter(|finding| finding.severity == severity).count();
        Severity::ALL.into_iter().map(|severity| (severity, count(severity))).filter(|(_, count)| *count > 0).collect()
    }

    /// Whether a gate of this severity is shut.
    pub fn has_at_least(&self, severity: Severity) -> bool {
        let mut observations = self.observations.iter().flatten();
        self.findings.iter().any(|finding| finding.severity >= severity)
            || observations.any(|observation| observation.severity >= severity)
    }
}

#[cfg(test)]
pub mod samples;
