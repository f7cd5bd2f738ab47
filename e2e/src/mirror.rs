//! Advisory feeds over loopback HTTP, with ETag and Last-Modified, as upstreams serve them; and a small set of them, made by tests.

use std::io::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::dev::{ServerHandle, Service as _};
use actix_web::{App, HttpServer};

/// A file server; it ends when dropped.
#[derive(Debug)]
pub struct Mirror {
    address: String,
    handle: ServerHandle,
    requests: Arc<AtomicU64>,
}

impl Mirror {
    /// Serves `folder`.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn serve(folder: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("its address"));
        let requests = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&requests);
        let server = HttpServer::new(move || {
            let counted = Arc::clone(&counted);
            App::new()
                .wrap_fn(move |request, service| {
                    counted.fetch_add(1, Ordering::Relaxed);
                    service.call(request)
                })
                .service(actix_files::Files::new("/", &folder).use_etag(true).use_last_modified(true))
        })
        .workers(1)
        .disable_signals()
        .listen(listener)
        .expect("a server")
        .run();
        let handle = server.handle();
        std::thread::spawn(move || {
            let _ = actix_web::rt::System::new().block_on(server);
        });
        Self { address, handle, requests }
    }

    /// How many requests came so far.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Its base address.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Mirror {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
    }
}

/// An OSV document about one Python package, affected below `fixed`.
pub fn osv(id: &str, alias: &str, package: &str, fixed: &str) -> serde_json::Value {
    serde_json::json!({
        "schema_version": "1.4.0", "id": id, "aliases": [alias], "summary": format!("{id} in {package}"),
        "modified": "2026-01-01T00:00:00Z", "published": "2026-01-01T00:00:00Z",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{"package": {"ecosystem": "PyPI", "name": package},
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}],
    })
}

/// Writes the archive of an ecosystem's OSV documents into a mirror.
///
/// # Panics
/// When the folder cannot be written.
pub fn write_osv_archive(mirror: &Path, ecosystem: &str, documents: &[serde_json::Value]) {
    let folder = mirror.join("osv").join(ecosystem);
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for document in documents {
        let name = format!("{}.json", document["id"].as_str().expect("an id"));
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("memory");
        archive.write_all(document.to_string().as_bytes()).expect("memory");
    }
    std::fs::write(folder.join("all.zip"), archive.finish().expect("memory").into_inner()).expect("a file");
}

/// Writes NVD's document of a year into a mirror, with these CVEs and nothing said of them.
///
/// # Panics
/// When the folder cannot be written.
pub fn write_nvd(mirror: &Path, year: u16, cves: &[&str]) {
    let cves: Vec<_> = cves.iter().map(|id| serde_json::json!({"cve": {"id": id}})).collect();
    let document = serde_json::json!({ "vulnerabilities": cves }).to_string();
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(document.as_bytes()).expect("memory");
    let folder = mirror.join("nvd/feeds/json/cve/2.0");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(format!("nvdcve-2.0-{year}.json.gz")), packed.finish().expect("memory"))
        .expect("a file");
}

/// Writes a small mirror: these OSV documents, one issue of Debian's pcre2, and a score and a listing for `CVE-2026-1`.
///
/// # Panics
/// When the folder cannot be written.
pub fn write_small_mirror(folder: &Path, python: &[serde_json::Value]) {
    let write = |path: &str, bytes: &[u8]| {
        let file = folder.join(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(file, bytes).expect("a file");
    };
    write_osv_archive(folder, "PyPI", python);
    let pcre2 = serde_json::json!({"pcre2": {"CVE-2026-2": {"scope": "remote", "description": "A flaw in PCRE2", "releases": {
        "bookworm": {"status": "resolved", "repositories": {"bookworm": "10.42-1"}, "fixed_version": "10.42-1+deb12u1", "urgency": "high"}}}}});
    write("debian/tracker/data/json", pcre2.to_string().as_bytes());
    let listed = serde_json::json!({"title": "Known exploited", "catalogVersion": "2026.01.01", "dateReleased": "2026-01-01T00:00:00Z",
        "count": 1, "vulnerabilities": [{"cveID": "CVE-2026-1", "vendorProject": "Demo", "product": "Demo", "vulnerabilityName": "A flaw",
        "dateAdded": "2026-01-01", "shortDescription": "", "requiredAction": "", "dueDate": "2026-01-22",
        "knownRansomwareCampaignUse": "Unknown", "notes": "", "cwes": []}]});
    write("kev/known_exploited_vulnerabilities.json", listed.to_string().as_bytes());
    let mut scores = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    scores
        .write_all(
            b"#model_version:v2026.01.01,score_date:2026-01-01T00:00:00Z\ncve,epss,percentile\nCVE-2026-1,0.9,0.99\n",
        )
        .expect("memory");
    write("epss/epss_scores-current.csv.gz", &scores.finish().expect("memory"));
}
