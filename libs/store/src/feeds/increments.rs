//! Documents that are followed by a list of their changes, and not read whole each time.

use serde_json::Value;

use crate::{CatalogTx, Result};

/// How far a document was followed, as [`follow`] was told; `None` where it is to be read whole.
pub async fn followed(tx: &mut CatalogTx, feed: &str, document: &str) -> Result<Option<Value>> {
    let followed =
        sqlx::query_scalar!("SELECT followed FROM feed_document WHERE feed = $1 AND document = $2", feed, document);
    Ok(followed.fetch_optional(tx.conn()).await?.flatten())
}

/// Says how far a document that we hold was followed.
pub async fn follow(tx: &mut CatalogTx, feed: &str, document: &str, followed: Option<&Value>) -> Result<()> {
    sqlx::query!("UPDATE feed_document SET followed = $3 WHERE feed = $1 AND document = $2", feed, document, followed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Those of these records that a document has, each with when its source says that it changed, as that writes it.
pub async fn modified(
    tx: &mut CatalogTx,
    feed: &str,
    document: &str,
    keys: &[String],
) -> Result<Vec<(String, Option<String>)>> {
    let rows = sqlx::query!(
        r#"SELECT a.key, a.document->>'modified' AS modified
           FROM feed_record r JOIN advisory a ON a.source = r.feed AND a.key = r.key
           WHERE r.feed = $1 AND r.document = $2 AND r.key = ANY($3)"#,
        feed,
        document,
        keys
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.key, row.modified)).collect())
}

/// Makes a run's staged keys the document's too, beside those that it has.
pub async fn add_records(tx: &mut CatalogTx, run: i64, feed: &str, document: &str) -> Result<()> {
    sqlx::query!(
        "INSERT INTO feed_record (feed, document, key) SELECT $2, $3, key FROM feed_staging WHERE run_id = $1
         ON CONFLICT DO NOTHING",
        run,
        feed,
        document
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Drops what a run has staged so far.
pub async fn unstage(tx: &mut CatalogTx, run: i64) -> Result<()> {
    sqlx::query!("DELETE FROM feed_staging WHERE run_id = $1", run).execute(tx.conn()).await?;
    Ok(())
}
