//! Alpine's security database, `vX.Y/{main,community}.json`: which version of a package first had a fix.
//!
//! In: `{"distroversion", "reponame", "packages": [{"pkg": {"name", "secfixes": {version: ["CVE-...", "CVE-... XSA-..."]}}}]}`;
//! packages are source packages (`origin`). Out: one advisory a (release, repository, package, id).
//! The release is what the document says of itself, not its address. Source: <https://secdb.alpinelinux.org/>.
//!
//! Readings that the format leaves open:
//! - A fix in version `0` says that the package never was affected. Beside another fix it says nothing.
//! - A listed fix may carry several names and remarks (`CVE-2018-12126  XSA-297`, `CVE-2018-14461 (LDP)`, `CVE_2019-2426`).
//!   Each CVE in it is a statement of its own; a name that is no CVE counts only where there is none. They are not
//!   aliases: XSA-297 is four CVEs.
//! - Several fixes for one id: see [`ranges`].

mod ids;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use plimsoll_model::{Advisory, Affected, AffectedState, Ecosystem, Event, Range};
use plimsoll_versions::{Scheme, Version};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::admission::{Intake, Stopped};
use super::metered::small_json;
use super::{Document, DocumentBytes, Feed, FeedKind, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "alpine",
    title: "Alpine security database",
    kind: FeedKind::Advisories,
    upstream: "https://secdb.alpinelinux.org",
    upstream_path: str::to_owned,
    default_paths,
    parser: read,
};

/// The minor releases of Alpine 3 that are read unless the operator names others.
pub const DEFAULT_RELEASES: std::ops::RangeInclusive<u8> = 3..=23;

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

fn default_paths() -> Vec<String> {
    let of_release = |minor| REPOSITORIES.map(|repository| path(&format!("v3.{minor}"), repository));
    DEFAULT_RELEASES.flat_map(of_release).collect()
}

#[derive(Deserialize)]
struct SecurityDatabase {
    distroversion: String,
    reponame: String,
    /// `null` in a repository without fixes.
    packages: Option<Vec<Box<RawValue>>>,
}

#[derive(Deserialize)]
struct Listed {
    pkg: Package,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    secfixes: Option<BTreeMap<String, Option<Vec<serde_json::Value>>>>,
}

/// What is listed for one id of one package.
#[derive(Default)]
struct Fixes {
    versions: BTreeSet<String>,
    /// The listed texts that say more than the id.
    texts: BTreeSet<String>,
}

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    read_stream(bytes, intake)
}

fn read_stream(bytes: impl Read, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let database: SecurityDatabase = small_json(bytes, MAX_DOCUMENT_BYTES)?;
    let release = database.distroversion.as_str();
    if !is_release(release) || database.reponame.is_empty() || database.reponame.contains('/') {
        return Err(Refusal::Malformed(format!("it says it is of release '{release}', '{}'", database.reponame)));
    }
    let mut repository = Repository { release, name: &database.reponame, intake };
    for (position, raw) in database.packages.iter().flatten().enumerate() {
        match serde_json::from_str::<Listed>(raw.get()) {
            Ok(listed) => {
                repository.package(listed.pkg).map_err(|stopped| Refusal::Malformed(stopped.to_string()))?;
            }
            Err(error) => repository.intake.problem(format!("package {}", position + 1), error.to_string()),
        }
    }
    Ok(())
}

/// `edge`, or `v` and numbers.
fn is_release(text: &str) -> bool {
    let numbers = |text: &str| text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()));
    text == "edge" || text.strip_prefix('v').is_some_and(numbers)
}

struct Repository<'r, 's> {
    release: &'r str,
    name: &'r str,
    intake: &'r mut Intake<'s>,
}

impl Repository<'_, '_> {
    fn package(&mut self, package: Package) -> Result<(), Stopped> {
        let mut by_id: BTreeMap<String, Fixes> = BTreeMap::new();
        for (version, listed) in package.secfixes.unwrap_or_default() {
            for text in listed.unwrap_or_default() {
                self.intake.statement();
                let text = text.as_str().unwrap_or_default();
                let named = ids::named(text);
                if named.is_empty() {
                    self.intake.problem(&package.name, format!("a fix in {version} names no id: '{text}'"));
                }
                for id in named {
                    let fixes = by_id.entry(id).or_default();
                    fixes.versions.insert(version.trim().to_owned());
                    if text.contains(char::is_whitespace) {
                        fixes.texts.insert(text.to_owned());
                    }
                }
            }
        }
        for (id, fixes) in by_id {
            let advisory = self.advisory(&package.name, id, &fixes);
            self.intake.advisory(advisory)?;
        }
        Ok(())
    }

