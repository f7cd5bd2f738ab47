//! A document whose changes are told by a list, in a mirror over HTTP as OSV's bucket is.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use plimsoll_feeds::Syncer;
use plimsoll_model::{Package, PackageType};
use plimsoll_store::feeds::Outcome;
use plimsoll_testkit::sqlx::Row as _;
use serde_json::{Value, json};
use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::platform::{Platform, advisory, osv, rematch};

/// What a mirror serves below `/osv/PyPI/`, each with an `ETag`, and which was asked for.
#[derive(Clone, Default)]
struct Bucket(Arc<Mutex<Served>>);

#[derive(Default)]
struct Served {
    files: BTreeMap<String, Vec<u8>>,
    broken: Option<String>,
    asked: Vec<String>,
}

impl Respond for Bucket {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut served = self.0.lock().unwrap();
        let name = request.url.path().strip_prefix("/osv/PyPI/").unwrap_or("elsewhere").to_owned();
        let name = percent_decoded(&name);
        let is_broken = served.broken.as_ref() == Some(&name);
        let found = served.files.get(&name).cloned();
        served.asked.push(name);
        let Some(bytes) = found else { return ResponseTemplate::new(404) };
        if is_broken {
            return ResponseTemplate::new(500);
        }
        let etag = format!("\"{}\"", plimsoll_model::Digest::from_sha256(hash(&bytes)).hex());
        let known = request.headers.get("if-none-match").and_then(|value| value.to_str().ok());
        if known == Some(etag.as_str()) {
            return ResponseTemplate::new(304);
        }
        ResponseTemplate::new(200).insert_header("ETag", etag.as_str()).set_body_bytes(bytes)
    }
}

fn percent_decoded(name: &str) -> String {
    name.replace("%3A", ":")
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).into()
}

impl Bucket {
    fn put(&self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.0.lock().unwrap().files.insert(name.into(), bytes.into());
    }

    fn remove(&self, name: &str) {
        self.0.lock().unwrap().files.remove(name);
    }

    fn break_off(&self, name: Option<&str>) {
        self.0.lock().unwrap().broken = name.map(str::to_owned);
    }

    /// What was asked for since this was asked last.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    /// The archive of these documents.
    fn archive(&self, documents: &[Value]) {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for document in documents {
            let name = format!("{}.json", document["id"].as_str().unwrap());
            archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            archive.write_all(document.to_string().as_bytes()).unwrap();
        }
        self.put("all.zip", archive.finish().unwrap().into_inner());
    }

    /// Publishes these documents as OSV does: the archive, each alone, and the list of when each changed.
    fn publish(&self, documents: &[Value]) {
        self.archive(documents);
        let mut rows: Vec<String> = Vec::new();
        for document in documents {
            let id = document["id"].as_str().unwrap();
            self.put(&format!("{id}.json"), document.to_string());
            rows.push(format!("{},{id}\n", document["modified"].as_str().unwrap()));
        }
        rows.sort();
        rows.reverse();
        self.put("modified_id.csv", rows.concat());
    }
}

/// A mirror with these documents, and what syncs from it.
async fn mirror(platform: &Platform, documents: &[Value]) -> (MockServer, Bucket, Syncer) {
    let (server, bucket) = (MockServer::start().await, Bucket::default());
    Mock::given(any()).respond_with(bucket.clone()).mount(&server).await;
    bucket.publish(documents);
    let base = Some(Url::parse(&server.uri()).unwrap());
    (server, bucket, Syncer { base, ..platform.syncer(Path::new("/")) })
}

async fn sync(syncer: &Syncer) -> Outcome {
    syncer.sync(&osv("PyPI/all.zip"), false).await.unwrap()
}

/// The document of this id, as changed on this day of 2024.
fn on(day: &str, mut document: Value) -> Value {
    document["modified"] = json!(format!("2024-{day}T12:00:00.123456Z"));
    document
}

