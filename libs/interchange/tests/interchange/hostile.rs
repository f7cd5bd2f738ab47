//! Documents that are meant to harm, or broke.

use plimsoll_interchange::sbom::{self, Limits, Sbom};
use proptest::prelude::*;

const HEAD: &str = r#"{ "bomFormat": "CycloneDX", "specVersion": "1.6", "components": "#;

fn read(text: &str) -> Sbom {
    sbom::read(text.as_bytes(), &Limits::default()).unwrap()
}

fn names(sbom: &Sbom) -> Vec<&str> {
    sbom.packages.iter().map(|package| package.name.as_str()).collect()
}

#[test]
fn what_came_before_a_break_is_kept_and_the_break_is_told() {
    let sbom = read(&format!("{HEAD}[\n{{ \"purl\": \"pkg:npm/a@1\" }},\n{{ \"purl\": \"pkg:npm/b@1\" }},\n{{ \"pu"));
    assert_eq!(names(&sbom), ["a", "b"]);
    assert_eq!(sbom.complaints.iter().map(|complaint| complaint.line).collect::<Vec<_>>(), [Some(4)]);
    // Before it says what it is, it might be anything.
    let other =
        r#"{ "packages": [{ "externalRefs": [{ "referenceType": "purl", "referenceLocator": "pkg:npm/a@1" }] }], "#;
    assert!(sbom::read(other.as_bytes(), &Limits::default()).is_err());
}

