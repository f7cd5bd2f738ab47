//! Ids that part: an advisory no longer says of them that they are one vulnerability.

use plimsoll_model::Advisory;
use sqlx::types::Json;

use crate::{CatalogTx, Result};

/// An advisory, without what it affects, and a vulnerability that it is about.
#[derive(Debug, Clone)]
pub struct AdvisoryOn {
    /// The advisory's row.
    pub id: i64,
    /// The advisory.
    pub advisory: Advisory,
}

/// These advisories of a source as they are held, without what they affect.
pub async fn held(tx: &mut CatalogTx, source: &str, keys: &[String]) -> Result<Vec<AdvisoryOn>> {
    let rows = sqlx::query!(
        r#"SELECT id, document AS "document: Json<Advisory>" FROM advisory WHERE source = $1 AND key = ANY($2)"#,
        source,
        keys
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| AdvisoryOn { id: row.id, advisory: row.document.0 }).collect())
}

/// Every advisory, without what it affects, on one of these vulnerabilities.
pub async fn advisories_on(tx: &mut CatalogTx, vulnerabilities: &[i64]) -> Result<Vec<AdvisoryOn>> {
    let rows = sqlx::query!(
        r#"SELECT id, document AS "document: Json<Advisory>" FROM advisory
           WHERE id IN (SELECT advisory_id FROM advisory_vulnerability WHERE vulnerability_id = ANY($1)) ORDER BY id"#,
        vulnerabilities
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| AdvisoryOn { id: row.id, advisory: row.document.0 }).collect())
}

/// Takes from these vulnerabilities the ids that are not among `ids`.
pub async fn forget_ids(tx: &mut CatalogTx, vulnerabilities: &[i64], ids: &[String]) -> Result<()> {
    sqlx::query!(
        "DELETE FROM vulnerability_alias WHERE vulnerability_id = ANY($1) AND alias <> ALL($2)",
        vulnerabilities,
        ids
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Makes these pairs of an advisory and a vulnerability all that the advisories are about.
pub async fn relink(tx: &mut CatalogTx, pairs: &[(i64, i64)]) -> Result<()> {
    let (advisories, vulnerabilities): (Vec<i64>, Vec<i64>) = pairs.iter().copied().unzip();
    sqlx::query!(
        "DELETE FROM advisory_vulnerability av WHERE av.advisory_id = ANY($1)
         AND NOT EXISTS (SELECT FROM unnest($1::bigint[], $2::bigint[]) AS n (a, v)
                         WHERE (n.a, n.v) = (av.advisory_id, av.vulnerability_id))",
        &advisories,
        &vulnerabilities
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO advisory_vulnerability (advisory_id, vulnerability_id)
         SELECT DISTINCT a, v FROM unnest($1::bigint[], $2::bigint[]) AS n (a, v) ON CONFLICT DO NOTHING",
        &advisories,
        &vulnerabilities
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
