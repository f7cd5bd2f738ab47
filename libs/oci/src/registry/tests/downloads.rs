use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

fn blob() -> Vec<u8> {
    (0..200_000u32).flat_map(u32::to_le_bytes).collect()
}

/// A blob server whose connections break after `break_after` bytes; `ranges` says whether it knows ranges.
async fn breaking(break_after: usize, ranges: bool) -> Server {
    Server::start(move |received: &Received| {
        let blob = blob();
        let start: usize =
            received.header("range").trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap_or(0);
        let start = if ranges { start } else { 0 };
        let rest = &blob[start..];
        let sends = if ranges {
            break_after
        } else {
            break_after * 2 * usize::from(!received.header("range").is_empty()) + break_after
        };
        let reply = Reply::new(if start > 0 { 206 } else { 200 }, &rest[..rest.len().min(sends)]);
        let reply = reply.with("Content-Length", rest.len());
        match start {
            0 => reply,
            _ => reply.with("Content-Range", format!("bytes {start}-{}/{}", blob.len() - 1, blob.len())),
        }
    })
    .await
}

#[tokio::test]
async fn a_broken_download_goes_on_where_it_ended() {
    let (blob, digest) = (blob(), digest_of(&blob()));
    let server = breaking(300_000, true).await;
    let client_1 = client(&server, Credentials::Anonymous);
    assert!(collect(&client_1, &digest, Some(blob.len() as u64)).await.unwrap() == blob);
    let ranges: Vec<_> = server.received().iter().map(|received| received.header("range").to_owned()).collect();
    assert_eq!(ranges, ["", "bytes=300000-", "bytes=600000-"]);

    let without_ranges = breaking(300_000, false).await;
    let client_2 = client(&without_ranges, Credentials::Anonymous);
    assert!(collect(&client_2, &digest, Some(blob.len() as u64)).await.unwrap() == blob);

    let hopeless = breaking(1000, true).await;
    let error = collect(&client(&hopeless, Credentials::Anonymous), &digest, None).await.unwrap_err();
    assert!(matches!(error, RegistryError::Transport { .. }), "{error}");
    assert_eq!(hopeless.lines().len(), 9, "it gives up");
}

#[tokio::test]
async fn another_range_than_asked_for_is_refused() {
    let server = Server::start(|received: &Received| match received.header("range") {
        "" => Reply::new(200, "abc").with("Content-Length", 6),
        _ => Reply::new(206, "abcdef").with("Content-Range", "bytes 0-5/6"),
    })
    .await;
    let error = collect(&client(&server, Credentials::Anonymous), &digest_of(b"abcdef"), None).await.unwrap_err();
    assert!(error.to_string().contains("another range"), "{error}");
}

#[tokio::test]
async fn bytes_that_are_not_what_was_asked_for_are_not_trusted() {
    let server = Server::start(|received: &Received| match received.line.as_str() {
        line if line.ends_with("/manifests/lying") => {
            manifest_reply().with("Docker-Content-Digest", digest_of(b"other"))
        }
        line if line.contains("/manifests/") => manifest_reply(),
        _ => Reply::new(200, "something"),
    })
    .await;
    let client = client(&server, Credentials::Anonymous);
    let name = repository("a/b");
    let by_digest = |bytes: &[u8]| ManifestReference::Digest(digest_of(bytes));
    assert_eq!(client.get_manifest(&name, &by_digest(MANIFEST.as_bytes())).await.unwrap().bytes, MANIFEST);
    for reference in [by_digest(b"other"), tag("lying")] {
        let error = client.get_manifest(&name, &reference).await.unwrap_err();
        assert!(matches!(error, RegistryError::DigestMismatch { .. }), "{error}");
    }
    assert_eq!(collect(&client, &digest_of(b"something"), Some(9)).await.unwrap(), b"something");
    let error = collect(&client, &digest_of(b"other"), None).await.unwrap_err();
    assert!(matches!(error, RegistryError::DigestMismatch { .. }), "{error}");
    let error = collect(&client, &digest_of(b"something"), Some(5)).await.unwrap_err();
    assert!(matches!(error, RegistryError::TooLarge { limit: 5, .. }), "{error}");
}

#[tokio::test]
async fn a_manifest_of_another_type_is_refused_and_a_general_type_is_not() {
    let answers = |content_type: &'static str| async move {
        let server =
            Server::start(move |_: &Received| Reply::new(200, MANIFEST).with("Content-Type", content_type)).await;
        client(&server, Credentials::Anonymous).get_manifest(&repository("a"), &tag("v1")).await
    };
    for good in [OCI_INDEX, "application/json", "text/plain; charset=utf-8", "application/octet-stream"] {
        assert_eq!(answers(good).await.unwrap().media_type, OCI_INDEX, "{good}");
    }
    for bad in [DOCKER_MANIFEST, "text/html", "application/vnd.docker.distribution.manifest.v1+prettyjws"] {
        let error = answers(bad).await.unwrap_err();
        assert!(matches!(error, RegistryError::Manifest { .. }), "{bad}: {error}");
    }
}

