//! An organization's own advisories: OSV documents that people write, and packages that they ban.
//!
//! A feed's record that is broken in part is read as far as it goes. Here somebody waits for the answer: whatever would be left out, or could
//! never match, is told instead, and nothing is taken.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use plimsoll_model::{Advisory, Affected, Ecosystem, Event, Range, Severity};
use plimsoll_versions::{BadConstraint, Constraint};
use serde_json::json;

use crate::feeds::{Intake, Record, osv};
use crate::judgeable::unmatchable;
use crate::package_name::advisory_name;
use crate::{Match, merge, rating};

/// The word that stands for an organization's own advisories among the sources of a finding.
pub const SOURCE: &str = "own";

/// The longest document, in bytes. Of the documents that OSV publishes the longest of most ecosystems has some 50 KiB.
pub const MAX_DOCUMENT: usize = 128 * 1024;
/// The longest id, in characters.
const MAX_ID: usize = 100;
/// The most aliases.
const MAX_ALIASES: usize = 100;
/// The most packages of one document.
const MAX_AFFECTED: usize = 1_000;
/// What ids of banned packages begin with.
const BAN: &str = "BAN:";

/// Distributions whose packages are of a release each: what is said of no release meets none.
const OF_RELEASES: [&str; 14] = [
    "Debian",
    "Ubuntu",
    "Alpine",
    "Red Hat",
    "AlmaLinux",
    "Rocky Linux",
    "SUSE",
    "openSUSE",
    "Mageia",
    "openEuler",
    "Oracle Linux",
    "Amazon Linux",
    "Photon OS",
    "Azure Linux",
];

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where in the document; empty where the text itself tells.
    pub place: String,
    /// What, for people.
    pub what: String,
}

impl Wrong {
    fn at(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self { place: place.into(), what: what.into() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() { f.write_str(&self.what) } else { write!(f, "{}: {}", self.place, self.what) }
    }
}

/// The advisory that a document of the OSV schema says.
///
/// # Errors
/// All that is wrong with it, one at least.
pub fn read(document: &str) -> Result<Advisory, Vec<Wrong>> {
    if document.len() > MAX_DOCUMENT {
        return Err(vec![Wrong::at("", format!("it has {} bytes; the limit is {MAX_DOCUMENT}", document.len()))]);
    }
    let (mut advisory, doubts) = osv::advisory(document.as_bytes(), SOURCE).map_err(|error| vec![syntax(&error)])?;
    // What is related to it stays so: who writes an advisory of one's own means one vulnerability, and says by aliases which.
    advisory.about.clear();
    let mut wrong: Vec<Wrong> = doubts.into_iter().map(|doubt| Wrong::at("affected", doubt)).collect();
    wrong.extend(out_of_bounds(&advisory));
    wrong.extend(never_matching(&advisory));
    let mut records: Vec<Record> = Vec::new();
    let mut intake = Intake::new(SOURCE, &mut records);
    let taken = intake.advisory(advisory);
    let problems = intake.problems();
    // What can never match was told above.
    wrong.extend(
        problems
            .into_iter()
            .filter(|what| !wrong.iter().any(|told| told.to_string() == *what))
            .map(|what| Wrong::at("", what))
            .collect::<Vec<_>>(),
    );
    match (taken, records.pop()) {
        (Ok(()), Some(Record::Advisory(advisory))) if wrong.is_empty() => Ok(*advisory),
        _ if wrong.is_empty() => Err(vec![Wrong::at("", "it is no advisory")]),
        _ => Err(wrong),
    }
}

fn syntax(error: &serde_json::Error) -> Wrong {
    let place = format!("line {}, column {}", error.line(), error.column());
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    Wrong::at(place, what)
}

fn out_of_bounds(advisory: &Advisory) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let is_id = |text: &str| {
        (1..=MAX_ID).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic() && !"\"'<>\\`".contains(c))
    };
    if !is_id(&advisory.id) {
        wrong.push(Wrong::at("id", format!("an id is 1 to {MAX_ID} letters, digits and signs, without white space")));
    }
    if advisory.aliases.len() > MAX_ALIASES {
        wrong.push(Wrong::at("aliases", format!("there are {}; the limit is {MAX_ALIASES}", advisory.aliases.len())));
    }
    if !advisory.aliases.iter().all(|alias| is_id(alias)) {
        wrong.push(Wrong::at("aliases", "one of them is no id"));
    }
    if advisory.affected.len() > MAX_AFFECTED {
        wrong
            .push(Wrong::at("affected", format!("there are {}; the limit is {MAX_AFFECTED}", advisory.affected.len())));
    }
    if advisory.affected.is_empty() && !advisory.is_withdrawn() {
        wrong.push(Wrong::at("affected", "it names no package"));
    }
    wrong
}

