//! Tags as they are now.

use chrono::{DateTime, Utc};
use plimsoll_model::{ImageId, RepositoryId};
use serde::Deserialize;
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

/// A manifest that a tag names: the image itself, or one of an index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TagPlatform {
    /// The image's manifest.
    pub digest: String,
    /// `linux`, as the index says; `None` where it does not, and for an image that is tagged itself.
    pub os: Option<String>,
    /// `amd64`.
    pub architecture: Option<String>,
    /// `v8`.
    pub variant: Option<String>,
}

/// The most platforms of an index that are told. Ingest takes no index with more manifests.
const MOST_PLATFORMS: usize = 1000;

/// What each of these manifests (by repository and digest) names: an image itself, an index its images, in its order. What an index names
/// beside images, such as attestations, is left out.
pub async fn platforms(
    tx: &mut OrgTx,
    manifests: &[(Uuid, String)],
) -> Result<Vec<((RepositoryId, String), Vec<TagPlatform>)>> {
    let (repositories, digests): (Vec<Uuid>, Vec<String>) = manifests.iter().cloned().unzip();
    let rows = sqlx::query!(
        r#"SELECT m.repository_id, m.digest, m.content
           FROM unnest($2::uuid[], $3::text[]) AS w (repository_id, digest)
           JOIN manifest m ON m.org_id = $1 AND m.repository_id = w.repository_id AND m.digest = w.digest"#,
        tx.org().0,
        &repositories,
        &digests
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let named = platforms_of(&row.digest, &row.content);
            ((RepositoryId(row.repository_id), row.digest), named)
        })
        .collect())
}

fn platforms_of(digest: &str, content: &[u8]) -> Vec<TagPlatform> {
    let index: Index = serde_json::from_slice(content).unwrap_or_default();
    let Some(manifests) = index.manifests else {
        return vec![TagPlatform { digest: digest.to_owned(), ..TagPlatform::default() }];
    };
    manifests
        .into_iter()
        .take(MOST_PLATFORMS)
        .map(|named| {
            let platform = named.platform.unwrap_or_default();
            TagPlatform {
                digest: named.digest,
                os: platform.os,
                architecture: platform.architecture,
                variant: platform.variant,
            }
        })
        .filter(|named| named.os.as_deref() != Some("unknown"))
        .collect()
}

#[derive(Default, Deserialize)]
struct Index {
    manifests: Option<Vec<Named>>,
}

#[derive(Deserialize)]
struct Named {
    digest: String,
    platform: Option<NamedPlatform>,
}

#[derive(Default, Deserialize)]
struct NamedPlatform {
    os: Option<String>,
    architecture: Option<String>,
    variant: Option<String>,
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
