//! Findings: opened and closed by sets, never a statement per row, and never deleted. Each change is an event, too
//! ([`finding_events`](crate::finding_events)).
//!
//! Each function first takes the organization's findings lock ([`OrgTx::lock_findings`]): what it reads after that is what the
//! last one wrote.

use chrono::{DateTime, Utc};
use plimsoll_model::ImageId;

use crate::finding_events::tell;
use crate::{OrgTx, Result};

/// How many findings were opened and closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Opened.
    pub opened: u64,
    /// Closed.
    pub closed: u64,
}

/// Waits for the organization's findings; gives the moment of what changes then: one for all, so that the exposure as of any moment is
/// what it was before a change or after it, never half of it.
async fn begin(tx: &mut OrgTx) -> Result<DateTime<Utc>> {
    tx.lock_findings().await?;
    Ok(sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "at!""#).fetch_one(tx.conn()).await?)
}

/// Brings the findings of one image in line with its packages and their matches.
pub async fn refresh_image(tx: &mut OrgTx, image: ImageId) -> Result<Changes> {
    let at = begin(tx).await?;
    let closed = tell!(
        tx,
        r#"UPDATE finding f SET closed_at = $3,
                  close_reason = CASE WHEN EXISTS (SELECT FROM image_package p WHERE p.image_content_id = i.image_content_id
                                                   AND p.package_version_id = f.package_version_id)
                                      THEN 'advisory_changed' ELSE 'fixed' END
           FROM image i
           WHERE f.org_id = $1 AND f.image_id = $2 AND f.closed_at IS NULL AND i.org_id = f.org_id AND i.id = f.image_id
             AND NOT EXISTS (SELECT FROM image_package p
                             JOIN counted_match m ON m.package_version_id = p.package_version_id
                             WHERE p.image_content_id = i.image_content_id AND p.package_version_id = f.package_version_id
                               AND m.vulnerability_id = f.vulnerability_id)"#,
        image.0,
        at
    )?;
    let opened = tell!(
        tx,
        r#"INSERT INTO finding AS f (org_id, image_id, package_version_id, vulnerability_id, opened_at)
           SELECT DISTINCT i.org_id, i.id, m.package_version_id, m.vulnerability_id, $3::timestamptz
           FROM image i
           JOIN image_package p ON p.image_content_id = i.image_content_id
           JOIN counted_match m ON m.package_version_id = p.package_version_id
           WHERE i.org_id = $1 AND i.id = $2
           ON CONFLICT (org_id, image_id, package_version_id, vulnerability_id) WHERE closed_at IS NULL DO NOTHING"#,
        image.0,
        at
    )?;
    Ok(Changes { opened: opened.cast_unsigned(), closed: closed.cast_unsigned() })
}

/// Brings the organization's findings in line with the matches of these package versions, after those changed.
pub async fn refresh_packages(tx: &mut OrgTx, package_versions: &[i64]) -> Result<Changes> {
    let at = begin(tx).await?;
    let closed = tell!(
        tx,
        r#"UPDATE finding f SET closed_at = $3,
                  close_reason = CASE WHEN v.merged_into IS NOT NULL THEN 'merged'
                                      WHEN v.withdrawn IS NOT NULL THEN 'advisory_withdrawn'
                                      ELSE 'advisory_changed' END
           FROM vulnerability v
           WHERE f.org_id = $1 AND f.package_version_id = ANY($2) AND f.closed_at IS NULL AND v.id = f.vulnerability_id
             AND NOT EXISTS (SELECT FROM counted_match m WHERE (m.package_version_id, m.vulnerability_id)
                                                        = (f.package_version_id, f.vulnerability_id))"#,
        package_versions,
        at
    )?;
    // An image whose scan is still under way opens its findings itself, when it ends.
    let opened = tell!(
        tx,
        r#"INSERT INTO finding AS f (org_id, image_id, package_version_id, vulnerability_id, opened_at)
           SELECT DISTINCT i.org_id, i.id, m.package_version_id, m.vulnerability_id, $3::timestamptz
           FROM counted_match m
           JOIN image_package p ON p.package_version_id = m.package_version_id
           JOIN image i ON i.image_content_id = p.image_content_id
           WHERE m.package_version_id = ANY($2) AND i.org_id = $1 AND i.layers_analysed IS NOT NULL
           ON CONFLICT (org_id, image_id, package_version_id, vulnerability_id) WHERE closed_at IS NULL DO NOTHING"#,
        package_versions,
        at
    )?;
    Ok(Changes { opened: opened.cast_unsigned(), closed: closed.cast_unsigned() })
}
