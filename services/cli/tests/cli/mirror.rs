//! A mirror of the feeds on disk, with small documents of our own in the feeds' formats.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::image::{DIGEST_PREFIX, digest};

/// A home folder with a mirror beside it.
pub struct Place(tempfile::TempDir);

impl Place {
    /// With a mirror that has all documents.
    pub fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.osv("PyPI", &[django(), urllib3(), withdrawn()]);
        place.osv("npm", &[minimist()]);
        place.osv("crates.io", &[time()]);
        place.tracker(&[
            ("perl", "CVE-2023-31484", "resolved", "5.36.0-7+deb12u1"),
            ("perl", "CVE-2011-4116", "open", ""),
        ]);
        let secfixes = json!({ "3.1.1-r0": ["CVE-2023-2650"] });
        let alpine = json!({ "distroversion": "v3.18", "reponame": "main",
            "packages": [{ "pkg": { "name": "openssl", "secfixes": secfixes } }] });
        place.document("alpine/v3.18/main.json", alpine.to_string().as_bytes());
        let kev = json!({ "catalogVersion": "2026.08.20", "dateReleased": "2026-08-20T17:00:00Z", "count": 1,
            "vulnerabilities": [{ "cveID": "CVE-2022-28346", "vulnerabilityName": "Django SQL injection",
                "dateAdded": "2026-08-01", "dueDate": "2026-08-22", "knownRansomwareCampaignUse": "Known" }] });
        place.document("kev/known_exploited_vulnerabilities.json", kev.to_string().as_bytes());
        let scores = "#model_version:v2026.06.15,score_date:2026-08-20T12:00:00Z\ncve,epss,percentile\n\
            CVE-2022-28346,0.5,0.97\nCVE-2023-31484,0.01,0.5\nCVE-1999-0001,0.1,0.2\n";
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(scores.as_bytes()).unwrap();
        place.document("epss/epss_scores-current.csv.gz", &encoder.finish().unwrap());
        place
    }

    /// With a mirror and a database made of it.
    pub fn with_database() -> Self {
        let place = Self::new();
        let run = place.update(&[]);
        assert_eq!(run.code, 0, "{run:?}");
        place
    }

    pub fn home(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub fn document(&self, path: &str, bytes: &[u8]) {
        self.write(&format!("mirror/{path}"), bytes);
    }

    pub fn base(&self) -> String {
        format!("file://{}", self.path("mirror").display())
    }

    pub fn update(&self, more: &[&str]) -> crate::program::Run {
        let base = self.base();
        let mut arguments = vec!["db", "update", "--base", &base];
        arguments.extend_from_slice(more);
        crate::program::plimsoll(self.home(), &arguments)
    }

    /// Red Hat's folder of VEX documents: an archive of these of 2026-01-10, and one that changed in February.
    pub fn redhat(&self, archived: &[Value], changed: &str) {
        self.redhat_archive("2026-01-10", archived);
        self.document("redhat/csaf/v2/vex/deletions.csv", b"");
        self.document("redhat/csaf/v2/vex/changes.csv", b"\"2026/cve-2026-2.json\",\"2026-02-01T00:00:00+00:00\"\n");
        self.document("redhat/csaf/v2/vex/2026/cve-2026-2.json", changed.as_bytes());
    }

    /// The newest archive of that folder, with `cve-2026-1.json` and on.
    pub fn redhat_archive(&self, day: &str, archived: &[Value]) {
        let mut archive = tar::Builder::new(Vec::new());
        for (document, number) in archived.iter().zip(1..) {
            let document = document.to_string();
            let mut header = tar::Header::new_ustar();
            header.set_size(document.len() as u64);
            archive.append_data(&mut header, format!("2026/cve-2026-{number}.json"), document.as_bytes()).unwrap();
        }
        let archive = zstd::encode_all(archive.into_inner().unwrap().as_slice(), 1).unwrap();
        let name = format!("csaf_vex_{day}.tar.zst");
        self.document(&format!("redhat/csaf/v2/vex/{name}"), &archive);
        self.document("redhat/csaf/v2/vex/archive_latest.txt", name.as_bytes());
    }

    /// A publication of Amazon Linux 2023's repository, with security updates: id, CVE, severity, package and the version with the fix.
    pub fn amazon(&self, publication: &str, updates: &[(&str, &str, &str, &str, [&str; 3])]) {
        let update = |(id, cve, severity, package, [epoch, version, release]): &(&str, &str, &str, &str, [&str; 3])| {
            let packages: String = ["x86_64", "aarch64"]
                .map(|arch| {
                    format!(r#"<package name="{package}" epoch="{epoch}" version="{version}" release="{release}" arch="{arch}"/>"#)
                })
                .concat();
            format!(
                r#"<update type="security"><id>{id}</id><severity>{severity}</severity><references><reference id="{cve}" type="cve"/></references>
                   <pkglist><collection>{packages}</collection></pkglist></update>"#
            )
        };
        let updates = format!("<updates>{}</updates>", updates.iter().map(update).collect::<String>());
        let index = format!(
            r#"<repomd><data type="updateinfo"><checksum type="sha256">{}</checksum><location href="repodata/updateinfo.xml.gz"/></data></repomd>"#,
            digest(updates.as_bytes()).strip_prefix(DIGEST_PREFIX).unwrap()
        );
        let folder = format!("al2023/core/guids/{publication}/x86_64");
        self.document(&format!("amazon/{folder}/repodata/updateinfo.xml.gz"), updates.as_bytes());
        self.document(&format!("amazon/{folder}/repodata/repomd.xml"), index.as_bytes());
        let list = format!("https://cdn.amazonlinux.com/{folder}/\n");
        self.document("amazon/al2023/core/mirrors/latest/x86_64/mirror.list", list.as_bytes());
    }

    /// OSV's archive of an ecosystem.
    pub fn osv(&self, ecosystem: &str, documents: &[Value]) {
        let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for document in documents {
            let options = zip::write::SimpleFileOptions::default();
            archive.start_file(format!("{}.json", document["id"].as_str().unwrap()), options).unwrap();
            archive.write_all(document.to_string().as_bytes()).unwrap();
        }
        let bytes = archive.finish().unwrap().into_inner();
        self.document(&format!("osv/{ecosystem}/all.zip"), &bytes);
    }

    /// NVD's document of 2022: CVEs with the product that is affected, from one version until another.
    pub fn nvd(&self, cves: &[(&str, &str, &str, &str)]) {
        let cve = |(id, product, from, fixed): &(&str, &str, &str, &str)| {
            let matched = json!({ "vulnerable": true, "criteria": format!("cpe:2.3:a:{product}:*:*:*:*:*:*:*:*"),
                "versionStartIncluding": from, "versionEndExcluding": fixed });
            let nodes = json!([{ "operator": "OR", "negate": false, "cpeMatch": [matched] }]);
            let rating = json!({ "source": "nvd@nist.gov", "cvssData": { "vectorString": CRITICAL } });
            json!({ "cve": { "id": id, "vulnStatus": "Analyzed", "lastModified": "2022-11-01T00:00:00.000",
                "descriptions": [{ "lang": "en", "value": format!("A flaw in {product}") }],
                "metrics": { "cvssMetricV31": [rating] }, "configurations": [{ "nodes": nodes }] } })
        };
        let cves: Vec<Value> = cves.iter().map(cve).collect();
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(json!({ "vulnerabilities": cves }).to_string().as_bytes()).unwrap();
        self.document("nvd/feeds/json/cve/2.0/nvdcve-2.0-2022.json.gz", &encoder.finish().unwrap());
    }

    /// Debian's tracker: rows of package, CVE, status and fix in bookworm.
    pub fn tracker(&self, rows: &[(&str, &str, &str, &str)]) {
        let mut packages = serde_json::Map::new();
        for (package, cve, status, fix) in rows {
            let mut release = json!({ "status": status, "urgency": "not yet assigned" });
            if !fix.is_empty() {
                release["fixed_version"] = json!(fix);
            }
            let statements = packages.entry(*package).or_insert_with(|| json!({}));
            statements[*cve] =
                json!({ "description": "A flaw", "scope": "local", "releases": { "bookworm": release } });
        }
        self.document("debian/tracker/data/json", Value::Object(packages).to_string().as_bytes());
    }
}

/// OSV's record of a flaw in a package until a version.
pub fn osv(id: &str, aliases: &[&str], ecosystem: &str, package: &str, fixed: &str, vector: &str) -> Value {
    json!({
        "schema_version": "1.6.0", "id": id, "aliases": aliases, "modified": "2024-02-01T00:00:00Z",
        "published": "2024-01-01T00:00:00Z", "summary": format!("A flaw in {package}"), "details": "Much text",
        "severity": [{ "type": "CVSS_V3", "score": vector }],
        "affected": [{ "package": { "ecosystem": ecosystem, "name": package },
            "ranges": [{ "type": if ecosystem == "PyPI" { "ECOSYSTEM" } else { "SEMVER" },
                         "events": [{ "introduced": "0" }, { "fixed": fixed }] }] }]
    })
}

const CRITICAL: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
pub const MEDIUM: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:L/I:L/A:N";

fn django() -> Value {
    osv("PYSEC-2022-190", &["CVE-2022-28346", "GHSA-2gwj-7jmv-h26r"], "PyPI", "Django", "3.2.13", CRITICAL)
}

fn urllib3() -> Value {
    osv("PYSEC-2023-192", &["CVE-2023-43804"], "PyPI", "urllib3", "1.26.17", MEDIUM)
}

fn withdrawn() -> Value {
    let mut document = osv("PYSEC-2020-1", &["CVE-2020-1"], "PyPI", "django", "99", CRITICAL);
    document["withdrawn"] = json!("2024-01-01T00:00:00Z");
    document
}

fn minimist() -> Value {
    osv("GHSA-xvch-5gv4-984h", &["CVE-2021-44906"], "npm", "minimist", "1.2.6", CRITICAL)
}

/// So many advisories on crates, the first of which is on `time`.
pub fn crates(count: usize) -> Vec<Value> {
    let other =
        |n: usize| osv(&format!("RUSTSEC-2024-{n:04}"), &[], "crates.io", &format!("crate-{n}"), "1.0.0", MEDIUM);
    std::iter::once(time()).chain((1..count).map(other)).collect()
}

fn time() -> Value {
    osv("RUSTSEC-2020-0071", &["CVE-2020-26235"], "crates.io", "time", "0.2.23", MEDIUM)
}

/// A VEX document of Red Hat's: `curl` of release 9 is fixed in this version, as of this month of 2026.
pub fn vex(cve: &str, fix: &str, month: u32) -> Value {
    let product = |id: &str, known_as: Value| json!({ "product": { "name": id, "product_id": id, "product_identification_helper": known_as } });
    let release = product("el9", json!({ "cpe": "cpe:/o:redhat:enterprise_linux:9" }));
    let curl = product("curl", json!({ "purl": format!("pkg:rpm/redhat/curl@{fix}?arch=src") }));
    let placed = json!({ "product_reference": "curl", "relates_to_product_reference": "el9", "full_product_name": { "product_id": "el9:curl" } });
    json!({
        "document": { "csaf_version": "2.0", "title": cve,
            "tracking": { "id": cve, "current_release_date": format!("2026-{month:02}-01T00:00:00Z") } },
        "product_tree": { "branches": [release, curl], "relationships": [placed] },
        "vulnerabilities": [{ "cve": cve, "product_status": { "fixed": ["el9:curl"] } }]
    })
}
