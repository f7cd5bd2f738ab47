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

/// A VEX document of Red Hat's by its path below the folder of an index.
pub fn redhat(path: &str) -> Document {
    feeds::by_name("redhat").unwrap().document(format!("csaf/v2/vex/{path}"))
}

/// What such a document says: `curl` of release 9 is fixed in this version of the module's stream, as of this day of January.
pub fn vex(id: &str, cve: &str, fix: &str, day: u32) -> Vec<u8> {
    let product = |id: &str, known_as: serde_json::Value| serde_json::json!({ "product": {"name": id, "product_id": id, "product_identification_helper": known_as} });
    let purl = format!("pkg:rpm/redhat/curl@{fix}?arch=src&rpmmod=web:1");
    serde_json::json!({
        "document": {"csaf_version": "2.0", "title": cve, "tracking": {"id": id, "current_release_date": format!("2026-01-{day:02}T00:00:00Z")}},
        "product_tree": {
            "branches": [product("el9", serde_json::json!({"cpe": "cpe:/o:redhat:enterprise_linux:9"})), product("curl", serde_json::json!({"purl": purl}))],
            "relationships": [{"product_reference": "curl", "relates_to_product_reference": "el9", "full_product_name": {"product_id": "el9:curl"}}]},
        "vulnerabilities": [{"cve": cve, "product_status": {"fixed": ["el9:curl"]}}]
    })
    .to_string()
    .into_bytes()
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
    gzip(&text)
}

/// NVD's document of 2024.
pub fn nvd() -> Document {
    feeds::by_name("nvd").unwrap().document("feeds/json/cve/2.0/nvdcve-2.0-2024.json.gz")
}

/// Its CVEs, each with a product that is affected in every version.
pub fn cves(rows: &[(&str, &str)]) -> Vec<u8> {
    let cve = |(id, product): &(&str, &str)| {
        let criteria = format!("cpe:2.3:a:{product}:*:*:*:*:*:*:*:*");
        let nodes = serde_json::json!([{"operator": "OR", "cpeMatch": [{"vulnerable": true, "criteria": criteria}]}]);
        serde_json::json!({"cve": {"id": id, "lastModified": "2024-02-03T04:05:06.789", "configurations": [{"nodes": nodes}],
            "descriptions": [{"lang": "en", "value": format!("A flaw in {product}")}]}})
    };
    let cves: Vec<serde_json::Value> = rows.iter().map(cve).collect();
    gzip(&serde_json::json!({ "vulnerabilities": cves }).to_string())
}

fn gzip(text: &str) -> Vec<u8> {
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

/// An archive of OSV's with these records.
pub fn archive(records: &[serde_json::Value]) -> Vec<u8> {
    let file = |record: &serde_json::Value| (record["id"].as_str().unwrap().to_owned(), record.to_string());
    archive_of(&records.iter().map(file).collect::<Vec<_>>())
}

/// An archive of OSV's with these files by the ids of their records, whatever is in them.
pub fn archive_of(files: &[(String, String)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (id, text) in files {
        archive.start_file(format!("{id}.json"), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// OSV's record of a flaw in PyPI's `demo` before 1.1, as changed on this day of January.
pub fn demo(number: usize, day: u32) -> serde_json::Value {
    serde_json::json!({ "id": format!("PYSEC-{number}"), "modified": format!("2026-01-{day:02}T00:00:00Z"), "affected": [{
        "package": {"ecosystem": "PyPI", "name": "demo"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}]}] })
}

/// Red Hat's archive of these documents by their names.
pub fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    zstd::encode_all(tar.into_inner().unwrap().as_slice(), 1).unwrap()
}
