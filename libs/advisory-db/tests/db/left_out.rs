//! What is kept of NVD's.

use plimsoll_advisories::feeds::Record;
use plimsoll_advisory_db::Builder;

use crate::documents::{at, cves, debian, epss, nvd, put, scores, tracker};
use crate::{Place, said};

fn kept(place: &Place) -> Vec<String> {
    let mut records: Vec<Record> = Vec::new();
    place.open().read(&nvd(), &mut records).unwrap();
    let id = |record| match record {
        Record::Advisory(advisory) => advisory.id,
        other => panic!("{other:?}"),
    };
    records.into_iter().map(id).collect()
}

#[tokio::test]
async fn of_nvds_cves_those_are_kept_that_somebody_names_or_that_affect_a_program() {
    let place = Place::new();
    let year = cves(&[
        ("CVE-2024-0001", "acme:nobodys"),
        ("CVE-2024-0002", "acme:distributed"),
        ("CVE-2024-0003", "nginx:nginx"),
        ("CVE-2024-0004", "acme:later"),
    ]);
    let rated = [("CVE-2024-0001", "0.1", "0.2"), ("CVE-2024-0003", "0.3", "0.4"), ("CVE-2024-0004", "0.5", "0.6")];
    // Whichever is read first.
    let db = place.build(&[
        (nvd(), year.clone()),
        (debian(), tracker(&[("perl", "CVE-2024-0002", "5")])),
        (epss(), scores(&rated)),
    ]);
    assert_eq!(kept(&place), ["CVE-2024-0002", "CVE-2024-0003"]);
    assert_eq!((db.vulnerability_count().unwrap(), db.left_out(&nvd()).unwrap()), (2, 2));
    assert_eq!((db.left_out(&debian()).unwrap(), db.documents().unwrap()[2].counts.records), (0, 4));
    assert_eq!(said(&db, "generic", "nginx").await, ["CVE-2024-0003"]);
    assert!(db.exploit_score("CVE-2024-0001").unwrap().is_none());
    assert!(db.exploit_score("CVE-2024-0003").unwrap().is_some());

    // What did not change is not asked for; what is named now is.
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    assert!(builder.validators(&nvd()).unwrap().is_some());
    let named = tracker(&[("perl", "CVE-2024-0002", "5"), ("perl", "CVE-2024-0004", "6")]);
    put(&mut builder, &debian(), &named, "v2").unwrap();
    builder.unchanged(&nvd(), at(3)).unwrap();
    builder.finish(at(3)).unwrap();
    assert_eq!(kept(&place), ["CVE-2024-0002", "CVE-2024-0003"]);
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    assert!(builder.validators(&nvd()).unwrap().is_none());
    put(&mut builder, &nvd(), &year, "v2").unwrap();
    builder.finish(at(4)).unwrap();
    assert_eq!(kept(&place), ["CVE-2024-0002", "CVE-2024-0003", "CVE-2024-0004"]);
    assert_eq!(place.open().left_out(&nvd()).unwrap(), 1);

    // What nobody names any more goes again.
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    assert!(builder.validators(&nvd()).unwrap().is_some());
    put(&mut builder, &debian(), &tracker(&[("perl", "CVE-2024-0004", "6")]), "v3").unwrap();
    builder.finish(at(5)).unwrap();
    assert_eq!(kept(&place), ["CVE-2024-0003", "CVE-2024-0004"]);
    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    builder.forget(&nvd()).unwrap();
    builder.finish(at(6)).unwrap();
    assert_eq!(place.open().left_out(&nvd()).unwrap(), 0);
}

/// A year of NVD has up to 50,000 CVEs, most of which nothing here speaks of.
#[test]
fn what_serves_nobody_takes_some_bytes_a_cve() {
    let place = Place::new();
    let ids: Vec<String> = (0..5_000).map(|n| format!("CVE-2024-{n:04}")).collect();
    let rows: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "acme:nobodys")).collect();
    drop(place.build(&[(nvd(), cves(&rows))]));
    assert_eq!((kept(&place).len(), place.open().left_out(&nvd()).unwrap()), (0, 5_000));
    let size = std::fs::metadata(place.path()).unwrap().len();
    println!("{size} bytes");
    assert!(size < 200 << 10, "{size}");
}
