//! OVAL definitions of distributions with rpm packages: which versions of which packages an update fixes, or a vulnerability affects.
//!
//! In: `oval_definitions` with definitions, and the tests, objects and states that their criteria refer to; plain, gzip or bzip2, read
//! twice as a stream. Out: for each definition one advisory a CVE that it names, key `<definition>/<CVE>`, id the CVE: an update's
//! CVEs are not aliases of each other. One that names none has the vendor's name for it as id (`ELSA-2007-0057`).
//! Source: <https://oval.mitre.org/language/version5.11/>.
//!
//! Readings that hold for each vendor:
//! - Affected is what *can* be: what is asked of signatures and processors is taken as met, as no
//!   [`PackageVersion`](crate::PackageVersion) carries it. So where the fix differs by processor (rsyslog of ELSA-2022-4803 was rebuilt
//!   once more for aarch64) or was rebuilt, a version is fixed from the *highest* of the fixes on: the lower would miss the other processor.
//! - What is said beside "Module nodejs:16 is enabled" is said of the builds of that stream alone ([`Affected::module`]), once for each stream.
//! - "Less than" a version makes that the fix; "less than or equal" makes it the last known to be affected: there is no fix.
//! - Epoch 0 is left out, as it orders like none.
//! - An update's severity is of its worst CVE. Where it names one it is the vendor's word for the package, else only for the advisory.
//! - A test that the document does not have, or an object or state of it, is a problem with its definition's id; what its criterion
//!   says in words counts in its place. Other definitions that one extends are not followed, so no definition can refer to itself.

mod checks;
mod criteria;
mod definition;
mod ids;
mod span;
#[cfg(test)]
mod tests;
mod texts;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use plimsoll_model::{Advisory, Affected, AffectedState, CvssVector, Ecosystem, Severity};

pub use definition::{Definition, cve, instant};
pub use span::{End, Span};

use super::admission::Intake;
use super::metered::{self, Meter};
use super::unpacked::unpacked;
use super::xml::{self, Element, Shape};
use super::{DocumentBytes, Refusal};
use checks::ChecksReader;
use criteria::{Node, Way};
use definition::DefinitionReader;
use texts::Texts;

/// Whose definitions they are.
#[derive(Debug)]
pub struct Distribution {
    /// The ecosystem's name.
    pub ecosystem: &'static str,
    /// Of which release a package's versions are, given the number of the release that must be installed where the definition says.
    pub place: fn(Option<&str>, Span) -> Result<Placed, String>,
    /// What a definition says of its packages.
    pub state: fn(&Definition) -> AffectedState,
}

/// Versions of a package of some release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The release, as OSV names it.
    pub release: String,
    /// The versions; nothing where what the definition names is none.
    pub span: Option<Span>,
}

/// Definitions, tests, objects and states are a record each.
const SHAPE: Shape = Shape { root: "oval_definitions", record_depth: 3 };

/// Bounds on a document.
#[derive(Debug, Clone, Copy)]
struct Limits {
    text: metered::Limits,
    /// Tests, objects and states together.
    ids: usize,
    /// Affected packages of all advisories together: an update's CVEs multiply its packages.
    affected: usize,
    /// Steps in following criteria, of all definitions together. A million take a third of a second.
    work: usize,
}

/// Photon's document has 4,556 tests, objects and states for 222 definitions and 2 MB; Oracle's, of some ten thousand definitions, is the largest.
const LIMITS: Limits = Limits {
    text: metered::Limits { document_bytes: 1 << 30, record_bytes: 16 << 20 },
    ids: 3_000_000,
    affected: 10_000_000,
    work: 100_000_000,
};

/// The most packages of a definition, each counted for each way and release in which it is affected.
const MAX_PLACED: usize = 200_000;

/// Reads a document.
pub fn read(
    distribution: &Distribution,
    bytes: &mut dyn DocumentBytes,
    intake: &mut Intake<'_>,
) -> Result<(), Refusal> {
    read_within(LIMITS, distribution, bytes, intake)
}

