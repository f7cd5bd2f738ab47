//! Against a real RabbitMQ: events reach who listens for their organization and nobody else, and what is lost is said.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test's own helpers fail the test")]

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::DateTime;
use plimsoll_broker::contracts::FindingsChangedV1;
use plimsoll_broker::{Event as _, Listener, Listeners, News, relay};
use plimsoll_model::OrgId;
use plimsoll_store::{Store, orgs, outbox};
use plimsoll_testkit::{Database, Vhost, eventually};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(60);

struct Bench {
    database: Database,
    vhost: Vhost,
    store: Store,
    ours: OrgId,
    theirs: OrgId,
}

impl Bench {
    async fn new() -> Self {
        let database = Database::create().await;
        let owner = database.store("plimsoll_owner").await;
        let org = async |slug: &str| {
            let mut tx = owner.catalog_tx().await.unwrap();
            let new = orgs::Org { id: OrgId(Uuid::now_v7()), slug: slug.into(), name: slug.into() };
            let org = orgs::create(&mut tx, &new).await.unwrap();
            tx.commit().await.unwrap();
            org
        };
        let (ours, theirs) = (org("ours").await, org("theirs").await);
        Self { store: database.store("plimsoll_feeds").await, vhost: Vhost::create().await, database, ours, theirs }
    }

    /// Publishes until the token is cancelled.
    fn relay(&self) -> CancellationToken {
        let stop = CancellationToken::new();
        tokio::spawn(relay::run(self.store.clone(), self.vhost.url(), stop.clone()));
        stop
    }

    /// Who listens keeps the second of each event.
    fn listeners(&self) -> Listeners<i64> {
        Listeners::start(self.vhost.url(), |event: FindingsChangedV1| event.at.timestamp())
    }

