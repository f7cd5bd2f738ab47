//! An organization's API keys, without their hashes.

use chrono::{DateTime, Utc};
use plimsoll_model::ApiKeyId;
use uuid::Uuid;

use crate::{OrgTx, Result};

/// A key as people see it.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Its name for people.
    pub name: String,
    /// What it may do: `read`, `push`, `advise`.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it no longer works.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when it no longer works.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Up to `limit` keys after the id `after`, in the order of their making.
pub async fn page(tx: &mut OrgTx, after: Option<Uuid>, limit: i64) -> Result<Vec<ApiKey>> {
    Ok(sqlx::query_as!(
        ApiKey,
        "SELECT id, name, scopes, created_at, expires_at, revoked_at, last_used_at FROM api_key
         WHERE org_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        tx.org().0,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many keys there are.
pub async fn count(tx: &mut OrgTx) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM api_key WHERE org_id = $1"#, tx.org().0)
        .fetch_one(tx.conn())
        .await?)
}

/// The key with this id.
pub async fn by_id(tx: &mut OrgTx, id: ApiKeyId) -> Result<Option<ApiKey>> {
    Ok(sqlx::query_as!(
        ApiKey,
        "SELECT id, name, scopes, created_at, expires_at, revoked_at, last_used_at FROM api_key
         WHERE org_id = $1 AND id = $2",
        tx.org().0,
        id.0
    )
    .fetch_optional(tx.conn())
    .await?)
}
