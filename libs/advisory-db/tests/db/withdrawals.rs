//! What goes with a document of what was held of it.

use std::io::Cursor;

use plimsoll_advisories::feeds::{self, Document, ParseReport, Record, Sink as _, Withdrawal};
use plimsoll_advisory_db::Builder;
use serde_json::Value;

use crate::documents::{
    archive, archive_of, at, catalogue, debian, demo, end_of_life, epss, kev, put, redhat, scores, tar, tracker, vex,
};
use crate::{Place, said};

/// What would go with these bytes, which are not taken.
fn withdrawal(builder: &mut Builder, document: &Document, bytes: &[u8]) -> (u64, u64) {
    let mut staged = builder.stage(document).unwrap();
    let report = feeds::parse(document, &mut Cursor::new(bytes), &mut staged).unwrap();
    let Withdrawal { gone, held } = staged.withdrawal(&report).unwrap();
    (gone, held)
}

fn periods(releases: &[&str]) -> Vec<u8> {
    let release = |name: &&str| serde_json::json!({"name": name, "isEol": false, "eolFrom": "2028-06-30"});
    let debian = serde_json::json!({"name": "debian", "category": "os", "releases": releases.iter().map(release).collect::<Vec<_>>()});
    serde_json::json!({"schema_version": "1.2.0", "total": 1, "result": [debian]}).to_string().into_bytes()
}

#[test]
fn each_kind_of_document_tells_what_it_lacks_of_what_was_held() {
    let hashes = feeds::by_name("malware-hashes").unwrap().documents().remove(0);
    let list = |count: usize| (0..count).map(|n| format!("{n:064x}\n")).collect::<String>().into_bytes();
    let issue = |cve| ("perl", cve, "5");
    let cases = [
        (
            debian(),
            tracker(&[issue("CVE-2024-1"), issue("CVE-2024-2"), issue("CVE-2024-3")]),
            tracker(&[issue("CVE-2024-3"), issue("CVE-2024-4")]),
            (2, 3),
        ),
        (kev(), catalogue("CVE-2024-1"), catalogue("CVE-2024-2"), (1, 1)),
        (
            epss(),
            scores(&[("CVE-2024-1", "0.5", "0.9"), ("CVE-2024-2", "0.5", "0.9")]),
            scores(&[("CVE-2024-2", "0.1", "0.2")]),
            (1, 2),
        ),
        (end_of_life(), periods(&["10", "11", "12"]), periods(&["12", "13"]), (2, 3)),
        (hashes, list(30), list(20), (10, 30)),
    ];
    for (document, before, after, expected) in cases {
        let place = Place::new();
        let (mut builder, _) = Builder::start(&place.path()).unwrap();
        assert_eq!(withdrawal(&mut builder, &document, &after), (0, 0), "{document}: nothing was held");
        put(&mut builder, &document, &before, "v1").unwrap();
        assert_eq!(withdrawal(&mut builder, &document, &before), (0, expected.1), "{document}");
        for _ in 0..2 {
            assert_eq!(
                withdrawal(&mut builder, &document, &after),
                expected,
                "{document}: not taken, it changes nothing"
            );
        }
        put(&mut builder, &document, &after, "v2").unwrap();
        assert_eq!(withdrawal(&mut builder, &document, &after).0, 0, "{document}");
    }
}

#[test]
fn what_goes_with_documents_of_an_index_is_what_no_other_holds() {
    let place = Place::new();
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    let (old, new) = (redhat("old.json"), redhat("2026/new.json"));
    put(&mut builder, &old, &vex("CVE-2026-1", "CVE-2026-1", "1-1", 1), "v1").unwrap();
    put(&mut builder, &redhat("also.json"), &vex("CVE-2026-1", "CVE-2026-1", "1-1", 1), "v1").unwrap();
    put(&mut builder, &new, &vex("CVE-2026-2", "CVE-2026-2", "1-1", 1), "v1").unwrap();
    put(&mut builder, &redhat("3.json"), &vex("RHSA-2026:3", "CVE-2026-3", "1-3", 3), "v1").unwrap();
    let going = |documents: &[&Document], records: &[&str]| {
        let records: Vec<String> = records.iter().map(|record| (*record).to_owned()).collect();
        let Withdrawal { gone, held } = builder.withdrawal("redhat", "csaf/v2/vex/", documents, &records).unwrap();
        (gone, held)
    };
    assert_eq!(going(&[], &[]), (0, 3));
    assert_eq!(going(&[&old], &[]), (0, 3), "another document has it");
    assert_eq!(going(&[&old, &new], &["RHSA-2026:3", "RHSA-2026:34", "CVE-2026-2"]), (2, 3));
    assert_eq!(builder.forget_records("redhat", &["RHSA-2026:3".into()], at(3)).unwrap(), 1);
}

