//! Manifests come in.

use plimsoll_oci::media_type::*;
use serde_json::{Value, json};

use crate::content::{Image, descriptor, digest, index};
use crate::service::{Client, Service, header, refusal, refusal_text};

async fn assert_pulls(client: &Client, reference: &str, media_type: &str, bytes: &[u8]) {
    let response = client.get(&format!("/v2/acme/web/manifests/{reference}")).await;
    assert_eq!(response.status(), 200, "{reference}");
    assert_eq!(header(&response, "content-type"), media_type);
    assert_eq!(header(&response, "docker-content-digest"), digest(bytes));
    assert_eq!(response.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn man_1_2_3_a_manifest_is_kept_byte_for_byte_under_its_tag_digest_and_media_type() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    image.push_blobs(&client, "acme/web").await;
    // A client's own spelling must survive: spaces, order, unknown fields.
    let odd = format!("{{ \"odd\": 1,\n{}", &String::from_utf8(image.manifest()).unwrap()[1..]).into_bytes();
    let docker = image.docker_manifest();
    let list = String::from_utf8(index(&[(&docker, "amd64")])).unwrap();
    let list = list.replace(OCI_INDEX, DOCKER_MANIFEST_LIST).replace(OCI_MANIFEST, DOCKER_MANIFEST).into_bytes();
    let oci = image.manifest();
    for (tag, media_type, bytes) in [
        ("oci", OCI_MANIFEST, &oci),
        ("odd", OCI_MANIFEST, &odd),
        ("docker", DOCKER_MANIFEST, &docker),
        ("list", DOCKER_MANIFEST_LIST, &list),
    ] {
        let response = client.put_manifest("acme/web", tag, media_type, bytes).await;
        assert_eq!(header(&response, "docker-content-digest"), digest(bytes));
        assert_eq!(header(&response, "location"), format!("/v2/acme/web/manifests/{}", digest(bytes)));
        assert_eq!(response.status(), 201, "{tag}");
        assert_pulls(&client, tag, media_type, bytes).await;
        assert_pulls(&client, &digest(bytes), media_type, bytes).await;
        let response = client.put_manifest("acme/web", &digest(bytes), media_type, bytes).await;
        assert_eq!(response.status(), 201, "{tag} by digest");
    }
    let response = client.put_manifest("acme/web", &digest(b"other"), OCI_MANIFEST, &oci).await;
    assert_eq!(refusal(response).await, (400, "DIGEST_INVALID".into()));
    let sha512 = format!("sha512:{}", "a".repeat(128));
    let response = client.put_manifest("acme/web", &sha512, OCI_MANIFEST, &oci).await;
    assert_eq!(refusal(response).await, (400, "DIGEST_INVALID".into()));
}

#[tokio::test]
async fn man_4_an_index_needs_its_manifests() {
    let service = Service::start().await;
    let client = service.client().await;
    let (a, b) = (Image::new("a"), Image::new("b"));
    a.push(&client, "acme/web", "a").await;
    let both = index(&[(&a.manifest(), "amd64"), (&b.manifest(), "arm64")]);
    let response = client.put_manifest("acme/web", "all", OCI_INDEX, &both).await;
    let (status, code, text) = refusal_text(response).await;
    assert_eq!((status, code.as_str()), (400, "MANIFEST_BLOB_UNKNOWN"));
    assert!(text.contains(&digest(&b.manifest())) && !text.contains(&digest(&a.manifest())), "{text}");
    b.push(&client, "acme/web", "b").await;
    assert_eq!(client.put_manifest("acme/web", "all", OCI_INDEX, &both).await.status(), 201);
    assert_pulls(&client, "all", OCI_INDEX, &both).await;
    let blob = client.blob("acme/web", b"cache").await;
    let cache = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [{ "mediaType": OCI_LAYER_GZIP, "digest": blob, "size": 5 }] });
    let response = client.put_manifest("acme/web", "cache", OCI_INDEX, cache.to_string().as_bytes()).await;
    assert_eq!(response.status(), 201, "a build cache is an index of blobs");
    let empty = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [] }).to_string();
    assert_eq!(client.put_manifest("acme/new", "empty", OCI_INDEX, empty.as_bytes()).await.status(), 201);
}

