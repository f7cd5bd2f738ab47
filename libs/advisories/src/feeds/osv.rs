//! OSV: one archive of advisories an ecosystem, `<ecosystem>/all.zip`.
//!
//! In: a zip of `<id>.json` documents of the OSV schema 1.x. Out: one advisory a document, whole: an advisory of several
//! ecosystems lies in each of their archives with all its packages, and applying it twice is applying it once.
//! Entry names are only told in problems; nothing is written anywhere.
//! Source: <https://ossf.github.io/osv-schema/>, <https://google.github.io/osv.dev/data/>.

mod lists;
mod modules;
mod notices;
mod schema;

pub(crate) use schema::advisory;

use std::io::{BufReader, Read};

use plimsoll_model::Advisory;
use zip::ZipReadOptions;
use zip::read::Config;
use zip::result::ZipError;
// Walks the archive's directory instead of holding it: a directory of ten million entries costs no memory.
use zip::unstable::read::ZipIterable;

use super::admission::Intake;
use super::{Document, DocumentBytes, Feed, FeedKind, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "osv",
    title: "OSV",
    kind: FeedKind::Advisories,
    upstream: "https://osv-vulnerabilities.storage.googleapis.com",
    upstream_path: str::to_owned,
    default_paths: || DEFAULT_ECOSYSTEMS.into_iter().map(path).collect(),
    later: super::none_later,
    // Each archive is written anew some times an hour, with what its databases brought; it comes as a whole.
    interval: super::minutes(30),
    index: None,
    parser: read,
};

/// The ecosystems that are read unless the operator names others: those that packages are found in and whose versions can be ordered.
///
/// Left out are Debian, Alpine, Wolfi, Chainguard and Red Hat, whose own feeds say more and sooner, and those that no package
/// is of here (GHC, GitHub Actions, Julia, OSS-Fuzz, Root).
pub const DEFAULT_ECOSYSTEMS: [&str; 21] = [
    "PyPI",
    "npm",
    "crates.io",
    "Go",
    "Maven",
    "NuGet",
    "Packagist",
    "RubyGems",
    "Hex",
    "Pub",
    "SwiftURL",
    "Hackage",
    "CRAN",
    "Bitnami",
    "AlmaLinux",
    "Rocky Linux",
    "Ubuntu",
    "SUSE",
    "openSUSE",
    "Mageia",
    "openEuler",
];

/// Bounds on an archive.
#[derive(Debug, Clone, Copy)]
struct Limits {
    entries: u64,
    entry_bytes: u64,
    total_bytes: u64,
}

/// npm's archive, the largest, has some 220,000 entries and 1 GiB; the longest document of the mirror has 48 KiB. A document takes
/// up to ten times its length in memory.
const LIMITS: Limits = Limits { entries: 2_000_000, entry_bytes: 8 << 20, total_bytes: 8 << 30 };

/// The archive of an ecosystem by OSV's name for it, such as `Rocky Linux`.
pub fn document(ecosystem: &str) -> Document {
    FEED.document(path(ecosystem))
}

/// Whether it can be OSV's name for an ecosystem, which is a folder's.
pub fn is_ecosystem(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .:_-".contains(&byte))
}

fn path(ecosystem: &str) -> String {
    format!("{ecosystem}/all.zip")
}

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    read_within(LIMITS, bytes, intake)
}

