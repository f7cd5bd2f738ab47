//! Matching of an organization's package versions against its own advisories: when those change, and when a scan ends.
//!
//! Each function takes the organization's findings lock before it reads an advisory: an older reading so never overwrites a newer one.

use std::collections::{BTreeSet, HashMap};

use plimsoll_advisories::own::SOURCE;
use plimsoll_advisories::{Candidate, PackageJudgement, matches};
use plimsoll_model::{Ecosystem, ImageId, PackageKey};

use crate::findings::{self, Changes};
use crate::matches::NewMatch;
use crate::own_advisories::{self, OwnAffected};
use crate::packages::PackageVersion;
use crate::{OrgTx, Result, own_vulnerabilities};

/// Brings the organization's findings in line with what its own advisories say of these packages, and of those whose advisories turned
/// out to be of another vulnerability. Doing it twice changes nothing.
#[tracing::instrument(skip_all, fields(keys = keys.len()))]
pub async fn rematch(tx: &mut OrgTx, keys: &[PackageKey]) -> Result<Changes> {
    tx.lock_findings().await?;
    let mut keys: BTreeSet<PackageKey> = keys.iter().cloned().collect();
    keys.extend(own_vulnerabilities::regroup(tx).await?);
    let versions = held_under(tx, &keys.into_iter().collect::<Vec<_>>()).await?;
    if versions.is_empty() {
        return Ok(Changes::default());
    }
    let touched: Vec<i64> = versions.iter().map(|version| version.id).collect();
    match_versions(tx, &versions).await?;
    findings::refresh_packages(tx, &touched).await
}

/// Matches an image's package versions by the organization's own advisories, before its findings are brought in line.
#[tracing::instrument(skip_all)]
pub async fn match_image(tx: &mut OrgTx, image: ImageId) -> Result<()> {
    tx.lock_findings().await?;
    let rows = sqlx::query!(
        "SELECT DISTINCT p.id, p.ecosystem, p.advisory_name, p.advisory_version, p.module
         FROM image i
         JOIN image_package ip ON ip.image_content_id = i.image_content_id
         JOIN package_version p ON p.id = ip.package_version_id
         JOIN own_affected f ON f.org_id = i.org_id AND f.ecosystem = p.ecosystem AND f.package = p.advisory_name
         WHERE i.org_id = $1 AND i.id = $2",
        tx.org().0,
        image.0
    )
    .fetch_all(tx.conn())
    .await?;
    let versions: Vec<PackageVersion> = rows
        .into_iter()
        .map(|row| version(row.id, row.ecosystem, row.advisory_name, row.advisory_version, row.module))
        .collect();
    match_versions(tx, &versions).await
}

/// The package versions under these keys that the organization's images hold, or held when they were last matched.
async fn held_under(tx: &mut OrgTx, keys: &[PackageKey]) -> Result<Vec<PackageVersion>> {
    let ecosystems: Vec<String> = keys.iter().map(|key| key.ecosystem.to_string()).collect();
    let names: Vec<String> = keys.iter().map(|key| key.package.clone()).collect();
    let rows = sqlx::query!(
        "SELECT p.id, p.ecosystem, p.advisory_name, p.advisory_version, p.module
         FROM (SELECT DISTINCT * FROM unnest($2::text[], $3::text[])) AS k (ecosystem, name)
         JOIN package_version p ON p.ecosystem = k.ecosystem AND p.advisory_name = k.name
         WHERE EXISTS (SELECT FROM image_package ip JOIN image i ON i.org_id = $1 AND i.image_content_id = ip.image_content_id
                       WHERE ip.package_version_id = p.id)
            OR EXISTS (SELECT FROM own_match m WHERE m.org_id = $1 AND m.package_version_id = p.id)
         ORDER BY p.id",
        tx.org().0,
        &ecosystems,
        &names
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| version(row.id, row.ecosystem, row.advisory_name, row.advisory_version, row.module))
        .collect())
}

fn version(
    id: i64,
    ecosystem: Option<String>,
    name: String,
    version: String,
    module: Option<String>,
) -> PackageVersion {
    let ecosystem = ecosystem.and_then(|text| text.parse::<Ecosystem>().ok());
    // Where an organization bans a package or speaks of it, it means it wherever it lies.
    PackageVersion { id, ecosystem, name, version, module, is_inert: false }
}

