//! Organizations' VEX documents and their statements. What these hide is decided in [`vex_decisions`](crate::vex_decisions).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use plimsoll_model::Digest;
use plimsoll_vex::{Claim, Document, Product, Statement};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{OrgTx, Result};

/// The longest id of a vulnerability that is looked for, in bytes.
const LONGEST_ID: usize = 500;

/// A document to save.
#[derive(Debug, Clone, Copy)]
pub struct NewVexDocument<'a> {
    /// Its own id, or what the organization calls it.
    pub name: &'a str,
    /// What it says.
    pub document: &'a Document,
    /// The same as it was written.
    pub source: &'a str,
    /// The image that it is attached to, or an index which names images; none where it speaks of every image.
    pub image: Option<Digest>,
}

/// A document that stands, without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VexDocument {
    /// Its row.
    pub id: Uuid,
    /// Its own id, or what the organization calls it.
    pub name: String,
    /// Its format's word.
    pub format: String,
    /// Who says it; empty where it does not tell.
    pub author: String,
    /// When it was last changed, as it says itself.
    pub said_at: Option<DateTime<Utc>>,
    /// The digest of the image, or of the index, that it is attached to.
    pub image_digest: Option<String>,
    /// How many different statements it has.
    pub statement_count: i32,
    /// When it was first saved.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A document that was saved or deleted.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The document as it is now, or as it was before it was deleted.
    pub document: VexDocument,
    /// The ids of the vulnerabilities, in upper case, of which something else is said than before.
    pub vulnerabilities: Vec<String>,
}

/// How much an organization holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holding {
    /// Documents.
    pub documents: i64,
    /// Their statements, all together.
    pub statements: i64,
    /// Bytes of the documents, all together.
    pub bytes: i64,
}

/// A product as it is kept: the text that it was read from.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StoredClaim {
    pub product: String,
    #[serde(default)]
    pub subcomponents: Vec<String>,
}

impl StoredClaim {
    /// The claim.
    pub fn read(self) -> Claim {
        Claim {
            product: Product::read(self.product),
            subcomponents: self.subcomponents.into_iter().map(Product::read).collect(),
        }
    }
}

/// What the organization holds beside the document of this name, from now on changed by no other transaction.
pub async fn holding_beside(tx: &mut OrgTx, name: &str) -> Result<Holding> {
    lock(tx).await?;
    Ok(sqlx::query_as!(
        Holding,
        r#"SELECT count(*) AS "documents!", coalesce(sum(statement_count), 0) AS "statements!",
                  coalesce(sum(octet_length(source)), 0) AS "bytes!"
           FROM vex_document WHERE org_id = $1 AND deleted_at IS NULL AND name <> $2"#,
        tx.org().0,
        name
    )
    .fetch_one(tx.conn())
    .await?)
}

async fn lock(tx: &mut OrgTx) -> Result<()> {
    let org = tx.org().to_string();
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended('VEX documents of ' || $1, 0)) AS done", org)
        .fetch_one(tx.conn())
        .await?;
    Ok(())
}

macro_rules! documents {
    ($before:literal, $after:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            VexDocument,
            $before + " id, name, format, author, said_at, image_digest, statement_count, created_at, updated_at " + $after,
            $($argument),*
        )
    };
}

/// Whether the organization has this image, or an index that names one of its images.
pub async fn has_image(tx: &mut OrgTx, digest: &Digest) -> Result<bool> {
    let exists = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM image i WHERE i.org_id = $1 AND (i.manifest_digest = $2 OR i.manifest_digest IN (
               SELECT p.child_digest FROM manifest_child p WHERE p.org_id = $1 AND p.digest = $2))) AS "exists!""#,
        tx.org().0,
        digest.to_string()
    );
    Ok(exists.fetch_one(tx.conn()).await?)
}