fn read_within(limits: Limits, bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let mut archive = ZipIterable::try_new(BufReader::new(bytes), Config::default()).map_err(zip_refusal)?;
    if archive.is_empty() {
        return Err(Refusal::Malformed("the archive is empty".into()));
    }
    if archive.len() as u64 > limits.entries {
        return Err(Refusal::PastLimit { what: "the number of entries", limit: limits.entries });
    }
    let entries = archive.files().map_err(zip_refusal)?;
    let mut total_left = limits.total_bytes;
    let mut json = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(zip_refusal)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if !name.ends_with(".json") {
            continue;
        }
        let mut file = entry.with_reader(entries.reader_mut(), ZipReadOptions::new()).map_err(zip_refusal)?;
        json.clear();
        let allowed = limits.entry_bytes.min(total_left);
        // The size that the entry claims is not believed: it is read up to one byte past what it may be.
        let length = file.by_ref().take(allowed + 1).read_to_end(&mut json).map_err(entry_refusal)? as u64;
        if length > limits.entry_bytes {
            return Err(Refusal::PastLimit { what: "an entry's size in bytes", limit: limits.entry_bytes });
        }
        if length > total_left {
            return Err(Refusal::PastLimit { what: "the archive's size in bytes", limit: limits.total_bytes });
        }
        total_left -= length;
        intake.statement();
        match schema::advisory(&json, intake.source()) {
            Ok((advisory, doubts)) => take(&name, advisory, doubts, intake)?,
            Err(error) => intake.problem(&name, error.to_string()),
        }
    }
    Ok(())
}

/// Reads the record of this id, which lies alone.
pub(super) fn read_record(id: &str, bytes: impl Read, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let mut json = Vec::new();
    let length = bytes.take(LIMITS.entry_bytes + 1).read_to_end(&mut json).map_err(entry_refusal)? as u64;
    if length > LIMITS.entry_bytes {
        return Err(Refusal::PastLimit { what: "a record's size in bytes", limit: LIMITS.entry_bytes });
    }
    intake.statement();
    let (advisory, doubts) =
        schema::advisory(&json, intake.source()).map_err(|error| Refusal::Malformed(error.to_string()))?;
    if advisory.id != id {
        return Err(Refusal::Malformed(format!("it is the record of {}", advisory.id)));
    }
    take(id, advisory, doubts, intake)
}

fn take(place: &str, advisory: Advisory, doubts: Vec<String>, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    for doubt in doubts {
        intake.problem(place, doubt);
    }
    intake.advisory(advisory).map_err(|stopped| Refusal::Malformed(stopped.to_string()))
}

pub(super) fn zip_refusal(error: ZipError) -> Refusal {
    match error {
        ZipError::Io(error) => entry_refusal(error),
        other => Refusal::Malformed(other.to_string()),
    }
}

