//! A bundle in place of the feeds' upstreams: the same knowledge, or none of it.

use std::path::Path;

use plimsoll_advisories::feeds as formats;
use plimsoll_bundle::SigningKey;
use plimsoll_feeds::{BundleSource, ImportOptions, Intervals, Schedule, Syncer};
use plimsoll_model::{Package, PackageType};
use plimsoll_store::feeds::Outcome;
use plimsoll_testkit::sqlx::{self, Connection as _, PgConnection, Row as _};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bundled::{Exporter, all, documents, first, hashes, redhat, write_mirror};
use crate::platform::{Platform, advisory, key, osv, rematch, write_osv};

/// What is known, without when it was learned and under which row numbers.
const KNOWLEDGE: &[&str] = &[
    "SELECT to_jsonb(a) - '{id,changed_at}'::text[] FROM advisory a ORDER BY source, key",
    "SELECT to_jsonb(v) - '{id,merged_into}'::text[] FROM vulnerability v WHERE merged_into IS NULL ORDER BY name",
    "SELECT jsonb_build_array(a.source, a.key, v.name) FROM advisory_vulnerability n JOIN advisory a ON a.id = n.advisory_id
     JOIN vulnerability v ON v.id = n.vulnerability_id ORDER BY 1",
    "SELECT to_jsonb(f) - '{id,advisory_id}'::text[] || jsonb_build_object('of', a.key) FROM affected f JOIN advisory a ON a.id = f.advisory_id ORDER BY 1",
    "SELECT to_jsonb(r) FROM feed_record r ORDER BY 1",
    "SELECT to_jsonb(e) FROM exploit_score e ORDER BY cve",
    "SELECT to_jsonb(k) FROM known_exploited k ORDER BY cve",
    "SELECT to_jsonb(p) FROM support_period p ORDER BY 1",
    "SELECT to_jsonb(m) - 'updated_at' FROM malware_bundle m ORDER BY feed, path",
];

/// What is told of the documents' runs, but of an index or the bundle itself.
const RUNS: &str = "SELECT jsonb_build_array(feed, document, outcome, records, added, changed, withdrawn, unchanged, problem_count, problems, error)
    FROM feed_run WHERE feed <> 'bundle' AND document NOT LIKE '%changes.csv' ORDER BY 1";

impl Platform {
    pub async fn rows(&self, query: &'static str) -> Vec<serde_json::Value> {
        let mut connection = PgConnection::connect(&self.database.url()).await.unwrap();
        sqlx::query_scalar(query).fetch_all(&mut connection).await.unwrap()
    }

    /// Every row of [`KNOWLEDGE`].
    pub async fn knowledge(&self) -> Vec<Vec<serde_json::Value>> {
        let mut tables = Vec::new();
        for query in KNOWLEDGE {
            tables.push(self.rows(query).await);
        }
        tables
    }

    async fn last_import(&self) -> sqlx::postgres::PgRow {
        let mut connection = PgConnection::connect(&self.database.url()).await.unwrap();
        let query = "SELECT * FROM feed_run WHERE feed = 'bundle' ORDER BY id DESC LIMIT 1";
        sqlx::query(query).fetch_one(&mut connection).await.unwrap()
    }

    async fn why(&self) -> String {
        self.last_import().await.get::<Option<String>, _>("error").unwrap_or_default()
    }
}

/// Serves a mirror's files as they are.
async fn serve(mirror: &Path) -> MockServer {
    let server = MockServer::start().await;
    let mut folders = vec![mirror.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            if file.is_dir() {
                folders.push(file);
                continue;
            }
            let name = format!("/{}", file.strip_prefix(mirror).unwrap().to_str().unwrap());
            let answer = ResponseTemplate::new(200).set_body_bytes(std::fs::read(&file).unwrap());
            Mock::given(path(name)).respond_with(answer.insert_header("ETag", "\"1\"")).mount(&server).await;
        }
    }
    server
}

fn none() -> ImportOptions {
    ImportOptions::default()
}

