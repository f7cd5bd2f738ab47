//! An organization's own advisories in an offline scan: `--advisories`.
//!
//! In: OSV documents, one a file. Out: what they say of package versions, beside what the database says. As in the platform, an advisory of which the
//! database knows an id is of that vulnerability, and what it says of a package comes before what all know: its fix, its state, its rating.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_advisories::own::{self, MAX_DOCUMENT, SOURCE};
use plimsoll_advisories::{
    AdvisorySource as _, AliasGroups, Candidate, Match, PackageJudgement, PackageVersion, Vulnerability, canonical_id,
    matches, merge,
};
use plimsoll_advisory_db::AdvisoryDb;
use plimsoll_model::{Advisory, PackageKey};

use crate::exit::Failure;
use crate::files;

/// Own advisories, by what they speak of.
#[derive(Debug, Default)]
pub struct OwnAdvisories {
    said: HashMap<PackageKey, Vec<Candidate>>,
    by_vulnerability: BTreeMap<String, Vec<Advisory>>,
}

impl OwnAdvisories {
    /// Reads the documents that the user names. One that is not right ends the scan: what it would say would be missed.
    pub async fn read(sources: &[String], db: &AdvisoryDb) -> Result<Self, Failure> {
        if sources.is_empty() {
            return Ok(Self::default());
        }
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        let mut advisories = Vec::new();
        for document in files::read(sources, MAX_DOCUMENT).await? {
            let refused = |why: String| Failure::Usage(format!("--advisories {}: {why}", document.place));
            let advisory = own::read(&document.text)
                .map_err(|wrong| refused(wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")))?;
            if let Some(earlier) = places.insert(advisory.id.clone(), document.place.clone()) {
                return Err(refused(format!("{} is the id of {earlier} too", advisory.id)));
            }
            advisories.push(rated(advisory));
        }
        let known = known(&advisories, db).await?;
        Ok(Self::of(advisories, &known))
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.by_vulnerability.values().map(|advisories| advisories.len() as u64).sum()
    }

    fn of(advisories: Vec<Advisory>, known: &HashMap<String, String>) -> Self {
        let mut groups = AliasGroups::new();
        for advisory in &advisories {
            groups.join(advisory.ids());
        }
        let names: HashMap<String, String> = groups
            .groups()
            .into_iter()
            .map(|group| {
                let ids = group.aliases.iter().chain([&group.canonical]);
                let of_world = canonical_id(ids.filter_map(|id| known.get(id)).map(String::as_str)).map(str::to_owned);
                let name = of_world.unwrap_or_else(|| group.canonical.clone());
                (group.canonical, name)
            })
            .collect();
        let mut all = Self::default();
        for advisory in advisories {
            let canonical = groups.canonical(&advisory.id);
            let name = names.get(canonical).map_or(canonical, String::as_str).to_owned();
            for affected in &advisory.affected {
                all.said.entry(affected.key()).or_default().push(Candidate {
                    vulnerability: name.clone(),
                    source: SOURCE.into(),
                    advisory: advisory.id.clone(),
                    is_withdrawn: advisory.is_withdrawn(),
                    affected: affected.clone(),
                });
            }
            all.by_vulnerability.entry(name).or_default().push(advisory);
        }
        all
    }

    /// What is known of these package versions with what own advisories say of them.
    pub fn beside(&self, versions: &[PackageVersion], judgements: Vec<PackageJudgement>) -> Vec<PackageJudgement> {
        let beside = |(version, world): (&PackageVersion, PackageJudgement)| match self.said.get(&version.key()) {
            // Who speaks of a package of one's own accord means it wherever it lies.
            Some(said) => joined(world, matches(&PackageVersion { is_inert: false, ..version.clone() }, said)),
            None => world,
        };
        versions.iter().zip(judgements).map(beside).collect()
    }

    /// A vulnerability as the database knows it, with the ids that own advisories give it; what they alone say where the database does not know it.
    pub fn described(&self, id: &str, known: Option<Vulnerability>) -> Vulnerability {
        let unknown = || Vulnerability { id: id.to_owned(), ..Vulnerability::default() };
        let Some(own) = self.by_vulnerability.get(id) else { return known.unwrap_or_else(unknown) };
        let mut own = merge(id, own);
        let Some(mut known) = known else { return own };
        let ids: BTreeSet<String> = known.aliases.drain(..).chain(own.aliases.drain(..)).collect();
        known.aliases.extend(ids);
        known
    }
}

/// With the rating that counts on each package.
fn rated(mut advisory: Advisory) -> Advisory {
    let ratings = own::ratings(&advisory);
    for (affected, severity) in advisory.affected.iter_mut().zip(ratings) {
        affected.severity = severity;
    }
    advisory
}

/// Of the ids that these advisories name, those that the database knows, with the canonical ones: ids of vulnerabilities and advisories, and those that
/// are said of the same packages.
async fn known(advisories: &[Advisory], db: &AdvisoryDb) -> Result<HashMap<String, String>, Failure> {
    let ids: BTreeSet<&str> = advisories.iter().flat_map(Advisory::ids).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let mut known: HashMap<String, String> = db.known_under(&ids).map_err(Failure::undone)?.into_iter().collect();
    let keys: BTreeSet<PackageKey> =
        advisories.iter().flat_map(|advisory| &advisory.affected).map(plimsoll_model::Affected::key).collect();
    let said = db.affecting(&keys.into_iter().collect::<Vec<_>>()).await.map_err(Failure::undone)?;
    let of_packages: BTreeSet<String> = said.into_iter().map(|candidate| candidate.vulnerability).collect();
    for name in of_packages {
        let vulnerability = db.vulnerability(&name).map_err(Failure::undone)?.unwrap_or_default();
        known.extend(vulnerability.aliases.into_iter().map(|alias| (alias, name.clone())));
    }
    Ok(known)
}

/// What the world and own advisories say of one package version.
fn joined(world: PackageJudgement, own: PackageJudgement) -> PackageJudgement {
    let mut found: BTreeMap<String, Match> =
        world.matches.into_iter().map(|found| (found.vulnerability.clone(), found)).collect();
    for own in own.matches {
        let told = match found.remove(&own.vulnerability) {
            Some(world) => over(world, own),
            None => own,
        };
        found.insert(told.vulnerability.clone(), told);
    }
    let unknown = [world.unknown, own.unknown].concat();
    PackageJudgement { matches: found.into_values().collect(), unknown }
}

/// What own advisories say comes first.
fn over(world: Match, own: Match) -> Match {
    let (severity, severity_source) = match own.severity {
        Some(_) => (own.severity, own.severity_source),
        None => (world.severity, world.severity_source),
    };
    Match {
        vulnerability: own.vulnerability,
        fixed_in: own.fixed_in.or(world.fixed_in),
        state: own.state,
        severity,
        severity_source,
        sources: [world.sources, own.sources].concat(),
        advisories: [world.advisories, own.advisories].concat(),
    }
}
