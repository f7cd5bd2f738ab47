//! Debian's security tracker, `tracker/data/json`: the distribution's own word on its packages.
//!
//! In: `{source package: {CVE or TEMP id: {"description", "releases": {codename: {"status", "fixed_version", ...}}}}}`, 70 MB,
//! read as a stream. Out: one advisory a (package, id), its key `<package>/<id>`, with one affected package a release.
//! `sid` is left out: an image of it has no `VERSION_ID`, so that no package can be of it.
//! Source: <https://security-tracker.debian.org/tracker/> and its repository's `lib/python/web_support.py`, `bin/tracker_service.py`.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use plimsoll_model::{Advisory, Affected, AffectedState, Ecosystem, Range, Severity};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::admission::Intake;
use super::metered::{Limits, Meter};
use super::{DocumentBytes, Feed, FeedKind, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "debian",
    title: "Debian security tracker",
    kind: FeedKind::Advisories,
    upstream: "https://security-tracker.debian.org",
    upstream_path: str::to_owned,
    default_paths: || vec!["tracker/data/json".into()],
    later: super::none_later,
    // Written anew at least once an hour.
    interval: super::hours(1),
    index: None,
    parser: read,
};

/// Ten times today's document; a statement has some KiB.
const LIMITS: Limits = Limits { document_bytes: 1 << 30, record_bytes: 4 << 20 };

/// Releases by codename: the version as os-release's `VERSION_ID` begins, and for those before it as OSV names them.
const RELEASES: [(&str, &str); 20] = [
    ("buzz", "1.1"),
    ("rex", "1.2"),
    ("bo", "1.3"),
    ("hamm", "2.0"),
    ("slink", "2.1"),
    ("potato", "2.2"),
    ("woody", "3.0"),
    ("sarge", "3.1"),
    ("etch", "4"),
    ("lenny", "5"),
    ("squeeze", "6"),
    ("wheezy", "7"),
    ("jessie", "8"),
    ("stretch", "9"),
    ("buster", "10"),
    ("bullseye", "11"),
    ("bookworm", "12"),
    ("trixie", "13"),
    ("forky", "14"),
    ("duke", "15"),
];

/// The release of this codename.
pub(super) fn release(codename: &str) -> Option<&'static str> {
    RELEASES.into_iter().find(|(name, _)| *name == codename).map(|(_, version)| version)
}

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    read_stream(bytes, intake)
}

fn read_stream(bytes: impl Read, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let meter = Meter::new(LIMITS);
    let mut json = serde_json::Deserializer::from_reader(meter.reader(bytes));
    let packages = Packages { intake, meter: &meter };
    let is_empty = packages.deserialize(&mut json).and_then(|empty| json.end().map(|()| empty));
    match is_empty {
        Ok(false) => Ok(()),
        Ok(true) => Err(Refusal::Malformed("it names no package".into())),
        Err(error) => Err(meter.json_refusal(error)),
    }
}

/// The outer object: source packages. Tells whether there was none.
struct Packages<'p, 's> {
    intake: &'p mut Intake<'s>,
    meter: &'p Meter,
}

impl<'de> DeserializeSeed<'de> for Packages<'_, '_> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<bool, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Packages<'_, '_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of source packages")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        let mut is_empty = true;
        while let Some(package) = map.next_key::<String>()? {
            is_empty = false;
            map.next_value_seed(Statements { package, intake: self.intake, meter: self.meter })?;
        }
        Ok(is_empty)
    }
}

/// A package's object: its statements by id.
struct Statements<'p, 's> {
    package: String,
    intake: &'p mut Intake<'s>,
    meter: &'p Meter,
}

