//! `plimsoll feeds`, and `plimsoll db update --bundle`.

use std::path::PathBuf;

use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::mirror::Place;
use crate::program::{Run, command, finished, plimsoll};

/// A machine that makes bundles, and its key.
struct Exporter {
    place: Place,
    public: String,
}

impl Exporter {
    fn new() -> Self {
        let place = Place::with_database();
        let public = keygen(&place, "bundle.key");
        Self { place, public }
    }

    fn export(&self, key: &str) -> Run {
        let run = plimsoll(
            self.place.home(),
            &["feeds", "export", "--to", "feeds.bundle", "--secret-key", key, "--format", "json"],
        );
        assert_eq!(run.code, 0, "{run:?}");
        run
    }

    fn bundle(&self) -> PathBuf {
        self.place.path("feeds.bundle")
    }
}

/// Makes a key; gives the public one's text.
fn keygen(place: &Place, name: &str) -> String {
    let run = plimsoll(place.home(), &["feeds", "keygen", "--secret-key", name]);
    assert_eq!(run.code, 0, "{run:?}");
    run.out.lines().nth(1).unwrap().to_owned()
}

fn import(home: &std::path::Path, bundle: &str, keys: &[&str], more: &[&str]) -> Run {
    let keys = keys.iter().flat_map(|key| ["--key", key]);
    let arguments: Vec<&str> =
        ["feeds", "import", bundle].into_iter().chain(keys).chain(more.iter().copied()).collect();
    plimsoll(home, &arguments)
}

const QUESTION: [&str; 6] = ["query", "--format", "json", "PyPI", "django", "3.2"];

#[test]
fn an_imported_bundle_answers_as_the_database_that_was_exported() {
    let exporter = Exporter::new();
    let exported = exporter.export("bundle.key").json();
    assert_eq!(exported["feeds"].as_array().unwrap().len(), 5, "{exported}");
    let home = tempfile::tempdir().unwrap();
    let bundle = exporter.bundle();
    let bundle = bundle.to_str().unwrap();
    let first = import(home.path(), bundle, &[&exporter.public], &["--format", "json"]);
    assert_eq!((first.code, &first.json()["outcome"]), (0, &"changed".into()), "{first:?}");
    assert_eq!(first.json()["built_at"], exported["built_at"]);
    assert!(first.err.contains("checking and unpacking the bundle"), "{}", first.err);
    let (ours, theirs) = (plimsoll(home.path(), &QUESTION), plimsoll(exporter.place.home(), &QUESTION));
    assert_eq!((ours.code, ours.out), (theirs.code, theirs.out), "the same answers, and the same age");
    let second = import(home.path(), bundle, &[&exporter.public], &["--format", "json"]);
    assert_eq!((second.code, &second.json()["outcome"]), (0, &"unchanged".into()), "{second:?}");

    let status = plimsoll(home.path(), &["db", "status"]);
    let id = first.json()["signed_by"].as_str().unwrap().to_owned();
    for expected in
        ["Format           5", &format!("Signed by        key {id}"), "Imported         less than a minute ago"]
    {
        assert!(status.out.contains(expected), "{expected}: {}", status.out);
    }
    let status = plimsoll(home.path(), &["db", "status", "--format", "json"]).json();
    assert_eq!((&status["bundle"]["signed_by"], status["format"].as_i64()), (&id.into(), Some(5)));
    assert_eq!(status["documents"].as_array().unwrap().len(), 7);
    // What is fetched here is no longer what was signed.
    let base = exporter.place.base();
    let update = plimsoll(home.path(), &["db", "update", "--base", &base]);
    assert_eq!(update.code, 0, "{update:?}");
    assert!(!plimsoll(home.path(), &["db", "status"]).out.contains("Signed by"));
}

#[test]
fn a_bundle_that_is_not_to_be_believed_is_refused_and_the_database_stays() {
    let exporter = Exporter::new();
    exporter.export("bundle.key");
    let home = tempfile::tempdir().unwrap();
    let bundle = exporter.bundle();
    assert_eq!(import(home.path(), bundle.to_str().unwrap(), &[&exporter.public], &[]).code, 0);
    let database = home.path().join("cache/plimsoll/advisories.db");
    let before = std::fs::read(&database).unwrap();
    let whole = std::fs::read(&bundle).unwrap();
    let stranger = keygen(&exporter.place, "other.key");
    let mut changed = whole.clone();
    let last = whole.iter().rposition(|byte| *byte != 0).unwrap();
    changed[last] ^= 1;
    let ours = exporter.public.as_str();
    for (what, bytes, key, expected) in [
        ("a stranger's", whole.clone(), stranger.as_str(), "which is not trusted"),
        // What ends an archive is shorter than this.
        ("cut short", whole[..whole.len() - 1_600].to_vec(), ours, "is cut short"),
        ("changed", changed, ours, "is not what was signed"),
        ("a web page", b"<html>502 Bad Gateway</html>".to_vec(), ours, "is not a bundle of feeds"),
        ("nothing", vec![], ours, "is not a bundle of feeds"),
    ] {
        std::fs::write(&bundle, bytes).unwrap();
        let run = import(home.path(), bundle.to_str().unwrap(), &[key], &[]);
        assert_eq!(run.code, 3, "{what}: {run:?}");
        assert!(run.err.contains(expected) && run.err.contains("help"), "{what}: {}", run.err);
        assert_eq!(std::fs::read(&database).unwrap(), before, "{what}");
    }
    assert_eq!(std::fs::read_dir(database.parent().unwrap()).unwrap().count(), 1, "nothing half-written is left");
    let usage = [
        (import(home.path(), "feeds.bundle", &[], &[]), "say by --key or PLIMSOLL_BUNDLE_KEYS"),
        (import(home.path(), "feeds.bundle", &["RWQ"], &[]), "--key"),
    ];
    for (run, expected) in usage {
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains(expected), "{}", run.err);
    }
}