fn read_within(
    limits: Limits,
    distribution: &Distribution,
    bytes: &mut dyn DocumentBytes,
    intake: &mut Intake<'_>,
) -> Result<(), Refusal> {
    let mut reader = ChecksReader::new(limits.ids);
    walk(limits, bytes, |path, element| reader.see(path, element, intake))?;
    let mut checks = reader.finish();
    let mut reader = DefinitionReader::new(&mut checks);
    let mut edition = Edition::default();
    let mut allowance = Allowance { limits, affected: limits.affected, work: limits.work };
    let mut count = 0_u64;
    walk(limits, bytes, |path, element| {
        edition.see(path, &element);
        let Some(definition) = reader.see(path, element, intake)? else { return Ok(()) };
        count += 1;
        intake.statement();
        distribution.definition(&definition, &mut allowance, intake)
    })?;
    intake.edition(edition.version, edition.timestamp.as_deref().and_then(instant));
    if count == 0 { Err(Refusal::Malformed("it has no definition".into())) } else { Ok(()) }
}

/// Walks the document from its beginning.
fn walk(
    limits: Limits,
    bytes: &mut dyn DocumentBytes,
    see: impl FnMut(&str, Element<'_>) -> Result<(), Refusal>,
) -> Result<(), Refusal> {
    let meter = Meter::new(limits.text);
    let reader = meter.reader(unpacked(bytes)?);
    xml::walk(SHAPE, reader, &meter, see)
}

/// What the document says of itself.
#[derive(Default)]
struct Edition {
    version: Option<String>,
    timestamp: Option<String>,
}

impl Edition {
    fn see(&mut self, path: &str, element: &Element<'_>) {
        let Element::Closed(text) = element else { return };
        match path.strip_prefix("oval_definitions/generator/") {
            Some("content_version") => self.version = Some((*text).to_owned()),
            Some("timestamp") => self.timestamp = Some((*text).to_owned()),
            _ => {}
        }
    }
}

/// What the document's definitions may still take.
struct Allowance {
    limits: Limits,
    affected: usize,
    work: usize,
}

impl Allowance {
    fn take(&mut self, affected: &[Affected]) -> Result<(), Refusal> {
        let limit = self.limits.affected as u64;
        let left = self.affected.checked_sub(affected.len());
        self.affected = left.ok_or(Refusal::PastLimit { what: "the number of affected packages", limit })?;
        Ok(())
    }

    fn ways(&mut self, criteria: &Node) -> Result<Option<Vec<Way>>, Refusal> {
        let ways = criteria.ways(&mut self.work).ok();
        if self.work == 0 {
            return Err(Refusal::PastLimit { what: "the steps in following criteria", limit: self.limits.work as u64 });
        }
        Ok(ways)
    }
}

impl Distribution {
    /// Hands on what a definition says.
    fn definition(
        &self,
        definition: &Definition,
        allowance: &mut Allowance,
        intake: &mut Intake<'_>,
    ) -> Result<(), Refusal> {
        // An inventory's definition only tells which system it is.
        if !matches!(definition.class.as_str(), "patch" | "vulnerability") {
            intake.skipped();
            return Ok(());
        }
        let mut affected = self.affected(definition, allowance, intake)?;
        if affected.is_empty() {
            let why = "it names no package that versions can be judged of";
            intake.unread(&definition.id, definition.id.as_str(), why);
            return Ok(());
        }
        let severity = Severity::from_word(&definition.severity);
        if definition.cves.len() == 1 {
            affected.iter_mut().for_each(|affected| affected.severity = severity);
        }
        let texts = Texts::new(definition);
        let cves = definition.cves.iter().map(|(cve, vectors)| (Some(cve.as_str()), vectors.as_slice()));
        let none = definition.cves.is_empty().then_some((None, &[][..]));
        for (cve, vectors) in cves.chain(none) {
            allowance.take(&affected)?;
            let vector = |vector: &String| CvssVector { vector: vector.clone(), source: intake.source().to_owned() };
            let advisory = Advisory {
                source: intake.source().to_owned(),
                key: cve.map_or_else(|| definition.id.clone(), |cve| format!("{}/{cve}", definition.id)),
                id: cve.unwrap_or(definition.name()).to_owned(),
                aliases: vec![],
                about: vec![],
                title: String::new(),
                description: texts.description(cve),
                published: definition.issued,
                modified: definition.updated,
                withdrawn: None,
                cvss: vectors.iter().map(vector).collect(),
                severity,
                cwes: vec![],
                references: texts.references(cve),
                affected: affected.clone(),
            };
            intake.advisory(advisory).map_err(|stopped| Refusal::Malformed(stopped.to_string()))?;
        }
        Ok(())
    }

    /// The packages that a definition speaks of, by release and name.
    fn affected(
        &self,
        definition: &Definition,
        allowance: &mut Allowance,
        intake: &mut Intake<'_>,
    ) -> Result<Vec<Affected>, Refusal> {
        let Some(criteria) = &definition.criteria else { return Ok(Vec::new()) };
        let Some(ways) = allowance.ways(criteria)? else {
            intake.problem(&definition.id, "its criteria join more than can be followed");
            return Ok(Vec::new());
        };
        let platforms: BTreeSet<&str> = definition.platforms.iter().filter_map(|platform| number(platform)).collect();
        let mut spans: BTreeMap<Named, Vec<Option<Span>>> = BTreeMap::new();
        let mut placed = 0;
        for way in &ways {
            let installed: Vec<Option<&str>> = match &way.release {
                Some(release) => vec![Some(release)],
                None if platforms.is_empty() => vec![None],
                None => platforms.iter().map(|platform| Some(*platform)).collect(),
            };
            let modules: Vec<Option<&Rc<str>>> =
                if way.modules.is_empty() { vec![None] } else { way.modules.iter().map(Some).collect() };
            let places = installed.iter().flat_map(|release| modules.iter().map(move |module| (release, module)));
            let packages = way.packages.iter().flat_map(|package| places.clone().map(move |place| (package, place)));
            for ((name, bounds), (release, module)) in packages {
                if placed == MAX_PLACED {
                    intake.problem(&definition.id, format!("it names more than {MAX_PLACED} packages of releases"));
                    return Ok(Vec::new());
                }
                placed += 1;
                match (self.place)(*release, Span::of(bounds)) {
                    Ok(Placed { release, span }) => {
                        let named = (release, Rc::clone(name), module.map(Rc::clone));
                        spans.entry(named).or_default().push(span);
                    }
                    Err(why) => intake.problem(&definition.id, format!("{name}: {why}")),
                }
            }
        }
        let state = (self.state)(definition);
        Ok(spans.into_iter().flat_map(|(named, spans)| self.of_package(&named, state, spans)).collect())
    }

    /// What is said of one package: the versions, and by itself what names none.
    fn of_package(&self, named: &Named, state: AffectedState, spans: Vec<Option<Span>>) -> Vec<Affected> {
        let (release, name, module) = named;
        let affected = |(ranges, versions)| Affected {
            ecosystem: Ecosystem::with_release(self.ecosystem, release.clone()),
            package: name.to_string(),
            state,
            ranges,
            versions,
            severity: None,
            module: module.as_deref().map(str::to_owned),
        };
        if state == AffectedState::NotAffected {
            return vec![affected((vec![], vec![]))];
        }
        let names_none = spans.contains(&None);
        let known: Vec<Span> = spans.into_iter().flatten().collect();
        let mut said: Vec<Affected> = names_none.then(|| affected((vec![], vec![]))).into_iter().collect();
        if !known.is_empty() {
            said.push(affected(span::ranges(known)));
        }
        said
    }
}

/// A release, a package and the module's stream whose builds are meant.
type Named = (String, Rc<str>, Option<Rc<str>>);

/// The number that a platform's name ends with: `7` of `Oracle Linux 7`.
fn number(platform: &str) -> Option<&str> {
    platform.rsplit(' ').next().filter(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()))
}
