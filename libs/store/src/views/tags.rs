//! Tags as they are now.

use chrono::{DateTime, Utc};
use plimsoll_model::{ImageId, RepositoryId};
use uuid::Uuid;

use crate::{OrgTx, Result};

/// What a tag means now.
#[derive(Debug, Clone)]
pub struct Tag {
    /// The repository that it is in.
    pub repository: RepositoryId,
    /// That repository's name.
    pub repository_name: String,
    /// The tag.
    pub tag: String,
    /// The manifest or index that it names.
    pub digest: String,
    /// Since when it names that.
    pub since: DateTime<Utc>,
}

/// For each of these repositories, up to `limit` tags after `after`, in byte order.
pub async fn pages(tx: &mut OrgTx, repositories: &[Uuid], after: Option<&str>, limit: i64) -> Result<Vec<Tag>> {
    Ok(sqlx::query_as!(
        Tag,
        r#"SELECT r.id AS repository, r.name AS repository_name, t.tag, t.digest, t.since
           FROM repository r
           CROSS JOIN LATERAL (
               SELECT tag, digest, since FROM image_tag t
               WHERE t.org_id = r.org_id AND t.repository_id = r.id AND t.until IS NULL
                 AND ($3::text IS NULL OR t.tag COLLATE "C" > $3)
               ORDER BY t.tag COLLATE "C" LIMIT $4
           ) t
           WHERE r.org_id = $1 AND r.id = ANY($2) ORDER BY r.id, t.tag COLLATE "C""#,
        tx.org().0,
        repositories,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many tags each of these repositories has; those without any are left out.
pub async fn counts(tx: &mut OrgTx, repositories: &[Uuid]) -> Result<Vec<(RepositoryId, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT repository_id, count(*) AS "count!" FROM image_tag
           WHERE org_id = $1 AND repository_id = ANY($2) AND until IS NULL GROUP BY repository_id"#,
        tx.org().0,
        repositories
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (RepositoryId(row.repository_id), row.count)).collect())
}

/// The tags that name each of these images, directly or by an index that it is in.
pub async fn of_images(tx: &mut OrgTx, images: &[Uuid]) -> Result<Vec<(ImageId, Tag)>> {
    let rows = sqlx::query!(
        r#"SELECT i.id AS image, r.id AS repository, r.name AS repository_name, t.tag, t.digest, t.since
           FROM image i
           JOIN manifest m ON m.org_id = i.org_id AND m.digest = i.manifest_digest
           CROSS JOIN LATERAL (
               SELECT m.digest UNION SELECT p.digest FROM manifest_child p
               WHERE p.org_id = m.org_id AND p.repository_id = m.repository_id AND p.child_digest = m.digest
           ) named
           JOIN image_tag t ON t.org_id = m.org_id AND t.repository_id = m.repository_id AND t.digest = named.digest
                           AND t.until IS NULL
           JOIN repository r ON r.org_id = m.org_id AND r.id = m.repository_id
           WHERE i.org_id = $1 AND i.id = ANY($2) ORDER BY r.name COLLATE "C", t.tag COLLATE "C""#,
        tx.org().0,
        images
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let tag = Tag {
                repository: RepositoryId(row.repository),
                repository_name: row.repository_name,
                tag: row.tag,
                digest: row.digest,
                since: row.since,
            };
            (ImageId(row.image), tag)
        })
        .collect())
}