    /// Something happens at each of these seconds.
    async fn happens(&self, org: OrgId, seconds: impl IntoIterator<Item = i64>) {
        let event =
            |second| FindingsChangedV1 { org, at: DateTime::from_timestamp(second, 0).unwrap(), changes: Vec::new() };
        let events: Vec<FindingsChangedV1> = seconds.into_iter().map(event).collect();
        let mut tx = self.store.org_tx(org).await.unwrap();
        outbox::write_all(&mut tx, FindingsChangedV1::TOPIC.name(), &events, &BTreeMap::new()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn is_published(&self) {
        eventually("the outbox is empty", SOON, async || {
            let mut tx = self.store.catalog_tx().await.unwrap();
            (outbox::backlog(&mut tx).await.unwrap().0 == 0).then_some(())
        })
        .await;
    }
}

/// The second of the next event; `None` where something was missed.
async fn next(listener: &mut Listener<i64>) -> Option<i64> {
    match tokio::time::timeout(SOON, listener.next()).await.unwrap() {
        News::Event(second) => Some(*second),
        News::Missed => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_listener_hears_each_event_of_its_organization_and_none_of_another() {
    let bench = Bench::new().await;
    bench.relay();
    // Two processes, one with two listeners.
    let (one, other) = (bench.listeners(), bench.listeners());
    let mut ours = [
        one.listen(bench.ours).await.unwrap(),
        one.listen(bench.ours).await.unwrap(),
        other.listen(bench.ours).await.unwrap(),
    ];
    let mut theirs = one.listen(bench.theirs).await.unwrap();
    bench.happens(bench.theirs, [1]).await;
    bench.is_published().await;
    bench.happens(bench.ours, [2, 3]).await;
    for listener in &mut ours {
        assert_eq!((next(listener).await, next(listener).await), (Some(2), Some(3)));
    }
    bench.is_published().await;
    bench.happens(bench.theirs, [4]).await;
    assert_eq!((next(&mut theirs).await, next(&mut theirs).await), (Some(1), Some(4)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_nobody_listens_for_is_published_and_kept_nowhere() {
    let bench = Bench::new().await;
    bench.relay();
    bench.happens(bench.ours, [1]).await;
    bench.is_published().await;
    let listeners = bench.listeners();
    let first = listeners.listen(bench.ours).await.unwrap();
    drop(first);
    bench.happens(bench.theirs, [2]).await;
    bench.is_published().await;
    let mut ours = listeners.listen(bench.ours).await.unwrap();
    bench.happens(bench.ours, [3]).await;
    assert_eq!(next(&mut ours).await, Some(3), "only what happens from then on");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_a_relay_publishes_twice_is_heard_once() {
    let bench = Bench::new().await;
    let listeners = bench.listeners();
    let mut ours = listeners.listen(bench.ours).await.unwrap();
    // Rows that cannot be removed: a relay that dies after the broker's confirm leaves them so.
    bench.database.execute("REVOKE DELETE ON outbox FROM plimsoll_feeds").await;
    bench.happens(bench.ours, [1, 2]).await;
    let stop = bench.relay();
    assert_eq!((next(&mut ours).await, next(&mut ours).await), (Some(1), Some(2)));
    stop.cancel();
    bench.database.execute("GRANT DELETE ON outbox TO plimsoll_feeds").await;
    bench.relay();
    bench.is_published().await;
    bench.happens(bench.ours, [3]).await;
    assert_eq!(next(&mut ours).await, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_is_told_when_the_connection_broke_and_may_listen_again() {
    let bench = Bench::new().await;
    bench.relay();
    let listeners = bench.listeners();
    let mut ours = listeners.listen(bench.ours).await.unwrap();
    bench.vhost.close_connections("plimsoll events").await;
    assert_eq!(next(&mut ours).await, None);
    assert_eq!(next(&mut ours).await, None, "and nothing after");
    let mut again = listeners.listen(bench.ours).await.unwrap();
    bench.happens(bench.ours, [1]).await;
    assert_eq!(next(&mut again).await, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_who_does_not_listen_is_told_that_it_missed_something_and_others_are_not_held_up() {
    let bench = Bench::new().await;
    bench.relay();
    let listeners = bench.listeners();
    let mut slow = listeners.listen(bench.ours).await.unwrap();
    let mut quick = listeners.listen(bench.ours).await.unwrap();
    let heard = tokio::spawn(async move {
        for second in 0..300 {
            assert_eq!(next(&mut quick).await, Some(second));
        }
    });
    for second in (0..300).step_by(10) {
        bench.happens(bench.ours, second..second + 10).await;
        bench.is_published().await;
    }
    heard.await.unwrap();
    assert_eq!(next(&mut slow).await, None);
}

// One thread, which stands still meanwhile: only the broker can hold what comes.
#[tokio::test(flavor = "current_thread")]
async fn a_process_that_stands_still_is_told_what_its_full_queue_dropped() {
    let bench = Bench::new().await;
    let listeners = bench.listeners();
    let mut ours = listeners.listen(bench.ours).await.unwrap();
    bench.happens(bench.ours, 0..1_200).await;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let store = bench.database.store("plimsoll_feeds").await;
                let stop = CancellationToken::new();
                tokio::spawn(relay::run(store.clone(), bench.vhost.url(), stop.clone()));
                eventually("the outbox is empty", SOON, async || {
                    let mut tx = store.catalog_tx().await.unwrap();
                    (outbox::backlog(&mut tx).await.unwrap().0 == 0).then_some(())
                })
                .await;
                stop.cancel();
            });
        });
    });
    let heard = async {
        let mut heard = Vec::new();
        while let Some(second) = next(&mut ours).await {
            heard.push(second);
        }
        heard
    };
    let heard = tokio::time::timeout(SOON, heard).await.unwrap();
    assert!(heard.len() < 1_200, "all were heard: nothing was dropped");
    assert!(heard.iter().copied().eq(0..heard.len() as i64), "nothing is passed on after a gap: {heard:?}");
}