/// `demo`'s records, of which the first so many are otherwise.
#[expect(clippy::indexing_slicing, reason = "a record is an object; a helper of tests may panic as they do")]
fn records(count: usize, changed: usize, change: impl Fn(&mut Value)) -> Vec<Value> {
    let record = |n| {
        let mut record = demo(n, 1);
        if n < changed {
            record["modified"] = "2026-01-02T00:00:00Z".into();
            change(&mut record);
        }
        record
    };
    (0..count).map(record).collect()
}

fn withdraw(record: &mut Value) {
    record["withdrawn"] = "2026-01-02T00:00:00Z".into();
}

fn empty(record: &mut Value) {
    record["affected"] = serde_json::json!([]);
}

#[test]
fn records_that_their_source_takes_back_or_empties_go_as_those_that_are_gone() {
    let place = Place::new();
    let osv = feeds::osv::document("PyPI");
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    put(&mut builder, &osv, &archive(&records(100, 0, |_| ())), "v1").unwrap();
    let gone_too: Vec<Value> = records(100, 10, withdraw).split_off(5);
    for (after, expected) in [
        (records(100, 95, withdraw), 95),
        (records(100, 100, empty), 100),
        (records(100, 7, |record| record["summary"] = "Otherwise".into()), 0),
        (gone_too, 10),
    ] {
        assert_eq!(withdrawal(&mut builder, &osv, &archive(&after)), (expected, 100));
        // As records that changed, each alone: what is not among them is not gone.
        let mut staged = builder.amend(&osv).unwrap();
        let mut report = ParseReport::default();
        let is_changed = |record: &&Value| record["modified"] != "2026-01-01T00:00:00Z";
        for record in after.iter().filter(is_changed) {
            let id = record["id"].as_str().unwrap();
            report.add(osv.increments().unwrap().parse(id, record.to_string().as_bytes(), &mut staged).unwrap());
        }
        let Withdrawal { gone, held } = staged.withdrawal(&report).unwrap();
        let among_them = if after.len() < 100 { expected - 5 } else { expected };
        assert_eq!((gone, held), (among_them, 100));
    }
    // What spoke of nothing before, or was taken back, does not go again.
    put(&mut builder, &osv, &archive(&records(100, 50, empty)), "v2").unwrap();
    assert_eq!(withdrawal(&mut builder, &osv, &archive(&records(100, 60, empty))), (10, 100));
    put(&mut builder, &osv, &archive(&records(100, 50, withdraw)), "v3").unwrap();
    assert_eq!(withdrawal(&mut builder, &osv, &archive(&records(100, 50, empty))), (0, 100));
    let mut staged = builder.amend(&osv).unwrap();
    staged
        .take(Record::Advisory(Box::new(crate::documents::advisories(&osv, &archive(&records(1, 1, empty))).remove(0))))
        .unwrap();
    assert_eq!(staged.withdrawal(&ParseReport::default()).unwrap(), Withdrawal { gone: 0, held: 100 });
}

#[tokio::test]
async fn a_record_that_cannot_be_read_any_more_is_known_as_it_was() {
    let place = Place::new();
    let osv = feeds::osv::document("PyPI");
    let entry = |n: usize, text: String| (format!("PYSEC-{n}"), text);
    let known = |n: usize| entry(n, demo(n, 1).to_string());
    drop(place.build(&[(osv.clone(), archive_of(&[known(1), known(2), known(3)]))]));
    for _ in 0..2 {
        let (mut builder, _) = Builder::start(&place.path()).unwrap();
        let broken = archive_of(&[known(1), entry(2, "{".into()), entry(4, "[]".into()), known(3)]);
        assert_eq!(withdrawal(&mut builder, &osv, &broken), (0, 3));
        put(&mut builder, &osv, &broken, "v2").unwrap();
        builder.finish(at(2)).unwrap();
        assert_eq!(said(&place.open(), "PyPI", "demo").await, ["PYSEC-1", "PYSEC-2", "PYSEC-3"]);
    }
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    let gone = archive_of(&[known(1), known(3)]);
    assert_eq!(withdrawal(&mut builder, &osv, &gone), (1, 3));
    put(&mut builder, &osv, &gone, "v3").unwrap();
    builder.finish(at(3)).unwrap();
    assert_eq!(said(&place.open(), "PyPI", "demo").await, ["PYSEC-1", "PYSEC-3"]);
}

