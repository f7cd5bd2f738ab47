//! Databases built from documents, and what is read from them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own reading fails the test")]

mod changes;
#[path = "../../../testkit/src/corpus.rs"]
mod corpus;
mod documents;
mod left_out;
mod mirror;
mod withdrawals;

use std::path::{Path, PathBuf};

use documents::{
    advisories, at, catalogue, debian, end_of_life, epss, kev, products, put, redhat, scores, secdb, tracker, vex,
};
use plimsoll_advisories::feeds::{self, Document, Held, Record};
use plimsoll_advisories::{AdvisorySource as _, Candidate, MemorySource};
use plimsoll_advisory_db::{AdvisoryDb, Builder, DbError, FORMAT, OLDEST_FORMAT, Origin, Previous, install};
use plimsoll_model::{Affected, Ecosystem, PackageKey, SupportPeriod};

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("cache/advisories.db")
    }

    fn build(&self, documents: &[(Document, Vec<u8>)]) -> AdvisoryDb {
        let (mut builder, _) = Builder::start(&self.path()).unwrap();
        for (document, bytes) in documents {
            put(&mut builder, document, bytes, "v1").unwrap();
        }
        builder.finish(at(2)).unwrap();
        self.open()
    }

    fn open(&self) -> AdvisoryDb {
        AdvisoryDb::open(&self.path()).unwrap()
    }
}

fn key(ecosystem: &str, package: &str) -> PackageKey {
    PackageKey { ecosystem: ecosystem.parse().unwrap(), package: package.into() }
}

async fn said(db: &AdvisoryDb, ecosystem: &str, package: &str) -> Vec<String> {
    let candidates = db.affecting(&[key(ecosystem, package)]).await.unwrap();
    sorted(&candidates).iter().map(|candidate| candidate.vulnerability.clone()).collect()
}

fn sorted(candidates: &[Candidate]) -> Vec<Candidate> {
    let mut sorted = candidates.to_vec();
    sorted.sort_by_key(|candidate| format!("{candidate:?}"));
    sorted
}

fn alpine() -> Document {
    feeds::alpine::document("v3.18", "main")
}

#[tokio::test]
async fn the_database_says_what_its_documents_say() {
    let place = Place::new();
    let bookworm = tracker(&[("perl", "CVE-2023-31484", "5.36.0-7+deb12u1"), ("zlib", "CVE-2024-2", "1:1.3-2")]);
    let main = secdb("openssl", "3.1.1-r0", "CVE-2023-2650");
    let documents = [
        (debian(), bookworm.clone()),
        (alpine(), main.clone()),
        (kev(), catalogue("CVE-2023-2650")),
        (epss(), scores(&[("CVE-2023-2650", "0.5", "0.9"), ("CVE-1999-1", "0.1", "0.2")])),
        (end_of_life(), products("12", "2026-06-10")),
    ];
    let db = place.build(&documents);
    let memory = MemorySource::new(&[advisories(&debian(), &bookworm), advisories(&alpine(), &main)].concat());
    for key in [key("Debian:12", "perl"), key("Debian:12", "zlib"), key("Alpine:v3.18", "openssl")] {
        let candidates = db.affecting(std::slice::from_ref(&key)).await.unwrap();
        assert_eq!(candidates, memory.of(&key), "{key:?}");
        assert_eq!(candidates.len(), 1);
    }
    assert!(db.affecting(&[key("Debian:11", "perl"), key("Debian:12", "none")]).await.unwrap().is_empty());
    for (ecosystem, expected) in [("Debian:12", true), ("Debian:11", false), ("Debian", false), ("npm", false)] {
        assert_eq!(db.has_ecosystem(&ecosystem.parse().unwrap()).unwrap(), expected, "{ecosystem}");
    }
    let vulnerability = db.vulnerability("CVE-2023-31484").unwrap().unwrap();
    assert_eq!(vulnerability.title, "A flaw in perl");
    assert!(db.vulnerability("CVE-1999-1").unwrap().is_none());
    assert_eq!(db.exploit_score("CVE-2023-2650").unwrap().unwrap().percentile, 0.9);
    assert!(db.exploit_score("CVE-1999-1").unwrap().is_none(), "no advisory names it");
    let exploited = db.known_exploited("CVE-2023-2650").unwrap().unwrap();
    assert_eq!((exploited.date_added.to_string().as_str(), exploited.is_used_by_ransomware), ("2026-08-01", true));
    assert_eq!((db.built_at(), db.age(at(5)).num_hours(), db.age(at(1)).num_hours()), (at(2), 3, 0));
    assert_eq!(db.vulnerability_count().unwrap(), 3);
    let stored = db.documents().unwrap();
    let told: Vec<_> = stored.iter().map(|document| (document.feed.as_str(), document.counts.records)).collect();
    assert_eq!(told, [("alpine", 1), ("debian", 2), ("end-of-life", 1), ("epss", 2), ("kev", 1)]);
    let period = SupportPeriod {
        product: "debian".into(),
        release: "12".into(),
        codename: None,
        standard: Some("2026-06-10".parse().unwrap()),
        extended: None,
    };
    assert_eq!(db.support_periods().unwrap(), [period]);
    assert_eq!(stored[3].edition.as_deref(), Some("v2026.06.15"));
}