/// Saves a document, in place of the one with its name if there is one; `new` is its row's id if there is none. The same again changes nothing.
/// Where it is attached to another image than before, or to none, all that it says is decided again.
pub async fn save(tx: &mut OrgTx, new: Uuid, document: &NewVexDocument<'_>) -> Result<Changed> {
    lock(tx).await?;
    let org = tx.org().0;
    let NewVexDocument { name, document, source, image } = document;
    let image = image.map(|image| image.to_string());
    let hash = Sha256::digest(source.as_bytes());
    let same = documents!(
        "SELECT",
        "FROM vex_document WHERE org_id = $1 AND name = $2 AND deleted_at IS NULL AND content_hash = $3
             AND image_digest IS NOT DISTINCT FROM $4",
        org,
        *name,
        &hash[..],
        image.as_deref()
    );
    if let Some(document) = same.fetch_optional(tx.conn()).await? {
        return Ok(Changed { document, vulnerabilities: Vec::new() });
    }
    let has_one_product = document.has_one_product();
    // What it says the same may be of another image now, or of that image no longer.
    let is_moved = sqlx::query_scalar!(
        r#"SELECT (image_digest IS DISTINCT FROM $3 OR image_digest IS NOT NULL AND has_one_product <> $4) AS "is_moved!"
           FROM vex_document WHERE org_id = $1 AND name = $2 AND deleted_at IS NULL"#,
        org,
        *name,
        image.as_deref(),
        has_one_product
    );
    let is_moved = is_moved.fetch_optional(tx.conn()).await?.unwrap_or(false);
    let said = distinct(&document.statements)?;
    let saved = documents!(
        "INSERT INTO vex_document (org_id, id, name, format, author, said_at, source, content_hash, statement_count, image_digest,
                                   has_one_product)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (org_id, name) WHERE deleted_at IS NULL DO UPDATE SET format = excluded.format, author = excluded.author,
             said_at = excluded.said_at, source = excluded.source, content_hash = excluded.content_hash,
             statement_count = excluded.statement_count, image_digest = excluded.image_digest,
             has_one_product = excluded.has_one_product, updated_at = now()
         RETURNING",
        "",
        org,
        new,
        *name,
        document.format.as_str(),
        document.author,
        document.at,
        *source,
        &hash[..],
        i32::try_from(said.len()).unwrap_or(i32::MAX),
        image,
        has_one_product
    )
    .fetch_one(tx.conn())
    .await?;
    let vulnerabilities = replace_statements(tx, saved.id, said, is_moved).await?;
    Ok(Changed { document: saved, vulnerabilities })
}

