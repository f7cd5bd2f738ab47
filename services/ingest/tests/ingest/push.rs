//! Blobs come in.

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use plimsoll_testkit::eventually;
use reqwest::{Body, Response};

use crate::content::digest;
use crate::service::{Client, Service, header, refusal, stored};

/// 100,000 bytes that are not all the same.
fn content(seed: u8) -> Vec<u8> {
    (0..100_000u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 ^ seed).collect()
}

async fn chunk(client: &Client, location: &str, range: &str, bytes: &[u8]) -> Response {
    let request = client.request("PATCH", location).header("Content-Range", range);
    request.body(bytes.to_vec()).send().await.unwrap()
}

async fn assert_pulls(client: &Client, repository: &str, bytes: &[u8]) {
    let response = client.get(&format!("/v2/{repository}/blobs/{}", digest(bytes))).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn push_1_2_7_8_an_upload_begins_tells_how_it_stands_and_ends_as_a_blob_or_not() {
    let service = Service::start().await;
    let client = service.client().await;
    let response = client.send("POST", "/v2/acme/web/blobs/uploads/", "").await;
    assert_eq!((response.status().as_u16(), header(&response, "range").as_str()), (202, "0-0"));
    let location = header(&response, "location");
    assert!(location.ends_with(&header(&response, "docker-upload-uuid")));
    let bytes = content(1);
    let response = client.send("PUT", &format!("{location}?digest={}", digest(&bytes)), bytes.clone()).await;
    assert_eq!(response.status(), 201);
    assert_eq!(header(&response, "docker-content-digest"), digest(&bytes));
    assert_eq!(header(&response, "location"), format!("/v2/acme/web/blobs/{}", digest(&bytes)));
    assert_pulls(&client, "acme/web", &bytes).await;
    assert_eq!(refusal(client.get(&location).await).await, (404, "BLOB_UPLOAD_UNKNOWN".into()), "it has ended");

    let location = client.begin("acme/web").await;
    client.send("PATCH", &location, bytes.clone()).await;
    let response = client.get(&location).await;
    assert_eq!((response.status().as_u16(), header(&response, "range").as_str()), (204, "0-99999"));
    assert_eq!(client.send("DELETE", &location, "").await.status(), 204);
    for method in ["GET", "PATCH", "DELETE"] {
        assert_eq!(refusal(client.send(method, &location, "").await).await, (404, "BLOB_UPLOAD_UNKNOWN".into()));
    }
    assert_eq!(stored(&service, "staged"), 0);
}

#[tokio::test]
async fn push_3_a_single_request_is_enough() {
    let service = Service::start().await;
    let client = service.client().await;
    let bytes = content(1);
    let path = format!("/v2/acme/web/blobs/uploads/?digest={}", digest(&bytes));
    assert_eq!(client.send("POST", &path, bytes.clone()).await.status(), 201);
    assert_pulls(&client, "acme/web", &bytes).await;
    let response = client.send("POST", &format!("/v2/acme/web/blobs/uploads/?digest={}", digest(b"x")), "").await;
    assert_eq!(response.status(), 202, "a body is still to come");
    let location = header(&response, "location");
    assert_eq!(client.send("PUT", &format!("{location}?digest={}", digest(b"x")), "x").await.status(), 201);
    let response = client.send("POST", &path, "other").await;
    assert_eq!(refusal(response).await, (400, "DIGEST_INVALID".into()));
    let empty = format!("{}?digest={}", client.begin("acme/web").await, digest(b""));
    assert_eq!(client.send("PUT", &empty, "").await.status(), 201, "the empty blob");
    assert_pulls(&client, "acme/web", b"").await;
}

#[tokio::test]
async fn push_4_a_stream_of_unknown_length_is_taken() {
    let service = Service::start().await;
    let client = service.client().await;
    let bytes = content(1);
    let location = client.begin("acme/web").await;
    let pieces: Vec<_> =
        bytes.chunks(7_001).map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece))).collect();
    let body = Body::wrap_stream(futures::stream::iter(pieces));
    let response = client.request("PATCH", &location).body(body).send().await.unwrap();
    assert_eq!((response.status().as_u16(), header(&response, "range").as_str()), (202, "0-99999"));
    let location = header(&response, "location");
    let response = client.send("PUT", &format!("{location}?digest={}", digest(&bytes)), "").await;
    assert_eq!(response.status(), 201);
    assert_pulls(&client, "acme/web", &bytes).await;
}