fn never_matching(advisory: &Advisory) -> impl Iterator<Item = Wrong> {
    advisory.affected.iter().filter_map(|affected| {
        let ecosystem = &affected.ecosystem;
        let why = if ecosystem.release().is_none() && OF_RELEASES.contains(&ecosystem.name()) {
            format!("{ecosystem} has releases: say which, as in '{ecosystem}:12'")
        } else {
            unmatchable(affected)?.to_string()
        };
        Some(Wrong::at(format!("{ecosystem} {}", affected.package), why))
    })
}

/// How an own advisory rates each of its packages, in their order: as [`rating`] does where nobody else speaks.
pub fn ratings(advisory: &Advisory) -> Vec<Option<Severity>> {
    let alone = merge("", std::slice::from_ref(advisory));
    let of_package = |affected: &Affected| {
        let found = Match {
            vulnerability: String::new(),
            fixed_in: None,
            state: affected.state,
            severity: affected.severity,
            severity_source: Some(advisory.source.clone()),
            sources: Vec::new(),
            advisories: Vec::new(),
        };
        Some(rating(&found, &alone).severity).filter(|severity| *severity != Severity::Unknown)
    };
    advisory.affected.iter().map(of_package).collect()
}

/// A package that shall not be in an image.
#[derive(Debug, Clone)]
pub struct Ban<'a> {
    /// The ecosystem, with its release where it has one.
    pub ecosystem: &'a Ecosystem,
    /// The package.
    pub package: &'a str,
    /// Which of its versions (`>=2.0, <2.17.1`); all where absent.
    pub versions: Option<&'a str>,
    /// Why, for those who have it.
    pub reason: &'a str,
    /// How bad it is to have it.
    pub severity: Severity,
}

