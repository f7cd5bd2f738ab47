//! Rounds of the schedule, with hours that pass by the rows and not by a clock.

use std::path::Path;

use chrono::TimeDelta;
use plimsoll_advisories::feeds as formats;
use plimsoll_feeds::{Intervals, Schedule, Syncer};
use plimsoll_model::{Package, PackageType};
use plimsoll_store::feeds::{self, Outcome};
use plimsoll_testkit::sqlx::Row as _;
use tokio_util::sync::CancellationToken;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::bundled::{Exporter, documents, write_mirror};
use crate::platform::{Platform, osv, rematch};
use crate::sync::{vex, write_vex};

impl Platform {
    /// One look of the schedule at what is due.
    pub async fn look(&self, schedule: &Schedule) {
        let mut lease = self.store.catalog_tx().await.unwrap();
        assert!(feeds::take_lease(&mut lease).await.unwrap());
        schedule.sync_due(&mut lease, &CancellationToken::new()).await.unwrap();
        lease.commit().await.unwrap();
    }

    /// Makes everything that is known an hour older, as an hour would.
    pub async fn pass_an_hour(&self) {
        let hour = "interval '1 hour'";
        self.database
            .execute(&format!(
                "UPDATE feed_run SET started_at = started_at - {hour}, finished_at = finished_at - {hour}, not_before = not_before - {hour};
                 UPDATE feed_document SET checked_at = checked_at - {hour}, changed_at = changed_at - {hour};"
            ))
            .await;
    }
}

#[tokio::test]
async fn with_every_upstream_answering_429_for_a_day_findings_stay_and_their_knowledge_grows_old() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    write_mirror(mirror.path());
    std::fs::remove_dir_all(mirror.path().join("redhat")).unwrap();
    let (org, image) = platform.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    for document in documents() {
        platform.sync(mirror.path(), &document).await;
    }
    rematch(&platform).await;
    let found = "SELECT count(*) FROM finding WHERE closed_at IS NULL";
    assert_eq!(platform.count(found).await, 1);
    let before = platform.knowledge().await;
    let findings = platform.rows("SELECT to_jsonb(f) FROM finding f ORDER BY 1").await;
    let age = async || {
        let mut tx = platform.store.org_tx(org).await.unwrap();
        let known = plimsoll_store::views::images::known_by_feed(&mut tx, &[image.0]).await.unwrap();
        let oldest = known.into_iter().map(|(_, known)| known.checked_at.unwrap()).min();
        plimsoll_runtime::clock::now() - oldest.unwrap()
    };
    assert!(age().await < TimeDelta::minutes(10));

    // Each document is asked for once an hour; one that is asked to be left alone for five, once in five.
    let server = MockServer::start().await;
    let busy = |seconds: &str| ResponseTemplate::new(429).insert_header("Retry-After", seconds);
    let patient = Mock::given(wiremock::matchers::path("/osv/PyPI/all.zip")).respond_with(busy("18000"));
    patient.with_priority(1).mount(&server).await;
    Mock::given(any()).respond_with(busy("120")).with_priority(2).mount(&server).await;
    let syncer = Syncer { base: Some(server.uri().parse().unwrap()), ..platform.syncer(Path::new("/nowhere")) };
    let schedule = Schedule::new(syncer, Intervals::every(TimeDelta::hours(1)));
    for _ in 0..24 {
        platform.pass_an_hour().await;
        platform.look(&schedule).await;
        platform.look(&schedule).await;
    }
    let requests = server.received_requests().await.unwrap();
    let asked = |path: &str| requests.iter().filter(|request| request.url.path() == path).count();
    let documents = plimsoll_feeds::documents().count();
    assert_eq!(requests.len(), (documents - 1) * 24 + asked("/osv/PyPI/all.zip"));
    assert_eq!((asked("/osv/PyPI/all.zip"), asked("/kev/known_exploited_vulnerabilities.json")), (5, 24));
    assert_eq!(platform.count("SELECT count(*) FROM feed_run WHERE outcome = 'failed'").await, requests.len() as i64);
    let why: String = platform.last_run_of(&osv("PyPI/all.zip")).await.get("error");
    assert!(why.contains("429 Too Many Requests, and asks to wait for 18000 s"), "{why}");

    assert_eq!(platform.knowledge().await, before);
    assert_eq!(platform.rows("SELECT to_jsonb(f) FROM finding f ORDER BY 1").await, findings);
    assert_eq!(rematch(&platform).await, [], "nothing is matched again");
    let old = age().await;
    assert!(old >= TimeDelta::hours(24) && old < TimeDelta::hours(25), "{old}");
    // An answer as before makes it new again.
    platform.pass_an_hour().await;
    platform.look(&Schedule::new(platform.syncer(mirror.path()), Intervals::every(TimeDelta::hours(1)))).await;
    assert!(age().await > TimeDelta::hours(24), "one is left alone for longer");
    for _ in 0..5 {
        platform.pass_an_hour().await;
    }
    platform.look(&Schedule::new(platform.syncer(mirror.path()), Intervals::every(TimeDelta::hours(1)))).await;
    assert!(age().await < TimeDelta::minutes(10));
    assert_eq!(platform.knowledge().await, before);
}

