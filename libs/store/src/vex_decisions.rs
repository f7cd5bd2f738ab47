//! What an organization's VEX statements come to for the vulnerabilities in the packages of its images: which need nothing done, what
//! [`findings`](crate::findings) hides, and what is said of the others.
//!
//! In: the statements that stand, and what counts in the images of a scope. Out: rows of `vex_decision`, one for each that one counts for. The
//! caller holds the organization's findings lock ([`OrgTx::lock_findings`]). An organization without statements pays one look at an index.

use std::collections::HashMap;

use plimsoll_model::{Digest, ImageId};
use plimsoll_vex::{Attachment, Decisions, Document, Format, Justification, Statement, Status};
use sqlx::types::Json;
use uuid::Uuid;

use crate::findings::Changes;
use crate::vex_documents::{StoredClaim, sweep};
use crate::vex_subjects::{self, Candidate, Subjects};
use crate::{OrgTx, Result, StoreError, findings};

/// Images that are decided at one time: what is known of them is in memory then.
const IMAGES_AT_A_TIME: usize = 100;

/// Whose decisions are made again.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Scope<'a> {
    /// Of an image.
    Image(ImageId),
    /// Of these package versions, in every image whose scan ended.
    Packages(&'a [i64]),
    /// Of these vulnerabilities, likewise.
    Vulnerabilities(&'a [i64]),
}

impl<'a> Scope<'a> {
    const fn image(self) -> Option<Uuid> {
        match self {
            Self::Image(image) => Some(image.0),
            _ => None,
        }
    }

    pub(crate) const fn packages(self) -> Option<&'a [i64]> {
        match self {
            Self::Packages(packages) => Some(packages),
            _ => None,
        }
    }

    const fn vulnerabilities(self) -> Option<&'a [i64]> {
        match self {
            Self::Vulnerabilities(vulnerabilities) => Some(vulnerabilities),
            _ => None,
        }
    }
}

/// Brings the organization's findings in line with what its statements say of the vulnerabilities with these ids (in upper case). Doing it
/// twice changes nothing.
#[tracing::instrument(skip_all, fields(vulnerabilities = ids.len()))]
pub async fn follow(tx: &mut OrgTx, ids: &[String]) -> Result<Changes> {
    tx.lock_findings().await?;
    let vulnerabilities = sqlx::query_scalar!(
        r#"SELECT DISTINCT vulnerability_id AS "id!" FROM known_alias WHERE upper(alias) = ANY($1) ORDER BY 1"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    let changes = findings::refresh_vulnerabilities(tx, &vulnerabilities).await?;
    sweep(tx).await?;
    Ok(changes)
}

/// The images, of which a scan ended, that a statement may speak of by the name of one of these manifests or indexes: those that they are and those
/// that they name. None where the organization has no statements.
pub async fn images_named(tx: &mut OrgTx, manifests: &[Digest]) -> Result<Vec<ImageId>> {
    if manifests.is_empty() || !has_statements(tx).await? {
        return Ok(Vec::new());
    }
    let digests: Vec<String> = manifests.iter().map(ToString::to_string).collect();
    let images = sqlx::query_scalar!(
        "SELECT i.id FROM image i WHERE i.org_id = $1 AND i.layers_analysed IS NOT NULL
         AND (i.manifest_digest = ANY($2)
              OR i.manifest_digest IN (SELECT p.child_digest FROM manifest m
                                       JOIN manifest_child p ON p.org_id = m.org_id AND p.repository_id = m.repository_id AND p.digest = m.digest
                                       WHERE m.org_id = $1 AND m.digest = ANY($2)))
         ORDER BY i.id",
        tx.org().0,
        &digests
    );
    Ok(images.fetch_all(tx.conn()).await?.into_iter().map(ImageId).collect())
}

async fn has_statements(tx: &mut OrgTx) -> Result<bool> {
    let exists =
        sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM vex_statement WHERE org_id = $1) AS "exists!""#, tx.org().0);
    Ok(exists.fetch_one(tx.conn()).await?)
}

