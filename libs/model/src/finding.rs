//! Findings: what is wrong with an image, told so that somebody can mend it.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{AffectedState, Ecosystem, Severity, VulnerabilityId};

/// A vulnerability in a package of an image. The command line, the API and reports all show this.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Finding {
    /// The canonical id: the CVE where one exists.
    pub vulnerability: VulnerabilityId,
    /// All other ids of the same vulnerability, sorted.
    pub aliases: Vec<String>,
    /// One line for people; may be empty.
    pub title: String,
    /// The severity that counts.
    pub severity: Severity,
    /// Whose rating it is: a feed's name, or empty for none.
    pub severity_source: String,
    /// The CVSS vector that counts, if any source gave one.
    pub cvss_vector: Option<String>,
    /// Its base score, 0.0 to 10.0.
    pub cvss_score: Option<f64>,
    /// FIRST's estimate of exploitation within 30 days, 0 to 1.
    pub epss: Option<f64>,
    /// The share of all vulnerabilities with a lower estimate, 0 to 1.
    pub epss_percentile: Option<f64>,
    /// When CISA listed it as exploited; `None` where it did not.
    pub known_exploited_since: Option<NaiveDate>,
    /// Whether the package is itself malicious ([`is_malware`]): no upgrade of it is a remedy.
    pub is_malware: bool,
    /// Where the package's name has its meaning.
    pub ecosystem: Ecosystem,
    /// The package as installed.
    pub package: String,
    /// The version as installed.
    pub version: String,
    /// The package's URL.
    pub purl: Option<String>,
    /// The file in the image that shows the package.
    pub path: String,
    /// The lowest version that has a fix, if there is one.
    pub fixed_in: Option<String>,
    /// What the source says of it.
    pub state: AffectedState,
    /// The sources that say so, sorted: feed names.
    pub sources: Vec<String>,
    /// Where in the image it came in.
    pub introduced_by: Introduction,
}

/// Whether any id of a vulnerability says that the package is malicious, not that it has a flaw: those of the OpenSSF's malicious-packages database
/// (`MAL-2025-6684`).
pub fn is_malware(id: &str, aliases: &[String]) -> bool {
    std::iter::once(id).chain(aliases.iter().map(String::as_str)).any(|id| id.starts_with("MAL-"))
}

/// The layer and build step that brought a package into an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Introduction {
    /// The layer's position, 0 at the bottom.
    pub layer: u32,
    /// The layer's diffID.
    pub diff_id: String,
    /// The command of the build history, where there is one.
    pub build_step: Option<String>,
    /// When that step ran.
    pub created: Option<DateTime<Utc>>,
}