#[tokio::test]
async fn each_feed_is_asked_at_its_own_interval_or_as_the_operator_says() {
    let platform = Platform::new().await;
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(404)).mount(&server).await;
    let syncer = Syncer { base: Some(server.uri().parse().unwrap()), ..platform.syncer(Path::new("/nowhere")) };
    let schedule = Schedule::new(syncer, Intervals::new(None, "wolfi=10800,yara=3600").unwrap());
    for _ in 0..7 {
        platform.look(&schedule).await;
        platform.look(&schedule).await;
        platform.pass_an_hour().await;
    }
    let requests = server.received_requests().await.unwrap();
    let asked = |path: &str| requests.iter().filter(|request| request.url.path() == path).count();
    for (path, times) in [
        ("/osv/PyPI/all.zip", 7),
        ("/kev/known_exploited_vulnerabilities.json", 7),
        ("/nvd/feeds/json/cve/2.0/nvdcve-2.0-2026.json.gz", 4),
        ("/epss/epss_scores-current.csv.gz", 3),
        ("/oracle/com.oracle.elsa-all.xml.bz2", 2),
        ("/end-of-life/products-full.json", 1),
        ("/wolfi/os/security.json", 3),
        ("/yara/signature-base.zip", 7),
    ] {
        assert_eq!(asked(path), times, "{path}");
    }
}

#[tokio::test]
async fn a_document_of_a_coming_release_may_be_missing_until_it_was_there() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(mirror.path().join("alpine/v3.26")).unwrap();
    let documents = formats::by_name("alpine").unwrap().documents_as_of("2026-11-30".parse().unwrap(), &[]);
    let named = |path: &str| documents.iter().find(|document| document.path == path).unwrap();
    let (known, coming) = (named("v3.23/main.json"), named("v3.26/main.json"));
    assert_eq!(platform.sync(mirror.path(), known).await, Outcome::Failed);
    assert_eq!(platform.sync(mirror.path(), coming).await, Outcome::Unchanged);
    let why: String = platform.last_run_of(coming).await.get("error");
    assert!(why.starts_with("not there yet: "), "{why}");
    assert_eq!(platform.count("SELECT count(*) FROM feed_document").await, 0, "it is nothing that grows old");

    let path = mirror.path().join("alpine/v3.26/main.json");
    std::fs::write(&path, r#"{"distroversion": "v3.26", "reponame": "main", "packages": []}"#).unwrap();
    assert_eq!(platform.sync(mirror.path(), coming).await, Outcome::Changed);
    std::fs::remove_file(path).unwrap();
    assert_eq!(platform.sync(mirror.path(), coming).await, Outcome::Failed, "it was there");
}

#[tokio::test]
async fn each_day_runs_are_forgotten_but_the_last_fifty_of_a_document_and_what_changed_something_lately() {
    let platform = Platform::new().await;
    // `hourly` is held, and changed something 10, 80 and 100 days ago; `gone` is held no more; `rare` was last asked for long ago.
    platform
        .database
        .execute(
            "INSERT INTO feed_document (feed, document, url) VALUES ('osv', 'hourly', ''), ('osv', 'rare', '');
             INSERT INTO feed_run (feed, document, started_at, finished_at, outcome, added)
             SELECT 'osv', 'hourly', at, at, 'changed', (at::date IN (now()::date - 10, now()::date - 80, now()::date - 100))::int
             FROM generate_series(now() - interval '120 days', now(), interval '1 day') AS at;
             INSERT INTO feed_run (feed, document, started_at, finished_at, outcome, added)
             SELECT 'osv', d, at, at, 'changed', 1 FROM unnest(ARRAY['gone', 'rare']) AS d, unnest(ARRAY[now() - interval '99 days']) AS at;
             INSERT INTO feed_run (feed, document, started_at) VALUES ('osv', 'gone', now() - interval '99 days');
             INSERT INTO feed_request (id, requested_at, finished_at)
             SELECT gen_random_uuid(), at, at FROM unnest(ARRAY[now() - interval '99 days', now()]) AS at;",
        )
        .await;
    let schedule = Schedule::new(platform.syncer(Path::new("/nowhere")), Intervals::default());
    for _ in 0..2 {
        schedule.once_a_day().await.unwrap();
        for (kept, count) in [
            ("SELECT count(*) FROM feed_run WHERE document = 'hourly'", 51),
            ("SELECT count(*) FROM feed_run WHERE document = 'hourly' AND started_at > now() - interval '50 days'", 50),
            ("SELECT count(*) FROM feed_run WHERE document = 'hourly' AND added = 1", 2),
            ("SELECT count(*) FROM feed_run WHERE document = 'rare'", 1),
            ("SELECT count(*) FROM feed_run WHERE document = 'gone' AND finished_at IS NOT NULL", 0),
            ("SELECT count(*) FROM feed_run WHERE document = 'gone'", 1),
            ("SELECT count(*) FROM feed_request", 1),
        ] {
            assert_eq!(platform.count(kept).await, count, "{kept}");
        }
    }
}

