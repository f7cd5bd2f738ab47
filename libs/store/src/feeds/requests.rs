//! What operators ask for, and how far it is.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::FinishedRun;
use super::runs::finished_runs;
use crate::{CatalogTx, Result};

/// Records an operator's wish for a sync. Only the owner's role may.
pub async fn request(tx: &mut CatalogTx, id: Uuid) -> Result<()> {
    sqlx::query!("INSERT INTO feed_request (id) VALUES ($1)", id).execute(tx.conn()).await?;
    Ok(())
}

/// Records that a wished sync begins.
pub async fn request_started(tx: &mut CatalogTx, id: Uuid) -> Result<()> {
    sqlx::query!("UPDATE feed_request SET started_at = clock_timestamp(), finished_at = NULL WHERE id = $1", id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Records that a wished sync ended, well or not: its runs tell.
pub async fn request_finished(tx: &mut CatalogTx, id: Uuid) -> Result<()> {
    sqlx::query!("UPDATE feed_request SET finished_at = clock_timestamp() WHERE id = $1", id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Runs that ended since a wish was taken up, after that time, in the order in which they ended; and whether the wish is done.
pub async fn requested_runs(
    tx: &mut CatalogTx,
    id: Uuid,
    after: Option<DateTime<Utc>>,
) -> Result<(Vec<FinishedRun>, bool)> {
    let is_done =
        sqlx::query_scalar!(r#"SELECT finished_at IS NOT NULL AS "done!" FROM feed_request WHERE id = $1"#, id)
            .fetch_optional(tx.conn())
            .await?
            .unwrap_or(true);
    let runs = finished_runs!(
        "JOIN feed_request q ON q.id = $1
         WHERE r.finished_at > coalesce($2::timestamptz, '-infinity') AND r.started_at >= q.started_at ORDER BY r.finished_at, r.id",
        id,
        after
    )
    .fetch_all(tx.conn())
    .await?;
    Ok((runs, is_done))
}
