//! `plimsoll db`.

use serde_json::{Value, json};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::image::digest;
use crate::mirror::{Place, crates, vex};
use crate::program::plimsoll;

#[test]
fn an_update_takes_what_changed_and_says_so_document_by_document() {
    let place = Place::new();
    let first = place.update(&[]);
    assert_eq!(first.code, 0, "{first:?}");
    let line = |run: &crate::program::Run, document: &str| {
        let line = run.out.lines().find(|line| line.starts_with(document));
        line.unwrap_or_else(|| panic!("{document}: {run:?}"))[document.len()..].trim().to_owned()
    };
    assert_eq!(line(&first, "osv/PyPI/all.zip"), "3 records");
    assert_eq!(line(&first, "debian/tracker/data/json"), "2 records");
    assert_eq!(line(&first, "alpine/v3.3/main.json and 40 more"), "not there");
    assert_eq!(line(&first, "osv/Go/all.zip and 17 more"), "not there");
    assert_eq!(first.out.matches("not there").count(), 12, "one line for a feed: {}", first.out);
    assert!(!first.out.contains("photon6"), "what is still to come need not be there");
    assert!(first.out.lines().last().unwrap().ends_with(": 7 documents"), "{}", first.out);
    assert!(first.err.contains("fetching osv/PyPI/all.zip"), "progress is on standard error");

    place.tracker(&[("perl", "CVE-2024-1", "open", "")]);
    let second = place.update(&[]);
    assert_eq!(line(&second, "osv/PyPI/all.zip"), "unchanged");
    assert_eq!(line(&second, "debian/tracker/data/json"), "1 record");
    assert_eq!(line(&second, "epss/epss_scores-current.csv.gz"), "3 records", "new CVEs may have scores");
    let third = place.update(&["--feeds", "epss,debian"]);
    assert_eq!(line(&third, "epss/epss_scores-current.csv.gz"), "unchanged");
    assert_eq!(third.out.lines().count(), 3, "{}", third.out);
}

#[test]
fn an_index_brings_its_archive_and_what_changed_and_is_one_line() {
    let place = Place::new();
    let changed = vex("CVE-2026-2", "2-2", 2).to_string();
    place.redhat(&[vex("CVE-2026-1", "1-1", 1), vex("CVE-2026-2", "2-1", 1)], &changed);
    let index = "redhat/csaf/v2/vex/changes.csv";
    let update = |place: &Place| {
        let run = place.update(&["--feeds", "redhat"]);
        assert_eq!(run.code, 0, "{run:?}");
        let line = run.out.lines().find(|line| line.starts_with(index)).unwrap()[index.len()..].trim().to_owned();
        assert!(run.out.contains("redhat/csaf/v2/advisories/changes.csv         not there"), "{}", run.out);
        (line, run.out.lines().last().unwrap().rsplit(": ").next().unwrap().to_owned())
    };
    assert_eq!(update(&place), ("3 records".into(), "2 documents".into()));
    let query = |version: &str| {
        let run = plimsoll(place.home(), &["query", "Red Hat:9", "curl", version]);
        run.out
    };
    assert!(query("2-1").contains("CVE-2026-2"), "{}", query("2-1"));
    assert!(!query("2-2").contains("CVE-2026-2"), "the newest counts");
    assert_eq!(update(&place), ("unchanged".into(), "2 documents".into()));
    place.redhat(&[], "<html>");
    place.document("redhat/csaf/v2/vex/changes.csv", b"\"2026/cve-2026-2.json\",\"2026-03-01T00:00:00+00:00\"\n");
    let run = place.update(&["--feeds", "redhat"]);
    let why = "failed, the earlier one is kept: 1 of the 1 documents that it names could not be had: redhat/csaf/v2/vex/2026/cve-2026-2.json";
    assert!(run.code == 3 && run.out.contains(why), "{run:?}");
    assert!(query("2-1").contains("CVE-2026-2"));
}

/// When the documents of Red Hat were last known to be up to date.
fn redhat_checked(place: &Place) -> Vec<Value> {
    let status = plimsoll(place.home(), &["db", "status", "--format", "json"]).json();
    let documents = status["documents"].as_array().unwrap().iter();
    documents.filter(|of| of["feed"] == "redhat").map(|of| of["checked_at"].clone()).collect()
}