#[tokio::test]
async fn push_5_6_chunks_are_taken_in_order_only() {
    let service = Service::start().await;
    let client = service.client().await;
    let bytes = content(1);
    let location = client.begin("acme/web").await;
    assert_eq!(chunk(&client, &location, "0-99", &bytes[..100]).await.status(), 202);
    for (range, piece) in [("0-99", &bytes[..100]), ("50-149", &bytes[50..150]), ("200-299", &bytes[200..300])] {
        let response = chunk(&client, &location, range, piece).await;
        assert_eq!(header(&response, "range"), "0-99", "{range}");
        assert_eq!(refusal(response).await, (416, "BLOB_UPLOAD_INVALID".into()), "{range}");
    }
    for (range, why) in [("100-150", "too short"), ("x", "no range"), ("199-100", "backwards")] {
        let response = chunk(&client, &location, range, &bytes[100..200]).await;
        assert_eq!(refusal(response).await, (400, "BLOB_UPLOAD_INVALID".into()), "{why}");
    }
    assert_eq!(chunk(&client, &location, "100-199", &bytes[100..200]).await.status(), 202);
    let path = format!("{location}?digest={}", digest(&bytes));
    let request = client.request("PUT", &path).header("Content-Range", "200-99999").body(bytes[200..].to_vec());
    assert_eq!(request.send().await.unwrap().status(), 201);
    assert_pulls(&client, "acme/web", &bytes).await;
    assert_eq!(stored(&service, "staged"), 0);
}

#[tokio::test]
async fn push_9_10_11_a_wrong_digest_is_refused_and_nothing_is_stored() {
    let service = Service::start().await;
    let client = service.client().await;
    let sha512 = format!("sha512:{}", "a".repeat(128));
    let upper = digest(b"hello").to_uppercase();
    for wrong in [digest(b"other").as_str(), "sha256:abc", "md5:0123", "", &sha512, &upper, "sha256:../../x"] {
        let location = client.begin("acme/web").await;
        let response = client.send("PUT", &format!("{location}?digest={wrong}"), "hello").await;
        assert_eq!(refusal(response).await, (400, "DIGEST_INVALID".into()), "{wrong}");
        let response = client.send("HEAD", &format!("/v2/acme/web/blobs/{}", digest(b"hello")), "").await;
        assert_eq!(response.status(), 404, "{wrong}");
    }
    assert_eq!((stored(&service, "staged"), stored(&service, "blobs")), (0, 0));
}

#[tokio::test]
async fn push_12_an_upload_that_is_not_there_is_unknown() {
    let service = Service::start().await;
    let client = service.client().await;
    let other = service.client_of(service.organization("other").await, &["read", "push"]).await;
    let location = client.begin("acme/web").await;
    let id = location.rsplit('/').next().unwrap();
    other.begin("other/web").await;
    client.begin("acme/api").await;
    for (client, path) in [
        (&other, format!("/v2/other/web/blobs/uploads/{id}")),
        (&client, format!("/v2/acme/api/blobs/uploads/{id}")),
        (&client, format!("/v2/acme/none/blobs/uploads/{id}")),
        (&client, format!("/v2/acme/web/blobs/uploads/{}", plimsoll_runtime::clock::new_id())),
        (&client, "/v2/acme/web/blobs/uploads/x".to_owned()),
    ] {
        let response = client.send("PATCH", &path, "hello").await;
        assert_eq!(refusal(response).await, (404, "BLOB_UPLOAD_UNKNOWN".into()), "{path}");
    }
    assert_eq!(client.get(&location).await.status(), 204, "untouched");
}

#[tokio::test]
async fn push_13_two_clients_upload_the_same_blob_at_once_and_it_is_stored_once() {
    let service = Service::start().await;
    let client = service.client().await;
    let bytes = content(1);
    let uploads = (0..4).map(|n| {
        let (client, bytes) = (client.clone(), bytes.clone());
        tokio::spawn(async move { client.blob(&format!("acme/web{}", n % 2), &bytes).await })
    });
    for upload in uploads.collect::<Vec<_>>() {
        upload.await.unwrap();
    }
    assert_eq!((stored(&service, "staged"), stored(&service, "blobs")), (0, 1));
    assert_pulls(&client, "acme/web0", &bytes).await;
}

#[tokio::test]
async fn one_upload_fed_by_two_requests_at_once_never_mixes_them() {
    let service = Service::start().await;
    let client = service.client().await;
    let bytes = [content(1), content(2)];
    let location = client.begin("acme/web").await;
    let patches = bytes.iter().map(|bytes| client.send("PATCH", &location, bytes.clone()));
    let statuses: Vec<u16> =
        futures::future::join_all(patches).await.into_iter().map(|response| response.status().as_u16()).collect();
    let wholes =
        [digest(&bytes[0]), digest(&bytes[1]), digest(&bytes.concat()), digest(&[&bytes[1][..], &bytes[0]].concat())];
    let (first, both) = (statuses.iter().position(|status| *status == 202).unwrap(), statuses == [202, 202]);
    assert!(both || statuses.contains(&416), "{statuses:?}");
    let range = header(&client.get(&location).await, "range");
    if both {
        assert_eq!(range, "0-199999");
    } else {
        assert_eq!(range, "0-99999");
        let response = client.send("PUT", &format!("{location}?digest={}", wholes[first]), "").await;
        assert_eq!(response.status(), 201);
        assert_pulls(&client, "acme/web", &bytes[first]).await;
    }
}