#[tokio::test]
async fn what_cannot_be_read_in_a_newer_archive_of_an_index_is_kept_from_the_older_documents_the_newest_of_it() {
    let place = Place::new();
    let (old, new, loose) = (redhat("old.tar.zst"), redhat("new.tar.zst"), redhat("2026/cve-2026-2.json"));
    let [one, two] = ["CVE-2026-1", "CVE-2026-2"].map(|cve| vex(cve, cve, "1-1", 1));
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    let both = [("2026/cve-2026-1.json", one.as_slice()), ("2026/cve-2026-2.json", two.as_slice())];
    put(&mut builder, &old, &tar(&both), "v1").unwrap();
    put(&mut builder, &loose, &vex("CVE-2026-2", "CVE-2026-2", "1-2", 2), "v1").unwrap();
    let broken = [("2026/cve-2026-1.json", one.as_slice()), ("2026/cve-2026-2.json", &two[..9])];
    put(&mut builder, &new, &tar(&broken), "v1").unwrap();
    let going = builder.withdrawal("redhat", "csaf/v2/vex/", &[&old, &loose], &[]).unwrap();
    assert_eq!(going, Withdrawal { gone: 0, held: 2 });
    builder.forget(&old).unwrap();
    builder.forget(&loose).unwrap();
    builder.finish(at(2)).unwrap();
    let db = place.open();
    assert_eq!(said(&db, "Red Hat:9", "curl").await, ["CVE-2026-1", "CVE-2026-2"]);
    let mut kept: Vec<Record> = vec![];
    db.read(&new, &mut kept).unwrap();
    let told = |record: &Record| match record {
        Record::Advisory(advisory) => format!("{} {:?}", advisory.key, advisory.affected[0].ranges[0].events[1]),
        other => panic!("{other:?}"),
    };
    let mut kept: Vec<String> = kept.iter().map(told).collect();
    kept.sort();
    assert_eq!(kept, [r#"CVE-2026-1 Fixed("1-1")"#, r#"CVE-2026-2 Fixed("1-2")"#]);
}

#[test]
fn what_a_newer_archive_of_an_index_empties_goes_though_another_document_held_it() {
    let place = Place::new();
    let archive = |count: usize, emptied: usize| {
        let document = |n: usize| {
            let cve = format!("CVE-2026-{n}");
            let text = String::from_utf8(vex(&cve, &cve, "1-1", 1)).unwrap();
            let text = if n < emptied { text.replace(r#"{"fixed":["el9:curl"]}"#, "{}") } else { text };
            (format!("2026/cve-2026-{n}.json"), text.into_bytes())
        };
        let files: Vec<(String, Vec<u8>)> = (0..count).map(document).collect();
        tar(&files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect::<Vec<_>>())
    };
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    let (old, new) = (redhat("old.tar.zst"), redhat("new.tar.zst"));
    assert_eq!(withdrawal(&mut builder, &old, &archive(40, 40)), (0, 0), "nothing was held");
    put(&mut builder, &old, &archive(40, 5), "v1").unwrap();
    put(&mut builder, &redhat("2026/cve-2026-39.json"), &vex("CVE-2026-39", "CVE-2026-39", "1-2", 2), "v1").unwrap();
    for (count, emptied, expected) in [(50, 50, (35, 40)), (50, 30, (25, 40)), (30, 25, (20, 30))] {
        assert_eq!(withdrawal(&mut builder, &new, &archive(count, emptied)), expected, "{emptied} of {count}");
    }
    assert_eq!(withdrawal(&mut builder, &new, &archive(50, 20)), (0, 0), "so few are not looked for");
    assert_eq!(withdrawal(&mut builder, &old, &archive(40, 40)), (35, 40), "nor is one counted twice");
}
