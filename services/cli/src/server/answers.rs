//! What the API answers, as far as it is asked.

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_model::{DiffId, Digest, Ecosystem, PackageType, Problem, Severity};
use serde::Deserialize;

/// An answer to a GraphQL request.
#[derive(Debug, Deserialize)]
pub struct Answer<T> {
    pub data: Option<T>,
    #[serde(default)]
    pub errors: Vec<GraphQlError>,
}

#[derive(Debug, Deserialize)]
pub struct GraphQlError {
    pub message: String,
}

#[derive(Debug, Deserialize)]
pub struct ViewerData {
    pub viewer: Option<Viewer>,
}

#[derive(Debug, Deserialize)]
pub struct Viewer {
    pub organizations: Vec<Belonging>,
}

#[derive(Debug, Deserialize)]
pub struct Belonging {
    pub organization: OrganizationSlug,
}

#[derive(Debug, Deserialize)]
pub struct OrganizationSlug {
    pub slug: String,
}

/// `organization { image { ... } }`.
#[derive(Debug, Deserialize)]
pub struct OrganizationData<T> {
    pub organization: Option<Organization<T>>,
}

#[derive(Debug, Deserialize)]
pub struct Organization<T> {
    pub image: Option<T>,
}

#[derive(Debug, Deserialize)]
pub struct ImageScan {
    pub scan: Scan,
}

/// Where a scan stands.
#[derive(Debug, Deserialize)]
pub struct Scan {
    pub state: ScanState,
    pub error: Option<ScanError>,
}

#[derive(Debug, Deserialize)]
pub struct ScanError {
    pub code: String,
    pub message: String,
}

/// The states of a scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScanState {
    /// Waits for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// It will be tried again.
    Retrying,
    /// There is a result.
    Done,
    /// There will be none.
    Failed,
}

impl ScanState {
    /// The state for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Queued => "the scan waits for a worker",
            Self::Running => "the server scans the image",
            Self::Retrying => "the scan met a passing failure and will be tried again",
            Self::Done => "the scan is done",
            Self::Failed => "the scan failed",
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    pub digest: String,
    pub platform: Platform,
    pub os: Option<OperatingSystem>,
    pub problems: Vec<Problem>,
    pub layers: Vec<Layer>,
}

#[derive(Debug, Deserialize)]
pub struct Platform {
    pub os: Option<String>,
    pub architecture: Option<String>,
    pub variant: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OperatingSystem {
    pub distribution: String,
    pub version: Option<String>,
    pub codename: Option<String>,
    pub pretty_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Layer {
    pub index: u32,
    pub digest: Digest,
    pub diff_id: DiffId,
    pub size: u64,
    pub build_step: Option<BuildStep>,
}

#[derive(Debug, Deserialize)]
pub struct BuildStep {
    pub index: u32,
    pub command: String,
    pub created: Option<DateTime<Utc>>,
}

/// `image { page: ... }`.
#[derive(Debug, Deserialize)]
pub struct ImagePage<T> {
    pub page: Page<T>,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    pub nodes: Vec<T>,
    pub page_info: PageInfo,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageInfo {
    pub has_next_page: bool,
    pub end_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
pub struct InstalledPackage {
    pub path: String,
    pub package: PackageWithReason,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageWithReason {
    pub name: String,
    pub version: String,
    pub ecosystem: Option<Ecosystem>,
    pub purl: Option<String>,
    pub unknown_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    pub vulnerability: Vulnerability,
    pub severity: Severity,
    pub severity_source: String,
    pub epss: Option<Epss>,
    pub known_exploited_since: Option<NaiveDate>,
    pub package: Package,
    pub locations: Vec<Location>,
    pub fixed_in: Option<String>,
    pub state: Option<String>,
    pub sources: Vec<String>,
}

/// A finding that a VEX statement hides.
#[derive(Debug, Deserialize)]
pub struct HiddenFinding {
    #[serde(flatten)]
    pub finding: Finding,
    /// None where it is shown again since the page was read.
    pub vex: Option<VexStatement>,
}

#[derive(Debug, Deserialize)]
pub struct VexStatement {
    pub status: Option<String>,
    pub justification: Option<String>,
    pub impact: String,
    pub document: String,
    pub author: String,
    pub at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vulnerability {
    pub name: String,
    pub aliases: Vec<String>,
    pub title: String,
    pub is_malware: bool,
    pub cvss: Option<Cvss>,
}

#[derive(Debug, Deserialize)]
pub struct Cvss {
    pub vector: String,
    pub score: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub struct Epss {
    pub score: f64,
    pub percentile: f64,
}

#[derive(Debug, Deserialize)]
pub struct Package {
    #[serde(rename = "type")]
    pub kind: PackageType,
    pub name: String,
    pub version: String,
    pub purl: Option<String>,
    pub ecosystem: Option<Ecosystem>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    pub path: String,
    pub introduced_by: Option<Introduction>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Introduction {
    pub layer: IntroducingLayer,
    pub build_step: Option<IntroducingStep>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IntroducingLayer {
    pub index: u32,
    pub diff_id: String,
}

#[derive(Debug, Deserialize)]
pub struct IntroducingStep {
    pub command: String,
    pub created: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
pub struct FeedsData {
    pub feeds: Vec<Feed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feed {
    pub name: String,
    pub checked_at: Option<DateTime<Utc>>,
}