fn three() -> [Value; 3] {
    [
        on("01-01", advisory("PYSEC-2024-1", &["CVE-2024-1"], "demo", "1.1")),
        on("01-02", advisory("PYSEC-2024-2", &["CVE-2024-2"], "demo", "1.2")),
        on("01-03", advisory("PYSEC-2024-3", &["CVE-2024-3"], "other", "1.3")),
    ]
}

const LIST: &str = "modified_id.csv";
const WHOLE: &str = "all.zip";

#[tokio::test]
async fn what_changed_is_fetched_alone_and_says_what_the_whole_document_says() {
    let platform = Platform::new().await;
    platform.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    let [first, second, third] = three();
    let (server, bucket, syncer) = mirror(&platform, &[first.clone(), second.clone(), third.clone()]).await;
    assert_eq!(sync(&syncer).await, Outcome::Changed);
    assert_eq!(bucket.asked(), [WHOLE, LIST]);
    assert_eq!(sync(&syncer).await, Outcome::Unchanged);
    assert_eq!(sync(&syncer).await, Outcome::Unchanged);
    assert_eq!(bucket.asked(), [LIST, LIST], "once to compare, then by its ETag");

    let first = on("02-01", advisory("PYSEC-2024-1", &["CVE-2024-1"], "demo", "2.0"));
    let mut second = on("02-02", second);
    second["withdrawn"] = json!("2024-02-02T00:00:00Z");
    let fourth = on("02-03", advisory("PYSEC-2024:4", &["CVE-2024-4"], "demo", "1.4"));
    bucket.publish(&[first, second, third, fourth]);
    assert_eq!(sync(&syncer).await, Outcome::Changed);
    assert_eq!(bucket.asked(), [LIST, "PYSEC-2024-1.json", "PYSEC-2024-2.json", "PYSEC-2024:4.json"]);
    let run = platform.last_run().await;
    let count = |name: &str| run.get::<i64, _>(name);
    assert_eq!((count("records"), count("added"), count("changed"), count("withdrawn")), (3, 1, 1, 1));
    rematch(&platform).await;
    let found =
        "SELECT to_jsonb(v.name || ' ' || m.fixed_in) FROM finding f JOIN vulnerability v ON v.id = f.vulnerability_id
                 JOIN \"match\" m USING (package_version_id, vulnerability_id) WHERE f.closed_at IS NULL ORDER BY 1";
    assert_eq!(platform.rows(found).await, ["CVE-2024-1 2.0", "CVE-2024-4 1.4"]);
    assert_eq!(sync(&syncer).await, Outcome::Unchanged);

    let whole = Platform::new().await;
    whole.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    let syncer = Syncer { base: Some(Url::parse(&server.uri()).unwrap()), ..whole.syncer(Path::new("/")) };
    assert_eq!(sync(&syncer).await, Outcome::Changed);
    rematch(&whole).await;
    assert_eq!(platform.knowledge().await, whole.knowledge().await);
    assert_eq!(platform.rows(found).await, whole.rows(found).await);
}

#[tokio::test]
async fn what_is_gone_is_noticed_once_a_day_by_the_whole_document() {
    let platform = Platform::new().await;
    let [first, second, third] = three();
    let (_server, bucket, syncer) = mirror(&platform, &[first.clone(), second.clone(), third]).await;
    sync(&syncer).await;
    bucket.publish(&[first.clone(), second.clone()]);
    bucket.asked();
    assert_eq!(sync(&syncer).await, Outcome::Unchanged);
    assert_eq!(bucket.asked(), [LIST]);
    let day_before =
        "UPDATE feed_document SET followed = jsonb_set(followed, '{whole_at}', to_jsonb(now() - interval '1 day'))";
    platform.database.execute(day_before).await;
    assert_eq!(sync(&syncer).await, Outcome::Changed);
    assert_eq!(bucket.asked(), [WHOLE, LIST]);
    assert_eq!(platform.last_run().await.get::<i64, _>("withdrawn"), 1);
    // A day on, nothing of it changed: it is not read again, and followed on.
    platform.database.execute(day_before).await;
    assert_eq!((sync(&syncer).await, sync(&syncer).await), (Outcome::Unchanged, Outcome::Unchanged));
    assert_eq!(bucket.asked(), [WHOLE, LIST, LIST]);
    // An operator who accepts withdrawals wants them now.
    bucket.publish(&[first]);
    assert_eq!(syncer.sync(&osv("PyPI/all.zip"), true).await.unwrap(), Outcome::Changed);
    assert_eq!(platform.last_run().await.get::<i64, _>("withdrawn"), 1);
}

