//! Package databases and lock files in a layer that are hostile: rows P1, P2, P6 and P10 of the conformance list.

use plimsoll_analysis::{Limits, analyse_layer};
use plimsoll_model::ProblemCode;

use crate::builder::*;

#[test]
fn p1_a_status_file_without_an_end_is_read_as_far_as_the_limit() {
    let mut status = dpkg_status(&[("bash", "5.2")]);
    status.push_str("Package: endless\nStatus: install ok installed\nVersion: 1\nDescription: x\n");
    status.push_str(&" more of it\n".repeat(3_000_000));
    let layer = analyse(&gzip(&Tar::new().file("var/lib/dpkg/status", status).end()));
    assert_eq!((codes(&layer), names(&layer)), (vec![ProblemCode::FileTooLarge], vec!["bash@5.2".into()]));
    assert_eq!(layer.problems[0].path.as_deref(), Some("var/lib/dpkg/status"));
}

#[test]
fn p1_broken_paragraphs_are_named_with_their_line() {
    let status = format!(" first\r\n{}rubbish\r\n\r\n{}", dpkg_status(&[("a", "1")]), dpkg_status(&[("b", "2")]));
    let layer = analyse(&Tar::new().file("var/lib/dpkg/status", status).end());
    assert_eq!(names(&layer), ["a@1", "b@2"]);
    let details: Vec<_> =
        layer.problems.iter().map(|problem| problem.detail.split(':').next().unwrap_or_default()).collect();
    assert_eq!((codes(&layer), details), (vec![ProblemCode::FileMalformed; 2], vec!["line 1", "line 7"]));
}

#[test]
fn p2_a_million_records_are_read_within_the_limit() {
    let records =
        "P:a\n\n".to_owned() + &(0..1_000_000).map(|number| format!("P:p{number}\nV:1\n\n")).collect::<String>();
    let blob = gzip(&Tar::new().file("lib/apk/db/installed", records).end());
    let layer = analyse_layer(&*blob, None, &Limits::default()).unwrap();
    let mut found = codes(&layer);
    found.sort();
    assert_eq!(found, [ProblemCode::LayerTooLarge, ProblemCode::FileMalformed]);
    assert!((50_000..500_000).contains(&names(&layer).len()), "{}", names(&layer).len());
}

#[test]
fn p6_json_that_is_too_deep_too_large_or_odd_is_a_problem_at_most() {
    let deep = format!("{{\"packages\":{}{}}}", "[".repeat(500), "]".repeat(500));
    let large = format!("{{\"packages\":{{}},\"x\":\"{}\"}}", "x".repeat(40 << 20));
    let twice = r#"{"dependencies":{"a":{"version":"1"},"a":{"version":"2"}},"x":1e999999}"#;
    let cases =
        [(deep.as_str(), vec![ProblemCode::FileMalformed]), (&large, vec![ProblemCode::FileTooLarge]), (twice, vec![])];
    for (text, expected) in cases {
        let tar = Tar::new().file("app/package-lock.json", text).file(&dist_info("six"), metadata("six", "1"));
        let layer = analyse(&gzip(&tar.end()));
        assert_eq!(codes(&layer), expected);
        assert!(names(&layer).contains(&"six@1".to_owned()));
    }
}

#[test]
fn p8_entities_of_xml_are_neither_fetched_nor_expanded() {
    let entities: String = (0..30).map(|level| format!("<!ENTITY e{} \"&e{level};&e{level};\">", level + 1)).collect();
    let with = |declared: &str, version: &str, more: &str| {
        format!(
            "<!DOCTYPE project [<!ENTITY e0 \"x\">{declared}]><project><groupId>g</groupId><artifactId>a</artifactId>\
             <version>{version}</version>{more}</project>"
        )
    };
    let deep = "<x>".repeat(1 << 19);
    let cases = [
        (with(&entities, "&e30;", ""), vec![], vec![]),
        (with("<!ENTITY f SYSTEM \"file:///etc/passwd\">", "&f;", ""), vec![], vec![]),
        (with("", "1&#46;0", &deep), vec![ProblemCode::FileMalformed], vec!["g:a@1.0"]),
        (with("", "1", &" ".repeat(4 << 20)), vec![ProblemCode::FileTooLarge], vec![]),
    ];
    for (text, expected, packages) in cases {
        let layer = analyse(&gzip(&Tar::new().file("app/pom.xml", text).end()));
        assert_eq!((codes(&layer), names(&layer)), (expected, packages.into_iter().map(str::to_owned).collect()));
    }
}

#[test]
fn p10_names_that_are_no_names_are_refused_with_a_problem() {
    let long = "x".repeat(1 << 20);
    for name in [long.as_str(), "a\u{1b}[31mb", "a\u{202e}b", "a\u{0}b"] {
        let manifest = format!("{{\"name\":{},\"version\":\"1\"}}", serde_json::to_string(name).unwrap());
        let layer = analyse(&Tar::new().file("node_modules/a/package.json", manifest).end());
        assert_eq!((codes(&layer), names(&layer).len()), (vec![ProblemCode::FileMalformed], 0));
        assert!(layer.problems[0].detail.len() < 200 && !layer.problems[0].detail.contains(char::is_control));
    }
    // What is harmless here stays as it is: who prints it escapes it for where it goes.
    let manifest = r#"{"name":"=cmd()<script>","version":"1"}"#;
    assert_eq!(names(&analyse(&Tar::new().file("node_modules/a/package.json", manifest).end())), ["=cmd()<script>@1"]);
}
