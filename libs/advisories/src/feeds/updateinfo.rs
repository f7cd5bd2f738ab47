//! The updates of a repository of rpm packages, as `updateinfo` has them.
//!
//! In: `updates` with one `update` an advisory; plain, gzip or bzip2, read as a stream. Out: for each update of the type `security` one
//! [`Advisory`], a notice on the CVEs that it names, with the packages that it brings: each is fixed in that version. One that names no
//! CVE is a vulnerability of its own. Updates of other types (`bugfix`, `enhancement`, `newpackage`) are skipped and counted.
//! Source: createrepo_c's `updateinfo`, <https://github.com/rpm-software-management/createrepo_c>; Amazon's own, see
//! [`amazon`](super::amazon).
//!
//! - A package is told once for each processor: where the versions differ, it is fixed from the *highest* on, as the lower would miss the
//!   other processor.
//! - Epoch 0 is left out, as it orders like none.
//! - An update's severity is of its worst CVE. Where it names no more than one it is the vendor's word for the package, else only for the
//!   advisory. The addresses of CVEs are told where it names one: of several it is not known which reader wants which.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use plimsoll_model::{Advisory, Affected, AffectedState, Ecosystem, Range, Severity};
use plimsoll_versions::{Scheme, compare};
use quick_xml::events::BytesStart;

use super::admission::Intake;
use super::metered::{self, Meter};
use super::oval::{self, cve};
use super::unpacked::unpacked;
use super::xml::{self, Element, Shape, attribute};
use super::{DocumentBytes, Refusal};

/// An update is a record, with its packages, its references and its text.
const SHAPE: Shape = Shape { root: "updates", record_depth: 2 };
/// Amazon Linux 2's document of 2019 had 6 MB; an update of a kernel has some hundred packages and as many CVEs.
const LIMITS: metered::Limits = metered::Limits { document_bytes: 1 << 30, record_bytes: 16 << 20 };

/// Reads a document. `place` gives the ecosystem, with its release, of the update with this id.
pub fn read(
    place: fn(&str) -> Option<Ecosystem>,
    bytes: &mut dyn DocumentBytes,
    intake: &mut Intake<'_>,
) -> Result<(), Refusal> {
    read_within(LIMITS, place, bytes, intake)
}

fn read_within(
    limits: metered::Limits,
    place: fn(&str) -> Option<Ecosystem>,
    bytes: &mut dyn DocumentBytes,
    intake: &mut Intake<'_>,
) -> Result<(), Refusal> {
    let meter = Meter::new(limits);
    let reader = meter.reader(unpacked(bytes)?);
    let mut update = Update::default();
    let mut count = 0_u64;
    xml::walk(SHAPE, reader, &meter, |path, element| {
        let Some(path) = path.strip_prefix("updates/update") else { return Ok(()) };
        match (path, element) {
            ("", Element::Opened(start)) => update = Update::of(start),
            ("", Element::Closed(_)) => {
                count += 1;
                intake.statement();
                return std::mem::take(&mut update).hand_on(place, intake);
            }
            (path, Element::Opened(start)) => update.begins(path, start),
            (path, Element::Closed(text)) => update.ends(path, text),
        }
        Ok(())
    })?;
    if count == 0 { Err(Refusal::Malformed("it has no update".into())) } else { Ok(()) }
}

/// An update as read. Its length is bounded by that of a record.
#[derive(Default)]
struct Update {
    /// `security`, `bugfix`, ...
    kind: String,
    /// `ALAS2023-2023-126`.
    id: String,
    title: String,
    description: String,
    severity: String,
    issued: Option<DateTime<Utc>>,
    updated: Option<DateTime<Utc>>,
    cves: BTreeSet<String>,
    /// Addresses about its CVEs.
    of_cves: Vec<String>,
    /// Addresses about itself.
    references: Vec<String>,
    /// The highest version of each package.
    packages: BTreeMap<String, String>,
    /// What of it could not be read.
    doubts: Vec<&'static str>,
}

impl Update {
    fn of(start: &BytesStart<'_>) -> Self {
        Self { kind: attribute(start, "type").unwrap_or_default(), ..Self::default() }
    }