#[tokio::test]
async fn where_the_list_or_a_record_does_not_lie_there_the_document_is_read_whole() {
    let platform = Platform::new().await;
    let documents = three();
    let (_server, bucket, syncer) = mirror(&platform, &documents).await;
    sync(&syncer).await;
    bucket.asked();
    let held = "SELECT count(*) FROM advisory WHERE withdrawn IS NULL AND document->>'modified' LIKE '2024-0_-09%'";
    let change = |month: u32| documents.clone().map(|document| on(&format!("0{month}-09"), document));

    bucket.publish(&change(2));
    bucket.remove("PYSEC-2024-2.json");
    assert_eq!(sync(&syncer).await, Outcome::Changed);
    assert_eq!(bucket.asked(), [LIST, "PYSEC-2024-1.json", "PYSEC-2024-2.json", WHOLE, LIST]);
    assert_eq!(platform.count(held).await, 3);

    bucket.publish(&change(3));
    bucket.put(LIST, "<!DOCTYPE html><title>503</title>");
    assert_eq!(sync(&syncer).await, Outcome::Changed);
    assert_eq!(bucket.asked(), [LIST, WHOLE, LIST]);

    bucket.publish(&change(4));
    bucket.remove(LIST);
    assert_eq!(sync(&syncer).await, Outcome::Changed, "it was not followed any more");
    assert_eq!(sync(&syncer).await, Outcome::Unchanged);
    assert_eq!(bucket.asked(), [WHOLE, LIST, WHOLE, LIST]);
    assert_eq!(platform.count("SELECT count(*) FROM feed_run WHERE outcome IN ('failed', 'refused')").await, 0);
}

#[tokio::test]
async fn more_changes_than_are_fetched_alone_wait_for_a_whole_document_that_has_them() {
    let platform = Platform::new().await;
    let many = |day: &str| -> Vec<Value> {
        (0..501).map(|n| on(day, advisory(&format!("PYSEC-2024-{n}"), &[], "demo", "1.1"))).collect()
    };
    let (_server, bucket, syncer) = mirror(&platform, &many("01-01")).await;
    sync(&syncer).await;
    bucket.asked();
    let before = bucket.0.lock().unwrap().files[WHOLE].clone();
    bucket.publish(&many("03-01"));
    bucket.put(WHOLE, before);
    assert_eq!(sync(&syncer).await, Outcome::Unchanged, "the archive is of before");
    bucket.archive(&many("03-01"));
    assert_eq!(sync(&syncer).await, Outcome::Changed);
    assert_eq!(bucket.asked(), [LIST, WHOLE, LIST, WHOLE, LIST]);
    let held = "SELECT count(*) FROM advisory WHERE document->>'modified' LIKE '2024-03-01%'";
    assert_eq!(platform.count(held).await, 501);
}

#[tokio::test]
async fn a_run_that_breaks_off_changes_nothing_and_the_next_one_has_it_all() {
    let platform = Platform::new().await;
    let documents = three();
    let (_server, bucket, syncer) = mirror(&platform, &documents).await;
    sync(&syncer).await;
    let before = platform.knowledge().await;
    let changed = documents.map(|document| on("02-09", document));
    bucket.publish(&changed);
    bucket.break_off(Some("PYSEC-2024-2.json"));
    assert_eq!(sync(&syncer).await, Outcome::Failed);
    assert_eq!(platform.knowledge().await, before);
    assert_eq!(platform.count("SELECT count(*) FROM feed_staging").await, 0);
    bucket.break_off(None);
    // One that cannot be read is a problem, and is known as it was.
    bucket.put("PYSEC-2024-3.json", changed[0].to_string());
    assert_eq!(sync(&syncer).await, Outcome::Changed);
    let run = platform.last_run().await;
    assert_eq!((run.get::<i64, _>("changed"), run.get::<i64, _>("problem_count")), (2, 1));
    let problems: Value = run.get("problems");
    assert!(problems[0].as_str().unwrap().contains("it is the record of PYSEC-2024-1"), "{problems}");
}

