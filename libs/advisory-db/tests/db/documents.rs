//! Small documents in the feeds' own formats.

use std::io::{Cursor, Write as _};

use chrono::{DateTime, Utc};
use plimsoll_advisories::feeds::{self, Document, FeedError, Record};
use plimsoll_advisory_db::Builder;
use plimsoll_model::Advisory;

pub fn at(hour: u32) -> DateTime<Utc> {
    format!("2026-08-20T{hour:02}:00:00Z").parse().unwrap()
}

pub fn debian() -> Document {
    feeds::by_name("debian").unwrap().documents().remove(0)
}

pub fn kev() -> Document {
    feeds::by_name("kev").unwrap().documents().remove(0)
}

pub fn epss() -> Document {
    feeds::by_name("epss").unwrap().documents().remove(0)
}

pub fn end_of_life() -> Document {
    feeds::by_name("end-of-life").unwrap().documents().remove(0)
}

/// Debian's release, and until when it is mended.
pub fn products(release: &str, until: &str) -> Vec<u8> {
    let release = serde_json::json!({"name": release, "codename": null, "isEol": true, "eolFrom": until});
    let debian = serde_json::json!({"name": "debian", "category": "os", "releases": [release]});
    serde_json::json!({"schema_version": "1.2.0", "total": 1, "result": [debian]}).to_string().into_bytes()
}

/// Debian's tracker: rows of package, CVE and fix in bookworm.
pub fn tracker(rows: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut packages = serde_json::Map::new();
    for (package, cve, fix) in rows {
        let releases =
            serde_json::json!({ "bookworm": {"status": "resolved", "fixed_version": fix, "urgency": "low"} });
        packages.entry(*package).or_insert_with(|| serde_json::json!({})).as_object_mut().unwrap().insert(
            (*cve).to_owned(),
            serde_json::json!({ "description": format!("A flaw in {package}"), "releases": releases }),
        );
    }
    serde_json::Value::Object(packages).to_string().into_bytes()
}

/// Alpine's database of a release, `v3.18/main`.
pub fn secdb(package: &str, fix: &str, cve: &str) -> Vec<u8> {
    let secfixes = serde_json::json!({ fix: [cve] });
    serde_json::json!({ "distroversion": "v3.18", "reponame": "main",
        "packages": [{"pkg": {"name": package, "secfixes": secfixes}}] })
    .to_string()
    .into_bytes()
}

pub fn catalogue(cve: &str) -> Vec<u8> {
    serde_json::json!({ "catalogVersion": "2026.08.20", "dateReleased": "2026-08-20T17:00:00Z", "count": 1,
        "vulnerabilities": [{"cveID": cve, "vulnerabilityName": "A flaw", "dateAdded": "2026-08-01",
                             "dueDate": "2026-08-22", "knownRansomwareCampaignUse": "Known"}] })
    .to_string()
    .into_bytes()
}

pub fn scores(rows: &[(&str, &str, &str)]) -> Vec<u8> {
    let mut text = "#model_version:v2026.06.15,score_date:2026-08-20T12:00:00Z\ncve,epss,percentile\n".to_owned();
    for (cve, score, percentile) in rows {
        text.push_str(&format!("{cve},{score},{percentile}\n"));
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// What `plimsoll db update` does with a changed document.
pub fn put(builder: &mut Builder, document: &Document, bytes: &[u8], validators: &str) -> Result<(), FeedError> {
    let mut staged = builder.stage(document).unwrap();
    let report = feeds::parse(document, &mut Cursor::new(bytes), &mut staged)?;
    staged.commit(&report, Some(validators), at(1)).unwrap();
    Ok(())
}

pub fn advisories(document: &Document, bytes: &[u8]) -> Vec<Advisory> {
    let mut records: Vec<Record> = vec![];
    feeds::parse(document, &mut Cursor::new(bytes), &mut records).unwrap();
    let advisory = |record| match record {
        Record::Advisory(advisory) => Some(*advisory),
        _ => None,
    };
    records.into_iter().filter_map(advisory).collect()
}
