//! The door between parsers and the sink: bounds every text of a record, counts, and keeps problems.
//!
//! Feeds are hostile input too. An id or a package name that could not be one is refused with its record; texts for people are
//! cut to a length and rid of control characters; lists are cut. So nothing past this door can be larger or odder than this.

use chrono::{DateTime, Utc};
use plimsoll_model::{Advisory, Affected, Event};

use super::report::MAX_PROBLEM_TEXTS;
use super::{ParseProblem, ParseReport, Record, Refusal, Sink};
use crate::judgeable::{Unmatchable, unmatchable};

/// The longest id of an advisory, in bytes.
const MAX_ID: usize = 200;
/// The longest key of an advisory, in bytes.
const MAX_KEY: usize = 2 * MAX_NAME;
/// The longest package name, in bytes. Go modules are the longest in the wild, below 200.
const MAX_NAME: usize = 512;
/// The longest version, in bytes.
const MAX_VERSION: usize = 256;
/// The longest title, in bytes.
const MAX_TITLE: usize = 1_000;
/// The longest description, in bytes.
const MAX_DESCRIPTION: usize = 64 * 1024;
/// The longest address, in bytes.
const MAX_ADDRESS: usize = 2_000;
/// The most references, CWEs or CVSS vectors of an advisory.
const MAX_LIST: usize = 200;
/// The most that a notice says: vulnerabilities times packages. A kernel's of SUSE comes to some 200,000.
const MAX_SAID: usize = 1_000_000;
/// The most aliases of an advisory.
const MAX_ALIASES: usize = 1_000;
/// The most records of a document that could not be read and are named: what is held of each is kept by its name.
const MAX_UNREAD: usize = 100_000;
/// The most affected packages of an advisory. Distributions' advisories for a whole desktop name some thousands.
const MAX_AFFECTED: usize = 50_000;

/// Takes what a parser reads.
pub struct Intake<'s> {
    source: &'static str,
    sink: &'s mut dyn Sink,
    report: ParseReport,
    refusal: Option<Refusal>,
}

/// A record could not be handed on: the parser stops, and [`Intake::finish`] tells why.
#[derive(Debug, thiserror::Error)]
#[error("the record could not be stored")]
pub struct Stopped;

impl<'s> Intake<'s> {
    /// The door to `sink` for records of the feed named `source`.
    pub fn new(source: &'static str, sink: &'s mut dyn Sink) -> Self {
        Self { source, sink, report: ParseReport::default(), refusal: None }
    }