#[tokio::test]
async fn a_changed_document_takes_the_place_of_what_it_said_before() {
    let place = Place::new();
    let before = tracker(&[("perl", "CVE-2024-1", "5.36.0-8"), ("zlib", "CVE-2024-2", "1:1.3-2")]);
    drop(place.build(&[(debian(), before), (alpine(), secdb("openssl", "3.1.1-r0", "CVE-2024-1"))]));
    let (mut builder, previous) = Builder::start(&place.path()).unwrap();
    assert!(matches!(previous, Previous::Kept));
    assert_eq!(builder.validators(&debian()).unwrap().as_deref(), Some("v1"));
    assert!(builder.has(&debian()).unwrap() && !builder.has(&kev()).unwrap());
    put(&mut builder, &debian(), &tracker(&[("perl", "CVE-2024-3", "5.36.0-9")]), "v2").unwrap();
    builder.unchanged(&alpine(), at(3)).unwrap();
    builder.finish(at(3)).unwrap();
    let db = place.open();
    let dates: Vec<_> = db.documents().unwrap().iter().map(|stored| (stored.changed_at, stored.checked_at)).collect();
    assert_eq!(dates, [(at(1), at(3)), (at(1), at(1))]);
    assert_eq!(said(&db, "Debian:12", "perl").await, ["CVE-2024-3"]);
    assert!(said(&db, "Debian:12", "zlib").await.is_empty());
    assert_eq!(said(&db, "Alpine:v3.18", "openssl").await, ["CVE-2024-1"]);
    assert_eq!(db.vulnerability_count().unwrap(), 2);
}

#[tokio::test]
async fn a_refused_document_leaves_what_was_there() {
    let place = Place::new();
    let whole = tracker(&[("perl", "CVE-2024-1", "5.36.0-8"), ("zlib", "CVE-2024-2", "1:1.3-2")]);
    drop(place.build(&[(debian(), whole.clone())]));
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    assert!(put(&mut builder, &debian(), &whole[..whole.len() - 20], "v2").is_err());
    assert_eq!(builder.validators(&debian()).unwrap().as_deref(), Some("v1"));
    builder.finish(at(3)).unwrap();
    assert_eq!(said(&place.open(), "Debian:12", "perl").await, ["CVE-2024-1"]);
}

#[tokio::test]
async fn a_reader_sees_the_old_database_until_the_new_one_is_whole() {
    let place = Place::new();
    let reader = place.build(&[(debian(), tracker(&[("perl", "CVE-2024-1", "5")]))]);
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    put(&mut builder, &debian(), &tracker(&[("perl", "CVE-2024-2", "5")]), "v2").unwrap();
    assert_eq!(said(&place.open(), "Debian:12", "perl").await, ["CVE-2024-1"]);
    builder.finish(at(3)).unwrap();
    assert_eq!(said(&reader, "Debian:12", "perl").await, ["CVE-2024-1"]);
    assert_eq!(said(&place.open(), "Debian:12", "perl").await, ["CVE-2024-2"]);
    // A builder that is given up leaves nothing behind.
    drop(Builder::start(&place.path()).unwrap());
    let files = std::fs::read_dir(place.path().parent().unwrap()).unwrap().count();
    assert_eq!(files, 1);
}

