//! Matches: which distinct package version has which vulnerability. Computed once for all who have the package.

use plimsoll_model::{AffectedState, Severity};

use crate::{CatalogTx, Result};

/// A match to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMatch {
    /// The package version's row.
    pub package_version: i64,
    /// The vulnerability's row.
    pub vulnerability: i64,
    /// The lowest version with a fix.
    pub fixed_in: Option<String>,
    /// What the source says of it.
    pub state: AffectedState,
    /// The distribution's own rating.
    pub severity: Option<Severity>,
    /// Whose that is.
    pub severity_source: String,
    /// The feeds that say so.
    pub sources: Vec<String>,
    /// Their advisories' ids.
    pub advisories: Vec<String>,
}

/// Makes `matches` all that these package versions have, and records which of them could not be judged and why.
///
/// The caller holds [`crate::packages::lock`] on all of `package_versions` since before it read what affects them.
pub async fn replace(
    tx: &mut CatalogTx,
    package_versions: &[i64],
    matches: &[NewMatch],
    unknown: &[(i64, String)],
) -> Result<()> {
    let packages: Vec<i64> = matches.iter().map(|m| m.package_version).collect();
    let vulnerabilities: Vec<i64> = matches.iter().map(|m| m.vulnerability).collect();
    sqlx::query!(
        r#"DELETE FROM "match" m WHERE m.package_version_id = ANY($1)
           AND NOT EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) AS n (p, v)
                           WHERE (n.p, n.v) = (m.package_version_id, m.vulnerability_id))"#,
        package_versions,
        &packages,
        &vulnerabilities
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        r#"INSERT INTO "match" AS m (package_version_id, vulnerability_id, fixed_in, state, severity, severity_source, sources, advisories)
           SELECT p, v, fixed_in, state, severity, severity_source, sources, advisories
           FROM jsonb_to_recordset($1) AS n (p bigint, v bigint, fixed_in text, state text, severity smallint,
                severity_source text, sources text[], advisories text[])
           ON CONFLICT (package_version_id, vulnerability_id) DO UPDATE SET fixed_in = excluded.fixed_in, state = excluded.state,
               severity = excluded.severity, severity_source = excluded.severity_source, sources = excluded.sources,
               advisories = excluded.advisories
           WHERE (m.fixed_in, m.state, m.severity, m.severity_source, m.sources, m.advisories) IS DISTINCT FROM
                 (excluded.fixed_in, excluded.state, excluded.severity, excluded.severity_source, excluded.sources, excluded.advisories)"#,
        rows(matches)
    )
    .execute(tx.conn())
    .await?;
    let (unknown_ids, reasons): (Vec<i64>, Vec<String>) = unknown.iter().cloned().unzip();
    sqlx::query!(
        "UPDATE package_version p SET matched_at = now(), unknown_reason = u.reason
         FROM unnest($1::bigint[]) AS t (id) LEFT JOIN unnest($2::bigint[], $3::text[]) AS u (id, reason) USING (id)
         WHERE p.id = t.id",
        package_versions,
        &unknown_ids,
        &reasons
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Matches as statements take them.
pub(crate) fn rows(matches: &[NewMatch]) -> serde_json::Value {
    let row = |m: &NewMatch| {
        serde_json::json!({
            "p": m.package_version, "v": m.vulnerability, "fixed_in": m.fixed_in, "state": m.state.as_str(),
            "severity": m.severity.map(Severity::rank), "severity_source": m.severity_source,
            "sources": m.sources, "advisories": m.advisories,
        })
    };
    matches.iter().map(row).collect()
}
