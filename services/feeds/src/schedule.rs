//! When feeds are synced: each document at its interval and whenever an operator asks, by one process at a time.

use std::time::Duration;

use chrono::TimeDelta;
use plimsoll_advisories::feeds::{self as formats, Document};
use plimsoll_broker::contracts::SyncFeedsV1;
use plimsoll_broker::{Attempt, Outcome};
use plimsoll_runtime::clock;
use plimsoll_store::{CatalogTx, Result, Store, feeds};
use tokio_util::sync::CancellationToken;

use crate::import::{BUNDLE, BundleSource, ImportOptions};
use crate::intervals::Intervals;
use crate::support;
use crate::sync::Syncer;

/// How often the schedule is looked at.
const LOOK: Duration = Duration::from_secs(15);

/// The runs of each document that are kept: two days of an hourly one.
const RUNS_KEPT: i64 = 50;
/// How long runs that changed something are kept whatever came after.
const CHANGES_KEPT: TimeDelta = TimeDelta::days(90);

/// Syncs documents as they become due.
#[derive(Debug)]
pub struct Schedule {
    syncer: Syncer,
    intervals: Intervals,
    bundle: Option<BundleSource>,
    ecosystems: Vec<String>,
}

/// Waits for the right to sync, which one at a time has, in whatever process; others wait until this transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn turn(store: &Store) -> Result<CatalogTx> {
    let mut turn = store.catalog_tx().await?;
    feeds::take_turn(&mut turn).await?;
    Ok(turn)
}

impl Schedule {
    /// Every document at its feed's interval.
    pub const fn new(syncer: Syncer, intervals: Intervals) -> Self {
        Self { syncer, intervals, bundle: None, ecosystems: Vec::new() }
    }

    /// Takes this bundle at its interval, instead of asking the feeds' upstreams.
    #[must_use]
    pub fn from_bundle(self, bundle: BundleSource) -> Self {
        Self { bundle: Some(bundle), ..self }
    }

    /// Reads these ecosystems of OSV's, where there are any, and not those of the feed's own list.
    #[must_use]
    pub fn of_ecosystems(self, ecosystems: Vec<String>) -> Self {
        Self { ecosystems, ..self }
    }

    fn documents(&self) -> impl Iterator<Item = Document> {
        let today = clock::now().date_naive();
        formats::all().iter().flat_map(move |feed| feed.documents_as_of(today, &self.ecosystems))
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
        // In its turn: an operator's import, which would have it, goes on.
        let Some(mut turn) = self.turn(shutdown).await? else { return Ok(()) };
        feeds::abandon_open_runs(&mut turn).await?;
        self.tell_intervals(&mut turn).await?;
        turn.commit().await?;
        let mut done_on = None;
        while !shutdown.is_cancelled() {
            self.sync_due(&mut lease, shutdown).await?;
            let today = clock::now().date_naive();
            if done_on != Some(today) {
                self.once_a_day().await?;
                done_on = Some(today);
            }
            pause(shutdown).await;
        }
        Ok(())
    }

    /// Writes down how often each feed is asked, for those who tell people when that is: of all where each is asked by itself, else of the bundle.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tell_intervals(&self, tx: &mut CatalogTx) -> Result<()> {
        let asked: Vec<&str> = match self.bundle {
            Some(_) => vec![BUNDLE.0],
            None => formats::all().iter().map(|feed| feed.name).collect(),
        };
        let intervals: Vec<(&str, i64)> =
            asked.into_iter().map(|feed| (feed, self.intervals.of(feed).num_seconds())).collect();
        feeds::put_intervals(tx, &intervals).await
    }

    /// Does what each day needs: operating systems that come to their end are told, and runs forgotten that tell nothing more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn once_a_day(&self) -> Result<()> {
        let mut tx = self.syncer.store.catalog_tx().await?;
        support::judge(&mut tx).await?;
        tx.commit().await?;
        let mut tx = self.syncer.store.catalog_tx().await?;
        let runs = feeds::forget_runs(&mut tx, RUNS_KEPT, clock::now() - CHANGES_KEPT).await?;
        tx.commit().await?;
        if runs > 0 {
            tracing::info!(runs, "old runs are forgotten");
        }
        Ok(())
    }

    /// Syncs what is due: a document that was last tried its feed's interval ago, and whose server did not ask to be left alone for longer. `lease` is the transaction that
    /// has it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sync_due(&self, lease: &mut CatalogTx, shutdown: &CancellationToken) -> Result<()> {
        if let Some(bundle) = &self.bundle {
            let (feed, document) = BUNDLE;
            if self.is_due(lease, feed, document).await?
                && let Some(turn) = self.turn(shutdown).await?
            {
                self.syncer.import(bundle, &ImportOptions::default()).await?;
                turn.commit().await?;
            }
            return Ok(());
        }
        for document in self.documents() {
            if shutdown.is_cancelled() {
                return Ok(());
            }
            if self.is_due(lease, document.feed.name, &document.path).await?
                && let Some(turn) = self.turn(shutdown).await?
            {
                self.syncer.sync(&document, false).await?;
                turn.commit().await?;
            }
        }
        Ok(())
    }

    /// On the lease's own connection: where that is lost, so is the lease, and the sync does not begin.
    async fn is_due(&self, lease: &mut CatalogTx, feed: &str, document: &str) -> Result<bool> {
        let now = clock::now();
        let last = feeds::last_attempt(lease, feed, document).await?;
        Ok(last.is_none_or(|last| now >= self.intervals.due(feed, last.started_at, last.not_before)))
    }

    /// The turn, once it is free; `None` at a shutdown.
    async fn turn(&self, shutdown: &CancellationToken) -> Result<Option<CatalogTx>> {
        tokio::select! {
            turn = turn(&self.syncer.store) => turn.map(Some),
            () = shutdown.cancelled() => Ok(None),
        }
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
        let store = &self.syncer.store;
        let turn = turn(store).await?;
        let mut tx = store.catalog_tx().await?;
        feeds::request_started(&mut tx, message.request).await?;
        tx.commit().await?;
        match &self.bundle {
            Some(bundle) => {
                let options = ImportOptions {
                    feed: message.feed.clone(),
                    accept_withdrawals: message.accept_withdrawals,
                    allow_older: false,
                };
                self.syncer.import(bundle, &options).await?;
            }
            None => self.sync_upstreams(message).await?,
        }
        let mut tx = store.catalog_tx().await?;
        feeds::request_finished(&mut tx, message.request).await?;
        tx.commit().await?;
        turn.commit().await
    }

    async fn sync_upstreams(&self, message: &SyncFeedsV1) -> Result<()> {
        let wanted = |document: &Document| message.feed.as_deref().is_none_or(|feed| feed == document.feed.name);
        for document in self.documents().filter(wanted) {
            self.syncer.sync(&document, message.accept_withdrawals).await?;
        }
        Ok(())
    }
}

/// Every document that is synced, as of today; those that an index names are not among them.
pub fn documents() -> impl Iterator<Item = Document> {
    let today = clock::now().date_naive();
    formats::all().iter().flat_map(move |feed| feed.documents_as_of(today, &[]))
}

async fn pause(shutdown: &CancellationToken) {
    tokio::select! {
        () = tokio::time::sleep(LOOK) => {}
        () = shutdown.cancelled() => {}
    }
}
