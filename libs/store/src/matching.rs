//! Matching of distinct package versions against all that advisories say: for new ones by scanners, for touched ones by feeds.

use std::collections::{BTreeSet, HashMap};

use plimsoll_advisories::{Candidate, PackageJudgement, is_own_rater, matches};
use plimsoll_model::{PackageKey, Severity};

use crate::advisories::{self, AffectedRow};
use crate::matches::NewMatch;
use crate::packages::PackageVersion;
use crate::{CatalogTx, Result, Store, packages, vulnerabilities};

/// Package versions per transaction: their rows stay locked for its time.
const BATCH: usize = 1_000;

/// Matches these package versions anew, in batches that are each one transaction; gives how many matches they have now.
///
/// # Errors
/// When the database fails; batches that ended are kept, and doing it again changes nothing of them.
#[tracing::instrument(skip_all, fields(package_versions = ids.len()))]
pub async fn match_package_versions(store: &Store, ids: &[i64]) -> Result<u64> {
    let mut total = 0;
    for batch in ids.chunks(BATCH) {
        let mut tx = store.catalog_tx().await?;
        total += match_batch(&mut tx, batch).await?;
        tx.commit().await?;
    }
    Ok(total)
}

async fn match_batch(tx: &mut CatalogTx, ids: &[i64]) -> Result<u64> {
    // Locked first, read second: see `packages::lock`.
    let versions = packages::lock(tx, ids).await?;
    let keys: BTreeSet<PackageKey> = versions.iter().filter_map(PackageVersion::key).collect();
    let keys: Vec<PackageKey> = keys.into_iter().collect();
    let rows = advisories::affecting(tx, &keys).await?;
    let ids_by_name: HashMap<String, i64> =
        rows.iter().map(|row| (row.vulnerability.clone(), row.vulnerability_id)).collect();
    let mut said: HashMap<PackageKey, Vec<Candidate>> = HashMap::new();
    for row in rows {
        said.entry(row.affected.key()).or_default().push(candidate(row));
    }
    let scored = vulnerabilities::with_vector(tx, &ids_by_name.values().copied().collect::<Vec<_>>()).await?;
    let mut found = Vec::new();
    let mut unknown = Vec::new();
    for version in &versions {
        let Some(judged) = version.judged() else { continue };
        let judgement = matches(&judged, said.get(&judged.key()).map(Vec::as_slice).unwrap_or_default());
        if let Some(first) = judgement.unknown.first() {
            unknown.push((version.id, first.why.clone()));
        }
        found.extend(new_matches(version.id, judgement, &ids_by_name, &scored));
    }
    crate::matches::replace(tx, ids, &found, &unknown).await?;
    Ok(found.len() as u64)
}

fn candidate(row: AffectedRow) -> Candidate {
    Candidate {
        vulnerability: row.vulnerability,
        source: row.source,
        advisory: row.advisory,
        is_withdrawn: row.is_withdrawn,
        affected: row.affected,
    }
}

fn new_matches<'a>(
    package_version: i64,
    judgement: PackageJudgement,
    ids_by_name: &'a HashMap<String, i64>,
    scored: &'a BTreeSet<i64>,
) -> impl Iterator<Item = NewMatch> + 'a {
    judgement.matches.into_iter().filter_map(move |found| {
        let vulnerability = *ids_by_name.get(&found.vulnerability)?;
        // The order of `plimsoll_advisories::rating`: the distribution's own word, then a vector, then any word. What is
        // stored here counts before the vulnerability's own severity, so a word that a vector outranks is left out.
        let source = found.severity_source.unwrap_or_default();
        let severity = found.severity.filter(|severity| {
            *severity != Severity::Unknown && (is_own_rater(&source) || !scored.contains(&vulnerability))
        });
        Some(NewMatch {
            package_version,
            vulnerability,
            fixed_in: found.fixed_in,
            state: found.state,
            severity,
            severity_source: if severity.is_some() { source } else { String::new() },
            sources: found.sources,
            advisories: found.advisories,
        })
    })
}
