//! The records that a run has read, before they are applied: staged, compared with what is held, and made the document's.

use plimsoll_model::Advisory;
use sqlx::types::Json;

use super::increments;
use crate::{CatalogTx, Result};

/// Stages parsed advisories. Of two with the same key the later one counts.
pub async fn stage(tx: &mut CatalogTx, run: i64, advisories: &[(Advisory, [u8; 32])]) -> Result<()> {
    let keys: Vec<String> = advisories.iter().map(|(advisory, _)| advisory.key.clone()).collect();
    let hashes: Vec<Vec<u8>> = advisories.iter().map(|(_, hash)| hash.to_vec()).collect();
    let documents = advisories
        .iter()
        .map(|(advisory, _)| serde_json::to_value(advisory))
        .collect::<Result<Vec<_>, serde_json::Error>>()?;
    let are_withdrawn: Vec<bool> = advisories.iter().map(|(advisory, _)| advisory.is_withdrawn()).collect();
    let have_packages: Vec<bool> = advisories.iter().map(|(advisory, _)| !advisory.affected.is_empty()).collect();
    sqlx::query!(
        "INSERT INTO feed_staging (run_id, key, content_hash, advisory, is_withdrawn, has_packages)
         SELECT DISTINCT ON (key) $1, key, content_hash, advisory, is_withdrawn, has_packages
         FROM unnest($2::text[], $3::bytea[], $4::jsonb[], $5::boolean[], $6::boolean[])
              WITH ORDINALITY AS s (key, content_hash, advisory, is_withdrawn, has_packages, place)
         ORDER BY key, place DESC
         ON CONFLICT (run_id, key) DO UPDATE SET content_hash = excluded.content_hash, advisory = excluded.advisory,
             is_withdrawn = excluded.is_withdrawn, has_packages = excluded.has_packages",
        run,
        &keys,
        &hashes,
        &documents,
        &are_withdrawn,
        &have_packages
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a run's staged records are, beside those that we hold of its document.
#[derive(Debug, Clone, Copy, Default)]
pub struct StagedCounts {
    /// Staged.
    pub staged: i64,
    /// Staged and as we hold them.
    pub unchanged: i64,
    /// Staged, and withdrawn or without a package, where the one that we hold stands or speaks of one.
    pub withdrawn: i64,
    /// Held from the document before, and not staged now.
    pub gone: i64,
    /// Held from the document before, and staged now and held from others: an index names another archive each time.
    pub held: i64,
}

/// Compares a run's staged records with what we hold of its document. Each is looked up by its key, and not joined: what was staged a moment ago
/// is in no statistics yet, and a join planned for a few rows takes minutes for many. `unread` records are in the document, and not gone
/// ([`replace_records`]); with `newest_only` those count for nothing that are older than what we hold, as [`staged_changes`] leaves them out.
pub async fn staged_counts(
    tx: &mut CatalogTx,
    run: i64,
    feed: &str,
    document: &str,
    unread: &[String],
    newest_only: bool,
) -> Result<StagedCounts> {
    Ok(sqlx::query_as!(
        StagedCounts,
        r#"SELECT (SELECT count(*) FROM feed_staging WHERE run_id = $1) AS "staged!",
                  (SELECT count(*) FROM feed_staging s
                   WHERE s.run_id = $1 AND s.content_hash = (SELECT a.content_hash FROM advisory a WHERE a.source = $2 AND a.key = s.key))
                  AS "unchanged!",
                  (SELECT count(*) FROM feed_staging s
                   WHERE s.run_id = $1 AND (s.is_withdrawn OR NOT s.has_packages)
                     AND (SELECT a.withdrawn IS NULL AND a.content_hash <> s.content_hash
                                 AND (s.is_withdrawn OR EXISTS (SELECT FROM affected f WHERE f.advisory_id = a.id))
                                 AND NOT ($5 AND coalesce((s.advisory->>'modified')::timestamptz < (a.document->>'modified')::timestamptz, false))
                          FROM advisory a WHERE a.source = $2 AND a.key = s.key)) AS "withdrawn!",
                  (SELECT count(*) FROM feed_record r WHERE r.feed = $2 AND r.document = $3
                   AND NOT EXISTS (SELECT FROM unnest($4::text[]) AS u (name) WHERE u.name = r.key)
                   AND NOT EXISTS (SELECT FROM unnest($4::text[]) AS u (name) WHERE u.name = split_part(r.key, '/', 1))
                   AND (SELECT s.key FROM feed_staging s WHERE s.run_id = $1 AND s.key = r.key) IS NULL) AS "gone!",
                  (SELECT count(*) FROM feed_record r WHERE r.feed = $2 AND r.document = $3)
                  + (SELECT count(*) FROM feed_staging s WHERE s.run_id = $1
                     AND (SELECT r.key FROM feed_record r WHERE r.feed = $2 AND r.document = $3 AND r.key = s.key) IS NULL
                     AND (SELECT a.withdrawn IS NULL FROM advisory a WHERE a.source = $2 AND a.key = s.key)) AS "held!""#,
        run,
        feed,
        document,
        unread,
        newest_only
    )
    .fetch_one(tx.conn())
    .await?)
}

/// How much is read of staged advisories at one time, in bytes as they are stored: compressed where they are large, to a fifth or so.
const MOST_STAGED: i64 = 4 << 20;

/// Up to `limit` staged advisories after the key `after` that we hold not at all or otherwise, and fewer where they are large; with `newest_only`
/// none that is older than what we hold, as another document of the feed has a newer one.
pub async fn staged_changes(
    tx: &mut CatalogTx,
    run: i64,
    feed: &str,
    after: &str,
    newest_only: bool,
    limit: i64,
) -> Result<Vec<(Advisory, [u8; 32])>> {
    let rows = sqlx::query!(
        r#"WITH changed AS (
               SELECT s.key, s.content_hash, s.advisory
               FROM feed_staging s
               LEFT JOIN LATERAL (SELECT * FROM advisory a WHERE a.source = $2 AND a.key = s.key LIMIT 1) a ON true
               WHERE s.run_id = $1 AND s.key > $3 AND a.content_hash IS DISTINCT FROM s.content_hash
                 AND NOT ($5 AND a.withdrawn IS NULL
                          AND coalesce((s.advisory->>'modified')::timestamptz < (a.document->>'modified')::timestamptz, false))
               ORDER BY s.key LIMIT $4
           ), measured AS (
               SELECT *, sum(pg_column_size(advisory)) OVER (ORDER BY key) - pg_column_size(advisory) AS before FROM changed
           )
           SELECT content_hash, advisory AS "advisory: Json<Advisory>" FROM measured WHERE before < $6 ORDER BY key"#,
        run,
        feed,
        after,
        limit,
        newest_only,
        MOST_STAGED
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.advisory.0, <[u8; 32]>::try_from(row.content_hash.as_slice()).ok()?)))
        .collect())
}