#[tokio::test]
async fn man_5_a_manifest_that_names_a_missing_blob_is_refused_and_leaves_nothing() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    client.blob("acme/web", &image.config).await;
    client.blob("acme/other", &image.layer).await;
    let response = client.put_manifest("acme/web", "1", OCI_MANIFEST, &image.manifest()).await;
    let (status, code, text) = refusal_text(response).await;
    assert_eq!((status, code.as_str()), (400, "MANIFEST_BLOB_UNKNOWN"));
    assert!(text.contains(&digest(&image.layer)) && !text.contains(&digest(&image.config)), "{text}");
    for reference in ["1", &digest(&image.manifest())] {
        let response = client.get(&format!("/v2/acme/web/manifests/{reference}")).await;
        assert_eq!(refusal(response).await, (404, "MANIFEST_UNKNOWN".into()));
    }
    client.blob("acme/web", &image.layer).await;
    let mut lying: Value = serde_json::from_slice(&image.manifest()).unwrap();
    lying["layers"][0]["size"] = json!(1);
    let response = client.put_manifest("acme/web", "1", OCI_MANIFEST, lying.to_string().as_bytes()).await;
    let (status, code, text) = refusal_text(response).await;
    assert_eq!((status, code.as_str()), (400, "MANIFEST_INVALID"));
    assert!(text.contains("has 1 bytes"), "{text}");
}

#[tokio::test]
async fn man_6_7_8_what_is_no_manifest_is_refused() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    image.push_blobs(&client, "acme/web").await;
    let schema_1 = json!({ "schemaVersion": 1, "name": "a", "tag": "b", "fsLayers": [], "history": [] }).to_string();
    let unknown =
        json!({ "schemaVersion": 2, "mediaType": "application/vnd.x+json", "config": {}, "layers": [] }).to_string();
    let manifest = String::from_utf8(image.manifest()).unwrap();
    #[rustfmt::skip]
    let table = [
        ("not JSON", OCI_MANIFEST, "{"), ("empty", OCI_MANIFEST, ""), ("another shape", OCI_MANIFEST, "{}"), ("a list", OCI_MANIFEST, "[1]"),
        ("schema 1", "application/vnd.docker.distribution.manifest.v1+prettyjws", &schema_1), ("schema 1 in disguise", OCI_MANIFEST, &schema_1),
        ("unknown media type", "application/vnd.x+json", &unknown), ("Content-Type of an index", OCI_INDEX, &manifest),
        ("Content-Type of Docker", DOCKER_MANIFEST, &manifest), ("Content-Type of JSON", "application/json", &manifest),
    ];
    for (name, media_type, body) in table {
        let response = client.put_manifest("acme/web", "1", media_type, body.as_bytes()).await;
        assert_eq!(refusal(response).await, (400, "MANIFEST_INVALID".into()), "{name}");
    }
    let fits = image.manifest_with(json!({ "x": "y".repeat((4 << 20) - 2_000) }));
    assert_eq!(client.put_manifest("acme/web", "large", OCI_MANIFEST, &fits).await.status(), 201);
    let large = image.manifest_with(json!({ "x": "y".repeat(4 << 20) }));
    let response = client.put_manifest("acme/web", "1", OCI_MANIFEST, &large).await;
    assert_eq!(refusal(response).await, (413, "SIZE_INVALID".into()));
    let response = client.get("/v2/acme/web/manifests/1").await;
    assert_eq!(refusal(response).await, (404, "MANIFEST_UNKNOWN".into()));
}

#[tokio::test]
async fn man_10_a_moved_tag_leaves_the_old_manifest_pullable_by_digest() {
    let service = Service::start().await;
    let client = service.client().await;
    let (old, new) = (Image::new("old"), Image::new("new"));
    old.push(&client, "acme/web", "1").await;
    new.push(&client, "acme/web", "1").await;
    assert_pulls(&client, "1", OCI_MANIFEST, &new.manifest()).await;
    assert_pulls(&client, &digest(&old.manifest()), OCI_MANIFEST, &old.manifest()).await;
}

#[tokio::test]
async fn man_12_a_subject_is_acknowledged_even_where_it_is_absent() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    image.push_blobs(&client, "acme/web").await;
    let subject = descriptor(OCI_MANIFEST, b"nobody has this");
    let manifest = image.manifest_with(json!({ "subject": subject }));
    let response = client.put_manifest("acme/web", &digest(&manifest), OCI_MANIFEST, &manifest).await;
    assert_eq!(response.status(), 201);
    assert_eq!(header(&response, "oci-subject"), digest(b"nobody has this"));
}

#[tokio::test]
async fn man_13_tags_follow_the_grammar() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    image.push_blobs(&client, "acme/web").await;
    let longest = "x".repeat(128);
    for tag in [longest.as_str(), "UPPER", "_x", "v1.2-3"] {
        assert_eq!(client.put_manifest("acme/web", tag, OCI_MANIFEST, &image.manifest()).await.status(), 201, "{tag}");
    }
    let too_long = "x".repeat(129);
    for tag in [too_long.as_str(), ".x", "-x", "a/b", "a%2Fb", "a+b", "%00"] {
        let response = client.put_manifest("acme/web", tag, OCI_MANIFEST, &image.manifest()).await;
        assert_eq!(refusal(response).await, (400, "TAG_INVALID".into()), "{tag}");
    }
}
