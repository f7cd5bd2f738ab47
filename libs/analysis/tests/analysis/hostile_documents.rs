//! Lock files that are too deep, too large or odd: rows P6, P7, P8 and P11 of the conformance list, for every format that is read.

use std::io::Read as _;

use plimsoll_analysis::{LayerAnalysis, Limits, analyse_layer};
use plimsoll_model::ProblemCode;

use crate::builder::*;
use crate::memory::{long_file, within_a_worker};
use crate::samples;

/// The layer of a document beside a package that must be found whatever the document is.
fn layer(path: &str, text: &str) -> LayerAnalysis {
    let layer = analyse(&Tar::new().file(path, text).file(&dist_info("six"), metadata("six", "1")).end());
    assert!(layer.contents.is_complete && names(&layer).contains(&"six@1".to_owned()), "{path}");
    for problem in &layer.problems {
        assert_eq!((problem.code, problem.path.as_deref()), (ProblemCode::FileMalformed, Some(path)), "{problem:?}");
        assert!(problem.detail.len() < 400 && !problem.detail.contains(char::is_control), "{problem:?}");
    }
    layer
}

/// The document says what it said without the oddity, or a problem says that it does not.
#[track_caller]
fn assert_odd(path: &str, text: &str, odd: &str) {
    let layer = layer(path, odd);
    assert!(names(&layer) == names(&self::layer(path, text)) || !layer.problems.is_empty(), "{path}: {odd:.200}");
}

/// The document is named with a problem.
#[track_caller]
fn assert_told(path: &str, text: &str) {
    assert!(!layer(path, text).problems.is_empty(), "{path}: {text:.200}");
}

#[test]
fn p6_json_that_nests_is_bounded() {
    let (open, shut) = ("[".repeat(500), "]".repeat(500));
    for (path, text) in samples::json() {
        let document: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).unwrap();
        let told = document.keys().filter(|key| {
            let deep = format!("{{\"{key}\":{open}{shut},{}", &text[1..]);
            let objects = format!("{{\"{key}\":{}1{}", "{\"a\":".repeat(500), "}".repeat(501));
            !layer(path, &deep).problems.is_empty() | !layer(path, &objects).problems.is_empty()
        });
        assert!(told.count() > 0, "{path}");
    }
}

#[test]
fn p6_json_that_says_things_twice_or_has_absurd_numbers_is_read_or_told() {
    for (path, text) in samples::json() {
        let inner = &text[1..text.len() - 1];
        assert_odd(path, text, &format!("{{{inner},{inner}}}"));
        assert_odd(path, text, &format!("{{\"x\":1e999999,\"y\":-{},{inner}}}", "9".repeat(5000)));
        assert_odd(path, text, &text.replace(":\"1\"", ":1e999999"));
        assert_odd(path, text, &text.replace("\"1\"", "\"\\ud800\""));
    }
}

#[test]
fn p6_json_of_two_hundred_mebibytes_is_passed_over() {
    let mut stream: Box<dyn std::io::Read> = Box::new(std::io::empty());
    let mut paths = Vec::new();
    for (path, _) in samples::json() {
        // One of them as long as the list says, the others past what any of them takes.
        let size = if paths.is_empty() { 200 << 20 } else { 36 << 20 };
        stream = Box::new(stream.chain(long_file(path, size, b"{\"packages\":\"", b'x')));
        paths.push(path);
    }
    let six = Tar::new().file(&dist_info("six"), metadata("six", "1")).end();
    let stream = stream.chain(&*six);
    let layer = within_a_worker("long JSON", || analyse_layer(stream, None, &Limits::default()).unwrap());
    for path in paths {
        let told = layer.problems.iter().find(|problem| problem.path.as_deref() == Some(path));
        assert_eq!(told.map(|problem| problem.code), Some(ProblemCode::FileTooLarge), "{path}");
    }
    assert_eq!(names(&layer), ["six@1"]);
}

#[test]
fn p7_yaml_that_laughs_or_goes_round_is_told() {
    let laughs: String = (1..30)
        .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(",")))
        .collect();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (path, text) in samples::yaml() {
        assert_told(path, &format!("a0: &a0 [x]\n{laughs}{text}"));
        assert_told(path, &format!("round: &round [*round]\n{text}"));
        assert_told(path, &format!("deep: {deep}\n{text}"));
        assert_told(path, &format!("nowhere: *nowhere\n{text}"));
        assert_odd(path, text, &format!("tag: !!python/object/apply:os.system [id]\n{text}"));
        assert_odd(path, text, &format!("{text}---\n{text}"));
    }
}

#[test]
fn p8_toml_that_nests_is_told() {
    for (path, text) in samples::toml() {
        assert_told(path, &format!("deep = {}{}\n{text}", "[".repeat(5000), "]".repeat(5000)));
        assert_told(path, &format!("deep = {}1{}\n{text}", "{a=".repeat(5000), "}".repeat(5000)));
        assert_odd(path, text, &format!("{}x = 1\n{text}", "a.".repeat(5000)));
        assert_odd(path, text, &format!("x = 1e999999\n{text}"));
    }
}

#[test]
fn p8_entities_of_xml_are_neither_fetched_nor_expanded_wherever_xml_is_read() {
    let entities: String = (0..30).map(|level| format!("<!ENTITY e{} \"&e{level};&e{level};\">", level + 1)).collect();
    for path in ["app/pom.xml", "net/packages.config", "app/x.cdx.xml"] {
        let (_, text) =
            samples::texts().find(|(sample, _)| sample.rsplit('/').next() == path.rsplit('/').next()).unwrap();
        let declared = |declarations: &str, version: &str| {
            let text = text.replace("<version>1</version>", &format!("<version>{version}</version>"));
            format!(
                "<!DOCTYPE x [<!ENTITY e0 \"x\">{declarations}]>{}",
                text.replace("version=\"1\"", &format!("version=\"{version}\""))
            )
        };
        for hostile in [
            declared(&entities, "&e30;"),
            declared("<!ENTITY f SYSTEM \"file:///etc/passwd\">", "&f;"),
            declared("<!ENTITY f SYSTEM \"http://169.254.169.254/\">", "&f;"),
            declared("<!ENTITY % p SYSTEM \"http://127.0.0.1/\">%p;", "1"),
        ] {
            let layer = layer(path, &hostile);
            assert!(names(&layer).iter().all(|name| name.len() < 40 && !name.contains("root")), "{:?}", names(&layer));
        }
    }
}

#[test]
fn p11_a_licence_that_nests_ten_thousand_deep_does_not_grow() {
    let deep = format!("{}MIT{}", "(".repeat(10_000), ")".repeat(10_000));
    let layer = layer("app/x.dist-info/METADATA", &format!("Name: a\nVersion: 1\nLicense-Expression: {deep}\n\n"));
    let packages = layer.contents.files.values().flat_map(|file| &file.packages);
    let stated: Vec<&str> = packages.filter_map(|package| package.license.as_deref()).collect();
    assert!(
        names(&layer).contains(&"a@1".to_owned()) && stated.iter().all(|stated| stated.len() <= 2000),
        "{stated:?}"
    );
    for stated in stated {
        assert_eq!(plimsoll_licenses::read(stated, plimsoll_model::PackageType::Pypi).expression, None);
    }
}
