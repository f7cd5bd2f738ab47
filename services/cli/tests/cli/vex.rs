//! `plimsoll scan --vex`, and the VEX documents that it writes.

use serde_json::{Value, json};

use crate::image::Image;
use crate::mirror::Place;
use crate::program::{Run, plimsoll};

fn scan(place: &Place, source: &str, more: &[&str]) -> Run {
    let mut arguments = vec!["scan", "--offline", source];
    arguments.extend_from_slice(more);
    plimsoll(place.home(), &arguments)
}

fn statement(vulnerability: &str, product: &str, part: &str, more: Value) -> Value {
    let mut statement = json!({ "vulnerability": { "name": vulnerability },
        "products": [{ "@id": product, "subcomponents": [{ "@id": part }] }] });
    statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    statement
}

fn openvex(day: u32, statements: Value) -> String {
    json!({ "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex-1", "author": "Ann",
            "timestamp": format!("2026-01-{day:02}T00:00:00Z"), "version": 1, "statements": statements })
    .to_string()
}

/// Says by an alias and another spelling of the image that minimist is not affected, and that perl is fixed.
fn harmless() -> String {
    let app = "pkg:oci/app?repository_url=index.docker.io%2Fshop%2Fapp";
    let why = json!({ "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path",
                      "impact_statement": "Only the build uses it." });
    openvex(
        1,
        json!([
            statement("GHSA-xvch-5gv4-984h", app, "pkg:npm/minimist", why),
            statement("CVE-2023-31484", app, "pkg:deb/debian/perl-base?arch=amd64", json!({ "status": "fixed" })),
            statement("CVE-2022-28346", "pkg:oci/other", "pkg:pypi/django", json!({ "status": "fixed" })),
        ]),
    )
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|finding| finding["vulnerability"].as_str().unwrap()).collect()
}

#[test]
fn what_a_statement_says_need_not_be_seen_is_shown_apart() {
    let place = Place::with_database();
    let archive = place.write("app.tar", Image::debian().docker_save("shop/app:1"));
    let vex = place.write("vendor.json", harmless());
    let report = scan(&place, &archive, &["--format", "json", "--vex", &vex]).json();
    assert_eq!(names(&report["findings"]), ["CVE-2022-28346", "CVE-2011-4116"]);
    assert_eq!(names(&report["hidden"]), ["CVE-2021-44906", "CVE-2023-31484"]);
    assert_eq!(
        report["hidden"][0]["vex"],
        json!({ "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path",
                "impact": "Only the build uses it.", "document": "https://example.com/vex-1", "author": "Ann",
                "at": "2026-01-01T00:00:00Z" })
    );
    let table = scan(&place, &archive, &["--vex", &vex]).out;
    for expected in [
        "2: 1 critical, 1 unknown",
        "hidden by VEX: 2",
        "Hidden by VEX: 2",
        "CVE-2021-44906  minimist   1.2.0",
        "vulnerable code not in execute path: Only the build uses it.",
    ] {
        assert!(table.contains(expected), "{expected}\n{table}");
    }
}

#[test]
fn the_gate_does_not_count_it_in_any_format_and_the_latest_word_counts() {
    let place = Place::with_database();
    let archive = place.write("app.tar", Image::debian().docker_save("shop/app:1"));
    let all = |status: &str, day| {
        let of = |vulnerability, part| {
            statement(
                vulnerability,
                "pkg:oci/app",
                part,
                json!({ "status": status, "impact_statement": "no", "action_statement": "Upgrade" }),
            )
        };
        openvex(day, json!([of("CVE-2021-44906", "pkg:npm/minimist"), of("CVE-2022-28346", "pkg:pypi/django")]))
    };
    let harmless = place.write("harmless.json", all("not_affected", 2));
    let (before, after) =
        (place.write("before.json", all("affected", 1)), place.write("after.json", all("affected", 3)));
    for format in ["table", "json", "openvex", "csaf-vex", "cyclonedx-vex"] {
        let gate = ["--format", format, "--fail-on", "critical"];
        let code = |more: &[&str]| scan(&place, &archive, &[&gate, more].concat()).code;
        assert_eq!(code(&[]), 1, "{format}");
        assert_eq!(code(&["--vex", &harmless]), 0, "{format}");
        assert_eq!(code(&["--vex", &harmless, "--vex", &before]), 0, "{format}: the older word");
        assert_eq!(code(&["--vex", &harmless, "--vex", &after]), 1, "{format}: the newer word");
    }
}

#[test]
fn what_is_written_hides_the_same_when_it_is_read_and_says_what_to_do_about_the_rest() {
    let place = Place::with_database();
    let archive = place.write("app.tar", Image::debian().docker_save("shop/app:1"));
    let vex = place.write("vendor.json", harmless());
    let before = scan(&place, &archive, &["--format", "json", "--vex", &vex]).json();
    for format in ["openvex", "csaf-vex", "cyclonedx-vex"] {
        let arguments = ["--format", format, "--vex", &vex, "--vex-author", "Bob"];
        let written = scan(&place, &archive, &arguments);
        assert_eq!(written.code, 0, "{written:?}");
        let text = &written.out;
        for expected in ["CVE-2022-28346", "Upgrade django 3.2 to 3.2.13.", "Bob"] {
            assert!(text.contains(expected), "{format}: {expected}\n{text}");
        }
        let ours = place.write(format!("{format}.json").as_str(), text.clone());
        let after = scan(&place, &archive, &["--format", "json", "--vex", &ours]).json();
        assert_eq!(names(&after["hidden"]), names(&before["hidden"]), "{format}");
        assert_eq!(after["findings"], before["findings"], "{format}");
        assert_eq!(after["hidden"][0]["vex"]["impact"], "Only the build uses it.", "{format}");
    }
}

#[test]
fn a_statement_about_a_module_holds_within_the_program_that_it_names() {
    let place = Place::with_database();
    let lock = "version = 4\n\n[[package]]\nname = \"shop\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"time\"\nversion = \"0.1.43\"\n";
    let lock = place.write("Cargo.lock", lock);
    for (product, hidden) in [("pkg:cargo/shop", 1), ("pkg:cargo/another", 0)] {
        let said = statement("CVE-2020-26235", product, "pkg:cargo/time", json!({ "status": "fixed" }));
        let vex = place.write("vex.json", openvex(1, json!([said])));
        let report = scan(&place, &lock, &["--format", "json", "--vex", &vex]).json();
        assert_eq!(report["hidden"].as_array().unwrap().len(), hidden, "{product}: {report:#}");
    }
}

#[test]
fn a_document_that_cannot_be_read_ends_the_scan_before_it_begins() {
    let place = Place::with_database();
    let statement = json!([{ "vulnerability": "CVE-1", "products": ["pkg:npm/a"], "status": "harmless" }]);
    let broken = place.write("broken.json", openvex(1, statement));
    let other = place.write("other.json", "{}");
    for (path, told) in [
        (broken.as_str(), "broken.json: statements[0].status: 'harmless' is none of not_affected, affected"),
        (other.as_str(), "other.json: neither an OpenVEX nor a CSAF 2 nor a CycloneDX document"),
        ("missing.json", "the VEX document missing.json: "),
    ] {
        let run = scan(&place, "missing.tar", &["--vex", path]);
        assert_eq!((run.code, run.out.as_str()), (3, ""), "{run:?}");
        assert!(run.err.contains(told), "{told}\n{}", run.err);
    }
}