#[test]
fn scores_are_read_again_once_advisories_have_changed() {
    let place = Place::new();
    let first = tracker(&[("perl", "CVE-2024-1", "5")]);
    let rows = [("CVE-2024-1", "0.1", "0.2"), ("CVE-2024-2", "0.3", "0.4")];
    drop(place.build(&[(debian(), first), (epss(), scores(&rows))]));
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    assert!(builder.validators(&epss()).unwrap().is_some());
    put(&mut builder, &debian(), &tracker(&[("perl", "CVE-2024-2", "5")]), "v2").unwrap();
    assert!(builder.validators(&epss()).unwrap().is_none());
    builder.finish(at(3)).unwrap();
    // The scores could not be had that time: they are still wanted at the next.
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    assert!(builder.validators(&epss()).unwrap().is_none());
    put(&mut builder, &epss(), &scores(&rows), "v2").unwrap();
    builder.finish(at(4)).unwrap();
    assert_eq!(place.open().exploit_score("CVE-2024-2").unwrap().unwrap().score, 0.3);
    let (builder, _) = Builder::start(&place.path()).unwrap();
    assert!(builder.validators(&epss()).unwrap().is_some());
}

#[tokio::test]
async fn a_record_of_two_documents_counts_once() {
    let place = Place::new();
    let main = secdb("openssl", "3.1.1-r0", "CVE-2024-1");
    let twice = [(alpine(), main.clone()), (feeds::alpine::document("v3.18", "community"), main)];
    let db = place.build(&twice);
    let candidates = db.affecting(&[key("Alpine:v3.18", "openssl")]).await.unwrap();
    assert_eq!(candidates.len(), 1, "{candidates:?}");
    let expected = Affected { ecosystem: Ecosystem::with_release("Alpine", "v3.18"), ..candidates[0].affected.clone() };
    assert_eq!(candidates[0].affected, expected);
}

