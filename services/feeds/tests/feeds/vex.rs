//! What VEX documents hide, and what is told of it.

use chrono::{DateTime, Utc};
use plimsoll_broker::contracts::{FindingEvent, VexChangedV1};
use plimsoll_broker::{Attempt, Outcome as Handled};
use plimsoll_model::{Digest, Ecosystem, ImageId, InstalledPackage, Inventory, OrgId, Package, PackageType};
use plimsoll_store::feeds::Outcome;
use plimsoll_store::vex_documents::{self, Changed, NewVexDocument, VexDocument};
use plimsoll_store::views::findings::{self as shown, Finding, FindingFilter, FindingOrder};
use plimsoll_store::views::{places, vex};
use plimsoll_store::{Store, findings, vex_decisions};
use plimsoll_vex::Limits;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::platform::{Platform, advisory, key, osv, rematch, rematch_keys, write_osv};

struct World {
    platform: Platform,
    api: Store,
    mirror: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let platform = Platform::new().await;
        let api = platform.database.store("plimsoll_api").await;
        Self { platform, api, mirror: tempfile::tempdir().unwrap() }
    }

    /// A world where two organizations have an image with `demo` 1.0, which CVE-2024-1 affects.
    async fn with_a_finding_each() -> (Self, OrgId, ImageId, OrgId) {
        let world = Self::new().await;
        let demo = || Package::new(PackageType::Pypi, "demo", "1.0");
        let (ours, image) = world.platform.image_with("ours", demo()).await;
        let (theirs, _) = world.platform.image_with("theirs", demo()).await;
        world.platform.tag(ours, Digest::from_sha256([1; 32]), &["1"], &["all"]).await;
        world.feed(&[advisory("PYSEC-2024-1", &["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"], "demo", "1.1")]).await;
        world.platform.told().await;
        (world, ours, image, theirs)
    }

    async fn feed(&self, advisories: &[Value]) {
        // Never the last one: a feed that takes all back is not believed.
        let kept = (0..10).map(|n| advisory(&format!("PYSEC-2000-{n}"), &[], "kept", "1"));
        write_osv(self.mirror.path(), &advisories.iter().cloned().chain(kept).collect::<Vec<_>>());
        assert_eq!(self.platform.sync(self.mirror.path(), &osv("PyPI/all.zip")).await, Outcome::Changed);
        rematch(&self.platform).await;
    }

    /// Saves a document and handles its message, twice: that is once.
    async fn save(&self, org: OrgId, name: &str, statements: Value) -> Changed {
        self.save_for(org, name, None, statements).await
    }

    /// The same, attached to an image.
    async fn save_for(&self, org: OrgId, name: &str, image: Option<Digest>, statements: Value) -> Changed {
        let source = json!({ "@context": "https://openvex.dev/ns/v0.2.0", "@id": name, "author": "Acme", "version": 1,
                             "timestamp": "2024-01-01T00:00:00Z", "statements": statements });
        let source = source.to_string();
        let document = plimsoll_vex::read(source.as_bytes(), &Limits::default()).unwrap();
        let mut tx = self.api.org_tx(org).await.unwrap();
        let new = NewVexDocument { name, document: &document, source: &source, image };
        let changed = vex_documents::save(&mut tx, Uuid::now_v7(), &new).await.unwrap();
        tx.commit().await.unwrap();
        self.follow(org, &changed).await;
        changed
    }

    async fn delete(&self, org: OrgId, document: &VexDocument) {
        let mut tx = self.api.org_tx(org).await.unwrap();
        let changed = vex_documents::delete(&mut tx, document.id).await.unwrap().unwrap();
        assert_eq!(vex_documents::by_id(&mut tx, document.id).await.unwrap(), None);
        tx.commit().await.unwrap();
        self.follow(org, &changed).await;
    }

    async fn follow(&self, org: OrgId, changed: &Changed) {
        for number in [1, 2] {
            let message = VexChangedV1 { org, vulnerabilities: changed.vulnerabilities.clone(), images: Vec::new() };
            let outcome = plimsoll_feeds::follow_vex(self.platform.store.clone(), message, Attempt { number }).await;
            assert_eq!(outcome, Handled::Done);
        }
    }

    async fn rescan(&self, org: OrgId, image: ImageId) {
        let worker = self.platform.database.store("plimsoll_worker").await;
        let mut tx = worker.org_tx(org).await.unwrap();
        findings::refresh_image(&mut tx, image).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn findings(&self, org: OrgId, filter: FindingFilter) -> Vec<Finding> {
        let mut tx = self.api.org_tx(org).await.unwrap();
        let found = shown::page(&mut tx, &filter, FindingOrder::OpenedAt, None, 100).await.unwrap();
        assert_eq!(shown::count(&mut tx, &filter).await.unwrap(), i64::try_from(found.len()).unwrap());
        found
    }

    async fn open(&self, org: OrgId, is_hidden: bool) -> Vec<Finding> {
        self.findings(org, FindingFilter { is_hidden: Some(is_hidden), ..FindingFilter::default() }).await
    }

    /// The images in which something is hidden.
    async fn hidden_in(&self, org: OrgId) -> Vec<ImageId> {
        let mut images: Vec<ImageId> = self.open(org, true).await.into_iter().map(|finding| finding.image).collect();
        images.sort();
        images
    }

    /// How many are shown and how many are hidden.
    async fn counts(&self, org: OrgId) -> (usize, usize) {
        (self.open(org, false).await.len(), self.open(org, true).await.len())
    }

    async fn exposed(&self, org: OrgId, at: DateTime<Utc>) -> usize {
        self.findings(org, FindingFilter { as_of: Some(at), ..FindingFilter::default() }).await.len()
    }

    /// What was told since: of each change what it is, and why.
    async fn told(&self) -> Vec<(FindingEvent, Option<String>)> {
        let told = self.platform.told().await;
        told.into_iter().flat_map(|event| event.changes).map(|change| (change.event, change.close_reason)).collect()
    }
}