#[tokio::test]
async fn heads_and_absences_are_told_apart() {
    let server = Server::start(|received: &Received| match received.line.as_str() {
        line if line.contains("absent") || line.contains(&digest_of(b"absent").to_string()) => Reply::new(404, ""),
        line if line.contains("forbidden") => Reply::new(403, r#"{"errors":[{"code":"DENIED","message":"no"}]}"#),
        _ => manifest_reply().with("Docker-Content-Digest", digest_of(MANIFEST.as_bytes())),
    })
    .await;
    let client = client(&server, Credentials::Anonymous);
    let name = repository("a");
    let head = client.head_manifest(&name, &tag("v1")).await.unwrap().unwrap();
    assert_eq!((head.digest, head.media_type.as_str()), (Some(digest_of(MANIFEST.as_bytes())), OCI_INDEX));
    assert_eq!(head.size, Some(MANIFEST.len() as u64));
    assert_eq!(client.head_manifest(&name, &tag("absent")).await.unwrap(), None);
    assert!(client.has_blob(&name, &digest_of(b"x")).await.unwrap());
    assert!(!client.has_blob(&name, &digest_of(b"absent")).await.unwrap());
    assert!(matches!(client.get_manifest(&name, &tag("absent")).await, Err(RegistryError::NotFound { .. })));
    let error = client.get_manifest(&name, &tag("forbidden")).await.unwrap_err();
    assert!(matches!(&error, RegistryError::Denied { message, .. } if message == "DENIED: no"), "{error}");
}

#[tokio::test]
async fn a_busy_registry_is_asked_again_but_never_waits_longer_than_the_cap() {
    let calls = AtomicUsize::new(0);
    let year = 365 * 24 * 3600;
    let server = Server::start(move |_: &Received| match calls.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::new(429, "").with("Retry-After", year),
        1 => Reply::new(503, ""),
        _ => manifest_reply(),
    })
    .await;
    client(&server, Credentials::Anonymous).get_manifest(&repository("a"), &tag("v1")).await.unwrap();
    assert_eq!(server.lines().len(), 3);

    let down = Server::start(|_: &Received| Reply::new(503, "")).await;
    let error = client(&down, Credentials::Anonymous).ping().await.unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
    assert_eq!(down.lines().len(), 3, "once and two retries");
}

#[tokio::test]
async fn tags_are_followed_over_pages_each_once() {
    let server = Server::start(|received: &Received| match received.line.split_once('?') {
        None => {
            Reply::new(200, r#"{"name":"a","tags":["b","a"]}"#).with("Link", r#"</v2/a/tags/list?last=b>; rel="next""#)
        }
        Some((_, "last=b")) => {
            Reply::new(200, r#"{"tags":["c","b","not a tag"]}"#).with("Link", r#"<?last=c>; rel="next""#)
        }
        _ => Reply::new(200, r#"{"tags":null}"#),
    })
    .await;
    let tags = client(&server, Credentials::Anonymous).tags(&repository("a")).await.unwrap();
    assert_eq!(tags.iter().map(crate::Tag::as_str).collect::<Vec<_>>(), ["a", "b", "c"]);
    for (link, part) in [
        ("<https://elsewhere.example/v2/>; rel=\"next\"", "another host"),
        ("</v2/a/tags/list>; rel=next", "does not end"),
    ] {
        let server = Server::start(move |_: &Received| Reply::new(200, "{}").with("Link", link)).await;
        let error = client(&server, Credentials::Anonymous).tags(&repository("a")).await.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn an_image_is_read_from_a_registry_for_the_platform_asked() {
    use crate::archive::fixtures::{Image, for_platform, index};
    use crate::source::{ImageSource, PlatformChoice, Selection, SourceError};

    let images = [Image::new("amd64", &["a"]), Image::new("s390x", &["b"])];
    let list = index(&[for_platform(&images[0], "amd64"), for_platform(&images[1], "s390x")]);
    let mut blobs: Vec<Vec<u8>> = images.iter().flat_map(|image| image.layers.iter().cloned()).collect();
    blobs.extend(images.iter().flat_map(|image| [image.config.clone(), image.manifest()]));
    let server = Server::start(move |received: &Received| {
        let asked = received.line.rsplit('/').next().unwrap();
        match blobs.iter().find(|blob| digest_of(blob).to_string() == asked) {
            Some(blob) => Reply::new(200, blob.clone()),
            None if asked == "latest" => Reply::new(200, list.clone()).with("Content-Type", OCI_INDEX),
            None => Reply::new(404, ""),
        }
    })
    .await;
    let reference: crate::Reference = format!("{}/team/app", server.host()).parse().unwrap();
    let source = ImageSource::from_registry(client(&server, Credentials::Anonymous), reference);
    let pick = |platform: &str| Selection { name: None, platform: PlatformChoice::Exactly(platform.parse().unwrap()) };
    let chosen = source.images(&pick("linux/s390x")).await.unwrap();
    let [image] = chosen.as_slice() else { panic!("one image") };
    assert_eq!(image.manifest.bytes, images[1].manifest());
    assert_eq!(image.other_platforms, ["linux/amd64".parse().unwrap()]);
    assert_eq!(source.config(image).await.unwrap().architecture, "s390x");
    let mut reader = source.open(&image.blobs[1]).unwrap();
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).map(|_| bytes)
    });
    assert_eq!(read.await.unwrap().unwrap(), images[1].layers[0]);
    let all = Selection { name: None, platform: PlatformChoice::All };
    assert_eq!(source.images(&all).await.unwrap().len(), 2);
    let error = source.images(&pick("linux/riscv64")).await.unwrap_err();
    assert!(matches!(&error, SourceError::NoSuchPlatform { platforms, .. } if platforms.len() == 2), "{error}");
}