/// Makes the decisions of a scope those that the statements as they stand come to. Whether there may be any, or hidden findings.
pub(crate) async fn decide(tx: &mut OrgTx, scope: Scope<'_>) -> Result<bool> {
    if !has_statements(tx).await? {
        return Ok(false);
    }
    let spoken = spoken_of(tx, scope).await?;
    let ids: Vec<i64> = spoken.keys().copied().collect();
    let images = vex_subjects::images(tx, scope, &ids).await?;
    forget(tx, scope, &ids, &images).await?;
    if images.is_empty() {
        return Ok(true);
    }
    let (documents, rows) = statements(tx, &spoken).await?;
    let decisions = Decisions::of(&documents);
    for images in images.chunks(IMAGES_AT_A_TIME) {
        let candidates = vex_subjects::candidates(tx, images, scope.packages(), &ids).await?;
        let subjects = Subjects::read(tx, images, &candidates, &documents).await?;
        let decided: Vec<Decided<'_>> = candidates
            .iter()
            .filter_map(|candidate| {
                let aliases = spoken.get(&candidate.vulnerability)?;
                let said = subjects.deciding(candidate, aliases, &decisions)?;
                let statement = *rows.get(said.place)?;
                Some(Decided { candidate, statement, hides: said.statement.status.hides() })
            })
            .collect();
        replace(tx, images, scope.packages(), &ids, &decided).await?;
    }
    Ok(true)
}

/// The vulnerabilities that count in the scope and that a statement names, each with all its ids.
async fn spoken_of(tx: &mut OrgTx, scope: Scope<'_>) -> Result<HashMap<i64, Vec<String>>> {
    let org = tx.org().0;
    let counted =
        match scope {
            Scope::Image(image) => {
                sqlx::query_scalar!(
                    r#"SELECT DISTINCT m.vulnerability_id AS "id!" FROM image i
                   JOIN image_package p ON p.image_content_id = i.image_content_id
                   JOIN counted_match m ON m.package_version_id = p.package_version_id
                   WHERE i.org_id = $1 AND i.id = $2"#,
                    org,
                    image.0
                )
                .fetch_all(tx.conn())
                .await?
            }
            Scope::Packages(packages) => sqlx::query_scalar!(
                r#"SELECT DISTINCT vulnerability_id AS "id!" FROM counted_match WHERE package_version_id = ANY($1)"#,
                packages
            )
            .fetch_all(tx.conn())
            .await?,
            Scope::Vulnerabilities(vulnerabilities) => vulnerabilities.to_vec(),
        };
    let rows = sqlx::query!(
        r#"SELECT a.vulnerability_id AS "id!", array_agg(a.alias) AS "aliases!" FROM known_alias a WHERE a.vulnerability_id = ANY($2)
           GROUP BY a.vulnerability_id
           HAVING bool_or(EXISTS (SELECT FROM vex_about s WHERE s.org_id = $1 AND s.alias = upper(a.alias)))"#,
        org,
        &counted
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.aliases)).collect())
}

