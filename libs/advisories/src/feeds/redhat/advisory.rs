//! What a document says of one vulnerability, as an advisory.
//!
//! A VEX document is of one CVE; an advisory (RHSA) is of several, each with products of its own: it makes a record for each,
//! under the CVE's id, so that they stay vulnerabilities of their own and meet what their VEX documents say.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_model::{Advisory, Affected, AffectedState, CvssVector, Range, Severity};
use plimsoll_versions::{Scheme, compare};
use serde_json::Error;
use serde_json::value::RawValue;

use super::products::{Meant, Package, Products};
use crate::feeds::csaf::{Head, Note, Reference, Remediation, Score, Threat, Vulnerability, each, each_text};

/// The most vectors and addresses that are kept while a document is read; the door to the sink keeps fewer.
const MAX_KEPT: usize = 1_000;

/// An advisory, and what in it was not understood.
#[derive(Debug)]
pub struct Told {
    /// The advisory.
    pub advisory: Advisory,
    /// What was not understood.
    pub doubts: Vec<String>,
}

/// What is said of a vulnerability with a CVE; `None` for one without.
///
/// # Errors
/// It is not as specified.
pub fn told(
    source: &str,
    head: &Head<'_>,
    products: &Products<'_>,
    vulnerability: &Vulnerability<'_>,
) -> Result<Option<Told>, Error> {
    let Some(cve) = vulnerability.cve.as_deref() else { return Ok(None) };
    let mut reader = Reader { products, missing: 0 };
    let remedies = reader.remedies(vulnerability)?;
    let impacts = reader.impacts(vulnerability)?;
    let affected = reader.affected(vulnerability, &remedies, &impacts)?;
    let (description, references) = texts(vulnerability)?;
    let mut doubts = Vec::new();
    if reader.missing > 0 {
        doubts.push(format!("{} product ids that its tree does not have", reader.missing));
    }
    let status = &vulnerability.product_status;
    if status.first_affected.is_some() || status.last_affected.is_some() {
        doubts.push("first or last affected versions, which are not read".into());
    }
    let of_document = head.aggregate_severity.as_ref().and_then(|word| Severity::from_word(&word.text));
    let is_own_document = head.tracking.id == cve;
    let advisory = Advisory {
        source: source.to_owned(),
        key: if is_own_document { cve.to_owned() } else { format!("{}/{cve}", head.tracking.id) },
        id: cve.to_owned(),
        aliases: vec![],
        about: vec![],
        title: vulnerability.title.as_deref().unwrap_or(&head.title).to_owned(),
        description,
        published: vulnerability.release_date,
        modified: Some(head.tracking.current_release_date),
        withdrawn: None,
        cvss: vectors(source, vulnerability)?,
        severity: impacts.of_all.or(impacts.by_place.values().max().copied()).or(of_document),
        cwes: vulnerability.cwe.iter().map(|cwe| cwe.id.to_string()).collect(),
        references: remedies.addresses.into_iter().chain(references).collect(),
        affected,
    };
    Ok(Some(Told { advisory, doubts }))
}

/// What is said of packages that have no fix, and where fixes are told of.
#[derive(Default)]
struct Remedies {
    state_by_place: HashMap<usize, AffectedState>,
    addresses: BTreeSet<String>,
}

/// Severities of packages, and of all that have none of their own.
#[derive(Default)]
struct Impacts {
    by_place: HashMap<usize, Severity>,
    of_all: Option<Severity>,
}

/// All that is said of a package in a release, or of its builds in a module's stream.
#[derive(Default)]
struct Said {
    /// Versions that have a fix.
    fixes: BTreeSet<String>,
    /// The state of what has none.
    open: Option<AffectedState>,
    severity: Option<Severity>,
}

/// A package in a release: its number, its name, the module and stream, whether its builds are of a module that is not told.
type Subject<'p> = (u16, &'p str, Option<&'p str>, bool);

struct Reader<'p, 'a> {
    products: &'p Products<'a>,
    missing: u64,
}

