//! The images that an organization holds, and the state of each one's scan.

use plimsoll_model::{Digest, ImageId};
use uuid::Uuid;

use crate::{OrgTx, Result, StoreError};

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
    let digest = |text: &str| text.parse().map_err(|_| StoreError::corrupt("image.manifest_digest", text));
    rows.into_iter().map(|row| Ok((ImageId(row.id), digest(&row.manifest_digest)?))).collect()
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
            manifest_digest: row
                .manifest_digest
                .parse()
                .map_err(|_| StoreError::corrupt("image.manifest_digest", &row.manifest_digest))?,
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
        "UPDATE image SET scan_state = 'done', scan_finished_at = now(), scan_error = NULL, scan_error_code = NULL,
                layers_analysed = $3, layers_reused = $4
         WHERE org_id = $1 AND id = $2",
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