#[tokio::test]
async fn a_bundle_leaves_the_rows_that_a_sync_of_its_documents_over_http_leaves() {
    let exporter = Exporter::new();
    write_mirror(&exporter.mirror());
    let (synced, imported) = (Platform::new().await, Platform::new().await);
    let server = serve(&exporter.mirror()).await;
    let syncer = Syncer { base: Some(server.uri().parse().unwrap()), ..synced.syncer(Path::new("/nowhere")) };
    let index = formats::by_name("redhat").unwrap().document("csaf/v2/vex/changes.csv");
    for document in documents().iter().chain([&index]) {
        assert_eq!(syncer.sync(document, false).await.unwrap(), Outcome::Changed, "{document}");
    }

    exporter.export(&all(), 9);
    assert_eq!(imported.import(&exporter.source(), &none()).await, Outcome::Changed, "{}", imported.why().await);
    let (ours, theirs) = (imported.knowledge().await, synced.knowledge().await);
    for ((ours, theirs), query) in ours.into_iter().zip(theirs).zip(KNOWLEDGE) {
        assert!(!theirs.is_empty(), "{query}");
        assert_eq!(ours, theirs, "{query}");
    }
    assert_eq!(imported.rows(RUNS).await, synced.rows(RUNS).await);
    assert!(
        imported.rows(RUNS).await.iter().any(|run| run[8] == 1 && run[9][0].as_str().unwrap().contains("PYSEC-2024-4"))
    );
    let run = imported.last_import().await;
    assert_eq!((run.get::<i64, _>("records"), run.get::<i64, _>("changed")), (10, 10));

    // As old as the bundle says, whenever it came; and no upstream is asked by what a bundle says of a document.
    let ages = "SELECT to_jsonb(d) FROM feed_document d ORDER BY feed, document";
    for document in imported.rows(ages).await {
        assert_eq!(document["checked_at"], "2026-08-20T09:00:00+00:00", "{document}");
        assert_eq!(document["changed_at"], "2026-08-20T09:00:00+00:00", "{document}");
        assert!(document["url"].as_str().unwrap().ends_with("/feeds.bundle"), "{document}");
    }
    let upstream = Syncer { base: Some(server.uri().parse().unwrap()), ..imported.syncer(Path::new("/nowhere")) };
    assert_eq!(upstream.sync(&osv("PyPI/all.zip"), false).await.unwrap(), Outcome::Changed);
    let requests = server.received_requests().await.unwrap();
    assert!(!requests.last().unwrap().headers.contains_key("If-None-Match"));
    // What an index's documents were listed by is kept: nothing of them is fetched again.
    let before = requests.len();
    assert_eq!(upstream.sync(&index, false).await.unwrap(), Outcome::Unchanged);
    assert_eq!(server.received_requests().await.unwrap().len() - before, 3, "the index's own files");
}