    /// The feed's name.
    pub const fn source(&self) -> &'static str {
        self.source
    }

    /// Counts one statement of upstream's.
    pub const fn statement(&mut self) {
        self.report.statements += 1;
    }

    /// Counts a statement that is left out on purpose.
    pub const fn skipped(&mut self) {
        self.report.skipped += 1;
    }

    /// Counts a problem and keeps its text while there is room.
    pub fn problem(&mut self, place: impl AsRef<str>, what: impl AsRef<str>) {
        self.report.problems += 1;
        if self.report.problem_texts.len() < MAX_PROBLEM_TEXTS {
            let what = text(what.as_ref(), 500);
            self.report.problem_texts.push(ParseProblem { place: text(place.as_ref(), MAX_ID), what });
        }
    }

    /// Counts a record that could not be read, with why, and keeps its name ([`ParseReport::unread`]).
    pub fn unread(&mut self, place: impl AsRef<str>, record: impl Into<String>, why: impl AsRef<str>) {
        self.problem(place, why);
        let record = record.into();
        if self.report.unread.len() == MAX_UNREAD {
            let limit = MAX_UNREAD as u64;
            self.refusal.get_or_insert(Refusal::PastLimit { what: "the number of records that cannot be read", limit });
        } else if (1..=MAX_KEY).contains(&record.len()) {
            self.report.unread.push(record);
        }
    }

    /// The problems so far, as many as are kept.
    pub fn problems(&self) -> Vec<String> {
        self.report.problem_texts.iter().map(|problem| problem.what.clone()).collect()
    }

    /// What the document says of itself.
    pub fn edition(&mut self, edition: Option<String>, as_of: Option<DateTime<Utc>>) {
        self.report.edition = edition.map(|edition| text(&edition, 100));
        self.report.as_of = as_of;
    }

    /// Counts a record that stays in its document: whoever fetches that keeps it whole.
    pub const fn kept(&mut self) {
        self.report.records += 1;
    }

    /// Hands on a record that is not an advisory.
    pub fn record(&mut self, record: Record) -> Result<(), Stopped> {
        match self.sink.take(record) {
            Ok(()) => {
                self.report.records += 1;
                Ok(())
            }
            Err(error) => {
                self.refusal = Some(Refusal::Sink(error));
                Err(Stopped)
            }
        }
    }

    /// Bounds an advisory and hands it on; what cannot be believed of it is a problem.
    pub fn advisory(&mut self, mut advisory: Advisory) -> Result<(), Stopped> {
        if !is_token(&advisory.id, MAX_ID) || advisory.key.len() > MAX_KEY {
            let why = "the id is empty, too long or holds white space or control characters";
            self.unread(&advisory.id, advisory.key, why);
            return Ok(());
        }
        self.bound_texts(&mut advisory);
        self.bound_affected(&mut advisory);
        self.record(Record::Advisory(Box::new(advisory)))
    }

    fn bound_texts(&mut self, advisory: &mut Advisory) {
        advisory.title = text(&advisory.title, MAX_TITLE).replace('\n', " ");
        advisory.description = text(&advisory.description, MAX_DESCRIPTION);
        let own_id = advisory.id.clone();
        let before = advisory.aliases.len();
        advisory.aliases.retain(|alias| is_token(alias, MAX_ID));
        advisory.aliases.truncate(MAX_ALIASES);
        if advisory.aliases.len() < before {
            self.problem(&own_id, format!("{} aliases left out", before - advisory.aliases.len()));
        }
        advisory.about.retain(|id| is_token(id, MAX_ID));
        if advisory.about.len().saturating_mul(advisory.affected.len()) > MAX_SAID {
            advisory.about.clear();
            self.problem(
                &own_id,
                "it is about too many vulnerabilities in too many packages: told under its own id alone",
            );
        }
        advisory.aliases.retain(|alias| *alias != own_id);
        advisory.aliases.sort();
        advisory.aliases.dedup();
        advisory.cvss.truncate(MAX_LIST);
        let unread = advisory.cvss.extract_if(.., |vector| vector.score().is_none()).count();
        if unread > 0 {
            self.problem(&own_id, "a CVSS vector does not follow its specification");
        }
        advisory.cwes.retain(|cwe| is_token(cwe, MAX_ID));
        advisory.cwes.truncate(MAX_LIST);
        advisory.references.retain(|address| is_web_address(address));
        advisory.references.truncate(MAX_LIST);
    }

    fn bound_affected(&mut self, advisory: &mut Advisory) {
        advisory.affected.truncate(MAX_AFFECTED);
        let believable = |affected: &Affected| is_token(&affected.package, MAX_NAME) && versions_are_tokens(affected);
        let refused = advisory.affected.extract_if(.., |affected| !believable(affected)).count();
        if refused > 0 {
            self.problem(
                &advisory.id,
                format!("{refused} affected packages whose name or versions cannot be believed"),
            );
        }
        for affected in &advisory.affected {
            let Some(why) = unmatchable(affected) else { continue };
            self.report.unmatchable += 1;
            // That an ecosystem has no version scheme yet is our lack, not the record's problem.
            if !matches!(why, Unmatchable::NoScheme { .. }) {
                self.problem(&advisory.id, format!("{} {}: {why}", affected.ecosystem, affected.package));
            }
        }
    }

    /// The report, if the document was read whole and gave at least one record wherever it made statements.
    pub fn finish(self, outcome: Result<(), Refusal>) -> Result<ParseReport, Refusal> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        outcome?;
        let report = self.report;
        if report.records == 0 && report.problems > 0 {
            let first = report.problem_texts.first().map(|problem| problem.what.as_str()).unwrap_or_default();
            return Err(Refusal::Malformed(format!("none of its {} records could be read: {first}", report.problems)));
        }
        Ok(report)
    }
}