    fn begins(&mut self, path: &str, start: &BytesStart<'_>) {
        match path {
            "/issued" => self.issued = attribute(start, "date").and_then(|date| instant(&date)),
            "/updated" => self.updated = attribute(start, "date").and_then(|date| instant(&date)),
            "/references/reference" => self.reference(start),
            "/pkglist/collection/package" => self.package(start),
            _ => {}
        }
    }

    fn ends(&mut self, path: &str, text: &str) {
        match path {
            "/id" => text.clone_into(&mut self.id),
            "/title" => self.title = text.split_whitespace().collect::<Vec<_>>().join(" "),
            "/description" => text.clone_into(&mut self.description),
            "/severity" => text.clone_into(&mut self.severity),
            _ => {}
        }
    }

    fn reference(&mut self, start: &BytesStart<'_>) {
        let address = attribute(start, "href");
        if attribute(start, "type").is_none_or(|kind| kind != "cve") {
            self.references.extend(address);
            return;
        }
        match attribute(start, "id").as_deref().and_then(cve) {
            Some(cve) => {
                self.cves.insert(cve.to_owned());
                self.of_cves.extend(address);
            }
            None => self.doubts.push("a reference of the type 'cve' names none"),
        }
    }

    fn package(&mut self, start: &BytesStart<'_>) {
        let part = |name: &str| attribute(start, name).filter(|text| !text.is_empty());
        let (Some(name), Some(version), Some(release)) = (part("name"), part("version"), part("release")) else {
            self.doubts.push("a package has no name, version or release");
            return;
        };
        let version = match part("epoch") {
            Some(epoch) if epoch != "0" => format!("{epoch}:{version}-{release}"),
            _ => format!("{version}-{release}"),
        };
        let known = self.packages.entry(name).or_default();
        if known.is_empty() || compare(Scheme::Rpm, &version, known).is_ok_and(std::cmp::Ordering::is_gt) {
            *known = version;
        }
    }

    /// Hands on what a security update says.
    fn hand_on(self, place: fn(&str) -> Option<Ecosystem>, intake: &mut Intake<'_>) -> Result<(), Refusal> {
        if self.kind != "security" {
            intake.skipped();
            return Ok(());
        }
        let Some(ecosystem) = place(&self.id) else {
            intake.unread(&self.id, self.id.as_str(), "its id names no release");
            return Ok(());
        };
        for doubt in &self.doubts {
            intake.problem(&self.id, doubt);
        }
        if self.packages.is_empty() {
            intake.unread(&self.id, self.id.as_str(), "it names no package that versions can be judged of");
            return Ok(());
        }
        let advisory = self.advisory(&ecosystem, intake.source());
        intake.advisory(advisory).map_err(|stopped| Refusal::Malformed(stopped.to_string()))
    }

    fn advisory(self, ecosystem: &Ecosystem, source: &str) -> Advisory {
        let severity = Severity::from_word(&self.severity);
        let of_package = severity.filter(|_| self.cves.len() < 2);
        let affected = |(package, fixed)| Affected {
            ecosystem: ecosystem.clone(),
            package,
            module: None,
            state: AffectedState::Affected,
            ranges: vec![Range::until(fixed)],
            versions: vec![],
            severity: of_package,
        };
        let of_cves = if self.cves.len() == 1 { self.of_cves } else { vec![] };
        Advisory {
            source: source.to_owned(),
            key: self.id.clone(),
            id: self.id,
            aliases: vec![],
            about: self.cves.into_iter().collect(),
            // The title is of the update, so that it is none of a vulnerability.
            title: String::new(),
            description: format!("{}\n{}", self.title, self.description).trim().to_owned(),
            published: self.issued,
            modified: self.updated.or(self.issued),
            withdrawn: None,
            cvss: vec![],
            severity,
            cwes: vec![],
            references: self.references.into_iter().chain(of_cves).collect(),
            affected: self.packages.into_iter().map(affected).collect(),
        }
    }
}

/// An instant of UTC as Amazon writes it, `2023-02-17 20:41`, with seconds too, or as OVAL has it.
fn instant(text: &str) -> Option<DateTime<Utc>> {
    let of = |form| Some(NaiveDateTime::parse_from_str(text, form).ok()?.and_utc());
    of("%Y-%m-%d %H:%M").or_else(|| of("%Y-%m-%d %H:%M:%S")).or_else(|| oval::instant(text))
}

#[cfg(test)]
mod tests;