#[tokio::test]
async fn an_import_again_changes_nothing_and_one_of_a_newer_bundle_reads_only_what_changed() {
    let exporter = Exporter::new();
    write_mirror(&exporter.mirror());
    let platform = Platform::new().await;
    exporter.export(&all(), 9);
    let source = exporter.source();
    assert_eq!(platform.import(&source, &none()).await, Outcome::Changed);
    platform.changed_keys().await;
    let before = platform.knowledge().await;
    // The file is the one that was taken; then a copy of it, which is read.
    assert_eq!(platform.import(&source, &none()).await, Outcome::Unchanged);
    let runs = platform.count("SELECT count(*) FROM feed_run").await;
    std::fs::write(exporter.bundle(), std::fs::read(exporter.bundle()).unwrap()).unwrap();
    assert_eq!(platform.import(&source, &none()).await, Outcome::Unchanged);
    assert_eq!(
        platform.count("SELECT count(*) FROM feed_run").await - runs,
        9,
        "the bundle's run, and one of each document that no index names"
    );
    let unchanged = "SELECT count(*) FROM feed_run WHERE outcome = 'unchanged' AND feed <> 'bundle'";
    assert_eq!(platform.count(unchanged).await, 8);
    assert_eq!((platform.knowledge().await, platform.changed_keys().await), (before.clone(), vec![]));

    // An hour later a server said that its document is as it was; another changed.
    exporter.export_unchanged(&osv("PyPI/all.zip"), 10);
    assert_eq!(platform.import(&source, &none()).await, Outcome::Unchanged);
    let fresh = "SELECT count(*) FROM feed_document WHERE checked_at = '2026-08-20T10:00:00Z'";
    assert_eq!(platform.count(fresh).await, 1);
    assert_eq!(platform.knowledge().await, before);
    write_osv(
        &exporter.mirror(),
        &[advisory("PYSEC-2024-1", &["CVE-2024-1"], "demo", "1.2"), advisory("PYSEC-2024-2", &[], "other", "2")],
    );
    exporter.export(&[(osv("PyPI/all.zip"), None)], 11);
    assert_eq!(platform.import(&source, &none()).await, Outcome::Changed);
    let run = platform.last_import().await;
    assert_eq!((run.get::<i64, _>("changed"), run.get::<i64, _>("unchanged")), (1, 9));
    let run = platform.last_run_of(&osv("PyPI/all.zip")).await;
    let counts = ["records", "added", "changed", "withdrawn", "unchanged"].map(|column| run.get::<i64, _>(column));
    assert_eq!(counts, [2, 0, 1, 2, 1]);
    let mut changed = platform.changed_keys().await;
    changed.sort();
    changed.dedup();
    // `CVE-2024-1` lost an id with the advisory: VEX statements may name it, so that its other package is looked at too.
    let zlib = plimsoll_model::PackageKey { ecosystem: "Debian:12".parse().unwrap(), package: "zlib".into() };
    assert_eq!(changed, [zlib, key("demo"), key("odd")], "only what changed is matched again");
}

#[tokio::test]
async fn what_is_not_to_be_believed_or_older_is_refused_with_what_helps_and_changes_nothing() {
    let exporter = Exporter::new();
    write_mirror(&exporter.mirror());
    let platform = Platform::new().await;
    exporter.export(&all(), 9);
    let old = std::fs::read(exporter.bundle()).unwrap();
    exporter.export_unchanged(&osv("PyPI/all.zip"), 10);
    let source = exporter.source();
    assert_eq!(platform.import(&source, &none()).await, Outcome::Changed);
    let before =
        (platform.knowledge().await, platform.rows("SELECT to_jsonb(d) FROM feed_document d ORDER BY 1").await);
    let whole = std::fs::read(exporter.bundle()).unwrap();
    let stranger = SigningKey::generate().unwrap().public();
    let foreign = BundleSource::new(exporter.bundle().to_str().unwrap(), [stranger.as_str()]).unwrap();
    let mut changed = whole.clone();
    let last = whole.iter().rposition(|byte| *byte != 0).unwrap();
    changed[last] ^= 1;
    // What ends an archive is shorter than this.
    let cut = whole[..whole.len() - 1_600].to_vec();
    for (what, bytes, source, outcome, told) in [
        ("a stranger's", whole.clone(), &foreign, Outcome::Failed, "which is not trusted"),
        ("cut", cut, &source, Outcome::Failed, "is cut short"),
        ("changed", changed, &source, Outcome::Failed, "is not what was signed"),
        ("unsigned", b"<html>502 Bad Gateway</html>".to_vec(), &source, Outcome::Failed, "is not a bundle of feeds"),
        ("older", old.clone(), &source, Outcome::Refused, "--allow-older"),
    ] {
        std::fs::write(exporter.bundle(), bytes).unwrap();
        assert_eq!(platform.import(source, &none()).await, outcome, "{what}");
        assert!(platform.why().await.contains(told), "{what}: {}", platform.why().await);
        let after =
            (platform.knowledge().await, platform.rows("SELECT to_jsonb(d) FROM feed_document d ORDER BY 1").await);
        assert_eq!(after, before, "{what}");
    }
    std::fs::remove_file(exporter.bundle()).unwrap();
    assert_eq!(platform.import(&source, &none()).await, Outcome::Failed, "gone");
    assert!(platform.why().await.contains("feeds.bundle"), "{}", platform.why().await);
    std::fs::write(exporter.bundle(), old).unwrap();
    let allowed = ImportOptions { allow_older: true, ..none() };
    assert_eq!(platform.import(&source, &allowed).await, Outcome::Unchanged, "the documents are the same");
    assert_eq!(
        platform.count("SELECT count(*) FROM feed_document WHERE checked_at > '2026-08-20T09:00:00Z'").await,
        0,
        "and as old as it says"
    );
    for keys in [vec![], vec![" "], vec!["RWQ"]] {
        assert!(BundleSource::new("feeds.bundle", keys).is_err());
    }
}

