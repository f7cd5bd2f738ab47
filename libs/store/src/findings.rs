//! Findings: opened and closed by sets, never a statement per row, and never deleted.
//!
//! Each function first takes the organization's findings lock ([`OrgTx::lock_findings`]): what it reads after that is what the
//! last one wrote.

use plimsoll_model::ImageId;

use crate::{OrgTx, Result};

/// How many findings were opened and closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Changes {
    /// Opened.
    pub opened: u64,
    /// Closed.
    pub closed: u64,
}

/// Brings the findings of one image in line with its packages and their matches.
pub async fn refresh_image(tx: &mut OrgTx, image: ImageId) -> Result<Changes> {
    tx.lock_findings().await?;
    let org = tx.org().0;
    let closed = sqlx::query!(
        r#"UPDATE finding f SET closed_at = clock_timestamp(),
                  close_reason = CASE WHEN EXISTS (SELECT FROM image_package p WHERE p.image_content_id = i.image_content_id
                                                   AND p.package_version_id = f.package_version_id)
                                      THEN 'advisory_changed' ELSE 'fixed' END
           FROM image i
           WHERE f.org_id = $1 AND f.image_id = $2 AND f.closed_at IS NULL AND i.org_id = f.org_id AND i.id = f.image_id
             AND NOT EXISTS (SELECT FROM image_package p
                             JOIN counted_match m ON m.package_version_id = p.package_version_id
                             WHERE p.image_content_id = i.image_content_id AND p.package_version_id = f.package_version_id
                               AND m.vulnerability_id = f.vulnerability_id)"#,
        org,
        image.0
    )
    .execute(tx.conn())
    .await?;
    let opened = sqlx::query!(
        r#"INSERT INTO finding (org_id, image_id, package_version_id, vulnerability_id, opened_at)
           SELECT DISTINCT i.org_id, i.id, m.package_version_id, m.vulnerability_id, clock_timestamp()
           FROM image i
           JOIN image_package p ON p.image_content_id = i.image_content_id
           JOIN counted_match m ON m.package_version_id = p.package_version_id
           WHERE i.org_id = $1 AND i.id = $2
           ON CONFLICT (org_id, image_id, package_version_id, vulnerability_id) WHERE closed_at IS NULL DO NOTHING"#,
        org,
        image.0
    )
    .execute(tx.conn())
    .await?;
    Ok(Changes { opened: opened.rows_affected(), closed: closed.rows_affected() })
}

/// Brings the organization's findings in line with the matches of these package versions, after those changed.
pub async fn refresh_packages(tx: &mut OrgTx, package_versions: &[i64]) -> Result<Changes> {
    tx.lock_findings().await?;
    let org = tx.org().0;
    let closed = sqlx::query!(
        r#"UPDATE finding f SET closed_at = clock_timestamp(),
                  close_reason = CASE WHEN v.merged_into IS NOT NULL THEN 'merged'
                                      WHEN v.withdrawn IS NOT NULL THEN 'advisory_withdrawn'
                                      ELSE 'advisory_changed' END
           FROM vulnerability v
           WHERE f.org_id = $1 AND f.package_version_id = ANY($2) AND f.closed_at IS NULL AND v.id = f.vulnerability_id
             AND NOT EXISTS (SELECT FROM counted_match m WHERE (m.package_version_id, m.vulnerability_id)
                                                        = (f.package_version_id, f.vulnerability_id))"#,
        org,
        package_versions
    )
    .execute(tx.conn())
    .await?;
    // An image whose scan is still under way opens its findings itself, when it ends.
    let opened = sqlx::query!(
        r#"INSERT INTO finding (org_id, image_id, package_version_id, vulnerability_id, opened_at)
           SELECT DISTINCT i.org_id, i.id, m.package_version_id, m.vulnerability_id, clock_timestamp()
           FROM counted_match m
           JOIN image_package p ON p.package_version_id = m.package_version_id
           JOIN image i ON i.image_content_id = p.image_content_id
           WHERE m.package_version_id = ANY($2) AND i.org_id = $1 AND i.layers_analysed IS NOT NULL
           ON CONFLICT (org_id, image_id, package_version_id, vulnerability_id) WHERE closed_at IS NULL DO NOTHING"#,
        org,
        package_versions
    )
    .execute(tx.conn())
    .await?;
    Ok(Changes { opened: opened.rows_affected(), closed: closed.rows_affected() })
}
