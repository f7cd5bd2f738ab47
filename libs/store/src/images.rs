//! The images that an organization holds, and the state of each one's scan.

use chrono::{DateTime, Utc};
use plimsoll_model::{Digest, ImageId};
use uuid::Uuid;

use crate::{CatalogTx, OrgTx, Result, StoreError};

/// How an image came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Pushed to the registry endpoint.
    Push,
    /// Uploaded as an archive.
    Archive,
}

/// What became of [`hold`].
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// The image.
    pub id: ImageId,
    /// Whether the organization had not held it before.
    pub is_new: bool,
}

/// What a scan job needs to know of an image.
#[derive(Debug, Clone)]
pub struct ScanTarget {
    /// The image.
    pub id: ImageId,
    /// Its content's row.
    pub content_id: i64,
    /// Its manifest.
    pub manifest_digest: Digest,
    /// The analysers that read the content last, if any did.
    pub analysis_version: Option<String>,
}

/// Records that the transaction's organization holds an image; `new` is its id if it did not yet.
pub async fn hold(
    tx: &mut OrgTx,
    new: Uuid,
    manifest_digest: &Digest,
    config_digest: &Digest,
    size_bytes: u64,
    source: Source,
) -> Result<Held> {
    let org = tx.org().0;
    let digest = manifest_digest.to_string();
    sqlx::query!(
        "INSERT INTO image_content (manifest_digest, config_digest, size_bytes) VALUES ($1, $2, $3)
         ON CONFLICT (manifest_digest) DO NOTHING",
        digest,
        config_digest.to_string(),
        i64::try_from(size_bytes).unwrap_or(i64::MAX)
    )
    .execute(tx.conn())
    .await?;
    let source = match source {
        Source::Push => "push",
        Source::Archive => "archive",
    };
    let row = sqlx::query!(
        r#"INSERT INTO image (org_id, id, manifest_digest, image_content_id, source)
           SELECT $1, $2, $3, c.id, $4 FROM image_content c WHERE c.manifest_digest = $3
           ON CONFLICT (org_id, manifest_digest) DO UPDATE SET last_seen = now()
           RETURNING id, (id = $2) AS "is_new!""#,
        org,
        new,
        digest,
        source
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Held { id: ImageId(row.id), is_new: row.is_new })
}

