//! Images that were judged by other rules than are in force, on a real database: which of them wait for a scan again, and how many.
#![expect(clippy::unwrap_used, reason = "a test's own helpers fail the test")]

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_analysis::Limits;
use plimsoll_blobs::Blobs;
use plimsoll_model::{Digest, ImageId, Inventory, OrgId};
use plimsoll_runtime::clock;
use plimsoll_scanner::{MalwareRules, OperatorRules, OutdatedImages};
use plimsoll_store::image_contents::{self, Platform};
use plimsoll_store::images::Source;
use plimsoll_store::manifests::NewManifest;
use plimsoll_store::{Store, images, manifests, orgs, outbox, repositories, tags};
use plimsoll_testkit::Database;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use url::Url;

/// After how long an image is outdated.
const AFTER: TimeDelta = TimeDelta::hours(6);

fn digest(of: &str) -> Digest {
    Digest::from_sha256(Sha256::digest(of).into())
}

struct World {
    database: Database,
    ingest: Store,
    worker: Store,
    blobs: Blobs,
    rules: MalwareRules,
    _folder: TempDir,
}

impl World {
    async fn create() -> Self {
        let database = Database::create().await;
        let (ingest, worker) = (database.store("plimsoll_ingest").await, database.store("plimsoll_worker").await);
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::open(&Url::from_directory_path(folder.path()).unwrap()).unwrap();
        let rules = MalwareRules::load(Limits::default(), &OperatorRules::default()).unwrap();
        Self { database, ingest, worker, blobs, rules, _folder: folder }
    }

    async fn org(&self, slug: &str) -> OrgId {
        let mut tx = self.database.store("plimsoll_owner").await.catalog_tx().await.unwrap();
        let org = orgs::Org { id: OrgId(clock::new_id()), slug: slug.into(), name: slug.into() };
        let id = orgs::create(&mut tx, &org).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// The config's blob of the image of this name.
    async fn config(&self, name: &str) -> Digest {
        let (config, id) = (digest(name), clock::new_id());
        let content = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from(name.to_owned()))]);
        let staged = self.blobs.stage(id, 0, content, 1 << 20).await.unwrap();
        self.blobs.commit(&[staged], &config).await.unwrap();
        config
    }

    /// An image of this name, which a tag names where it is to, scanned by these analysers.
    async fn image(&self, org: OrgId, name: &str, is_tagged: bool, version: &str) -> ImageId {
        let manifest_digest = digest(&format!("manifest of {name}"));
        let mut tx = self.ingest.org_tx(org).await.unwrap();
        let repository = repositories::ensure(&mut tx, "app", clock::new_id()).await.unwrap();
        let manifest = NewManifest {
            digest: manifest_digest,
            media_type: "application/vnd.oci.image.manifest.v1+json",
            content: b"{}",
            artifact_type: None,
            subject: None,
            annotations: &BTreeMap::new(),
            children: &[],
        };
        manifests::put(&mut tx, repository, &manifest).await.unwrap();
        if is_tagged {
            tags::set(&mut tx, repository, name, &manifest_digest).await.unwrap();
        }
        let config = digest(name);
        let held = images::hold(&mut tx, clock::new_id(), &manifest_digest, &config, 1, Source::Push).await.unwrap();
        tx.commit().await.unwrap();
        self.scanned(org, held.id, version).await;
        held.id
    }

    async fn scanned(&self, org: OrgId, image: ImageId, version: &str) {
        let mut tx = self.worker.org_tx(org).await.unwrap();
        let content = images::scan_target(&mut tx, image).await.unwrap().unwrap().content_id;
        tx.commit().await.unwrap();
        let mut tx = self.worker.catalog_tx().await.unwrap();
        let (platform, inventory) = (Platform::default(), Inventory::default());
        image_contents::replace(&mut tx, content, &platform, &inventory, &[], version).await.unwrap();
        if version == "provisional" {
            image_contents::provisional(&mut tx, content).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut tx = self.worker.org_tx(org).await.unwrap();
        images::scan_done(&mut tx, image, 1, 0).await.unwrap();
        tx.commit().await.unwrap();
    }

    fn outdated(&self) -> OutdatedImages {
        OutdatedImages::new(self.worker.clone(), self.blobs.clone(), self.rules.clone(), AFTER)
    }

    /// Of whom a scan was asked for, as messages tell it; they are then taken away.
    async fn asked(&self) -> Vec<OrgId> {
        let mut tx = self.worker.catalog_tx().await.unwrap();
        let waiting = outbox::take(&mut tx, 1_000).await.unwrap();
        outbox::remove(&mut tx, &waiting.iter().map(|message| message.id).collect::<Vec<_>>()).await.unwrap();
        tx.commit().await.unwrap();
        waiting.into_iter().filter(|message| message.topic == "scan.image").filter_map(|message| message.org).collect()
    }

    async fn state(&self, org: OrgId, image: ImageId) -> String {
        let mut tx = self.worker.org_tx(org).await.unwrap();
        plimsoll_store::views::images::by_ids(&mut tx, &[image.0]).await.unwrap().remove(0).scan_state
    }
}

