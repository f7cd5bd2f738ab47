//! Organizations with images in them, written as the other services write them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use plimsoll_broker::relay;
use plimsoll_identity::{ApiKey, Password, hash_password};
use plimsoll_model::{
    AccountId, AffectedState, ApiKeyId, BuildStep, CvssVector, DiffId, Digest, Ecosystem, ImageId, InstalledPackage,
    Inventory, Layer, Observation, ObservationKind, OrgId, OsRelease, Package, PackageSource, PackageType, Place,
    Problem, ProblemCode, Severity, SourcePackage,
};
use plimsoll_runtime::clock;
use plimsoll_store::image_contents::Platform;
use plimsoll_store::images::Source;
use plimsoll_store::manifests::NewManifest;
use plimsoll_store::matches::NewMatch;
use plimsoll_store::vulnerabilities::{KnownExploited, Merged, NewIds};
use plimsoll_store::{
    Store, accounts, api_keys, feeds, findings, image_contents, images, manifests, matches, orgs, packages,
    repositories, tags, vulnerabilities,
};
use plimsoll_testkit::{Database, Vhost};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

/// The password of every account.
pub const PASSWORD: &str = "correct horse battery staple";

/// An organization with an owner and a key.
pub struct Org {
    pub id: OrgId,
    pub slug: String,
    pub email: String,
    pub account: AccountId,
    /// A key that may read.
    pub key: String,
    pub repository: String,
    pub images: Vec<(ImageId, Digest)>,
}

/// A database with what the tests need.
pub struct World {
    pub database: Database,
    pub owner: Store,
    pub api: Store,
    ingest: Store,
    worker: Store,
    feeds: Store,
}

pub fn digest(of: &str) -> Digest {
    Digest::from_sha256(Sha256::digest(of).into())
}

impl World {
    pub async fn create() -> Self {
        let database = Database::create().await;
        let owner = database.store("plimsoll_owner").await;
        let api = database.store("plimsoll_api").await;
        let ingest = database.store("plimsoll_ingest").await;
        let worker = database.store("plimsoll_worker").await;
        let feeds = database.store("plimsoll_feeds").await;
        let world = Self { database, owner, api, ingest, worker, feeds };
        world.knowledge().await;
        world
    }

