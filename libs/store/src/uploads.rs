//! Upload sessions of blobs.

use chrono::{DateTime, Utc};
use plimsoll_model::RepositoryId;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{CatalogTx, OrgTx, Result};

/// An upload under way.
#[derive(Debug, Clone)]
pub struct Upload {
    /// Its id, in the session's address.
    pub id: Uuid,
    /// Where the blob will be.
    pub repository: RepositoryId,
    /// What was received so far, in order.
    pub parts: Vec<Part>,
    /// The sum of the parts' sizes, in bytes.
    pub size_bytes: u64,
}

/// A staged object: what one request brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its key in the object store.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of it, 64 hexadecimal digits: an upload in one part need not be read again.
    pub sha256: String,
}

/// Begins an upload.
pub async fn start(tx: &mut OrgTx, id: Uuid, repository: RepositoryId) -> Result<()> {
    sqlx::query!(
        "INSERT INTO blob_upload (org_id, id, repository_id) VALUES ($1, $2, $3)",
        tx.org().0,
        id,
        repository.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The upload, locked until the transaction ends.
pub async fn get(tx: &mut OrgTx, id: Uuid, repository: RepositoryId) -> Result<Option<Upload>> {
    let row = sqlx::query!(
        r#"SELECT parts AS "parts: Json<Vec<Part>>", size_bytes FROM blob_upload
           WHERE org_id = $1 AND id = $2 AND repository_id = $3 FOR UPDATE"#,
        tx.org().0,
        id,
        repository.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| Upload { id, repository, parts: row.parts.0, size_bytes: row.size_bytes.unsigned_abs() }))
}

/// Appends a part that begins at `offset`; tells whether the upload was still there and just that long.
pub async fn append(tx: &mut OrgTx, id: Uuid, offset: u64, part: &Part) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE blob_upload SET parts = parts || $4, size_bytes = size_bytes + $5, updated_at = now()
         WHERE org_id = $1 AND id = $2 AND size_bytes = $3",
        tx.org().0,
        id,
        i64::try_from(offset).unwrap_or(i64::MAX),
        serde_json::to_value([part])?,
        i64::try_from(part.size).unwrap_or(i64::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends an upload; tells whether there was one.
pub async fn remove(tx: &mut OrgTx, id: Uuid) -> Result<bool> {
    let done = sqlx::query!("DELETE FROM blob_upload WHERE org_id = $1 AND id = $2", tx.org().0, id)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected() > 0)
}

/// Ends up to `limit` uploads of any organization that nobody has added to since `before`; gives all that they had staged.
pub async fn take_stale(tx: &mut CatalogTx, before: DateTime<Utc>, limit: i64) -> Result<Vec<Vec<Part>>> {
    let parts = sqlx::query_scalar!(
        r#"DELETE FROM blob_upload WHERE (org_id, id) IN
               (SELECT org_id, id FROM blob_upload WHERE updated_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING parts AS "parts: Json<Vec<Part>>""#,
        before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(parts.into_iter().map(|parts| parts.0).collect())
}
