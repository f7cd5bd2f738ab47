//! An organization's repositories.

use chrono::{DateTime, Utc};
use plimsoll_model::{ImageId, RepositoryId};
use uuid::Uuid;

use crate::{OrgTx, Result};

/// A repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Its id.
    pub id: RepositoryId,
    /// Its name, without the organization's slug.
    pub name: String,
    /// When the first push made it.
    pub created_at: DateTime<Utc>,
}

/// Up to `limit` repositories after the name `after`, in byte order; with `prefix`, those whose name begins with it.
pub async fn page(tx: &mut OrgTx, prefix: Option<&str>, after: Option<&str>, limit: i64) -> Result<Vec<Repository>> {
    Ok(sqlx::query_as!(
        Repository,
        r#"SELECT id, name, created_at FROM repository
           WHERE org_id = $1 AND ($2::text IS NULL OR starts_with(name, $2)) AND ($3::text IS NULL OR name COLLATE "C" > $3)
           ORDER BY name COLLATE "C" LIMIT $4"#,
        tx.org().0,
        prefix,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many repositories there are; with `prefix`, whose name begins with it.
pub async fn count(tx: &mut OrgTx, prefix: Option<&str>) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM repository WHERE org_id = $1 AND ($2::text IS NULL OR starts_with(name, $2))"#,
        tx.org().0,
        prefix
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The repositories with these ids.
pub async fn by_ids(tx: &mut OrgTx, ids: &[Uuid]) -> Result<Vec<Repository>> {
    Ok(sqlx::query_as!(
        Repository,
        "SELECT id, name, created_at FROM repository WHERE org_id = $1 AND id = ANY($2)",
        tx.org().0,
        ids
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The repositories that hold each of these images, by name.
pub async fn of_images(tx: &mut OrgTx, images: &[Uuid]) -> Result<Vec<(ImageId, Repository)>> {
    let rows = sqlx::query!(
        r#"SELECT i.id AS image, r.id, r.name, r.created_at
           FROM image i
           JOIN manifest m ON m.org_id = i.org_id AND m.digest = i.manifest_digest
           JOIN repository r ON r.org_id = m.org_id AND r.id = m.repository_id
           WHERE i.org_id = $1 AND i.id = ANY($2) ORDER BY r.name COLLATE "C""#,
        tx.org().0,
        images
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let repository = Repository { id: RepositoryId(row.id), name: row.name, created_at: row.created_at };
            (ImageId(row.image), repository)
        })
        .collect())
}
