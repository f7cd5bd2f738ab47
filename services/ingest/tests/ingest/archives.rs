//! Image archives.

use std::io::Write as _;
use std::time::Duration;

use plimsoll_oci::media_type::*;
use plimsoll_store::outbox;
use plimsoll_testkit::eventually;
use serde_json::{Value, json};

use crate::content::{Image, descriptor, digest, gzip, index, tar, zstd};
use crate::service::{Client, Service, header, stored};

/// What `docker save` writes.
fn docker_save(image: &Image, names: &[&str]) -> Vec<u8> {
    let config = format!("{}.json", &digest(&image.config)[7..]);
    let manifest = json!([{ "Config": config, "RepoTags": names, "Layers": ["0/layer.tar"] }]).to_string();
    tar(&[("0/layer.tar", &image.layer_tar), (&config, &image.config), ("manifest.json", manifest.as_bytes())])
}

fn layout(blobs: &[&[u8]], index_json: &Value) -> Vec<u8> {
    let paths: Vec<String> = blobs.iter().map(|blob| format!("blobs/sha256/{}", &digest(blob)[7..])).collect();
    let index_json = index_json.to_string();
    let mut files: Vec<(&str, &[u8])> = paths.iter().map(String::as_str).zip(blobs.iter().copied()).collect();
    files.push(("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#));
    files.push(("index.json", index_json.as_bytes()));
    tar(&files)
}

/// An OCI archive of one image.
fn oci_archive(image: &Image, name: Option<&str>) -> Vec<u8> {
    let manifest = image.manifest();
    let mut entry = descriptor(OCI_MANIFEST, &manifest);
    if let Some(name) = name {
        entry["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
    }
    layout(&[&image.config, &image.layer, &manifest], &json!({ "schemaVersion": 2, "manifests": [entry] }))
}

async fn upload(client: &Client, query: &str, archive: Vec<u8>) -> (u16, Value) {
    let request = client.anonymous("POST", &format!("/v1/images{query}")).bearer_auth(&client.key).body(archive);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn an_archive_of_either_form_and_any_packing_becomes_an_image_that_can_be_pulled() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    let saved = docker_save(&image, &["localhost:5000/acme/saved:1", "saved:2"]);
    let oci = oci_archive(&image, Some("3.18"));
    #[rustfmt::skip]
    let table = [
        ("", saved.clone(), 201, vec![("acme/saved", "1"), ("acme/saved", "2")]),
        ("", gzip(&saved), 200, vec![("acme/saved", "1"), ("acme/saved", "2")]),
        ("?repository=other&tag=9", zstd(&saved), 200, vec![("acme/other", "9")]),
        ("?repository=layout", oci.clone(), 201, vec![("acme/layout", "3.18")]),
        ("?repository=acme/layout&tag=x", gzip(&oci), 200, vec![("acme/layout", "x")]),
        ("?repository=team/plain", zstd(&oci_archive(&image, None)), 200, vec![("acme/team/plain", "latest")]),
    ];
    for (query, archive, status, expected) in table {
        let (answered, body) = upload(&client, query, archive).await;
        assert_eq!(answered, status, "{query}: {body}");
        let images = body["images"].as_array().unwrap();
        let names: Vec<_> = images
            .iter()
            .map(|image| (image["repository"].as_str().unwrap(), image["tag"].as_str().unwrap()))
            .collect();
        assert_eq!(names, expected, "{query}");
        for image in images {
            assert_eq!(image["platform"], "linux/amd64");
            assert_eq!(image["queued"], status == 201);
            assert!(image["id"].is_string() && image["index"].is_null());
            let path =
                format!("/v2/{}/manifests/{}", image["repository"].as_str().unwrap(), image["tag"].as_str().unwrap());
            let response = client.get(&path).await;
            assert_eq!(header(&response, "docker-content-digest"), image["digest"].as_str().unwrap());
            let manifest: Value = response.json().await.unwrap();
            for blob in [&manifest["config"], &manifest["layers"][0]] {
                let path =
                    format!("/v2/{}/blobs/{}", image["repository"].as_str().unwrap(), blob["digest"].as_str().unwrap());
                let bytes = client.get(&path).await.bytes().await.unwrap();
                assert_eq!(digest(&bytes), blob["digest"].as_str().unwrap());
            }
        }
    }
    assert_eq!(stored(&service, "staged"), 0);
}

#[tokio::test]
async fn an_archived_index_keeps_its_tag_and_its_images() {
    let service = Service::start().await;
    let client = service.client().await;
    let images =
        [Image::packed("a", "amd64", OCI_LAYER_ZSTD, zstd), Image::packed("a", "arm64", OCI_LAYER, <[u8]>::to_vec)];
    let manifests = [images[0].manifest(), images[1].manifest()];
    let list = index(&[(&manifests[0], "amd64"), (&manifests[1], "arm64")]);
    let mut entry = descriptor(OCI_INDEX, &list);
    entry["annotations"] = json!({ "io.containerd.image.name": "reg.example/acme/multi:1" });
    let blobs: Vec<&[u8]> = vec![
        &images[0].config,
        &images[0].layer,
        &images[1].config,
        &images[1].layer,
        &manifests[0],
        &manifests[1],
        &list,
    ];
    let (status, body) =
        upload(&client, "", layout(&blobs, &json!({ "schemaVersion": 2, "manifests": [entry] }))).await;
    assert_eq!(status, 201, "{body}");
    let shown: Vec<_> = body["images"]
        .as_array()
        .unwrap()
        .iter()
        .map(|image| (&image["digest"], &image["platform"], &image["index"]))
        .collect();
    let (first, second, whole) = (json!(digest(&manifests[0])), json!(digest(&manifests[1])), json!(digest(&list)));
    assert_eq!(shown, [(&first, &json!("linux/amd64"), &whole), (&second, &json!("linux/arm64"), &whole)]);
    let response = client.get("/v2/acme/multi/manifests/1").await;
    assert_eq!(
        (header(&response, "content-type").as_str(), response.bytes().await.unwrap().as_ref()),
        (OCI_INDEX, list.as_slice())
    );
}

#[tokio::test]
async fn a_bad_archive_is_refused_in_words_and_leaves_nothing() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    let saved = docker_save(&image, &["web:1"]);
    let packed = gzip(&saved);
    let mut lying = saved.clone();
    lying[124..135].copy_from_slice(b"77777777777");
    let mut flipped = oci_archive(&image, Some("1"));
    let place = flipped.windows(image.layer.len()).position(|bytes| bytes == image.layer).unwrap();
    flipped[place + 20] ^= 1;
    let manifest = image.manifest();
    let lacking = layout(
        &[&image.config, &manifest],
        &json!({ "schemaVersion": 2, "manifests": [descriptor(OCI_MANIFEST, &manifest)] }),
    );
    #[rustfmt::skip]
    let table = [
        ("?repository=web", b"hello".to_vec(), "archive_invalid", "not an image archive"), ("?repository=web", vec![], "archive_invalid", ""),
        ("?repository=web", packed[..packed.len() / 2].to_vec(), "archive_invalid", ""),
        ("?repository=web", saved[..saved.len() / 3].to_vec(), "archive_invalid", ""), ("?repository=web", lying, "archive_", ""),
        ("?repository=web", flipped, "archive_invalid", "digest mismatch"), ("?repository=web", lacking, "archive_invalid", "lacks sha256:"),
        ("?repository=web", tar(&[("a", b"b")]), "archive_invalid", "holds no image"),
        ("", oci_archive(&image, None), "repository_missing", "?repository="), ("", oci_archive(&image, Some("1")), "repository_missing", "?repository="),
        ("?repository=Web", saved.clone(), "repository_invalid", "repository name"), ("?repository=web&tag=.x", saved.clone(), "tag_invalid", "tag"),
        ("?repository=web&repository=x", saved.clone(), "query_invalid", "duplicate"),
    ];
    for (query, archive, code, part) in table {
        let (status, body) = upload(&client, query, archive).await;
        let (found, detail) = (body["code"].as_str().unwrap(), body["detail"].as_str().unwrap());
        assert!(found.starts_with(code) && detail.contains(part), "{query} {code} {part}: {body}");
        assert_eq!(status, if found == "archive_too_large" { 413 } else { 400 }, "{body}");
    }
    assert_eq!((stored(&service, "staged"), stored(&service, "blobs")), (0, 0));
    let body: Value = client.get("/v2/_catalog").await.json().await.unwrap();
    assert_eq!(body["repositories"], json!([]));
    let mut tx = service.database.store("plimsoll_ingest").await.catalog_tx().await.unwrap();
    assert_eq!(outbox::backlog(&mut tx).await.unwrap().0, 0);
    assert_eq!(upload(&client, "", saved).await.0, 201, "still up");
}

#[tokio::test]
async fn only_a_key_that_may_push_brings_archives() {
    let service = Service::start().await;
    let client = service.client().await;
    let reader = service.client_of(service.org, &["read"]).await;
    let saved = docker_save(&Image::new("a"), &["web:1"]);
    let (status, body) = upload(&reader, "", saved.clone()).await;
    assert_eq!((status, body["code"].as_str()), (403, Some("forbidden")));
    let token = client.token("repository:acme/web:pull,push").await["token"].as_str().unwrap().to_owned();
    for request in [client.anonymous("POST", "/v1/images"), client.anonymous("POST", "/v1/images").bearer_auth(token)] {
        let response = request.body(saved.clone()).send().await.unwrap();
        assert_eq!(response.status(), 401);
        assert_eq!(header(&response, "content-type"), "application/problem+json");
    }
    assert_eq!(client.get("/v1/images").await.status(), 405);
}

#[tokio::test]
async fn an_archive_whose_sender_goes_away_leaves_nothing() {
    let service = Service::start().await;
    let client = service.client().await;
    let saved = docker_save(&Image::new("a"), &["web:1"]);
    let (host, key) = (service.host(), client.key.clone());
    tokio::task::spawn_blocking(move || {
        let mut connection = std::net::TcpStream::connect(host).unwrap();
        let head = format!(
            "POST /v1/images HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: 100000\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).unwrap();
        connection.write_all(&saved[..saved.len() - 1_500]).unwrap();
    })
    .await
    .unwrap();
    // The next one goes through, and then nothing of either is staged.
    assert_eq!(upload(&client, "", docker_save(&Image::new("b"), &["web:1"])).await.0, 201);
    eventually("nothing is staged", Duration::from_secs(20), || async {
        (stored(&service, "staged") == 0).then_some(())
    })
    .await;
    assert_eq!(stored(&service, "blobs"), 2);
}
