//! Matching: which vulnerabilities a package version has, by all that is said of its package.
//!
//! The rules, in order:
//! 1. A statement counts only for its own package: ecosystem, release and name equal. A distribution's package so meets its own
//!    release's data alone, and what NVD says of products meets programs without a package alone (`generic`). Where the source tells module streams, a build meets what is said of its own stream alone, and one of no
//!    module what is said of none (`streams`).
//! 2. A withdrawn advisory says nothing.
//! 3. Where the distribution's own feed speaks of a vulnerability in its package, others' statements on the same package do not
//!    count: it knows what it patched. Of several feeds of its own the first that speaks counts alone.
//! 4. A version is affected if any statement left says so (OSV schema, "Evaluation"). *Not affected* affects nothing; *under investigation*
//!    makes a match of that state where nothing else makes one: it is shown apart and never counted.
//!    Of the fixes that Red Hat names the lowest counts: a later advisory lists again what an earlier one of the same stream fixed. So it is with
//!    AlmaLinux, whose advisories list each rebuild of a fix.
//! 5. What cannot be judged is *unknown*, unless another statement says that the version is affected. It is never "not affected".
//! 6. What is affected does not run from every package that was built of the same source: a kernel's headers or tools, documentation
//!    (`inert`). Their matches are *not running*, shown apart and never counted.
//! 7. Statements of one vulnerability make one match: the lowest fix above the version, the state nearest to a fix, the highest
//!    of the severities given for the package (of the distribution's own, where it gives any), all sources and advisories that say so.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_model::{
    Affected, AffectedState, Ecosystem, Event, InstalledPackage, PackageKey, Severity, VulnerabilityId, module_stream,
};
use plimsoll_versions::{Judgement, Scheme, compare, judge};
use serde::{Deserialize, Serialize};

use crate::judgeable::Unmatchable;
use crate::{AdvisorySource, Candidate, SourceError};

mod distributions;
mod inert;
mod streams;

use distributions::rater;
pub use distributions::{all_own_sources, is_own_rater, own_raters, own_sources};
pub use inert::is_inert;

pub(crate) use distributions::own_record;
pub(crate) use streams::is_built_in_module;
use streams::{Meaning, meaning};

/// A package version as advisories speak of it: for most distributions, the source package's name and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackageVersion {
    /// The ecosystem, with its release where it has one.
    pub ecosystem: Ecosystem,
    /// The name that advisories use.
    pub name: String,
    /// The version that advisories speak of.
    pub version: String,
    /// The module and stream that it was built in, `nodejs:18`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Whether nothing runs from the package of what advisories speak of ([`is_inert`]).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_inert: bool,
}

impl PackageVersion {
    /// What advisories call an installed package; `None` for a package of a distribution that we do not know.
    pub fn of(installed: &InstalledPackage) -> Option<Self> {
        let ecosystem = installed.ecosystem.clone()?;
        let (name, version) = installed.package.advised_as(Some(&ecosystem));
        let module = installed.package.module.as_deref().map(|label| module_stream(label).to_owned());
        let source = installed.package.source.as_ref().map(|source| source.name.as_str());
        let is_inert = is_inert(installed.package.kind, &installed.package.name, source);
        Some(Self { name: name.to_owned(), version: version.to_owned(), module, is_inert, ecosystem })
    }

    /// What it is looked up by.
    pub fn key(&self) -> PackageKey {
        PackageKey { ecosystem: self.ecosystem.clone(), package: self.name.clone() }
    }
}

/// A vulnerability that a package version has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The canonical id.
    pub vulnerability: VulnerabilityId,
    /// The lowest version above this one that any source names as the fix.
    pub fixed_in: Option<String>,
    /// What the sources say of it.
    pub state: AffectedState,
    /// The severity that a source gives for this package.
    pub severity: Option<Severity>,
    /// Whose severity that is: the feed's name, or that of a distribution whose own record in OSV gives it (`ubuntu`).
    pub severity_source: Option<String>,
    /// The feeds that say so, sorted.
    pub sources: Vec<String>,
    /// The advisories that say so, sorted.
    pub advisories: Vec<String>,
}