#[test]
fn an_older_bundle_is_taken_only_if_asked_for_and_keys_can_be_changed() {
    let exporter = Exporter::new();
    exporter.export("bundle.key");
    let old = std::fs::read(exporter.bundle()).unwrap();
    assert_eq!(exporter.place.update(&[]).code, 0);
    let new_key = keygen(&exporter.place, "new.key");
    exporter.export("new.key");
    let home = tempfile::tempdir().unwrap();
    let bundle = exporter.bundle();
    let bundle = bundle.to_str().unwrap();
    let keys = format!("{},{new_key}", exporter.public);
    let both = finished(command(home.path()).args(["feeds", "import", bundle]).env("PLIMSOLL_BUNDLE_KEYS", keys));
    assert_eq!(both.code, 0, "{both:?}");
    std::fs::write(bundle, old).unwrap();
    let older = import(home.path(), bundle, &[&exporter.public], &[]);
    assert_eq!(older.code, 3);
    assert!(older.err.contains("--allow-older"), "{}", older.err);
    assert_eq!(import(home.path(), bundle, &[&exporter.public], &["--allow-older"]).code, 0);
}

#[test]
fn a_database_of_a_newer_format_is_refused_by_name_with_what_helps() {
    let exporter = Exporter::new();
    let database = exporter.place.path("cache/plimsoll/advisories.db");
    // SQLite's `user_version`: bytes 60 to 63 of the file.
    let mut bytes = std::fs::read(&database).unwrap();
    bytes[63] = 99;
    std::fs::write(&database, bytes).unwrap();
    for arguments in [&["db", "status"][..], &["feeds", "export", "--to", "x.bundle", "--secret-key", "bundle.key"]] {
        let run = plimsoll(exporter.place.home(), arguments);
        assert_eq!(run.code, 3, "{run:?}");
        assert!(run.err.contains("of format 99, and this release reads formats 3 to 5"), "{}", run.err);
        assert!(run.err.contains("update plimsoll"), "{}", run.err);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_by_bundle_costs_one_request_where_nothing_changed() {
    let exporter = Exporter::new();
    exporter.export("bundle.key");
    let server = MockServer::start().await;
    let bytes = std::fs::read(exporter.bundle()).unwrap();
    let whole = ResponseTemplate::new(200).set_body_bytes(bytes).insert_header("ETag", "\"1\"");
    let unchanged = Mock::given(method("GET")).and(path("/feeds.bundle")).and(header("If-None-Match", "\"1\""));
    unchanged.respond_with(ResponseTemplate::new(304)).with_priority(1).mount(&server).await;
    Mock::given(path("/feeds.bundle")).respond_with(whole).with_priority(2).mount(&server).await;
    let home = tempfile::tempdir().unwrap();
    let address = format!("{}/feeds.bundle", server.uri());
    let update = |key: &str| {
        let mut command = command(home.path());
        command.args(["db", "update", "--key", key]).env("PLIMSOLL_BUNDLE", &address);
        // What else is set for machines that ask the feeds says nothing here.
        finished(command.env("PLIMSOLL_FEEDS_BASE", "http://127.0.0.1:1"))
    };
    for (outcome, requests) in [("taken", 1), ("unchanged", 2), ("unchanged", 3)] {
        let run = tokio::task::block_in_place(|| update(&exporter.public));
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains(outcome), "{run:?}");
        assert_eq!(server.received_requests().await.unwrap().len(), requests);
    }
    // A key that is no longer trusted is not believed because it was once.
    let stranger = keygen(&exporter.place, "other.key");
    let run = tokio::task::block_in_place(|| update(&stranger));
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.err.contains("which is not trusted"), "{}", run.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_every_upstream_answering_429_scans_go_on_and_say_how_old_they_are() {
    let place = Place::with_database();
    let scan = |place: &Place| {
        let run = plimsoll(place.home(), &["scan", "--offline", "--format", "json", "dir:root"]);
        assert_eq!(run.code, 0, "{run:?}");
        let mut report = run.json();
        (report["knowledge"].take(), report)
    };
    place.write("root/opt/x.dist-info/METADATA", "Metadata-Version: 2.1\nName: Django\nVersion: 3.2\n\n");
    let (before, scanned) = (plimsoll(place.home(), &QUESTION), scan(&place));
    assert!(!scanned.1["findings"].as_array().unwrap().is_empty());
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(429).insert_header("Retry-After", "3600");
    Mock::given(any()).respond_with(busy).mount(&server).await;
    let uri = server.uri();
    let run = tokio::task::block_in_place(|| plimsoll(place.home(), &["db", "update", "--base", &uri]));
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.err.contains("the database is as it was"), "{}", run.err);
    assert!(run.out.contains("429 Too Many Requests, and asks to wait for 3600 s"), "{}", run.out);
    let requests = server.received_requests().await.unwrap();
    assert!(requests.iter().all(|request| !request.url.path().is_empty()) && requests.len() > 10);
    let mut paths: Vec<&str> = requests.iter().map(|request| request.url.path()).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), requests.len(), "nothing is asked for twice");
    let after = plimsoll(place.home(), &QUESTION);
    assert_eq!((after.code, &after.out), (before.code, &before.out));
    assert!(after.json()["knowledge"]["osv"].is_string());
    assert_eq!(scan(&place), scanned, "the same findings, and the same time of their knowledge");
}