    fn advisory(&self, package: &str, id: String, fixes: &Fixes) -> Advisory {
        let ranges = ranges(&fixes.versions);
        let affected = Affected {
            ecosystem: Ecosystem::with_release("Alpine", self.release),
            package: package.to_owned(),
            state: if ranges.is_empty() { AffectedState::NotAffected } else { AffectedState::Affected },
            ranges,
            versions: vec![],
            severity: None,
        };
        let listed: Vec<String> = fixes.texts.iter().map(|text| format!("Alpine lists it as '{text}'.")).collect();
        Advisory {
            source: self.intake.source().to_owned(),
            key: format!("{}/{}/{package}/{id}", self.release, self.name),
            references: vec![format!("https://security.alpinelinux.org/vuln/{id}")],
            id,
            aliases: vec![],
            title: String::new(),
            description: listed.join("\n"),
            published: None,
            modified: None,
            withdrawn: None,
            cvss: vec![],
            severity: None,
            cwes: vec![],
            affected: vec![affected],
        }
    }
}

/// The affected ranges that the fixes of one id say; none where the package never was affected.
///
/// One id may be listed at several versions: the list is the package's history across upstream's branches, and a
/// newer branch may come without the fix that an older one got (busybox 1.29.3-r10 has CVE-2019-5747 fixed, 1.30.1 only from
/// -r2). So a listed fix holds for builds of *its* upstream version; the next upstream version is affected again until its own
/// fix; and past the highest fix nothing is. Of several fixes in one upstream version the last counts: the former was not whole.
/// Where a version cannot be ordered each fix makes a range of its own, so that nothing is missed.
fn ranges(fixes: &BTreeSet<String>) -> Vec<Range> {
    let fixes: Vec<&String> = fixes.iter().filter(|version| *version != "0").collect();
    if let [fix] = fixes.as_slice() {
        return vec![Range::until(fix.as_str())];
    }
    branches(&fixes).unwrap_or_else(|| fixes.iter().map(|fix| Range::until(fix.as_str())).collect())
}

/// One range over the branches of several fixes, or `None` where their order is not known.
fn branches(fixes: &[&String]) -> Option<Vec<Range>> {
    let read = |version: &str| Version::parse(Scheme::Apk, version).ok();
    let mut ordered: Vec<(Version, &str)> =
        fixes.iter().map(|fix| read(fix).map(|version| (version, fix.as_str()))).collect::<Option<_>>()?;
    ordered.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let mut events = Vec::with_capacity(2 * ordered.len());
    let mut introduced = "0".to_owned();
    let mut following = ordered.iter().skip(1);
    for (_, fix) in &ordered {
        let upstream = upstream_version(fix);
        let is_last_of_upstream = following.next().is_none_or(|(_, next)| upstream_version(next) != upstream);
        if is_last_of_upstream {
            // `_p` orders after every build (`-rN`) of the version and before the next version.
            let after = format!("{upstream}_p");
            read(&after)?;
            events.push(Event::Introduced(std::mem::replace(&mut introduced, after)));
            events.push(Event::Fixed((*fix).to_owned()));
        }
    }
    if events.is_empty() { Some(vec![]) } else { Some(vec![Range { events }]) }
}

/// The version without Alpine's build number: `1.30.1` of `1.30.1-r2`.
fn upstream_version(version: &str) -> &str {
    version.rsplit_once("-r").map_or(version, |(upstream, _)| upstream)
}

#[cfg(test)]
mod tests {
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
    fn several_fixes_of_one_id_are_read_by_branch() {
        let fixed = |versions: &[&str]| ranges(&versions.iter().map(|&version| version.to_owned()).collect());
        let events = |events: &[(&str, &str)]| {
            let event = |&(from, to): &(&str, &str)| [Event::Introduced(from.into()), Event::Fixed(to.into())];
            vec![Range { events: events.iter().flat_map(event).collect() }]
        };
        assert_eq!(fixed(&["0"]), []);
        assert_eq!(fixed(&["0", "1.0-r0"]), events(&[("0", "1.0-r0")]));
        assert_eq!(fixed(&["1.0.28-r7", "1.0.28-r8"]), events(&[("0", "1.0.28-r8")]), "one upstream version: the last");
        let busybox = events(&[("0", "1.29.3-r10"), ("1.29.3_p", "1.30.1-r2")]);
        assert_eq!(fixed(&["1.30.1-r2", "1.29.3-r10"]), busybox);
        let unordered = fixed(&["1.0-r0", "not ordered"]);
        assert_eq!(unordered, [Range::until("1.0-r0"), Range::until("not ordered")], "nothing is missed");
    }

    #[test]
    fn a_build_of_a_branch_with_its_fix_is_not_affected_and_the_next_branch_is_until_its_own() {
        let affected = Affected {
            ecosystem: "Alpine:v3.10".parse().unwrap(),
            package: "busybox".into(),
            state: AffectedState::Affected,
            ranges: ranges(&["1.30.1-r2".to_owned(), "1.29.3-r10".to_owned()].into()),
            versions: vec![],
            severity: None,
        };
        for (version, expected) in [
            ("1.29.3-r9", true),
            ("1.29.3-r10", false),
            ("1.29.3-r11", false),
            ("1.30.0-r0", true),
            ("1.30.1-r1", true),
            ("1.30.1-r2", false),
            ("1.31.0-r0", false),
        ] {
            let judgement = plimsoll_versions::judge(Scheme::Apk, &affected, version).unwrap();
            assert_eq!(judgement.is_affected, expected, "{version}");
        }
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