/// A vulnerability of which cannot be told whether a package version has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnknownMatch {
    /// The canonical id.
    pub vulnerability: VulnerabilityId,
    /// The feed.
    pub source: String,
    /// The advisory.
    pub advisory: String,
    /// Why, for people.
    pub why: String,
}

/// All that is known of a package version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackageJudgement {
    /// What it has, by vulnerability.
    pub matches: Vec<Match>,
    /// What it may have, by vulnerability and advisory.
    pub unknown: Vec<UnknownMatch>,
}

/// Distributions of whose fixes the lowest counts.
const LISTING_FIXES_AGAIN: [&str; 2] = ["AlmaLinux", "Red Hat"];

/// Judges a package version by what is said of its package. Candidates of other packages are ignored, so one lookup can serve many.
pub fn matches(package: &PackageVersion, candidates: &[Candidate]) -> PackageJudgement {
    matches_among(package, candidates.iter())
}

/// Judges many package versions with one lookup; the answers are in the order of `packages`.
///
/// # Errors
/// The source cannot be read.
pub async fn judge_packages<S: AdvisorySource + Sync>(
    source: &S,
    packages: &[PackageVersion],
) -> Result<Vec<PackageJudgement>, SourceError> {
    let keys: BTreeSet<PackageKey> = packages.iter().map(PackageVersion::key).collect();
    let candidates = source.affecting(&keys.into_iter().collect::<Vec<_>>()).await?;
    let mut by_key: HashMap<PackageKey, Vec<&Candidate>> = HashMap::new();
    for candidate in &candidates {
        by_key.entry(candidate.affected.key()).or_default().push(candidate);
    }
    let said = |package: &PackageVersion| by_key.get(&package.key()).map(Vec::as_slice).unwrap_or_default();
    Ok(packages.iter().map(|package| matches_among(package, said(package).iter().copied())).collect())
}

fn matches_among<'a>(package: &PackageVersion, candidates: impl Iterator<Item = &'a Candidate>) -> PackageJudgement {
    let mut by_vulnerability: BTreeMap<&str, Vec<&Candidate>> = BTreeMap::new();
    for candidate in candidates {
        let is_of_package =
            candidate.affected.ecosystem == package.ecosystem && candidate.affected.package == package.name;
        if is_of_package && !candidate.is_withdrawn && meaning(package, candidate) != Meaning::NotMeant {
            by_vulnerability.entry(&candidate.vulnerability).or_default().push(candidate);
        }
    }
    let own: Vec<&str> = own_sources(&package.ecosystem).collect();
    let mut judgement = PackageJudgement::default();
    for (vulnerability, mut said) in by_vulnerability {
        if let Some(speaks) = own.iter().find(|own| said.iter().any(|candidate| candidate.source == **own)) {
            said.retain(|candidate| candidate.source == *speaks);
        }
        judge_vulnerability(package, vulnerability, &said, &mut judgement);
    }
    judgement
}

fn judge_vulnerability(
    package: &PackageVersion,
    vulnerability: &str,
    said: &[&Candidate],
    judgement: &mut PackageJudgement,
) {
    let scheme = Scheme::for_ecosystem(&package.ecosystem);
    let mut affecting: Vec<(&Candidate, Option<String>)> = Vec::new();
    let mut investigated = Vec::new();
    let mut unknown = Vec::new();
    let mut is_fixed = false;
    for &candidate in said {
        match judge_candidate(scheme, package, candidate) {
            Ok(Judgement { is_affected: true, fixed_in }) => affecting.push((candidate, fixed_in)),
            Ok(_) if candidate.affected.state == AffectedState::UnderInvestigation => investigated.push(candidate),
            Ok(_) => is_fixed |= meaning(package, candidate) == Meaning::Meant && lists_fixes_again(candidate),
            Err(why) => unknown.push(UnknownMatch {
                vulnerability: vulnerability.to_owned(),
                source: candidate.source.clone(),
                advisory: candidate.advisory.clone(),
                why: why.to_string(),
            }),
        }
    }
    if is_fixed {
        affecting.retain(|(candidate, _)| !lists_fixes_again(candidate));
    }
    if affecting.is_empty() {
        unknown.sort_by(|a, b| (&a.advisory, &a.source, &a.why).cmp(&(&b.advisory, &b.source, &b.why)));
        unknown.dedup();
        judgement.unknown.append(&mut unknown);
        affecting
            .extend(investigated.into_iter().filter_map(|candidate| under_investigation(scheme, package, candidate)));
    }
    if !affecting.is_empty() {
        let found = merged(scheme, vulnerability, &affecting);
        let state = if package.is_inert { AffectedState::NotRunning } else { found.state };
        judgement.matches.push(Match { state, ..found });
    }
}

