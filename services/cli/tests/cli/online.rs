//! `plimsoll scan` by a server.

use serde_json::json;

use crate::image::{Image, digest};
use crate::mirror::Place;
use crate::program::{Run, command, finished};
use crate::server::{Fake, KEY};

async fn scan(place: &Place, fake: &Fake, source: &str, more: &[&str]) -> Run {
    scan_with_key(place, fake, source, more, KEY).await
}

async fn scan_with_key(place: &Place, fake: &Fake, source: &str, more: &[&str], key: &str) -> Run {
    let mut command = command(place.home());
    command.args(["scan", source]).args(more).env("PLIMSOLL_SERVER", fake.server.uri()).env("PLIMSOLL_API_KEY", key);
    // The fake answers on this runtime meanwhile.
    let run = tokio_blocking(move || finished(&mut command)).await;
    assert!(!run.err.contains(KEY) && !run.out.contains(KEY), "the key is told: {run:?}");
    run
}

async fn tokio_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

fn archive(place: &Place) -> String {
    place.write("app.tar", Image::debian().docker_save("registry.example.org/shop/app:1.4"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_is_pushed_awaited_and_its_findings_are_told() {
    let (place, fake) = (Place::new(), Fake::start(&["QUEUED", "RUNNING", "RUNNING", "DONE"]).await);
    let run = scan(&place, &fake, &archive(&place), &["--format", "json"]).await;
    assert_eq!(run.code, 0, "{run:?}");
    for expected in ["the scan waits for a worker", "the server scans the image", "/acme/shop/app"] {
        assert!(run.err.contains(expected), "{expected}: {}", run.err);
    }
    let mut report = run.json();
    let state = fake.state.lock().unwrap();
    assert_eq!(state.blobs.len(), 4, "a config and three layers");
    let manifest = state.manifests.get("/v2/acme/shop/app/manifests/1.4").unwrap();
    assert_eq!(report["image"]["digest"], digest(manifest).as_str());
    assert_eq!(report["image"]["name"], "registry.example.org/shop/app:1.4");
    assert_eq!(state.asked.iter().filter(|asked| **asked == "findings").count(), 2, "both pages");
    assert_eq!(state.asked.iter().filter(|asked| **asked == "observations").count(), 2, "both pages");
    report["image"]["digest"] = json!("DIGEST");
    insta::assert_json_snapshot!(report);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_push_sends_nothing_and_a_name_can_be_chosen() {
    let (place, fake) = (Place::new(), Fake::start(&["DONE"]).await);
    fake.state.lock().unwrap().failures = 1;
    let source = archive(&place);
    assert_eq!(scan(&place, &fake, &source, &[]).await.code, 0);
    let run = scan(&place, &fake, &source, &["--repository", "other", "--tag", "v2", "--fail-on", "critical"]).await;
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.out.contains("CVE-2024-1"), "{}", run.out);
    let requests = fake.server.received_requests().await.unwrap();
    let uploads = requests.iter().filter(|request| request.method.as_str() == "PATCH").count();
    assert_eq!(uploads, 4, "each blob once");
    assert!(fake.state.lock().unwrap().manifests.contains_key("/v2/acme/other/manifests/v2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_that_fails_or_does_not_end_says_so() {
    let place = Place::new();
    let source = archive(&place);
    let failing = Fake::start(&["RUNNING", "FAILED"]).await;
    let run = scan(&place, &failing, &source, &[]).await;
    assert_eq!((run.code, run.out.as_str()), (3, ""));
    assert!(run.err.contains("the scan failed: a layer is not there (blob_missing)"), "{}", run.err);
    let endless = Fake::start(&["RUNNING"]).await;
    let run = scan(&place, &endless, &source, &["--timeout", "2s"]).await;
    assert_eq!((run.code, run.out.as_str()), (4, ""));
    assert!(run.err.contains("timed out after 2 s"), "{}", run.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_or_server_is_told_apart() {
    let (place, fake) = (Place::new(), Fake::start(&["DONE"]).await);
    let source = archive(&place);
    let run = scan_with_key(&place, &fake, &source, &[], "plim_wrong").await;
    assert_eq!(run.code, 3);
    assert!(run.err.contains("does not accept the API key"), "{}", run.err);
    let run = scan_with_key(&place, &fake, &source, &[], "").await;
    assert_eq!(run.code, 2);
    assert!(run.err.contains("no API key: set PLIMSOLL_API_KEY"), "{}", run.err);
    let key = place.write("key", format!("{KEY}\n"));
    let run = scan_with_key(&place, &fake, &source, &["--api-key-file", &key], "plim_wrong").await;
    assert_eq!(run.code, 0, "{run:?}");
    let run = scan(&place, &fake, &source, &["--server", "http://127.0.0.1:1"]).await;
    assert_eq!(run.code, 3);
    assert!(run.err.contains("is the server's address right"), "{}", run.err);
    let run = scan(&place, &fake, "dir:.", &[]).await;
    assert_eq!(run.code, 2);
    assert!(run.err.contains("a folder is scanned with --offline"), "{}", run.err);
}