fn in_hours(hours: i64) -> DateTime<Utc> {
    clock::now() + TimeDelta::hours(hours)
}

#[tokio::test]
async fn so_many_wait_as_there_is_room_for_each_organization_in_its_turn_and_none_twice() {
    let world = World::create().await;
    let (many, few) = (world.org("many").await, world.org("few").await);
    for number in 0..20 {
        let name = format!("many-{number}");
        world.config(&name).await;
        world.image(many, &name, true, "older").await;
    }
    for name in ["few-0", "few-1"] {
        world.config(name).await;
        world.image(few, name, true, "older").await;
    }
    let mut outdated = world.outdated();
    assert_eq!(outdated.queue(in_hours(5)).await.unwrap(), 0, "they were scanned not long ago");
    assert_eq!(outdated.queue(in_hours(7)).await.unwrap(), 16);
    let asked = world.asked().await;
    assert_eq!(asked.iter().filter(|org| **org == few).count(), 2, "who has many does not keep others waiting");
    assert_eq!(outdated.queue(in_hours(7)).await.unwrap(), 0, "as many wait as may");
    assert_eq!(world.asked().await, [], "and none is asked for again");
}

#[tokio::test]
async fn what_is_up_to_date_untagged_or_failed_is_left_alone_and_what_was_not_answered_is_asked_again_soon() {
    let world = World::create().await;
    let org = world.org("ours").await;
    let now = world.rules.for_all(&world.worker).await.unwrap().version;
    for name in ["current", "untagged", "failed", "provisional"] {
        world.config(name).await;
    }
    world.image(org, "current", true, &now).await;
    world.image(org, "untagged", false, "older").await;
    let failed = world.image(org, "failed", true, "older").await;
    let mut tx = world.worker.org_tx(org).await.unwrap();
    images::scan_failed(&mut tx, failed, "test", "it failed", true).await.unwrap();
    tx.commit().await.unwrap();
    let provisional = world.image(org, "provisional", true, "provisional").await;
    let mut outdated = world.outdated();
    assert_eq!(outdated.queue(clock::now()).await.unwrap(), 0, "not before its hour");
    assert_eq!(outdated.queue(in_hours(2)).await.unwrap(), 1);
    assert_eq!(world.state(org, provisional).await, "queued");
    world.scanned(org, provisional, &now).await;
    assert_eq!(outdated.queue(in_hours(100)).await.unwrap(), 0, "all is judged by what is in force");
    assert_eq!(world.state(org, failed).await, "failed");
}

#[tokio::test]
async fn an_image_whose_config_is_gone_stays_as_it_is() {
    let world = World::create().await;
    let org = world.org("ours").await;
    let gone = world.image(org, "gone", true, "older").await;
    let mut outdated = world.outdated();
    assert_eq!(outdated.queue(in_hours(7)).await.unwrap(), 0);
    assert_eq!((world.state(org, gone).await, world.asked().await), ("done".to_owned(), vec![]));
    world.config("gone").await;
    world.database.execute("UPDATE image SET reconsidered_at = now() + interval '2 hours'").await;
    assert_eq!(outdated.queue(in_hours(7)).await.unwrap(), 0, "it was looked at not long ago");
    assert_eq!(outdated.queue(in_hours(9)).await.unwrap(), 1, "its config was pushed again");
}