/// What is being looked into, where it may concern the version.
fn under_investigation<'a>(
    scheme: Option<Scheme>,
    package: &PackageVersion,
    candidate: &'a Candidate,
) -> Option<(&'a Candidate, Option<String>)> {
    let as_affected = Affected { state: AffectedState::Affected, ..candidate.affected.clone() };
    let is_held = match scheme {
        Some(scheme) => judge(scheme, &as_affected, &package.version).is_ok_and(|judged| judged.is_affected),
        None => as_affected.versions.contains(&package.version),
    };
    is_held.then_some((candidate, None))
}

/// Whether it names a fix as one of several that may have been listed.
fn lists_fixes_again(candidate: &Candidate) -> bool {
    let Affected { state, ranges, ecosystem, .. } = &candidate.affected;
    let mut events = ranges.iter().flat_map(|range| &range.events);
    LISTING_FIXES_AGAIN.contains(&ecosystem.name())
        && state.is_affected()
        && events.any(|event| matches!(event, Event::Fixed(_)))
}

fn judge_candidate(
    scheme: Option<Scheme>,
    package: &PackageVersion,
    candidate: &Candidate,
) -> Result<Judgement, Unmatchable> {
    let affected = &candidate.affected;
    if !affected.state.is_affected() {
        return Ok(Judgement::default());
    }
    if affected.versions.is_empty() && affected.ranges.iter().all(|range| range.events.is_empty()) {
        return Err(Unmatchable::NoVersions);
    }
    match scheme {
        Some(scheme) => {
            let judged = judge(scheme, affected, &package.version)?;
            let is_told = !judged.is_affected || meaning(package, candidate) == Meaning::Meant;
            if is_told { Ok(judged) } else { Err(Unmatchable::NoStream) }
        }
        // Without an order a listed version is still itself.
        None if affected.versions.contains(&package.version) => Ok(Judgement { is_affected: true, fixed_in: None }),
        None => Err(Unmatchable::NoScheme { ecosystem: package.ecosystem.name().to_owned() }),
    }
}

fn merged(scheme: Option<Scheme>, vulnerability: &str, affecting: &[(&Candidate, Option<String>)]) -> Match {
    let lower =
        |a: &&String, b: &&String| scheme.and_then(|scheme| compare(scheme, a, b).ok()).unwrap_or(Ordering::Equal);
    let fixed_in = affecting.iter().filter_map(|(_, fixed_in)| fixed_in.as_ref()).min_by(lower).cloned();
    let state = affecting.iter().map(|(candidate, _)| candidate.affected.state).min().unwrap_or_default();
    // The distribution's own comes before others'. Of equal severities the first rater by name is told, so that the answer does not hang on the
    // lookup's order.
    let is_own = |severity: &Severity, rater: &str| *severity != Severity::Unknown && is_own_rater(rater);
    let rated = affecting
        .iter()
        .filter_map(|(Candidate { affected, source, advisory, .. }, _)| {
            Some((affected.severity?, rater(&affected.ecosystem, source, advisory)))
        })
        .max_by(|(a, x), (b, y)| (is_own(a, x), a).cmp(&(is_own(b, y), b)).then_with(|| y.cmp(x)));
    let sorted = |text: fn(&Candidate) -> &String| {
        let texts: BTreeSet<&String> = affecting.iter().map(|(candidate, _)| text(candidate)).collect();
        texts.into_iter().cloned().collect()
    };
    Match {
        vulnerability: vulnerability.to_owned(),
        fixed_in,
        state,
        severity: rated.map(|(severity, _)| severity),
        severity_source: rated.map(|(_, source)| source.to_owned()),
        sources: sorted(|candidate| &candidate.source),
        advisories: sorted(|candidate| &candidate.advisory),
    }
}

#[cfg(test)]
mod tests;
