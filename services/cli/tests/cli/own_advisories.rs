//! `plimsoll scan --offline --advisories`: what an organization writes itself, matched beside the database.

use serde_json::{Value, json};

use crate::image::Image;
use crate::mirror::Place;
use crate::program::{Run, plimsoll};

fn advisory(id: &str, aliases: &[&str], ecosystem: &str, package: &str, fixed: Option<&str>, severity: &str) -> String {
    let mut events = vec![json!({ "introduced": "0" })];
    events.extend(fixed.map(|fixed| json!({ "fixed": fixed })));
    json!({
        "schema_version": "1.7.0", "id": id, "aliases": aliases, "modified": "2026-01-01T00:00:00Z", "summary": format!("{id} of ours"),
        "affected": [{ "package": { "ecosystem": ecosystem, "name": package }, "ranges": [{ "type": "ECOSYSTEM", "events": events }] }],
        "database_specific": { "severity": severity },
    })
    .to_string()
}

fn scan(place: &Place, more: &[&str]) -> Run {
    let archive = place.write("app.tar", Image::debian().docker_save("shop/app:1"));
    let mut arguments = vec!["scan", "--offline", "--format", "json", &archive];
    arguments.extend_from_slice(more);
    plimsoll(place.home(), &arguments)
}

/// Of each finding: vulnerability, aliases, package, fix, severity, whose that is, sources.
fn told(run: &Run) -> Vec<Value> {
    let report = run.json();
    let findings = report["findings"].as_array().unwrap().iter();
    let fields = ["vulnerability", "aliases", "package", "fixed_in", "severity", "severity_source", "sources"];
    findings.map(|finding| fields.iter().map(|field| finding[*field].clone()).collect()).collect()
}

#[test]
fn own_advisories_of_files_and_folders_are_matched_beside_the_databases() {
    let place = Place::with_database();
    let before = told(&scan(&place, &[]));
    // One that nobody else knows, on a package that is clean; one on a distribution's source package; one that is withdrawn.
    place.write("ours/zlib.json", advisory("ACME-2026-1", &[], "Debian:12", "zlib", Some("1:1.2.14"), "HIGH"));
    let withdrawn = advisory("ACME-2026-2", &[], "npm", "minimist", None, "CRITICAL");
    place.write(
        "ours/old.json",
        withdrawn.replace("\"summary\"", "\"withdrawn\": \"2026-02-01T00:00:00Z\", \"summary\""),
    );
    place.write("ours/README.md", "no advisory");
    let run = scan(&place, &["--advisories", "ours"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("own advisories that are matched beside the database's: 2"), "{}", run.err);
    let after = told(&run);
    let new: Vec<&Value> = after.iter().filter(|finding| !before.contains(finding)).collect();
    assert_eq!(new, [&json!(["ACME-2026-1", [], "zlib1g", "1:1.2.14", "HIGH", "own", ["own"]])]);
    assert_eq!(after.len(), before.len() + 1);
    let gate = scan(&place, &["--advisories", "ours", "--fail-on", "high"]);
    assert_eq!(gate.code, 1, "{gate:?}");
}

#[test]
fn one_of_a_vulnerability_that_the_database_knows_is_of_that_one_and_comes_first() {
    let place = Place::with_database();
    // By an alias that is the id of no advisory in the database.
    let file = place.write(
        "django.json",
        advisory("ACME-2026-3", &["GHSA-2gwj-7jmv-h26r"], "PyPI", "django", Some("3.2.12+acme.1"), "LOW"),
    );
    // By its canonical id, on another package; without a fix or a rating of its own.
    let other = place.write("perl.json", advisory("ACME-2026-4", &["CVE-2023-31484"], "PyPI", "django", None, ""));
    let run = scan(&place, &["--advisories", &file, "--advisories", &other]);
    assert_eq!(run.code, 0, "{run:?}");
    let found = told(&run);
    let django: Vec<&Value> = found.iter().filter(|finding| finding[2] == "django").collect();
    let aliases = json!(["ACME-2026-3", "GHSA-2gwj-7jmv-h26r", "PYSEC-2022-190"]);
    let expected = [
        json!(["CVE-2022-28346", aliases, "django", "3.2.12+acme.1", "LOW", "own", ["osv", "own"]]),
        json!(["CVE-2023-31484", ["ACME-2026-4"], "django", null, "UNKNOWN", "", ["own"]]),
    ];
    assert_eq!(django, expected.iter().collect::<Vec<_>>());
    let report = run.json();
    assert_eq!(report["findings"][0]["title"], "A flaw in Django", "the database's text");
}

#[test]
fn one_that_is_not_right_ends_the_scan_with_the_file_and_the_reason() {
    let place = Place::with_database();
    let good = advisory("ACME-2026-1", &[], "PyPI", "django", None, "LOW");
    let first = place.write("first.json", &good);
    let second = place.write("second.json", &good);
    let no_release = place.write("release.json", advisory("ACME-2026-2", &[], "Debian", "perl", None, "LOW"));
    let no_json = place.write("broken.json", "{");
    place.write("empty/README.md", "nothing");
    let missing = place.path("missing.json").display().to_string();
    let cases: [(&[&str], i32, &[&str]); 6] = [
        (&["--advisories", &no_json], 2, &["broken.json: line 1, column 1"]),
        (&["--advisories", &no_release], 2, &["release.json: ", "Debian has releases: say which"]),
        (
            &["--advisories", &first, "--advisories", &second],
            2,
            &["second.json: ACME-2026-1 is the id of ", "first.json too"],
        ),
        (&["--advisories", "empty"], 2, &["there is no *.json file"]),
        (&["--advisories", &missing], 3, &["missing.json: No such file"]),
        (&["--advisories"], 2, &["a value is required"]),
    ];
    for (arguments, code, expected) in cases {
        let run = scan(&place, arguments);
        assert_eq!((run.code, run.out.as_str()), (code, ""), "{arguments:?}: {run:?}");
        assert!(expected.iter().all(|expected| run.err.contains(expected)), "{arguments:?}: {}", run.err);
    }
    let online = plimsoll(place.home(), &["scan", "--advisories", &first, "shop/app:1"]);
    assert_eq!(online.code, 2);
    assert!(online.err.contains("--offline"), "{}", online.err);
    let help = plimsoll(place.home(), &["scan", "--help"]);
    assert!(help.out.contains("plimsoll scan --offline --advisories ours/ --advisories ACME-2026-1.json cart.tar"));
}
