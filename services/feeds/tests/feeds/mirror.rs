//! The shared mirror, whole: each feed of it is synced, and what came of it is held against the numbers in the mirror's README.
//!
//! What lies in the mirror and is no feed here is named with the reason: a row of the README that this test does not know fails it.

use std::path::Path;
use std::time::Instant;

use plimsoll_advisories::feeds::{self as formats, Document, osv};
use plimsoll_model::{Ecosystem, PackageKey};
use plimsoll_store::advisories;
use plimsoll_store::feeds::Outcome;
use plimsoll_testkit::corpus;
use plimsoll_testkit::sqlx::Row as _;

use crate::mirror_rows::{Row, rows};
use crate::platform::Platform;

/// How a row of the README is proved.
enum Proof {
    /// Each of these documents is synced; the records that its run tells are one of the row's numbers each, in their order.
    Records(Vec<Document>),
    /// These documents are synced; what each statement then counts is one of the row's numbers, in their order.
    Counts(Vec<Document>, &'static [&'static str]),
    /// This document is synced as it was, with so many records; synced as it is now, so many are new, changed and gone.
    Earlier(Document, Since),
    /// It is not synced, and why.
    Left(&'static str),
}

/// What a later sync of a document tells.
#[derive(Debug, Clone, Copy)]
struct Since {
    added: i64,
    /// Where the README says how many.
    changed: Option<i64>,
    withdrawn: i64,
}

// What an index names has a run for each document: the archive's and those of what lies loose.
const REDHAT_ADVISORIES: &str = "SELECT sum(records)::bigint FROM feed_run WHERE feed = 'redhat' AND document LIKE 'csaf/v2/advisories/%' AND document NOT LIKE '%.csv'";
const REDHAT_VEX: &str = "SELECT sum(records)::bigint FROM feed_run WHERE feed = 'redhat' AND document LIKE 'csaf/v2/vex/%' AND document NOT LIKE '%.csv'";

const NO_FEED_RUBY: &str = "RubyGems' advisories come by OSV (GHSA-). Of the 1,381 here 78 name no GHSA, and 59 of these no CVE either: such are not known unless OSV has them otherwise";
const NO_FEED_PHP: &str = "Packagist's advisories come by OSV (GHSA-). Of the 1,592 here 432 name no CVE: such are not known unless OSV has them otherwise";
const UPLOADED: &str = "no feed: what an organization uploads; libs/vex reads each document in its tests";
const OVAL_ENDED: &str = "Red Hat no longer publishes OVAL: its VEX documents and advisories are read, which say more";

fn of(feed: &str, paths: &[&str]) -> Vec<Document> {
    let feed = formats::by_name(feed).unwrap();
    paths.iter().map(|path| feed.document(*path)).collect()
}

/// The documents of a feed that lie in the mirror: it has a part of the years of NVD and of the releases of Alpine.
fn there(mirror: &Path, feed: &str) -> Vec<Document> {
    let mut documents = formats::by_name(feed).unwrap().documents();
    documents.retain(|document| mirror.join(document.mirror_path()).exists());
    documents
}

/// What is in the mirror and not synced, by the first path of its row, and why.
const LEFT: &[(&str, &str)] = &[
    ("debian/security-tracker/data/", "the tracker's own settings and notes: no advisory is in them"),
    ("redhat/oval/com.redhat.rhsa-RHEL3.xml.bz2", OVAL_ENDED),
    ("redhat/oval/com.redhat.rhsa-RHEL8.xml.bz2", OVAL_ENDED),
    ("redhat/oval/v2/RHEL8/rhel-8.oval.xml.bz2", OVAL_ENDED),
    ("ruby-advisory-db.zip", NO_FEED_RUBY),
    ("friendsofphp/security-advisories.zip", NO_FEED_PHP),
    (
        "nodejs/security-wg-vuln.zip",
        "packages' advisories come by OSV (npm); those on Node.js itself by NVD, which judges the program",
    ),
    ("vex/openvex/trivy.openvex.json", UPLOADED),
    ("vex/openvex/libraries/", UPLOADED),
    ("vex/openvex/spec-example-1.json", UPLOADED),
    ("vex/openvex/spec-example-3.json", UPLOADED),
    ("csaf/siemens/ssa-054046.json", UPLOADED),
    ("vex/openvex/openvex_json_schema.json", "a schema: libs/vex holds what it writes against it"),
    ("secrets/gitleaks.toml", "no feed: libs/secrets tells of each rule which of ours covers it"),
    ("wolfi/advisories.zip", "what Wolfi's database is made of: the database that it serves is read, next row"),
    (
        "nvd/.../nvdcve-2.0-modified.json.gz",
        "what changed lately, once more: each year's document, which is read, has it too",
    ),
    ("cvelistV5/cves.zip", "NVD, which is read, gives each CVE with its text and its authority's rating"),
    (
        "kubernetes/vuln-list-k8s.zip",
        "Kubernetes' modules are Go's, whose advisories come by OSV; its CVEs' texts by NVD",
    ),
    (
        "retirejs/jsrepository-v4.json",
        "scripts copied into pages are no packages here; as npm packages they are judged by OSV",
    ),
    (
        "labels/vulnerability-match-labels.tar.zst",
        "no feed: judgements on matches, which libs/advisories is held against",
    ),
];

