use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::archive::fixtures::Image;
use crate::push::{PushEvent, push};
use crate::source::{ArchiveOptions, ImageSource, Selection, SourceImage};

type Stored = Arc<Mutex<HashMap<String, Vec<u8>>>>;

/// A registry that keeps what is pushed, by the last part of its path. The first `broken` PATCH requests are answered 503.
async fn keeping(broken: usize) -> (Server, Stored) {
    let stored: Stored = Arc::default();
    let (kept, left) = (Arc::clone(&stored), AtomicUsize::new(broken));
    let server = Server::start(move |received: &Received| {
        let (method, path) = received.line.split_once(' ').unwrap();
        let last = path.rsplit('/').next().unwrap();
        let mut kept = kept.lock().unwrap();
        match method {
            "HEAD" if kept.contains_key(last) => Reply::new(200, ""),
            "HEAD" => Reply::new(404, ""),
            // Each upload has a location of its own; it has a query already, as some registries' do.
            "POST" => Reply::new(202, "").with("Location", format!("uploads/{}?state=1", kept.len())),
            "PATCH" if left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() => {
                Reply::new(503, "")
            }
            "PATCH" => {
                let upload = digest_of(&received.body).to_string();
                kept.insert(format!("upload {upload}"), received.body.clone());
                Reply::new(202, "").with("Location", format!("{}/2?state=2", path.split('?').next().unwrap()))
            }
            "PUT" if path.contains("/uploads/") => {
                let digest = path.split("digest=").nth(1).unwrap().replace("%3A", ":");
                match kept.remove(&format!("upload {digest}")) {
                    Some(body) if path.contains("?state=2&") => {
                        kept.insert(digest, body);
                        Reply::new(201, "")
                    }
                    _ => Reply::new(400, r#"{"errors":[{"code":"DIGEST_INVALID","message":"other bytes"}]}"#),
                }
            }
            "PUT" => {
                kept.insert(last.to_owned(), received.body.clone());
                Reply::new(201, "").with("Docker-Content-Digest", digest_of(&received.body))
            }
            _ => Reply::new(404, ""),
        }
    })
    .await;
    (server, stored)
}

async fn archive_image(image: &Image) -> (tempfile::NamedTempFile, ImageSource, SourceImage) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), image.docker_save(&["app:1"])).unwrap();
    let source = ImageSource::from_archive(file.path(), ArchiveOptions::default()).await.unwrap();
    let chosen = source.images(&Selection::default()).await.unwrap().remove(0);
    (file, source, chosen)
}

#[tokio::test]
async fn a_push_brings_what_is_missing_and_nothing_twice() {
    let image = Image::new("amd64", &["one", &"two".repeat(100_000), "one"]);
    let (_file, source, chosen) = archive_image(&image).await;
    let (server, stored) = keeping(1).await;
    let client = client(&server, Credentials::Anonymous);
    let events: Arc<Mutex<Vec<PushEvent>>> = Arc::default();
    let seen = Arc::clone(&events);
    let progress: crate::push::PushProgress = Arc::new(move |event| seen.lock().unwrap().push(event));
    for _ in 0..2 {
        push(&source, &chosen, &client, &repository("team/app"), &tag("v1"), Arc::clone(&progress)).await.unwrap();
    }
    let stored = stored.lock().unwrap();
    for bytes in image.layers.iter().chain([&image.config]) {
        assert!(stored[&digest_of(bytes).to_string()] == *bytes);
    }
    assert_eq!(stored["v1"], chosen.manifest.bytes);
    let patches = server.lines().iter().filter(|line| line.starts_with("PATCH")).count();
    assert_eq!(patches, 4, "three blobs, one of them a second time after a 503");
    let events = events.lock().unwrap();
    let count = |wanted: fn(&PushEvent) -> bool| events.iter().filter(|event| wanted(event)).count();
    assert_eq!(count(|event| matches!(event, PushEvent::BlobStarted { .. })), 3);
    assert_eq!(count(|event| matches!(event, PushEvent::BlobPresent { .. })), 3);
    assert_eq!(count(|event| matches!(event, PushEvent::ManifestDone { .. })), 2);
    let sent: i64 =
        events.iter().map(|event| if let PushEvent::BlobBytes { bytes, .. } = event { *bytes } else { 0 }).sum();
    assert_eq!(sent, chosen.blobs.iter().map(|blob| i64::try_from(blob.size).unwrap()).sum::<i64>());
}

