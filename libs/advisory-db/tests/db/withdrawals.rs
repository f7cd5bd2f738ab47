//! What a document lacks of what was held of it.

use std::io::Cursor;

use plimsoll_advisories::feeds::{self, Document, Withdrawal};
use plimsoll_advisory_db::Builder;

use crate::Place;
use crate::documents::{at, catalogue, debian, end_of_life, epss, kev, put, redhat, scores, tracker, vex};

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