/// How a row is proved, by the first of its paths.
fn proof(mirror: &Path, row: &Row) -> Proof {
    let first = row.paths[0].as_str();
    if let Some(ecosystem) = first.strip_prefix("earlier/2026-06-01/osv/") {
        let [added, changed] = row.since[..] else { panic!("{row:?}") };
        let since = Since { added, changed: Some(changed), withdrawn: 0 };
        return Proof::Earlier(osv::document(ecosystem.trim_end_matches('/')), since);
    }
    if first.starts_with("osv/") {
        let ecosystem = |path: &String| path.trim_start_matches("osv/").trim_end_matches('/').to_owned();
        return Proof::Records(row.paths.iter().map(ecosystem).map(|name| osv::document(&name)).collect());
    }
    match first {
        "debian/tracker/data/json" => Proof::Counts(
            of("debian", &["tracker/data/json"]),
            &[
                "SELECT records FROM feed_run WHERE feed = 'debian'",
                "SELECT count(DISTINCT external_id) FROM advisory WHERE source = 'debian'",
                "SELECT count(DISTINCT f.package) FROM affected f JOIN advisory a ON a.id = f.advisory_id WHERE a.source = 'debian'",
            ],
        ),
        "debian/security-tracker/data/DSA/list" => {
            Proof::Records(of("debian-advisories", &["data/DSA/list", "data/DLA/list", "data/DTSA/list"]))
        }
        "alpine/v3.3" => Proof::Counts(
            there(mirror, "alpine"),
            &[
                ALPINE_PACKAGES,
                "SELECT sum(records)::bigint FROM feed_run WHERE feed = 'alpine'",
                "SELECT count(*) FROM feed_run WHERE feed = 'alpine'",
            ],
        ),
        "wolfi/os/security.json" => Proof::Counts(
            of("wolfi", &["os/security.json"]),
            &[
                "SELECT count(DISTINCT f.package) FROM affected f JOIN advisory a ON a.id = f.advisory_id WHERE a.source = 'wolfi'",
                "SELECT records FROM feed_run WHERE feed = 'wolfi'",
            ],
        ),
        "redhat/csaf/v2/advisories/" => {
            Proof::Counts(of("redhat", &["csaf/v2/advisories/changes.csv"]), &[REDHAT_ADVISORIES])
        }
        "redhat/csaf/v2/vex/" => Proof::Counts(of("redhat", &["csaf/v2/vex/changes.csv"]), &[REDHAT_VEX]),
        "azurelinux/azurelinux-3.0-oval.xml.gz"
        | "azurelinux/cbl-mariner-1.0-oval.xml.gz"
        | "photon/photon_oval_definitions/com.vmware.phsa-photon3.xml.gz" => {
            let document = |path: &String| {
                let (feed, path) = path.split_once('/').unwrap();
                formats::by_name(feed).unwrap().document(path)
            };
            Proof::Records(row.paths.iter().map(document).collect())
        }
        "nvd/feeds/json/cve/2.0/nvdcve-2.0-<year>.json.gz" => Proof::Counts(
            there(mirror, "nvd"),
            &[
                "SELECT sum(records)::bigint FROM feed_run WHERE feed = 'nvd'",
                "SELECT count(*) FROM feed_run WHERE feed = 'nvd'",
            ],
        ),
        "epss/epss_scores-2026-08-16.csv.gz" => Proof::Records(of("epss", &["epss_scores-current.csv.gz"])),
        "epss/epss_scores-2026-08-09.csv.gz" => Proof::Records(of("epss", &["epss_scores-2026-08-09.csv.gz"])),
        "kev/known_exploited_vulnerabilities.json" => Proof::Counts(
            of("kev", &["known_exploited_vulnerabilities.json"]),
            &["SELECT count(*) FROM known_exploited"],
        ),
        "earlier/2025-06-01/kev/known_exploited_vulnerabilities.json" => {
            let [added, withdrawn] = row.since[..] else { panic!("{row:?}") };
            let document = formats::by_name("kev").unwrap().document("known_exploited_vulnerabilities.json");
            Proof::Earlier(document, Since { added, changed: None, withdrawn })
        }
        "yara/signature-base.zip" | "yara/reversinglabs-yara-rules.zip" | "yara/yara-rules.zip" => {
            Proof::Records(of("yara", &[first.trim_start_matches("yara/")]))
        }
        other => match LEFT.iter().find(|(path, _)| *path == other) {
            Some((_, why)) => Proof::Left(why),
            None => panic!("the mirror has {other}, of which nothing is said here"),
        },
    }
}

