//! Organizations' own advisories and banned packages, and what they affect. Nobody else ever sees them.

use chrono::{DateTime, Utc};
use plimsoll_advisories::own;
use plimsoll_model::{Advisory, Affected, AffectedState, PackageKey, Severity};
use sqlx::types::Json;
use uuid::Uuid;

use crate::advisories::key;
use crate::{OrgTx, Result, StoreError};

/// How an own advisory came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// As an OSV document.
    Document,
    /// By banning a package.
    Ban,
}

impl Origin {
    /// The word as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Ban => "ban",
        }
    }

    /// The origin that [`Origin::as_str`] names.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Document, Self::Ban].into_iter().find(|origin| origin.as_str() == text)
    }
}

/// An own advisory to store.
#[derive(Debug, Clone)]
pub struct NewOwnAdvisory<'a> {
    /// The advisory.
    pub advisory: &'a Advisory,
    /// Its content hash.
    pub content_hash: [u8; 32],
    /// The OSV document, as it was written.
    pub source: &'a str,
    /// How it came in.
    pub origin: Origin,
}

/// An own advisory, without what it affects.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnAdvisory {
    /// Its row.
    pub id: Uuid,
    /// Its id as the organization names it.
    pub name: String,
    /// How it came in.
    pub origin: String,
    /// The OSV document, as it was written.
    pub source: String,
    /// The advisory in our one form.
    pub document: Json<Advisory>,
    /// When it was withdrawn.
    pub withdrawn: Option<DateTime<Utc>>,
    /// When it was first saved.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// An own advisory that was saved, withdrawn or deleted.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The advisory as it is now, or as it was before it was deleted.
    pub advisory: OwnAdvisory,
    /// Whether anything changed.
    pub is_changed: bool,
    /// The packages that it speaks of, or spoke of before.
    pub touched: Vec<PackageKey>,
}

/// How much an organization holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Holding {
    /// Advisories.
    pub advisories: i64,
    /// Packages that they speak of, all together.
    pub affected: i64,
    /// Bytes of their documents, all together.
    pub bytes: i64,
}

/// What the organization holds beside the advisory of this name, from now on changed by no other transaction.
pub async fn holding_beside(tx: &mut OrgTx, name: &str) -> Result<Holding> {
    let org = tx.org();
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended('own advisories of ' || $1, 0)) AS done",
        org.to_string()
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(sqlx::query_as!(
        Holding,
        r#"SELECT count(*) AS "advisories!", coalesce(sum(length(source)), 0) AS "bytes!",
                  (SELECT count(*) FROM own_affected f JOIN own_advisory o ON o.org_id = f.org_id AND o.id = f.advisory_id
                   WHERE f.org_id = $1 AND o.name <> $2) AS "affected!"
           FROM own_advisory WHERE org_id = $1 AND name <> $2"#,
        org.0,
        name
    )
    .fetch_one(tx.conn())
    .await?)
}

macro_rules! advisories {
    ($macro:ident, $before:literal, $after:literal $(, $argument:expr)* $(,)?) => {
        sqlx::$macro!(
            OwnAdvisory,
            $before
                + r#" id, name, origin, source, document AS "document: Json<Advisory>", withdrawn, created_at, updated_at "#
                + $after,
            $($argument),*
        )
    };
}

/// Saves an advisory, in place of the one with its id if there is one; `new` is its row's id if there is none.
pub async fn save(tx: &mut OrgTx, new: Uuid, advisory: &NewOwnAdvisory<'_>) -> Result<Changed> {
    let org = tx.org().0;
    let NewOwnAdvisory { advisory, content_hash, source, origin } = advisory;
    if let Some(held) = unchanged(tx, &advisory.id, content_hash, *origin).await? {
        return Ok(Changed { advisory: held, is_changed: false, touched: Vec::new() });
    }
    let ids: Vec<String> = advisory.ids().map(str::to_owned).collect();
    let document = serde_json::to_value(Advisory { affected: Vec::new(), ..(*advisory).clone() })?;
    let saved = advisories!(
        query_as,
        "INSERT INTO own_advisory (org_id, id, name, ids, origin, source, document, content_hash, withdrawn)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (org_id, name) DO UPDATE SET ids = excluded.ids, origin = excluded.origin, source = excluded.source,
             document = excluded.document, content_hash = excluded.content_hash, withdrawn = excluded.withdrawn, is_stale = true,
             updated_at = now()
         RETURNING",
        "",
        org,
        new,
        advisory.id,
        &ids,
        origin.as_str(),
        *source,
        document,
        &content_hash[..],
        advisory.withdrawn
    )
    .fetch_one(tx.conn())
    .await?;
    let mut touched = remove_affected(tx, saved.id).await?;
    touched.extend(advisory.affected.iter().map(Affected::key));
    touched.sort_unstable();
    touched.dedup();
    insert_affected(tx, saved.id, advisory).await?;
    Ok(Changed { advisory: saved, is_changed: true, touched })
}

