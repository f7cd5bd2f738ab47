//! Telling who watches how far a scan is. Losing that loses nothing: the image's state is in the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll_broker::contracts::ScanImageV1;
use plimsoll_runtime::clock;
use plimsoll_volatile::{ScanProgress, ScanState, Volatile};
use tokio::task::JoinHandle;

const EVERY: Duration = Duration::from_millis(250);

/// Tells of one scan.
#[derive(Debug, Clone)]
pub struct Progress {
    volatile: Volatile,
    job: ScanImageV1,
    layers_total: u32,
    bytes_total: u64,
    bytes_read: Arc<AtomicU64>,
}

impl Progress {
    /// Of a scan whose layers are not known yet.
    pub fn new(volatile: Volatile, job: ScanImageV1) -> Self {
        Self { volatile, job, layers_total: 0, bytes_total: 0, bytes_read: Arc::default() }
    }

    /// With the layers' number and the sum of their sizes in bytes.
    #[must_use]
    pub fn with_layers(mut self, layers: usize, bytes: u64) -> Self {
        self.layers_total = u32::try_from(layers).unwrap_or(u32::MAX);
        self.bytes_total = bytes;
        self
    }

    /// The counter that whoever reads layers adds to.
    pub const fn bytes_read(&self) -> &Arc<AtomicU64> {
        &self.bytes_read
    }

    /// Tells a state, with a line for people.
    pub async fn tell(&self, state: ScanState, message: impl Into<String>) {
        let is_over = matches!(state, ScanState::Done);
        let progress = ScanProgress {
            image: self.job.image,
            digest: self.job.digest,
            state,
            layers_total: self.layers_total,
            layers_done: if is_over { self.layers_total } else { 0 },
            bytes_total: self.bytes_total,
            bytes_done: if is_over { self.bytes_total } else { self.bytes_read.load(Ordering::Relaxed) },
            message: message.into(),
            at: clock::now(),
        };
        if let Err(error) = self.volatile.publish(self.job.org, &self.job.digest.to_string(), &progress).await {
            tracing::debug!(%error, "progress was not told");
        }
    }

    /// Tells the bytes read, four times a second, until the answer is dropped.
    pub fn ticking(&self) -> Ticking {
        let progress = self.clone();
        Ticking(tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                progress.tell(ScanState::Running, "reading layers").await;
            }
        }))
    }
}

/// Ends the telling when dropped.
#[derive(Debug)]
pub struct Ticking(JoinHandle<()>);

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.abort();
    }
}
