use serde_json::{Value, json};

use super::*;
use crate::media_type::*;

fn descriptor(media_type: &str) -> Value {
    json!({ "mediaType": media_type, "digest": format!("sha256:{}", "a".repeat(64)), "size": 3 })
}

fn image() -> Value {
    json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(OCI_CONFIG), "layers": [descriptor(OCI_LAYER_GZIP)] })
}

fn index() -> Value {
    json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [descriptor(OCI_MANIFEST)] })
}

/// `document` with fields replaced, or removed where the value is null.
fn with(mut document: Value, fields: Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        match value {
            Value::Null => document.as_object_mut().unwrap().remove(name),
            value => document.as_object_mut().unwrap().insert(name.clone(), value.clone()),
        };
    }
    document
}

fn parse(document: &Value, content_type: Option<&str>) -> Result<Manifest, ManifestError> {
    Manifest::parse(document.to_string().as_bytes(), content_type)
}

#[test]
fn every_kind_of_manifest_is_recognised() {
    let list = with(index(), json!({ "mediaType": DOCKER_MANIFEST_LIST }));
    let docker = with(image(), json!({ "mediaType": DOCKER_MANIFEST, "config": descriptor(DOCKER_CONFIG) }));
    let untyped_image = with(image(), json!({ "mediaType": null }));
    let untyped_index = with(index(), json!({ "mediaType": null }));
    let null_lists = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [], "annotations": null });
    #[rustfmt::skip]
    let table = [
        (&image(), None, OCI_MANIFEST), (&image(), Some(OCI_MANIFEST), OCI_MANIFEST), (&index(), Some(OCI_INDEX), OCI_INDEX),
        (&image(), Some("application/vnd.oci.image.manifest.v1+json; charset=utf-8"), OCI_MANIFEST),
        (&list, Some(DOCKER_MANIFEST_LIST), DOCKER_MANIFEST_LIST), (&docker, None, DOCKER_MANIFEST),
        (&untyped_image, None, OCI_MANIFEST), (&untyped_image, Some(OCI_MANIFEST), OCI_MANIFEST), (&untyped_index, Some(OCI_INDEX), OCI_INDEX),
        (&untyped_index, None, OCI_INDEX), (&untyped_image, Some(DOCKER_MANIFEST), DOCKER_MANIFEST), (&null_lists, None, OCI_INDEX),
    ];
    for (document, content_type, expected) in table {
        let manifest = parse(document, content_type).unwrap_or_else(|e| panic!("{document} {content_type:?}: {e}"));
        assert_eq!(manifest.media_type(), expected);
        assert_eq!(matches!(manifest, Manifest::Index(_)), media_type::is_index(expected));
    }
}

#[test]
fn what_is_no_manifest_is_refused_by_name() {
    let schema_1 =
        json!({ "schemaVersion": 1, "name": "a", "tag": "b", "fsLayers": [], "history": [], "signatures": [] });
    let both = with(image(), json!({ "manifests": [], "mediaType": null }));
    let sha512 = json!({ "mediaType": OCI_CONFIG, "digest": format!("sha512:{}", "a".repeat(128)), "size": 1 });
    let negative = json!({ "mediaType": OCI_CONFIG, "digest": format!("sha256:{}", "a".repeat(64)), "size": -1 });
    #[rustfmt::skip]
    let table = [
        (json!([]), None, "does not parse"), (json!("x"), None, "does not parse"), (json!({}), None, "schemaVersion is missing"),
        (json!({ "schemaVersion": 2 }), None, "neither manifests"), (json!({ "schemaVersion": "2" }), None, "schemaVersion"),
        (json!({ "schemaVersion": 3 }), None, "schemaVersion is 3"), (schema_1, None, "schema 1"),
        (image(), Some("application/vnd.docker.distribution.manifest.v1+prettyjws"), "schema 1"),
        (image(), Some(DOCKER_MANIFEST), "Content-Type is"), (image(), Some(OCI_INDEX), "Content-Type is"),
        (image(), Some("application/json"), "Content-Type is"),
        (with(image(), json!({ "mediaType": null })), Some("application/json"), "not the media type"),
        (with(image(), json!({ "mediaType": "application/vnd.oci.artifact.manifest.v1+json" })), None, "not the media type"),
        (with(image(), json!({ "mediaType": OCI_INDEX })), None, "no manifests|as an image does|shape"),
        (with(index(), json!({ "mediaType": OCI_MANIFEST })), None, "as an index does"),
        (both, None, "both manifests"), (with(image(), json!({ "manifests": [] })), None, "both manifests"),
        (with(image(), json!({ "fsLayers": [] })), None, "fsLayers"),
        (with(image(), json!({ "config": null })), None, "no config"), (with(image(), json!({ "layers": null })), None, "no layers"),
        (with(image(), json!({ "config": sha512 })), None, "sha512"), (with(image(), json!({ "config": negative })), None, "does not parse"),
        (with(image(), json!({ "layers": {} })), None, "does not parse"), (with(image(), json!({ "mediaType": 7 })), None, "does not parse"),
    ];
    for (document, content_type, part) in table {
        let error = parse(&document, content_type).expect_err(&document.to_string()).to_string();
        assert!(part.split('|').any(|part| error.contains(part)), "{document}: {error}");
    }
}