/// Makes a run's staged keys the document's, and gives the keys that no document of the feed holds any more. What is held under the names of
/// `unread` records (their keys, or what stands before the slash in these) the document holds too, whichever held it before: as an index names
/// another archive each time, what cannot be read in the new one would else go with the old one.
pub async fn replace_records(
    tx: &mut CatalogTx,
    run: i64,
    feed: &str,
    document: &str,
    unread: &[String],
) -> Result<Vec<String>> {
    if !unread.is_empty() {
        sqlx::query!(
            "INSERT INTO feed_record (feed, document, key)
             SELECT $1, $2, r.key FROM unnest($3::text[]) AS u (name) JOIN feed_record r ON r.feed = $1 AND r.key = u.name
             UNION SELECT $1, $2, r.key FROM unnest($3::text[]) AS u (name)
                   JOIN feed_record r ON r.feed = $1 AND split_part(r.key, '/', 1) = u.name
             ON CONFLICT DO NOTHING",
            feed,
            document,
            unread
        )
        .execute(tx.conn())
        .await?;
    }
    let gone = sqlx::query_scalar!(
        "DELETE FROM feed_record r WHERE r.feed = $2 AND r.document = $3
         AND NOT EXISTS (SELECT FROM unnest($4::text[]) AS u (name) WHERE u.name = r.key)
         AND NOT EXISTS (SELECT FROM unnest($4::text[]) AS u (name) WHERE u.name = split_part(r.key, '/', 1))
         AND (SELECT s.key FROM feed_staging s WHERE s.run_id = $1 AND s.key = r.key) IS NULL RETURNING r.key",
        run,
        feed,
        document,
        unread
    )
    .fetch_all(tx.conn())
    .await?;
    increments::add_records(tx, run, feed, document).await?;
    held_by_none(tx, feed, &gone).await
}

/// Those of these keys that no document of the feed holds.
pub(super) async fn held_by_none(tx: &mut CatalogTx, feed: &str, keys: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT DISTINCT key AS "key!" FROM unnest($2::text[]) AS g (key)
           WHERE NOT EXISTS (SELECT FROM feed_record r WHERE r.feed = $1 AND r.key = g.key)"#,
        feed,
        keys
    )
    .fetch_all(tx.conn())
    .await?)
}
