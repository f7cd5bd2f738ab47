//! How far a scan has come: what live views show.

use chrono::{DateTime, Utc};
use plimsoll_model::{Digest, ImageId};
use serde::{Deserialize, Serialize};

/// Where a scan stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScanState {
    /// Waits for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// It failed in a way that may pass, and will be tried again.
    Retrying,
    /// There is a result.
    Done,
    /// There will be no result.
    Failed,
}

/// How far the scan of an image has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ScanProgress {
    /// The image, as the organization holds it.
    pub image: ImageId,
    /// The digest of its manifest.
    pub digest: Digest,
    /// Where the scan stands.
    pub state: ScanState,
    /// How many layers the image has; zero until that is known.
    pub layers_total: u32,
    /// How many of them are analysed, those from earlier scans included.
    pub layers_done: u32,
    /// The compressed bytes of all layers; zero until that is known.
    pub bytes_total: u64,
    /// How many of them are read.
    pub bytes_done: u64,
    /// What is being done, or why it failed, for a person.
    pub message: String,
    /// When this was so.
    pub at: DateTime<Utc>,
}
