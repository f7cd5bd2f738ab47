//! What is told of findings that open and close, whoever dies meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_broker::contracts::{AdvisoriesChangedV1, FindingEvent, FindingsChangedV1};
use plimsoll_broker::{Consumer, Event as _, Listener, Listeners, Message as _, News, relay};
use plimsoll_model::{Digest, Ecosystem, InstalledPackage, Inventory, OrgId, Package, PackageType, Severity};
use plimsoll_store::feeds::Outcome;
use plimsoll_store::manifests::NewManifest;
use plimsoll_store::{finding_events, manifests, outbox, repositories, tags};
use plimsoll_testkit::{Vhost, eventually};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::platform::{Platform, advisory, key, osv, rematch, write_osv};

const SOON: Duration = Duration::from_secs(60);

impl Platform {
    /// The events that wait, as they stand in the outbox; whatever waits is then taken away.
    pub async fn told(&self) -> Vec<FindingsChangedV1> {
        let mut tx = self.store.catalog_tx().await.unwrap();
        let waiting = outbox::take(&mut tx, 1_000).await.unwrap();
        outbox::remove(&mut tx, &waiting.iter().map(|message| message.id).collect::<Vec<_>>()).await.unwrap();
        tx.commit().await.unwrap();
        let told = waiting.iter().filter(|message| message.topic == FindingsChangedV1::TOPIC.name());
        told.map(|message| {
            let event: FindingsChangedV1 = serde_json::from_value(message.payload.clone()).unwrap();
            assert_eq!(message.org, Some(event.org));
            let mut again = serde_json::to_value(&event).unwrap();
            // The same moment in another spelling.
            again["at"] = message.payload["at"].clone();
            assert_eq!(again, message.payload, "all of the contract and nothing else");
            event
        })
        .collect()
    }

