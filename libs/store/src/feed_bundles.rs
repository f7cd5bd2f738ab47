//! Bundles of feeds: which was taken last, and which of the next one's documents are as they were.

use chrono::{DateTime, Utc};

use crate::{CatalogTx, Result};

/// The bundle that was taken last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenBundle {
    /// Where it came from.
    pub address: String,
    /// The server's `ETag`; with `last_modified`, absent where a document of it could not be taken.
    pub etag: Option<String>,
    /// The server's `Last-Modified`.
    pub last_modified: Option<String>,
    /// The id of the key that signed for it.
    pub signed_by: String,
    /// When its database was built.
    pub built_at: DateTime<Utc>,
}

/// A document as a bundle has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundledDocument {
    /// The feed.
    pub feed: String,
    /// The document.
    pub document: String,
    /// Stands in place of a server's `ETag`: names its content.
    pub etag: String,
    /// When it was last known to be up to date.
    pub checked_at: DateTime<Utc>,
    /// Whether its turn is told by a run of its own; those that an index names are not, there are too many of them.
    pub is_told: bool,
}

/// The bundle that was taken last, or `None` before the first.
pub async fn last(tx: &mut CatalogTx) -> Result<Option<TakenBundle>> {
    Ok(sqlx::query_as!(TakenBundle, "SELECT address, etag, last_modified, signed_by, built_at FROM feed_bundle")
        .fetch_optional(tx.conn())
        .await?)
}

/// Records which bundle was taken.
pub async fn put(tx: &mut CatalogTx, taken: &TakenBundle) -> Result<()> {
    sqlx::query!(
        "INSERT INTO feed_bundle (address, etag, last_modified, signed_by, built_at, taken_at) VALUES ($1, $2, $3, $4, $5, now())
         ON CONFLICT (is_last) DO UPDATE SET address = excluded.address, etag = excluded.etag, last_modified = excluded.last_modified,
             signed_by = excluded.signed_by, built_at = excluded.built_at, taken_at = excluded.taken_at",
        taken.address,
        taken.etag,
        taken.last_modified,
        taken.signed_by,
        taken.built_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// How new the newest of what we hold is, from a bundle or from an upstream; `None` where nothing is held.
pub async fn newest_held(tx: &mut CatalogTx) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT greatest((SELECT built_at FROM feed_bundle), (SELECT max(checked_at) FROM feed_document)) AS newest"#
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Finds those of a bundle's documents that are as we hold them, makes them as fresh as the bundle says, and tells of them by a run each;
/// gives their places in `documents`. One statement, however many there are.
pub async fn unchanged(tx: &mut CatalogTx, documents: &[BundledDocument], at: DateTime<Utc>) -> Result<Vec<usize>> {
    let text = |of: fn(&BundledDocument) -> &String| documents.iter().map(|document| of(document).clone()).collect();
    let (feeds, names, etags): (Vec<String>, Vec<String>, Vec<String>) =
        (text(|of| &of.feed), text(|of| &of.document), text(|of| &of.etag));
    let checked: Vec<DateTime<Utc>> = documents.iter().map(|document| document.checked_at).collect();
    let told: Vec<bool> = documents.iter().map(|document| document.is_told).collect();
    let places = sqlx::query_scalar!(
        r#"WITH same AS (
               UPDATE feed_document d SET checked_at = b.checked_at
               FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::boolean[]) WITH ORDINALITY
                    AS b (feed, document, etag, checked_at, is_told, place)
               WHERE d.feed = b.feed AND d.document = b.document AND d.etag = b.etag
               RETURNING d.feed, d.document, b.is_told, b.place
           ), told AS (
               INSERT INTO feed_run (feed, document, started_at, finished_at, outcome)
               SELECT feed, document, $6, clock_timestamp(), 'unchanged' FROM same WHERE is_told ORDER BY place
           )
           SELECT place AS "place!" FROM same"#,
        &feeds,
        &names,
        &etags,
        &checked,
        &told,
        at
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(places.into_iter().filter_map(|place| usize::try_from(place - 1).ok()).collect())
}
