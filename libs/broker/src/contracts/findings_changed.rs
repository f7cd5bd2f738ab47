//! Findings opened or closed.

use chrono::{DateTime, Utc};
use plimsoll_model::{Digest, ImageId, OrgId, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Event;
use crate::topology::EventTopic;

/// Findings of one organization that opened or closed, in one transaction. An event is told at least once, and not always in the order in
/// which things happened: a finding opens once and closes at most once, so its number and the event's name say which event it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingsChangedV1 {
    /// Whose findings.
    pub org: OrgId,
    /// When: the exposure as of this moment has all of it, as of any earlier one nothing.
    pub at: DateTime<Utc>,
    /// The changes, at most 500; those of one image stand together.
    pub changes: Vec<FindingChangeV1>,
}

/// A finding opened or closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingChangeV1 {
    /// Which of both.
    pub event: FindingEvent,
    /// The finding's number in the organization.
    pub finding: i64,
    /// The image that has, or had, the vulnerability.
    pub image: ChangedImageV1,
    /// The vulnerability's canonical id.
    pub vulnerability: String,
    /// The severity that counts.
    pub severity: Severity,
    /// The package that it comes by.
    pub package: ChangedPackageV1,
    /// The lowest version with a fix; null where none is known, and where no source says any more that the package is affected.
    pub fixed_in: Option<String>,
    /// Why it closed: `fixed`, `advisory_changed`, `advisory_withdrawn`, `image_gone`, `merged`, `vex` (a statement hides it from then on); null
    /// where it opened.
    pub close_reason: Option<String>,
}

/// What became of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum FindingEvent {
    /// It opened.
    #[serde(rename = "finding.opened")]
    Opened,
    /// It closed.
    #[serde(rename = "finding.closed")]
    Closed,
}

/// An image as it was when a finding of it changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedImageV1 {
    /// The image, as the organization holds it.
    pub id: ImageId,
    /// The digest of its manifest.
    pub digest: Digest,
    /// What it runs on.
    pub platform: ChangedPlatformV1,
    /// The tags that named it then, itself or by an index, each `repository:tag`; the first 50.
    pub tags: Vec<String>,
}

/// What an image runs on, as its configuration says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedPlatformV1 {
    /// `linux`.
    pub os: Option<String>,
    /// `amd64`.
    pub architecture: Option<String>,
    /// `v8`.
    pub variant: Option<String>,
}

/// A package version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedPackageV1 {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its package URL, where it has one.
    pub purl: Option<String>,
}

impl Event for FindingsChangedV1 {
    const TOPIC: EventTopic = EventTopic::FindingsChanged;
    const NAME: &'static str = "FindingsChangedV1";

    fn org(&self) -> OrgId {
        self.org
    }
}