    /// Pushes the manifest of [`Platform::image_of`] and an index with it, each under tags.
    pub async fn tag(&self, org: OrgId, image: Digest, tagged: &[&str], tagged_index: &[&str]) {
        let index = Digest::from_sha256([2; 32]);
        let ingest = self.database.store("plimsoll_ingest").await;
        let mut tx = ingest.org_tx(org).await.unwrap();
        let repository = repositories::ensure(&mut tx, "web/shop", Uuid::now_v7()).await.unwrap();
        for (digest, children, names) in [(image, vec![], tagged), (index, vec![image], tagged_index)] {
            let manifest = NewManifest {
                digest,
                media_type: "application/vnd.oci.image.manifest.v1+json",
                content: b"{}",
                artifact_type: None,
                subject: None,
                annotations: &BTreeMap::new(),
                children: &children,
            };
            manifests::put(&mut tx, repository, &manifest).await.unwrap();
            for name in names {
                tags::set(&mut tx, repository, name, &digest).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn each_change_is_an_event_that_says_which_image_which_package_and_why() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let (org, image) = platform.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    let digest = Digest::from_sha256([1; 32]);
    platform.tag(org, digest, &["2", "1"], &["all"]).await;
    assert_eq!(platform.told().await, []);

    let known = advisory("PYSEC-2024-1", &["CVE-2024-1"], "demo", "1.1");
    let other = advisory("PYSEC-2024-2", &[], "other", "2");
    write_osv(mirror.path(), &[known.clone(), other.clone()]);
    assert_eq!(platform.sync(mirror.path(), &osv("PyPI/all.zip")).await, Outcome::Changed);
    rematch(&platform).await;
    let opened = platform.told().await;
    assert_eq!((opened.len(), opened[0].org, opened[0].changes.len()), (1, org, 1));
    let change = &opened[0].changes[0];
    assert_eq!((change.event, change.close_reason.as_deref()), (FindingEvent::Opened, None));
    assert_eq!((change.image.id, change.image.digest), (image, digest));
    assert_eq!(change.image.tags, ["web/shop:1", "web/shop:2", "web/shop:all"]);
    assert_eq!((change.vulnerability.as_str(), change.severity), ("CVE-2024-1", Severity::Critical));
    assert_eq!((change.package.name.as_str(), change.package.version.as_str()), ("demo", "1.0"));
    assert_eq!(change.package.purl.as_deref(), Some("pkg:pypi/demo@1.0"));
    assert_eq!(change.fixed_in.as_deref(), Some("1.1"));

    let mut withdrawn = known;
    withdrawn["withdrawn"] = "2024-02-01T00:00:00Z".into();
    write_osv(mirror.path(), &[withdrawn, other]);
    assert_eq!(platform.sync(mirror.path(), &osv("PyPI/all.zip")).await, Outcome::Changed);
    rematch(&platform).await;
    let closed = platform.told().await;
    assert_eq!((closed.len(), closed[0].changes.len()), (1, 1));
    assert!(closed[0].at > opened[0].at);
    let last = &closed[0].changes[0];
    assert_eq!((last.event, last.finding), (FindingEvent::Closed, change.finding));
    assert_eq!((last.close_reason.as_deref(), last.fixed_in.as_deref()), (Some("advisory_withdrawn"), None));
    assert_eq!(last.image, change.image);
}

#[tokio::test]
async fn many_changes_are_told_in_rows_of_a_bounded_size_each_once() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    let installed = |n: i64| InstalledPackage {
        package: Package::new(PackageType::Pypi, "demo", format!("1.0.{n}")),
        ecosystem: Some(Ecosystem::new("PyPI")),
        purl: None,
        layer: 0,
        path: format!("{n}/METADATA"),
    };
    let most = finding_events::MOST_CHANGES;
    let packages = (0..=2 * most).map(installed).collect();
    platform.image_of("ours", Inventory { packages, ..Inventory::default() }).await;
    write_osv(mirror.path(), &[advisory("PYSEC-2024-1", &[], "demo", "2")]);
    assert_eq!(platform.sync(mirror.path(), &osv("PyPI/all.zip")).await, Outcome::Changed);
    rematch(&platform).await;
    let told = platform.told().await;
    let mut sizes: Vec<usize> = told.iter().map(|event| event.changes.len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, most as usize, most as usize]);
    let mut findings: Vec<i64> =
        told.iter().flat_map(|event| event.changes.iter().map(|change| change.finding)).collect();
    findings.sort_unstable();
    findings.dedup();
    assert_eq!(findings.len() as i64, 2 * most + 1);
}

type Heard = Vec<(i64, FindingEvent, String)>;

/// What is heard until something becomes of the vulnerability `last`.
async fn heard_until(listener: &mut Listener<Heard>, last: &str) -> Heard {
    let mut all = Heard::new();
    while all.iter().all(|(_, _, vulnerability)| vulnerability != last) {
        match tokio::time::timeout(SOON, listener.next()).await.unwrap() {
            News::Event(heard) => all.extend(heard.iter().cloned()),
            News::Missed => panic!("the listener missed something"),
        }
    }
    all
}

/// A worker, and a sign from it for each message that it has handled. One that does not answer never tells the broker.
fn worker(platform: &Platform, vhost: &Vhost, answers: bool) -> (JoinHandle<()>, mpsc::UnboundedReceiver<()>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let store = platform.store.clone();
    let consumer = Consumer::<AdvisoriesChangedV1>::new(vhost.url(), 1);
    let running = consumer.run(CancellationToken::new(), move |message, attempt| {
        let (store, sender) = (store.clone(), sender.clone());
        async move {
            let outcome = plimsoll_feeds::rematch(store, message, attempt).await;
            let _ = sender.send(());
            if answers { outcome } else { std::future::pending().await }
        }
    });
    (tokio::spawn(running), receiver)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_killed_half_way_or_before_it_answers_loses_and_doubles_no_finding_and_no_event() {
    let platform = Platform::new().await;
    let (mirror, vhost) = (tempfile::tempdir().unwrap(), Vhost::create().await);
    let package = || Package::new(PackageType::Pypi, "demo", "1.0");
    let (first, _) = platform.image_with("first", package()).await;
    let (second, _) = platform.image_with("second", package()).await;
    let listeners = Listeners::start(vhost.url(), |event: FindingsChangedV1| -> Heard {
        event.changes.into_iter().map(|change| (change.finding, change.event, change.vulnerability)).collect()
    });
    let mut listening = [listeners.listen(first).await.unwrap(), listeners.listen(second).await.unwrap()];
    tokio::spawn(relay::run(platform.store.clone(), vhost.url(), CancellationToken::new()));
    let sync = async |advisories: &[serde_json::Value]| {
        write_osv(mirror.path(), advisories);
        assert_eq!(platform.sync(mirror.path(), &osv("PyPI/all.zip")).await, Outcome::Changed);
    };
    let known = advisory("PYSEC-2024-1", &["CVE-2024-1"], "demo", "1.1");
    let other = advisory("PYSEC-2024-2", &[], "other", "2");
    sync(&[known.clone(), other.clone()]).await;

    // Killed between two organizations: the second one's findings are held until the worker is gone.
    let mut held = platform.store.org_tx(second).await.unwrap();
    held.lock_findings().await.unwrap();
    let (half_way, _) = worker(&platform, &vhost, true);
    let open = "SELECT count(*) FROM finding WHERE closed_at IS NULL";
    eventually("the first one's finding is open", SOON, async || (platform.count(open).await == 1).then_some(())).await;
    half_way.abort();
    drop(held);
    // Killed after it has committed, before it answers.
    let (unanswering, mut done) = worker(&platform, &vhost, false);
    done.recv().await.unwrap();
    unanswering.abort();
    let (_steady, mut done) = worker(&platform, &vhost, true);
    done.recv().await.unwrap();
    assert_eq!(platform.count(open).await, 2);

    // The withdrawal, with older messages after it.
    let mut withdrawn = known;
    withdrawn["withdrawn"] = "2024-02-01T00:00:00Z".into();
    sync(&[withdrawn.clone(), other.clone()]).await;
    done.recv().await.unwrap();
    for _ in 0..2 {
        let again = AdvisoriesChangedV1 { feed: "osv".into(), keys: vec![key("demo")] };
        let mut tx = platform.store.catalog_tx().await.unwrap();
        outbox::write_global(&mut tx, AdvisoriesChangedV1::TOPIC.name(), &again, &BTreeMap::new()).await.unwrap();
        tx.commit().await.unwrap();
        done.recv().await.unwrap();
    }
    sync(&[withdrawn, other, advisory("PYSEC-2024-9", &[], "demo", "1.1")]).await;
    for listener in &mut listening {
        let heard = heard_until(listener, "PYSEC-2024-9").await;
        let what: Vec<_> = heard.iter().map(|(_, event, name)| (*event, name.as_str())).collect();
        let (opened, closed) = (FindingEvent::Opened, FindingEvent::Closed);
        assert_eq!(what, [(opened, "CVE-2024-1"), (closed, "CVE-2024-1"), (opened, "PYSEC-2024-9")]);
        assert_eq!(heard[0].0, heard[1].0, "the same finding");
    }
    assert_eq!((platform.count("SELECT count(*) FROM finding").await, platform.count(open).await), (4, 2));
}