#[tokio::test]
async fn an_index_whose_server_asks_to_be_left_alone_is_asked_for_no_more_of_its_documents() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let index = formats::by_name("redhat").unwrap().document("csaf/v2/vex/changes.csv");
    let archive = [vex("CVE-2026-1", "1-1", "01-01"), vex("CVE-2026-2", "2-1", "01-01")];
    write_vex(mirror.path(), ("02-01", &archive), &[("cve-2026-1", "01-01", None)], &[]);
    assert_eq!(platform.sync(mirror.path(), &index).await, Outcome::Changed);
    let hours = "SELECT round(extract(epoch FROM now() - min(checked_at)) / 3600)::bigint FROM feed_document";
    for _ in 0..5 {
        platform.pass_an_hour().await;
    }
    let changed = ["CVE-2026-1", "CVE-2026-2"].map(|cve| vex(cve, "3-1", "03-01"));
    let [first, second] = changed.map(Some);
    let changes = [("cve-2026-1", "03-01", first), ("cve-2026-2", "03-01", second)];
    write_vex(mirror.path(), ("02-01", &archive), &changes, &[]);

    let server = MockServer::start().await;
    let folder = mirror.path().join("redhat/csaf/v2/vex");
    for name in ["archive_latest.txt", "changes.csv", "deletions.csv"] {
        let answer = ResponseTemplate::new(200).set_body_bytes(std::fs::read(folder.join(name)).unwrap());
        let at = wiremock::matchers::path(format!("/redhat/csaf/v2/vex/{name}"));
        Mock::given(at).respond_with(answer).with_priority(1).mount(&server).await;
    }
    let busy = ResponseTemplate::new(429).insert_header("Retry-After", "7200");
    Mock::given(any()).respond_with(busy).with_priority(2).mount(&server).await;
    let syncer = Syncer { base: Some(server.uri().parse().unwrap()), ..platform.syncer(Path::new("/nowhere")) };
    assert_eq!(syncer.sync(&index, false).await.unwrap(), Outcome::Failed);
    assert_eq!(server.received_requests().await.unwrap().len(), 4, "the index's own files and the first document");
    let wait = "SELECT round(extract(epoch FROM not_before - finished_at))::bigint FROM feed_run WHERE document LIKE '%changes.csv' AND outcome = 'failed'";
    assert_eq!(platform.count(wait).await, 7_200);
    assert_eq!(platform.count(hours).await, 5, "what could not be had is as old as it was");
    assert_eq!(platform.sync(mirror.path(), &index).await, Outcome::Changed);
    assert_eq!(platform.count(hours).await, 0);
}

#[tokio::test]
async fn how_often_feeds_are_asked_is_written_down_so_that_people_are_told_when_each_is_next() {
    let platform = Platform::new().await;
    let syncer = || platform.syncer(Path::new("/nowhere"));
    let told = async |schedule: Schedule| {
        let mut tx = platform.store.catalog_tx().await.unwrap();
        schedule.tell_intervals(&mut tx).await.unwrap();
        let written = feeds::intervals(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        written
    };
    let written = told(Schedule::new(syncer(), Intervals::new(None, "wolfi=10800").unwrap())).await;
    assert_eq!(written.len(), formats::all().len());
    assert_eq!((written["wolfi"], written["nvd"]), (10_800, 7_200));
    assert_eq!(Intervals::written(written).of("wolfi"), TimeDelta::hours(3));

    // Of a document that was had, one whose server asks to be left alone, and one that was never tried.
    let minutes = "interval '1 minute'";
    let run = |document: &str, minutes_ago: i64, not_before: &str| {
        format!(
            "INSERT INTO feed_document (feed, document, url) VALUES ('wolfi', '{document}', '');
             INSERT INTO feed_run (feed, document, started_at, not_before)
             VALUES ('wolfi', '{document}', '2026-08-20T12:00:00Z'::timestamptz - {minutes_ago} * {minutes}, {not_before});"
        )
    };
    platform.database.execute(&run("a", 30, "NULL")).await;
    platform.database.execute(&run("b", 30, "'2026-08-20T20:00:00Z'")).await;
    platform.database.execute("INSERT INTO feed_document (feed, document, url) VALUES ('wolfi', 'c', '')").await;
    let due = async || -> Vec<Option<String>> {
        let mut tx = platform.store.catalog_tx().await.unwrap();
        let documents = plimsoll_store::views::feeds::all(&mut tx).await.unwrap();
        documents.into_iter().map(|document| document.due_at.map(|at| at.to_rfc3339())).collect()
    };
    let at = |time: &str| Some(format!("2026-08-20T{time}:00+00:00"));
    assert_eq!(due().await, [at("14:30"), at("20:00"), None]);
    let written = told(Schedule::new(syncer(), Intervals::default()).from_bundle(Exporter::new().source())).await;
    assert_eq!(written.into_iter().collect::<Vec<_>>(), [("bundle".to_owned(), 3_600)]);
    assert_eq!(due().await, [None, None, None], "they come with the bundle");
}
