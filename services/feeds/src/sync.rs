//! One document: fetched where it changed, read whole, and only then applied. Whatever fails is a run with its reason, and
//! changes nothing of what we know.

use std::io::BufReader;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_advisories::feeds::{Document, FeedError, Listed, Withdrawal, parse};
use plimsoll_advisory_db::{DbError, ReadError};
use plimsoll_bundle::BundleError;
use plimsoll_fetch::{FetchError, Fetched, Fetcher, Validators};
use plimsoll_runtime::clock;
use plimsoll_store::feeds::{self, DocumentState, Outcome, RunCounts, RunFailure};
use plimsoll_store::{Store, StoreError};
use url::Url;

use crate::bundles;
use crate::read::Applying;

/// The longest that a server is left alone because it asks for it: longer, and what we know would grow old on one answer's word.
const MOST_WAIT: Duration = Duration::from_secs(24 * 3_600);

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
    Fetch(#[from] FetchError),
    /// It could not be read.
    #[error(transparent)]
    Read(#[from] FeedError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It is of a year or release that is still to come, and not there yet.
    #[error("not there yet: {0}")]
    NotYet(#[source] FetchError),
    /// The fetched file could not be read again.
    #[error("the fetched document could not be read: {source}")]
    Kept {
        /// Why.
        source: std::io::Error,
    },
    /// Documents that an index or a bundle names could not be synced; each has a run of its own.
    #[error("{failed} of the {listed} documents that it names could not be synced")]
    Listed {
        /// How many.
        failed: u64,
        /// Of how many.
        listed: u64,
        /// What the server asked to wait; it was asked for no more of them.
        wait: Option<Duration>,
    },
    /// The bundle is not to be believed, or is broken.
    #[error("{0}; nothing of it was used")]
    Bundle(#[from] BundleError),
    /// The bundle is older than what we hold.
    #[error(
        "the bundle is of {}, and what we hold is of {}; nothing of it was used. If older knowledge is wanted: \
         plimsoll-admin feeds import --allow-older",
        built_at.format("%F %T UTC"), held.format("%F %T UTC")
    )]
    OlderBundle {
        /// When it was built.
        built_at: DateTime<Utc>,
        /// How new the newest of what we hold is.
        held: DateTime<Utc>,
    },
    /// The bundle's database is none that this release reads, or is damaged.
    #[error("{source}{}", if source.is_newer() { "; update plimsoll" } else { "" })]
    Database {
        /// What is wrong with it.
        #[from]
        source: DbError,
    },
    /// A document's records could not be read from the bundle's database.
    #[error(transparent)]
    Records(#[from] ReadError),
    /// The thread that read it ended early.
    #[error("reading the document was interrupted")]
    Interrupted,
    /// It would withdraw more than one sync may.
    #[error(
        "the document lacks or withdraws {gone} of the {held} records that we hold from it; nothing was applied. \
         If that is right, say --accept-withdrawals: plimsoll-admin feeds sync --feed {feed}, or plimsoll-admin feeds import of a bundle"
    )]
    TooManyWithdrawn {
        /// How many would go: gone, withdrawn by their source, or without a package from now on.
        gone: u64,
        /// How many we hold.
        held: u64,
        /// The feed.
        feed: &'static str,
    },
}

impl SyncError {
    /// What a server asked to wait before it is asked again, a day at most.
    fn wait(&self) -> Option<Duration> {
        let asked = match self {
            Self::Fetch(error) => error.retry_after(),
            Self::Listed { wait, .. } => *wait,
            _ => None,
        };
        asked.map(|asked| asked.min(MOST_WAIT))
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    /// What came of it.
    pub outcome: Outcome,
    /// What the server asked to wait before it is asked again.
    pub wait: Option<Duration>,
}

impl Syncer {
    /// Syncs one document and records the run; gives how it ended. The run of an index is followed by those of the documents that it names.
    ///
    /// # Errors
    /// Only when the run itself cannot be recorded.
    #[tracing::instrument(skip_all, fields(document = %document))]
    pub async fn sync(&self, document: &Document, accept_withdrawals: bool) -> Result<Outcome, StoreError> {
        let run = self.begin(document.feed.name, &document.path).await?;
        let mut counts = RunCounts::default();
        let ended = match (document.index(), document.increments()) {
            (Some(index), _) => self.try_sync_index(&index, accept_withdrawals, &mut counts).await,
            (None, Some(increments)) => {
                self.try_sync_increments(&increments, run, accept_withdrawals, &mut counts).await
            }
            (None, None) => self.try_sync(document, None, run, accept_withdrawals, &mut counts).await,
        };
        Ok(self.end(run, ended, &counts).await?.outcome)
    }

    /// Syncs a document that an index says has changed.
    ///
    /// # Errors
    /// Only when the run itself cannot be recorded.
    #[tracing::instrument(skip_all, fields(document = %listed.document))]
    pub(crate) async fn sync_listed(&self, listed: &Listed, accept_withdrawals: bool) -> Result<Ended, StoreError> {
        let document = &listed.document;
        let run = self.begin(document.feed.name, &document.path).await?;
        let mut counts = RunCounts::default();
        let ended = self.try_sync(document, Some(listed), run, accept_withdrawals, &mut counts).await;
        self.end(run, ended, &counts).await
    }

    /// Begins a run.
    pub(crate) async fn begin(&self, feed: &str, document: &str) -> Result<i64, StoreError> {
        let mut tx = self.store.catalog_tx().await?;
        let run = feeds::run_started(&mut tx, feed, document, clock::now()).await?;
        tx.commit().await?;
        Ok(run)
    }

