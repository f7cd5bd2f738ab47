//! Documents that are made to hurt.

use plimsoll_vex::{Limits, VexError, read};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn what_is_no_document_is_refused() {
    for bytes in [
        &b""[..],
        b"{",
        b"\xff\xfe",
        b"null",
        b"<bom/>",
        br#"{"@context": "https://openvex.dev/ns", "statements": [{]}"#,
    ] {
        assert!(read(bytes, &Limits::default()).is_err(), "{bytes:?}");
    }
    let limits = Limits { bytes: 10, ..Limits::default() };
    assert_eq!(read(&[b' '; 11], &limits), Err(VexError::TooLong { bytes: 11, most: 10 }));
    let with_mark = [&b"\xef\xbb\xbf"[..], br#"{"@context": "https://openvex.dev/ns", "statements": []}"#].concat();
    assert!(read(&with_mark, &Limits::default()).is_ok(), "a byte order mark");
}

#[test]
fn depth_is_bounded() {
    let nested = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    let branches = nested(r#"[{"branches":"#, "}]");
    let components = nested(r#"[{"components":"#, "}]");
    let documents = [
        format!(r#"{{"document": {{}}, "product_tree": {{"branches": {branches}}}}}"#),
        format!(r#"{{"bomFormat": "CycloneDX", "components": {components}}}"#),
        format!(
            r#"{{"@context": "https://openvex.dev/ns", "statements": [{{"vulnerability": "a", "products": {components}}}]}}"#
        ),
        nested("[", "]"),
        nested(r#"{"@context":"#, "}"),
    ];
    for document in documents {
        assert!(read(document.as_bytes(), &Limits::default()).is_err());
    }
}

#[test]
fn what_is_named_once_and_said_often_is_bounded() {
    let long = "a".repeat(900);
    let product = json!({ "product_id": "A", "name": "n", "product_identification_helper": { "purl": format!("pkg:npm/{long}") } });
    let vulnerability = |number: u32| json!({ "cve": format!("CVE-{number}"), "product_status": { "fixed": ["A"] } });
    let csaf = json!({
        "document": { "csaf_version": "2.0", "publisher": { "name": "x" },
                      "tracking": { "id": "x", "current_release_date": "2024-01-02T00:00:00Z" } },
        "product_tree": { "full_product_names": [product] },
        "vulnerabilities": (0..2_000).map(vulnerability).collect::<Vec<_>>() });
    let many = |text: &str| (0..2_000).map(|_| json!(text)).collect::<Vec<_>>();
    let openvex = json!({ "@context": "https://openvex.dev/ns", "statements": [
        { "vulnerability": "CVE-1", "status": "fixed", "products": many("pkg:oci/a"), "subcomponents": many("pkg:npm/b") }] });
    let limits = Limits { said: 1 << 20, ..Limits::default() };
    for document in [csaf, openvex] {
        let error = read(document.to_string().as_bytes(), &limits).unwrap_err();
        assert!(matches!(error, VexError::SaysTooMuch { .. }), "{error}");
    }
}

#[test]
fn products_in_a_circle_end() {
    let lies_in = |id: &str, part: &str, place: &str| {
        json!({ "category": "default_component_of", "product_reference": part, "relates_to_product_reference": place,
                "full_product_name": { "product_id": id, "name": id } })
    };
    let csaf = json!({
        "document": { "csaf_version": "2.0", "publisher": { "name": "x" },
                      "tracking": { "id": "x", "current_release_date": "2024-01-02T00:00:00Z" } },
        "product_tree": { "relationships": [lies_in("A", "B", "A"), lies_in("B", "A", "B")] },
        "vulnerabilities": [{ "cve": "CVE-1", "product_status": { "fixed": ["A", "B", "C"] } }] });
    assert_eq!(read(csaf.to_string().as_bytes(), &Limits::default()).unwrap().statements[0].claims.len(), 3);
}

/// JSON in which keys are those that the readers look for.
fn any_json() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "@context",
        "@id",
        "statements",
        "vulnerability",
        "name",
        "products",
        "subcomponents",
        "status",
        "document",
        "csaf_version",
        "product_tree",
        "branches",
        "product",
        "product_id",
        "vulnerabilities",
        "product_status",
        "fixed",
        "flags",
        "label",
        "bomFormat",
        "components",
        "bom-ref",
        "purl",
        "analysis",
        "state",
        "affects",
        "ref",
        "versions",
        "subject",
        "digest",
        "sha256",
        "predicate",
    ]);
    let words = prop::sample::select(vec![
        "https://openvex.dev/ns/v0.2.0",
        "CycloneDX",
        "2.0",
        "fixed",
        "not_affected",
        "pkg:npm/a@1",
        "pkg:oci/a",
        "urn:cdx:1/1#%zz%",
        "2024-01-02T00:00:00Z",
        "CVE-2024-1",
        "",
        "\0",
    ]);
    let leaf = prop_oneof![Just(Value::Null), any::<i64>().prop_map(Value::from), words.prop_map(Value::from)];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((keys.clone(), inner), 0..6).prop_map(|pairs| Value::Object(
                pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_makes_the_reader_panic(
        mut json in any_json(), which in 0..4_usize, bytes in prop::collection::vec(any::<u8>(), 0..200)
    ) {
        if let Some(object) = json.as_object_mut() {
            match which {
                0 => object.insert("@context".into(), "https://openvex.dev/ns/v0.2.0".into()),
                1 => object.insert("bomFormat".into(), "CycloneDX".into()),
                2 => {
                    object.insert("predicateType".into(), "https://openvex.dev/ns".into());
                    object.insert("_type".into(), "https://in-toto.io/Statement/v1".into())
                }
                _ => None,
            };
        }
        let _ = read(json.to_string().as_bytes(), &Limits::default());
        let _ = read(&bytes, &Limits::default());
    }

    #[test]
    fn no_text_makes_a_product_or_repository_panic(text in "(pkg:(oci|npm|rpm|docker)/)?[a-zA-Z0-9@%/?&=#.:_ é-]{0,40}") {
        let product = plimsoll_vex::Product::read(text.clone());
        prop_assert_eq!(&plimsoll_vex::Product::read(product.text.clone()), &product);
        if let Some(repository) = plimsoll_vex::Repository::read(&text) {
            let registry = repository.registry.clone().unwrap_or_default();
            let again = plimsoll_vex::Repository::read(&format!("{registry}/{}", repository.path));
            prop_assert_eq!(again.is_some(), true);
        }
    }
}
