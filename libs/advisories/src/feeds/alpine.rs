//! Alpine's security database, `vX.Y/{main,community}.json`, in the format of [`secdb`](super::secdb) with
//! `"distroversion"` and `"reponame"`. The release is what the document says of itself, not its address.

use std::io::Read;

use chrono::{Datelike as _, NaiveDate};
use plimsoll_model::Ecosystem;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::admission::Intake;
use super::metered::small_json;
use super::secdb::Distribution;
use super::{Document, DocumentBytes, Feed, FeedKind, Later, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "alpine",
    title: "Alpine security database",
    kind: FeedKind::Advisories,
    upstream: "https://secdb.alpinelinux.org",
    upstream_path: str::to_owned,
    default_paths: || RELEASES.flat_map(of_release).collect(),
    later,
    // Written anew once an hour.
    interval: super::hours(1),
    index: None,
    parser: read,
};

/// The minor releases of Alpine 3 that are known of.
const RELEASES: std::ops::RangeInclusive<i32> = 3..=23;
/// No release after this one is asked for, whatever a clock says.
const LAST_RELEASE: i32 = 99;

/// Each release's repositories.
pub const REPOSITORIES: [&str; 2] = ["main", "community"];

/// Many times the largest (the mirror's has 37 KiB). Read whole, it takes up to sixteen times its length in memory.
const MAX_DOCUMENT_BYTES: u64 = 8 << 20;

/// The document of a release (`v3.10`, `edge`) and a repository (`main`).
pub fn document(release: &str, repository: &str) -> Document {
    FEED.document(path(release, repository))
}

fn path(release: &str, repository: &str) -> String {
    format!("{release}/{repository}.json")
}

fn of_release(minor: i32) -> [String; 2] {
    REPOSITORIES.map(|repository| path(&format!("v3.{minor}"), repository))
}

/// Two releases a year, of which 3.23 was the second of 2025; and one more, as nobody says when they come.
fn later(today: NaiveDate) -> Vec<Later> {
    let next = (23 + 2 * (today.year() - 2025) + 1).min(LAST_RELEASE);
    (RELEASES.end() + 1..=next).flat_map(of_release).map(|path| Later { path, is_due: false }).collect()
}

#[derive(Deserialize)]
struct SecurityDatabase {
    distroversion: String,
    reponame: String,
    /// `null` in a repository without fixes.
    packages: Option<Vec<Box<RawValue>>>,
}

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    read_stream(bytes, intake)
}

fn read_stream(bytes: impl Read, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let database: SecurityDatabase = small_json(bytes, MAX_DOCUMENT_BYTES)?;
    let (release, repository) = (database.distroversion.as_str(), database.reponame.as_str());
    if !is_release(release) || repository.is_empty() || repository.contains('/') {
        return Err(Refusal::Malformed(format!("it says it is of release '{release}', '{repository}'")));
    }
    let distribution = Distribution {
        ecosystem: Ecosystem::with_release("Alpine", release),
        title: "Alpine",
        key_prefix: format!("{release}/{repository}/"),
        pages: "https://security.alpinelinux.org/vuln/",
    };
    for (position, listed) in database.packages.iter().flatten().enumerate() {
        let taken = distribution.listed(position, listed, intake);
        taken.map_err(|stopped| Refusal::Malformed(stopped.to_string()))?;
    }
    Ok(())
}

/// `edge`, or `v` and numbers.
fn is_release(text: &str) -> bool {
    let numbers = |text: &str| text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    text == "edge" || text.strip_prefix('v').is_some_and(numbers)
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Advisory, AffectedState, Range};

    use super::*;
    use crate::feeds::{ParseReport, Record};

    fn parsed(text: &str) -> Result<(Vec<Advisory>, ParseReport), Refusal> {
        let mut records: Vec<Record> = vec![];
        let mut intake = Intake::new("alpine", &mut records);
        let outcome = read_stream(text.as_bytes(), &mut intake);
        let report = intake.finish(outcome)?;
        let advisory = |record| match record {
            Record::Advisory(advisory) => *advisory,
            other => panic!("{other:?}"),
        };
        Ok((records.into_iter().map(advisory).collect(), report))
    }

    fn database(packages: &str) -> String {
        format!(r#"{{"packages": {packages}, "distroversion": "v3.10", "reponame": "main"}}"#)
    }

    #[test]
    fn releases_that_may_have_come_since_are_asked_for_and_may_be_missing() {
        for (today, newest, count) in [
            ("2026-11-30", "v3.26/community.json", 6),
            ("2027-01-01", "v3.28/community.json", 10),
            ("9999-12-31", "v3.99/community.json", 152),
            ("1970-01-01", "v3.23/community.json", 0),
        ] {
            let documents = FEED.documents_as_of(today.parse().unwrap(), &[]);
            assert_eq!(documents.last().unwrap().path, newest, "{today}");
            assert_eq!(documents.iter().filter(|document| document.may_be_missing).count(), count, "{today}");
        }
    }

    #[test]
    fn a_fix_with_several_names_is_a_statement_for_each_cve_and_no_alias() {
        let packages = r#"[{"pkg": {"name": "xen", "secfixes": {
            "4.12.0-r2": ["CVE-2018-12126  XSA-297", "CVE-2017-5753 CVE-2017-5715 XSA-254", "XSA-253"], "0": ["CVE-2015-1"],
            "7.4.0-r0": null}}}]"#;
        let (advisories, report) = parsed(&database(packages)).unwrap();
        let keys: Vec<_> = advisories.iter().map(|advisory| advisory.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "v3.10/main/xen/CVE-2015-1",
                "v3.10/main/xen/CVE-2017-5715",
                "v3.10/main/xen/CVE-2017-5753",
                "v3.10/main/xen/CVE-2018-12126",
                "v3.10/main/xen/XSA-253"
            ]
        );
        assert!(advisories.iter().all(|advisory| advisory.aliases.is_empty()));
        assert_eq!(advisories[0].affected[0].state, AffectedState::NotAffected);
        assert_eq!(advisories[3].affected[0].ranges, [Range::until("4.12.0-r2")]);
        assert_eq!(advisories[3].affected[0].ecosystem.to_string(), "Alpine:v3.10");
        assert_eq!(advisories[3].description, "Alpine lists it as 'CVE-2018-12126  XSA-297'.");
        assert_eq!((report.statements, report.records, report.problems), (4, 5, 0));
    }

    #[test]
    fn an_empty_repository_is_one_and_a_broken_document_is_refused() {
        assert_eq!(parsed(&database("null")).unwrap().1.records, 0);
        assert_eq!(parsed(&database("[]")).unwrap().1.records, 0);
        let whole = database(r#"[{"pkg": {"name": "a", "secfixes": {"1-r0": ["CVE-2024-1"]}}}]"#);
        assert!(parsed(&whole).is_ok());
        for text in [
            "<html>",
            "{}",
            &whole[..whole.len() / 2],
            &whole.replace("v3.10", "../v3"),
            &whole.replace("v3.10", ""),
            &database(r#"[{"pkg": 3}]"#),
            &database(r#"[{"pkg": {"name": "a", "secfixes": {"1-r0": ["fixed something", 7]}}}]"#),
        ] {
            assert!(matches!(parsed(text), Err(Refusal::Malformed(_))), "{text}");
        }
    }
}