/// Rows of an index, all of March 2026.
fn listed(cves: impl Iterator<Item = usize>) -> String {
    cves.map(|n| format!("\"2026/cve-2026-{n}.json\",\"2026-03-01T00:00:00+00:00\"\n")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_of_which_nothing_can_be_had_stays_as_old_as_it_was_and_its_server_is_left_alone() {
    let place = Place::new();
    let folder = "redhat/csaf/v2/vex";
    place.redhat(&[vex("CVE-2026-1", "1-1", 1)], &vex("CVE-2026-2", "2-2", 2).to_string());
    assert_eq!(place.update(&["--feeds", "osv,redhat"]).code, 0);
    let before = redhat_checked(&place);
    assert_eq!(before.len(), 2);
    place.document(&format!("{folder}/changes.csv"), listed(1..=3).as_bytes());
    let server = MockServer::start().await;
    let files = ["archive_latest.txt", "changes.csv", "deletions.csv"].map(|name| format!("{folder}/{name}"));
    for file in files.iter().map(String::as_str).chain(["osv/PyPI/all.zip"]) {
        let bytes = std::fs::read(place.path("mirror").join(file)).unwrap();
        let answer = ResponseTemplate::new(200).set_body_bytes(bytes);
        Mock::given(path(format!("/{file}"))).respond_with(answer).with_priority(1).mount(&server).await;
    }
    let busy = ResponseTemplate::new(429).insert_header("Retry-After", "7200");
    Mock::given(any()).respond_with(busy).with_priority(2).mount(&server).await;
    let uri = server.uri();
    let arguments = ["db", "update", "--base", &uri, "--feeds", "osv,redhat"];
    let run = tokio::task::block_in_place(|| plimsoll(place.home(), &arguments));
    assert_eq!(run.code, 0, "{run:?}");
    let why = "failed, the earlier one is kept: 3 of the 3 documents that it names could not be had: redhat/csaf/v2/vex/2026/cve-2026-1.json";
    assert!(run.out.contains(why), "{run:?}");
    let requests = server.received_requests().await.unwrap();
    let asked = requests.iter().filter(|request| request.url.path().starts_with("/redhat/csaf/v2/vex/")).count();
    assert_eq!(asked, 4, "the index's own files and the first document");
    assert_eq!(redhat_checked(&place), before);
    // What can be had after all makes it new again.
    for n in 1..=3 {
        let document = vex(&format!("CVE-2026-{n}"), "3-3", 3).to_string();
        place.document(&format!("{folder}/2026/cve-2026-{n}.json"), document.as_bytes());
    }
    assert_eq!(place.update(&["--feeds", "redhat"]).code, 0);
    assert!(redhat_checked(&place).iter().all(|checked| !before.contains(checked)));
}

#[test]
fn what_is_left_to_the_next_update_leaves_the_rest_of_an_index_as_old_as_it_was() {
    let place = Place::new();
    place.redhat(&[vex("CVE-2026-1", "1-1", 1)], &vex("CVE-2026-2", "2-2", 2).to_string());
    let update = || {
        let run = place.update(&["--feeds", "redhat"]);
        assert_eq!(run.code, 0, "{run:?}");
        run
    };
    update();
    let before = redhat_checked(&place);
    place.document("redhat/csaf/v2/vex/changes.csv", listed(1..=1_001).as_bytes());
    for n in 1..=1_001 {
        let document = vex(&format!("CVE-2026-{n}"), "3-3", 3).to_string();
        place.document(&format!("redhat/csaf/v2/vex/2026/cve-2026-{n}.json"), document.as_bytes());
    }
    let run = update();
    assert!(run.err.contains("left to the next update: 1 document that changed"), "{}", run.err);
    let is_archive_new = || !redhat_checked(&place).iter().any(|checked| before.contains(checked));
    assert!(!is_archive_new());
    update();
    assert!(is_archive_new());
}

#[test]
fn a_document_that_lies_in_a_repository_is_found_there_and_read_where_it_is_another_one() {
    let place = Place::new();
    let list = "amazon/al2023/core/mirrors/latest/x86_64/mirror.list";
    let update = |place: &Place| {
        let run = place.update(&["--feeds", "amazon"]);
        let line = run.out.lines().find(|line| line.starts_with(list)).unwrap_or_default();
        (run.code, line.get(list.len()..).unwrap_or_default().trim().to_owned())
    };
    let first = ("ALAS2023-2024-1", "CVE-2024-1", "Important", "curl", ["0", "8.3.0", "1.amzn2023.0.1"]);
    let second = ("ALAS2023-2024-2", "CVE-2024-2", "low", "curl", ["0", "8.5.0", "1.amzn2023.0.2"]);
    assert_eq!(update(&place), (3, "and 1 more  not there".into()), "a mirror without any");
    place.amazon("46ff", &[first]);
    assert_eq!(update(&place), (0, "1 record".into()));
    assert_eq!(update(&place), (0, "unchanged".into()));
    place.amazon("9dd3", &[first]);
    assert_eq!(update(&place), (0, "unchanged".into()), "another publication of the same");
    place.amazon("221a", &[first, second]);
    assert_eq!(update(&place), (0, "2 records".into()));
    let query = |version: &str| plimsoll(place.home(), &["query", "Amazon Linux:2023", "curl", version]).out;
    assert!(query("8.3.0-1.amzn2023.0.1").contains("CVE-2024-2"), "{}", query("8.3.0-1.amzn2023.0.1"));
    assert!(!query("8.5.0-1.amzn2023.0.2").contains("CVE-2024"), "{}", query("8.5.0-1.amzn2023.0.2"));

    place.document("amazon/al2023/core/guids/221a/x86_64/repodata/updateinfo.xml.gz", b"<updates/>");
    assert_eq!(update(&place), (0, "unchanged".into()), "it is not asked for again");
    place.amazon("aaaa", &[second]);
    place.document("amazon/al2023/core/guids/aaaa/x86_64/repodata/updateinfo.xml.gz", b"<updates/>");
    let (code, told) = update(&place);
    assert!(
        told.contains("failed, the earlier one is kept") && told.contains("its repository names sha256:"),
        "{told}"
    );
    place.document(list, b"https://example.org/al2023/core/guids/221a/x86_64/");
    let (other_code, told) = update(&place);
    assert!(told.contains("it names 'https://example.org/"), "{told}");
    place.document(list, b"https://cdn.amazonlinux.com/al2023/core/guids/gone/x86_64/");
    let (last_code, told) = update(&place);
    assert!(told.starts_with("failed, the earlier one is kept"), "{told}");
    assert_eq!((code, other_code, last_code), (3, 3, 3), "nothing else was asked for");
    assert!(query("8.3.0-1.amzn2023.0.1").contains("CVE-2024-2"));
}

#[test]
fn a_document_that_cannot_be_had_keeps_what_was_there() {
    let place = Place::with_database();
    place.document("debian/tracker/data/json", b"{\"perl\": {\"CVE-2024-1\": ");
    std::fs::remove_file(place.path("mirror/osv/npm/all.zip")).unwrap();
    place.document("kev/known_exploited_vulnerabilities.json", b"<html>502 Bad Gateway</html>");
    let run = place.update(&[]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(run.out.matches("failed, the earlier one is kept").count(), 3, "{}", run.out);
    assert!(run.err.contains("3 documents could not be had"), "{}", run.err);
    let status = plimsoll(place.home(), &["db", "status"]);
    assert_eq!(status.code, 0);
    for expected in ["debian/tracker/data/json", "osv/npm/all.zip", "Vulnerabilities  8", "v2026.06.15"] {
        assert!(status.out.contains(expected), "{expected}: {}", status.out);
    }
}

#[test]
fn nothing_to_be_had_leaves_the_database_as_it_was_and_is_a_failure() {
    let place = Place::with_database();
    let before = std::fs::read(place.path("cache/plimsoll/advisories.db")).unwrap();
    for base in ["file:///nowhere/at/all", "http://127.0.0.1:1"] {
        let run = plimsoll(place.home(), &["db", "update", "--base", base, "--feeds", "kev"]);
        assert_eq!(run.code, 3, "{run:?}");
        assert!(run.err.contains("no document of any feed could be had"), "{}", run.err);
    }
    assert_eq!(std::fs::read(place.path("cache/plimsoll/advisories.db")).unwrap(), before);
    assert_eq!(std::fs::read_dir(place.path("cache/plimsoll")).unwrap().count(), 1);
}

#[test]
fn a_wrong_feed_or_address_is_a_usage_error_and_no_database_has_a_cure() {
    let place = Place::new();
    let run = place.update(&["--feeds", "klingon"]);
    assert_eq!(run.code, 2);
    for told in ["'klingon'", "osv, debian, debian-advisories, alpine, wolfi, chainguard, ", "end-of-life"] {
        assert!(run.err.contains(told), "{}", run.err);
    }
    assert_eq!(plimsoll(place.home(), &["db", "update", "--base", "mirror"]).code, 2);
    let run = plimsoll(place.home(), &["db", "status"]);
    assert_eq!(run.code, 3);
    assert!(run.err.contains("plimsoll db update makes one"), "{}", run.err);
}

#[test]
fn a_document_that_lost_most_of_its_records_is_not_believed_until_the_user_says_so() {
    let place = Place::new();
    let document = "osv/crates.io/all.zip";
    let update = |more: &[&str]| {
        let run = place.update(&[["--feeds", "osv"].as_slice(), more].concat());
        assert_eq!(run.code, 0, "{run:?}");
        let line = run.out.lines().find(|line| line.starts_with(document)).unwrap();
        (line[document.len()..].trim().to_owned(), run.err)
    };
    let known =
        || plimsoll(place.home(), &["query", "crates.io", "crate-59", "0.1.0"]).out.contains("RUSTSEC-2024-0059");
    place.osv("crates.io", &crates(60));
    assert_eq!(update(&[]).0, "60 records");
    assert!(known());
    place.osv("crates.io", &crates(3));
    let refused = "failed, the earlier one is kept: it would withdraw 57 of the 60 records that are held of it; --accept-withdrawals takes it";
    for _ in 0..2 {
        let (line, told) = update(&[]);
        assert_eq!(line, refused, "it is asked for again");
        assert!(told.contains("1 document could not be had"), "{told}");
        assert!(known(), "what was known is");
    }
    assert_eq!(update(&["--accept-withdrawals"]).0, "3 records");
    assert!(!known());
    // A handful may always go.
    place.osv("crates.io", &crates(1));
    assert_eq!(update(&[]).0, "1 record");
}

#[test]
fn records_that_their_source_takes_back_or_empties_are_not_believed_gone_until_the_user_says_so() {
    let place = Place::new();
    let update = |more: &[&str]| {
        let run = place.update(&[["--feeds", "osv"].as_slice(), more].concat());
        assert_eq!(run.code, 0, "{run:?}");
        run.out
    };
    let known =
        || plimsoll(place.home(), &["query", "crates.io", "crate-99", "0.1.0"]).out.contains("RUSTSEC-2024-0099");
    let changed = |field: &str, value: &Value| {
        let mut records = crates(100);
        for record in &mut records {
            record[field] = value.clone();
            record["modified"] = json!("2024-03-01T00:00:00Z");
        }
        records
    };
    // The list and the records beside the archive, so that what changed is fetched alone.
    let told = |records: &[Value]| {
        let mut rows = String::new();
        for record in records {
            let (id, modified) = (record["id"].as_str().unwrap(), record["modified"].as_str().unwrap());
            rows.push_str(&format!("{modified},{id}\n"));
            place.document(&format!("osv/crates.io/{id}.json"), record.to_string().as_bytes());
        }
        place.document("osv/crates.io/modified_id.csv", rows.as_bytes());
    };
    place.osv("crates.io", &crates(100));
    update(&[]);
    assert!(known());
    let refused = "it would withdraw 100 of the 100 records that are held of it; --accept-withdrawals takes it";
    for is_told in [false, true] {
        if is_told {
            told(&crates(100));
            place.osv("crates.io", &crates(100));
            update(&[]);
        }
        for records in [changed("withdrawn", &json!("2024-03-01T00:00:00Z")), changed("affected", &json!([]))] {
            if is_told {
                told(&records);
            } else {
                place.osv("crates.io", &records);
            }
            let run = update(&[]);
            assert!(run.contains(refused), "{is_told} {run}");
            assert!(known(), "what was known is");
        }
    }
    assert!(update(&["--accept-withdrawals"]).contains("100 changed records"));
    assert!(!known());
}

#[test]
fn a_record_that_cannot_be_read_any_more_is_known_as_it_was() {
    let place = Place::new();
    let query = |ecosystem: &str, package: &str| plimsoll(place.home(), &["query", ecosystem, package, "0-1"]).out;
    let documents = ["CVE-2026-1", "CVE-2026-2"].map(|cve| vex(cve, "1-1", 1));
    place.redhat(&documents, "");
    place.document("redhat/csaf/v2/vex/changes.csv", b"\"2026/cve-2026-1.json\",\"2026-01-01T00:00:00+00:00\"\n");
    let update = || {
        let run = place.update(&["--feeds", "redhat"]);
        assert_eq!(run.code, 0, "{run:?}");
        run.out
    };
    update();
    let before = query("Red Hat:9", "curl");
    assert!(before.contains("CVE-2026-1") && before.contains("CVE-2026-2"), "{before}");
    place.redhat_archive("2026-01-20", &[documents[0].clone(), json!([])]);
    assert!(update().contains("1 record, 1 problem"));
    assert_eq!(query("Red Hat:9", "curl"), before);
    place.redhat_archive("2026-01-21", &documents[..1]);
    update();
    assert!(!query("Red Hat:9", "curl").contains("CVE-2026-2"));
}

/// Serves the files of a folder with an `ETag` each, and remembers with which status it answered.
struct Tagged {
    root: std::path::PathBuf,
    answered: std::sync::Arc<std::sync::Mutex<Vec<u16>>>,
}

impl wiremock::Respond for Tagged {
    fn respond(&self, request: &wiremock::Request) -> ResponseTemplate {
        let read = std::fs::read(self.root.join(request.url.path().trim_start_matches('/')));
        let (status, answer) = match read {
            Err(_) => (404, ResponseTemplate::new(404)),
            Ok(bytes) => {
                let etag = format!("\"{}\"", digest(&bytes));
                let known = request.headers.get("if-none-match").and_then(|value| value.to_str().ok());
                if known == Some(etag.as_str()) {
                    (304, ResponseTemplate::new(304))
                } else {
                    (200, ResponseTemplate::new(200).insert_header("ETag", etag.as_str()).set_body_bytes(bytes))
                }
            }
        };
        self.answered.lock().unwrap().push(status);
        answer
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_and_what_leads_to_a_repository_are_asked_for_by_what_their_servers_said_of_them() {
    let place = Place::new();
    place.redhat(&[vex("CVE-2026-1", "1-1", 1)], &vex("CVE-2026-2", "2-2", 2).to_string());
    place.amazon("1", &[("ALAS2023-2024-1", "CVE-2024-1", "Important", "curl", ["0", "8.5.0", "1.amzn2023.0.2"])]);
    let answered = std::sync::Arc::default();
    let server = MockServer::start().await;
    let tagged = Tagged { root: place.path("mirror"), answered: std::sync::Arc::clone(&answered) };
    Mock::given(any()).respond_with(tagged).mount(&server).await;
    let uri = server.uri();
    let update = |feed: &str| {
        let run =
            tokio::task::block_in_place(|| plimsoll(place.home(), &["db", "update", "--base", &uri, "--feeds", feed]));
        let statuses = std::mem::take(&mut *answered.lock().unwrap());
        // What the mirror has not is asked for each time: the other index of Red Hat's, the other repository of Amazon's.
        (run.code, statuses.into_iter().filter(|status| *status != 404).collect::<Vec<u16>>())
    };
    // The index, its archive and a document; the list, the repository's index and its document.
    for (feed, first, again) in [("redhat", vec![200; 5], vec![304; 3]), ("amazon", vec![200; 3], vec![304; 2])] {
        assert_eq!(update(feed), (0, first), "{feed}");
        for _ in 0..2 {
            assert_eq!(update(feed), (0, again.clone()), "{feed}");
        }
    }
}

#[test]
fn an_archive_that_lost_most_of_its_documents_is_not_believed_until_the_user_says_so() {
    let place = Place::new();
    let all: Vec<_> = (1..=60).map(|n| vex(&format!("CVE-2026-{n}"), "1-1", 1)).collect();
    place.redhat(&all, &vex("CVE-2026-2", "2-2", 2).to_string());
    let index = "redhat/csaf/v2/vex/changes.csv";
    let update = |more: &[&str]| {
        let run = place.update(&[["--feeds", "osv,redhat"].as_slice(), more].concat());
        assert_eq!(run.code, 0, "{run:?}");
        let line = run.out.lines().find(|line| line.starts_with(index)).unwrap();
        line[index.len()..].trim().to_owned()
    };
    let known = || plimsoll(place.home(), &["query", "Red Hat:9", "curl", "1-0"]).out.contains("CVE-2026-60");
    assert_eq!(update(&[]), "61 records");
    place.redhat_archive("2026-01-20", &all[..3]);
    let refused = "it would withdraw 57 of the 60 records that are held of it; --accept-withdrawals takes it";
    assert_eq!(update(&[]), format!("failed, the earlier one is kept: {refused}"));
    assert!(known());
    update(&["--accept-withdrawals"]);
    assert!(!known());
}

#[test]
fn what_changed_of_an_ecosystem_is_fetched_alone_where_its_list_tells_it() {
    let place = Place::new();
    let record = |number: u32, month: u32, fix: &str| {
        json!({ "id": format!("PYSEC-2026-{number}"), "modified": format!("2026-{month:02}-01T00:00:00.25Z"), "affected": [{
            "package": {"ecosystem": "PyPI", "name": "demo"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fix}]}]}] })
    };
    let told = |records: &[Value]| {
        let row =
            |record: &Value| format!("{},{}\n", record["modified"].as_str().unwrap(), record["id"].as_str().unwrap());
        place.document("osv/PyPI/modified_id.csv", records.iter().map(row).collect::<String>().as_bytes());
        for record in records {
            let path = format!("osv/PyPI/{}.json", record["id"].as_str().unwrap());
            place.document(&path, record.to_string().as_bytes());
        }
    };
    let update = || {
        let run = place.update(&["--feeds", "osv", "--ecosystems", "PyPI"]);
        assert_eq!(run.out.lines().count(), 2, "no other ecosystem: {}", run.out);
        run.out.lines().next().unwrap()["osv/PyPI/all.zip".len()..].trim().to_owned()
    };
    let query = || plimsoll(place.home(), &["query", "PyPI", "demo", "1.0"]).out;
    let [first, second] = [record(1, 1, "1.1"), record(2, 1, "1.2")];
    place.osv("PyPI", &[first.clone(), second.clone()]);
    told(&[first, second.clone()]);
    assert_eq!((update(), update()), ("2 records".into(), "unchanged".into()));

    // The archive, which nobody asks for, is broken from here on.
    place.document("osv/PyPI/all.zip", b"<html>");
    let mut withdrawn = record(2, 2, "1.2");
    withdrawn["withdrawn"] = json!("2026-02-01T00:00:00Z");
    told(&[withdrawn.clone(), record(1, 2, "2.0"), record(3, 2, "1.3")]);
    assert_eq!((update(), update()), ("3 changed records".into(), "unchanged".into()));
    let said = query();
    assert!(said.contains("PYSEC-2026-1") && said.contains("2.0") && said.contains("PYSEC-2026-3"), "{said}");
    assert!(!said.contains("PYSEC-2026-2"), "{said}");
    place.osv("PyPI", &[record(1, 2, "2.0"), withdrawn, record(3, 2, "1.3")]);
    std::fs::remove_file(place.path("cache/plimsoll/advisories.db")).unwrap();
    assert_eq!((update(), query()), ("3 records".into(), said), "as the whole document says it");

    // A record that does not lie there, or a list that is none: the document is read whole.
    told(&[record(4, 3, "1.4")]);
    std::fs::remove_file(place.path("mirror/osv/PyPI/PYSEC-2026-4.json")).unwrap();
    place.osv("PyPI", &[record(4, 3, "1.4")]);
    assert_eq!(update(), "1 record");
    place.document("osv/PyPI/modified_id.csv", b"<html>");
    place.osv("PyPI", &[record(4, 3, "1.4"), second]);
    assert_eq!((update(), update()), ("2 records".into(), "unchanged".into()));
    for wrong in ["../etc", "", "a/b"] {
        assert_eq!(place.update(&["--feeds", "osv", "--ecosystems", wrong]).code, 2, "{wrong}");
    }
}

#[test]
fn ubuntus_own_word_for_its_package_counts_before_everybodys_vector() {
    let place = Place::new();
    let record = json!({ "id": "UBUNTU-CVE-2016-20013", "modified": "2026-04-22T07:38:06Z", "upstream": ["CVE-2016-20013"],
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"}, {"type": "Ubuntu", "score": "negligible"}],
        "affected": [{"package": {"ecosystem": "Ubuntu:16.04:LTS", "name": "sssd"},
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}] });
    place.osv("Ubuntu", &[record]);
    assert_eq!(place.update(&["--feeds", "osv"]).code, 0);
    let run = plimsoll(place.home(), &["query", "Ubuntu:16.04:LTS", "sssd", "1.0", "--format", "json"]);
    assert!(run.out.contains("\"NEGLIGIBLE\"") && !run.out.contains("\"HIGH\""), "{}", run.out);
}
