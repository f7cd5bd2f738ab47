//! Organizations' own advisories against a real database: whose findings they open, what becomes of them when feeds and advisories change,
//! and that nobody else ever learns of them.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test's own helpers fail the test")]

use plimsoll_advisories::content_hash;
use plimsoll_advisories::own::{self, Ban};
use plimsoll_broker::contracts::{AdvisoriesChangedV1, OwnAdvisoriesChangedV1};
use plimsoll_broker::{Attempt, Outcome};
use plimsoll_model::{
    Advisory, DiffId, Digest, Ecosystem, ImageId, InstalledPackage, Inventory, Layer, OrgId, Package, PackageKey,
    PackageType, Severity,
};
use plimsoll_runtime::clock;
use plimsoll_store::advisories::{self, NewAdvisory};
use plimsoll_store::images::Source;
use plimsoll_store::own_advisories::{self, NewOwnAdvisory, OwnAdvisory};
use plimsoll_store::views::findings::{self as shown, Finding, FindingFilter, FindingOrder};
use plimsoll_store::views::vulnerabilities as vulnerabilities_shown;
use plimsoll_store::views::{places, unjudged};
use plimsoll_store::vulnerabilities::{self, NewIds};
use plimsoll_store::{Store, findings, image_contents, images, matching, orgs, own_matching};
use plimsoll_testkit::Database;

struct World {
    database: Database,
    feeds: Store,
    worker: Store,
    api: Store,
}

impl World {
    async fn new() -> Self {
        let database = Database::create().await;
        let feeds = database.store("plimsoll_feeds").await;
        let worker = database.store("plimsoll_worker").await;
        let api = database.store("plimsoll_api").await;
        Self { database, feeds, worker, api }
    }

    /// An organization that holds the image that all hold, with `demo` 1.0.
    async fn org(&self, slug: &str) -> OrgId {
        let owner = self.database.store("plimsoll_owner").await;
        let mut tx = owner.catalog_tx().await.unwrap();
        let new = orgs::Org { id: OrgId(clock::new_id()), slug: slug.into(), name: slug.into() };
        let org = orgs::create(&mut tx, &new).await.unwrap();
        tx.commit().await.unwrap();
        let image = self.push(org).await;
        self.scan(org, image).await;
        org
    }

    async fn push(&self, org: OrgId) -> ImageId {
        let ingest = self.database.store("plimsoll_ingest").await;
        let digest = Digest::from_sha256([1; 32]);
        let mut tx = ingest.org_tx(org).await.unwrap();
        let held = images::hold(&mut tx, clock::new_id(), &digest, &digest, 1, Source::Push).await.unwrap();
        tx.commit().await.unwrap();
        held.id
    }