/// Whether a text can be an id, a name or a version: not empty, not too long, printable.
fn is_token(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.len() <= longest && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn versions_are_tokens(affected: &Affected) -> bool {
    let events = affected.ranges.iter().flat_map(|range| &range.events).map(Event::version);
    let printable = |version: &String| {
        !version.is_empty() && version.len() <= MAX_VERSION && !version.chars().any(char::is_control)
    };
    events.chain(&affected.versions).all(printable)
}

/// Only web addresses: others (`javascript:`) would be links in a console.
fn is_web_address(address: &str) -> bool {
    let is_web = address.starts_with("https://") || address.starts_with("http://") || address.starts_with("ftp://");
    is_web && is_token(address, MAX_ADDRESS)
}

/// A text for people: without control characters but line breaks and tabs, cut to `longest` bytes.
fn text(text: &str, longest: usize) -> String {
    let clean: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let end = (0..=longest.min(clean.len())).rev().find(|&end| clean.is_char_boundary(end)).unwrap_or(0);
    clean.get(..end).unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::{CvssVector, Ecosystem, Range};

    fn advisory(id: &str) -> Advisory {
        Advisory {
            source: "test".into(),
            key: id.into(),
            id: id.into(),
            aliases: vec![],
            about: vec![],
            title: String::new(),
            description: String::new(),
            published: None,
            modified: None,
            withdrawn: None,
            cvss: vec![],
            severity: None,
            cwes: vec![],
            references: vec![],
            affected: vec![],
        }
    }

    fn admitted(advisory: Advisory) -> (Option<Advisory>, ParseReport) {
        let mut records: Vec<Record> = vec![];
        let mut intake = Intake::new("test", &mut records);
        intake.advisory(advisory).unwrap();
        let report = intake.report.clone();
        let admitted = records.pop().map(|record| match record {
            Record::Advisory(advisory) => *advisory,
            other => panic!("{other:?}"),
        });
        (admitted, report)
    }

    #[test]
    fn ids_that_cannot_be_one_are_refused_with_their_record() {
        for id in ["", "CVE 1", "CVE-1\n", "CVE\0", &"x".repeat(MAX_ID + 1)] {
            let (record, report) = admitted(advisory(id));
            assert_eq!((record.is_none(), report.problems), (true, 1), "{id:?}");
        }
    }

    #[test]
    fn texts_and_lists_are_bounded() {
        let affected = |package: &str| Affected {
            ecosystem: Ecosystem::new("PyPI"),
            package: package.into(),
            module: None,
            state: Default::default(),
            ranges: vec![Range::until("1.0")],
            versions: vec![],
            severity: None,
        };
        let (record, report) = admitted(Advisory {
            title: "a\u{0}b\nc".into(),
            description: "é".repeat(MAX_DESCRIPTION),
            aliases: (0..10_000).map(|n| format!("X-{n}")).collect(),
            references: vec!["javascript:alert(1)".into(), "https://example.org/".into()],
            cvss: vec![CvssVector { vector: "CVSS:3.1/AV:?".into(), source: "test".into() }],
            affected: vec![affected("right"), affected("</script>\u{7}"), affected(&"x".repeat(1 << 20))],
            ..advisory("CVE-2024-1")
        });
        let record = record.unwrap();
        assert_eq!(record.title, "ab c");
        assert_eq!(record.description.len(), MAX_DESCRIPTION);
        assert_eq!(record.aliases.len(), MAX_ALIASES);
        assert_eq!(record.references, ["https://example.org/"]);
        assert_eq!(record.cvss, []);
        assert_eq!(record.affected.len(), 1);
        assert_eq!(report.problems, 3);
    }

    #[test]
    fn a_notice_that_says_too_much_is_told_under_its_own_id() {
        for (about, packages, expected) in [(1_000, 1_000, 1_000), (1_001, 1_000, 0)] {
            let affected = |n: usize| Affected {
                ecosystem: "SUSE:15".parse().unwrap(),
                package: format!("p{n}"),
                module: None,
                state: Default::default(),
                ranges: vec![Range::until("1.0")],
                versions: vec![],
                severity: None,
            };
            let (record, report) = admitted(Advisory {
                about: (0..about).map(|n| format!("CVE-2024-{n}")).collect(),
                affected: (0..packages).map(affected).collect(),
                ..advisory("SUSE-SU-1")
            });
            assert_eq!((record.unwrap().about.len(), report.problems), (expected, u64::from(expected == 0)));
        }
    }

    #[test]
    fn records_that_cannot_be_read_are_named_up_to_a_number_and_past_it_the_document_is_refused() {
        let named = |count: usize| {
            let mut records: Vec<Record> = vec![];
            let mut intake = Intake::new("test", &mut records);
            intake.advisory(advisory("CVE-2024-1")).unwrap();
            (0..count).for_each(|n| intake.unread("somewhere", format!("CVE-2024-{n}"), "broken"));
            intake.unread("somewhere", "x".repeat(MAX_KEY + 1), "broken");
            intake.unread("somewhere", "", "broken");
            intake.finish(Ok(())).map(|report| (report.unread.len(), report.problems))
        };
        assert_eq!(named(2).unwrap(), (2, 4), "what can be no key is counted alone");
        let refusal = named(MAX_UNREAD).unwrap_err();
        assert!(matches!(refusal, Refusal::PastLimit { .. }), "{refusal}");
    }

    #[test]
    fn a_sink_that_fails_stops_the_parse_with_its_reason() {
        let mut full = |_: Record| -> Result<(), super::super::SinkError> { Err("disk full".into()) };
        let mut intake = Intake::new("test", &mut full);
        assert!(intake.advisory(advisory("CVE-2024-1")).is_err());
        let refusal = intake.finish(Err(Refusal::Malformed("stopped".into()))).unwrap_err();
        assert_eq!(refusal.to_string(), "a record could not be stored: disk full");
    }
}