impl Ban<'_> {
    /// The id under which a package is banned: one ban a package.
    pub fn id(ecosystem: &Ecosystem, package: &str) -> String {
        let package = advisory_name(ecosystem, package.trim().to_owned());
        format!("{BAN}{}/{package}", ecosystem.to_string().replace(' ', "-"))
    }

    /// The ban as a document of the OSV schema.
    ///
    /// # Errors
    /// When `versions` is no condition that advisories can state.
    pub fn document(&self, at: DateTime<Utc>) -> Result<String, BadConstraint> {
        let versions = self.versions.map(str::trim).filter(|versions| !versions.is_empty());
        let ranges = match versions {
            None => vec![Range { events: vec![Event::Introduced("0".into())] }],
            Some(versions) => Constraint::parse(versions)?.ranges()?,
        };
        let ranges: Vec<_> =
            ranges.iter().map(|range| json!({ "type": "ECOSYSTEM", "events": range.events })).collect();
        let package = self.package.trim();
        let which = versions.map(|versions| format!(" {versions}")).unwrap_or_default();
        let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        let document = json!({
            "schema_version": "1.7.0", "id": Self::id(self.ecosystem, package), "published": at, "modified": at,
            "summary": format!("Banned: {package}{which}"), "details": self.reason,
            "affected": [{ "package": { "ecosystem": self.ecosystem, "name": package }, "ranges": ranges }],
            "database_specific": { "severity": self.severity.as_str() },
        });
        Ok(document.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(id: &str, affected: &str) -> String {
        format!(r#"{{"id": "{id}", "modified": "2026-01-01T00:00:00Z", "affected": [{affected}]}}"#)
    }

    fn affected(ecosystem: &str, events: &str) -> String {
        format!(
            r#"{{"package": {{"ecosystem": "{ecosystem}", "name": "Demo_Package"}}, "ranges": [{{"type": "ECOSYSTEM", "events": {events}}}]}}"#
        )
    }

    #[test]
    fn a_document_is_read_as_a_feeds_is() {
        let text = document("ACME-2026-1", &affected("PyPI", r#"[{"introduced": "0"}, {"fixed": "2.0"}]"#));
        let advisory = read(&text).unwrap();
        assert_eq!((advisory.id.as_str(), advisory.source.as_str()), ("ACME-2026-1", SOURCE));
        assert_eq!(advisory.affected[0].package, "demo-package");
        assert_eq!(advisory.affected[0].ranges, [Range::until("2.0")]);
        assert!(crate::feeds::by_name(SOURCE).is_none(), "no feed has the name");
    }

    #[test]
    fn what_would_be_left_out_or_never_match_is_told_with_its_place() {
        let good = affected("PyPI", r#"[{"introduced": "0"}]"#);
        let many = vec![good.as_str(); MAX_AFFECTED + 1].join(",");
        let aliases = |aliases: &str| {
            format!(
                r#"{{"id": "A-1", "modified": "2026-01-01T00:00:00Z", "aliases": {aliases}, "affected": [{good}]}}"#
            )
        };
        for (text, told) in [
            ("{".to_owned(), "line 1, column 1: EOF while parsing an object"),
            ("{\n \"id\": 3}".into(), ": invalid type: integer `3`, expected a string"),
            ("[]".into(), "invalid length 0"),
            (document("", &good), "id: an id is 1 to 100"),
            (document("A 1", &good), "id: an id is 1 to 100"),
            (document(&"A".repeat(101), &good), "id: an id is 1 to 100"),
            (document("A-1", ""), "affected: it names no package"),
            (document("A-1", &many), "affected: there are 1001; the limit is 1000"),
            (aliases(r#"["CVE 1"]"#), "aliases: one of them is no id"),
            (aliases(&format!("{:?}", vec!["A-2"; 101])), "aliases: there are 101"),
            (document("A-1", &affected("Debian", r#"[{"introduced": "0"}]"#)), "Debian has releases"),
            (document("A-1", &affected("PyPI", "[]")), "PyPI demo-package: it names no versions"),
            (document("A-1", &affected("npm", r#"[{"fixed": "soon"}]"#)), "soon"),
            (
                document("A-1", &affected("Klingon", r#"[{"introduced": "0"}]"#)),
                "version order of Klingon is not known",
            ),
            (
                document("A-1", &affected("npm", r#"[{"introduced": "2.0.0"}, {"fixed": "1.0.0"}]"#)),
                "a range begins at 2.0.0 and ends before, at 1.0.0",
            ),
            (" ".repeat(MAX_DOCUMENT + 1), "the limit is 131072"),
        ] {
            let wrong = read(&text).unwrap_err();
            let texts: Vec<String> = wrong.iter().map(ToString::to_string).collect();
            assert!(texts.iter().any(|text| text.contains(told)), "{told}: {texts:?}");
            let distinct: std::collections::BTreeSet<&String> = texts.iter().collect();
            assert_eq!(distinct.len(), texts.len(), "told once: {texts:?}");
        }
    }

    #[test]
    fn a_ban_is_an_advisory_of_the_package() {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let pypi: Ecosystem = "PyPI".parse().unwrap();
        let ban = |versions| Ban {
            ecosystem: &pypi,
            package: "Evil_Package",
            versions,
            reason: "It phones home.",
            severity: Severity::Critical,
        };
        let advisory = read(&ban(None).document(at).unwrap()).unwrap();
        assert_eq!(advisory.id, "BAN:PyPI/evil-package");
        assert_eq!(Ban::id(&pypi, "evil.package"), advisory.id, "one ban a package, however it is written");
        assert_eq!((advisory.title.as_str(), advisory.severity), ("Banned: Evil_Package", Some(Severity::Critical)));
        assert_eq!(advisory.affected[0].ranges, [Range::everything()]);
        let advisory = read(&ban(Some(">=1.0, <2.0 || 3.1")).document(at).unwrap()).unwrap();
        assert_eq!(advisory.title, "Banned: Evil_Package >=1.0, <2.0 || 3.1");
        assert_eq!(advisory.affected[0].ranges.len(), 2);
        assert!(ban(Some("^1.0")).document(at).is_err());
        let large = "99999999999999999999";
        assert!(ban(Some(large)).document(at).is_ok_and(|text| read(&text).is_err()), "no version of the scheme");
        let rocky: Ecosystem = "Rocky Linux:9".parse().unwrap();
        assert_eq!(Ban::id(&rocky, "telnet"), "BAN:Rocky-Linux:9/telnet");
    }
}
