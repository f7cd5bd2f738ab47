//! Advisories as their sources state them, and what they affect.

use plimsoll_model::{Advisory, Affected, AffectedState, PackageKey, Severity};
use sqlx::types::Json;

use crate::{CatalogTx, Result, StoreError};

/// An advisory to store, with what it is about.
#[derive(Debug, Clone)]
pub struct NewAdvisory {
    /// The advisory.
    pub advisory: Advisory,
    /// Its content hash.
    pub content_hash: [u8; 32],
    /// The rows of the vulnerabilities.
    pub vulnerabilities: Vec<i64>,
}

/// What [`put`] did.
#[derive(Debug, Clone, Default)]
pub struct Put {
    /// How many were not there before.
    pub added: u64,
    /// How many were there with another content.
    pub changed: u64,
    /// The packages that either version speaks of.
    pub touched: Vec<PackageKey>,
}

/// A row of `affected` with the advisory and vulnerability around it.
#[derive(Debug, Clone)]
pub struct AffectedRow {
    /// The vulnerability's row.
    pub vulnerability_id: i64,
    /// The vulnerability's canonical id.
    pub vulnerability: String,
    /// The advisory's feed.
    pub source: String,
    /// The advisory's id.
    pub advisory: String,
    /// Whether the source took it back.
    pub is_withdrawn: bool,
    /// What is affected.
    pub affected: Affected,
}

/// Stores advisories of one source and replaces what they affect.
pub async fn put(tx: &mut CatalogTx, source: &str, advisories: &[NewAdvisory]) -> Result<Put> {
    let (ids, added) = put_rows(tx, source, advisories).await?;
    let changed = advisories.len() as u64 - added;
    let mut touched = remove_affected(tx, &ids).await?;
    touched.extend(advisories.iter().flat_map(|new| new.advisory.affected.iter().map(Affected::key)));
    touched.sort_unstable();
    touched.dedup();
    put_vulnerabilities(tx, advisories, &ids).await?;
    insert_affected(tx, advisories, &ids).await?;
    Ok(Put { added, changed, touched })
}

/// Inserts or updates the advisories' own rows: their ids in the order given, and how many are new.
async fn put_rows(tx: &mut CatalogTx, source: &str, advisories: &[NewAdvisory]) -> Result<(Vec<i64>, u64)> {
    let keys: Vec<String> = advisories.iter().map(|new| new.advisory.key.clone()).collect();
    let external: Vec<String> = advisories.iter().map(|new| new.advisory.id.clone()).collect();
    let hashes: Vec<Vec<u8>> = advisories.iter().map(|new| new.content_hash.to_vec()).collect();
    let withdrawn: Vec<Option<chrono::DateTime<chrono::Utc>>> =
        advisories.iter().map(|new| new.advisory.withdrawn).collect();
    let documents = advisories
        .iter()
        .map(|new| serde_json::to_value(Advisory { affected: Vec::new(), ..new.advisory.clone() }))
        .collect::<Result<Vec<_>, serde_json::Error>>()?;
    let rows = sqlx::query!(
        r#"INSERT INTO advisory (source, key, external_id, content_hash, document, withdrawn)
           SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bytea[], $5::jsonb[], $6::timestamptz[])
           ON CONFLICT (source, key) DO UPDATE SET external_id = excluded.external_id, content_hash = excluded.content_hash, document = excluded.document, withdrawn = excluded.withdrawn, changed_at = now()
           RETURNING id, key, (xmax = 0) AS "is_new!""#,
        source,
        &keys,
        &external,
        &hashes,
        &documents,
        &withdrawn as &[Option<chrono::DateTime<chrono::Utc>>]
    )
    .fetch_all(tx.conn())
    .await?;
    let added = rows.iter().filter(|row| row.is_new).count() as u64;
    let by_key: std::collections::HashMap<&str, i64> = rows.iter().map(|row| (row.key.as_str(), row.id)).collect();
    let ids = keys.iter().filter_map(|key| by_key.get(key.as_str()).copied()).collect();
    Ok((ids, added))
}

/// Replaces what the advisories of these rows are about.
async fn put_vulnerabilities(tx: &mut CatalogTx, advisories: &[NewAdvisory], ids: &[i64]) -> Result<()> {
    let (owners, vulnerabilities): (Vec<i64>, Vec<i64>) = advisories
        .iter()
        .zip(ids)
        .flat_map(|(new, id)| new.vulnerabilities.iter().map(move |vulnerability| (*id, *vulnerability)))
        .unzip();
    sqlx::query!(
        "DELETE FROM advisory_vulnerability av WHERE av.advisory_id = ANY($1)
         AND NOT EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[]) AS n (a, v)
                         WHERE (n.a, n.v) = (av.advisory_id, av.vulnerability_id))",
        ids,
        &owners,
        &vulnerabilities
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO advisory_vulnerability (advisory_id, vulnerability_id)
         SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING",
        &owners,
        &vulnerabilities
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn remove_affected(tx: &mut CatalogTx, advisories: &[i64]) -> Result<Vec<PackageKey>> {
    let rows =
        sqlx::query!("DELETE FROM affected WHERE advisory_id = ANY($1) RETURNING ecosystem, package", advisories)
            .fetch_all(tx.conn())
            .await?;
    Ok(rows.into_iter().map(|row| key(&row.ecosystem, row.package)).collect())
}

