//! Scans: their state, what they could not read, and how far one has come.

use async_graphql::{Object, SimpleObject};
use chrono::{DateTime, Utc};
use plimsoll_store::views::images;

use super::words::ScanState;

/// The last scan of an image. Its findings are those of the last that ended well.
#[derive(SimpleObject)]
pub struct Scan {
    /// Where it stands.
    state: ScanState,
    /// Why it failed; null where it did not.
    error: Option<ScanError>,
    /// When it was asked for.
    requested_at: DateTime<Utc>,
    /// When it began.
    started_at: Option<DateTime<Utc>>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
    /// Layers that it read from their blobs.
    layers_analysed: Option<i32>,
    /// Layers that were known from earlier scans.
    layers_reused: Option<i32>,
    /// The version of the analysers that read the image.
    analysis_version: Option<String>,
}

/// Why a scan failed.
#[derive(SimpleObject)]
pub struct ScanError {
    /// For programs: `blob_missing`.
    code: String,
    /// For people.
    message: String,
}

impl From<&images::Image> for Scan {
    fn from(row: &images::Image) -> Self {
        let error = row.scan_error.as_ref().map(|message| ScanError {
            code: row.scan_error_code.clone().unwrap_or_default(),
            message: message.clone(),
        });
        Self {
            state: ScanState::of_word(&row.scan_state),
            error,
            requested_at: row.scan_requested_at,
            started_at: row.scan_started_at,
            finished_at: row.scan_finished_at,
            layers_analysed: row.layers_analysed,
            layers_reused: row.layers_reused,
            analysis_version: row.analysis_version.clone(),
        }
    }
}

/// Something in an image that could not be read or believed. Everything else was analysed.
#[derive(SimpleObject)]
pub struct ImageProblem {
    /// Which kind, for programs: `layer_truncated`.
    code: &'static str,
    /// The position of the layer, where it concerns one.
    layer: Option<u32>,
    /// The file, where it concerns one.
    path: Option<String>,
    /// For people.
    detail: String,
    /// How many problems this one stands for: more than one where they are not listed one by one.
    count: u64,
}

impl From<&plimsoll_model::Problem> for ImageProblem {
    fn from(problem: &plimsoll_model::Problem) -> Self {
        Self {
            code: problem.code.as_str(),
            layer: problem.layer,
            path: problem.path.clone(),
            detail: problem.detail.clone(),
            count: problem.count,
        }
    }
}

/// How far the scan of an image has come.
pub struct ScanProgress(pub plimsoll_volatile::ScanProgress);

/// How far the scan of an image has come.
#[Object]
impl ScanProgress {
    /// The digest of the image's manifest.
    async fn digest(&self) -> String {
        self.0.digest.to_string()
    }

    /// Where the scan stands.
    async fn state(&self) -> ScanState {
        self.0.state.into()
    }

    /// How many layers the image has; 0 until that is known.
    async fn layers_total(&self) -> u32 {
        self.0.layers_total
    }

    /// How many of them are analysed, those known from earlier scans included.
    async fn layers_done(&self) -> u32 {
        self.0.layers_done
    }

    /// The bytes of all layers, compressed; 0 until that is known.
    async fn bytes_total(&self) -> u64 {
        self.0.bytes_total
    }

    /// How many of them are read.
    async fn bytes_done(&self) -> u64 {
        self.0.bytes_done
    }

    /// What is being done, or why it failed, for people.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// When this was so.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }
}