#[tokio::test]
async fn an_advisory_that_a_newer_bundle_lacks_closes_its_findings() {
    let exporter = Exporter::new();
    let platform = Platform::new().await;
    platform.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    let open = "SELECT count(*) FROM finding WHERE closed_at IS NULL";
    let others = [advisory("PYSEC-2024-2", &[], "other", "2"), advisory("PYSEC-2024-3", &[], "other", "3")];
    write_osv(&exporter.mirror(), &[&others[..], &[advisory("PYSEC-2024-1", &["CVE-2024-1"], "demo", "1.1")]].concat());
    exporter.export(&[(osv("PyPI/all.zip"), None)], 9);
    assert_eq!(platform.import(&exporter.source(), &none()).await, Outcome::Changed);
    rematch(&platform).await;
    assert_eq!(platform.count(open).await, 1);
    write_osv(&exporter.mirror(), &others);
    exporter.export(&[(osv("PyPI/all.zip"), None)], 10);
    assert_eq!(platform.import(&exporter.source(), &none()).await, Outcome::Changed);
    assert_eq!(rematch(&platform).await, [key("demo")]);
    assert_eq!(platform.count(open).await, 0);
    assert_eq!(platform.count("SELECT count(*) FROM finding WHERE close_reason = 'advisory_withdrawn'").await, 1);
}

#[tokio::test]
async fn documents_that_lost_most_of_what_we_hold_are_refused_one_by_one_until_the_operator_accepts_them() {
    let exporter = Exporter::new();
    write_mirror(&exporter.mirror());
    let platform = Platform::new().await;
    let many: Vec<_> = (0..100).map(|n| advisory(&format!("PYSEC-2024-{n}"), &[], "demo", "1.1")).collect();
    write_osv(&exporter.mirror(), &many);
    std::fs::write(exporter.mirror().join(first("malware-hashes").mirror_path()), hashes(100)).unwrap();
    exporter.export(&all(), 9);
    let source = exporter.source();
    assert_eq!(platform.import(&source, &none()).await, Outcome::Changed);
    assert_eq!(
        platform.count("SELECT octet_length(content)::bigint FROM malware_bundle WHERE kind = 'file_hashes'").await,
        6_500
    );
    assert_eq!(platform.count("SELECT count(*) FROM malware_bundle WHERE kind = 'yara_rules'").await, 1);

    write_osv(&exporter.mirror(), &many[..5]);
    std::fs::write(exporter.mirror().join(first("malware-hashes").mirror_path()), hashes(10)).unwrap();
    exporter.export(&[(osv("PyPI/all.zip"), None), (first("malware-hashes"), None), (first("kev"), None)], 10);
    // Again and again: what was refused is not taken for held.
    for _ in 0..2 {
        assert_eq!(platform.import(&source, &none()).await, Outcome::Failed);
        assert!(platform.why().await.starts_with("2 of the "), "{}", platform.why().await);
    }
    let run = platform.last_run_of(&osv("PyPI/all.zip")).await;
    assert_eq!(run.get::<String, _>("outcome"), "refused");
    let why: String = run.get("error");
    assert!(why.contains("lacks or withdraws 95 of the 100") && why.contains("feeds import"), "{why}");
    assert_eq!(
        platform.last_run_of(&first("kev")).await.get::<String, _>("outcome"),
        "unchanged",
        "the others are taken"
    );
    assert_eq!(platform.count("SELECT count(*) FROM advisory WHERE source = 'osv' AND withdrawn IS NULL").await, 100);

    let accepted = ImportOptions { accept_withdrawals: true, feed: Some("osv".into()), ..none() };
    assert_eq!(platform.import(&source, &accepted).await, Outcome::Changed);
    assert_eq!(platform.count("SELECT count(*) FROM advisory WHERE source = 'osv' AND withdrawn IS NULL").await, 5);
    assert_eq!(platform.import(&source, &none()).await, Outcome::Failed, "the hashes are refused still");
    let accepted = ImportOptions { accept_withdrawals: true, ..none() };
    assert_eq!(platform.import(&source, &accepted).await, Outcome::Changed);
    assert_eq!(platform.import(&source, &none()).await, Outcome::Unchanged);
}