async fn match_versions(tx: &mut OrgTx, versions: &[PackageVersion]) -> Result<()> {
    if versions.is_empty() {
        return Ok(());
    }
    let keys: BTreeSet<PackageKey> = versions.iter().filter_map(PackageVersion::key).collect();
    let mut said: HashMap<PackageKey, Vec<Candidate>> = HashMap::new();
    for row in own_advisories::affecting(tx, &keys.into_iter().collect::<Vec<_>>()).await? {
        said.entry(row.affected.key()).or_default().push(candidate(row));
    }
    let mut found = Vec::new();
    let mut unjudged = Vec::new();
    for version in versions {
        let Some(judged) = version.judged() else { continue };
        let judgement = matches(&judged, said.get(&judged.key()).map(Vec::as_slice).unwrap_or_default());
        if let Some(first) = judgement.unknown.first() {
            unjudged.push((version.id, first.why.clone()));
        }
        found.extend(new_matches(version.id, judgement));
    }
    let ids: Vec<i64> = versions.iter().map(|version| version.id).collect();
    replace(tx, &ids, &found).await?;
    replace_unjudged(tx, &ids, &unjudged).await
}

/// Own vulnerabilities and the world's may have the same name: here they go by their rows.
fn candidate(row: OwnAffected) -> Candidate {
    Candidate {
        vulnerability: row.vulnerability.to_string(),
        source: SOURCE.into(),
        advisory: row.advisory,
        is_withdrawn: false,
        affected: row.affected,
    }
}

fn new_matches(package_version: i64, judgement: PackageJudgement) -> impl Iterator<Item = NewMatch> {
    judgement.matches.into_iter().filter_map(move |found| {
        Some(NewMatch {
            package_version,
            vulnerability: found.vulnerability.parse().ok()?,
            fixed_in: found.fixed_in,
            state: found.state,
            severity: found.severity,
            severity_source: found.severity_source.unwrap_or_default(),
            sources: found.sources,
            advisories: found.advisories,
        })
    })
}

async fn replace(tx: &mut OrgTx, package_versions: &[i64], found: &[NewMatch]) -> Result<()> {
    let org = tx.org().0;
    let packages: Vec<i64> = found.iter().map(|m| m.package_version).collect();
    let vulnerabilities: Vec<i64> = found.iter().map(|m| m.vulnerability).collect();
    sqlx::query!(
        "DELETE FROM own_match m WHERE m.org_id = $1 AND m.package_version_id = ANY($2)
         AND NOT EXISTS (SELECT FROM unnest($3::bigint[], $4::bigint[]) AS n (p, v)
                         WHERE (n.p, n.v) = (m.package_version_id, m.vulnerability_id))",
        org,
        package_versions,
        &packages,
        &vulnerabilities
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO own_match AS m (org_id, package_version_id, vulnerability_id, fixed_in, state, severity, severity_source, sources,
                                     advisories)
         SELECT $1, p, v, fixed_in, state, severity, severity_source, sources, advisories
         FROM jsonb_to_recordset($2) AS n (p bigint, v bigint, fixed_in text, state text, severity smallint,
              severity_source text, sources text[], advisories text[])
         ON CONFLICT (org_id, package_version_id, vulnerability_id) DO UPDATE SET fixed_in = excluded.fixed_in,
             state = excluded.state, severity = excluded.severity, severity_source = excluded.severity_source,
             sources = excluded.sources, advisories = excluded.advisories
         WHERE (m.fixed_in, m.state, m.severity, m.severity_source, m.sources, m.advisories) IS DISTINCT FROM
               (excluded.fixed_in, excluded.state, excluded.severity, excluded.severity_source, excluded.sources, excluded.advisories)",
        org,
        crate::matches::rows(found)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn replace_unjudged(tx: &mut OrgTx, package_versions: &[i64], unjudged: &[(i64, String)]) -> Result<()> {
    let org = tx.org().0;
    let (ids, reasons): (Vec<i64>, Vec<String>) = unjudged.iter().cloned().unzip();
    sqlx::query!(
        "DELETE FROM own_unjudged WHERE org_id = $1 AND package_version_id = ANY($2) AND package_version_id <> ALL($3)",
        org,
        package_versions,
        &ids
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "INSERT INTO own_unjudged (org_id, package_version_id, reason) SELECT $1, * FROM unnest($2::bigint[], $3::text[])
         ON CONFLICT (org_id, package_version_id) DO UPDATE SET reason = excluded.reason",
        org,
        &ids,
        &reasons
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
