//! Manifests and indexes, byte for byte as they were pushed.

use std::collections::BTreeMap;

use plimsoll_model::{Digest, RepositoryId};
use sqlx::types::Json;

use crate::{OrgTx, Result, StoreError};

/// A stored manifest.
#[derive(Debug, Clone)]
pub struct StoredManifest {
    /// Its digest.
    pub digest: Digest,
    /// The media type that it was pushed with.
    pub media_type: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// A manifest to store.
#[derive(Debug, Clone)]
pub struct NewManifest<'a> {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: &'a str,
    /// Its bytes, at most 4 MiB.
    pub content: &'a [u8],
    /// `artifactType`, else the config's media type.
    pub artifact_type: Option<&'a str>,
    /// What it refers to.
    pub subject: Option<Digest>,
    /// Its annotations.
    pub annotations: &'a BTreeMap<String, String>,
    /// The digests that it names: an index its manifests, an image its config and layers.
    pub children: &'a [Digest],
}

/// A manifest that refers to a subject.
#[derive(Debug, Clone)]
pub struct Referrer {
    /// Its digest.
    pub digest: Digest,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size_bytes: u64,
    /// Its artifact type.
    pub artifact_type: Option<String>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

/// Stores a manifest; tells whether it is new to the repository.
pub async fn put(tx: &mut OrgTx, repository: RepositoryId, manifest: &NewManifest<'_>) -> Result<bool> {
    let org = tx.org().0;
    let digest = manifest.digest.to_string();
    let done = sqlx::query!(
        "INSERT INTO manifest (org_id, repository_id, digest, media_type, content, artifact_type, subject_digest, annotations)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (org_id, repository_id, digest) DO NOTHING",
        org,
        repository.0,
        digest,
        manifest.media_type,
        manifest.content,
        manifest.artifact_type,
        manifest.subject.map(|subject| subject.to_string()),
        serde_json::to_value(manifest.annotations)?
    )
    .execute(tx.conn())
    .await?;
    let children: Vec<String> = manifest.children.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "INSERT INTO manifest_child (org_id, repository_id, digest, child_digest)
         SELECT $1, $2, $3, child FROM unnest($4::text[]) AS child ON CONFLICT DO NOTHING",
        org,
        repository.0,
        digest,
        &children
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The manifest of this digest in a repository.
pub async fn get(tx: &mut OrgTx, repository: RepositoryId, digest: &Digest) -> Result<Option<StoredManifest>> {
    let row = sqlx::query!(
        "SELECT media_type, content FROM manifest WHERE org_id = $1 AND repository_id = $2 AND digest = $3",
        tx.org().0,
        repository.0,
        digest.to_string()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| StoredManifest { digest: *digest, media_type: row.media_type, content: row.content }))
}

/// The manifest of this digest, in whichever repository of the organization.
pub async fn get_anywhere(tx: &mut OrgTx, digest: &Digest) -> Result<Option<StoredManifest>> {
    let row = sqlx::query!(
        "SELECT media_type, content FROM manifest WHERE org_id = $1 AND digest = $2 LIMIT 1",
        tx.org().0,
        digest.to_string()
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(row.map(|row| StoredManifest { digest: *digest, media_type: row.media_type, content: row.content }))
}

/// Which of `digests` are no manifests of the repository.
pub async fn missing(tx: &mut OrgTx, repository: RepositoryId, digests: &[Digest]) -> Result<Vec<Digest>> {
    let texts: Vec<String> = digests.iter().map(ToString::to_string).collect();
    let present = sqlx::query_scalar!(
        "SELECT digest FROM manifest WHERE org_id = $1 AND repository_id = $2 AND digest = ANY($3)",
        tx.org().0,
        repository.0,
        &texts
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(digests.iter().filter(|digest| !present.contains(&digest.to_string())).copied().collect())
}

/// Removes a manifest and ends the tags that mean it; tells whether there was one.
pub async fn remove(tx: &mut OrgTx, repository: RepositoryId, digest: &Digest) -> Result<bool> {
    let org = tx.org().0;
    let text = digest.to_string();
    sqlx::query!(
        "UPDATE image_tag SET until = now() WHERE org_id = $1 AND repository_id = $2 AND digest = $3 AND until IS NULL",
        org,
        repository.0,
        text
    )
    .execute(tx.conn())
    .await?;
    let done = sqlx::query!(
        "DELETE FROM manifest WHERE org_id = $1 AND repository_id = $2 AND digest = $3",
        org,
        repository.0,
        text
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Up to `limit` manifests that refer to `subject`, after the digest `after`, in order of digest.
pub async fn referrers(
    tx: &mut OrgTx,
    repository: RepositoryId,
    subject: &Digest,
    artifact_type: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<Referrer>> {
    let rows = sqlx::query!(
        r#"SELECT digest, media_type, length(content) AS "size!", artifact_type,
                  annotations AS "annotations: Json<BTreeMap<String, String>>"
           FROM manifest
           WHERE org_id = $1 AND repository_id = $2 AND subject_digest = $3 AND digest > $4
             AND ($5::text IS NULL OR artifact_type = $5)
           ORDER BY digest LIMIT $6"#,
        tx.org().0,
        repository.0,
        subject.to_string(),
        after,
        artifact_type,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Referrer {
                digest: row.digest.parse().map_err(|_| StoreError::corrupt("manifest.digest", &row.digest))?,
                media_type: row.media_type,
                size_bytes: u64::try_from(row.size).unwrap_or(0),
                artifact_type: row.artifact_type,
                annotations: row.annotations.0,
            })
        })
        .collect()
}