#[tokio::test]
async fn a_document_that_its_index_forgot_is_forgotten_and_its_records_stay_as_the_archive_has_them() {
    let exporter = Exporter::new();
    write_mirror(&exporter.mirror());
    let platform = Platform::new().await;
    exporter.export(&all(), 9);
    let source = exporter.source();
    platform.import(&source, &none()).await;
    let standing = "SELECT count(*) FROM advisory WHERE source = 'redhat' AND withdrawn IS NULL";
    let held = "SELECT count(*) FROM feed_document WHERE feed = 'redhat'";
    assert_eq!((platform.count(standing).await, platform.count(held).await), (2, 2));
    exporter.export_without(&redhat()[1].0, 10);
    assert_eq!(platform.import(&source, &none()).await, Outcome::Unchanged);
    assert_eq!((platform.count(standing).await, platform.count(held).await), (2, 1));
    // A bundle without a feed says nothing of it.
    exporter.export_without(&redhat()[0].0, 11);
    assert_eq!(platform.import(&source, &none()).await, Outcome::Unchanged);
    assert_eq!((platform.count(standing).await, platform.count(held).await), (2, 1));
}

#[tokio::test]
async fn the_schedule_asks_for_a_bundle_once_an_interval_and_for_nothing_else() {
    let exporter = Exporter::new();
    write_mirror(&exporter.mirror());
    exporter.export(&all(), 9);
    let platform = Platform::new().await;
    let server = MockServer::start().await;
    let whole = ResponseTemplate::new(200).set_body_bytes(std::fs::read(exporter.bundle()).unwrap());
    let unchanged =
        Mock::given(wiremock::matchers::header("If-None-Match", "\"1\"")).respond_with(ResponseTemplate::new(304));
    unchanged.with_priority(1).mount(&server).await;
    Mock::given(any()).respond_with(whole.insert_header("ETag", "\"1\"")).with_priority(2).mount(&server).await;
    let address = format!("{}/feeds.bundle?token=secret", server.uri());
    let source = BundleSource::new(&address, [exporter.key.public().as_str()]).unwrap();
    let schedule = Schedule::new(platform.syncer(Path::new("/nowhere")), Intervals::default()).from_bundle(source);
    let requests = async || server.received_requests().await.unwrap().len();
    platform.look(&schedule).await;
    platform.look(&schedule).await;
    assert_eq!(requests().await, 1, "{}", platform.why().await);
    assert!(
        platform
            .rows("SELECT to_jsonb(url) FROM feed_document")
            .await
            .iter()
            .all(|url| !url.to_string().contains("secret"))
    );
    for expected in [2, 3] {
        platform.pass_an_hour().await;
        platform.look(&schedule).await;
        assert_eq!(requests().await, expected);
        assert_eq!(platform.last_import().await.get::<String, _>("outcome"), "unchanged");
    }
}
