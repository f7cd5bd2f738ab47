//! Repositories and the blobs that an organization has shown to have in them.

use std::collections::BTreeMap;

use plimsoll_model::{Digest, RepositoryId};
use uuid::Uuid;

use crate::{OrgTx, Result, StoreError};

/// The repository of this name, made with the id `new` if there is none.
pub async fn ensure(tx: &mut OrgTx, name: &str, new: Uuid) -> Result<RepositoryId> {
    if let Some(id) = find(tx, name).await? {
        return Ok(id);
    }
    sqlx::query!(
        "INSERT INTO repository (org_id, id, name) VALUES ($1, $2, $3) ON CONFLICT (org_id, name) DO NOTHING",
        tx.org().0,
        new,
        name
    )
    .execute(tx.conn())
    .await?;
    Ok(RepositoryId(
        sqlx::query_scalar!("SELECT id FROM repository WHERE org_id = $1 AND name = $2", tx.org().0, name)
            .fetch_one(tx.conn())
            .await?,
    ))
}

/// The repository of this name.
pub async fn find(tx: &mut OrgTx, name: &str) -> Result<Option<RepositoryId>> {
    let id = sqlx::query_scalar!("SELECT id FROM repository WHERE org_id = $1 AND name = $2", tx.org().0, name)
        .fetch_optional(tx.conn())
        .await?;
    Ok(id.map(RepositoryId))
}

/// Up to `limit` repository names after `after`, in byte order.
pub async fn names(tx: &mut OrgTx, after: &str, limit: i64) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT name FROM repository WHERE org_id = $1 AND name COLLATE "C" > $2 ORDER BY name COLLATE "C" LIMIT $3"#,
        tx.org().0,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Records that the organization has the bytes of `digest` in a repository.
pub async fn link_blob(tx: &mut OrgTx, repository: RepositoryId, digest: &Digest, size_bytes: u64) -> Result<()> {
    sqlx::query!(
        "INSERT INTO repository_blob (org_id, repository_id, digest, size_bytes) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        tx.org().0,
        repository.0,
        digest.to_string(),
        i64::try_from(size_bytes).unwrap_or(i64::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The size of a blob in a repository, or `None` where that repository does not have it.
pub async fn blob_size(tx: &mut OrgTx, repository: RepositoryId, digest: &Digest) -> Result<Option<u64>> {
    let size = sqlx::query_scalar!(
        "SELECT size_bytes FROM repository_blob WHERE org_id = $1 AND repository_id = $2 AND digest = $3",
        tx.org().0,
        repository.0,
        digest.to_string()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(size.map(i64::unsigned_abs))
}

/// The size of a blob in any repository of the organization.
pub async fn blob_size_anywhere(tx: &mut OrgTx, digest: &Digest) -> Result<Option<u64>> {
    let size = sqlx::query_scalar!(
        "SELECT size_bytes FROM repository_blob WHERE org_id = $1 AND digest = $2 LIMIT 1",
        tx.org().0,
        digest.to_string()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(size.map(i64::unsigned_abs))
}

/// Which of `digests` a repository does not have.
pub async fn missing_blobs(tx: &mut OrgTx, repository: RepositoryId, digests: &[Digest]) -> Result<Vec<Digest>> {
    let texts: Vec<String> = digests.iter().map(ToString::to_string).collect();
    let present = sqlx::query_scalar!(
        "SELECT digest FROM repository_blob WHERE org_id = $1 AND repository_id = $2 AND digest = ANY($3)",
        tx.org().0,
        repository.0,
        &texts
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(digests.iter().filter(|digest| !present.contains(&digest.to_string())).copied().collect())
}

/// Those of `digests` that a repository has, with their sizes in bytes.
pub async fn blob_sizes(tx: &mut OrgTx, repository: RepositoryId, digests: &[Digest]) -> Result<BTreeMap<Digest, u64>> {
    let texts: Vec<String> = digests.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        "SELECT digest, size_bytes FROM repository_blob WHERE org_id = $1 AND repository_id = $2 AND digest = ANY($3)",
        tx.org().0,
        repository.0,
        &texts
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let digest = row.digest.parse().map_err(|_| StoreError::corrupt("repository_blob.digest", &row.digest))?;
            Ok((digest, row.size_bytes.unsigned_abs()))
        })
        .collect()
}

/// Takes a blob out of a repository unless a manifest there still names it; tells what became of it.
pub async fn unlink_blob(tx: &mut OrgTx, repository: RepositoryId, digest: &Digest) -> Result<Unlink> {
    let org = tx.org().0;
    let text = digest.to_string();
    let is_named = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM manifest_child WHERE org_id = $1 AND repository_id = $2 AND child_digest = $3) AS "named!""#,
        org,
        repository.0,
        text
    )
    .fetch_one(tx.conn())
    .await?;
    if is_named {
        return Ok(Unlink::StillNamed);
    }
    let done = sqlx::query!(
        "DELETE FROM repository_blob WHERE org_id = $1 AND repository_id = $2 AND digest = $3",
        org,
        repository.0,
        text
    )
    .execute(tx.conn())
    .await?;
    Ok(if done.rows_affected() > 0 { Unlink::Done } else { Unlink::Unknown })
}

/// What became of [`unlink_blob`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unlink {
    /// It is no longer there.
    Done,
    /// A manifest of the repository names it.
    StillNamed,
    /// It was not there.
    Unknown,
}