async fn unchanged(tx: &mut OrgTx, name: &str, hash: &[u8; 32], origin: Origin) -> Result<Option<OwnAdvisory>> {
    Ok(advisories!(
        query_as,
        "SELECT",
        "FROM own_advisory WHERE org_id = $1 AND name = $2 AND content_hash = $3 AND origin = $4",
        tx.org().0,
        name,
        &hash[..],
        origin.as_str()
    )
    .fetch_optional(tx.conn())
    .await?)
}

async fn remove_affected(tx: &mut OrgTx, id: Uuid) -> Result<Vec<PackageKey>> {
    let rows = sqlx::query!(
        "DELETE FROM own_affected WHERE org_id = $1 AND advisory_id = $2 RETURNING ecosystem, package",
        tx.org().0,
        id
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| key(&row.ecosystem, row.package)).collect())
}

async fn insert_affected(tx: &mut OrgTx, id: Uuid, advisory: &Advisory) -> Result<()> {
    let severities = own::ratings(advisory);
    let rows: Vec<serde_json::Value> = advisory
        .affected
        .iter()
        .zip(severities)
        .map(|(affected, severity)| {
            serde_json::json!({
                "ecosystem": affected.ecosystem, "package": affected.package, "module": affected.module,
                "state": affected.state.as_str(), "ranges": affected.ranges, "versions": affected.versions,
                "severity": severity.map(Severity::rank),
            })
        })
        .collect();
    sqlx::query!(
        "INSERT INTO own_affected (org_id, advisory_id, position, ecosystem, package, module, state, ranges, versions, severity)
         SELECT $1, $2, place, ecosystem, package, module, state, ranges, versions, severity
         FROM ROWS FROM (jsonb_to_recordset($3) AS (ecosystem text, package text, module text, state text, ranges jsonb,
                         versions text[], severity smallint))
              WITH ORDINALITY AS a (ecosystem, package, module, state, ranges, versions, severity, place)",
        tx.org().0,
        id,
        serde_json::Value::Array(rows)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Withdraws an advisory: it stays to be seen and matches nothing. `None` where there is none.
pub async fn withdraw(tx: &mut OrgTx, id: Uuid) -> Result<Option<Changed>> {
    let org = tx.org().0;
    let withdrawn = advisories!(
        query_as,
        "UPDATE own_advisory SET withdrawn = coalesce(withdrawn, now()), content_hash = '', is_stale = is_stale OR withdrawn IS NULL,
                updated_at = CASE WHEN withdrawn IS NULL THEN now() ELSE updated_at END,
                document = jsonb_set(document, '{withdrawn}', to_jsonb(coalesce(withdrawn, now())))
         WHERE org_id = $1 AND id = $2 RETURNING",
        "",
        org,
        id
    )
    .fetch_optional(tx.conn())
    .await?;
    let Some(advisory) = withdrawn else { return Ok(None) };
    let touched = keys_of(tx, &[advisory.id]).await?;
    Ok(Some(Changed { advisory, is_changed: true, touched }))
}

/// Deletes an advisory; as it was, or `None` where there is none. The findings that it led to stay, closed.
pub async fn delete(tx: &mut OrgTx, id: Uuid) -> Result<Option<Changed>> {
    let org = tx.org().0;
    let touched = keys_of(tx, &[id]).await?;
    // What others say of the vulnerability is said anew without it.
    sqlx::query!(
        "UPDATE own_advisory SET is_stale = true WHERE org_id = $1 AND id <> $2
         AND vulnerability_id = (SELECT vulnerability_id FROM own_advisory WHERE org_id = $1 AND id = $2)",
        org,
        id
    )
    .execute(tx.conn())
    .await?;
    let deleted =
        advisories!(query_as, "DELETE FROM own_advisory WHERE org_id = $1 AND id = $2 RETURNING", "", org, id)
            .fetch_optional(tx.conn())
            .await?;
    Ok(deleted.map(|advisory| Changed { advisory, is_changed: true, touched }))
}

/// The packages that these advisories speak of.
pub async fn keys_of(tx: &mut OrgTx, advisories: &[Uuid]) -> Result<Vec<PackageKey>> {
    let rows = sqlx::query!(
        "SELECT DISTINCT ecosystem, package FROM own_affected WHERE org_id = $1 AND advisory_id = ANY($2)
         ORDER BY ecosystem, package",
        tx.org().0,
        advisories
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| key(&row.ecosystem, row.package)).collect())
}

/// The advisory with this row's id.
pub async fn by_id(tx: &mut OrgTx, id: Uuid) -> Result<Option<OwnAdvisory>> {
    Ok(advisories!(query_as, "SELECT", "FROM own_advisory WHERE org_id = $1 AND id = $2", tx.org().0, id)
        .fetch_optional(tx.conn())
        .await?)
}

/// The advisory with this id as the organization names it.
pub async fn by_name(tx: &mut OrgTx, name: &str) -> Result<Option<OwnAdvisory>> {
    Ok(advisories!(query_as, "SELECT", "FROM own_advisory WHERE org_id = $1 AND name = $2", tx.org().0, name)
        .fetch_optional(tx.conn())
        .await?)
}

/// Up to `limit` advisories of the organization after the id `after`, by id.
pub async fn page(tx: &mut OrgTx, after: Option<&str>, limit: i64) -> Result<Vec<OwnAdvisory>> {
    Ok(advisories!(
        query_as,
        "SELECT",
        r#"FROM own_advisory WHERE org_id = $1 AND ($2::text IS NULL OR name COLLATE "C" > $2)
           ORDER BY name COLLATE "C" LIMIT $3"#,
        tx.org().0,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many advisories the organization has.
pub async fn count(tx: &mut OrgTx) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM own_advisory WHERE org_id = $1"#, tx.org().0)
        .fetch_one(tx.conn())
        .await?)
}

/// How many open findings, without those that are hidden, each of these advisories has a part in.
pub async fn open_findings(tx: &mut OrgTx, advisories: &[Uuid]) -> Result<Vec<(Uuid, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT a.id, count(*) AS "count!" FROM own_advisory a
           JOIN own_match m ON m.org_id = a.org_id AND m.vulnerability_id = a.vulnerability_id AND a.name = ANY(m.advisories)
           JOIN finding f ON f.org_id = a.org_id AND f.package_version_id = m.package_version_id
                         AND f.vulnerability_id = m.vulnerability_id AND f.closed_at IS NULL AND f.hidden_by IS NULL
           WHERE a.org_id = $1 AND a.id = ANY($2) GROUP BY a.id"#,
        tx.org().0,
        advisories
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.count)).collect())
}

