//! A database with organizations, their images and a mirror to sync from.

use std::path::Path;

use plimsoll_advisories::feeds::{self as formats, Document};
use plimsoll_broker::contracts::AdvisoriesChangedV1;
use plimsoll_broker::{Attempt, Message as _, Outcome as Handled};
use plimsoll_feeds::Syncer;
use plimsoll_fetch::{Fetcher, Options, Retries};
use plimsoll_model::{
    DiffId, Digest, Ecosystem, ImageId, InstalledPackage, Inventory, Layer, OrgId, Package, PackageKey,
};
use plimsoll_store::feeds::Outcome;
use plimsoll_store::images::Source;
use plimsoll_store::{CatalogTx, Store, findings, image_contents, images, matching, orgs, outbox};
use plimsoll_testkit::Database;
use plimsoll_testkit::sqlx::{self, Connection as _, PgConnection};
use url::Url;
use uuid::Uuid;

/// A database with what the tests need.
pub struct Platform {
    pub database: Database,
    pub store: Store,
}

impl Platform {
    pub async fn new() -> Self {
        let database = Database::create().await;
        let store = database.store("plimsoll_feeds").await;
        Self { database, store }
    }

    pub fn syncer(&self, mirror: &Path) -> Syncer {
        let retries = Retries { count: 0, ..Retries::default() };
        Syncer {
            store: self.store.clone(),
            fetcher: Fetcher::new(Options { retries, ..Options::default() }),
            base: Some(Url::from_directory_path(mirror).unwrap()),
            most_withdrawn: 0.2,
        }
    }

    pub async fn sync(&self, mirror: &Path, document: &Document) -> Outcome {
        self.syncer(mirror).sync(document, false).await.unwrap()
    }

    pub async fn last_run(&self) -> sqlx::postgres::PgRow {
        let mut connection = PgConnection::connect(&self.database.url()).await.unwrap();
        sqlx::query("SELECT * FROM feed_run ORDER BY id DESC LIMIT 1").fetch_one(&mut connection).await.unwrap()
    }

    pub async fn last_run_of(&self, document: &Document) -> sqlx::postgres::PgRow {
        let mut connection = PgConnection::connect(&self.database.url()).await.unwrap();
        let query = "SELECT * FROM feed_run WHERE document = $1 ORDER BY id DESC LIMIT 1";
        sqlx::query(query).bind(&document.path).fetch_one(&mut connection).await.unwrap()
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        let mut connection = PgConnection::connect(&self.database.url()).await.unwrap();
        sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap()
    }

    /// The keys of the messages that wait; whatever waits is then taken away.
    pub async fn changed_keys(&self) -> Vec<PackageKey> {
        let mut tx = self.store.catalog_tx().await.unwrap();
        let waiting = outbox::take(&mut tx, 1_000).await.unwrap();
        let keys = waiting
            .iter()
            .filter(|message| message.topic == AdvisoriesChangedV1::TOPIC.name())
            .flat_map(|message| serde_json::from_value::<Vec<PackageKey>>(message.payload["keys"].clone()).unwrap())
            .collect();
        outbox::remove(&mut tx, &waiting.iter().map(|message| message.id).collect::<Vec<_>>()).await.unwrap();
        tx.commit().await.unwrap();
        keys
    }

    /// An organization that holds an image with one package, scanned.
    pub async fn image_with(&self, slug: &str, package: Package) -> (OrgId, ImageId) {
        let purl = package.purl(None, None);
        let ecosystem = package.kind.language_ecosystem().or_else(|| Some(Ecosystem::with_release("Debian", "12")));
        let installed = InstalledPackage { package, ecosystem, purl, layer: 0, path: "x/METADATA".into() };
        self.image_of(slug, Inventory { packages: vec![installed], ..Inventory::default() }).await
    }