#[test]
fn a_broken_component_loses_itself_alone() {
    let sbom = read(&format!(
        "{HEAD}[7, null, {{ \"purl\": 7 }}, {{ \"purl\": \"not one\" }}, {{ \"purl\": \"pkg:npm/a@1\" }},
          {{ \"purl\": \"pkg:npm/b@1\", \"components\": 7, \"licenses\": 7 }}, {{ \"purl\": \"pkg:npm/%ff@1\" }}] }}"
    ));
    assert_eq!(names(&sbom), ["a", "b"]);
    assert_eq!(sbom.complaints.len(), 6, "{:?}", sbom.complaints);
}

#[test]
fn depth_and_number_are_bounded() {
    let nested = |depth: usize| {
        let opened = r#"{ "purl": "pkg:npm/a@1", "components": ["#.repeat(depth);
        format!("{HEAD}[{opened}{}] }}", "]}".repeat(depth))
    };
    assert_eq!(read(&nested(17)).complaints, []);
    assert_eq!(read(&nested(18)).complaints.len(), 1);
    assert_eq!(read(&nested(100_000)).complaints.len(), 1);
    let deep = format!("{HEAD}[{{ \"x\": {}1{} }}] }}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(read(&deep).packages, []);
    let limits = Limits { packages: 2, ..Limits::default() };
    let many: Vec<String> = (0..5).map(|number| format!("{{ \"purl\": \"pkg:npm/p{number}@1\" }}")).collect();
    let sbom = sbom::read(format!("{HEAD}[{}] }}", many.join(",")).as_bytes(), &limits).unwrap();
    assert_eq!((names(&sbom), sbom.complaints.len()), (vec!["p0", "p1"], 1));
    let wrong = format!("{HEAD}[{}7] }}", "7,".repeat(999));
    let complaints = read(&wrong).complaints;
    assert_eq!((complaints.len(), complaints.last().unwrap().detail.as_str()), (21, "980 more like these"));
}

#[test]
fn lists_of_nothing_are_not_held() {
    let nothings = "{},".repeat(200_000);
    let text = format!(
        "{HEAD}[{{ \"purl\": \"pkg:npm/a@1\", \"licenses\": [{nothings}{{}}], \"components\": [{nothings}{{}}] }}] }}"
    );
    let sbom = read(&text);
    assert_eq!((names(&sbom), sbom.passed_over.without_purl), (vec!["a"], 200_001));
}

const XML: &str = "<bom xmlns='http://cyclonedx.org/schema/bom/1.6'><components>";

#[test]
fn a_broken_component_in_xml_loses_itself_and_a_break_what_follows() {
    let component = |purl: &str| format!("<component><purl>{purl}</purl></component>\n");
    let long = format!("pkg:npm/{}@1", "x".repeat(5000));
    let sbom = read(&format!(
        "{XML}\n{}{}{}{}{}<component><purl>pkg:npm/c",
        component("pkg:npm/a@1"),
        component("not one"),
        component("&undeclared;"),
        component(&long),
        component("pkg:npm/b@1"),
    ));
    assert_eq!(names(&sbom), ["a", "b"]);
    let told: Vec<&str> = sbom.complaints.iter().map(|complaint| complaint.detail.as_str()).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(told[3].contains("ends inside of bom/components/component/purl"), "{told:?}");
    let declared = format!("<!DOCTYPE x [<!ENTITY v SYSTEM 'file:///etc/passwd'>]>{XML}{}", component("pkg:npm/a@&v;"));
    assert_eq!(names(&read(&declared)), [""; 0]);
}

#[test]
fn depth_and_number_are_bounded_in_xml() {
    let nested = |depth: usize| {
        let opened = "<component><purl>pkg:npm/a@1</purl><components>".repeat(depth);
        format!("{XML}{opened}{}</components></bom>", "</components></component>".repeat(depth))
    };
    assert_eq!(read(&nested(17)).complaints, []);
    assert_eq!(read(&nested(18)).complaints.len(), 1);
    assert_eq!(read(&nested(100_000)).complaints.len(), 2);
    let limits = Limits { packages: 2, ..Limits::default() };
    let many: String =
        (0..5).map(|number| format!("<component><purl>pkg:npm/p{number}@1</purl></component>")).collect();
    let sbom = sbom::read(format!("{XML}{many}</components></bom>").as_bytes(), &limits).unwrap();
    assert_eq!((names(&sbom), sbom.complaints.len()), (vec!["p0", "p1"], 1));
    let licenses = "<license><id>MIT</id></license>".repeat(5000);
    let text = format!("{XML}<component><licenses>{licenses}</licenses><purl>pkg:npm/a@1</purl></component>");
    assert!(read(&text).packages[0].license.as_ref().unwrap().len() < 1000);
}

#[test]
fn tag_value_that_breaks_or_has_too_much_is_told_by_its_line() {
    let package = |purl: &str| format!("PackageName: x\nExternalRef: PACKAGE-MANAGER purl {purl}\n");
    let head = "SPDXVersion: SPDX-2.3\n";
    let sbom = read(&format!("{head}{}{}{}", package("pkg:npm/a@1"), package("none"), package("pkg:npm/b@1")));
    let lines: Vec<_> = sbom.complaints.iter().map(|complaint| complaint.line).collect();
    assert_eq!((names(&sbom), lines), (vec!["a", "b"], vec![Some(4)]));
    let sbom = read(&format!("{head}{}PackageComment: <text>\n{}", package("pkg:npm/a@1"), package("pkg:npm/b@1")));
    let lines: Vec<_> = sbom.complaints.iter().map(|complaint| complaint.line).collect();
    assert_eq!((names(&sbom), lines), (vec!["a"], vec![Some(4)]));
    let limits = Limits { packages: 2, ..Limits::default() };
    let many: String = (0..5).map(|number| package(&format!("pkg:npm/p{number}@1"))).collect();
    let sbom = sbom::read(format!("{head}{many}").as_bytes(), &limits).unwrap();
    assert_eq!((names(&sbom), sbom.complaints.len()), (vec!["p0", "p1"], 1));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_change_to_a_document_is_read_without_a_panic(
        changes in proptest::collection::vec(any::<(prop::sample::Index, u8)>(), 0..8),
        cut in any::<prop::sample::Index>(),
        form in 0..3,
    ) {
        let json = || crate::sample::document(&crate::sample::inventory(), &crate::sample::image()).to_string();
        let mut bytes = match form {
            0 => json(),
            1 => format!("{XML}<component><licenses><license><id>MIT</id></license></licenses><purl>pkg:npm/a@1</purl></component></components></bom>"),
            _ => "SPDXVersion: SPDX-2.3\nPackageName: a\nPackageComment: <text>x\n</text>\nExternalRef: P purl pkg:npm/a@1\n".to_owned(),
        }.into_bytes();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len() * 2));
        if let Ok(sbom) = sbom::read(&bytes, &Limits::default()) {
            prop_assert!(sbom.packages.len() <= 9);
        }
    }
}
