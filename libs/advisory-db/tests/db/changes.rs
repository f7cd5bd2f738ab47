//! Records that changed, taken into a document that is there.

use plimsoll_advisories::AdvisorySource as _;
use plimsoll_advisories::feeds::{self, Document};
use plimsoll_advisory_db::Builder;

use crate::documents::{self, at, debian, tracker};
use crate::{Place, key, sorted};

#[tokio::test]
async fn records_that_changed_take_the_place_of_their_earlier_selves_and_the_rest_stays() {
    let place = Place::new();
    let osv = feeds::osv::document("PyPI");
    let record = |id: &str, day: u32, fix: &str| {
        serde_json::json!({ "id": id, "modified": format!("2026-01-{day:02}T00:00:00.5Z"), "affected": [{
            "package": {"ecosystem": "PyPI", "name": "demo"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fix}]}]}] })
    };
    let (first, second) = (record("PYSEC-1", 1, "1.1"), record("PYSEC-2", 1, "1.2"));
    drop(place.build(&[(osv.clone(), documents::archive(&[first, second.clone()]))]));
    let changed = [record("PYSEC-1", 2, "2.0"), record("PYSEC-3", 2, "1.3")];

    let (mut builder, _) = Builder::start(&place.path()).unwrap();
    let modified = builder.modified(&osv, ["PYSEC-1", "PYSEC-3"]).unwrap();
    assert_eq!(modified, [("PYSEC-1".to_owned(), "2026-01-01T00:00:00.5Z".parse().unwrap())].into());
    let mut staged = builder.amend(&osv).unwrap();
    let mut report = feeds::ParseReport::default();
    for (id, record) in ["PYSEC-1", "PYSEC-3"].into_iter().zip(&changed) {
        let increments = osv.increments().unwrap();
        report.add(increments.parse(id, record.to_string().as_bytes(), &mut staged).unwrap());
    }
    staged.commit(&report, Some("v2"), at(3)).unwrap();
    assert_eq!(builder.validators(&osv).unwrap().as_deref(), Some("v2"));
    builder.validate(&osv, "v3").unwrap();
    assert_eq!(builder.validators(&osv).unwrap().as_deref(), Some("v3"));
    // What is not committed leaves all as it was.
    let mut staged = builder.amend(&osv).unwrap();
    osv.increments().unwrap().parse("PYSEC-2", record("PYSEC-2", 9, "9").to_string().as_bytes(), &mut staged).unwrap();
    drop(staged);
    builder.finish(at(4)).unwrap();
    let amended = place.open();

    let [first, third] = changed;
    let whole = Place::new();
    let whole = whole.build(&[(osv.clone(), documents::archive(&[first, second, third]))]);
    let key = key("PyPI", "demo");
    let candidates = amended.affecting(std::slice::from_ref(&key)).await.unwrap();
    assert_eq!(sorted(&candidates), sorted(&whole.affecting(&[key]).await.unwrap()));
    assert_eq!(candidates.len(), 3);
    let [stored, of_whole] = [&amended, &whole].map(|db| db.documents().unwrap().remove(0));
    assert_eq!((stored.changed_at, stored.counts), (at(3), of_whole.counts));
}

#[test]
fn documents_that_an_earlier_release_read_otherwise_are_read_anew() {
    let place = Place::new();
    let osv = feeds::osv::document("Ubuntu");
    let record = serde_json::json!({ "id": "UBUNTU-CVE-2024-1", "modified": "2026-01-01T00:00:00Z", "affected": [] });
    drop(
        place.build(&[
            (debian(), tracker(&[("perl", "CVE-2024-1", "5")])),
            (osv.clone(), documents::archive(&[record])),
        ]),
    );
    let validators = |document: &Document| {
        let (builder, _) = Builder::start(&place.path()).unwrap();
        builder.validators(document).unwrap()
    };
    assert_eq!(validators(&osv).as_deref(), Some("v1"));
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    connection.execute("DELETE FROM meta WHERE key = 'reading of osv'", ()).unwrap();
    drop(connection);
    assert_eq!((validators(&osv), validators(&debian()).as_deref()), (None, Some("v1")));
}
