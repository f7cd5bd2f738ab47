//! Package versions of which it is not known whether they have a vulnerability: its source still looks into it, or their version has no place in
//! the order that an advisory goes by.

use std::collections::BTreeMap;

use plimsoll_advisories::own::SOURCE;
use plimsoll_advisories::{Candidate, matches};
use plimsoll_model::{Affected, AffectedState, Range, Severity};
use sqlx::types::Json;

use crate::advisories::key;
use crate::packages::{PackageVersion, PackageVersionRow};
use crate::{OrgTx, Result, StoreError};

/// Why it is not known whether a package version has a vulnerability.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubt {
    /// The source still looks into it.
    pub is_investigated: bool,
    /// Why the version cannot be judged.
    pub reason: Option<String>,
}

/// The vulnerability with one of these ids; of two that are so called, the one whose id comes first.
pub async fn named(tx: &mut OrgTx, ids: &[String]) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT a.vulnerability_id AS "id!" FROM known_alias a
           WHERE a.alias = ANY($1) ORDER BY array_position($1, a.alias) LIMIT 1"#,
        ids
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Up to `limit` package versions in the organization's images, by row, of which it is not known whether they have the vulnerability. Only packages
/// that an advisory names with it are looked at, and of those the versions that some advisory could not judge.
///
/// # Errors
/// When the database fails, or holds what no release wrote.
#[tracing::instrument(skip_all)]
pub async fn of_vulnerability(tx: &mut OrgTx, vulnerability: i64, limit: i64) -> Result<BTreeMap<i64, Doubt>> {
    let mut doubts: BTreeMap<i64, Doubt> = BTreeMap::new();
    for package in investigated(tx, vulnerability, limit).await? {
        doubts.entry(package).or_default().is_investigated = true;
    }
    let versions = unordered(tx, vulnerability, limit).await?;
    if versions.is_empty() {
        return Ok(doubts);
    }
    let said = said(tx, vulnerability, &versions).await?;
    for version in versions {
        let Some(judged) = version.judged() else { continue };
        // Own advisories are judged apart from the world's, as when they are matched.
        let unknown = [&said.of_world, &said.of_own].into_iter().flat_map(|said| matches(&judged, said).unknown).next();
        if let Some(unknown) = unknown {
            doubts.entry(version.id).or_default().reason = Some(unknown.why);
        }
    }
    Ok(doubts)
}

async fn investigated(tx: &mut OrgTx, vulnerability: i64, limit: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        r#"SELECT m.id AS "id!" FROM (
               SELECT package_version_id AS id FROM "match" WHERE vulnerability_id = $2 AND state = 'under_investigation'
               UNION
               SELECT package_version_id FROM own_match
               WHERE org_id = $1 AND vulnerability_id = $2 AND state = 'under_investigation') m
           WHERE EXISTS (SELECT FROM image_package ip JOIN image i ON i.org_id = $1 AND i.image_content_id = ip.image_content_id
                         WHERE ip.package_version_id = m.id OFFSET 0)
           ORDER BY m.id LIMIT $3"#,
        tx.org().0,
        vulnerability,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Versions of the vulnerability's packages that some advisory, on whatever vulnerability, could not judge.
async fn unordered(tx: &mut OrgTx, vulnerability: i64, limit: i64) -> Result<Vec<PackageVersion>> {
    let rows = sqlx::query_as!(
        PackageVersionRow,
        r#"WITH unjudged AS MATERIALIZED (
               SELECT p.id
               FROM (SELECT DISTINCT f.ecosystem, f.package FROM advisory_vulnerability av
                     JOIN affected f ON f.advisory_id = av.advisory_id WHERE av.vulnerability_id = $2) k
               JOIN package_version p ON p.ecosystem = k.ecosystem AND p.advisory_name = k.package AND p.unknown_reason IS NOT NULL
               UNION
               SELECT u.package_version_id
               FROM own_advisory o
               JOIN own_affected f ON f.org_id = $1 AND f.advisory_id = o.id
               JOIN package_version p ON p.ecosystem = f.ecosystem AND p.advisory_name = f.package
               JOIN own_unjudged u ON u.org_id = $1 AND u.package_version_id = p.id
               WHERE o.org_id = $1 AND o.vulnerability_id = $2 AND o.withdrawn IS NULL
           )
           SELECT p.id, p.ecosystem, p.advisory_name, p.advisory_version, p.module, p.type AS kind, p.name, p.source_name
           FROM unjudged JOIN package_version p ON p.id = unjudged.id
           WHERE EXISTS (SELECT FROM image_package ip JOIN image i ON i.org_id = $1 AND i.image_content_id = ip.image_content_id
                         WHERE ip.package_version_id = p.id OFFSET 0)
           ORDER BY p.id LIMIT $3"#,
        tx.org().0,
        vulnerability,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(PackageVersion::from).collect())
}

/// What is said of a vulnerability.
#[derive(Default)]
struct Said {
    of_world: Vec<Candidate>,
    of_own: Vec<Candidate>,
}

/// What is said of the vulnerability in these packages.
async fn said(tx: &mut OrgTx, vulnerability: i64, versions: &[PackageVersion]) -> Result<Said> {
    let keys = versions.iter().filter_map(PackageVersion::key);
    let (ecosystems, packages): (Vec<String>, Vec<String>) =
        keys.map(|key| (key.ecosystem.to_string(), key.package)).unzip();
    let rows = sqlx::query!(
        r#"WITH k AS MATERIALIZED (SELECT DISTINCT * FROM unnest($3::text[], $4::text[]) AS k (ecosystem, package))
           SELECT false AS "is_own!", a.source AS "source!", a.external_id AS "advisory!", a.withdrawn IS NOT NULL AS "is_withdrawn!",
                  f.ecosystem AS "ecosystem!", f.package AS "package!", f.module, f.state AS "state!",
                  f.ranges AS "ranges!: Json<Vec<Range>>", f.versions AS "versions!", f.severity
           FROM advisory_vulnerability av
           JOIN advisory a ON a.id = av.advisory_id
           JOIN affected f ON f.advisory_id = a.id
           JOIN k ON k.ecosystem = f.ecosystem AND k.package = f.package
           WHERE av.vulnerability_id = $2
           UNION ALL
           SELECT true, $5::text, o.name, o.withdrawn IS NOT NULL, f.ecosystem, f.package, f.module, f.state, f.ranges, f.versions, f.severity
           FROM own_advisory o
           JOIN own_affected f ON f.org_id = o.org_id AND f.advisory_id = o.id
           JOIN k ON k.ecosystem = f.ecosystem AND k.package = f.package
           WHERE o.org_id = $1 AND o.vulnerability_id = $2"#,
        tx.org().0,
        vulnerability,
        &ecosystems,
        &packages,
        SOURCE
    )
    .fetch_all(tx.conn())
    .await?;
    let mut said = Said::default();
    for row in rows {
        let key = key(&row.ecosystem, row.package);
        let candidate = Candidate {
            vulnerability: vulnerability.to_string(),
            source: row.source,
            advisory: row.advisory,
            is_withdrawn: row.is_withdrawn,
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
        };
        if row.is_own { said.of_own.push(candidate) } else { said.of_world.push(candidate) }
    }
    Ok(said)
}