#[tokio::test]
async fn a_blob_that_changed_on_disk_is_not_pushed() {
    let image = Image::new("amd64", &["one"]);
    let (file, source, chosen) = archive_image(&image).await;
    let mut bytes = std::fs::read(file.path()).unwrap();
    let at = bytes.windows(3).position(|window| window == b"one").unwrap();
    bytes[at] = b'O';
    std::fs::write(file.path(), bytes).unwrap();
    let (server, stored) = keeping(0).await;
    let client = client(&server, Credentials::Anonymous);
    let error = push(&source, &chosen, &client, &repository("a"), &tag("v1"), Arc::new(|_| {})).await.unwrap_err();
    assert!(
        matches!(&error, RegistryError::Source { source, .. } if source.to_string().contains("digest mismatch")),
        "{error}"
    );
    assert!(!stored.lock().unwrap().contains_key("v1"));
}

#[tokio::test]
async fn an_upload_that_the_registry_does_not_take_is_given_up() {
    // The head of a request is read and its body never: the connection fills up.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let accepting = tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let mut open = Vec::new();
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut head = [0; 4];
            let _ = connection.read_exact(&mut head).await;
            if &head == b"POST" {
                let reply = b"HTTP/1.1 202 x\r\nLocation: /u\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = connection.write_all(reply).await;
            } else {
                open.push(connection);
            }
        }
    });
    let client = RegistryClient::new(http(), &host, Credentials::Anonymous, impatient()).unwrap();
    let open =
        || futures::StreamExt::boxed(futures::stream::repeat_with(|| Ok(bytes::Bytes::from_static(&[0; 65536]))));
    let pushed = client.push_blob(&repository("a"), &digest_of(b"x"), 1 << 40, open, Arc::new(|_| {})).await;
    assert!(matches!(pushed, Err(RegistryError::Timeout { .. })), "{pushed:?}");
    accepting.abort();
}

#[tokio::test]
async fn a_mount_tells_whether_the_blob_came_with_it() {
    let server = Server::start(|received: &Received| match received.line.as_str() {
        line if line.contains("from=has%2Fit") => Reply::new(201, ""),
        line if line.starts_with("POST") => Reply::new(202, "").with("Location", "/v2/a/blobs/uploads/7"),
        _ => Reply::new(204, ""),
    })
    .await;
    let client = client(&server, Credentials::Anonymous);
    assert!(client.mount(&repository("a"), &digest_of(b"x"), &repository("has/it")).await.unwrap());
    assert!(!client.mount(&repository("a"), &digest_of(b"x"), &repository("has-not")).await.unwrap());
    assert_eq!(server.lines().last().unwrap(), "DELETE /v2/a/blobs/uploads/7", "the upload opened instead is closed");
}

#[tokio::test]
async fn a_registry_that_stores_another_manifest_is_caught() {
    let server =
        Server::start(|_: &Received| Reply::new(201, "").with("Docker-Content-Digest", digest_of(b"other"))).await;
    let (manifest, _) = crate::RawManifest::new(MANIFEST.into(), None).unwrap();
    let pushed = client(&server, Credentials::Anonymous).push_manifest(&repository("a"), &tag("v1"), &manifest).await;
    assert!(matches!(pushed, Err(RegistryError::DigestMismatch { .. })));
    assert_eq!(server.received()[0].header("content-type"), OCI_INDEX);
}
