//! An index, in a mirror over HTTP that says by `ETag` what changed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use plimsoll_advisories::feeds::{self as formats, Document};
use plimsoll_feeds::Syncer;
use plimsoll_model::Digest;
use plimsoll_store::feeds::Outcome;
use plimsoll_testkit::sqlx::Row as _;
use sha2::{Digest as _, Sha256};
use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::platform::Platform;
use crate::sync::{vex, write_vex};

/// Serves the files of a folder, and remembers what was asked for and with which status it answered.
#[derive(Clone)]
struct Folder {
    root: PathBuf,
    answered: Arc<Mutex<Vec<(String, u16)>>>,
}

impl Respond for Folder {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path().trim_start_matches('/');
        let name = path.rsplit('/').next().unwrap_or_default().to_owned();
        let (status, answer) = match std::fs::read(self.root.join(path)) {
            Err(_) => (404, ResponseTemplate::new(404)),
            Ok(bytes) => {
                let etag = format!("\"{}\"", Digest::from_sha256(Sha256::digest(&bytes).into()).hex());
                let known = request.headers.get("if-none-match").and_then(|value| value.to_str().ok());
                if known == Some(etag.as_str()) {
                    (304, ResponseTemplate::new(304))
                } else {
                    (200, ResponseTemplate::new(200).insert_header("ETag", etag.as_str()).set_body_bytes(bytes))
                }
            }
        };
        self.answered.lock().unwrap().push((name, status));
        answer
    }
}

const FILES: [&str; 3] = ["changes.csv", "deletions.csv", "archive_latest.txt"];

#[tokio::test]
async fn an_index_that_did_not_change_is_not_read_again_once_all_that_it_names_is_there() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let folder = Folder { root: mirror.path().to_owned(), answered: Arc::default() };
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(folder.clone()).mount(&server).await;
    let syncer = Syncer { base: Some(Url::parse(&server.uri()).unwrap()), ..platform.syncer(Path::new("/")) };
    let index: Document = formats::by_name("redhat").unwrap().document("csaf/v2/vex/changes.csv");
    let sync = async || syncer.sync(&index, false).await.unwrap();
    let answered = || -> Vec<String> {
        let answered = std::mem::take(&mut *folder.answered.lock().unwrap());
        answered.into_iter().map(|(name, status)| format!("{name} {status}")).collect()
    };
    let all = |status: u16| FILES.map(|name| format!("{name} {status}")).to_vec();
    let [one, two] = ["CVE-2026-1", "CVE-2026-2"].map(|cve| vex(cve, "1-1", "01-01"));
    let archived = [one];
    let archive = ("02-01", archived.as_slice());
    write_vex(mirror.path(), archive, &[("cve-2026-1", "01-01", None)], &[]);
    assert_eq!(sync().await, Outcome::Changed);
    assert_eq!(answered(), [all(200), vec!["csaf_vex_2026-02-01.tar.zst 200".into()]].concat());

    let checked_at = "SELECT (extract(epoch FROM min(checked_at)) * 1000000)::bigint FROM feed_document";
    let before = platform.count(checked_at).await;
    assert_eq!(sync().await, Outcome::Unchanged);
    assert_eq!(answered(), all(304));
    assert_eq!(platform.last_run().await.get::<i64, _>("size_bytes"), 0);
    assert!(platform.count(checked_at).await > before, "all of it is as fresh as its index");

    // What is named cannot be had: until it can, the index is read whatever its server says.
    let changes = |document: Option<String>| [("cve-2026-1", "01-01", None), ("cve-2026-2", "03-01", document)];
    write_vex(mirror.path(), archive, &changes(None), &[]);
    for _ in 0..2 {
        assert_eq!(sync().await, Outcome::Failed);
        assert_eq!(answered().last().map(String::as_str), Some("cve-2026-2.json 404"));
    }
    write_vex(mirror.path(), archive, &changes(Some(two)), &[]);
    assert_eq!(sync().await, Outcome::Changed);
    assert_eq!(answered(), [all(200), vec!["cve-2026-2.json 200".into()]].concat());
    assert_eq!(sync().await, Outcome::Unchanged);
    assert_eq!(answered(), all(304));

    // One of its files changed: the others are read with it.
    write_vex(mirror.path(), archive, &changes(None), &[("cve-2026-2", "04-01")]);
    assert_eq!(sync().await, Outcome::Changed);
    assert_eq!(platform.last_run_of(&index).await.get::<i64, _>("withdrawn"), 1);
    let expected = ["changes.csv 304", "deletions.csv 200", "archive_latest.txt 200", "changes.csv 200"];
    assert_eq!(answered(), expected);
    // By an operator's word all is looked at.
    assert_eq!(syncer.sync(&index, true).await.unwrap(), Outcome::Unchanged);
    assert_eq!(answered(), all(200));
}
