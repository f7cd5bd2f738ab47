//! Asking the database: the offline scan's matcher, advisory by advisory.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use plimsoll_advisories::{
    AdvisorySource as _, Candidate, Match, PackageVersion, Vulnerability, advisory_name, matches, programs, rating,
};
use plimsoll_advisory_db::AdvisoryDb;
use plimsoll_model::{Ecosystem, PackageKey, Range};
use plimsoll_versions::{Scheme, Version};

use crate::exit::Failure;
use crate::query::answer::{AffectingAdvisory, Answer, NotJudged, SourceStatement, Status};
use crate::query::question::Question;
use crate::query::suggestion::suggested;

/// How much is kept of packages that were asked about, in versions and events; some 20 MB.
const KEPT_OF_PACKAGES: usize = 200_000;
/// How many vulnerabilities are kept, without their texts; some 20 MB.
const KEPT_VULNERABILITIES: usize = 20_000;
/// Of how many ecosystems is kept whether they are known.
const KEPT_ECOSYSTEMS: usize = 1_000;

/// Asks, and keeps what the next question may need too. Each store is emptied when it is full.
pub struct Asker<'d> {
    db: &'d AdvisoryDb,
    tells_statements: bool,
    is_known: HashMap<Ecosystem, bool>,
    ecosystems: Option<Vec<Ecosystem>>,
    said: HashMap<PackageKey, Rc<Vec<Candidate>>>,
    said_size: usize,
    vulnerabilities: HashMap<String, Rc<Vulnerability>>,
}

impl<'d> Asker<'d> {
    /// Asks this database; `tells_statements` says whether answers have what every source says, too.
    pub fn new(db: &'d AdvisoryDb, tells_statements: bool) -> Self {
        let (is_known, said, vulnerabilities) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { db, tells_statements, is_known, ecosystems: None, said, said_size: 0, vulnerabilities }
    }

    /// Which advisories affect a version.
    pub async fn answer(&mut self, question: &Question) -> Result<Answer, Failure> {
        let asked = PackageVersion {
            ecosystem: question.ecosystem.clone(),
            name: advisory_name(&question.ecosystem, question.package.clone()),
            version: question.version.clone(),
            // A question names no stream: of a build of a module nothing is told but that it is one.
            module: None,
            is_inert: false,
        };
        let (mut advisories, mut not_judged, mut statements) = (Vec::new(), Vec::new(), Vec::new());
        let is_known = self.is_known(&asked.ecosystem)?;
        if is_known && programs::is_spoken_of(&asked.ecosystem, &asked.name) {
            let said = self.said(asked.key()).await?;
            if self.tells_statements {
                statements.extend(said.iter().map(SourceStatement::from));
            }
            let judgement = matches(&asked, &said);
            let sources: BTreeMap<&str, &[String]> = judgement
                .matches
                .iter()
                .map(|found| (found.vulnerability.as_str(), found.sources.as_slice()))
                .collect();
            for of_advisory in said.chunk_by(|a, b| order_of(a) == order_of(b)) {
                let Some(first) = of_advisory.first() else { continue };
                let counts =
                    sources.get(first.vulnerability.as_str()).is_some_and(|named| named.contains(&first.source));
                // What the advisory says by itself: its own fix, not the lowest of all.
                let found = if counts { matches(&asked, of_advisory).matches.into_iter().next() } else { None };
                if let Some(found) = found.as_ref().filter(|found| !found.state.is_affected()) {
                    not_judged.push(NotJudged {
                        id: Some(first.advisory.clone()),
                        vulnerability: Some(found.vulnerability.clone()),
                        why: format!("{} is still looking into it", first.source),
                    });
                } else if let Some(found) = found {
                    advisories.push(self.affecting(first, &found, of_advisory)?);
                }
            }
            not_judged.extend(judgement.unknown.into_iter().map(NotJudged::from));
            // A version without a place in the order is told also where no advisory would have asked for it.
            if advisories.is_empty() && not_judged.is_empty() {
                not_judged.extend(unordered(&asked).map(NotJudged::because));
            }
        } else if is_known {
            not_judged.push(NotJudged::because(unknown_program(&asked.name)));
        } else {
            not_judged.push(NotJudged::because(unknown_ecosystem(&asked.ecosystem, self.ecosystems()?)));
        }
        let status = match (advisories.is_empty(), not_judged.is_empty()) {
            (false, _) => Status::Affected,
            (true, true) => Status::NotAffected,
            (true, false) => Status::NotJudged,
        };
        Ok(Answer {
            line: None,
            ecosystem: Some(asked.ecosystem),
            package: Some(question.package.clone()),
            version: Some(asked.version),
            status,
            advisories,
            not_judged,
            said: statements,
        })
    }

    fn is_known(&mut self, ecosystem: &Ecosystem) -> Result<bool, Failure> {
        if let Some(is_known) = self.is_known.get(ecosystem) {
            return Ok(*is_known);
        }
        let is_known = self.db.has_ecosystem(ecosystem).map_err(Failure::undone)?;
        if self.is_known.len() >= KEPT_ECOSYSTEMS {
            self.is_known.clear();
        }
        self.is_known.insert(ecosystem.clone(), is_known);
        Ok(is_known)
    }

