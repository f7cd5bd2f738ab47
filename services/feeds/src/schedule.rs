//! When feeds are synced: each document at its interval and whenever an operator asks, by one process at a time.

use std::time::Duration;

use chrono::TimeDelta;
use plimsoll_advisories::feeds::{self as formats, Document};
use plimsoll_broker::contracts::SyncFeedsV1;
use plimsoll_broker::{Attempt, Outcome};
use plimsoll_runtime::clock;
use plimsoll_store::{CatalogTx, Result, feeds};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::support;
use crate::sync::Syncer;

/// How often the schedule is looked at.
const LOOK: Duration = Duration::from_secs(15);

/// Syncs documents as they become due.
#[derive(Debug)]
pub struct Schedule {
    syncer: Syncer,
    interval: TimeDelta,
    /// One sync at a time in this process, whether it was due or asked for.
    running: Mutex<()>,
}

impl Schedule {
    /// Every document each `interval`.
    pub fn new(syncer: Syncer, interval: TimeDelta) -> Self {
        Self { syncer, interval, running: Mutex::new(()) }
    }

    /// Syncs what is due until `shutdown`. Another process that does so already is waited for.
    pub async fn run(&self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.hold_lease(&shutdown).await {
                tracing::warn!(%error, "the feed schedule begins anew");
            }
            pause(&shutdown).await;
        }
    }

    /// Takes the lease and keeps it: it ends with this process or its connection.
    async fn hold_lease(&self, shutdown: &CancellationToken) -> Result<()> {
        let mut lease = self.syncer.store.catalog_tx().await?;
        if !feeds::take_lease(&mut lease).await? {
            return Ok(());
        }
        let mut tx = self.syncer.store.catalog_tx().await?;
        feeds::abandon_open_runs(&mut tx).await?;
        tx.commit().await?;
        let mut judged_on = None;
        while !shutdown.is_cancelled() {
            self.sync_due(&mut lease, shutdown).await?;
            let today = clock::now().date_naive();
            if judged_on != Some(today) {
                let mut tx = self.syncer.store.catalog_tx().await?;
                support::judge(&mut tx).await?;
                tx.commit().await?;
                judged_on = Some(today);
            }
            pause(shutdown).await;
        }
        Ok(())
    }

    async fn sync_due(&self, lease: &mut CatalogTx, shutdown: &CancellationToken) -> Result<()> {
        for document in documents() {
            if shutdown.is_cancelled() {
                return Ok(());
            }
            // On the lease's own connection: where that is lost, so is the lease, and the sync does not begin.
            let last = feeds::last_attempt(lease, document.feed.name, &document.path).await?;
            if last.is_none_or(|last| clock::now() - last >= self.interval) {
                let _running = self.running.lock().await;
                self.syncer.sync(&document, false).await?;
            }
        }
        Ok(())
    }

    /// Syncs what an operator asked for.
    pub async fn handle(&self, message: SyncFeedsV1, attempt: Attempt) -> Outcome {
        match self.sync_requested(&message).await {
            Ok(()) => Outcome::Done,
            Err(error) => {
                tracing::error!(%error, attempt = attempt.number, "the requested sync failed");
                Outcome::Retry
            }
        }
    }

    async fn sync_requested(&self, message: &SyncFeedsV1) -> Result<()> {
        let _running = self.running.lock().await;
        let store = &self.syncer.store;
        let mut tx = store.catalog_tx().await?;
        feeds::request_started(&mut tx, message.request).await?;
        tx.commit().await?;
        let wanted = |document: &Document| message.feed.as_deref().is_none_or(|feed| feed == document.feed.name);
        for document in documents().filter(wanted) {
            self.syncer.sync(&document, message.accept_withdrawals).await?;
        }
        let mut tx = store.catalog_tx().await?;
        feeds::request_finished(&mut tx, message.request).await?;
        tx.commit().await
    }
}

fn documents() -> impl Iterator<Item = Document> {
    formats::all().iter().flat_map(|feed| feed.documents())
}

async fn pause(shutdown: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(LOOK) => {}
        () = shutdown.cancelled() => {}
    }
}