    /// What the world knows: four vulnerabilities, each with what makes it differ in an order.
    async fn knowledge(&self) {
        let mut tx = self.feeds.catalog_tx().await.unwrap();
        let names = [
            ("CVE-2024-0001", "GHSA-aaaa-bbbb-cccc"),
            ("CVE-2024-0002", "DSA-2"),
            ("CVE-2024-0003", "PYSEC-3"),
            ("CVE-2024-0004", "PYSEC-4"),
        ];
        let groups: Vec<NewIds> = names
            .iter()
            .map(|(name, alias)| NewIds {
                id: None,
                name: (*name).into(),
                aliases: vec![(*name).into(), (*alias).into()],
                absorbs: vec![],
            })
            .collect();
        let (ids, _) = vulnerabilities::put_ids(&mut tx, &groups).await.unwrap();
        let severities = [Severity::High, Severity::High, Severity::Critical, Severity::Medium];
        let vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
        let merged: Vec<Merged> = ids
            .iter()
            .zip(severities)
            .map(|(id, severity)| Merged {
                id: *id,
                title: format!("Flaw {id}"),
                description: "It is flawed.".into(),
                severity,
                severity_source: "osv".into(),
                cvss_vector: Some(vector.into()),
                cvss_score: Some(9.8),
                cvss: vec![CvssVector { vector: vector.into(), source: "osv".into() }],
                cwes: vec!["CWE-79".into()],
                references: vec!["https://example.org/flaw".into()],
                published: Some(clock::now()),
                modified: Some(clock::now()),
                withdrawn: None,
            })
            .collect();
        vulnerabilities::put_merged(&mut tx, &merged).await.unwrap();
        let day = NaiveDate::from_ymd_opt(2024, 5, 6).unwrap();
        let scores = [("CVE-2024-0001".into(), 0.9731, 0.999), ("CVE-2024-0004".into(), 0.97, 0.99)];
        vulnerabilities::put_exploit_scores(&mut tx, &scores, day).await.unwrap();
        let listed = KnownExploited {
            cve: "CVE-2024-0001".into(),
            added: day,
            due: None,
            ransomware: true,
            name: "A flaw".into(),
        };
        vulnerabilities::replace_known_exploited(&mut tx, &[listed]).await.unwrap();
        for (feed, document) in [
            ("osv", "PyPI/all.zip"),
            ("debian", "tracker/data/json"),
            ("kev", "kev.json"),
            ("epss", "epss.gz"),
            ("alpine", "v3.18/main.json"),
        ] {
            feeds::document_checked(&mut tx, feed, document, &feeds::DocumentState::default(), true).await.unwrap();
        }
        let run = feeds::run_started(&mut tx, "osv", "PyPI/all.zip", clock::now()).await.unwrap();
        let problems = (1..=25).map(|n| format!("PYSEC-{n}: no range")).collect();
        let counts = feeds::RunCounts {
            size_bytes: 900,
            records: 28,
            added: 2,
            unchanged: 1,
            unmatchable: 7,
            problem_count: 25,
            problems,
            ..Default::default()
        };
        feeds::run_finished(&mut tx, run, feeds::Outcome::Changed, &counts, None).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Makes an organization with an owner and a key that may read.
    pub async fn org(&self, slug: &str) -> Org {
        let email = format!("{slug}@example.org");
        let mut tx = self.owner.catalog_tx().await.unwrap();
        let org = orgs::Org { id: OrgId(clock::new_id()), slug: slug.into(), name: format!("{slug} Inc") };
        let id = orgs::create(&mut tx, &org).await.unwrap();
        let account = self.account(&email).await;
        orgs::set_membership(&mut tx, id, account, "owner").await.unwrap();
        tx.commit().await.unwrap();
        let (_, key) = self.key(id, &["read"]).await;
        Org { id, slug: slug.into(), email, account, key, repository: format!("{slug}-web/shop"), images: Vec::new() }
    }

    pub async fn account(&self, email: &str) -> AccountId {
        let password = Password::accept(PASSWORD.to_owned().into()).unwrap();
        let password_hash = hash_password(&password, &mut plimsoll_identity::rng()).unwrap();
        let account = accounts::Account { id: AccountId(clock::new_id()), email: email.into(), password_hash };
        let mut tx = self.owner.catalog_tx().await.unwrap();
        let id = accounts::create(&mut tx, &account).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub async fn member(&self, org: OrgId, account: AccountId, role: &str) {
        let mut tx = self.owner.catalog_tx().await.unwrap();
        orgs::set_membership(&mut tx, org, account, role).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn key(&self, org: OrgId, scopes: &[&str]) -> (ApiKeyId, String) {
        let key = ApiKey::generate(&mut plimsoll_identity::rng());
        let id = ApiKeyId(clock::new_id());
        let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
        let mut tx = self.api.org_tx(org).await.unwrap();
        api_keys::create(&mut tx, id, "robot", &key.hash(), &scopes, None).await.unwrap();
        tx.commit().await.unwrap();
        (id, key.expose().to_owned())
    }

    /// Pushes an image and scans it. Its packages are those of every image of the organization.
    pub async fn image(&self, org: &mut Org) -> ImageId {
        let number = org.images.len();
        let digest = digest(&format!("{} image {number}", org.slug));
        let mut tx = self.ingest.org_tx(org.id).await.unwrap();
        let repository = repositories::ensure(&mut tx, &org.repository, clock::new_id()).await.unwrap();
        let manifest = NewManifest {
            digest,
            media_type: "application/vnd.oci.image.manifest.v1+json",
            content: b"{}",
            artifact_type: None,
            subject: None,
            annotations: &BTreeMap::new(),
            children: &[],
        };
        manifests::put(&mut tx, repository, &manifest).await.unwrap();
        tags::set(&mut tx, repository, &format!("v{number}"), &digest).await.unwrap();
        let config = self::digest(&format!("{} config {number}", org.slug));
        let held = images::hold(&mut tx, clock::new_id(), &digest, &config, 300, Source::Push).await.unwrap();
        tx.commit().await.unwrap();
        self.scanned(org, held.id).await;
        org.images.push((held.id, digest));
        held.id
    }

    /// Pushes an image that waits for its scan.
    pub async fn waiting_image(&self, org: &Org) -> (ImageId, Digest) {
        let (digest, config) = (digest(&format!("{} waits", org.slug)), digest(&format!("{} waits config", org.slug)));
        let mut tx = self.ingest.org_tx(org.id).await.unwrap();
        let held = images::hold(&mut tx, clock::new_id(), &digest, &config, 300, Source::Push).await.unwrap();
        tx.commit().await.unwrap();
        (held.id, digest)
    }

    /// No source says any more that any package has the vulnerability: the organization's findings of it close.
    pub async fn taken_back(&self, org: OrgId, vulnerability: &str) {
        let gone = "DELETE FROM \"match\" WHERE vulnerability_id = (SELECT id FROM vulnerability WHERE name =";
        self.execute(&format!("{gone} '{vulnerability}')")).await;
        let every: Vec<i64> = (1..=100).collect();
        let mut tx = self.feeds.org_tx(org).await.unwrap();
        findings::refresh_packages(&mut tx, &every).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Publishes what happens from now on.
    pub fn relay(&self, vhost: &Vhost) {
        tokio::spawn(relay::run(self.feeds.clone(), vhost.url(), CancellationToken::new()));
    }

    /// Points a tag at an index of these images.
    pub async fn index(&self, org: &Org, tag: &str, children: &[Digest]) -> Digest {
        let digest = digest(&format!("{} index {tag}", org.slug));
        let mut tx = self.ingest.org_tx(org.id).await.unwrap();
        let repository = repositories::ensure(&mut tx, &org.repository, clock::new_id()).await.unwrap();
        let manifest = NewManifest {
            digest,
            media_type: "application/vnd.oci.image.index.v1+json",
            content: b"{}",
            artifact_type: None,
            subject: None,
            annotations: &BTreeMap::new(),
            children,
        };
        manifests::put(&mut tx, repository, &manifest).await.unwrap();
        tags::set(&mut tx, repository, tag, &digest).await.unwrap();
        tx.commit().await.unwrap();
        digest
    }

    pub async fn scan_done(&self, org: OrgId, image: ImageId) {
        let mut tx = self.worker.org_tx(org).await.unwrap();
        images::scan_started(&mut tx, image).await.unwrap();
        images::scan_done(&mut tx, image, 1, 1).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn scanned(&self, org: &Org, image: ImageId) {
        let mut tx = self.worker.org_tx(org.id).await.unwrap();
        let content = images::scan_target(&mut tx, image).await.unwrap().unwrap().content_id;
        drop(tx);
        let inventory = inventory(&org.slug);
        let platform = Platform {
            os: Some("linux".into()),
            architecture: Some("amd64".into()),
            variant: None,
            created: Some(clock::now()),
            labels: [("maintainer".to_owned(), org.slug.clone())].into(),
        };
        let mut tx = self.worker.catalog_tx().await.unwrap();
        image_contents::replace(&mut tx, content, &platform, &inventory, &[], "1").await.unwrap();
        let rows = packages::ensure(&mut tx, &inventory.packages).await.unwrap();
        let (found, names) =
            (matched(&inventory, &rows), ["CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003", "CVE-2024-0004"]);
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let known = vulnerabilities::known_under(&mut tx, &names).await.unwrap();
        let id = |name: &str| known.iter().find(|known| known.name == name).unwrap().id;
        let found: Vec<NewMatch> =
            found.into_iter().map(|(name, found)| NewMatch { vulnerability: id(name), ..found }).collect();
        matches::replace(&mut tx, &rows, &found, &[]).await.unwrap();
        tx.commit().await.unwrap();
        self.scan_done(org.id, image).await;
        let mut tx = self.worker.org_tx(org.id).await.unwrap();
        findings::refresh_image(&mut tx, image).await.unwrap();
        tx.commit().await.unwrap();
    }
}

/// Which package has which vulnerability.
fn matched(inventory: &Inventory, rows: &[i64]) -> Vec<(&'static str, NewMatch)> {
    let of = |name: &str, fixed_in: Option<&str>, own: Option<Severity>| {
        let place = inventory.packages.iter().position(|installed| installed.package.name.ends_with(name)).unwrap();
        NewMatch {
            package_version: rows[place],
            vulnerability: 0,
            fixed_in: fixed_in.map(str::to_owned),
            state: AffectedState::Affected,
            severity: own,
            severity_source: if own.is_some() { "debian".into() } else { String::new() },
            sources: vec!["osv".into()],
            advisories: vec!["GHSA-aaaa-bbbb-cccc".into()],
        }
    };
    vec![
        ("CVE-2024-0001", of("django", Some("3.2.14"), None)),
        ("CVE-2024-0002", of("libssl3", None, Some(Severity::Low))),
        ("CVE-2024-0003", of("-private", None, None)),
        ("CVE-2024-0004", of("django", Some("3.2.15"), None)),
    ]
}

/// An image's packages: those that everybody has, and one of the organization's own.
fn inventory(slug: &str) -> Inventory {
    let installed = |package: Package, ecosystem: &str, layer, path: &str| InstalledPackage {
        purl: package.purl(Some("debian"), Some("12")),
        package,
        ecosystem: Some(ecosystem.parse::<Ecosystem>().unwrap()),
        layer,
        path: path.into(),
    };
    let stated = |license: &str, package: Package| Package { license: Some(license.into()), ..package };
    let django = || stated("MIT OR Apache-2.0", Package::new(PackageType::Pypi, "django", "3.2"));
    let openssl = Package {
        source: Some(SourcePackage { name: "openssl".into(), version: "3.0.1-1".into() }),
        architecture: Some("amd64".into()),
        ..Package::new(PackageType::Deb, "libssl3", "3.0.1-1")
    };
    let layer = |index: u32| Layer {
        index,
        digest: digest(&format!("{slug} blob {index}")),
        diff_id: DiffId(digest(&format!("{slug} layer {index}"))),
        size: 150,
        build_step: Some(BuildStep { index: index * 2, created_by: format!("RUN {slug} {index}"), created: None }),
    };
    Inventory {
        os: Some(OsRelease {
            id: "debian".into(),
            version_id: Some("12".into()),
            codename: Some("bookworm".into()),
            pretty_name: Some("Debian 12".into()),
        }),
        layers: vec![layer(0), layer(1)],
        packages: vec![
            installed(openssl, "Debian:12", 0, "var/lib/dpkg/status"),
            installed(django(), "PyPI", 1, "usr/lib/python3/django/METADATA"),
            installed(django(), "PyPI", 0, "opt/django/METADATA"),
            installed(
                stated("of our own making", Package::new(PackageType::Pypi, format!("{slug}-private"), "1.0")),
                "PyPI",
                1,
                "opt/private/METADATA",
            ),
        ],
        problems: vec![Problem {
            code: ProblemCode::FileMalformed,
            layer: Some(1),
            path: Some("etc/odd".into()),
            detail: "not understood".into(),
            count: 1,
        }],
        observations: vec![Observation {
            kind: ObservationKind::Secret,
            rule: "private-key".into(),
            references: vec!["CIS-DI-4.10".into()],
            title: "A private key".into(),
            severity: Severity::Critical,
            family: None,
            place: Place::File { path: format!("root/{slug}.pem"), line: Some(1), offset: Some(0) },
            layer: Some(0),
            removed_in: Some(1),
            evidence: "********".into(),
            advice: "Take it out.".into(),
        }],
        sources: vec![PackageSource { analyser: "dpkg".into(), files: 1, packages: 1 }],
        ..Inventory::default()
    }
}

impl World {
    /// Runs a statement as the server's superuser, whom row-level security does not bind.
    pub async fn execute(&self, statement: &str) {
        self.database.execute(statement).await;
    }
}
