//! A document that lies in a repository, as those of Amazon Linux do, in a mirror over HTTP.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use plimsoll_advisories::feeds::{self as formats, Document};
use plimsoll_feeds::Syncer;
use plimsoll_model::{Digest, InstalledPackage, Inventory, Package, PackageType, SourcePackage};
use plimsoll_store::feeds::Outcome;
use plimsoll_testkit::sqlx::Row as _;
use sha2::{Digest as _, Sha256};
use url::Url;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::platform::{Platform, rematch};

const LIST: &str = "al2023/core/mirrors/latest/x86_64/mirror.list";
const FIRST: &str = "al2023/core/guids/46ff4933/x86_64";
const SECOND: &str = "al2023/core/guids/9dd3ce04/x86_64";

/// What a mirror serves.
#[derive(Clone, Default)]
struct Files(Arc<Mutex<Served>>);

/// Files by their paths below `/feeds/amazon/`, whether each has an `ETag`, and which were asked for and given.
#[derive(Default)]
struct Served {
    files: BTreeMap<String, Vec<u8>>,
    is_tagged: bool,
    asked: Vec<String>,
    given: usize,
}

impl Respond for Files {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut served = self.0.lock().unwrap();
        let path = request.url.path().strip_prefix("/feeds/amazon/").unwrap_or("elsewhere").to_owned();
        let found = served.files.get(&path).cloned();
        served.asked.push(path);
        let Some(bytes) = found else { return ResponseTemplate::new(404) };
        let etag = format!("\"{}\"", Digest::from_sha256(Sha256::digest(&bytes).into()).hex());
        let known = request.headers.get("if-none-match").and_then(|value| value.to_str().ok());
        if known == Some(etag.as_str()) {
            return ResponseTemplate::new(304);
        }
        served.given += 1;
        let answer = ResponseTemplate::new(200).set_body_bytes(bytes);
        if served.is_tagged { answer.insert_header("ETag", etag.as_str()) } else { answer }
    }
}

impl Files {
    fn put(&self, path: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.lock().unwrap().files.insert(path.into(), bytes.into());
    }

    /// What was asked for since this was asked last.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }

    /// How many files were given since this was asked last.
    fn given(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().given)
    }

    /// Publishes these updates in a folder, and names it in the list.
    fn publish(&self, folder: &str, updates: &[String]) {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(format!("<updates>{}</updates>", updates.concat()).as_bytes()).unwrap();
        let packed = packed.finish().unwrap();
        let digest = Digest::from_sha256(Sha256::digest(&packed).into()).hex();
        let index = format!(
            r#"<repomd xmlns="http://linux.duke.edu/metadata/repo"><data type="updateinfo"><checksum type="sha256">{digest}</checksum>
               <location href="repodata/updateinfo.xml.gz"/></data></repomd>"#
        );
        self.put(format!("{folder}/repodata/updateinfo.xml.gz"), packed);
        self.put(format!("{folder}/repodata/repomd.xml"), index);
        self.put(LIST, format!("https://cdn.amazonlinux.com/{folder}/\n"));
    }
}

/// A mirror with nothing in it, and what syncs from it.
async fn mirror(platform: &Platform) -> (MockServer, Files, Syncer) {
    let (server, files) = (MockServer::start().await, Files::default());
    Mock::given(any()).respond_with(files.clone()).mount(&server).await;
    let base = Some(Url::parse(&format!("{}/feeds", server.uri())).unwrap());
    (server, files, Syncer { base, ..platform.syncer(Path::new("/")) })
}

fn document() -> Document {
    formats::by_name("amazon").unwrap().document(LIST)
}

#[tokio::test]
async fn what_leads_to_a_publication_is_not_given_again_where_its_server_says_that_it_did_not_change() {
    let platform = Platform::new().await;
    let (_server, files, syncer) = mirror(&platform).await;
    files.0.lock().unwrap().is_tagged = true;
    let sync = async || syncer.sync(&document(), false).await.unwrap();
    let path = |folder: &str, name: &str| format!("{folder}/repodata/{name}");
    let first = update("ALAS2023-2024-1", &["CVE-2024-1"], "openssl-libs", "3.0.8-1.amzn2023.0.10");
    files.publish(FIRST, std::slice::from_ref(&first));
    assert_eq!((sync().await, files.given()), (Outcome::Changed, 3));
    files.asked();
    for _ in 0..2 {
        assert_eq!((sync().await, files.given()), (Outcome::Unchanged, 0));
        assert_eq!(files.asked(), [LIST.to_owned(), path(FIRST, "repomd.xml")]);
    }
    // Another publication of the same document, then one of another.
    files.publish(SECOND, std::slice::from_ref(&first));
    assert_eq!(sync().await, Outcome::Unchanged);
    assert_eq!(files.asked(), [LIST, LIST, &path(SECOND, "repomd.xml")]);
    files.given();
    assert_eq!((sync().await, files.given()), (Outcome::Unchanged, 0));
    let second = update("ALAS2023-2024-2", &["CVE-2024-2"], "openssl-libs", "3.0.8-1.amzn2023.0.11");
    files.publish(SECOND, &[first, second]);
    assert_eq!(sync().await, Outcome::Changed);
    assert_eq!(platform.last_run().await.get::<i64, _>("added"), 1);
}