const ALPINE_PACKAGES: &str = "SELECT count(*) FROM (SELECT DISTINCT r.document, f.package FROM feed_record r
     JOIN advisory a ON a.source = r.feed AND a.key = r.key JOIN affected f ON f.advisory_id = a.id WHERE r.feed = 'alpine') x";

/// A platform that syncs the mirror, and what it was told to expect.
struct Proving<'m> {
    platform: Platform,
    mirror: &'m Path,
    synced: Vec<Document>,
    since: Vec<(String, Since)>,
    wrong: Vec<String>,
}

impl Proving<'_> {
    /// Syncs a document of the folder; gives its run's records.
    async fn sync(&mut self, folder: &Path, document: &Document) -> i64 {
        let outcome = self.platform.sync(folder, document).await;
        let run = self.platform.last_run_of(document).await;
        if outcome != Outcome::Changed {
            self.wrong.push(format!("{document}: {outcome:?}, {:?}", run.get::<Option<String>, _>("error")));
        }
        if let Some((_, since)) = self.since.iter().find(|(name, _)| *name == document.to_string()) {
            let [added, changed, withdrawn] = ["added", "changed", "withdrawn"].map(|name| run.get::<i64, _>(name));
            // The README compares files: what its source withdrew has changed there.
            let taken_back = withdrawn - since.withdrawn;
            let is_right = added == since.added
                && match since.changed {
                    Some(expected) => taken_back >= 0 && expected == changed + taken_back,
                    None => taken_back == 0,
                };
            if !is_right {
                self.wrong.push(format!("{document}: {added} new, {changed} changed, {withdrawn} gone, not {since:?}"));
            }
        }
        run.get("records")
    }

    async fn sync_now(&mut self, document: &Document) -> i64 {
        self.synced.push(document.clone());
        self.sync(self.mirror, document).await
    }

    async fn prove(&mut self, row: &Row) {
        let mut found = Vec::new();
        let began = Instant::now();
        match proof(self.mirror, row) {
            Proof::Records(documents) => {
                for document in documents {
                    found.push(self.sync_now(&document).await);
                }
            }
            Proof::Counts(documents, statements) => {
                for document in documents {
                    self.sync_now(&document).await;
                }
                for statement in statements {
                    found.push(self.platform.count(statement).await);
                }
            }
            Proof::Earlier(document, since) => {
                let folder = self.mirror.join(row.paths[0].split('/').take(2).collect::<Vec<_>>().join("/"));
                found.push(self.sync(&folder, &document).await);
                self.since.push((document.to_string(), since));
            }
            Proof::Left(why) => {
                println!("{}: left, {why}", row.paths[0]);
                return;
            }
        }
        println!("{}: {found:?} in {:.1?}", row.paths[0], began.elapsed());
        // A row may tell more than what is records (`15 GHSA-`); never less.
        if row.numbers.get(..found.len()) != Some(&found) {
            self.wrong.push(format!("{}: {found:?}, and the README says {:?}", row.paths[0], row.numbers));
        }
    }
}

#[tokio::test]
async fn every_feed_of_the_mirror_is_synced_whole_and_has_what_its_readme_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let mirror = mirror.canonicalize().unwrap();
    let platform = Platform::new().await;
    let mut proving = Proving { platform, mirror: &mirror, synced: vec![], since: vec![], wrong: vec![] };
    let began = Instant::now();
    let mut rows = rows(&mirror);
    // What is of an earlier date comes first, as it came then.
    rows.sort_by_key(|row| !row.paths[0].starts_with("earlier/") && !row.paths[0].contains("2026-08-09"));
    for row in &rows {
        proving.prove(row).await;
    }
    println!("{} documents of {} rows in {:.1?}", proving.synced.len(), rows.len(), began.elapsed());
    assert!(proving.wrong.is_empty(), "{:#?}", proving.wrong);

    let readme = std::fs::read_to_string(mirror.join("README.md")).unwrap().replace(',', "");
    let ids = proving.platform.count("SELECT count(*) FROM advisory WHERE source = 'osv'").await;
    assert!(readme.contains(&format!("{ids} distinct ids")), "{ids}");
    let is_there = |feed: &str| proving.synced.iter().any(|document| document.feed.name == feed);
    let absent: Vec<&str> = formats::all().iter().map(|feed| feed.name).filter(|feed| !is_there(feed)).collect();
    assert_eq!(
        absent,
        ["chainguard", "oracle", "amazon", "end-of-life", "malware-hashes"],
        "the mirror has none of these"
    );

    let again = Instant::now();
    for document in &proving.synced {
        assert_ne!(proving.platform.sync(&mirror, document).await, Outcome::Changed, "{document}");
    }
    println!("once more, nothing changed: {:.1?}", again.elapsed());
    let mut tx = proving.platform.store.catalog_tx().await.unwrap();
    let aom = PackageKey { ecosystem: Ecosystem::with_release("Debian", "12"), package: "aom".into() };
    let said = advisories::affecting(&mut tx, &[aom]).await.unwrap();
    assert!(said.iter().any(|row| row.vulnerability == "CVE-2021-30473"));
}