    /// Ends a run.
    pub(crate) async fn end(
        &self,
        run: i64,
        ended: Result<Outcome, SyncError>,
        counts: &RunCounts,
    ) -> Result<Ended, StoreError> {
        let wait = ended.as_ref().err().and_then(SyncError::wait);
        let (outcome, error) = match ended {
            Ok(outcome) => (outcome, None),
            Err(error @ SyncError::NotYet(_)) => (Outcome::Unchanged, Some(error.to_string())),
            Err(error @ (SyncError::TooManyWithdrawn { .. } | SyncError::OlderBundle { .. })) => {
                (Outcome::Refused, Some(error.to_string()))
            }
            Err(error) => (Outcome::Failed, Some(error.to_string())),
        };
        match &error {
            None => tracing::info!(
                outcome = outcome.as_str(),
                records = counts.records,
                added = counts.added,
                changed = counts.changed,
                withdrawn = counts.withdrawn,
                unmatchable = counts.unmatchable,
                problems = counts.problem_count,
                "feed document synced"
            ),
            Some(error) if outcome == Outcome::Unchanged => tracing::debug!(error, "feed document not synced"),
            Some(error) => {
                tracing::warn!(outcome = outcome.as_str(), error, "feed document not synced: what we know stays")
            }
        }
        let mut tx = self.store.catalog_tx().await?;
        let not_before = wait.and_then(|wait| Some(clock::now() + TimeDelta::from_std(wait).ok()?));
        let failure = error.as_deref().map(|error| RunFailure { error, not_before });
        feeds::run_finished(&mut tx, run, outcome, counts, failure).await?;
        tx.commit().await?;
        Ok(Ended { outcome, wait })
    }

    pub(crate) async fn try_sync(
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
        let held = feeds::document(&mut tx, feed, &document.path).await?;
        drop(tx);
        let may_be_missing = document.may_be_missing && held.is_none();
        let unhad = |error: FetchError| {
            if may_be_missing && error.is_not_found() { SyncError::NotYet(error) } else { error.into() }
        };
        let held = held.filter(|held| held.url == address);
        // What an index says has changed is not asked for again: it is fetched.
        let held = held.filter(|_| listed.is_none());
        let known = held.map(|held| Validators { etag: held.etag, last_modified: held.last_modified });
        let (fetched, pointers) = match document.repository() {
            Some(repository) => {
                let pointers = self.known_files(document).await?;
                let (fetched, pointers) = self.fetch_published(&repository, known.as_ref(), pointers).await?;
                (fetched, Some(pointers))
            }
            None => {
                let known = known.clone().unwrap_or_default();
                (self.fetcher.fetch(&address, &known, &|_| {}).await.map_err(unhad)?, None)
            }
        };
        let (file, validators) = match fetched {
            Fetched::Unchanged => {
                let state = document_state(address, known.unwrap_or_default());
                let mut tx = self.store.catalog_tx().await?;
                feeds::document_checked(&mut tx, feed, &document.path, &state, false).await?;
                tx.commit().await?;
                if pointers.is_some() {
                    self.know_files(document, pointers.as_ref()).await?;
                }
                return Ok(Outcome::Unchanged);
            }
            Fetched::Changed { file, size, validators } => {
                counts.size_bytes = size;
                (file, validators)
            }
        };
        let whole = file.try_clone().map_err(|source| SyncError::Kept { source })?;
        let reading = document.clone();
        let parsed =
            self.read(run, move |sink| Ok(parse(&reading, &mut BufReader::with_capacity(1 << 18, file), sink)?));
        let parsed = parsed.await?;
        let kept = if document.feed.kind.has_records() { None } else { Some(bundles::content(whole).await?) };
        let state = match listed {
            // Its place in the index: by that it is known to have changed again.
            Some(listed) => {
                DocumentState { url: address, last_modified: Some(listed.at.to_rfc3339()), ..DocumentState::default() }
            }
            None => document_state(address, validators),
        };
        let most_withdrawn = self.most_withdrawn(accept_withdrawals);
        let applying = Applying { document, run, most_withdrawn, left_out: 0, state: &state };
        self.apply(&applying, &parsed, kept, counts).await?;
        if pointers.is_some() {
            self.know_files(document, pointers.as_ref()).await?;
        }
        Ok(Outcome::Changed)
    }

    /// The share of what we hold that may be withdrawn; all of it by an operator's word.
    pub(crate) const fn most_withdrawn(&self, is_accepted: bool) -> f64 {
        if is_accepted { 1.0 } else { self.most_withdrawn }
    }

    pub(crate) fn address(&self, document: &Document) -> String {
        document.address(self.base.as_ref().map(Url::as_str))
    }
}

/// Refuses a document that lacks or withdraws more of what we hold than one sync may withdraw.
///
/// # Errors
/// [`SyncError::TooManyWithdrawn`].
pub fn refuse_if_too_many(document: &Document, gone: u64, held: u64, most_withdrawn: f64) -> Result<(), SyncError> {
    if (Withdrawal { gone, held }).is_within(most_withdrawn) {
        return Ok(());
    }
    Err(SyncError::TooManyWithdrawn { gone, held, feed: document.feed.name })
}

pub(crate) fn document_state(url: String, validators: Validators) -> DocumentState {
    DocumentState { url, etag: validators.etag, last_modified: validators.last_modified, ..DocumentState::default() }
}