#[tokio::test]
async fn what_its_source_takes_back_in_increments_is_held_to_the_same_share() {
    let platform = Platform::new().await;
    let known: Vec<Value> =
        (0..100).map(|n| on("01-01", advisory(&format!("PYSEC-2024-{n}"), &[], "demo", "1.1"))).collect();
    let (_server, bucket, syncer) = mirror(&platform, &known).await;
    sync(&syncer).await;
    let before = platform.knowledge().await;
    let with = |day: &str, count: usize, change: fn(&mut Value)| -> Vec<Value> {
        let changed = |(n, document): (usize, &Value)| {
            let mut document = if n < count { on(day, document.clone()) } else { document.clone() };
            if n < count {
                change(&mut document);
            }
            document
        };
        known.iter().enumerate().map(changed).collect()
    };
    let withdraw: fn(&mut Value) = |document| document["withdrawn"] = json!("2024-02-01T00:00:00Z");
    let empty: fn(&mut Value) = |document| document["affected"] = json!([]);
    for (change, count) in [(withdraw, 95), (empty, 100)] {
        bucket.publish(&with("02-01", count, change));
        bucket.asked();
        assert_eq!(sync(&syncer).await, Outcome::Refused);
        assert!(!bucket.asked().contains(&WHOLE.to_owned()));
        let why: String = platform.last_run().await.get("error");
        assert!(why.contains(&format!("lacks or withdraws {count} of the 100")), "{why}");
        assert_eq!(platform.knowledge().await, before);
    }
    bucket.publish(&with("02-02", 20, empty));
    assert_eq!(sync(&syncer).await, Outcome::Changed);
    let run = platform.last_run().await;
    assert_eq!(["added", "changed", "withdrawn", "unchanged"].map(|count| run.get::<i64, _>(count)), [0, 0, 20, 0]);
    bucket.publish(&with("02-03", 100, withdraw));
    assert_eq!(sync(&syncer).await, Outcome::Refused);
    assert_eq!(syncer.sync(&osv("PyPI/all.zip"), true).await.unwrap(), Outcome::Changed);
    assert_eq!(platform.last_run().await.get::<i64, _>("withdrawn"), 100);
}

#[tokio::test]
async fn two_months_of_rustsec_s_changes_say_what_its_archive_of_today_says() {
    let Some(feeds) = plimsoll_testkit::corpus::shared("feeds") else { return };
    let feeds = feeds.canonicalize().unwrap();
    let document = osv("crates.io/all.zip");
    let served = tempfile::tempdir().unwrap();
    let folder = served.path().join("osv/crates.io");
    std::fs::create_dir_all(&folder).unwrap();
    let copy = |from: &str, name: &str| {
        let bytes = std::fs::read(feeds.join(from).join(name)).unwrap();
        std::fs::write(folder.join(name), bytes).unwrap();
    };
    for name in [WHOLE, LIST] {
        copy("earlier/2026-06-01/osv/crates.io", name);
    }
    let platform = Platform::new().await;
    assert_eq!(platform.sync(served.path(), &document).await, Outcome::Changed);
    // Ten of the new records bear a time from before: not found among the latest, they have the archive read.
    for name in [WHOLE, LIST] {
        copy("osv/crates.io", name);
    }
    assert_eq!(platform.sync(served.path(), &document).await, Outcome::Changed);
    let run = platform.last_run().await;
    assert_eq!((run.get::<i64, _>("added"), run.get::<i64, _>("changed")), (136, 23));

    let whole = Platform::new().await;
    assert_eq!(whole.sync(&feeds, &document).await, Outcome::Changed);
    assert_eq!(platform.knowledge().await, whole.knowledge().await);
}
