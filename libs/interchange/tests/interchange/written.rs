//! CycloneDX as it is written.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::{Registry, Validator};
use plimsoll_interchange::cyclonedx::Subject;
use plimsoll_interchange::sbom::{self, Format, Limits};
use plimsoll_model::{Inventory, Package};
use proptest::prelude::*;
use serde_json::Value;

use crate::sample::{self, document, image, inventory};

fn schema(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The official schema with what it refers to.
static OFFICIAL: LazyLock<Validator> = LazyLock::new(|| {
    let registry = Registry::new()
        .add("http://cyclonedx.org/schema/spdx.schema.json", schema(include_str!("../schemas/spdx.schema.json")))
        .unwrap()
        .add(
            "http://cyclonedx.org/schema/jsf-0.82.schema.json",
            schema(include_str!("../schemas/jsf-0.82.schema.json")),
        )
        .unwrap()
        .prepare()
        .unwrap();
    jsonschema::options()
        .with_registry(&registry)
        .build(&schema(include_str!("../schemas/bom-1.6.schema.json")))
        .unwrap()
});

fn errors(document: &Value) -> Vec<String> {
    OFFICIAL.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn what_is_written_follows_the_official_schema() {
    let folder = Subject { name: "/srv/www", digest: None, platform: None };
    for document in
        [document(&inventory(), &image()), document(&inventory(), &folder), document(&Inventory::default(), &folder)]
    {
        assert_eq!(errors(&document), Vec::<String>::new(), "{document:#}");
    }
    // The schema is the real one: it refuses what is wrong.
    let mut wrong = document(&inventory(), &image());
    wrong["components"][1]["type"] = "package".into();
    wrong["serialNumber"] = "1".into();
    wrong["more"] = true.into();
    assert_eq!(errors(&wrong).len(), 3);
}

#[test]
fn the_document_has_the_form_that_programs_know() {
    insta::assert_json_snapshot!(document(&inventory(), &image()));
}

#[test]
fn each_component_has_a_reference_of_its_own() {
    let document = document(&inventory(), &image());
    let components = document["components"].as_array().unwrap();
    let references: BTreeSet<&str> =
        components.iter().map(|component| component["bom-ref"].as_str().unwrap()).collect();
    assert_eq!(references.len(), components.len());
    assert!(references.contains("pkg:npm/lodash@4.17.21#b/package.json#2"), "{references:?}");
}

#[test]
fn what_was_written_reads_back() {
    let inventory = inventory();
    let written = document(&inventory, &image()).to_string();
    let read = sbom::read(written.as_bytes(), &Limits::default()).unwrap();
    assert_eq!((read.format, read.complaints), (Format::CycloneDx("1.6".into()), vec![]));
    let found: BTreeSet<&str> = read.packages.iter().map(|package| package.name.as_str()).collect();
    let expected: BTreeSet<&str> = inventory.packages.iter().map(|installed| installed.package.name.as_str()).collect();
    assert_eq!(found, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_names_make_a_document_that_follows_the_schema(
        texts in proptest::collection::vec("\\PC{1,12}", 4),
        kind in 0..plimsoll_model::PackageType::ALL.len(),
    ) {
        let kind = plimsoll_model::PackageType::ALL[kind];
        let package = Package { license: Some(texts[2].clone()), ..Package::new(kind, texts[0].clone(), texts[1].clone()) };
        let packages = vec![sample::installed(package, 0, &texts[3])];
        let document = document(&Inventory { packages, ..Inventory::default() }, &image());
        prop_assert_eq!(errors(&document), Vec::<String>::new());
    }
}