/// Whether the image's last scan failed for good: only who pushes it again, or asks, starts another.
pub async fn has_failed(tx: &mut OrgTx, image: ImageId) -> Result<bool> {
    let state = sqlx::query_scalar!("SELECT scan_state FROM image WHERE org_id = $1 AND id = $2", tx.org().0, image.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(state.as_deref() == Some("failed"))
}

/// Marks an image as waiting for a scan again.
pub async fn queue_scan(tx: &mut OrgTx, image: ImageId) -> Result<()> {
    sqlx::query!(
        "UPDATE image SET scan_state = 'queued', scan_requested_at = now(), scan_error = NULL, scan_error_code = NULL
         WHERE org_id = $1 AND id = $2",
        tx.org().0,
        image.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks every image of the transaction's organization as waiting for a scan again; each with its manifest's digest.
pub async fn queue_all_scans(tx: &mut OrgTx) -> Result<Vec<(ImageId, Digest)>> {
    let rows = sqlx::query!(
        "UPDATE image SET scan_state = 'queued', scan_requested_at = now(), scan_error = NULL, scan_error_code = NULL
         WHERE org_id = $1 RETURNING id, manifest_digest",
        tx.org().0
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| Ok((ImageId(row.id), manifest_digest(&row.manifest_digest)?))).collect()
}

/// Which images are to be scanned again by themselves.
#[derive(Debug, Clone, Copy)]
pub struct Outdated<'a> {
    /// The analysers and rules that are in force: those who judged an image last were others.
    pub analysis_version: &'a str,
    /// It was last scanned, or looked at, before.
    pub before: DateTime<Utc>,
    /// The same where something that the last scan asked did not answer.
    pub provisional_before: DateTime<Utc>,
}

/// An image that is to be scanned again by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutdatedImage {
    /// The image.
    pub id: ImageId,
    /// Its config.
    pub config_digest: Digest,
}

/// Up to `limit` images of the transaction's organization that are outdated, the longest first: of those alone that a tag names, itself or by an
/// index, and whose last scan ended well.
pub async fn outdated(tx: &mut OrgTx, which: &Outdated<'_>, limit: i64) -> Result<Vec<OutdatedImage>> {
    let rows = sqlx::query!(
        "SELECT i.id, c.config_digest FROM image i JOIN image_content c ON c.id = i.image_content_id
         WHERE i.org_id = $1 AND i.scan_state = 'done'
           AND (i.analysed_by < $2 OR i.analysed_by > $2 OR i.analysed_by IS NULL)
           AND greatest(i.scan_finished_at, i.reconsidered_at) < CASE WHEN c.analysis_version IS NULL THEN $4::timestamptz ELSE $3::timestamptz END
           AND EXISTS (
               SELECT FROM manifest m
               CROSS JOIN LATERAL (
                   SELECT m.digest UNION SELECT p.digest FROM manifest_child p
                   WHERE p.org_id = m.org_id AND p.repository_id = m.repository_id AND p.child_digest = m.digest
               ) named
               JOIN image_tag t ON t.org_id = m.org_id AND t.repository_id = m.repository_id AND t.digest = named.digest
                               AND t.until IS NULL
               WHERE m.org_id = i.org_id AND m.digest = i.manifest_digest)
         ORDER BY greatest(i.scan_finished_at, i.reconsidered_at), i.id LIMIT $5",
        tx.org().0,
        which.analysis_version,
        which.before,
        which.provisional_before,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    let digest = |text: &str| text.parse().map_err(|_| StoreError::corrupt("image_content.config_digest", text));
    rows.into_iter()
        .map(|row| Ok(OutdatedImage { id: ImageId(row.id), config_digest: digest(&row.config_digest)? }))
        .collect()
}

/// How many images of the transaction's organization wait for the end of a scan that was asked for since.
pub async fn count_waiting(tx: &mut OrgTx, since: DateTime<Utc>) -> Result<u64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM image
           WHERE org_id = $1 AND scan_state IN ('queued', 'running', 'retrying') AND scan_requested_at >= $2"#,
        tx.org().0,
        since
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(count.unsigned_abs())
}

/// Records that it was looked at whether these images are to be scanned again, and marks `queued` of them as waiting for a scan, those that do not
/// wait already; each of these with its manifest's digest.
pub async fn reconsidered(tx: &mut OrgTx, images: &[Uuid], queued: &[Uuid]) -> Result<Vec<(ImageId, Digest)>> {
    let org = tx.org().0;
    sqlx::query!("UPDATE image SET reconsidered_at = now() WHERE org_id = $1 AND id = ANY($2)", org, images)
        .execute(tx.conn())
        .await?;
    let rows = sqlx::query!(
        "UPDATE image SET scan_state = 'queued', scan_requested_at = now()
         WHERE org_id = $1 AND id = ANY($2) AND scan_state = 'done' RETURNING id, manifest_digest",
        org,
        queued
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(|row| Ok((ImageId(row.id), manifest_digest(&row.manifest_digest)?))).collect()
}

fn manifest_digest(text: &str) -> Result<Digest> {
    text.parse().map_err(|_| StoreError::corrupt("image.manifest_digest", text))
}

/// Takes the turn to look for outdated images, which one process at a time has, until this transaction ends.
pub async fn take_turn_to_reconsider(tx: &mut CatalogTx) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('plimsoll outdated images', 0)) AS "taken!""#
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The image of a scan job, or `None` where the organization no longer holds it.
pub async fn scan_target(tx: &mut OrgTx, image: ImageId) -> Result<Option<ScanTarget>> {
    let row = sqlx::query!(
        "SELECT i.id, i.image_content_id, i.manifest_digest, c.analysis_version
         FROM image i JOIN image_content c ON c.id = i.image_content_id
         WHERE i.org_id = $1 AND i.id = $2",
        tx.org().0,
        image.0
    )
    .fetch_optional(tx.conn())
    .await?;
    row.map(|row| {
        Ok(ScanTarget {
            id: ImageId(row.id),
            content_id: row.image_content_id,
            manifest_digest: manifest_digest(&row.manifest_digest)?,
            analysis_version: row.analysis_version,
        })
    })
    .transpose()
}

/// Marks a scan as running.
pub async fn scan_started(tx: &mut OrgTx, image: ImageId) -> Result<()> {
    sqlx::query!(
        "UPDATE image SET scan_state = 'running', scan_started_at = now() WHERE org_id = $1 AND id = $2",
        tx.org().0,
        image.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks a scan as done, with how many layers were read and how many were known.
pub async fn scan_done(tx: &mut OrgTx, image: ImageId, analysed: u32, reused: u32) -> Result<()> {
    sqlx::query!(
        "UPDATE image i SET scan_state = 'done', scan_finished_at = now(), scan_error = NULL, scan_error_code = NULL,
                layers_analysed = $3, layers_reused = $4, analysed_by = c.analysis_version
         FROM image_content c
         WHERE i.org_id = $1 AND i.id = $2 AND c.id = i.image_content_id",
        tx.org().0,
        image.0,
        i32::try_from(analysed).unwrap_or(i32::MAX),
        i32::try_from(reused).unwrap_or(i32::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks a scan as not done, with a code for programs and a reason for people; `final_attempt` tells whether it is tried again.
pub async fn scan_failed(tx: &mut OrgTx, image: ImageId, code: &str, reason: &str, final_attempt: bool) -> Result<()> {
    sqlx::query!(
        "UPDATE image SET scan_state = CASE WHEN $5 THEN 'failed' ELSE 'retrying' END, scan_error_code = $3, scan_error = $4,
                scan_finished_at = CASE WHEN $5 THEN now() END
         WHERE org_id = $1 AND id = $2",
        tx.org().0,
        image.0,
        code,
        reason,
        final_attempt
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether an image still waits for the end of its scan.
pub async fn scan_is_open(tx: &mut OrgTx, image: ImageId) -> Result<bool> {
    let state = sqlx::query_scalar!(
        "SELECT scan_state FROM image WHERE org_id = $1 AND id = $2 FOR UPDATE",
        tx.org().0,
        image.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(state.is_some_and(|state| state != "done" && state != "failed"))
}