fn said(status: &str, product: &str, parts: &[&str]) -> Value {
    let parts: Vec<Value> = parts.iter().map(|part| json!({ "@id": part })).collect();
    let mut statement = json!({ "vulnerability": { "name": "CVE-2024-1" }, "status": status,
                                "products": [{ "@id": product, "subcomponents": parts }] });
    match status {
        "not_affected" => statement["justification"] = json!("vulnerable_code_not_in_execute_path"),
        "affected" => statement["action_statement"] = json!("Wait."),
        _ => {}
    }
    statement
}

fn at(mut statement: Value, time: &str) -> Value {
    statement["timestamp"] = json!(time);
    statement
}

const HIDDEN: (FindingEvent, Option<&str>) = (FindingEvent::Closed, Some("vex"));
const SHOWN: (FindingEvent, Option<&str>) = (FindingEvent::Opened, None);

fn assert_told(told: &[(FindingEvent, Option<String>)], expected: &[(FindingEvent, Option<&str>)]) {
    let told: Vec<_> = told.iter().map(|(event, why)| (*event, why.as_deref())).collect();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_finding_is_hidden_while_the_latest_word_says_so_and_what_was_exposed_when_stays_known() {
    let (world, ours, image, theirs) = World::with_a_finding_each().await;
    let first = world.save(ours, "one", json!([said("not_affected", "pkg:pypi/demo", &[])])).await;
    assert_eq!(world.counts(ours).await, (0, 1));
    assert_told(&world.told().await, &[HIDDEN]);
    let hidden = world.open(ours, true).await.remove(0);
    let closed = world.findings(ours, FindingFilter { is_open: Some(false), ..FindingFilter::default() }).await;
    assert_eq!(closed[0].close_reason.as_deref(), Some("vex"));
    assert_eq!(closed[0].closed_at, Some(hidden.opened_at));
    let exposed = (closed[0].opened_at, hidden.opened_at);
    assert_eq!((world.exposed(ours, exposed.0).await, world.exposed(ours, exposed.1).await), (1, 0));
    let mut tx = world.api.org_tx(ours).await.unwrap();
    let statement = vex::statements(&mut tx, &[hidden.hidden_by.unwrap()]).await.unwrap().remove(0);
    assert_eq!((statement.document_name.as_str(), statement.author.as_str()), ("one", "Acme"));
    assert_eq!(statement.justification.as_deref(), Some("vulnerable_code_not_in_execute_path"));
    assert_eq!(vex::hidden_by_documents(&mut tx, &[first.document.id]).await.unwrap(), [(first.document.id, 1)]);
    assert_eq!(vex::hidden_in_images(&mut tx, &[image.0]).await.unwrap(), [(image, 1)]);
    assert_eq!(places::count_of_vulnerability(&mut tx, hidden.vulnerability, &[]).await.unwrap(), 0);
    drop(tx);

    // Whatever is done again changes nothing.
    let again = world.save(ours, "one", json!([said("not_affected", "pkg:pypi/demo", &[])])).await;
    assert_eq!((&again.document, again.vulnerabilities.len()), (&first.document, 0));
    rematch_keys(&world.platform, &[key("demo")]).await;
    world.rescan(ours, image).await;
    assert_eq!(world.open(ours, true).await[0].id, hidden.id);
    assert_told(&world.told().await, &[]);

    let newer = at(said("affected", "pkg:pypi/demo", &[]), "2024-02-01T00:00:00Z");
    let second = world.save(ours, "two", json!([newer])).await;
    assert_eq!(world.counts(ours).await, (1, 0));
    assert_told(&world.told().await, &[SHOWN]);
    world.delete(ours, &second.document).await;
    assert_eq!(world.counts(ours).await, (0, 1));
    world.delete(ours, &first.document).await;
    assert_eq!(world.counts(ours).await, (1, 0));
    assert_told(&world.told().await, &[HIDDEN, SHOWN]);
    assert_eq!((world.exposed(ours, exposed.0).await, world.exposed(ours, exposed.1).await), (1, 0));
    let mut tx = world.api.org_tx(ours).await.unwrap();
    let statement = vex::statements(&mut tx, &[hidden.hidden_by.unwrap()]).await.unwrap();
    assert_eq!(statement[0].document_name, "one", "who hid it then is still known");
    assert_eq!(world.platform.count("SELECT count(*) FROM vex_statement").await, 1, "what hid nothing is gone");
    assert_eq!(world.counts(theirs).await, (1, 0), "nobody else is touched");
}

#[tokio::test]
async fn what_is_decided_already_opens_hidden_and_untold_and_closes_so_when_its_advisory_is_withdrawn() {
    let (world, ours, image, theirs) = World::with_a_finding_each().await;
    world.save(ours, "one", json!([said("fixed", "pkg:oci/shop", &[])])).await;
    let mut other = said("not_affected", "pkg:pypi/demo", &[]);
    other["vulnerability"] = json!({ "name": "CVE-2024-2" });
    world.save(ours, "two", json!([other])).await;
    world.told().await;
    let mut known = advisory("PYSEC-2024-1", &["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"], "demo", "1.1");
    let new = advisory("PYSEC-2024-2", &["CVE-2024-2"], "demo", "1.2");
    world.feed(&[known.clone(), new.clone()]).await;
    assert_eq!((world.counts(ours).await, world.counts(theirs).await), ((0, 2), (2, 0)));
    known["withdrawn"] = json!("2024-02-01T00:00:00Z");
    world.feed(&[known, new]).await;
    assert_eq!((world.counts(ours).await, world.counts(theirs).await), ((0, 1), (1, 0)));
    let withdrawn = FindingFilter { is_open: Some(false), is_hidden: Some(true), ..FindingFilter::default() };
    assert_eq!(world.findings(ours, withdrawn).await[0].close_reason.as_deref(), Some("advisory_withdrawn"));
    // A scan that ends after the document came.
    world.platform.database.execute("DELETE FROM vex_decision; DELETE FROM finding").await;
    world.rescan(ours, image).await;
    assert_eq!(world.counts(ours).await, (0, 1));
}

#[tokio::test]
async fn a_statement_hides_what_it_names_and_nothing_else() {
    let (world, ours, _, _) = World::with_a_finding_each().await;
    let named = |byte| format!("pkg:oci/x@{}", Digest::from_sha256([byte; 32]));
    let (digest, index, other) = (named(1), named(2), named(3));
    let demo = "pkg:pypi/demo@1.0";
    let cases: [(&str, &[&str], bool); 13] = [
        ("pkg:pypi/demo", &[], true),
        ("pkg:pypi/Demo@1.0", &[], true),
        ("pkg:pypi/demo@1.1", &[], false),
        (&digest, &[], true),
        (&index, &[], true),
        (&other, &[], false),
        ("pkg:oci/shop", &[demo], true),
        ("pkg:oci/shop", &["pkg:pypi/other"], false),
        ("pkg:oci/shop?repository_url=registry.example.org/ours/web/shop", &[], true),
        ("pkg:oci/shop?repository_url=registry.example.org/theirs/web/shop", &[], false),
        ("pkg:oci/shop?tag=1", &[], true),
        ("pkg:oci/shop?tag=2", &[], false),
        ("https://example.com/shop", &[demo], false),
    ];
    for (product, parts, is_hidden) in cases {
        let saved = world.save(ours, "one", json!([said("not_affected", product, parts)])).await;
        assert_eq!(world.counts(ours).await.1 == 1, is_hidden, "{product} {parts:?}");
        world.delete(ours, &saved.document).await;
        assert_eq!(world.counts(ours).await, (1, 0), "{product} {parts:?}");
    }
    for (id, is_hidden) in [("PYSEC-2024-1", true), ("ghsa-AAAA-bbbb-cccc", true), ("CVE-2024-11", false)] {
        let mut statement = said("not_affected", demo, &[]);
        statement["vulnerability"] = json!({ "name": id });
        let saved = world.save(ours, "one", json!([statement])).await;
        assert_eq!(world.counts(ours).await.1 == 1, is_hidden, "{id}");
        world.delete(ours, &saved.document).await;
    }
}

#[tokio::test]
async fn a_statement_hides_a_finding_by_an_id_that_another_feeds_advisory_gives_it() {
    let (world, ours, _, theirs) = World::with_a_finding_each().await;
    let mut statement = said("not_affected", "pkg:pypi/demo", &[]);
    statement["vulnerability"] = json!({ "name": "GHSA-xxxx-yyyy-zzzz" });
    world.save(ours, "one", json!([statement])).await;
    assert_eq!(world.counts(ours).await, (1, 0));
    // Of no package at all, or of another ecosystem's.
    let known = advisory("PYSEC-2024-1", &["CVE-2024-1", "GHSA-aaaa-bbbb-cccc"], "demo", "1.1");
    let mut alone = advisory("GHSA-xxxx-yyyy-zzzz", &["CVE-2024-1"], "demo", "1.1");
    alone["affected"] = json!([]);
    world.feed(&[known, alone]).await;
    assert_eq!((world.counts(ours).await, world.counts(theirs).await), ((0, 1), (1, 0)));
}

#[tokio::test]
async fn what_a_statement_names_by_its_tag_is_hidden_while_it_has_that() {
    let (world, ours, image, theirs) = World::with_a_finding_each().await;
    world.save(ours, "one", json!([said("not_affected", "pkg:oci/shop?tag=2", &[])])).await;
    assert_eq!(world.counts(ours).await, (1, 0));
    world.platform.tag(ours, Digest::from_sha256([1; 32]), &[], &["2"]).await;
    let ingest = world.platform.database.store("plimsoll_ingest").await;
    let mut tx = ingest.org_tx(ours).await.unwrap();
    let images = vex_decisions::images_named(&mut tx, &[Digest::from_sha256([2; 32])]).await.unwrap();
    assert_eq!(images, [image], "by the index that the tag names");
    tx.commit().await.unwrap();
    let mut tx = ingest.org_tx(theirs).await.unwrap();
    let nothing = vex_decisions::images_named(&mut tx, &[Digest::from_sha256([1; 32])]).await.unwrap();
    assert_eq!(nothing, [], "who has no statements has nothing to decide");
    let message = VexChangedV1 { org: ours, vulnerabilities: Vec::new(), images };
    let outcome = plimsoll_feeds::follow_vex(world.platform.store.clone(), message, Attempt { number: 1 }).await;
    assert_eq!((outcome, world.counts(ours).await), (Handled::Done, (0, 1)));
}

/// A world where an organization has a second image with `demo` 1.0: the images' digests begin with 1 and 5.
async fn with_two_images() -> (World, OrgId, [ImageId; 2], [Digest; 2], OrgId) {
    let (world, ours, first, theirs) = World::with_a_finding_each().await;
    let digests = [1, 5].map(|byte| Digest::from_sha256([byte; 32]));
    let installed = |name: &str, path: &str| InstalledPackage {
        package: Package::new(PackageType::Pypi, name, "1.0"),
        ecosystem: Some(Ecosystem::new("PyPI")),
        purl: Some(format!("pkg:pypi/{name}@1.0")),
        layer: 0,
        path: path.into(),
    };
    let packages = vec![installed("demo", "a/demo"), installed("beside", "b/beside")];
    let second = world.platform.hold(ours, digests[1], Inventory { packages, ..Inventory::default() }).await;
    assert_eq!((world.counts(ours).await, world.counts(theirs).await), ((2, 0), (1, 0)));
    world.platform.told().await;
    (world, ours, [first, second], digests, theirs)
}

#[tokio::test]
async fn a_document_that_is_attached_to_an_image_hides_there_alone_until_it_is_detached_or_deleted() {
    let (world, ours, [first, second], [one, other], theirs) = with_two_images().await;
    let statements = json!([said("not_affected", "pkg:pypi/demo", &[])]);
    let attach = async |image| world.save_for(ours, "one", image, statements.clone()).await;
    let attached = attach(Some(one)).await;
    assert_eq!(attached.document.image_digest, Some(one.to_string()));
    assert_eq!((world.hidden_in(ours).await, world.counts(ours).await), (vec![first], (1, 1)));
    assert_eq!(attach(Some(one)).await.vulnerabilities, Vec::<String>::new(), "the same again is nothing new");
    for image in [first, second] {
        world.rescan(ours, image).await;
    }
    rematch_keys(&world.platform, &[key("demo")]).await;
    assert_eq!((world.hidden_in(ours).await, world.counts(ours).await), (vec![first], (1, 1)));
    assert_told(&world.told().await, &[HIDDEN]);

    attach(Some(other)).await;
    assert_eq!((world.hidden_in(ours).await, world.counts(ours).await), (vec![second], (1, 1)));
    let detached = attach(None).await;
    assert_eq!((detached.document.image_digest, world.counts(ours).await), (None, (0, 2)));
    attach(Some(one)).await;
    assert_eq!(world.hidden_in(ours).await, [first]);
    let mut tx = world.api.org_tx(ours).await.unwrap();
    assert_eq!(vex::hidden_by_documents(&mut tx, &[attached.document.id]).await.unwrap(), [(attached.document.id, 1)]);
    drop(tx);
    world.delete(ours, &attached.document).await;
    assert_eq!(world.counts(ours).await, (2, 0));
    assert_eq!(world.counts(theirs).await, (1, 0), "who has the same image as the first is not touched");
}

#[tokio::test]
async fn what_an_attached_document_calls_by_another_name_is_its_image_if_that_is_all_it_names() {
    let (world, ours, [first, second], [one, other], _) = with_two_images().await;
    let index = Digest::from_sha256([2; 32]);
    let unknown = Digest::from_sha256([3; 32]);
    let demo = "pkg:pypi/demo@1.0";
    let product = |product: &str, parts: &[&str]| said("fixed", product, parts);
    let nothing = json!({ "vulnerability": { "name": "CVE-2024-1" }, "status": "fixed" });
    let of_other = format!("pkg:oci/x@{other}");
    let cases = [
        (one, json!([nothing]), vec![first]),
        (index, json!([nothing]), vec![first]),
        (unknown, json!([nothing]), vec![]),
        (other, json!([product("Unknown Product", &[demo])]), vec![second]),
        (other, json!([product("pkg:oci/cart?repository_url=quay.io/b/cart", &[])]), vec![second]),
        (one, json!([product(&of_other, &[])]), vec![]),
        (one, json!([product("pkg:pypi/demo@2.0", &[])]), vec![]),
        (other, json!([product("pkg:pypi/shop", &[demo])]), vec![second]),
        (other, json!([product("pkg:pypi/beside", &[demo])]), vec![]),
        (one, json!([product("pkg:pypi/beside", &[demo])]), vec![first]),
    ];
    for (image, statements, hidden) in cases {
        let saved = world.save_for(ours, "one", Some(image), statements.clone()).await;
        assert_eq!(world.hidden_in(ours).await, hidden, "{image}: {statements}");
        world.delete(ours, &saved.document).await;
    }
    // What it says the same of CVE-2024-1 means less once it speaks of another product elsewhere.
    let mut elsewhere = said("fixed", "pkg:oci/y", &[]);
    elsewhere["vulnerability"] = json!({ "name": "CVE-2024-9" });
    let same = product("pkg:oci/x", &[]);
    world.save_for(ours, "one", Some(one), json!([same])).await;
    assert_eq!(world.hidden_in(ours).await, [first]);
    world.save_for(ours, "one", Some(one), json!([same, elsewhere])).await;
    assert_eq!(world.hidden_in(ours).await, []);
}

#[tokio::test]
async fn an_image_to_attach_to_is_one_that_the_organization_has_or_an_index_of_such() {
    let (world, ours, _, [one, other], theirs) = with_two_images().await;
    let has = async |org, digest| {
        let mut tx = world.api.org_tx(org).await.unwrap();
        vex_documents::has_image(&mut tx, &digest).await.unwrap()
    };
    let [index, unknown] = [2, 3].map(|byte| Digest::from_sha256([byte; 32]));
    for (digest, ours_has, theirs_has) in
        [(one, true, true), (other, true, false), (index, true, false), (unknown, false, false)]
    {
        assert_eq!((has(ours, digest).await, has(theirs, digest).await), (ours_has, theirs_has), "{digest}");
    }
    // Its manifests gone from the registry, what was attached stays.
    world.save_for(ours, "one", Some(other), json!([said("fixed", "pkg:pypi/demo", &[])])).await;
    world.platform.database.execute("DELETE FROM image_tag; DELETE FROM manifest_child; DELETE FROM manifest").await;
    rematch_keys(&world.platform, &[key("demo")]).await;
    assert_eq!(world.counts(ours).await, (1, 1));
}

#[tokio::test]
async fn a_part_of_a_program_is_hidden_where_each_program_that_has_it_is_named() {
    let world = World::new().await;
    let installed = |name: &str, path: &str| InstalledPackage {
        package: Package::new(PackageType::Pypi, name, "1.0"),
        ecosystem: Some(Ecosystem::new("PyPI")),
        purl: Some(format!("pkg:pypi/{name}@1.0")),
        layer: 0,
        path: path.into(),
    };
    let packages = vec![
        installed("demo", "a.pex!/demo"),
        installed("first", "a.pex!/first"),
        installed("demo", "b.pex"),
        installed("second", "b.pex"),
    ];
    let (ours, _) = world.platform.image_of("ours", Inventory { packages, ..Inventory::default() }).await;
    world.feed(&[advisory("PYSEC-2024-1", &["CVE-2024-1"], "demo", "1.1")]).await;
    let part = |product| said("not_affected", product, &["pkg:pypi/demo"]);
    world.save(ours, "one", json!([part("pkg:pypi/first")])).await;
    assert_eq!(world.counts(ours).await, (1, 0), "it lies in the second one as well");
    world.save(ours, "one", json!([part("pkg:pypi/second"), part("pkg:pypi/first@1.0")])).await;
    assert_eq!(world.counts(ours).await, (0, 1));
    world.save(ours, "one", json!([part("pkg:pypi/second"), part("pkg:pypi/first@2.0")])).await;
    assert_eq!(world.counts(ours).await, (1, 0));
}

#[tokio::test]
async fn what_a_newer_document_says_the_same_stays_and_only_what_differs_is_decided_again() {
    let (world, ours, _, _) = World::with_a_finding_each().await;
    let mut other = said("not_affected", "pkg:pypi/other", &[]);
    other["vulnerability"] = json!({ "name": "CVE-2024-7" });
    let same = said("not_affected", "pkg:pypi/demo", &[]);
    world.save(ours, "one", json!([same, same, other])).await;
    let before = world.open(ours, true).await.remove(0);
    let changed = world.save(ours, "one", json!([same, same, said("fixed", "pkg:pypi/else", &[])])).await;
    assert_eq!(changed.vulnerabilities, ["CVE-2024-1", "CVE-2024-7"]);
    assert_eq!(changed.document.statement_count, 2, "what is said twice is said once");
    let after = world.open(ours, true).await.remove(0);
    assert_eq!((after.id, after.hidden_by), (before.id, before.hidden_by));
    // Another that hides it too takes its place, in the same finding.
    let newer = at(said("fixed", "pkg:pypi/demo", &[]), "2024-02-01T00:00:00Z");
    world.told().await;
    world.save(ours, "two", json!([newer])).await;
    let taken_over = world.open(ours, true).await.remove(0);
    assert_eq!(taken_over.id, before.id);
    assert_ne!(taken_over.hidden_by, before.hidden_by);
    assert_told(&world.told().await, &[]);
}
