//! A machine that reads a mirror into an offline database and signs bundles of it, as `plimsoll db update` and `plimsoll feeds export` do.

use std::io::{BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use plimsoll_advisories::feeds::{self as formats, Document};
use plimsoll_advisory_db::{AdvisoryDb, Builder};
use plimsoll_bundle::{SigningKey, write};
use plimsoll_feeds::{BundleSource, ImportOptions};
use plimsoll_store::feeds::Outcome;

use crate::platform::{Platform, advisory, write_osv};
use crate::sync::{vex, write_vex};

/// A folder with a mirror, a database made of it and the bundle of that.
pub struct Exporter {
    folder: tempfile::TempDir,
    mirror: PathBuf,
    pub key: SigningKey,
}

/// This hour of a day that is past.
pub fn at(hour: u32) -> DateTime<Utc> {
    format!("2026-08-20T{hour:02}:00:00Z").parse().unwrap()
}

impl Exporter {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { mirror: folder.path().join("mirror"), folder, key: SigningKey::generate().unwrap() }
    }

    pub fn mirror(&self) -> PathBuf {
        self.mirror.clone()
    }

    pub fn bundle(&self) -> PathBuf {
        self.folder.path().join("feeds.bundle")
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("advisories.db")
    }

    /// Reads these documents of the mirror anew, as of that hour, and exports all that is known; the others are as fresh as they were. Of an index, each
    /// comes with the time by which it is listed.
    pub fn export(&self, documents: &[(Document, Option<&str>)], hour: u32) {
        let (mut builder, _) = Builder::start(&self.database()).unwrap();
        for (document, listed_at) in documents {
            let file = std::fs::File::open(self.mirror().join(document.mirror_path())).unwrap();
            let mut bytes = BufReader::new(file);
            let mut staged = builder.stage(document).unwrap();
            let report = formats::parse(document, &mut bytes, &mut staged).unwrap();
            if !document.feed.kind.has_records() {
                let mut content = Vec::new();
                bytes.rewind().unwrap();
                bytes.read_to_end(&mut content).unwrap();
                staged.keep(&content).unwrap();
            }
            staged.commit(&report, *listed_at, at(hour)).unwrap();
        }
        builder.finish(at(hour)).unwrap();
        self.sign();
    }

    /// Forgets a document that its index no longer names, and exports the rest.
    pub fn export_without(&self, document: &Document, hour: u32) {
        let (mut builder, _) = Builder::start(&self.database()).unwrap();
        builder.forget(document).unwrap();
        builder.finish(at(hour)).unwrap();
        self.sign();
    }

    /// The server of a document says that it did not change; then exports.
    pub fn export_unchanged(&self, document: &Document, hour: u32) {
        let (mut builder, _) = Builder::start(&self.database()).unwrap();
        builder.unchanged(document, at(hour)).unwrap();
        builder.finish(at(hour)).unwrap();
        self.sign();
    }

    fn sign(&self) {
        let database = AdvisoryDb::open(&self.database()).unwrap();
        let file = std::fs::File::open(self.database()).unwrap();
        write(&self.bundle(), file, database.format(), database.built_at(), vec![], &self.key).unwrap();
    }

    /// Bundles of this machine's key.
    pub fn source(&self) -> BundleSource {
        BundleSource::new(self.bundle().to_str().unwrap(), [self.key.public().as_str()]).unwrap()
    }
}

impl Platform {
    /// Imports, in its turn.
    pub async fn import(&self, source: &BundleSource, options: &ImportOptions) -> Outcome {
        let turn = plimsoll_feeds::turn(&self.store).await.unwrap();
        let outcome = self.syncer(Path::new("/nowhere")).import(source, options).await.unwrap();
        turn.commit().await.unwrap();
        outcome
    }
}

/// A feed's only document, or its first.
pub fn first(feed: &str) -> Document {
    formats::by_name(feed).unwrap().documents().remove(0)
}