impl<'p> Reader<'p, '_> {
    fn each_place(&mut self, ids: Option<&RawValue>, mut take: impl FnMut(usize)) -> Result<(), Error> {
        each_text(ids, |id| {
            match self.products.meant(id) {
                Meant::Package(place) => take(place),
                Meant::Elsewhere => {}
                Meant::Missing => self.missing += 1,
            }
            Ok(())
        })
    }

    fn remedies(&mut self, vulnerability: &Vulnerability<'_>) -> Result<Remedies, Error> {
        let mut remedies = Remedies::default();
        each(vulnerability.remediations, |remediation: Remediation<'_>| {
            let state = match remediation.category.as_ref() {
                "no_fix_planned" if is_out_of_support(&remediation.details) => Some(AffectedState::EndOfLife),
                "no_fix_planned" => Some(AffectedState::WontFix),
                // A fix may come ("Affected", "Fix deferred").
                "none_available" => Some(AffectedState::Affected),
                "vendor_fix" => None,
                _ => return Ok(()),
            };
            let mut concerns_us = false;
            self.each_place(remediation.product_ids, |place| {
                concerns_us = true;
                if let Some(state) = state {
                    remedies.state_by_place.insert(place, state);
                }
            })?;
            let address = remediation.url.filter(|_| concerns_us && remedies.addresses.len() < MAX_KEPT);
            remedies.addresses.extend(address.map(Cow::into_owned));
            Ok(())
        })?;
        Ok(remedies)
    }

    fn impacts(&mut self, vulnerability: &Vulnerability<'_>) -> Result<Impacts, Error> {
        let mut impacts = Impacts::default();
        each(vulnerability.threats, |threat: Threat<'_>| {
            let Some(severity) = Severity::from_word(&threat.details).filter(|_| threat.category == "impact") else {
                return Ok(());
            };
            if threat.product_ids.is_none() {
                impacts.of_all = impacts.of_all.max(Some(severity));
            }
            self.each_place(threat.product_ids, |place| {
                let highest = impacts.by_place.entry(place).or_insert(severity);
                *highest = severity.max(*highest);
            })
        })?;
        Ok(impacts)
    }

    fn affected(
        &mut self,
        vulnerability: &Vulnerability<'_>,
        remedies: &Remedies,
        impacts: &Impacts,
    ) -> Result<Vec<Affected>, Error> {
        let status = &vulnerability.product_status;
        let (products, mut by_subject) = (self.products, BTreeMap::<Subject<'p>, Said>::new());
        let mut say = |place: usize, state: AffectedState, is_fixed: bool| {
            let Some(package) = products.package(place) else { return };
            let said = by_subject.entry(subject(package)).or_default();
            said.severity = said.severity.max(impacts.by_place.get(&place).copied().or(impacts.of_all));
            match package.version {
                Some(version) if is_fixed => {
                    said.fixes.insert(version.to_owned());
                }
                _ => said.open = Some(said.open.map_or(state, |other| other.min(state))),
            }
        };
        for fixed in [status.fixed, status.first_fixed] {
            self.each_place(fixed, |place| say(place, AffectedState::Affected, true))?;
        }
        self.each_place(status.known_affected, |place| {
            say(place, remedies.state_by_place.get(&place).copied().unwrap_or_default(), false);
        })?;
        self.each_place(status.under_investigation, |place| say(place, AffectedState::UnderInvestigation, false))?;
        self.each_place(status.known_not_affected, |place| say(place, AffectedState::NotAffected, false))?;
        Ok(by_subject.into_iter().flat_map(|(subject, said)| statements(subject, said)).collect())
    }
}

fn subject<'p>(package: Package<'p>) -> Subject<'p> {
    let Package { release, name, version, module } = package;
    let is_module_build = version.is_some_and(|version| version.contains(".module+") || version.contains(".module_"));
    (release, name, module, is_module_build && module.is_none())
}

/// A package's fixes make one statement, what is open of it another. That it is not affected counts where nothing else is said.
fn statements(subject: Subject<'_>, said: Said) -> Vec<Affected> {
    let (release, name, module, has_unnamed_stream) = subject;
    let package = Package { release, name, version: None, module };
    let statement = |state, ranges| Affected {
        ecosystem: package.ecosystem(),
        package: name.to_owned(),
        module: module.map(str::to_owned),
        state,
        ranges,
        versions: vec![],
        severity: said.severity,
    };
    let mut statements = Vec::new();
    if has_unnamed_stream && !said.fixes.is_empty() {
        // One of them is the package's own stream's.
        let ranges = said.fixes.iter().map(Range::until).collect();
        statements.push(statement(AffectedState::Affected, ranges));
    } else if let Some(fix) = lowest(&said.fixes) {
        statements.push(statement(AffectedState::Affected, vec![Range::until(fix)]));
    }
    match said.open {
        Some(AffectedState::NotAffected) if statements.is_empty() => {
            statements.push(statement(AffectedState::NotAffected, vec![]));
        }
        Some(AffectedState::NotAffected) | None => {}
        Some(open) => statements.push(statement(open, vec![Range::everything()])),
    }
    statements
}

/// Releases take fixes over from each other: a later advisory lists again what an earlier one fixed.
fn lowest(fixes: &BTreeSet<String>) -> Option<&String> {
    fixes.iter().min_by(|a, b| compare(Scheme::Rpm, a, b).unwrap_or(Ordering::Equal))
}

/// "Out of support scope".
fn is_out_of_support(details: &str) -> bool {
    details.trim_start().get(.."out of support".len()).is_some_and(|text| text.eq_ignore_ascii_case("out of support"))
}

/// The description, else the summary, and the addresses to read on.
fn texts(vulnerability: &Vulnerability<'_>) -> Result<(String, Vec<String>), Error> {
    let (mut description, mut summary, mut references) = (None, None, Vec::new());
    each(vulnerability.notes, |note: Note<'_>| {
        match note.category.as_ref() {
            "description" => description = description.take().or(Some(note.text)),
            "summary" => summary = summary.take().or(Some(note.text)),
            _ => {}
        }
        Ok(())
    })?;
    each(vulnerability.references, |reference: Reference<'_>| {
        if references.len() < MAX_KEPT {
            references.push(reference.url.into_owned());
        }
        Ok(())
    })?;
    Ok((description.or(summary).unwrap_or_default().into_owned(), references))
}

fn vectors(source: &str, vulnerability: &Vulnerability<'_>) -> Result<Vec<CvssVector>, Error> {
    let mut distinct = BTreeSet::new();
    each(vulnerability.scores, |score: Score<'_>| {
        for rating in [score.cvss_v4, score.cvss_v3, score.cvss_v2].into_iter().flatten() {
            if distinct.len() < MAX_KEPT {
                distinct.insert(rating.vector.into_owned());
            }
        }
        Ok(())
    })?;
    Ok(distinct.into_iter().map(|vector| CvssVector { vector, source: source.to_owned() }).collect())
}
