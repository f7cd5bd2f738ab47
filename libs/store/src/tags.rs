//! Tags, with what each meant at any time.

use plimsoll_model::{Digest, RepositoryId};

use crate::{OrgTx, Result, StoreError};

/// What became of [`set`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// Whether the tag pointed elsewhere or nowhere before.
    pub is_moved: bool,
    /// Where it pointed, if that was elsewhere.
    pub from: Option<Digest>,
}

/// Points a tag at a digest from now on.
pub async fn set(tx: &mut OrgTx, repository: RepositoryId, tag: &str, digest: &Digest) -> Result<Moved> {
    let org = tx.org().0;
    let text = digest.to_string();
    let current = sqlx::query_scalar!(
        "SELECT digest FROM image_tag WHERE org_id = $1 AND repository_id = $2 AND tag = $3 AND until IS NULL FOR UPDATE",
        org,
        repository.0,
        tag
    )
    .fetch_optional(tx.conn())
    .await?;
    if current.as_deref() == Some(text.as_str()) {
        return Ok(Moved::default());
    }
    // clock_timestamp: two moves in one transaction, or two transactions begun at the same moment, are still two rows.
    sqlx::query!(
        "UPDATE image_tag SET until = clock_timestamp() WHERE org_id = $1 AND repository_id = $2 AND tag = $3 AND until IS NULL",
        org,
        repository.0,
        tag
    )
    .execute(tx.conn())
    .await?;
    // Two clients that push the same new tag at once: the later one moves it.
    sqlx::query!(
        "INSERT INTO image_tag (org_id, repository_id, tag, digest, since) VALUES ($1, $2, $3, $4, clock_timestamp())
         ON CONFLICT (org_id, repository_id, tag) WHERE until IS NULL DO UPDATE SET digest = excluded.digest",
        org,
        repository.0,
        tag,
        text
    )
    .execute(tx.conn())
    .await?;
    Ok(Moved { is_moved: true, from: current.and_then(|digest| digest.parse().ok()) })
}

/// What a tag means now.
pub async fn resolve(tx: &mut OrgTx, repository: RepositoryId, tag: &str) -> Result<Option<Digest>> {
    let digest = sqlx::query_scalar!(
        "SELECT digest FROM image_tag WHERE org_id = $1 AND repository_id = $2 AND tag = $3 AND until IS NULL",
        tx.org().0,
        repository.0,
        tag
    )
    .fetch_optional(tx.conn())
    .await?;
    digest.map(|text| text.parse().map_err(|_| StoreError::corrupt("image_tag.digest", &text))).transpose()
}

/// Up to `limit` current tags after `after`, in byte order.
pub async fn list(tx: &mut OrgTx, repository: RepositoryId, after: &str, limit: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT tag FROM image_tag
           WHERE org_id = $1 AND repository_id = $2 AND until IS NULL AND tag COLLATE "C" > $3
           ORDER BY tag COLLATE "C" LIMIT $4"#,
        tx.org().0,
        repository.0,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Ends a tag; tells whether there was one.
pub async fn remove(tx: &mut OrgTx, repository: RepositoryId, tag: &str) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE image_tag SET until = clock_timestamp() WHERE org_id = $1 AND repository_id = $2 AND tag = $3 AND until IS NULL",
        tx.org().0,
        repository.0,
        tag
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}