async fn insert_affected(tx: &mut CatalogTx, advisories: &[NewAdvisory], ids: &[i64]) -> Result<()> {
    let rows: Vec<(i64, &Affected)> = advisories
        .iter()
        .zip(ids)
        .flat_map(|(new, id)| new.advisory.affected.iter().map(move |affected| (*id, affected)))
        .collect();
    let owners: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
    let ecosystems: Vec<String> = rows.iter().map(|(_, affected)| affected.ecosystem.to_string()).collect();
    let packages: Vec<String> = rows.iter().map(|(_, affected)| affected.package.clone()).collect();
    let modules: Vec<Option<String>> = rows.iter().map(|(_, affected)| affected.module.clone()).collect();
    let states: Vec<String> = rows.iter().map(|(_, affected)| affected.state.as_str().to_owned()).collect();
    let ranges = rows
        .iter()
        .map(|(_, affected)| serde_json::to_value(&affected.ranges))
        .collect::<Result<Vec<_>, serde_json::Error>>()?;
    // PostgreSQL has no arrays of arrays of different lengths: the lists of versions travel as JSON.
    let versions = rows
        .iter()
        .map(|(_, affected)| serde_json::to_value(&affected.versions))
        .collect::<Result<Vec<_>, serde_json::Error>>()?;
    let severities: Vec<Option<i16>> = rows.iter().map(|(_, affected)| affected.severity.map(Severity::rank)).collect();
    sqlx::query!(
        "INSERT INTO affected (advisory_id, ecosystem, package, state, ranges, versions, severity, module)
         SELECT advisory_id, ecosystem, package, state, ranges, ARRAY(SELECT jsonb_array_elements_text(versions)), severity, module
         FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::jsonb[], $7::smallint[], $8::text[])
              AS a (advisory_id, ecosystem, package, state, ranges, versions, severity, module)",
        &owners,
        &ecosystems,
        &packages,
        &states,
        &ranges,
        &versions,
        &severities as &[Option<i16>],
        &modules as &[Option<String>]
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks advisories of a source as withdrawn because it no longer lists them; gives the packages they speak of.
/// Their content hash is cleared, so that one that comes back counts as changed.
pub async fn withdraw(tx: &mut CatalogTx, source: &str, keys: &[String]) -> Result<Vec<PackageKey>> {
    let rows = sqlx::query!(
        r#"WITH gone AS (
               UPDATE advisory SET withdrawn = coalesce(withdrawn, now()), content_hash = ''::bytea, changed_at = now(),
                      document = jsonb_set(document, '{withdrawn}', to_jsonb(coalesce(withdrawn, now())))
               WHERE source = $1 AND key = ANY($2) RETURNING id
           )
           SELECT DISTINCT ecosystem, package FROM affected WHERE advisory_id IN (SELECT id FROM gone)"#,
        source,
        keys
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| key(&row.ecosystem, row.package)).collect())
}

/// Everything that advisories say of these packages.
pub async fn affecting(tx: &mut CatalogTx, keys: &[PackageKey]) -> Result<Vec<AffectedRow>> {
    let ecosystems: Vec<String> = keys.iter().map(|key| key.ecosystem.to_string()).collect();
    let packages: Vec<String> = keys.iter().map(|key| key.package.clone()).collect();
    let rows = sqlx::query!(
        r#"SELECT v.id AS vulnerability_id, v.name AS vulnerability, a.source, a.external_id, a.withdrawn,
                  f.ecosystem, f.package, f.state, f.ranges AS "ranges: Json<Vec<plimsoll_model::Range>>", f.versions, f.severity,
                  f.module
           FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[])) AS k (ecosystem, package)
           JOIN affected f ON f.ecosystem = k.ecosystem AND f.package = k.package
           JOIN advisory a ON a.id = f.advisory_id
           JOIN advisory_vulnerability av ON av.advisory_id = a.id
           JOIN vulnerability v ON v.id = av.vulnerability_id"#,
        &ecosystems,
        &packages
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = key(&row.ecosystem, row.package);
            Ok(AffectedRow {
                vulnerability_id: row.vulnerability_id,
                vulnerability: row.vulnerability,
                source: row.source,
                advisory: row.external_id,
                is_withdrawn: row.withdrawn.is_some(),
                affected: Affected {
                    ecosystem: key.ecosystem,
                    package: key.package,
                    module: row.module,
                    state: AffectedState::parse(&row.state)
                        .ok_or_else(|| StoreError::corrupt("affected.state", &row.state))?,
                    ranges: row.ranges.0,
                    versions: row.versions,
                    severity: row.severity.map(Severity::from_rank),
                },
            })
        })
        .collect()
}

pub(crate) fn key(ecosystem: &str, package: String) -> PackageKey {
    // Parsing an ecosystem cannot fail: its error type has no values.
    let ecosystem = ecosystem.parse().unwrap_or_else(|never: std::convert::Infallible| match never {});
    PackageKey { ecosystem, package }
}