/// Deletes a document; as it was, or `None` where there is none. What it hid is shown once [`vex_decisions::follow`](crate::vex_decisions::follow) ran.
pub async fn delete(tx: &mut OrgTx, id: Uuid) -> Result<Option<Changed>> {
    lock(tx).await?;
    let deleted = documents!(
        "UPDATE vex_document SET deleted_at = now(), source = '' WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL RETURNING",
        "",
        tx.org().0,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(document) = deleted else { return Ok(None) };
    let vulnerabilities = replace_statements(tx, id, BTreeMap::new(), false).await?;
    Ok(Some(Changed { document, vulnerabilities }))
}

/// Deletes what no longer stands and no finding and no decision leads to.
pub(crate) async fn sweep(tx: &mut OrgTx) -> Result<()> {
    let org = tx.org().0;
    sqlx::query!(
        "DELETE FROM vex_statement s WHERE s.org_id = $1 AND s.retired_at IS NOT NULL
         AND NOT EXISTS (SELECT FROM finding f WHERE f.org_id = $1 AND f.hidden_by = s.id)
         AND NOT EXISTS (SELECT FROM vex_decision d WHERE d.org_id = $1 AND d.statement_id = s.id)",
        org
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "DELETE FROM vex_document d WHERE d.org_id = $1 AND d.deleted_at IS NOT NULL
         AND NOT EXISTS (SELECT FROM vex_statement s WHERE s.org_id = $1 AND s.document_id = d.id)",
        org
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Statements by their hash, each with its position: what is said twice is said once.
type Distinct<'d> = BTreeMap<[u8; 32], (i32, &'d Statement)>;

fn distinct(statements: &[Statement]) -> Result<Distinct<'_>> {
    let mut distinct = BTreeMap::new();
    for (position, statement) in (0..).zip(statements) {
        let said = serde_json::to_vec(&row(0, &[], statement))?;
        // Of two that say the same the later one counts.
        distinct.insert(Sha256::digest(said).into(), (position, statement));
    }
    Ok(distinct)
}

/// A statement as the insert takes it.
fn row(position: i32, hash: &[u8], statement: &Statement) -> serde_json::Value {
    let claims: Vec<StoredClaim> = statement
        .claims
        .iter()
        .map(|claim| StoredClaim {
            product: claim.product.text.clone(),
            subcomponents: claim.subcomponents.iter().map(|part| part.text.clone()).collect(),
        })
        .collect();
    let about: BTreeSet<String> = ids(&statement.vulnerabilities).collect();
    serde_json::json!({
        "position": position, "hash": hex(hash), "vulnerabilities": statement.vulnerabilities, "claims": claims, "about": about,
        "status": statement.status.as_str(), "justification": statement.justification.map(|why| why.as_str()),
        "impact": statement.impact, "action": statement.action, "at": statement.at,
    })
}

/// A vulnerability's ids as they are compared. No id is so long; an index cannot hold it.
fn ids(written: &[String]) -> impl Iterator<Item = String> {
    written.iter().map(|id| id.to_uppercase()).filter(|id| id.len() <= LONGEST_ID)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes `said` all that the document says; gives the vulnerabilities of which that is something else than before, or in another place, or (where the
/// document is moved) of other images.
async fn replace_statements(
    tx: &mut OrgTx,
    document: Uuid,
    mut said: Distinct<'_>,
    is_moved: bool,
) -> Result<Vec<String>> {
    let standing = sqlx::query!(
        "SELECT id, position, content_hash, vulnerabilities FROM vex_statement
         WHERE org_id = $1 AND document_id = $2 AND retired_at IS NULL",
        tx.org().0,
        document
    )
    .fetch_all(tx.conn())
    .await?;
    let mut touched: BTreeSet<String> = BTreeSet::new();
    let (mut gone, mut moved) = (Vec::new(), HashMap::new());
    for held in standing {
        let again = <[u8; 32]>::try_from(held.content_hash.as_slice()).ok().and_then(|hash| said.remove(&hash));
        match again {
            Some((position, _)) if position == held.position && !is_moved => continue,
            Some((position, _)) => {
                moved.insert(held.id, position);
            }
            None => gone.push(held.id),
        }
        touched.extend(ids(&held.vulnerabilities));
    }
    touched.extend(said.values().flat_map(|(_, new)| ids(&new.vulnerabilities)));
    retire(tx, &gone).await?;
    place(tx, moved).await?;
    insert(tx, document, &said).await?;
    Ok(touched.into_iter().collect())
}

async fn retire(tx: &mut OrgTx, gone: &[Uuid]) -> Result<()> {
    let org = tx.org().0;
    sqlx::query!("UPDATE vex_statement SET retired_at = now() WHERE org_id = $1 AND id = ANY($2)", org, gone)
        .execute(tx.conn())
        .await?;
    sqlx::query!("DELETE FROM vex_about WHERE org_id = $1 AND statement_id = ANY($2)", org, gone)
        .execute(tx.conn())
        .await?;
    Ok(())
}

async fn place(tx: &mut OrgTx, moved: HashMap<Uuid, i32>) -> Result<()> {
    let (ids, positions): (Vec<Uuid>, Vec<i32>) = moved.into_iter().unzip();
    sqlx::query!(
        "UPDATE vex_statement s SET position = m.position FROM unnest($2::uuid[], $3::int[]) AS m (id, position)
         WHERE s.org_id = $1 AND s.id = m.id",
        tx.org().0,
        &ids,
        &positions
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn insert(tx: &mut OrgTx, document: Uuid, said: &Distinct<'_>) -> Result<()> {
    let rows: Vec<serde_json::Value> =
        said.iter().map(|(hash, (position, statement))| row(*position, hash, statement)).collect();
    sqlx::query!(
        "WITH said AS MATERIALIZED (
             SELECT gen_random_uuid() AS id, n.* FROM jsonb_to_recordset($3) AS n (position integer, hash text, vulnerabilities text[],
                 claims jsonb, status text, justification text, impact text, action text, at timestamptz, about text[])
         ), inserted AS (
             INSERT INTO vex_statement (org_id, id, document_id, position, vulnerabilities, claims, status, justification, impact, action, at,
                                        content_hash)
             SELECT $1, id, $2, position, vulnerabilities, claims, status, justification, impact, action, at, decode(hash, 'hex') FROM said
         )
         INSERT INTO vex_about (org_id, alias, statement_id) SELECT $1, alias, id FROM said CROSS JOIN unnest(about) alias",
        tx.org().0,
        document,
        serde_json::Value::Array(rows)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The document with this row's id.
pub async fn by_id(tx: &mut OrgTx, id: Uuid) -> Result<Option<VexDocument>> {
    let found =
        documents!("SELECT", "FROM vex_document WHERE org_id = $1 AND id = $2 AND deleted_at IS NULL", tx.org().0, id);
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// The document of this name.
pub async fn by_name(tx: &mut OrgTx, name: &str) -> Result<Option<VexDocument>> {
    let found = documents!(
        "SELECT",
        "FROM vex_document WHERE org_id = $1 AND name = $2 AND deleted_at IS NULL",
        tx.org().0,
        name
    );
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// Up to `limit` documents of the organization after the name `after`, by name.
pub async fn page(tx: &mut OrgTx, after: Option<&str>, limit: i64) -> Result<Vec<VexDocument>> {
    Ok(documents!(
        "SELECT",
        r#"FROM vex_document WHERE org_id = $1 AND deleted_at IS NULL AND ($2::text IS NULL OR name COLLATE "C" > $2)
           ORDER BY name COLLATE "C" LIMIT $3"#,
        tx.org().0,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many documents the organization has.
pub async fn count(tx: &mut OrgTx) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM vex_document WHERE org_id = $1 AND deleted_at IS NULL"#,
        tx.org().0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}