#[tokio::test]
async fn documents_of_an_index_are_held_with_their_times_and_forgotten_with_their_records() {
    let place = Place::new();
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    let (first, later) = (redhat("1.json"), redhat("2026/2.json"));
    put(&mut builder, &first, &vex("CVE-2026-1", "CVE-2026-1", "1-1", 1), "2026-01-01T00:00:00+00:00").unwrap();
    put(&mut builder, &later, &vex("CVE-2026-1", "CVE-2026-1", "1-2", 2), "2026-01-02T00:00:00+00:00").unwrap();
    put(&mut builder, &redhat("3.json"), &vex("RHSA-2026:3", "CVE-2026-3", "1-3", 3), "v1").unwrap();
    put(&mut builder, &redhat("4.json"), &vex("RHSA-2026:34", "CVE-2026-4", "1-4", 4), "v1").unwrap();
    let held = builder.held_below("redhat", "csaf/v2/vex/2026/").unwrap();
    let listed_at = "2026-01-02T00:00:00Z".parse().unwrap();
    assert_eq!(held, [Held { path: later.path.clone(), at: Some(listed_at) }]);
    assert_eq!(builder.held_below("redhat", "csaf/v2/vex/").unwrap().len(), 4);
    assert!(builder.held_below("osv", "csaf/v2/vex/").unwrap().is_empty());
    builder.finish(at(2)).unwrap();
    let curl = key("Red Hat:9", "curl");
    let fixes = |candidates: &[Candidate]| {
        let mut fixes: Vec<String> = candidates
            .iter()
            .map(|said| format!("{} {:?}", said.advisory, said.affected.ranges[0].events[1]))
            .collect();
        fixes.sort();
        fixes
    };
    let candidates = place.open().affecting(std::slice::from_ref(&curl)).await.unwrap();
    let expected = [r#"CVE-2026-1 Fixed("1-2")"#, r#"CVE-2026-3 Fixed("1-3")"#, r#"CVE-2026-4 Fixed("1-4")"#];
    assert_eq!(fixes(&candidates), expected, "the newest of two documents counts");
    assert!(candidates.iter().all(|said| said.affected.module.as_deref() == Some("web:1")));

    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    builder.forget(&later).unwrap();
    assert_eq!(builder.forget_records("redhat", &["RHSA-2026:3".into()], at(3)).unwrap(), 1);
    assert_eq!(builder.forget_records("redhat", &["RHSA-2026:3".into()], at(3)).unwrap(), 0);
    builder.finish(at(3)).unwrap();
    let candidates = place.open().affecting(std::slice::from_ref(&curl)).await.unwrap();
    assert_eq!(fixes(&candidates), [r#"CVE-2026-1 Fixed("1-1")"#, r#"CVE-2026-4 Fixed("1-4")"#]);
}

fn refused(path: &Path) -> String {
    match AdvisoryDb::open(path) {
        Ok(_) => panic!("{} opens", path.display()),
        Err(error) => error.to_string().replace(&path.display().to_string(), "PATH"),
    }
}

#[test]
fn what_is_not_a_database_of_this_format_is_refused_in_words() {
    let place = Place::new();
    assert_eq!(refused(&place.path()), "there is no advisory database at PATH");
    drop(place.build(&[(debian(), tracker(&[("perl", "CVE-2024-1", "5")]))]));
    for (format, expected) in [(0, "an older release"), (99, "a newer release")] {
        let connection = rusqlite::Connection::open(place.path()).unwrap();
        connection.pragma_update(None, "user_version", format).unwrap();
        drop(connection);
        let error = refused(&place.path());
        assert!(error.contains(&format!("of format {format}")) && error.contains(expected), "{error}");
        let (_, previous) = Builder::start(&place.path()).unwrap();
        assert!(matches!(previous, Previous::Discarded(DbError::Format { .. })));
    }
    rusqlite::Connection::open(place.path()).unwrap().pragma_update(None, "application_id", 7).unwrap();
    assert_eq!(refused(&place.path()), "PATH is not an advisory database");
    std::fs::write(place.path(), "hello ".repeat(100)).unwrap();
    assert_eq!(refused(&place.path()), "PATH is not an advisory database");
    std::fs::write(place.path(), "").unwrap();
    assert_eq!(refused(&place.path()), "PATH is not an advisory database");
}

#[tokio::test]
async fn a_damaged_database_gives_errors_and_no_answers() {
    let place = Place::new();
    let rows: Vec<String> = (0..500).map(|number| format!("CVE-2024-{number}")).collect();
    let rows: Vec<_> = rows.iter().map(|cve| ("perl", cve.as_str(), "5")).collect();
    drop(place.build(&[(debian(), tracker(&rows))]));
    let mut bytes = std::fs::read(place.path()).unwrap();
    for byte in bytes.iter_mut().skip(4096) {
        *byte ^= 0x5a;
    }
    std::fs::write(place.path(), &bytes).unwrap();
    if let Ok(db) = AdvisoryDb::open(&place.path()) {
        assert!(db.affecting(&[key("Debian:12", "perl")]).await.is_err());
    }
}

/// All that a document says, read from its bytes and from the database.
fn both(db: &AdvisoryDb, document: &Document, bytes: &[u8]) -> (Vec<Record>, Vec<Record>) {
    let (mut said, mut read) = (Vec::new(), Vec::new());
    feeds::parse(document, &mut std::io::Cursor::new(bytes), &mut said).unwrap();
    let count = db.read(document, &mut read).unwrap();
    assert_eq!(count, read.len() as u64);
    let by_text = |record: &Record| format!("{record:?}");
    said.sort_by_key(by_text);
    read.sort_by_key(by_text);
    (said, read)
}

#[test]
fn a_documents_records_are_read_back_as_they_were() {
    let place = Place::new();
    let (first, second) = ("CVE-2023-31484", "CVE-2024-2");
    let documents = [
        (debian(), tracker(&[("perl", first, "5.36.0-7+deb12u1"), ("zlib", first, "1"), ("zlib", second, "1:1.3-2")])),
        (alpine(), secdb("openssl", "3.1.1-r0", "CVE-2023-2650")),
        (redhat("1.json"), vex("CVE-2026-1", "CVE-2026-1", "1-1", 1)),
        (kev(), catalogue(second)),
        (epss(), scores(&[(first, "0.5", "0.9")])),
        (end_of_life(), products("12", "2026-06-10")),
    ];
    let db = place.build(&documents);
    for (document, bytes) in &documents {
        let (said, read) = both(&db, document, bytes);
        assert!(!said.is_empty());
        assert_eq!(read, said, "{document}");
    }
    assert_eq!(db.read(&feeds::osv::document("PyPI"), &mut Vec::<Record>::new()).unwrap(), 0);
}

/// Turns a database of this release into one of an older format, as the last release of that one wrote it: tables and codec are the same since
/// format 3, but for these.
fn of_format(path: &Path, format: i64) {
    let connection = rusqlite::Connection::open(path).unwrap();
    if format < 4 {
        let counts = "UPDATE document SET counts = json_remove(counts, '$.statements', '$.problem_texts')";
        connection.execute_batch(&format!("DROP TABLE kept; {counts};")).unwrap();
    }
    let readings = "DELETE FROM meta WHERE key <> 'built_at'";
    connection.execute_batch(&format!("DROP TABLE left_out; {readings}; PRAGMA user_version = {format};")).unwrap();
}

#[tokio::test]
async fn a_database_of_an_older_format_is_read_and_becomes_one_of_this_at_the_next_update() {
    for format in OLDEST_FORMAT..FORMAT {
        let place = Place::new();
        let bookworm = tracker(&[("perl", "CVE-2024-1", "5.36.0-8")]);
        let (mut builder, _) = Builder::start(&place.path()).unwrap();
        put(&mut builder, &debian(), &bookworm, "v1").unwrap();
        keep(&mut builder, &hashes(), b"before");
        builder.finish(at(2)).unwrap();
        of_format(&place.path(), format);
        let db = place.open();
        assert_eq!(db.format(), format);
        assert_eq!(said(&db, "Debian:12", "perl").await, ["CVE-2024-1"]);
        let (said_by_bytes, read) = both(&db, &debian(), &bookworm);
        assert_eq!(read, said_by_bytes);
        let kept = if format < 4 { None } else { Some(&b"before"[..]) };
        assert_eq!((db.kept(&hashes()).unwrap().as_deref(), db.left_out(&debian()).unwrap()), (kept, 0));
        let of_debian = db.documents().unwrap().remove(0);
        assert_eq!((of_debian.counts.records, of_debian.counts.statements), (1, u64::from(format >= 4)));

        let (mut builder, previous) = Builder::start(&place.path()).unwrap();
        assert!(matches!(previous, Previous::Kept));
        keep(&mut builder, &hashes(), b"list");
        builder.finish(at(3)).unwrap();
        let db = place.open();
        assert_eq!((db.format(), db.kept(&hashes()).unwrap().as_deref()), (FORMAT, Some(&b"list"[..])));
        assert_eq!(db.left_out(&debian()).unwrap(), 0);
        assert_eq!(said(&db, "Debian:12", "perl").await, ["CVE-2024-1"]);
    }
}

fn hashes() -> Document {
    feeds::by_name("malware-hashes").unwrap().documents().remove(0)
}

fn keep(builder: &mut Builder, document: &Document, content: &[u8]) {
    let mut staged = builder.stage(document).unwrap();
    staged.keep(content).unwrap();
    staged.commit(&feeds::ParseReport::default(), None, at(3)).unwrap();
}

#[test]
fn a_kept_document_is_replaced_whole_and_forgotten_with_the_document() {
    let place = Place::new();
    drop(place.build(&[(debian(), tracker(&[("perl", "CVE-2024-1", "5")]))]));
    for content in [&b"one"[..], b"two"] {
        let (mut builder, _) = Builder::start(&place.path()).unwrap();
        keep(&mut builder, &hashes(), content);
        builder.finish(at(3)).unwrap();
        assert_eq!(place.open().kept(&hashes()).unwrap().as_deref(), Some(content));
    }
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    builder.forget(&hashes()).unwrap();
    builder.finish(at(4)).unwrap();
    assert_eq!(place.open().kept(&hashes()).unwrap(), None);
}

#[test]
fn a_database_of_a_bundle_says_so_until_it_is_changed_here() {
    let place = Place::new();
    drop(place.build(&[(debian(), tracker(&[("perl", "CVE-2024-1", "5")]))]));
    assert_eq!(place.open().origin(), None);
    let origin = Origin {
        signed_by: "0123456789ABCDEF".into(),
        imported_at: at(4),
        address: "https://mirror.example.org/feeds.bundle".into(),
        validators: Some("{}".into()),
    };
    let folder = place.path().parent().unwrap().to_owned();
    let copy = |bytes: &[u8]| {
        let copy = tempfile::NamedTempFile::new_in(&folder).unwrap().into_temp_path();
        std::fs::write(&copy, bytes).unwrap();
        copy
    };
    install(copy(&std::fs::read(place.path()).unwrap()), &place.path(), &origin).unwrap();
    assert_eq!(place.open().origin(), Some(&origin));
    assert_eq!(place.open().built_at(), at(2), "its age is that of the knowledge, not of the import");
    let refused = install(copy(b"nothing of ours"), &place.path(), &origin).unwrap_err();
    assert!(matches!(refused, DbError::NotADatabase(_)), "{refused}");
    assert_eq!(place.open().origin(), Some(&origin), "what was there stays");
    let (builder, _) = Builder::start(&place.path()).unwrap();
    builder.finish(at(5)).unwrap();
    assert_eq!(place.open().origin(), None);
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1);
}
