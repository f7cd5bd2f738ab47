//! One document: fetched where it changed, read whole, and only then applied. Whatever fails is a run with its reason, and
//! changes nothing of what we know.

use std::fs::File;
use std::io::BufReader;

use plimsoll_advisories::feeds::{Document, FeedError, FeedKind, Listed, ParseReport, Record, parse};
use plimsoll_advisories::{ExploitScore, KnownExploited, content_hash};
use plimsoll_fetch::{Fetched, Fetcher, Validators};
use plimsoll_model::{Advisory, SupportPeriod};
use plimsoll_runtime::clock;
use plimsoll_store::feeds::{self, DocumentState, Outcome, RunCounts};
use plimsoll_store::malware_bundles::BundleKind;
use plimsoll_store::{Store, StoreError};
use tokio::sync::mpsc;
use url::Url;

use crate::{apply, bundles, tables};

/// Records per statement of staging.
const BATCH: usize = 500;

/// How a document is synced.
#[derive(Debug)]
pub struct Syncer {
    /// Where it goes.
    pub store: Store,
    /// How it is fetched.
    pub fetcher: Fetcher,
    /// A mirror's base address; upstream's own where it is absent.
    pub base: Option<Url>,
    /// The share of what we hold (0 to 1) that one sync may withdraw without an operator's word.
    pub most_withdrawn: f64,
}

/// Why a sync did not end.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The document could not be fetched.
    #[error(transparent)]
    Fetch(#[from] plimsoll_fetch::FetchError),
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] FeedError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The fetched file could not be read again.
    #[error("the fetched document could not be read: {source}")]
    Kept {
        /// Why.
        source: std::io::Error,
    },
    /// Documents that an index names could not be synced; each has a run of its own.
    #[error("{failed} of the {listed} documents that it names could not be synced")]
    Listed {
        /// How many.
        failed: u64,
        /// Of how many.
        listed: u64,
    },
    /// The thread that read it ended early.
    #[error("reading the document was interrupted")]
    Interrupted,
    /// It would withdraw more than one sync may.
    #[error(
        "the document lacks {gone} of the {held} records that we hold from it; nothing was applied. \
         If that is right: plimsoll-admin feeds sync --feed {feed} --accept-withdrawals"
    )]
    TooManyWithdrawn {
        /// How many are gone.
        gone: u64,
        /// How many we hold.
        held: u64,
        /// The feed.
        feed: &'static str,
    },
}

impl Syncer {
    /// Syncs one document and records the run; gives how it ended. The run of an index is followed by those of the documents that it names.
    ///
    /// # Errors
    /// Only when the run itself cannot be recorded.
    #[tracing::instrument(skip_all, fields(document = %document))]
    pub async fn sync(&self, document: &Document, accept_withdrawals: bool) -> Result<Outcome, StoreError> {
        let feed = document.feed.name;
        let mut tx = self.store.catalog_tx().await?;
        let run = feeds::run_started(&mut tx, feed, &document.path, clock::now()).await?;
        tx.commit().await?;
        let mut counts = RunCounts::default();
        let ended = match document.index() {
            Some(index) => self.try_sync_index(&index, accept_withdrawals, &mut counts).await,
            None => self.try_sync(document, None, run, accept_withdrawals, &mut counts).await,
        };
        self.end(run, ended, &counts).await
    }

    /// Syncs a document that an index says has changed.
    ///
    /// # Errors
    /// Only when the run itself cannot be recorded.
    #[tracing::instrument(skip_all, fields(document = %listed.document))]
    pub(crate) async fn sync_listed(&self, listed: &Listed, accept_withdrawals: bool) -> Result<Outcome, StoreError> {
        let document = &listed.document;
        let mut tx = self.store.catalog_tx().await?;
        let run = feeds::run_started(&mut tx, document.feed.name, &document.path, clock::now()).await?;
        tx.commit().await?;
        let mut counts = RunCounts::default();
        let ended = self.try_sync(document, Some(listed), run, accept_withdrawals, &mut counts).await;
        self.end(run, ended, &counts).await
    }

