//! Where advisories are looked up, and what comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use plimsoll_model::{Advisory, Affected, PackageKey, VulnerabilityId};

use crate::AliasGroups;

/// One advisory's word on one package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The vulnerability's canonical id.
    pub vulnerability: VulnerabilityId,
    /// The feed that says so.
    pub source: String,
    /// The advisory's own id.
    pub advisory: String,
    /// Whether the advisory was withdrawn.
    pub is_withdrawn: bool,
    /// What it says.
    pub affected: Affected,
}

/// An advisory source failed to answer.
#[derive(Debug, thiserror::Error)]
#[error("advisories could not be looked up: {0}")]
pub struct SourceError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where affected packages are looked up. PostgreSQL in the services, SQLite in the offline scan, [`MemorySource`] in tests.
pub trait AdvisorySource {
    /// Every advisory's word on the packages of these keys, in any order, withdrawn ones included or not.
    ///
    /// # Errors
    /// The source cannot be read.
    fn affecting(&self, keys: &[PackageKey]) -> impl Future<Output = Result<Vec<Candidate>, SourceError>> + Send;
}

/// The words of an advisory on each of its packages, under the canonical id of each vulnerability that it is about.
pub fn candidates<'a>(advisory: &'a Advisory, groups: &'a AliasGroups) -> impl Iterator<Item = Candidate> + 'a {
    groups.of(advisory).into_iter().flat_map(move |canonical| {
        advisory.affected.iter().map(move |affected| Candidate {
            vulnerability: canonical.to_owned(),
            source: advisory.source.clone(),
            advisory: advisory.id.clone(),
            is_withdrawn: advisory.is_withdrawn(),
            affected: affected.clone(),
        })
    })
}

/// Advisories in memory.
#[derive(Debug, Default)]
pub struct MemorySource {
    by_key: BTreeMap<PackageKey, Vec<Candidate>>,
}

impl MemorySource {
    /// All that these advisories say, under the canonical ids that their aliases give.
    pub fn new(advisories: &[Advisory]) -> Self {
        let mut groups = AliasGroups::new();
        for advisory in advisories {
            groups.add(advisory);
        }
        let mut by_key: BTreeMap<PackageKey, Vec<Candidate>> = BTreeMap::new();
        for advisory in advisories {
            for candidate in candidates(advisory, &groups) {
                by_key.entry(candidate.affected.key()).or_default().push(candidate);
            }
        }
        Self { by_key }
    }

    /// What is said of the package of this key.
    pub fn of(&self, key: &PackageKey) -> &[Candidate] {
        self.by_key.get(key).map(Vec::as_slice).unwrap_or_default()
    }
}

impl AdvisorySource for MemorySource {
    async fn affecting(&self, keys: &[PackageKey]) -> Result<Vec<Candidate>, SourceError> {
        let distinct: BTreeSet<&PackageKey> = keys.iter().collect();
        Ok(distinct.into_iter().flat_map(|key| self.of(key)).cloned().collect())
    }
}