/// Deletes the scope's decisions on other vulnerabilities and images than these.
async fn forget(tx: &mut OrgTx, scope: Scope<'_>, spoken: &[i64], images: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "DELETE FROM vex_decision d WHERE d.org_id = $1 AND ($2::uuid IS NULL OR d.image_id = $2)
             AND ($3::bigint[] IS NULL OR d.package_version_id = ANY($3)) AND ($4::bigint[] IS NULL OR d.vulnerability_id = ANY($4))
             AND (d.vulnerability_id <> ALL($5) OR d.image_id <> ALL($6))",
        tx.org().0,
        scope.image(),
        scope.packages(),
        scope.vulnerabilities(),
        spoken,
        images
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What is said of these vulnerabilities, in the order in which it counts; and the row of each statement in that order.
async fn statements(tx: &mut OrgTx, spoken: &HashMap<i64, Vec<String>>) -> Result<(Vec<Document>, Vec<Uuid>)> {
    let aliases: Vec<String> = spoken.values().flatten().map(|alias| alias.to_uppercase()).collect();
    let said = sqlx::query!(
        r#"SELECT s.id, d.name, d.format, d.image_digest, d.has_one_product, s.vulnerabilities, s.claims AS "claims: Json<Vec<StoredClaim>>", s.status, s.justification, s.at
           FROM vex_statement s JOIN vex_document d ON d.org_id = s.org_id AND d.id = s.document_id
           WHERE s.org_id = $1 AND s.retired_at IS NULL
             AND s.id IN (SELECT a.statement_id FROM vex_about a WHERE a.org_id = $1 AND a.alias = ANY($2))
           ORDER BY d.updated_at, d.name, s.position"#,
        tx.org().0,
        &aliases
    )
    .fetch_all(tx.conn())
    .await?;
    let (mut documents, mut rows): (Vec<Document>, Vec<Uuid>) = (Vec::new(), Vec::new());
    for row in said {
        let statement = Statement {
            vulnerabilities: row.vulnerabilities,
            claims: row.claims.0.into_iter().map(StoredClaim::read).collect(),
            status: Status::parse(&row.status)
                .ok_or_else(|| StoreError::corrupt("vex_statement.status", &row.status))?,
            justification: row.justification.as_deref().and_then(Justification::parse),
            // What is said in words decides nothing.
            impact: String::new(),
            action: String::new(),
            at: row.at,
        };
        rows.push(row.id);
        match documents.last_mut().filter(|document| document.id == row.name) {
            Some(document) => document.statements.push(statement),
            None => documents.push(Document {
                format: Format::parse(&row.format)
                    .ok_or_else(|| StoreError::corrupt("vex_document.format", &row.format))?,
                attached: attachment(row.image_digest.as_deref(), row.has_one_product)?,
                id: row.name,
                author: String::new(),
                at: None,
                statements: vec![statement],
            }),
        }
    }
    Ok((documents, rows))
}

fn attachment(image: Option<&str>, is_its_product: bool) -> Result<Option<Attachment>> {
    let read = |text: &str| text.parse().map_err(|_| StoreError::corrupt("vex_document.image_digest", text));
    Ok(image.map(read).transpose()?.map(|image| Attachment { image, is_its_product }))
}

/// A statement that counts for a candidate.
struct Decided<'c> {
    candidate: &'c Candidate,
    statement: Uuid,
    hides: bool,
}

/// Makes `decided` all that is decided of these images, vulnerabilities and (all of them, where it is `None`) package versions.
async fn replace(
    tx: &mut OrgTx,
    images: &[Uuid],
    packages: Option<&[i64]>,
    vulnerabilities: &[i64],
    decided: &[Decided<'_>],
) -> Result<()> {
    let org = tx.org().0;
    let of_images: Vec<Uuid> = decided.iter().map(|of| of.candidate.image).collect();
    let of_packages: Vec<i64> = decided.iter().map(|of| of.candidate.package).collect();
    let of_vulnerabilities: Vec<i64> = decided.iter().map(|of| of.candidate.vulnerability).collect();
    let by: Vec<Uuid> = decided.iter().map(|of| of.statement).collect();
    let hides: Vec<bool> = decided.iter().map(|of| of.hides).collect();
    sqlx::query!(
        "DELETE FROM vex_decision d WHERE d.org_id = $1 AND d.image_id = ANY($2)
             AND ($3::bigint[] IS NULL OR d.package_version_id = ANY($3)) AND d.vulnerability_id = ANY($4)
             AND NOT EXISTS (SELECT FROM unnest($5::uuid[], $6::bigint[], $7::bigint[]) AS h (i, p, v)
                             WHERE (h.i, h.p, h.v) = (d.image_id, d.package_version_id, d.vulnerability_id))",
        org,
        images,
        packages,
        vulnerabilities,
        &of_images,
        &of_packages,
        &of_vulnerabilities
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO vex_decision AS d (org_id, image_id, package_version_id, vulnerability_id, statement_id, hides)
         SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::uuid[], $6::bool[])
         ON CONFLICT (org_id, image_id, package_version_id, vulnerability_id)
         DO UPDATE SET statement_id = excluded.statement_id, hides = excluded.hides
         WHERE (d.statement_id, d.hides) <> (excluded.statement_id, excluded.hides)",
        org,
        &of_images,
        &of_packages,
        &of_vulnerabilities,
        &by,
        &hides
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
