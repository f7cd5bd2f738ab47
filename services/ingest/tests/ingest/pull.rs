//! What was pushed is pulled.

use plimsoll_oci::media_type::*;
use reqwest::Response;

use crate::content::{Image, digest};
use crate::service::{Service, header, refusal};

#[tokio::test]
async fn pull_1_2_9_a_blob_is_given_whole_in_part_or_not_again() {
    let service = Service::start().await;
    let client = service.client().await;
    let bytes: Vec<u8> = (0..=255).collect();
    let digest = client.blob("acme/web", &bytes).await;
    let path = format!("/v2/acme/web/blobs/{digest}");
    let check = |response: &Response| {
        assert_eq!(header(response, "docker-content-digest"), digest);
        assert_eq!(header(response, "etag"), format!("\"{digest}\""));
    };
    let response = client.send("HEAD", &path, "").await;
    check(&response);
    assert_eq!((response.status().as_u16(), header(&response, "content-length").as_str()), (200, "256"));
    let response = client.get(&path).await;
    check(&response);
    assert_eq!((response.status().as_u16(), header(&response, "content-length").as_str()), (200, "256"));
    assert_eq!(response.bytes().await.unwrap(), bytes);
    for (range, start, end) in
        [("bytes=0-9", 0, 10), ("bytes=10-", 10, 256), ("bytes=-5", 251, 256), ("bytes=250-999", 250, 256)]
    {
        let response = client.request("GET", &path).header("Range", range).send().await.unwrap();
        assert_eq!(response.status(), 206, "{range}");
        assert_eq!(header(&response, "content-range"), format!("bytes {start}-{}/256", end - 1));
        assert_eq!(response.bytes().await.unwrap(), bytes[start..end], "{range}");
    }
    let response = client.request("GET", &path).header("Range", "bytes=256-").send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "content-range").as_str()), (416, "bytes */256"));
    let response = client.request("GET", &path).header("If-None-Match", format!("\"{digest}\"")).send().await.unwrap();
    check(&response);
    assert_eq!(response.status(), 304);
}

#[tokio::test]
async fn pull_3_4_a_blob_is_there_only_in_the_repositories_that_have_it() {
    let service = Service::start().await;
    let client = service.client().await;
    let other = service.client_of(service.organization("other").await, &["read", "push"]).await;
    let ours = client.blob("acme/web", b"ours").await;
    client.blob("acme/api", b"else").await;
    let theirs = other.blob("other/web", b"theirs").await;
    let mut answers = Vec::new();
    for unknown in [ours, theirs, digest(b"nobody's")] {
        for method in ["HEAD", "GET"] {
            let response = client.send(method, &format!("/v2/acme/api/blobs/{unknown}"), "").await;
            assert_eq!(response.status(), 404, "{method} {unknown}");
            if method == "GET" {
                answers.push(response.text().await.unwrap().replace(&unknown, "DIGEST"));
            }
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers[0].contains("BLOB_UNKNOWN"));
    let response = client.get("/v2/acme/api/blobs/sha256:abc").await;
    assert_eq!(refusal(response).await, (400, "DIGEST_INVALID".into()));
}

#[tokio::test]
async fn pull_5_6_7_9_a_manifest_is_given_to_who_accepts_its_type() {
    let service = Service::start().await;
    let client = service.client().await;
    let digest = Image::new("a").push(&client, "acme/web", "1").await;
    let docker = format!(
        "{DOCKER_MANIFEST}, {DOCKER_MANIFEST_LIST}, {OCI_MANIFEST}, {OCI_INDEX}, application/vnd.docker.distribution.manifest.v1+prettyjws, application/json"
    );
    for reference in ["1", digest.as_str()] {
        let path = format!("/v2/acme/web/manifests/{reference}");
        for accept in [docker.as_str(), "*/*", OCI_MANIFEST] {
            for method in ["HEAD", "GET"] {
                let response = client.request(method, &path).header("Accept", accept).send().await.unwrap();
                assert_eq!(response.status(), 200, "{method} {accept}");
                assert_eq!(header(&response, "content-type"), OCI_MANIFEST);
                assert_eq!(header(&response, "content-length"), Image::new("a").manifest().len().to_string());
            }
        }
        let response = client.request("GET", &path).header("Accept", DOCKER_MANIFEST).send().await.unwrap();
        assert_eq!(refusal(response).await, (404, "MANIFEST_UNKNOWN".into()));
        let response =
            client.request("GET", &path).header("If-None-Match", format!("\"{digest}\"")).send().await.unwrap();
        assert_eq!(response.status(), 304);
    }
    let response = client.get("/v2/acme/web/manifests/none").await;
    assert_eq!(refusal(response).await, (404, "MANIFEST_UNKNOWN".into()));
}

#[tokio::test]
async fn pull_8_a_name_is_unknown_or_invalid() {
    let service = Service::start().await;
    let client = service.client().await;
    for path in
        ["/v2/acme/none/manifests/1", "/v2/acme/none/tags/list", "/v2/acme/tags/list", "/v2/nobody/web/tags/list"]
    {
        assert_eq!(refusal(client.get(path).await).await, (404, "NAME_UNKNOWN".into()), "{path}");
    }
    for path in
        ["/v2/acme/Web/manifests/1", "/v2/acme//web/tags/list", "/v2/acme/_web/tags/list", "/v2/acme/w%20b/tags/list"]
    {
        assert_eq!(refusal(client.get(path).await).await, (400, "NAME_INVALID".into()), "{path}");
    }
    let (status, code) = refusal(client.get("/v2/acme/web/nonsense").await).await;
    assert_eq!((status, code.as_str()), (404, "UNSUPPORTED"));
    let (status, code) = refusal(client.send("PATCH", "/v2/acme/web/tags/list", "").await).await;
    assert_eq!((status, code.as_str()), (405, "UNSUPPORTED"));
}