    /// What a scanner does.
    async fn scan(&self, org: OrgId, image: ImageId) {
        let mut tx = self.worker.org_tx(org).await.unwrap();
        let target = images::scan_target(&mut tx, image).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        let digest = Digest::from_sha256([1; 32]);
        let installed = |name: &str| InstalledPackage {
            package: Package::new(PackageType::Pypi, name, "1.0"),
            ecosystem: Some(Ecosystem::new("PyPI")),
            purl: None,
            layer: 0,
            path: format!("{name}/METADATA"),
        };
        let inventory = Inventory {
            layers: vec![Layer { index: 0, digest, diff_id: DiffId(digest), size: 1, build_step: None }],
            packages: vec![installed("demo"), installed("other")],
            ..Inventory::default()
        };
        let mut tx = self.worker.catalog_tx().await.unwrap();
        let platform = image_contents::Platform::default();
        let new = image_contents::replace(&mut tx, target.content_id, &platform, &inventory, &[], "1").await.unwrap();
        tx.commit().await.unwrap();
        matching::match_package_versions(&self.worker, &new).await.unwrap();
        let mut tx = self.worker.org_tx(org).await.unwrap();
        own_matching::match_image(&mut tx, image).await.unwrap();
        findings::refresh_image(&mut tx, image).await.unwrap();
        images::scan_done(&mut tx, image, 1, 0).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Saves an advisory, as the API does; what it touches is not yet matched.
    async fn save_only(&self, org: OrgId, document: &str) -> (OwnAdvisory, Vec<PackageKey>) {
        let advisory = own::read(document).unwrap();
        let new = NewOwnAdvisory {
            advisory: &advisory,
            content_hash: content_hash(&advisory),
            source: document,
            origin: own_advisories::Origin::Document,
        };
        let mut tx = self.api.org_tx(org).await.unwrap();
        let changed = own_advisories::save(&mut tx, clock::new_id(), &new).await.unwrap();
        tx.commit().await.unwrap();
        (changed.advisory, changed.touched)
    }

    async fn save(&self, org: OrgId, document: &str) -> OwnAdvisory {
        let (advisory, touched) = self.save_only(org, document).await;
        self.rematch_own(org, &touched).await;
        advisory
    }

    async fn withdraw(&self, org: OrgId, advisory: &OwnAdvisory) {
        let mut tx = self.api.org_tx(org).await.unwrap();
        let changed = own_advisories::withdraw(&mut tx, advisory.id).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        self.rematch_own(org, &changed.touched).await;
    }

    async fn delete(&self, org: OrgId, advisory: &OwnAdvisory) {
        let mut tx = self.api.org_tx(org).await.unwrap();
        let changed = own_advisories::delete(&mut tx, advisory.id).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        self.rematch_own(org, &changed.touched).await;
    }

    /// Handles the message of a change, twice: that is once.
    async fn rematch_own(&self, org: OrgId, keys: &[PackageKey]) {
        for number in [1, 2] {
            let message = OwnAdvisoriesChangedV1 { org, keys: keys.to_vec() };
            let outcome = plimsoll_feeds::rematch_own(self.feeds.clone(), message, Attempt { number }).await;
            assert_eq!(outcome, Outcome::Done);
        }
    }

    /// A feed brings an advisory on `demo` under these ids, the first of which is canonical.
    async fn feed_brings(&self, ids: &[&str], fixed: &str) {
        self.feed_says(ids, "demo", fixed).await;
    }

    async fn feed_says(&self, ids: &[&str], package: &str, fixed: &str) {
        let aliases: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let advisory = Advisory { source: "osv".into(), ..own::read(&document(ids[0], &[], package, fixed)).unwrap() };
        let mut tx = self.feeds.catalog_tx().await.unwrap();
        let new = NewIds { id: None, name: ids[0].into(), aliases, absorbs: vec![] };
        let (rows, _) = vulnerabilities::put_ids(&mut tx, &[new]).await.unwrap();
        let hash = content_hash(&advisory);
        let new = NewAdvisory { advisory, content_hash: hash, vulnerabilities: rows };
        advisories::put(&mut tx, "osv", &[new]).await.unwrap();
        tx.commit().await.unwrap();
        let message = AdvisoriesChangedV1 { feed: "osv".into(), keys: vec![key(package)] };
        let outcome = plimsoll_feeds::rematch(self.feeds.clone(), message, Attempt { number: 1 }).await;
        assert_eq!(outcome, Outcome::Done);
    }

    async fn findings(&self, org: OrgId, filter: &FindingFilter) -> Vec<Finding> {
        let mut tx = self.api.org_tx(org).await.unwrap();
        let found = shown::page(&mut tx, filter, FindingOrder::Package, None, 100).await.unwrap();
        assert_eq!(shown::count(&mut tx, filter).await.unwrap(), i64::try_from(found.len()).unwrap());
        found
    }

    /// The open findings: vulnerability, package, sources.
    async fn open(&self, org: OrgId) -> Vec<(String, String, String)> {
        let found = self.findings(org, &FindingFilter::default()).await;
        let told = |f: Finding| (f.vulnerability_name, f.package_name, f.sources.unwrap_or_default().join("+"));
        found.into_iter().map(told).collect()
    }

    /// Why each closed finding closed.
    async fn closed(&self, org: OrgId) -> Vec<String> {
        let filter = FindingFilter { is_open: Some(false), ..FindingFilter::default() };
        self.findings(org, &filter).await.into_iter().map(|finding| finding.close_reason.unwrap()).collect()
    }

    /// How many places are found under an id.
    async fn places(&self, org: OrgId, id: &str) -> i64 {
        let mut tx = self.api.org_tx(org).await.unwrap();
        let Some(known) = unjudged::named(&mut tx, &[id.to_owned()]).await.unwrap() else { return 0 };
        let places = places::of_vulnerability(&mut tx, known, &[], None, 10).await.unwrap().len();
        let count = places::count_of_vulnerability(&mut tx, known, &[]).await.unwrap();
        assert_eq!(count, i64::try_from(places).unwrap());
        let filter = FindingFilter { vulnerability: Some(id.into()), ..FindingFilter::default() };
        assert_eq!(shown::count(&mut tx, &filter).await.unwrap(), count);
        count
    }
}

fn key(package: &str) -> PackageKey {
    PackageKey { ecosystem: Ecosystem::new("PyPI"), package: package.into() }
}

fn document(id: &str, aliases: &[&str], package: &str, fixed: &str) -> String {
    serde_json::json!({
        "id": id, "aliases": aliases, "modified": "2026-01-01T00:00:00Z", "summary": format!("{id} in {package}"),
        "database_specific": {"severity": "HIGH"},
        "affected": [{"package": {"ecosystem": "PyPI", "name": package},
                      "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]}],
    })
    .to_string()
}

fn finding(vulnerability: &str, package: &str, sources: &str) -> (String, String, String) {
    (vulnerability.into(), package.into(), sources.into())
}

#[tokio::test]
async fn an_own_advisory_opens_findings_of_its_organization_alone_and_its_withdrawal_closes_them() {
    let world = World::new().await;
    let (ours, theirs) = (world.org("ours").await, world.org("theirs").await);
    let advisory = world.save(ours, &document("ACME-1", &["ACME-ALIAS"], "demo", "1.1")).await;
    assert_eq!(world.open(ours).await, [finding("ACME-1", "demo", "own")]);
    let found = &world.findings(ours, &FindingFilter::default()).await[0];
    let told = (found.fixed_in.as_deref(), found.state.as_deref(), found.severity, found.severity_source.as_str());
    assert_eq!(told, (Some("1.1"), Some("affected"), Severity::High.rank(), "own"));
    assert_eq!(found.advisories.as_deref().unwrap(), ["ACME-1"]);
    let mut tx = world.api.org_tx(ours).await.unwrap();
    let vulnerability = vulnerabilities_shown::by_name(&mut tx, "ACME-1").await.unwrap().unwrap();
    assert_eq!((vulnerability.title.as_str(), vulnerability.aliases), ("ACME-1 in demo", vec!["ACME-ALIAS".into()]));
    assert_eq!(own_advisories::open_findings(&mut tx, &[advisory.id]).await.unwrap(), [(advisory.id, 1)]);
    drop(tx);
    assert_eq!((world.places(ours, "ACME-1").await, world.places(ours, "ACME-ALIAS").await), (1, 1));

    assert_eq!(world.open(theirs).await, []);
    assert_eq!((world.places(theirs, "ACME-1").await, world.places(theirs, "ACME-ALIAS").await), (0, 0));
    let mut tx = world.api.org_tx(theirs).await.unwrap();
    assert!(vulnerabilities_shown::by_name(&mut tx, "ACME-1").await.unwrap().is_none());
    assert!(vulnerabilities_shown::by_ids(&mut tx, &[found.vulnerability]).await.unwrap().is_empty());
    assert!(shown::by_ids(&mut tx, &[found.id]).await.unwrap().is_empty());
    assert!(own_advisories::by_id(&mut tx, advisory.id).await.unwrap().is_none());
    assert_eq!(own_advisories::page(&mut tx, None, 10).await.unwrap(), []);
    drop(tx);
    let mut tx = world.feeds.catalog_tx().await.unwrap();
    let ids = ["ACME-1".to_owned(), "ACME-ALIAS".to_owned()];
    assert_eq!(vulnerabilities::known_under(&mut tx, &ids).await.unwrap(), [], "feeds learn nothing of it");
    drop(tx);

    world.withdraw(ours, &advisory).await;
    assert_eq!((world.open(ours).await, world.closed(ours).await), (vec![], vec!["advisory_withdrawn".into()]));
    // What is saved again counts again.
    let again = world.save(ours, &document("ACME-1", &[], "demo", "1.1")).await;
    assert_eq!(again.id, advisory.id);
    assert_eq!(world.open(ours).await, [finding("ACME-1", "demo", "own")]);
    // A package that it no longer speaks of, then all of it.
    world.save(ours, &document("ACME-1", &[], "other", "1.1")).await;
    assert_eq!(world.open(ours).await, [finding("ACME-1", "other", "own")]);
    world.delete(ours, &again).await;
    assert_eq!(world.open(ours).await, []);
    assert_eq!(world.closed(ours).await.len(), 3);
}

#[tokio::test]
async fn an_advisory_on_what_the_world_knows_is_of_the_world_s_vulnerability_and_names_all_sources() {
    let world = World::new().await;
    let (ours, theirs) = (world.org("ours").await, world.org("theirs").await);
    world.feed_brings(&["CVE-2026-1", "GHSA-1"], "0.9").await;
    assert_eq!(world.open(ours).await, [], "the feed says that 1.0 has the fix");
    let first = world.save(ours, &document("ACME-1", &["GHSA-1"], "demo", "1.1")).await;
    assert_eq!(world.open(ours).await, [finding("CVE-2026-1", "demo", "own")]);
    assert_eq!((world.places(ours, "ACME-1").await, world.places(ours, "CVE-2026-1").await), (1, 1));
    assert_eq!(world.open(theirs).await, []);
    world.feed_brings(&["CVE-2026-2"], "1.2").await;
    assert_eq!(world.open(theirs).await, [finding("CVE-2026-2", "demo", "osv")]);
    world.save(ours, &document("ACME-2", &["CVE-2026-2"], "demo", "1.5")).await;
    assert_eq!(
        world.open(ours).await,
        [finding("CVE-2026-1", "demo", "own"), finding("CVE-2026-2", "demo", "osv+own")]
    );
    assert_eq!(world.open(theirs).await, [finding("CVE-2026-2", "demo", "osv")]);
    let found = world.findings(ours, &FindingFilter::default()).await;
    assert_eq!(found[1].fixed_in.as_deref(), Some("1.5"), "the organization's own word comes first");
    // An alias that turns out to be wrong is taken back.
    world.save(ours, &document("ACME-1", &[], "demo", "1.1")).await;
    let open = world.open(ours).await;
    assert_eq!(open, [finding("ACME-1", "demo", "own"), finding("CVE-2026-2", "demo", "osv+own")]);
    world.delete(ours, &first).await;
    assert_eq!(world.open(ours).await, [finding("CVE-2026-2", "demo", "osv+own")]);
}

#[tokio::test]
async fn an_advisory_on_what_the_world_knows_of_another_package_closes_its_findings_as_withdrawn() {
    let world = World::new().await;
    let ours = world.org("ours").await;
    world.feed_says(&["CVE-2026-1"], "absent", "9").await;
    let own = world.save(ours, &document("ACME-1", &["CVE-2026-1"], "demo", "1.1")).await;
    assert_eq!(world.open(ours).await, [finding("CVE-2026-1", "demo", "own")]);
    world.withdraw(ours, &own).await;
    assert_eq!((world.open(ours).await, world.closed(ours).await), (vec![], vec!["advisory_withdrawn".into()]));
}

#[tokio::test]
async fn what_the_world_learns_later_takes_the_organizations_findings_over() {
    let world = World::new().await;
    let (ours, also, theirs) = (world.org("ours").await, world.org("also").await, world.org("theirs").await);
    for org in [ours, also] {
        // Two that share an id are one vulnerability, under the best of their names.
        world.save(org, &document("ACME-1", &["CVE-2026-1"], "demo", "1.1")).await;
        world.save(org, &document("ACME-2", &["ACME-1"], "demo", "1.3")).await;
        assert_eq!(world.open(org).await, [finding("CVE-2026-1", "demo", "own")]);
    }
    world.feed_brings(&["CVE-2026-1"], "1.2").await;
    for org in [ours, also] {
        assert_eq!(world.open(org).await, [finding("CVE-2026-1", "demo", "osv+own")]);
        assert_eq!(world.closed(org).await, ["merged"]);
        assert_eq!((world.places(org, "ACME-2").await, world.places(org, "CVE-2026-1").await), (1, 1));
        let mut tx = world.api.org_tx(org).await.unwrap();
        assert!(vulnerabilities_shown::by_name(&mut tx, "CVE-2026-1").await.unwrap().is_some());
    }
    assert_eq!(world.open(theirs).await, [finding("CVE-2026-1", "demo", "osv")]);
}

#[tokio::test]
async fn an_image_that_comes_after_the_advisory_has_the_finding_too() {
    let world = World::new().await;
    let ours = world.org("ours").await;
    // Saved, and its message not handled yet when a scan ends: nothing is found, and nothing lost.
    let (_, touched) = world.save_only(ours, &document("ACME-1", &[], "demo", "1.1")).await;
    let image = world.push(ours).await;
    world.scan(ours, image).await;
    assert_eq!(world.open(ours).await, []);
    world.rematch_own(ours, &touched).await;
    assert_eq!(world.open(ours).await.len(), 1);
    world.scan(ours, image).await;
    assert_eq!((world.open(ours).await.len(), world.closed(ours).await.len()), (1, 0));

    let owner = world.database.store("plimsoll_owner").await;
    let mut tx = owner.catalog_tx().await.unwrap();
    let new = orgs::Org { id: OrgId(clock::new_id()), slug: "later".into(), name: "later".into() };
    let later = orgs::create(&mut tx, &new).await.unwrap();
    tx.commit().await.unwrap();
    world.save(later, &document("LATER-1", &[], "demo", "1.1")).await;
    let image = world.push(later).await;
    world.scan(later, image).await;
    assert_eq!(world.open(later).await, [finding("LATER-1", "demo", "own")]);
}

#[tokio::test]
async fn a_banned_package_is_a_finding_wherever_it_is_until_the_ban_is_taken_back() {
    let world = World::new().await;
    let (ours, theirs) = (world.org("ours").await, world.org("theirs").await);
    let ecosystem = Ecosystem::new("PyPI");
    let ban = |versions| {
        let reason = "It phones home.";
        Ban { ecosystem: &ecosystem, package: "Demo", versions, reason, severity: Severity::Critical }
            .document(clock::now())
            .unwrap()
    };
    let banned = world.save(ours, &ban(None)).await;
    assert_eq!(world.open(ours).await, [finding("BAN:PyPI/demo", "demo", "own")]);
    let found = &world.findings(ours, &FindingFilter::default()).await[0];
    assert_eq!((found.severity, found.fixed_in.as_deref()), (Severity::Critical.rank(), None));
    assert_eq!(world.open(theirs).await, []);
    let narrower = world.save(ours, &ban(Some("<1.0"))).await;
    assert_eq!((narrower.id, world.open(ours).await), (banned.id, vec![]));
    world.save(ours, &ban(Some(">=1.0, <2.0"))).await;
    assert_eq!(world.open(ours).await.len(), 1);
    world.withdraw(ours, &banned).await;
    assert_eq!(world.open(ours).await, []);
    assert_eq!(world.closed(ours).await.last().map(String::as_str), Some("advisory_withdrawn"));
}
