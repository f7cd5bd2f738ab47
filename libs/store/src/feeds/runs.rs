//! Runs that ended: told to people, and forgotten once they tell nothing more.

use chrono::{DateTime, Utc};

use crate::{CatalogTx, Result};

/// A finished run, for people.
#[derive(Debug, Clone, serde::Serialize)]
pub struct FinishedRun {
    /// Its row.
    pub id: i64,
    /// The feed.
    pub feed: String,
    /// The document.
    pub document: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// `changed`, `unchanged`, `failed` or `refused`.
    pub outcome: String,
    /// Bytes fetched.
    pub size_bytes: i64,
    /// Records read.
    pub records: i64,
    /// Records that are new.
    pub added: i64,
    /// Records that changed.
    pub changed: i64,
    /// Records that went: they are gone, their source withdrew them, or they speak of no package any more.
    pub withdrawn: i64,
    /// Records that are as they were.
    pub unchanged: i64,
    /// Affected packages that are kept but that no version can be matched with.
    pub unmatchable: i64,
    /// Records, or parts of them, that were not understood.
    pub problem_count: i64,
    /// The first twenty of those, each with its place.
    pub problems: Vec<String>,
    /// Why it failed.
    pub error: Option<String>,
    /// When it ended.
    pub finished_at: DateTime<Utc>,
}

/// Reads finished runs, `feed_run r`: those that the literal, the rest of the statement, tells.
macro_rules! finished_runs {
    ($which:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            $crate::feeds::FinishedRun,
            r#"SELECT r.id, r.feed, r.document, extract(epoch FROM r.finished_at - r.started_at)::float8 AS "seconds!",
                      r.outcome AS "outcome!", r.size_bytes, r.records, r.added, r.changed, r.withdrawn, r.unchanged, r.unmatchable,
                      r.problem_count,
                      ARRAY(SELECT jsonb_array_elements_text(jsonb_path_query_array(r.problems, '$[0 to 19]'))) AS "problems!",
                      r.error, r.finished_at AS "finished_at!"
               FROM feed_run r "# + $which,
            $($argument),+
        )
    };
}

pub(super) use finished_runs;

/// The runs that ended last, the latest first: of a feed, of a document, or only those that failed, were refused or met problems.
pub async fn latest_runs(
    tx: &mut CatalogTx,
    feed: Option<&str>,
    document: Option<&str>,
    only_troubled: bool,
    limit: i64,
) -> Result<Vec<FinishedRun>> {
    Ok(finished_runs!(
        "WHERE r.finished_at IS NOT NULL AND ($1::text IS NULL OR r.feed = $1) AND ($2::text IS NULL OR r.document = $2)
           AND NOT ($3 AND r.problem_count = 0 AND r.outcome IN ('changed', 'unchanged'))
         ORDER BY r.id DESC LIMIT $4",
        feed,
        document,
        only_troubled,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How old what is held of a document is, and how it was last tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastAttempt {
    /// The feed.
    pub feed: String,
    /// The document.
    pub document: String,
    /// When its server last answered; `None` where nothing is held of it.
    pub checked_at: Option<DateTime<Utc>>,
    /// When the last run began.
    pub started_at: Option<DateTime<Utc>>,
    /// Its server asked not to be asked again before.
    pub not_before: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Option<String>,
    /// Why it failed.
    pub error: Option<String>,
}

/// The last attempt at each of these documents (feed and name), in their order.
pub async fn last_attempts(tx: &mut CatalogTx, documents: &[(&str, &str)]) -> Result<Vec<LastAttempt>> {
    let (feeds, names): (Vec<String>, Vec<String>) =
        documents.iter().map(|(feed, name)| ((*feed).to_owned(), (*name).to_owned())).unzip();
    Ok(sqlx::query_as!(
        LastAttempt,
        r#"SELECT k.feed AS "feed!", k.document AS "document!", d.checked_at AS "checked_at?", r.started_at AS "started_at?",
                  r.not_before AS "not_before?", r.outcome AS "outcome?", r.error AS "error?"
           FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS k (feed, document, place)
           LEFT JOIN feed_document d ON d.feed = k.feed AND d.document = k.document
           LEFT JOIN LATERAL (SELECT * FROM feed_run r WHERE r.feed = k.feed AND r.document = k.document
                              ORDER BY r.id DESC LIMIT 1) r ON true
           ORDER BY k.place"#,
        &feeds,
        &names
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Forgets runs: all but the last `kept` of each document and those that changed something since, and of documents that are held no more, all from
/// before. Wishes that were done before go with them. Gives how many runs.
pub async fn forget_runs(tx: &mut CatalogTx, kept: i64, since: DateTime<Utc>) -> Result<u64> {
    let gone = sqlx::query!(
        "DELETE FROM feed_run USING (
             SELECT id, feed, document, started_at < $2 AS is_old, row_number() OVER (PARTITION BY feed, document ORDER BY id DESC) AS place
             FROM feed_run
         ) r
         WHERE feed_run.id = r.id AND feed_run.finished_at IS NOT NULL AND (r.is_old OR added + changed + withdrawn = 0)
           AND (r.place > $1
                OR r.is_old AND NOT EXISTS (SELECT FROM feed_document d WHERE d.feed = r.feed AND d.document = r.document))",
        kept,
        since
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("DELETE FROM feed_request WHERE finished_at < $1", since).execute(tx.conn()).await?;
    Ok(gone.rows_affected())
}