    async fn end(
        &self,
        run: i64,
        ended: Result<Outcome, SyncError>,
        counts: &RunCounts,
    ) -> Result<Outcome, StoreError> {
        let (outcome, error) = match ended {
            Ok(outcome) => (outcome, None),
            Err(error @ SyncError::TooManyWithdrawn { .. }) => (Outcome::Refused, Some(error.to_string())),
            Err(error) => (Outcome::Failed, Some(error.to_string())),
        };
        match &error {
            None => tracing::info!(
                outcome = outcome.as_str(),
                records = counts.records,
                added = counts.added,
                changed = counts.changed,
                withdrawn = counts.withdrawn,
                problems = counts.problem_count,
                "feed document synced"
            ),
            Some(error) => {
                tracing::warn!(outcome = outcome.as_str(), error, "feed document not synced: what we know stays")
            }
        }
        let mut tx = self.store.catalog_tx().await?;
        feeds::run_finished(&mut tx, run, outcome, counts, error.as_deref()).await?;
        tx.commit().await?;
        Ok(outcome)
    }

    async fn try_sync(
        &self,
        document: &Document,
        listed: Option<&Listed>,
        run: i64,
        accept_withdrawals: bool,
        counts: &mut RunCounts,
    ) -> Result<Outcome, SyncError> {
        let feed = document.feed.name;
        let address = self.address(document);
        let mut tx = self.store.catalog_tx().await?;
        let held = feeds::document(&mut tx, feed, &document.path).await?.filter(|held| held.url == address);
        drop(tx);
        // What an index says has changed is not asked for again: it is fetched.
        let held = held.filter(|_| listed.is_none());
        let known = held.map(|held| Validators { etag: held.etag, last_modified: held.last_modified });
        let fetched = match document.repository() {
            Some(repository) => self.fetch_published(&repository, known.as_ref()).await?,
            None => self.fetcher.fetch(&address, &known.clone().unwrap_or_default(), &|_| {}).await?,
        };
        let (file, validators) = match fetched {
            Fetched::Unchanged => {
                let state = document_state(address, known.unwrap_or_default());
                let mut tx = self.store.catalog_tx().await?;
                feeds::document_checked(&mut tx, feed, &document.path, &state, false).await?;
                tx.commit().await?;
                return Ok(Outcome::Unchanged);
            }
            Fetched::Changed { file, size, validators } => {
                counts.size_bytes = size;
                (file, validators)
            }
        };
        let whole = file.try_clone().map_err(|source| SyncError::Kept { source })?;
        let parsed = self.read(document, run, file).await?;
        counts.records = parsed.report.statements;
        counts.problem_count = parsed.report.problems;
        counts.problems =
            parsed.report.problem_texts.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect();
        let state = match listed {
            // Its place in the index: by that it is known to have changed again.
            Some(listed) => {
                DocumentState { url: address, last_modified: Some(listed.at.to_rfc3339()), ..DocumentState::default() }
            }
            None => document_state(address, validators),
        };
        let limit = if accept_withdrawals { 1.0 } else { self.most_withdrawn };
        match document.feed.kind {
            FeedKind::Advisories => self.apply_advisories(document, run, limit, &state, counts).await?,
            FeedKind::KnownExploited | FeedKind::ExploitScores | FeedKind::SupportPeriods => {
                tables::replace(&self.store, document, &parsed, limit, &state, counts).await?;
            }
            FeedKind::YaraRules => {
                bundles::keep(&self.store, document, BundleKind::YaraRules, whole, limit, &state, counts).await?;
            }
            FeedKind::FileHashes => {
                bundles::keep(&self.store, document, BundleKind::FileHashes, whole, limit, &state, counts).await?;
            }
        }
        Ok(Outcome::Changed)
    }

    pub(crate) fn address(&self, document: &Document) -> String {
        document.address(self.base.as_ref().map(Url::as_str))
    }