#[tokio::test]
async fn push_14_an_upload_goes_on_from_where_the_connection_broke() {
    let service = Service::start().await;
    let client = service.client().await;
    let bytes = content(1);
    let location = client.begin("acme/web").await;
    let sent = bytes[..60_000].to_vec();
    let (host, path) = (service.host(), location.clone());
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("x:{}", client.key));
    tokio::task::spawn_blocking(move || {
        let mut connection = std::net::TcpStream::connect(host).unwrap();
        let head = format!(
            "PATCH {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\nContent-Length: 100000\r\n\r\n"
        );
        connection.write_all(head.as_bytes()).unwrap();
        connection.write_all(&sent).unwrap();
    })
    .await
    .unwrap();
    let range = eventually("what arrived is recorded", Duration::from_secs(10), || async {
        let range = header(&client.get(&location).await, "range");
        (range != "0-0").then_some(range)
    })
    .await;
    let end: usize = range.strip_prefix("0-").unwrap().parse().unwrap();
    assert!(end < 60_000, "{range}");
    let next = format!("{}-99999", end + 1);
    assert_eq!(chunk(&client, &location, &next, &bytes[end + 1..]).await.status(), 202);
    let response = client.send("PUT", &format!("{location}?digest={}", digest(&bytes)), "").await;
    assert_eq!(response.status(), 201);
    assert_pulls(&client, "acme/web", &bytes).await;
}

#[tokio::test]
async fn mount_1_2_3_a_blob_is_taken_over_only_from_where_the_client_may_read_it() {
    let service = Service::start().await;
    let client = service.client().await;
    let other = service.client_of(service.organization("other").await, &["read", "push"]).await;
    let (ours, theirs) = (client.blob("acme/base", b"ours").await, other.blob("other/base", b"theirs").await);
    let missing = digest(b"nobody's");
    #[rustfmt::skip]
    let table = [
        ("a/1", format!("mount={ours}&from=acme/base"), true), ("a/2", format!("mount={ours}"), true),
        ("a/3", format!("mount={ours}&from=acme/none"), false), ("a/4", format!("mount={ours}&from=other/base"), false),
        ("a/5", format!("mount={theirs}&from=other/base"), false), ("a/6", format!("mount={theirs}"), false),
        ("a/7", format!("mount={theirs}&from=acme/base"), false), ("a/8", format!("mount={missing}&from=acme/base"), false),
        ("a/9", "mount=sha256:x&from=acme/base".to_owned(), false), ("a/10", format!("mount={ours}&from=A//B"), false),
    ];
    for (repository, query, mounted) in table {
        let response = client.send("POST", &format!("/v2/acme/{repository}/blobs/uploads/?{query}"), "").await;
        assert_eq!(response.status().as_u16(), if mounted { 201 } else { 202 }, "{query}");
        if mounted {
            assert_eq!(header(&response, "location"), format!("/v2/acme/{repository}/blobs/{ours}"));
            assert_pulls(&client, &format!("acme/{repository}"), b"ours").await;
        } else {
            let location = header(&response, "location");
            let response = client.send("PUT", &format!("{location}?digest={}", digest(b"new")), "new").await;
            assert_eq!(response.status(), 201, "{query}: a new upload");
        }
    }
    let token = client.token("repository:acme/b:pull,push").await["token"].as_str().unwrap().to_owned();
    let path = format!("/v2/acme/b/blobs/uploads/?mount={ours}&from=acme/base");
    assert_eq!(client.with_token(&token, "POST", &path).await.status(), 202, "the token does not open acme/base");
}

#[tokio::test]
async fn an_upload_that_nobody_goes_on_with_is_swept() {
    let service = Service::start().await;
    let client = service.client().await;
    let location = client.begin("acme/web").await;
    client.send("PATCH", &location, "hello").await;
    assert_eq!(stored(&service, "staged"), 1);
    let now = plimsoll_runtime::clock::now();
    assert_eq!(service.running.sweep(now - chrono::TimeDelta::hours(1)).await.unwrap(), 0);
    assert_eq!(service.running.sweep(now + chrono::TimeDelta::hours(1)).await.unwrap(), 1);
    assert_eq!(stored(&service, "staged"), 0);
    assert_eq!(refusal(client.get(&location).await).await, (404, "BLOB_UPLOAD_UNKNOWN".into()));
}