    /// Every ecosystem in the database: some hundred.
    fn ecosystems(&mut self) -> Result<&[Ecosystem], Failure> {
        let known = match self.ecosystems.take() {
            Some(known) => known,
            None => self.db.ecosystems().map_err(Failure::undone)?,
        };
        Ok(self.ecosystems.insert(known))
    }

    /// What is said of a package, each advisory's statements beside each other.
    async fn said(&mut self, key: PackageKey) -> Result<Rc<Vec<Candidate>>, Failure> {
        if let Some(said) = self.said.get(&key) {
            return Ok(Rc::clone(said));
        }
        let mut said = self.db.affecting(std::slice::from_ref(&key)).await.map_err(Failure::undone)?;
        said.sort_by(|a, b| order_of(a).cmp(&order_of(b)));
        let said = Rc::new(said);
        if self.said_size >= KEPT_OF_PACKAGES {
            self.said.clear();
            self.said_size = 0;
        }
        // Names that nothing is said of are kept as well, and take memory too.
        self.said_size += 10 + said.iter().map(size_of).sum::<usize>();
        self.said.insert(key, Rc::clone(&said));
        Ok(said)
    }

    fn vulnerability(&mut self, id: &str) -> Result<Rc<Vulnerability>, Failure> {
        if let Some(vulnerability) = self.vulnerabilities.get(id) {
            return Ok(Rc::clone(vulnerability));
        }
        let mut vulnerability = self.db.vulnerability(id).map_err(Failure::undone)?.unwrap_or_default();
        vulnerability.description = String::new();
        vulnerability.references = Vec::new();
        let vulnerability = Rc::new(vulnerability);
        if self.vulnerabilities.len() >= KEPT_VULNERABILITIES {
            self.vulnerabilities.clear();
        }
        self.vulnerabilities.insert(id.to_owned(), Rc::clone(&vulnerability));
        Ok(vulnerability)
    }

    fn affecting(
        &mut self,
        first: &Candidate,
        found: &Match,
        said: &[Candidate],
    ) -> Result<AffectingAdvisory, Failure> {
        let vulnerability = self.vulnerability(&found.vulnerability)?;
        let ids = std::iter::once(&found.vulnerability).chain(&vulnerability.aliases);
        let mut aliases: Vec<String> = ids.filter(|id| **id != first.advisory).cloned().collect();
        aliases.sort();
        aliases.dedup();
        let standing = || said.iter().filter(|candidate| !candidate.is_withdrawn).map(|candidate| &candidate.affected);
        let ranges: Vec<Range> = standing().flat_map(|affected| &affected.ranges).cloned().collect();
        let versions = if ranges.is_empty() {
            standing().flat_map(|affected| &affected.versions).cloned().collect()
        } else {
            vec![]
        };
        Ok(AffectingAdvisory {
            id: first.advisory.clone(),
            vulnerability: found.vulnerability.clone(),
            aliases,
            source: first.source.clone(),
            title: vulnerability.title.clone(),
            severity: rating(found, &vulnerability).severity,
            state: found.state,
            fixed_in: found.fixed_in.clone(),
            ranges,
            versions,
        })
    }
}

fn order_of(candidate: &Candidate) -> (&str, &str, &str) {
    (&candidate.vulnerability, &candidate.advisory, &candidate.source)
}

/// In versions and events, which is what large records are made of.
fn size_of(candidate: &Candidate) -> usize {
    let events: usize = candidate.affected.ranges.iter().map(|range| range.events.len()).sum();
    5 + events + candidate.affected.versions.len()
}

/// Why a version has no place in the order of its ecosystem.
fn unordered(asked: &PackageVersion) -> Option<String> {
    match Scheme::for_ecosystem(&asked.ecosystem) {
        Some(scheme) => Version::parse(scheme, &asked.version).err().map(|unknown| unknown.to_string()),
        None => Some(format!("the version order of {} is not known", asked.ecosystem.name())),
    }
}

fn unknown_program(name: &str) -> String {
    let why = programs::PROGRAMS.iter().find(|program| program.name == name).and_then(|program| program.why_unknown);
    match why {
        Some(why) => format!("NVD is not asked about {name}: {why}"),
        None => {
            format!("{name} is no program that NVD is asked about; a scan names programs as plimsoll inventory does")
        }
    }
}

fn unknown_ecosystem(ecosystem: &Ecosystem, known: &[Ecosystem]) -> String {
    let hint = match suggested(ecosystem, known) {
        _ if ecosystem.name() == "generic" => "; plimsoll db update --feeds nvd brings NVD's".to_owned(),
        Some(meant) if meant.name() == ecosystem.name() && ecosystem.release().is_none() => {
            format!("; it goes by release, as in {meant}")
        }
        Some(meant) => format!("; did you mean `{meant}`?"),
        None => String::new(),
    };
    match Scheme::for_ecosystem(ecosystem) {
        Some(_) => format!("no advisory that is loaded speaks of packages of {ecosystem}{hint}"),
        None => format!("{ecosystem} is no ecosystem that is known here{hint}"),
    }
}