    /// Reads a document on a thread of its own; advisories are staged as they come, small tables are kept.
    async fn read(&self, document: &Document, run: i64, file: File) -> Result<Parsed, SyncError> {
        let (sender, mut receiver) = mpsc::channel::<Vec<(Advisory, [u8; 32])>>(2);
        let document = document.clone();
        let reading = tokio::task::spawn_blocking(move || read_records(&document, file, sender));
        let mut staged = Ok(());
        while let Some(batch) = receiver.recv().await {
            staged = self.stage(run, &batch).await;
            if staged.is_err() {
                // The reader's next batch finds nobody and it ends.
                break;
            }
        }
        drop(receiver);
        let parsed = reading.await.map_err(|_| SyncError::Interrupted)?;
        staged?;
        Ok(parsed?)
    }

    async fn stage(&self, run: i64, batch: &[(Advisory, [u8; 32])]) -> Result<(), StoreError> {
        let mut tx = self.store.catalog_tx().await?;
        feeds::stage(&mut tx, run, batch).await?;
        tx.commit().await
    }

    async fn apply_advisories(
        &self,
        document: &Document,
        run: i64,
        most_withdrawn: f64,
        state: &DocumentState,
        counts: &mut RunCounts,
    ) -> Result<(), SyncError> {
        let feed = document.feed.name;
        let mut tx = self.store.catalog_tx().await?;
        let staged = feeds::staged_counts(&mut tx, run, feed, &document.path).await?;
        drop(tx);
        refuse_if_too_many(document, staged.gone.unsigned_abs(), staged.held.unsigned_abs(), most_withdrawn)?;
        let newest_only = document.feed.has_index();
        let applied = apply::apply_staged(&self.store, run, feed, newest_only).await?;
        counts.added = applied.added;
        counts.changed = applied.changed;
        counts.unchanged = staged.unchanged.unsigned_abs();

        let mut tx = self.store.catalog_tx().await?;
        // The document's row before its records, which refer to it.
        feeds::document_checked(&mut tx, feed, &document.path, state, true).await?;
        let gone = feeds::replace_records(&mut tx, run, feed, &document.path).await?;
        counts.withdrawn = gone.len() as u64;
        apply::withdraw(&mut tx, feed, &gone).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// A document that was read to its end.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Its counts.
    pub report: ParseReport,
    /// Rows of CISA's catalogue.
    pub known_exploited: Vec<KnownExploited>,
    /// Rows of EPSS.
    pub exploit_scores: Vec<ExploitScore>,
    /// Periods of support.
    pub support_periods: Vec<SupportPeriod>,
}

/// Refuses a document that lacks more of what we hold than one sync may withdraw. A handful may always go.
///
/// # Errors
/// [`SyncError::TooManyWithdrawn`].
pub fn refuse_if_too_many(document: &Document, gone: u64, held: u64, most_withdrawn: f64) -> Result<(), SyncError> {
    const HANDFUL: u64 = 20;
    #[expect(clippy::cast_precision_loss, reason = "a share of counts far below 2^52")]
    let share = gone as f64 / held.max(1) as f64;
    if gone > HANDFUL && share > most_withdrawn {
        return Err(SyncError::TooManyWithdrawn { gone, held, feed: document.feed.name });
    }
    Ok(())
}

pub(crate) fn document_state(url: String, validators: Validators) -> DocumentState {
    DocumentState { url, etag: validators.etag, last_modified: validators.last_modified, ..DocumentState::default() }
}

fn read_records(
    document: &Document,
    file: File,
    sender: mpsc::Sender<Vec<(Advisory, [u8; 32])>>,
) -> Result<Parsed, FeedError> {
    let mut parsed = Parsed::default();
    let mut batch = Vec::with_capacity(BATCH);
    let mut sink = |record: Record| {
        match record {
            Record::Advisory(advisory) => {
                let hash = content_hash(&advisory);
                batch.push((*advisory, hash));
            }
            Record::KnownExploited(row) => parsed.known_exploited.push(row),
            Record::ExploitScore(row) => parsed.exploit_scores.push(row),
            Record::SupportPeriod(row) => parsed.support_periods.push(row),
        }
        if batch.len() >= BATCH {
            sender.blocking_send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))?;
        }
        Ok(())
    };
    let report = parse(document, &mut BufReader::with_capacity(1 << 18, file), &mut sink)?;
    if !batch.is_empty() {
        // Where nobody receives any more, the receiver knows why.
        let _ = sender.blocking_send(batch);
    }
    parsed.report = report;
    Ok(parsed)
}
