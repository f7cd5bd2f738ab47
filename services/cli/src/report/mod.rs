//! What a scan found: one shape, whoever scanned.

mod advice;
mod json;
mod table;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use plimsoll_model::{Ecosystem, Finding, Layer, OsRelease, Problem, Severity};
use serde::Serialize;

pub use json::json;
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
    /// When each feed was last known to be up to date: the oldest of its documents counts.
    pub knowledge: BTreeMap<String, DateTime<Utc>>,
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
        self.findings.iter().any(|finding| finding.severity >= severity)
    }
}

#[cfg(test)]
mod samples;
