//! Machines' keys.

use chrono::{DateTime, Utc};
use plimsoll_model::{ApiKeyId, OrgId};

use crate::{CatalogTx, OrgTx, Result};

/// A key as it is checked.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Whose it is.
    pub org: OrgId,
    /// That organization's slug.
    pub org_slug: String,
    /// Its id.
    pub id: ApiKeyId,
    /// Its name for people.
    pub name: String,
    /// What it may do: `read`, `push`, `advise`.
    pub scopes: Vec<String>,
    /// From when on it no longer works.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when it no longer works.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The key with this SHA-256 hash, whosever it is.
pub async fn by_hash(tx: &mut CatalogTx, hash: &[u8; 32]) -> Result<Option<ApiKey>> {
    let row = sqlx::query!(
        r#"SELECT org_id AS "org_id!", org_slug AS "org_slug!", id AS "id!", name AS "name!", scopes AS "scopes!",
                  expires_at, revoked_at, last_used_at
           FROM api_key_by_hash($1)"#,
        hash
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| ApiKey {
        org: OrgId(row.org_id),
        org_slug: row.org_slug,
        id: ApiKeyId(row.id),
        name: row.name,
        scopes: row.scopes,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        last_used_at: row.last_used_at,
    }))
}

/// The transaction's organization's key with this id.
pub async fn by_id(tx: &mut OrgTx, id: ApiKeyId) -> Result<Option<ApiKey>> {
    let row = sqlx::query!(
        "SELECT o.slug, k.name, k.scopes, k.expires_at, k.revoked_at, k.last_used_at
         FROM api_key k JOIN org o ON o.id = k.org_id WHERE k.org_id = $1 AND k.id = $2",
        tx.org().0,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| ApiKey {
        org: tx.org(),
        org_slug: row.slug,
        id,
        name: row.name,
        scopes: row.scopes,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
        last_used_at: row.last_used_at,
    }))
}

/// Stores a new key of the transaction's organization.
pub async fn create(
    tx: &mut OrgTx,
    id: ApiKeyId,
    name: &str,
    hash: &[u8; 32],
    scopes: &[String],
    expires_at: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO api_key (org_id, id, name, hash, scopes, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        tx.org().0,
        id.0,
        name,
        hash,
        scopes,
        expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends a key; tells whether there was one that still worked.
pub async fn revoke(tx: &mut OrgTx, id: ApiKeyId) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE api_key SET revoked_at = now() WHERE org_id = $1 AND id = $2 AND revoked_at IS NULL",
        tx.org().0,
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Records that a key was used, at most once a minute.
pub async fn touch(tx: &mut OrgTx, id: ApiKeyId) -> Result<()> {
    sqlx::query!(
        "UPDATE api_key SET last_used_at = now()
         WHERE org_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')",
        tx.org().0,
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
