//! How fresh our knowledge is: each document of each feed, with its last run.

use chrono::{DateTime, Utc};

use crate::{CatalogTx, Result};

/// A feed's document with how its last run went; counts are null before the first.
#[derive(Debug, Clone)]
pub struct FeedDocument {
    /// The feed.
    pub feed: String,
    /// The document.
    pub document: String,
    /// When its server last answered.
    pub checked_at: Option<DateTime<Utc>>,
    /// When its content last changed.
    pub changed_at: Option<DateTime<Utc>>,
    /// When the last run began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// `changed`, `unchanged`, `failed` or `refused`.
    pub outcome: Option<String>,
    /// Bytes fetched.
    pub size_bytes: Option<i64>,
    /// Records read.
    pub records: Option<i64>,
    /// Records that are new.
    pub added: Option<i64>,
    /// Records that differ.
    pub changed: Option<i64>,
    /// Records that are gone, that their source withdrew, or that speak of no package any more.
    pub withdrawn: Option<i64>,
    /// Records that are as they were.
    pub unchanged: Option<i64>,
    /// Affected packages that are kept but that no version can be matched with.
    pub unmatchable: Option<i64>,
    /// Records, or parts of them, that were not understood.
    pub problem_count: Option<i64>,
    /// The first twenty of those, each with its place.
    pub problems: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// When the document is to be asked for again by its feed's interval and what its server said; `None` where it has no run yet, or the feed no
    /// interval.
    pub due_at: Option<DateTime<Utc>>,
}

/// Every document, by feed and name.
pub async fn all(tx: &mut CatalogTx) -> Result<Vec<FeedDocument>> {
    Ok(sqlx::query_as!(
        FeedDocument,
        r#"SELECT d.feed, d.document, d.checked_at, d.changed_at, r.started_at AS "started_at?", r.finished_at AS "finished_at?",
                  r.outcome AS "outcome?", r.size_bytes AS "size_bytes?", r.records AS "records?", r.added AS "added?",
                  r.changed AS "changed?", r.withdrawn AS "withdrawn?", r.unchanged AS "unchanged?",
                  r.unmatchable AS "unmatchable?", r.problem_count AS "problem_count?",
                  ARRAY(SELECT jsonb_array_elements_text(jsonb_path_query_array(r.problems, '$[0 to 19]'))) AS "problems!",
                  r.error AS "error?", greatest(r.started_at + i.seconds * interval '1 second', CASE WHEN i.feed IS NOT NULL THEN r.not_before END)
                                       AS "due_at?"
           FROM feed_document d
           LEFT JOIN feed_interval i ON i.feed = d.feed
           LEFT JOIN LATERAL (SELECT * FROM feed_run r WHERE r.feed = d.feed AND r.document = d.document
                              ORDER BY r.id DESC LIMIT 1) r ON true
           ORDER BY d.feed, d.document"#
    )
    .fetch_all(tx.conn())
    .await?)
}
