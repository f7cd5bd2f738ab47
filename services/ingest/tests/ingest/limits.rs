//! Too much.

use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::Body;

use crate::content::tar;
use crate::service::{Service, header, refusal, stored};

#[tokio::test]
async fn lim_1_too_many_requests_of_a_key_are_put_off() {
    let service = Service::with(|config| config.requests_per_minute = 3).await;
    let (client, other) = (service.client().await, service.client().await);
    for _ in 0..3 {
        assert_eq!(client.get("/v2/").await.status(), 200);
    }
    for path in ["/v2/", "/v2/token"] {
        let response = client.get(path).await;
        let seconds: u64 = header(&response, "retry-after").parse().unwrap();
        assert!((1..=21).contains(&seconds), "{seconds}");
        assert_eq!(refusal(response).await, (429, "TOOMANYREQUESTS".into()));
    }
    let response = client.send("POST", "/v1/images", "x").await;
    assert_eq!(response.status(), 429);
    assert_eq!(other.get("/v2/").await.status(), 200, "another key");
}

#[tokio::test]
async fn a_blob_past_the_limit_is_refused_whether_or_not_its_length_is_told() {
    let service = Service::with(|config| config.max_blob_bytes = 100_000).await;
    let client = service.client().await;
    let bytes = vec![7; 100_001];
    let location = client.begin("acme/web").await;
    let response = client.send("PATCH", &location, bytes.clone()).await;
    assert_eq!(refusal(response).await, (413, "SIZE_INVALID".into()));
    assert_eq!(refusal(client.get(&location).await).await, (404, "BLOB_UPLOAD_UNKNOWN".into()));

    let location = client.begin("acme/web").await;
    let pieces: Vec<_> = bytes.chunks(10_000).map(Bytes::copy_from_slice).map(Ok::<_, std::io::Error>).collect();
    let body = Body::wrap_stream(futures::stream::iter(pieces));
    let response = client.request("PATCH", &location).body(body).send().await.unwrap();
    assert_eq!(refusal(response).await, (413, "SIZE_INVALID".into()));

    let location = client.begin("acme/web").await;
    assert_eq!(client.send("PATCH", &location, bytes[..60_000].to_vec()).await.status(), 202);
    let response = client.send("PATCH", &location, bytes[..60_000].to_vec()).await;
    assert_eq!(refusal(response).await, (413, "SIZE_INVALID".into()));
    assert_eq!(stored(&service, "staged"), 0);
    let digest = client.blob("acme/web", &bytes[..100_000]).await;
    assert_eq!(client.get(&format!("/v2/acme/web/blobs/{digest}")).await.status(), 200, "at the limit");
}

#[tokio::test]
async fn an_archive_past_a_limit_is_refused_and_leaves_nothing() {
    let service = Service::with(|config| {
        config.max_blob_bytes = 100_000;
        config.max_archive_bytes = 300_000;
    })
    .await;
    let client = service.client().await;
    let layer = vec![7; 100_001];
    let one = tar(&[("layer.tar", &layer)]);
    let many = tar(&[("a", &layer[1..]), ("b", &layer[1..]), ("c", &layer[1..])]);
    for archive in [one, many] {
        let response = client.send("POST", "/v1/images?repository=web", archive).await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "content-type").as_str()),
            (413, "application/problem+json")
        );
        let body: serde_json::Value = response.json().await.unwrap();
        assert_eq!(body["code"], "archive_too_large");
    }
    assert_eq!((stored(&service, "staged"), stored(&service, "blobs")), (0, 0));
}

#[tokio::test]
async fn a_large_blob_is_never_whole_in_memory() {
    let service = Service::with(|config| config.max_blob_bytes = 1 << 30).await;
    let client = service.client().await;
    let piece = Bytes::from(vec![1u8; 1 << 20]);
    let mut hash = sha2::Sha256::default();
    for _ in 0..300 {
        sha2::Digest::update(&mut hash, &piece);
    }
    let digest_text = format!("sha256:{}", hex::encode(sha2::Digest::finalize(hash)));
    let before = peak_bytes();
    let location = client.begin("acme/web").await;
    let body = Body::wrap_stream(futures::stream::repeat(piece).take(300).map(Ok::<_, std::io::Error>));
    let response = client.request("PATCH", &location).body(body).send().await.unwrap();
    assert_eq!(response.status(), 202);
    let response = client.send("PUT", &format!("{location}?digest={digest_text}"), "").await;
    assert_eq!(response.status(), 201);
    let grown = peak_bytes() - before;
    assert!(grown < 100 << 20, "{} MiB for a blob of 300 MiB", grown >> 20);
}

/// The most memory that this process, service and client together, has had.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}