#[test]
fn a_field_that_occurs_twice_is_refused() {
    let text = image().to_string().replacen('{', r#"{"mediaType":"application/vnd.oci.image.index.v1+json","#, 1);
    assert!(matches!(Manifest::parse(text.as_bytes(), None), Err(ManifestError::Malformed(_))));
}

#[test]
fn bytes_that_are_not_json_or_nest_too_deep_are_errors_not_panics() {
    let deep = "[".repeat(200_000);
    let deep_field = format!("{{\"schemaVersion\":2,\"x\":{deep}");
    for text in ["", "{", "\u{0}", &deep, &deep_field] {
        assert!(matches!(Manifest::parse(text.as_bytes(), None), Err(ManifestError::Malformed(_))));
    }
}

#[test]
fn a_manifest_past_a_limit_is_refused_and_one_at_the_limit_is_not() {
    let layers = |count: usize| with(image(), json!({ "layers": vec![descriptor(OCI_LAYER); count] }));
    let entries = |count: usize| with(index(), json!({ "manifests": vec![descriptor(OCI_MANIFEST); count] }));
    assert!(parse(&layers(1_000), None).is_ok() && parse(&entries(1_000), None).is_ok());
    assert!(matches!(parse(&layers(5_000), None), Err(ManifestError::TooMany { count: 5_000, of: "layers", .. })));
    assert!(matches!(parse(&entries(10_000), None), Err(ManifestError::TooMany { of: "manifests", .. })));
    let large = with(image(), json!({ "x": "y".repeat(4 << 20) }));
    assert!(matches!(parse(&large, None), Err(ManifestError::TooLarge { .. })));
}

#[test]
fn an_artifact_is_not_an_image_and_an_image_cannot_pass_for_an_artifact() {
    let in_toto = [descriptor("application/vnd.in-toto+json")];
    #[rustfmt::skip]
    let table = [
        ("image", image(), true),
        ("scratch image", with(image(), json!({ "layers": [] })), true),
        ("image that declares an artifactType", with(image(), json!({ "artifactType": "text/plain" })), true),
        ("artifact with an empty config", with(image(), json!({ "artifactType": "text/spdx", "config": descriptor(OCI_EMPTY) })), false),
        ("chart", with(image(), json!({ "config": descriptor("application/vnd.cncf.helm.config.v1+json") })), false),
        ("attestation", with(image(), json!({ "layers": in_toto })), false),
    ];
    for (name, document, is_image) in table {
        let Manifest::Image(manifest) = parse(&document, None).unwrap() else { panic!("{name}") };
        assert_eq!(manifest.is_container_image(), is_image, "{name}");
    }
}

#[test]
fn a_referrer_shows_its_artifact_type_else_its_configs_media_type() {
    let subject = descriptor(OCI_MANIFEST);
    let document = with(image(), json!({ "subject": subject, "annotations": { "a": "b" } }));
    let manifest = parse(&document, None).unwrap();
    assert_eq!(manifest.artifact_type(), Some(OCI_CONFIG));
    assert_eq!(manifest.annotations().get("a").map(String::as_str), Some("b"));
    assert_eq!(manifest.subject().unwrap().media_type, OCI_MANIFEST);
    let declared = parse(&with(document, json!({ "artifactType": "x/y" })), None).unwrap();
    assert_eq!(declared.artifact_type(), Some("x/y"));
}

#[test]
fn foreign_layers_are_not_required_blobs() {
    let foreign = descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
    let document = with(image(), json!({ "layers": [foreign, descriptor(OCI_LAYER)] }));
    let Manifest::Image(manifest) = parse(&document, None).unwrap() else { panic!() };
    let required: Vec<_> = manifest.required_blobs().map(|blob| blob.media_type.as_str()).collect();
    assert_eq!(required, [OCI_CONFIG, OCI_LAYER]);
    assert_eq!(manifest.total_size(), 9);
}
