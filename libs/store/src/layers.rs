//! Layers that were read: each is read once, whatever image or organization it comes in.

use chrono::{DateTime, Utc};
use plimsoll_model::{DiffId, Digest};

use crate::{CatalogTx, OrgTx, Result, StoreError};

/// An earlier analysis of a layer's blob.
#[derive(Debug, Clone)]
pub struct KnownLayer {
    /// The blob.
    pub digest: Digest,
    /// What it holds, as computed.
    pub diff_id: DiffId,
    /// Where its observations are in the object store.
    pub document_key: String,
}

/// Of these blobs, those that this version of the analysers has read.
///
/// They are looked up by the *blob's* digest, which the organization has shown to have, never by a diffID that a config claims.
pub async fn known(tx: &mut CatalogTx, blobs: &[Digest], analysis_version: &str) -> Result<Vec<KnownLayer>> {
    let texts: Vec<String> = blobs.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        "SELECT b.digest, b.diff_id, a.document_key
         FROM layer_blob b JOIN layer_analysis a ON a.diff_id = b.diff_id AND a.analysis_version = $2
         WHERE b.digest = ANY($1)",
        &texts,
        analysis_version
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| known_layer(&row.digest, &row.diff_id, row.document_key)).collect()
}

/// Of these blobs, those that the transaction's organization's own rules have read; looked up as [`known`] does.
pub async fn known_to_org(tx: &mut OrgTx, blobs: &[Digest], analysis_version: &str) -> Result<Vec<KnownLayer>> {
    let texts: Vec<String> = blobs.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        "SELECT b.digest, b.diff_id, a.document_key
         FROM layer_blob b JOIN org_layer_analysis a ON a.diff_id = b.diff_id AND a.analysis_version = $3 AND a.org_id = $1
         WHERE b.digest = ANY($2)",
        tx.org().0,
        &texts,
        analysis_version
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| known_layer(&row.digest, &row.diff_id, row.document_key)).collect()
}

/// Of a blob, what any version of the analysers read of it last; looked up as [`known`] does.
pub async fn last_known(tx: &mut CatalogTx, blob: &Digest) -> Result<Option<KnownLayer>> {
    let row = sqlx::query!(
        "SELECT b.digest, b.diff_id, a.document_key FROM layer_blob b JOIN layer_analysis a ON a.diff_id = b.diff_id
         WHERE b.digest = $1 ORDER BY a.analysed_at DESC LIMIT 1",
        blob.to_string()
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| known_layer(&row.digest, &row.diff_id, row.document_key)).transpose()
}

fn known_layer(digest: &str, diff_id: &str, document_key: String) -> Result<KnownLayer> {
    let digest = digest.parse().map_err(|_| StoreError::corrupt("layer_blob.digest", digest))?;
    let diff_id = DiffId(diff_id.parse().map_err(|_| StoreError::corrupt("layer_blob.diff_id", diff_id))?);
    Ok(KnownLayer { digest, diff_id, document_key })
}

/// What [`record`] stores of an analysed layer.
#[derive(Debug, Clone, Copy)]
pub struct Analysed<'a> {
    /// The blob.
    pub digest: Digest,
    /// What it holds, as computed.
    pub diff_id: DiffId,
    /// The blob's size in bytes.
    pub size_bytes: u64,
    /// The analysers that read it.
    pub analysis_version: &'a str,
    /// Where its observations are in the object store.
    pub document_key: &'a str,
    /// How many packages were seen in it.
    pub packages: usize,
    /// How many problems it has.
    pub problems: usize,
}

/// Records that a layer was read.
pub async fn record(tx: &mut CatalogTx, layer: &Analysed<'_>) -> Result<()> {
    let diff_id = layer.diff_id.to_string();
    sqlx::query!(
        "INSERT INTO layer_blob (digest, diff_id, size_bytes) VALUES ($1, $2, $3) ON CONFLICT (digest) DO NOTHING",
        layer.digest.to_string(),
        diff_id,
        i64::try_from(layer.size_bytes).unwrap_or(i64::MAX)
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO layer_analysis (diff_id, analysis_version, document_key, package_count, problem_count)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (diff_id, analysis_version) DO NOTHING",
        diff_id,
        layer.analysis_version,
        layer.document_key,
        i32::try_from(layer.packages).unwrap_or(i32::MAX),
        i32::try_from(layer.problems).unwrap_or(i32::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets what other versions of the analysers read of a layer before a moment; gives where it is in the object store.
pub async fn forget_older(
    tx: &mut CatalogTx,
    diff_id: DiffId,
    analysis_version: &str,
    before: DateTime<Utc>,
) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "DELETE FROM layer_analysis WHERE diff_id = $1 AND analysis_version <> $2 AND analysed_at < $3 RETURNING document_key",
        diff_id.to_string(),
        analysis_version,
        before
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Records that the transaction's organization's own rules have read a layer, in place of what older rules of its found.
pub async fn record_for_org(tx: &mut OrgTx, diff_id: DiffId, analysis_version: &str, document_key: &str) -> Result<()> {
    sqlx::query!(
        "INSERT INTO org_layer_analysis (org_id, diff_id, analysis_version, document_key) VALUES ($1, $2, $3, $4)
         ON CONFLICT (org_id, diff_id) DO UPDATE SET analysis_version = $3, document_key = $4, analysed_at = now()",
        tx.org().0,
        diff_id.to_string(),
        analysis_version,
        document_key
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
