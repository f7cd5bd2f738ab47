use std::io::{Cursor, Write as _};

use plimsoll_model::Event;
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
fn what_came_to_several_products_of_suses_is_said_once_of_the_system_that_they_are_parts_of() {
    let affected = |product: &str, fixed: &str| {
        serde_json::json!({"package": {"ecosystem": format!("SUSE:{product}"), "name": "libxml2"},
                           "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
                           "ecosystem_specific": {"binaries": [{"libxml2-2": fixed}]}})
    };
    let document = serde_json::json!({"id": "SUSE-SU-2024:1-1", "modified": "2024-02-01T00:00:00Z", "upstream": ["CVE-2024-1"],
    "affected": [
        affected("Linux Enterprise Module for Basesystem 15 SP5", "2.10.3-150500.5.14.1"),
        affected("Linux Enterprise Server 15 SP4-LTSS", "2.9.14-150400.5.28.1"),
        affected("Linux Enterprise Server for SAP Applications 15 SP5", "2.10.3-150500.5.14.1"),
        affected("Linux Enterprise Micro 5.5", "2.10.3-150500.5.14.1"),
        affected("Linux Enterprise Module for Containers 12", "2.9.4-46.68.2"),
    ]});
    let (advisories, _) = parsed(archive(&[("a.json", &document.to_string())])).unwrap();
    let of: Vec<String> = advisories[0].affected.iter().map(|affected| affected.ecosystem.to_string()).collect();
    let expected = [
        "Linux Enterprise Server 15 SP5",
        "Linux Enterprise Server 15 SP4",
        "Linux Enterprise Micro 5.5",
        "Linux Enterprise Server 12",
        "Linux Enterprise Server 12 SP1",
        "Linux Enterprise Server 12 SP2",
        "Linux Enterprise Server 12 SP3",
        "Linux Enterprise Server 12 SP4",
        "Linux Enterprise Server 12 SP5",
    ];
    assert_eq!(of, expected.map(|release| format!("SUSE:{release}")));
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
        r#"{"package": {"ecosystem": "Klingon", "name": "a"}, "ranges": [{"type": "STARDATE", "events": []}]}"#.into(),
    ];
    let text = format!(r#"{{"id": "X-1", "modified": "2024-02-01T00:00:00Z", "affected": [{}]}}"#, packages.join(","));
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
fn a_distributions_word_in_its_own_record_is_of_its_packages_unless_it_is_of_several_vulnerabilities() {
    let ubuntu = r#""severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}, {"type": "Ubuntu", "score": "low"}]"#;
    let high = r#""database_specific": {"severity": "High"}"#;
    for (id, ecosystem, rating, upstream, severity) in [
        ("UBUNTU-CVE-2024-1", "Ubuntu:16.04:LTS", ubuntu, r#""CVE-2024-1""#, Some(plimsoll_model::Severity::Low)),
        ("OESA-2024-1", "openEuler:24.03-LTS", high, r#""CVE-2024-1""#, Some(plimsoll_model::Severity::High)),
        ("OESA-2024-1", "openEuler:24.03-LTS", high, r#""CVE-2024-1", "CVE-2024-2""#, None),
        ("UBUNTU-CVE-2024-1", "PyPI", ubuntu, "", None),
        ("GHSA-1", "Ubuntu:16.04:LTS", ubuntu, "", None),
    ] {
        let text = format!(
            r#"{{"id": "{id}", "modified": "2024-02-01T00:00:00Z", "upstream": [{upstream}], {rating}, "affected": [
                {{"package": {{"ecosystem": "{ecosystem}", "name": "a"}}, "versions": ["1"]}}]}}"#
        );
        let (advisories, _) = parsed(archive(&[("a.json", &text)])).unwrap();
        assert_eq!(advisories[0].affected[0].severity, severity, "{id} {ecosystem} {upstream}");
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
    assert_eq!(report.unread, ["bad", "passwd"], "what is held of them stands");
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
