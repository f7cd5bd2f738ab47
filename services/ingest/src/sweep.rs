//! Uploads that nobody goes on with are ended, and what they had staged is dropped.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_runtime::clock;
use plimsoll_store::{Store, StoreError, uploads};
use tokio_util::sync::CancellationToken;

use crate::staging::Staging;

const EVERY: Duration = Duration::from_secs(3_600);
const KEPT: TimeDelta = TimeDelta::hours(24);
/// Uploads in one transaction.
const BATCH: i64 = 100;

/// Sweeps once an hour until `shutdown`.
pub(crate) async fn run(store: Store, staging: Staging, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shutdown.cancelled() => return,
        }
        match sweep(&store, &staging, clock::now() - KEPT).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "uploads that nobody went on with were ended"),
            Err(error) => tracing::warn!(%error, "uploads are not swept"),
        }
        if let Err(error) = staging.sweep(clock::now()).await {
            tracing::warn!(%error, "staged parts are not swept");
        }
    }
}

/// Ends every upload that nobody has added to since `before`; gives how many.
///
/// # Errors
/// When the database is away: the rest is for the next time.
pub(crate) async fn sweep(store: &Store, staging: &Staging, before: DateTime<Utc>) -> Result<usize, StoreError> {
    let mut ended = 0;
    loop {
        let mut tx = store.catalog_tx().await?;
        let stale = uploads::take_stale(&mut tx, before, BATCH).await?;
        if stale.is_empty() {
            return Ok(ended);
        }
        // Before the commit: what could not be dropped is found again the next time.
        for parts in &stale {
            staging.discard(parts).await;
        }
        tx.commit().await?;
        ended += stale.len();
    }
}
