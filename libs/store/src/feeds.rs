//! Where knowledge comes from: documents, what their servers said of them, and runs; `staged` has the records that a run has read.

pub mod increments;
mod intervals;
mod requests;
mod runs;
mod staged;

use chrono::{DateTime, Utc};

use crate::{CatalogTx, Result};

pub use intervals::{intervals, put_intervals};
pub use requests::{request, request_finished, request_started, requested_runs};
pub use runs::{FinishedRun, LastAttempt, forget_runs, last_attempts, latest_runs};
pub use staged::{StagedCounts, replace_records, stage, staged_changes, staged_counts};

/// A feed's document as we hold it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentState {
    /// Where it came from.
    pub url: String,
    /// The server's `ETag`.
    pub etag: Option<String>,
    /// The server's `Last-Modified`.
    pub last_modified: Option<String>,
    /// When the server last answered.
    pub checked_at: Option<DateTime<Utc>>,
    /// When its content last changed.
    pub changed_at: Option<DateTime<Utc>>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The document was read and applied.
    Changed,
    /// The server said that it is the one we hold, or has none yet of what is still to come.
    Unchanged,
    /// It could not be fetched or read; nothing was applied.
    Failed,
    /// It would have withdrawn too much; nothing was applied.
    Refused,
}

impl Outcome {
    /// The word as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

/// What a run did.
#[derive(Debug, Clone, Default)]
pub struct RunCounts {
    /// Bytes fetched.
    pub size_bytes: u64,
    /// Records read.
    pub records: u64,
    /// Records that we did not have. Of `added`, `changed`, `withdrawn` and `unchanged` each record counts in one.
    pub added: u64,
    /// Records that differ from ours.
    pub changed: u64,
    /// Records that are no longer there, that their source withdrew, or that speak of no package any more.
    pub withdrawn: u64,
    /// Records that are as ours.
    pub unchanged: u64,
    /// Affected packages that are kept but that no version can be matched with.
    pub unmatchable: u64,
    /// Records, or parts of them, that could not be understood.
    pub problem_count: u64,
    /// The first of those problems.
    pub problems: Vec<String>,
}

/// What is known of a document, or `None` before its first sync.
pub async fn document(tx: &mut CatalogTx, feed: &str, document: &str) -> Result<Option<DocumentState>> {
    Ok(sqlx::query_as!(
        DocumentState,
        "SELECT url, etag, last_modified, checked_at, changed_at FROM feed_document WHERE feed = $1 AND document = $2",
        feed,
        document
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Records that a server answered for a document, and with which version of it: now, where `state` does not say when.
pub async fn document_checked(
    tx: &mut CatalogTx,
    feed: &str,
    document: &str,
    state: &DocumentState,
    has_changed: bool,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO feed_document (feed, document, url, etag, last_modified, checked_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, coalesce($7, now()), CASE WHEN $6 THEN coalesce($8, now()) END)
         ON CONFLICT (feed, document) DO UPDATE SET url = excluded.url, etag = excluded.etag,
             last_modified = excluded.last_modified, checked_at = excluded.checked_at,
             changed_at = coalesce(excluded.changed_at, feed_document.changed_at)",
        feed,
        document,
        state.url,
        state.etag,
        state.last_modified,
        has_changed,
        state.checked_at,
        state.changed_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Begins a run.
pub async fn run_started(tx: &mut CatalogTx, feed: &str, document: &str, at: DateTime<Utc>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        "INSERT INTO feed_run (feed, document, started_at) VALUES ($1, $2, $3) RETURNING id",
        feed,
        document,
        at
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Why a run failed, and when its document may be tried again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunFailure<'a> {
    /// Why.
    pub error: &'a str,
    /// The server asked not to be asked again before.
    pub not_before: Option<DateTime<Utc>>,
}

/// Ends a run, with its outcome, its counts and the reason where it failed; what it had staged is dropped.
pub async fn run_finished(
    tx: &mut CatalogTx,
    run: i64,
    outcome: Outcome,
    counts: &RunCounts,
    failure: Option<RunFailure<'_>>,
) -> Result<()> {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    sqlx::query!(
        "UPDATE feed_run SET finished_at = clock_timestamp(), outcome = $2, size_bytes = $3, records = $4, added = $5, changed = $6,
                withdrawn = $7, unchanged = $8, problem_count = $9, problems = $10, error = $11, not_before = $12, unmatchable = $13
         WHERE id = $1",
        run,
        outcome.as_str(),
        number(counts.size_bytes),
        number(counts.records),
        number(counts.added),
        number(counts.changed),
        number(counts.withdrawn),
        number(counts.unchanged),
        number(counts.problem_count),
        serde_json::to_value(&counts.problems)?,
        failure.map(|failure| failure.error),
        failure.and_then(|failure| failure.not_before),
        number(counts.unmatchable)
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("DELETE FROM feed_staging WHERE run_id = $1", run).execute(tx.conn()).await?;
    Ok(())
}

/// Ends the runs that a dead process left open, and drops what they had staged. For the holder of the lease.
pub async fn abandon_open_runs(tx: &mut CatalogTx) -> Result<u64> {
    let done = sqlx::query!(
        "UPDATE feed_run SET finished_at = now(), outcome = 'failed', error = 'the process ended during the run'
         WHERE finished_at IS NULL"
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("DELETE FROM feed_staging").execute(tx.conn()).await?;
    Ok(done.rows_affected())
}

/// Takes the lease that lets one process at a time sync feeds, until this transaction ends; tells whether it was free.
pub async fn take_lease(tx: &mut CatalogTx) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('plimsoll feeds lease', 0)) AS "taken!""#
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Waits until nothing else syncs, in whatever process, and keeps others waiting until this transaction ends. The lease says who
/// syncs by itself; this, that an operator's sync or import does not run into it.
pub async fn take_turn(tx: &mut CatalogTx) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('plimsoll feeds turn', 0)) AS done")
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

/// The documents of a feed below a folder, each with what its server said of its last change.
pub async fn documents_below(tx: &mut CatalogTx, feed: &str, folder: &str) -> Result<Vec<(String, Option<String>)>> {
    let rows = sqlx::query!(
        "SELECT document, last_modified FROM feed_document WHERE feed = $1 AND starts_with(document, $2) ORDER BY document",
        feed,
        folder
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.document, row.last_modified)).collect())
}

/// How many records the documents of a feed below a folder hold.
pub async fn records_below(tx: &mut CatalogTx, feed: &str, folder: &str) -> Result<u64> {
    let held = sqlx::query_scalar!(
        r#"SELECT count(DISTINCT key) AS "held!" FROM feed_record WHERE feed = $1 AND starts_with(document, $2)"#,
        feed,
        folder
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(held.unsigned_abs())
}

/// Records that the documents of a feed below a folder are as their index says: its server answered for them.
pub async fn documents_checked_below(tx: &mut CatalogTx, feed: &str, folder: &str) -> Result<()> {
    sqlx::query!(
        "UPDATE feed_document SET checked_at = now() WHERE feed = $1 AND starts_with(document, $2)",
        feed,
        folder
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets these documents of a feed, and gives the keys that no document of the feed holds any more.
pub async fn forget_documents(tx: &mut CatalogTx, feed: &str, documents: &[String]) -> Result<Vec<String>> {
    let gone = sqlx::query_scalar!(
        "DELETE FROM feed_record WHERE feed = $1 AND document = ANY($2) RETURNING key",
        feed,
        documents
    )
    .fetch_all(tx.conn())
    .await?;
    sqlx::query!("DELETE FROM feed_document WHERE feed = $1 AND document = ANY($2)", feed, documents)
        .execute(tx.conn())
        .await?;
    staged::held_by_none(tx, feed, &gone).await
}

/// Forgets a feed's records whose key, or what stands before the slash in it, is one of these, in whatever document; gives their keys.
pub async fn forget_records(tx: &mut CatalogTx, feed: &str, records: &[String]) -> Result<Vec<String>> {
    let gone = sqlx::query_scalar!(
        "DELETE FROM feed_record WHERE feed = $1 AND split_part(key, '/', 1) = ANY($2) RETURNING key",
        feed,
        records
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(gone)
}

/// When a document was last tried, well or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub started_at: DateTime<Utc>,
    /// Its server asked not to be asked again before.
    pub not_before: Option<DateTime<Utc>>,
}

/// The last time that a document was tried, or `None` before the first.
pub async fn last_attempt(tx: &mut CatalogTx, feed: &str, document: &str) -> Result<Option<Attempt>> {
    Ok(sqlx::query_as!(
        Attempt,
        "SELECT started_at, not_before FROM feed_run WHERE feed = $1 AND document = $2 ORDER BY id DESC LIMIT 1",
        feed,
        document
    )
    .fetch_optional(tx.conn())
    .await?)
}
