//! Findings: opened and closed by sets, never a statement per row, and never deleted. Each change is an event, too
//! ([`finding_events`](crate::finding_events)).
//!
//! What a VEX statement hides is a finding as well, and marked: hiding closes the finding and opens a hidden one, showing it again closes that and
//! opens another. A row so never becomes hidden, nor shown: what was exposed at any moment stays as it was.
//!
//! Each function first takes the organization's findings lock ([`OrgTx::lock_findings`]): what it reads after that is what the
//! last one wrote.

use chrono::{DateTime, Utc};
use plimsoll_model::ImageId;

use crate::finding_events::tell;
use crate::vex_decisions::{Scope, decide};
use crate::{OrgTx, Result};

/// How many findings were opened and closed, hidden ones among them.
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
    // Lists of ten and of ten thousand package versions need different plans.
    let row = sqlx::query!(
        r#"SELECT clock_timestamp() AS "at!", set_config('plan_cache_mode', 'force_custom_plan', true) AS mode"#
    );
    Ok(row.fetch_one(tx.conn()).await?.at)
}

/// Closes the open findings in a scope that are hidden and should be shown, or the reverse, and tells of those that stay hidden which
/// statement hides them now; gives how many were closed. The scope is a condition on `finding f` with the parameter 2.
macro_rules! close_by_decisions {
    ($tx:expr, $scope:literal, $subject:expr, $at:expr) => {{
        sqlx::query!(
            "UPDATE finding f SET hidden_by = d.statement_id FROM vex_decision d
             WHERE f.org_id = $1 AND f.closed_at IS NULL AND f.hidden_by <> d.statement_id AND d.org_id = f.org_id AND d.hides AND d.image_id = f.image_id
               AND d.package_version_id = f.package_version_id AND d.vulnerability_id = f.vulnerability_id AND "
                + $scope,
            $tx.org().0,
            $subject
        )
        .execute($tx.conn())
        .await?;
        tell!(
            $tx,
            ["UPDATE finding f SET closed_at = $3, close_reason = 'vex' WHERE f.org_id = $1 AND f.closed_at IS NULL AND "
             $scope
             " AND (f.hidden_by IS NOT NULL)
                   <> EXISTS (SELECT FROM vex_decision d
                              WHERE d.org_id = f.org_id AND d.image_id = f.image_id AND d.package_version_id = f.package_version_id
                                AND d.vulnerability_id = f.vulnerability_id AND d.hides)"],
            $subject,
            $at
        )?
    }};
}

/// Opens what counts in a scope and is not open, hidden where that is decided; gives how many. The scope is a condition on `image i` and
/// `counted_match m` with the parameter 2.
macro_rules! open {
    ($tx:expr, $scope:literal, $subject:expr, $at:expr) => {
        tell!(
            $tx,
            [r#"INSERT INTO finding AS f (org_id, image_id, package_version_id, vulnerability_id, opened_at, hidden_by)
                SELECT DISTINCT i.org_id, i.id, m.package_version_id, m.vulnerability_id, $3::timestamptz, d.statement_id
                FROM counted_match m
                JOIN image_package p ON p.package_version_id = m.package_version_id
                JOIN image i ON i.image_content_id = p.image_content_id
                LEFT JOIN vex_decision d ON d.org_id = i.org_id AND d.image_id = i.id AND d.package_version_id = m.package_version_id
                                        AND d.vulnerability_id = m.vulnerability_id AND d.hides
                WHERE i.org_id = $1 AND "#
             $scope
             " ON CONFLICT (org_id, image_id, package_version_id, vulnerability_id) WHERE closed_at IS NULL DO NOTHING"],
            $subject,
            $at
        )?
    };
}

/// Brings the findings of one image in line with its packages, their matches and what is said of them.
pub async fn refresh_image(tx: &mut OrgTx, image: ImageId) -> Result<Changes> {
    let at = begin(tx).await?;
    let has_decisions = decide(tx, Scope::Image(image)).await?;
    let mut closed = tell!(
        tx,
        [r#"UPDATE finding f SET closed_at = $3,
                  close_reason = CASE WHEN EXISTS (SELECT FROM image_package p WHERE p.image_content_id = i.image_content_id
                                                   AND p.package_version_id = f.package_version_id)
                                      THEN 'advisory_changed' ELSE 'fixed' END
           FROM image i
           WHERE f.org_id = $1 AND f.image_id = $2 AND f.closed_at IS NULL AND i.org_id = f.org_id AND i.id = f.image_id
             AND NOT EXISTS (SELECT FROM image_package p
                             JOIN counted_match m ON m.package_version_id = p.package_version_id
                             WHERE p.image_content_id = i.image_content_id AND p.package_version_id = f.package_version_id
                               AND m.vulnerability_id = f.vulnerability_id)"#],
        image.0,
        at
    )?;
    if has_decisions {
        closed += close_by_decisions!(tx, "f.image_id = $2", image.0, at);
    }
    let opened = open!(tx, "i.id = $2", image.0, at);
    Ok(Changes { opened: opened.cast_unsigned(), closed: closed.cast_unsigned() })
}

/// Brings the organization's findings in line with the matches of these package versions, after those changed. A finding closes as withdrawn where
/// every advisory on the vulnerability that speaks of its package is: what says nothing of packages (NVD), or of others, does not matter.
pub async fn refresh_packages(tx: &mut OrgTx, package_versions: &[i64]) -> Result<Changes> {
    let at = begin(tx).await?;
    let has_decisions = decide(tx, Scope::Packages(package_versions)).await?;
    let mut closed = 0;
    if has_unfounded(tx, package_versions).await? {
        closed += close_unfounded(tx, package_versions, at).await?;
    }
    if has_decisions {
        closed += close_by_decisions!(tx, "f.package_version_id = ANY($2)", package_versions, at);
    }
    let counted = counted(tx, package_versions).await?;
    // An image whose scan is still under way opens its findings itself, when it ends.
    let opened = match counted.as_slice() {
        [] => 0,
        counted => open!(tx, "m.package_version_id = ANY($2) AND i.layers_analysed IS NOT NULL", counted, at),
    };
    Ok(Changes { opened: opened.cast_unsigned(), closed: closed.cast_unsigned() })
}

/// Whether an open finding of these package versions has no match any more. To close them is planned for many, and mostly there is none.
async fn has_unfounded(tx: &mut OrgTx, package_versions: &[i64]) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM finding f
                          WHERE f.org_id = $1 AND f.package_version_id = ANY($2) AND f.closed_at IS NULL
                            AND NOT EXISTS (SELECT FROM counted_match m WHERE (m.package_version_id, m.vulnerability_id)
                                                                       = (f.package_version_id, f.vulnerability_id))) AS "exists!""#,
        tx.org().0,
        package_versions
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Closes the open findings of these package versions that have no match any more; gives how many.
async fn close_unfounded(tx: &mut OrgTx, package_versions: &[i64], at: DateTime<Utc>) -> Result<i64> {
    Ok(tell!(
        tx,
        [r#"UPDATE finding f SET closed_at = $3, close_reason = gone.reason
           FROM (WITH closing AS MATERIALIZED (
                     SELECT f.id, f.package_version_id, f.vulnerability_id FROM finding f
                     WHERE f.org_id = $1 AND f.package_version_id = ANY($2) AND f.closed_at IS NULL
                       AND NOT EXISTS (SELECT FROM counted_match m WHERE (m.package_version_id, m.vulnerability_id)
                                                                  = (f.package_version_id, f.vulnerability_id))
                 )
                 SELECT o.id, CASE WHEN v.merged_into IS NOT NULL THEN 'merged'
                                   WHEN v.withdrawn IS NOT NULL OR said.is_withdrawn THEN 'advisory_withdrawn'
                                   ELSE 'advisory_changed' END AS reason
                 FROM closing o
                 JOIN vulnerability v ON v.id = o.vulnerability_id
                 JOIN package_version p ON p.id = o.package_version_id
                 CROSS JOIN LATERAL (
                     SELECT bool_and(is_withdrawn) AS is_withdrawn
                     FROM (SELECT a.withdrawn IS NOT NULL AS is_withdrawn
                           FROM advisory_vulnerability av
                           JOIN advisory a ON a.id = av.advisory_id
                           JOIN affected d ON d.advisory_id = a.id
                           WHERE av.vulnerability_id = o.vulnerability_id AND d.ecosystem = p.ecosystem AND d.package = p.advisory_name
                           UNION ALL
                           SELECT a.withdrawn IS NOT NULL
                           FROM own_advisory a
                           JOIN own_affected d ON d.org_id = a.org_id AND d.advisory_id = a.id
                           WHERE a.org_id = $1 AND a.vulnerability_id = o.vulnerability_id AND d.ecosystem = p.ecosystem
                             AND d.package = p.advisory_name) of_the_package
                 ) said) gone
           WHERE f.org_id = $1 AND f.id = gone.id"#],
        package_versions,
        at
    )?)
}

/// Those of these package versions that have a match which counts: of what a change touches few have.
async fn counted(tx: &mut OrgTx, package_versions: &[i64]) -> Result<Vec<i64>> {
    let counted = sqlx::query_scalar!(
        r#"SELECT DISTINCT package_version_id AS "id!" FROM counted_match WHERE package_version_id = ANY($1)"#,
        package_versions
    );
    Ok(counted.fetch_all(tx.conn()).await?)
}

/// Brings the organization's findings of these vulnerabilities in line with what is said of them, after that changed.
pub(crate) async fn refresh_vulnerabilities(tx: &mut OrgTx, vulnerabilities: &[i64]) -> Result<Changes> {
    let at = begin(tx).await?;
    if vulnerabilities.is_empty() || !decide(tx, Scope::Vulnerabilities(vulnerabilities)).await? {
        return Ok(Changes::default());
    }
    let closed = close_by_decisions!(tx, "f.vulnerability_id = ANY($2)", vulnerabilities, at);
    let opened = open!(tx, "m.vulnerability_id = ANY($2) AND i.layers_analysed IS NOT NULL", vulnerabilities, at);
    Ok(Changes { opened: opened.cast_unsigned(), closed: closed.cast_unsigned() })
}