/// A security update of one package, for two processors.
fn update(id: &str, cves: &[&str], package: &str, fixed: &str) -> String {
    let references: String = cves.iter().map(|cve| format!(r#"<reference id="{cve}" type="cve"/>"#)).collect();
    let (version, release) = fixed.split_once('-').unwrap();
    let of = |arch: &str| {
        format!(r#"<package name="{package}" epoch="1" version="{version}" release="{release}" arch="{arch}"/>"#)
    };
    format!(
        r#"<update type="security"><id>{id}</id><severity>Important</severity><references>{references}</references>
           <pkglist><collection>{}{}</collection></pkglist></update>"#,
        of("x86_64"),
        of("aarch64")
    )
}

async fn image_of_amazon_linux(platform: &Platform) {
    let installed = |name: &str| InstalledPackage {
        package: Package {
            source: Some(SourcePackage { name: "openssl".into(), version: "1:3.0.8-1.amzn2023.0.9".into() }),
            ..Package::new(PackageType::Rpm, name, "1:3.0.8-1.amzn2023.0.9")
        },
        ecosystem: Some("Amazon Linux:2023".parse().unwrap()),
        purl: None,
        layer: 0,
        path: "var/lib/rpm".into(),
    };
    let packages = vec![installed("openssl-libs"), installed("openssl")];
    platform.image_of("acme", Inventory { packages, ..Inventory::default() }).await;
}

#[tokio::test]
async fn a_publication_is_fetched_once_and_the_next_withdraws_what_it_no_longer_has() {
    let platform = Platform::new().await;
    image_of_amazon_linux(&platform).await;
    let (_server, files, syncer) = mirror(&platform).await;
    let sync = async || syncer.sync(&document(), false).await.unwrap();
    let open = "SELECT count(*) FROM finding WHERE closed_at IS NULL";
    let path = |folder: &str, name: &str| format!("{folder}/repodata/{name}");
    let of_openssl = update("ALAS2023-2024-1", &["CVE-2024-1", "CVE-2024-2"], "openssl-libs", "3.0.8-1.amzn2023.0.10");
    let fixed = update("ALAS2023-2024-2", &["CVE-2024-3"], "openssl-libs", "3.0.8-1.amzn2023.0.9");

    files.publish(FIRST, &[of_openssl, fixed.clone()]);
    assert_eq!(sync().await, Outcome::Changed);
    assert_eq!(files.asked(), [LIST.to_owned(), path(FIRST, "repomd.xml"), path(FIRST, "updateinfo.xml.gz")]);
    rematch(&platform).await;
    assert_eq!(platform.count(open).await, 2, "of the installed package's name alone");
    let in_source =
        "SELECT count(*) FROM finding f JOIN package_version p ON p.id = f.package_version_id WHERE p.name = 'openssl'";
    assert_eq!(platform.count(in_source).await, 0);

    assert_eq!(sync().await, Outcome::Unchanged);
    assert_eq!(files.asked(), [LIST.to_owned(), path(FIRST, "repomd.xml")], "what leads to it alone");

    files.publish(SECOND, std::slice::from_ref(&fixed));
    assert_eq!(sync().await, Outcome::Changed);
    assert_eq!(files.asked(), [LIST.to_owned(), path(SECOND, "repomd.xml"), path(SECOND, "updateinfo.xml.gz")]);
    assert_eq!(platform.last_run().await.get::<i64, _>("withdrawn"), 1);
    rematch(&platform).await;
    assert_eq!(platform.count(open).await, 0);
    assert_eq!(platform.count("SELECT count(*) FROM finding WHERE close_reason = 'advisory_withdrawn'").await, 2);

    // The same document in another publication is the one that we hold.
    files.publish(FIRST, &[fixed]);
    assert_eq!(sync().await, Outcome::Unchanged);
    assert_eq!(files.asked(), [LIST.to_owned(), path(FIRST, "repomd.xml")]);
}

#[tokio::test]
async fn a_repository_that_leads_elsewhere_or_whose_document_is_another_changes_nothing() {
    let platform = Platform::new().await;
    let (server, files, syncer) = mirror(&platform).await;
    files.publish(FIRST, &[update("ALAS2023-2024-1", &["CVE-2024-1"], "openssl-libs", "3.0.8-2")]);
    assert_eq!(syncer.sync(&document(), false).await.unwrap(), Outcome::Changed);
    files.asked();

    let other = update("ALAS2023-2024-9", &["CVE-2024-9"], "openssl-libs", "3.0.8-9");
    let changed = format!("<updates>{other}</updates>");
    let list = |address: &str| (LIST.to_owned(), address.to_owned());
    let elsewhere = format!("{}/other/{FIRST}", server.uri());
    for ((path, content), asked, told) in [
        (list("https://example.org/al2023/"), 1, "it names 'https://example.org/al2023/', which is no folder below"),
        (list(&elsewhere), 1, "which is no folder below https://cdn.amazonlinux.com"),
        (list("https://cdn.amazonlinux.com/al2023/gone/"), 2, "404"),
        ((format!("{FIRST}/repodata/repomd.xml"), "<repomd/>".to_owned()), 2, "it names no updateinfo"),
        ((format!("{SECOND}/repodata/updateinfo.xml.gz"), changed), 3, "and its repository names sha256:"),
    ] {
        files.publish(if path.starts_with(SECOND) { SECOND } else { FIRST }, std::slice::from_ref(&other));
        files.put(path, content);
        assert_eq!(syncer.sync(&document(), false).await.unwrap(), Outcome::Failed, "{told}");
        let error: String = platform.last_run().await.get("error");
        assert!(error.contains(told), "{error}");
        assert_eq!(files.asked().len(), asked, "{told}");
        assert_eq!(platform.count("SELECT count(*) FROM advisory WHERE key = 'ALAS2023-2024-9'").await, 0);
    }
    assert_eq!(platform.count("SELECT count(*) FROM advisory WHERE withdrawn IS NULL").await, 1);
}