impl<'de> DeserializeSeed<'de> for Statements<'_, '_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Statements<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object of the statements on {}", self.package)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((id, raw)) = map.next_entry::<String, Box<RawValue>>()? {
            self.meter.next_record();
            self.intake.statement();
            let place = format!("{}/{id}", self.package);
            let statement: Statement = match serde_json::from_str(raw.get()) {
                Ok(statement) => statement,
                Err(error) => {
                    self.intake.unread(&place, place.as_str(), error.to_string());
                    continue;
                }
            };
            let advisory = statement.advisory(&self.package, id, self.intake);
            if advisory.affected.is_empty() {
                self.intake.skipped();
            } else {
                self.intake.advisory(advisory).map_err(A::Error::custom)?;
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Statement {
    description: Option<String>,
    releases: Releases,
}

/// An object, or an empty list where there is none (seen in the tracker's own answers).
#[derive(Deserialize)]
#[serde(untagged)]
enum Releases {
    Named(BTreeMap<String, Release>),
    List(Vec<serde_json::Value>),
}

#[derive(Deserialize)]
struct Release {
    status: String,
    fixed_version: Option<String>,
    urgency: Option<String>,
    nodsa: Option<String>,
    nodsa_reason: Option<String>,
}

impl Statement {
    fn advisory(self, package: &str, id: String, intake: &mut Intake<'_>) -> Advisory {
        let key = format!("{package}/{id}");
        let releases = match self.releases {
            Releases::Named(releases) => releases,
            Releases::List(list) => {
                if !list.is_empty() {
                    intake.problem(&key, "its releases are a list without names");
                }
                BTreeMap::new()
            }
        };
        let mut affected = Vec::with_capacity(releases.len());
        for (codename, release) in releases {
            if codename == "sid" {
                continue;
            }
            let Some(version) = self::release(&codename) else {
                intake.problem(&key, format!("the release {codename} is not known"));
                continue;
            };
            match release.affected(Ecosystem::with_release("Debian", version), package) {
                Some(release) => affected.push(release),
                None => intake.problem(&key, format!("{codename} has the unknown status {}", release.status)),
            }
        }
        Advisory {
            source: intake.source().to_owned(),
            references: vec![format!("https://security-tracker.debian.org/tracker/{id}")],
            key,
            id,
            aliases: vec![],
            about: vec![],
            title: String::new(),
            description: self.description.unwrap_or_default(),
            published: None,
            modified: None,
            withdrawn: None,
            cvss: vec![],
            severity: None,
            cwes: vec![],
            affected,
        }
    }
}

impl Release {
    /// What the tracker says of the package in this release; `None` for a status we do not know.
    fn affected(&self, ecosystem: Ecosystem, package: &str) -> Option<Affected> {
        let fixed = self.fixed_version.as_deref().filter(|version| !version.is_empty());
        let range = || match fixed {
            Some(version) if version != "0" => Range::until(version),
            _ => Range::everything(),
        };
        let (state, ranges) = match self.status.as_str() {
            // "0" is the tracker's way to say that no version of the release ever was vulnerable.
            "resolved" if fixed == Some("0") => (AffectedState::NotAffected, vec![]),
            // Resolved without a version says that it is not open, and not since when.
            "resolved" if fixed.is_none() => (AffectedState::UnderInvestigation, vec![Range::everything()]),
            "resolved" => (AffectedState::Affected, vec![range()]),
            "open" => (self.open_state(), vec![range()]),
            "undetermined" => (AffectedState::UnderInvestigation, vec![Range::everything()]),
            _ => return None,
        };
        let severity = self.urgency.as_deref().and_then(Severity::from_word);
        Some(Affected {
            ecosystem,
            package: package.to_owned(),
            module: None,
            state,
            ranges,
            versions: vec![],
            severity,
        })
    }

    /// An open issue's state. `nodsa` (no advisory will be published) covers `ignored` and `postponed` too.
    fn open_state(&self) -> AffectedState {
        if self.urgency.as_deref() == Some("end-of-life") {
            AffectedState::EndOfLife
        } else if self.nodsa.is_some() || self.nodsa_reason.is_some() {
            AffectedState::WontFix
        } else {
            AffectedState::Affected
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::{ParseReport, Record};

    fn parsed(text: &str) -> Result<(Vec<Advisory>, ParseReport), Refusal> {
        let mut records: Vec<Record> = vec![];
        let mut intake = Intake::new("debian", &mut records);
        let outcome = read_stream(text.as_bytes(), &mut intake);
        let report = intake.finish(outcome)?;
        let advisory = |record| match record {
            Record::Advisory(advisory) => *advisory,
            other => panic!("{other:?}"),
        };
        Ok((records.into_iter().map(advisory).collect(), report))
    }

    #[test]
    fn every_state_of_the_tracker_is_kept_as_said() {
        use AffectedState::{Affected, EndOfLife, NotAffected, UnderInvestigation, WontFix};
        let cases = [
            (
                r#""status":"resolved","fixed_version":"1.2-3","urgency":"medium**""#,
                Affected,
                Some("1.2-3"),
                Some(Severity::Medium),
            ),
            (
                r#""status":"resolved","fixed_version":"0","urgency":"unimportant""#,
                NotAffected,
                None,
                Some(Severity::Negligible),
            ),
            (r#""status":"open","urgency":"not yet assigned""#, Affected, None, None),
            (r#""status":"open","urgency":"unimportant""#, Affected, None, Some(Severity::Negligible)),
            (r#""status":"open","urgency":"end-of-life""#, EndOfLife, None, None),
            (
                r#""status":"open","urgency":"low","nodsa":"Minor issue","nodsa_reason":"""#,
                WontFix,
                None,
                Some(Severity::Low),
            ),
            (
                r#""status":"open","urgency":"low","nodsa":"Minor","nodsa_reason":"postponed""#,
                WontFix,
                None,
                Some(Severity::Low),
            ),
            (r#""status":"undetermined","urgency":"not yet assigned""#, UnderInvestigation, None, None),
            (r#""status":"resolved","urgency":"high""#, UnderInvestigation, None, Some(Severity::High)),
        ];
        for (release, state, fixed, severity) in cases {
            let text = format!(
                r#"{{"pkg": {{"CVE-2024-1": {{"description": "d", "releases": {{"bookworm": {{{release}}}}}}}}}}}"#
            );
            let (advisories, report) = parsed(&text).unwrap();
            let affected = &advisories[0].affected[0];
            assert_eq!((affected.state, affected.severity), (state, severity), "{release}");
            let expected = match (state, fixed) {
                (NotAffected, _) => vec![],
                (_, Some(version)) => vec![Range::until(version)],
                (_, None) => vec![Range::everything()],
            };
            assert_eq!(affected.ranges, expected, "{release}");
            assert_eq!(affected.ecosystem.to_string(), "Debian:12");
            assert_eq!(report.problems, 0);
        }
    }

    #[test]
    fn statements_keep_their_package_in_the_key_and_temporary_ids() {
        let release = r#"{"status":"open","urgency":"low"}"#;
        let text = format!(
            r#"{{"a": {{"CVE-2024-1": {{"releases": {{"trixie": {release}, "sid": {release}}}}},
                        "TEMP-0000001-ABCDEF": {{"releases": {{"bullseye": {release}}}}}}},
                 "b": {{"CVE-2024-1": {{"releases": {{"sid": {release}}}}}, "CVE-2024-2": {{"releases": []}}}}}}"#
        );
        let (advisories, report) = parsed(&text).unwrap();
        let keys: Vec<_> = advisories.iter().map(|advisory| (advisory.key.as_str(), advisory.affected.len())).collect();
        assert_eq!(keys, [("a/CVE-2024-1", 1), ("a/TEMP-0000001-ABCDEF", 1)]);
        assert_eq!((report.statements, report.records, report.skipped, report.problems), (4, 2, 2, 0));
    }

    #[test]
    fn what_is_not_understood_is_a_problem_with_its_place() {
        let text = r#"{"a": {"CVE-2024-1": {"releases": {"hoover": {"status": "open"}, "bookworm": {"status": "maybe"}}},
                             "CVE-2024-2": 7,
                             "CVE-2024-3": {"releases": {"bookworm": {"status": "open"}}}}}"#;
        let (advisories, report) = parsed(text).unwrap();
        assert_eq!(advisories.len(), 1);
        assert_eq!(report.problems, 3);
        assert_eq!(report.problem_texts[2].place, "a/CVE-2024-2");
    }

    #[test]
    fn what_is_no_whole_tracker_document_is_refused() {
        let whole = r#"{"a": {"CVE-2024-1": {"releases": {"bookworm": {"status": "open"}}}}}"#;
        assert!(parsed(whole).is_ok());
        for text in [
            "",
            "{}",
            "[]",
            "null",
            "<html></html>",
            r#"{"error": "try again"}"#,
            &whole[..whole.len() - 1],
            &whole[..whole.len() / 2],
            &format!("{whole}x"),
            &"[".repeat(100_000),
        ] {
            let refusal = parsed(text).unwrap_err();
            assert!(matches!(refusal, Refusal::Malformed(_)), "{text}: {refusal:?}");
        }
    }
}