/// Red Hat's archive of the mirror, and the document that changed since.
pub fn redhat() -> [(Document, Option<&'static str>); 2] {
    let document = |name: &str| formats::by_name("redhat").unwrap().document(format!("csaf/v2/vex/{name}"));
    [
        (document("csaf_vex_2026-02-01.tar.zst"), Some("2026-02-01T00:00:00+00:00")),
        (document("2026/cve-2026-2.json"), Some("2026-03-01T00:00:00+00:00")),
    ]
}

/// The documents of the mirror that no index names.
pub fn documents() -> Vec<Document> {
    let osv = formats::by_name("osv").unwrap().document("PyPI/all.zip");
    let alpine = formats::alpine::document("v3.18", "main");
    let others = ["debian", "kev", "epss", "end-of-life", "yara", "malware-hashes"].map(first);
    [osv, alpine].into_iter().chain(others).collect()
}

/// Everything that a bundle of the mirror has.
pub fn all() -> Vec<(Document, Option<&'static str>)> {
    documents().into_iter().map(|document| (document, None)).chain(redhat()).collect()
}

fn put(mirror: &Path, document: &Document, bytes: &[u8]) {
    let path = mirror.join(document.mirror_path());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

/// A mirror with a document of most feeds, in each one's own format.
pub fn write_mirror(mirror: &Path) {
    let mut withdrawn = advisory("PYSEC-2024-3", &[], "demo", "9");
    withdrawn["withdrawn"] = "2024-02-01T00:00:00Z".into();
    let mut odd = advisory("PYSEC-2024-4", &[], "odd", "1");
    odd["severity"] = serde_json::json!([{"type": "CVSS_V3", "score": "nonsense"}]);
    let known = advisory("PYSEC-2024-1", &["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"], "demo", "1.1");
    write_osv(mirror, &[known, advisory("PYSEC-2024-2", &[], "other", "2"), withdrawn, odd]);
    let fixed = |package: &str, version: &str, cve: &str| {
        let releases =
            serde_json::json!({"bookworm": {"status": "resolved", "fixed_version": version, "urgency": "low"}});
        (
            package.to_owned(),
            serde_json::json!({cve: {"description": format!("A flaw in {package}"), "releases": releases}}),
        )
    };
    let tracker: serde_json::Map<_, _> =
        [fixed("perl", "5.36.0-7+deb12u1", "CVE-2023-31484"), fixed("zlib", "1:1.3-2", "CVE-2024-1")]
            .into_iter()
            .collect();
    put(mirror, &first("debian"), serde_json::Value::Object(tracker).to_string().as_bytes());
    let packages = serde_json::json!([{"pkg": {"name": "openssl", "secfixes": {"3.1.1-r0": ["CVE-2023-2650"]}}}]);
    let alpine = serde_json::json!({"distroversion": "v3.18", "reponame": "main", "packages": packages});
    put(mirror, &formats::alpine::document("v3.18", "main"), alpine.to_string().as_bytes());
    let exploited = serde_json::json!({"catalogVersion": "2026.08.20", "dateReleased": "2026-08-20T17:00:00Z", "count": 1,
        "vulnerabilities": [{"cveID": "CVE-2024-1", "vulnerabilityName": "A flaw", "dateAdded": "2026-08-01", "dueDate": "2026-08-22",
                             "knownRansomwareCampaignUse": "Known"}]});
    put(mirror, &first("kev"), exploited.to_string().as_bytes());
    put(
        mirror,
        &first("epss"),
        &gzip(
            "#model_version:v2026.06.15,score_date:2026-08-20T12:00:00Z\ncve,epss,percentile\n\
        CVE-2024-1,0.5,0.97\nCVE-2023-31484,0.01,0.5\n",
        ),
    );
    let bookworm = serde_json::json!({"name": "12", "codename": "Bookworm", "isEol": false, "eolFrom": "2028-06-30"});
    let debian = serde_json::json!({"name": "debian", "category": "os", "releases": [bookworm]});
    let products = serde_json::json!({"schema_version": "1.2.0", "total": 1, "result": [debian]});
    put(mirror, &first("end-of-life"), products.to_string().as_bytes());
    put(mirror, &first("yara"), &rules("rule house { strings: $a = \"word of the house\" condition: $a }"));
    put(mirror, &first("malware-hashes"), hashes(30).as_bytes());
    let archive = [vex("CVE-2026-1", "1-1", "01-01"), vex("CVE-2026-2", "2-1", "01-01")];
    let changed = [("cve-2026-2", "03-01", Some(vex("CVE-2026-2", "2-2", "03-01"))), ("cve-2026-1", "01-01", None)];
    write_vex(mirror, ("02-01", &archive), &changed, &[]);
}

/// A list of so many hashes of malware.
pub fn hashes(count: u32) -> String {
    (0..count).map(|number| format!("{number:064x}\n")).collect()
}

/// A set of YARA rules as a repository's archive has it.
pub fn rules(text: &str) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("rules-master/house.yar", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(text.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

/// Text as a server of `.gz` documents has it.
pub fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}
