//! What VEX documents say, and what they hide.

use chrono::{DateTime, Utc};
use plimsoll_model::ImageId;
use sqlx::types::Json;
use uuid::Uuid;

use crate::vex_documents::StoredClaim;
use crate::{OrgTx, Result};

/// A statement, with the document that makes it.
#[derive(Debug, Clone)]
pub struct VexStatement {
    /// Its row.
    pub id: Uuid,
    /// Its document's row.
    pub document: Uuid,
    /// Its document's name.
    pub document_name: String,
    /// Who says it; empty where the document does not tell.
    pub author: String,
    /// Its place in the document, from 0.
    pub position: i32,
    /// The vulnerability's ids.
    pub vulnerabilities: Vec<String>,
    /// Of what it speaks: each product, and which of its parts are meant.
    pub products: Vec<(String, Vec<String>)>,
    /// What is said.
    pub status: String,
    /// Why it is not affected.
    pub justification: Option<String>,
    /// The same in words; may be empty.
    pub impact: String,
    /// What to do; may be empty.
    pub action: String,
    /// Since when it is known.
    pub at: Option<DateTime<Utc>>,
}

macro_rules! statements {
    ($tx:expr, $condition:literal $(, $argument:expr)* $(,)?) => {{
        let rows = sqlx::query!(
            r#"SELECT s.id, s.document_id, d.name, d.author, s.position, s.vulnerabilities, s.claims AS "claims: Json<Vec<StoredClaim>>",
                      s.status, s.justification, s.impact, s.action, s.at
               FROM vex_statement s JOIN vex_document d ON d.org_id = s.org_id AND d.id = s.document_id
               WHERE s.org_id = $1 AND "#
                + $condition,
            $tx.org().0,
            $($argument),*
        )
        .fetch_all($tx.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| VexStatement {
                id: row.id,
                document: row.document_id,
                document_name: row.name,
                author: row.author,
                position: row.position,
                vulnerabilities: row.vulnerabilities,
                products: row.claims.0.into_iter().map(|claim| (claim.product, claim.subcomponents)).collect(),
                status: row.status,
                justification: row.justification,
                impact: row.impact,
                action: row.action,
                at: row.at,
            })
            .collect())
    }};
}

/// The statements with these rows, also those that stand no longer.
pub async fn statements(tx: &mut OrgTx, ids: &[Uuid]) -> Result<Vec<VexStatement>> {
    statements!(tx, "s.id = ANY($2)", ids)
}

/// Up to `limit` statements of a document after the position `after`.
pub async fn page(tx: &mut OrgTx, document: Uuid, after: Option<i32>, limit: i64) -> Result<Vec<VexStatement>> {
    statements!(
        tx,
        "s.document_id = $2 AND s.retired_at IS NULL AND ($3::int IS NULL OR s.position > $3) ORDER BY s.position LIMIT $4",
        document,
        after,
        limit
    )
}

/// These documents, those that stand, as they were saved.
pub async fn sources(tx: &mut OrgTx, documents: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!(
        "SELECT id, source FROM vex_document WHERE org_id = $1 AND id = ANY($2) AND deleted_at IS NULL",
        tx.org().0,
        documents
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.source)).collect())
}

/// The statements that count for these open findings, each an image, a package version and a vulnerability, and hide none of them; in any order.
pub async fn remarks(tx: &mut OrgTx, of: &[(Uuid, i64, i64)]) -> Result<Vec<((Uuid, i64, i64), Uuid)>> {
    let images: Vec<Uuid> = of.iter().map(|of| of.0).collect();
    let packages: Vec<i64> = of.iter().map(|of| of.1).collect();
    let vulnerabilities: Vec<i64> = of.iter().map(|of| of.2).collect();
    let rows = sqlx::query!(
        "SELECT d.image_id, d.package_version_id, d.vulnerability_id, d.statement_id
         FROM unnest($2::uuid[], $3::bigint[], $4::bigint[]) AS f (image_id, package_version_id, vulnerability_id)
         JOIN vex_decision d USING (image_id, package_version_id, vulnerability_id)
         WHERE d.org_id = $1 AND NOT d.hides",
        tx.org().0,
        &images,
        &packages,
        &vulnerabilities
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ((row.image_id, row.package_version_id, row.vulnerability_id), row.statement_id))
        .collect())
}

/// How many open findings each of these documents hides; those that hide none are left out.
pub async fn hidden_by_documents(tx: &mut OrgTx, documents: &[Uuid]) -> Result<Vec<(Uuid, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT s.document_id, count(*) AS "count!" FROM vex_statement s
           JOIN finding f ON f.org_id = s.org_id AND f.hidden_by = s.id AND f.closed_at IS NULL
           WHERE s.org_id = $1 AND s.document_id = ANY($2) GROUP BY s.document_id"#,
        tx.org().0,
        documents
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.document_id, row.count)).collect())
}

/// How many open findings of each of these images are hidden; those without any are left out.
pub async fn hidden_in_images(tx: &mut OrgTx, images: &[Uuid]) -> Result<Vec<(ImageId, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT image_id, count(*) AS "count!" FROM finding
           WHERE org_id = $1 AND image_id = ANY($2) AND closed_at IS NULL AND hidden_by IS NOT NULL GROUP BY image_id"#,
        tx.org().0,
        images
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (ImageId(row.image_id), row.count)).collect())
}