/// Inflating reports broken data as an I/O error too; both mean that the document is not whole.
pub(super) fn entry_refusal(error: std::io::Error) -> Refusal {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
            Refusal::Malformed(error.to_string())
        }
        _ => Refusal::Read(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use plimsoll_model::{Advisory, Event};
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::feeds::{ParseReport, Record};

    fn archive(entries: &[(&str, &str)]) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(content.as_bytes()).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn parsed_within(limits: Limits, bytes: Vec<u8>) -> Result<(Vec<Advisory>, ParseReport), Refusal> {
        let mut records: Vec<Record> = vec![];
        let mut intake = Intake::new("osv", &mut records);
        let outcome = read_within(limits, &mut Cursor::new(bytes), &mut intake);
        let report = intake.finish(outcome)?;
        let advisory = |record| match record {
            Record::Advisory(advisory) => *advisory,
            other => panic!("{other:?}"),
        };
        Ok((records.into_iter().map(advisory).collect(), report))
    }

    fn parsed(bytes: Vec<u8>) -> Result<(Vec<Advisory>, ParseReport), Refusal> {
        parsed_within(LIMITS, bytes)
    }

    const DJANGO: &str = r#"{
        "schema_version": "1.6.0", "id": "PYSEC-2024-1", "modified": "2024-02-01T00:00:00Z",
        "published": "2024-01-01T00:00:00Z", "aliases": ["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"],
        "related": ["CVE-2024-2"], "upstream": ["CVE-2024-3"], "summary": "A title", "details": "Much text",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "database_specific": {"severity": "MODERATE", "cwe_ids": ["CWE-79"]},
        "references": [{"type": "WEB", "url": "https://example.org/1"}],
        "affected": [
            {"package": {"ecosystem": "PyPI", "name": "Django_REST.framework"},
             "ranges": [
                {"type": "GIT", "repo": "https://example.org/x", "events": [{"introduced": "0"}]},
                {"type": "ECOSYSTEM", "events": [{"introduced": "3.2"}, {"fixed": "3.2.14"},
                                                 {"introduced": "4.0"}, {"last_affected": "4.0.5"}]}],
             "versions": ["3.2", "4.0"]},
            {"package": {"ecosystem": "npm", "name": "@Scope/Name"}, "ranges": [
                {"type": "SEMVER", "events": [{"introduced": "0"}, {"limit": "2.0.0"}]}]}
        ]}"#;

    #[test]
    fn the_ecosystems_read_by_default_are_those_of_packages_and_have_a_version_order() {
        let languages: Vec<_> =
            plimsoll_model::PackageType::ALL.into_iter().filter_map(|kind| kind.language_ecosystem()).collect();
        let rest: Vec<&str> = DEFAULT_ECOSYSTEMS
            .into_iter()
            .filter(|name| languages.iter().all(|language| language.name() != *name))
            .collect();
        assert_eq!(rest, ["AlmaLinux", "Rocky Linux", "Ubuntu", "SUSE", "openSUSE", "Mageia", "openEuler"]);
        for name in DEFAULT_ECOSYSTEMS {
            let ecosystem: plimsoll_model::Ecosystem = name.parse().unwrap();
            assert!(plimsoll_versions::Scheme::for_ecosystem(&ecosystem).is_some(), "{name}");
            assert_eq!(crate::own_sources(&ecosystem).next(), None, "{name} has a feed of its own");
        }
    }

    #[test]
    fn ubuntus_record_of_a_cve_is_that_cve() {
        let document =
            |id: &str| format!(r#"{{"id": "{id}", "modified": "2024-02-01T00:00:00Z", "upstream": ["CVE-2024-1"]}}"#);
        for (id, aliases) in
            [("UBUNTU-CVE-2024-1", &["CVE-2024-1"][..]), ("USN-1-1", &[]), ("UBUNTU-CVE-x", &[]), ("UBUNTU-CVE-", &[])]
        {
            let (advisories, _) = parsed(archive(&[("a.json", &document(id))])).unwrap();
            assert_eq!(advisories[0].aliases, aliases, "{id}");
        }
    }

    #[test]
    fn a_notice_of_ubuntus_says_nothing_again_that_the_records_of_its_cves_say() {
        for (id, upstream, packages) in [
            ("USN-1-1", r#"["UBUNTU-CVE-2024-1"]"#, 0),
            ("USN-1-1", r#"["UBUNTU-CVE-2024-1", "GHSA-1"]"#, 1),
            ("USN-1-1", "[]", 1),
            ("RLSA-1", r#"["UBUNTU-CVE-2024-1"]"#, 1),
        ] {
            let document = format!(
                r#"{{"id": "{id}", "modified": "2024-02-01T00:00:00Z", "upstream": {upstream}, "affected": [
                    {{"package": {{"ecosystem": "Ubuntu:18.04:LTS", "name": "wayland"}}, "versions": ["1.14.0-1"]}}]}}"#
            );
            let (advisories, _) = parsed(archive(&[("a.json", &document)])).unwrap();
            assert_eq!(advisories[0].affected.len(), packages, "{id} {upstream}");
        }
    }

    #[test]
    fn a_document_becomes_one_advisory_with_all_its_packages() {
        let (advisories, report) = parsed(archive(&[("PYSEC-2024-1.json", DJANGO), ("README.md", "no")])).unwrap();
        assert_eq!((report.statements, report.records, report.problems), (1, 1, 0));
        let [advisory] = advisories.as_slice() else { panic!("{advisories:?}") };
        assert_eq!(advisory.aliases, ["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"], "related and upstream are no aliases");
        assert_eq!(advisory.severity, Some(plimsoll_model::Severity::Medium));
        assert_eq!(advisory.cwes, ["CWE-79"]);
        let [python, node] = advisory.affected.as_slice() else { panic!("{advisory:?}") };
        assert_eq!(python.package, "django-rest-framework", "PEP 503");
        assert_eq!(python.ranges.len(), 1, "a GIT range orders no versions");
        assert_eq!(python.ranges[0].events.len(), 4);
        assert_eq!(python.versions, ["3.2", "4.0"]);
        assert_eq!(node.package, "@Scope/Name", "npm names are as written");
        assert_eq!(node.ranges[0].events[1], Event::Limit("2.0.0".into()));
    }

    #[test]
    fn a_package_with_git_ranges_alone_is_kept_as_unmatchable_and_counted() {
        let only_git = r#"{"id": "X-1", "modified": "2024-02-01T00:00:00Z", "aliases": null, "affected": [
            {"package": {"ecosystem": "PyPI", "name": "a"}, "ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]},
            {"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}]}"#;
        let (advisories, report) = parsed(archive(&[("X-1.json", only_git)])).unwrap();
        assert_eq!(advisories[0].affected.len(), 1);
        assert_eq!(advisories[0].affected[0].ranges, []);
        assert_eq!(report.unmatchable, 1);
    }

    #[test]
    fn ranges_that_judge_nothing_are_kept_and_counted_with_their_place() {
        let package = |events: &str| {
            format!(
                r#"{{"package": {{"ecosystem": "npm", "name": "a"}}, "ranges": [{{"type": "SEMVER", "events": {events}}}]}}"#
            )
        };
        let packages = [
            package(r#"[{"introduced": "2.0.0"}, {"fixed": "1.0.0"}]"#),
            package(r#"[{"introduced": "0"}, {"fixed": "soon"}]"#),
            package("[]"),
            package(r#"[{"introduced": "0"}]"#),
            r#"{"package": {"ecosystem": "Klingon", "name": "a"}, "ranges": [{"type": "STARDATE", "events": []}]}"#
                .into(),
        ];
        let text =
            format!(r#"{{"id": "X-1", "modified": "2024-02-01T00:00:00Z", "affected": [{}]}}"#, packages.join(","));
        let (advisories, report) = parsed(archive(&[("X-1.json", &text)])).unwrap();
        assert_eq!(advisories[0].affected.len(), 5, "kept");
        let problems: Vec<_> = report.problem_texts.iter().map(|problem| problem.what.as_str()).collect();
        assert_eq!(problems[0], "a range of a has the unknown type STARDATE");
        assert_eq!(problems[1], "npm a: a range begins at 2.0.0 and ends before, at 1.0.0");
        assert!(problems[2].starts_with("npm a: 'soon' is not a version"), "{}", problems[2]);
        assert_eq!(problems[3..], ["npm a: it names no versions", "Klingon a: it names no versions"]);
        assert_eq!(report.unmatchable, 4);
    }

    #[test]
    fn rustsec_informational_advisories_are_kept_and_rated_negligible() {
        for (marker, severity) in [
            ("\"unmaintained\"", Some(plimsoll_model::Severity::Negligible)),
            ("\"notice\"", Some(plimsoll_model::Severity::Negligible)),
            ("\"unsound\"", None),
            ("null", None),
        ] {
            let text = format!(
                r#"{{"id": "RUSTSEC-1", "modified": "2024-02-01T00:00:00Z", "affected": [
                    {{"package": {{"ecosystem": "crates.io", "name": "a"}}, "database_specific": {{"informational": {marker}}},
                      "ranges": [{{"type": "SEMVER", "events": [{{"introduced": "0.0.0-0"}}]}}]}}]}}"#
            );
            let (advisories, _) = parsed(archive(&[("RUSTSEC-1.json", &text)])).unwrap();
            assert_eq!(advisories[0].affected[0].severity, severity, "{marker}");
        }
    }

    #[test]
    fn a_malicious_package_is_critical_though_nobody_rates_it() {
        for (id, rating, severity) in [
            ("MAL-2025-6684", "{}", Some(plimsoll_model::Severity::Critical)),
            ("MAL-2025-6684", r#"{"severity": "HIGH"}"#, Some(plimsoll_model::Severity::High)),
            ("PYSEC-2025-6684", "{}", None),
        ] {
            let text = format!(
                r#"{{"id": "{id}", "modified": "2025-07-30T17:45:30Z", "summary": "Malicious code in a (npm)",
                    "database_specific": {rating}, "affected": [{{"package": {{"ecosystem": "npm", "name": "a"}}, "versions": ["1.0.0"]}}]}}"#
            );
            let (advisories, _) = parsed(archive(&[("a.json", &text)])).unwrap();
            assert_eq!(advisories[0].severity, severity, "{id} {rating}");
        }
    }

    #[test]
    fn a_document_that_does_not_parse_is_a_problem_with_its_place_and_the_rest_is_read() {
        let entries = [("bad.json", "{\"id\": 3}"), ("../../etc/passwd.json", "<html>"), ("PYSEC-2024-1.json", DJANGO)];
        let (advisories, report) = parsed(archive(&entries)).unwrap();
        assert_eq!(advisories.len(), 1);
        assert_eq!((report.statements, report.problems), (3, 2));
        assert_eq!(report.problem_texts[1].place, "../../etc/passwd.json");
    }

    #[test]
    fn what_is_no_whole_archive_is_refused() {
        let whole = archive(&[("PYSEC-2024-1.json", DJANGO), ("2.json", DJANGO)]);
        let html = b"<!DOCTYPE html><title>503</title>".to_vec();
        for (what, bytes) in [
            ("half a file", whole[..whole.len() / 2].to_vec()),
            ("without its last byte", whole[..whole.len() - 1].to_vec()),
            ("HTML", html),
            ("nothing", vec![]),
            ("no entries", archive(&[])),
            ("no entry that parses", archive(&[("a.json", "{}")])),
        ] {
            let refusal = parsed(bytes).unwrap_err();
            assert!(matches!(refusal, Refusal::Malformed(_)), "{what}: {refusal:?}");
        }
        let mut flipped = whole;
        flipped[60] ^= 0xff;
        assert!(parsed(flipped).is_err(), "a checksum that is wrong");
    }

    #[test]
    fn objects_that_say_nothing_are_not_kept_in_memory() {
        let empty = format!("{}{{}}", "{},".repeat(1 << 20));
        let affected = format!(
            r#"{empty},{{"package": {{"ecosystem": "PyPI", "name": "a"}}, "ranges": [
            {{"type": "ECOSYSTEM", "events": [{empty},{{"introduced": "0"}}]}}]}}"#
        );
        let text = format!(r#"{{"id": "X-1", "modified": "2024-02-01T00:00:00Z", "affected": [{affected}]}}"#);
        let (advisories, _) = parsed(archive(&[("X-1.json", &text)])).unwrap();
        assert_eq!(advisories[0].affected.len(), 1);
        assert_eq!(advisories[0].affected[0].ranges[0].events, [Event::Introduced("0".into())]);
    }

    #[test]
    fn bombs_are_refused_at_their_limits() {
        let spaces = " ".repeat(1 << 20);
        let bomb = archive(&[("a.json", &spaces), ("b.json", &spaces), ("c.json", &spaces)]);
        for (limits, what) in [
            (Limits { entries: 2, ..LIMITS }, "the number of entries"),
            (Limits { entry_bytes: (1 << 20) - 1, ..LIMITS }, "an entry's size in bytes"),
            (Limits { total_bytes: 2 << 20, ..LIMITS }, "the archive's size in bytes"),
        ] {
            let refusal = parsed_within(limits, bomb.clone()).unwrap_err();
            assert!(matches!(refusal, Refusal::PastLimit { what: found, .. } if found == what), "{refusal:?}");
        }
    }
}