    /// An organization that holds an image with one layer, scanned.
    pub async fn image_of(&self, slug: &str, inventory: Inventory) -> (OrgId, ImageId) {
        let owner = self.database.store("plimsoll_owner").await;
        let mut tx: CatalogTx = owner.catalog_tx().await.unwrap();
        let new = orgs::Org { id: OrgId(Uuid::now_v7()), slug: slug.into(), name: slug.into() };
        let org = orgs::create(&mut tx, &new).await.unwrap();
        tx.commit().await.unwrap();
        (org, self.hold(org, Digest::from_sha256([1; 32]), inventory).await)
    }

    /// An image with one layer that the organization holds, scanned.
    pub async fn hold(&self, org: OrgId, digest: Digest, inventory: Inventory) -> ImageId {
        let ingest = self.database.store("plimsoll_ingest").await;
        let mut tx = ingest.org_tx(org).await.unwrap();
        let held = images::hold(&mut tx, Uuid::now_v7(), &digest, &digest, 1, Source::Push).await.unwrap();
        tx.commit().await.unwrap();

        let worker = self.database.store("plimsoll_worker").await;
        let mut tx = worker.org_tx(org).await.unwrap();
        let target = images::scan_target(&mut tx, held.id).await.unwrap().unwrap();
        images::scan_done(&mut tx, held.id, 1, 0).await.unwrap();
        tx.commit().await.unwrap();
        let layers = vec![Layer { index: 0, digest, diff_id: DiffId(digest), size: 1, build_step: None }];
        let inventory = Inventory { layers, ..inventory };
        let mut tx = worker.catalog_tx().await.unwrap();
        let platform = image_contents::Platform::default();
        let new = image_contents::replace(&mut tx, target.content_id, &platform, &inventory, &[], "1").await.unwrap();
        tx.commit().await.unwrap();
        matching::match_package_versions(&worker, &new).await.unwrap();
        let mut tx = worker.org_tx(org).await.unwrap();
        findings::refresh_image(&mut tx, held.id).await.unwrap();
        tx.commit().await.unwrap();
        held.id
    }
}

pub fn osv(path: &str) -> Document {
    formats::by_name("osv").unwrap().document(path)
}

/// Writes an OSV archive of these documents to `mirror/osv/PyPI/all.zip`.
pub fn write_osv(mirror: &Path, documents: &[serde_json::Value]) {
    let file = |document: &serde_json::Value| (document["id"].as_str().unwrap().to_owned(), document.to_string());
    write_osv_files(mirror, &documents.iter().map(file).collect::<Vec<_>>());
}

/// The same of files by the ids of their records, whatever is in them.
pub fn write_osv_files(mirror: &Path, files: &[(String, String)]) {
    use std::io::Write as _;
    let folder = mirror.join("osv/PyPI");
    std::fs::create_dir_all(&folder).unwrap();
    let mut archive = zip::ZipWriter::new(std::fs::File::create(folder.join("all.zip")).unwrap());
    for (id, text) in files {
        archive.start_file(format!("{id}.json"), zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap();
}

pub fn advisory(id: &str, aliases: &[&str], package: &str, fixed: &str) -> serde_json::Value {
    serde_json::json!({
        "schema_version": "1.4.0", "id": id, "modified": "2024-01-01T00:00:00Z", "published": "2024-01-01T00:00:00Z",
        "aliases": aliases, "summary": format!("{id} in {package}"),
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{"package": {"ecosystem": "PyPI", "name": package},
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}],
    })
}

pub fn key(package: &str) -> PackageKey {
    PackageKey { ecosystem: Ecosystem::new("PyPI"), package: package.into() }
}

/// Does what the messages that wait ask for; gives their keys that any package version has.
pub async fn rematch(platform: &Platform) -> Vec<PackageKey> {
    let keys = platform.changed_keys().await;
    rematch_keys(platform, &keys).await;
    keys
}

pub async fn rematch_keys(platform: &Platform, keys: &[PackageKey]) {
    let message = AdvisoriesChangedV1 { feed: "osv".into(), keys: keys.to_vec() };
    let outcome = plimsoll_feeds::rematch(platform.store.clone(), message, Attempt { number: 1 }).await;
    assert_eq!(outcome, Handled::Done);
}