/// What one own advisory says of one package.
#[derive(Debug, Clone)]
pub struct OwnAffected {
    /// The vulnerability's row.
    pub vulnerability: i64,
    /// The advisory's id.
    pub advisory: String,
    /// What is affected.
    pub affected: Affected,
}

/// Everything that the organization's own advisories that stand, and were told apart, say of these packages.
pub async fn affecting(tx: &mut OrgTx, keys: &[PackageKey]) -> Result<Vec<OwnAffected>> {
    let ecosystems: Vec<String> = keys.iter().map(|key| key.ecosystem.to_string()).collect();
    let packages: Vec<String> = keys.iter().map(|key| key.package.clone()).collect();
    let rows = sqlx::query!(
        r#"SELECT a.vulnerability_id AS "vulnerability!", a.name, f.ecosystem, f.package, f.module, f.state,
                  f.ranges AS "ranges: Json<Vec<plimsoll_model::Range>>", f.versions, f.severity
           FROM (SELECT DISTINCT * FROM unnest($2::text[], $3::text[])) AS k (ecosystem, package)
           JOIN own_affected f ON f.org_id = $1 AND f.ecosystem = k.ecosystem AND f.package = k.package
           JOIN own_advisory a ON a.org_id = f.org_id AND a.id = f.advisory_id
           WHERE a.withdrawn IS NULL AND a.vulnerability_id IS NOT NULL"#,
        tx.org().0,
        &ecosystems,
        &packages
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = key(&row.ecosystem, row.package);
            Ok(OwnAffected {
                vulnerability: row.vulnerability,
                advisory: row.name,
                affected: Affected {
                    ecosystem: key.ecosystem,
                    package: key.package,
                    module: row.module,
                    state: AffectedState::parse(&row.state)
                        .ok_or_else(|| StoreError::corrupt("own_affected.state", &row.state))?,
                    ranges: row.ranges.0,
                    versions: row.versions,
                    severity: row.severity.map(Severity::from_rank),
                },
            })
        })
        .collect()
}
