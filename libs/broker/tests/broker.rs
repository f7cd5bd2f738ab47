//! Against a real RabbitMQ: what enters the outbox is handled at least once, whatever breaks, and what cannot be is kept.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test's own helpers fail the test"
)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use plimsoll_broker::contracts::ScanImageV1;
use plimsoll_broker::topology::{ATTEMPTS, Topic};
use plimsoll_broker::{Consumer, Message as _, Outcome, dead_letters, relay};
use plimsoll_model::{Digest, ImageId, OrgId};
use plimsoll_store::{Store, orgs, outbox};
use plimsoll_testkit::{Database, Vhost, eventually};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(60);

struct Bench {
    database: Database,
    vhost: Vhost,
    store: Store,
    org: OrgId,
    stop: CancellationToken,
}

impl Bench {
    /// A platform's plumbing with a running relay.
    async fn new() -> Self {
        let database = Database::create().await;
        let owner = database.store("plimsoll_owner").await;
        let mut tx = owner.catalog_tx().await.unwrap();
        let new = orgs::Org { id: OrgId(Uuid::now_v7()), slug: "ours".into(), name: "Ours".into() };
        let org = orgs::create(&mut tx, &new).await.unwrap();
        tx.commit().await.unwrap();
        let bench = Self {
            store: database.store("plimsoll_ingest").await,
            vhost: Vhost::create().await,
            database,
            org,
            stop: CancellationToken::new(),
        };
        tokio::spawn(relay::run(bench.store.clone(), bench.vhost.url(), bench.stop.clone()));
        bench
    }

    fn job(&self) -> ScanImageV1 {
        ScanImageV1 { org: self.org, image: ImageId(Uuid::now_v7()), digest: Digest::from_sha256([7; 32]) }
    }

    async fn send(&self, job: &ScanImageV1) {
        let mut tx = self.store.org_tx(self.org).await.unwrap();
        outbox::write(&mut tx, Topic::ScanImage.name(), job, &BTreeMap::new()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn waiting(&self) -> i64 {
        let mut tx = self.store.catalog_tx().await.unwrap();
        outbox::backlog(&mut tx).await.unwrap().0
    }

    /// Handles messages with `outcome` of the attempt's number; gives what came.
    fn consume(
        &self,
        outcome: impl Fn(u32) -> Outcome + Send + Sync + 'static,
    ) -> mpsc::UnboundedReceiver<(ScanImageV1, u32)> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let consumer = Consumer::<ScanImageV1>::new(self.vhost.url(), 4);
        tokio::spawn(consumer.run(self.stop.clone(), move |job, attempt| {
            let outcome = outcome(attempt.number);
            let _ = sender.send((job, attempt.number));
            async move { outcome }
        }));
        receiver
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn next(receiver: &mut mpsc::UnboundedReceiver<(ScanImageV1, u32)>) -> (ScanImageV1, u32) {
    tokio::time::timeout(SOON, receiver.recv()).await.expect("a message comes").expect("the consumer runs")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_enters_the_outbox_is_handled_and_leaves_it() {
    let bench = Bench::new().await;
    let mut came = bench.consume(|_| Outcome::Done);
    let job = bench.job();
    bench.send(&job).await;
    assert_eq!(next(&mut came).await, (job, 1));
    eventually("the outbox is empty", SOON, async || (bench.waiting().await == 0).then_some(())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_fails_is_tried_again_and_then_kept_for_the_operator_who_has_it_handled_again() {
    let bench = Bench::new().await;
    let is_broken = Arc::new(AtomicU32::new(1));
    let broken = Arc::clone(&is_broken);
    let mut came =
        bench.consume(move |_| if broken.load(Ordering::SeqCst) == 1 { Outcome::Retry } else { Outcome::Done });
    let (sender, mut told) = mpsc::unbounded_channel();
    let failed = Consumer::<ScanImageV1>::of_failed(bench.vhost.url()).expect("scans have such a queue");
    tokio::spawn(failed.run(bench.stop.clone(), move |job, _| {
        let _ = sender.send(job);
        async { Outcome::Done }
    }));
    let job = bench.job();
    bench.send(&job).await;
    for attempt in 1..=ATTEMPTS {
        assert_eq!(next(&mut came).await, (job.clone(), attempt));
    }
    let told = tokio::time::timeout(SOON, told.recv()).await.expect("the service is told");
    assert_eq!(told, Some(job.clone()));
    let letters = eventually("the message is a dead letter", SOON, async || {
        let letters = dead_letters::list(&bench.vhost.url(), Topic::ScanImage, 10).await.unwrap();
        (!letters.is_empty()).then_some(letters)
    })
    .await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].reason, "rejected");
    assert_eq!(letters[0].message, serde_json::to_value(&job).unwrap());

    is_broken.store(0, Ordering::SeqCst);
    let retried = eventually("the letters that were listed are back", SOON, async || {
        let retried = dead_letters::retry(&bench.vhost.url(), Topic::ScanImage, 10).await.unwrap();
        (retried > 0).then_some(retried)
    })
    .await;
    assert_eq!(retried, 1);
    assert_eq!(next(&mut came).await.0, job);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_of_a_message_again_and_again_does_not_get_it_for_ever() {
    let bench = Bench::new().await;
    let job = bench.job();
    bench.send(&job).await;
    // A worker that takes the message, never answers, and is gone.
    let mut deliveries = 0;
    loop {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let consumer = Consumer::<ScanImageV1>::new(bench.vhost.url(), 1);
        let worker = tokio::spawn(consumer.run(stop, move |job, _| {
            let _ = sender.send(job);
            std::future::pending()
        }));
        let taken = tokio::time::timeout(Duration::from_secs(5), receiver.recv()).await;
        // Its connection goes with it.
        worker.abort();
        if taken.is_err() {
            break;
        }
        deliveries += 1;
        assert!(deliveries <= ATTEMPTS + 1, "it is delivered for ever");
    }
    assert!(deliveries >= ATTEMPTS, "it was given up after {deliveries} deliveries");
    let letters = dead_letters::list(&bench.vhost.url(), Topic::ScanImage, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].reason, "delivery_limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_message_goes_to_the_dead_letters_at_once() {
    let bench = Bench::new().await;
    let mut came = bench.consume(|_| Outcome::Done);
    let mut tx = bench.store.org_tx(bench.org).await.unwrap();
    outbox::write(&mut tx, ScanImageV1::TOPIC.name(), &serde_json::json!({"not": "a job"}), &BTreeMap::new())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    eventually("it is a dead letter", SOON, async || {
        let letters = dead_letters::list(&bench.vhost.url(), Topic::ScanImage, 10).await.unwrap();
        letters.first().map(|letter| assert_eq!(letter.message["not"], "a job"))
    })
    .await;
    assert!(came.try_recv().is_err(), "no handler saw it");
}

#[tokio::test(flavor = "multi_thread")]
async fn relay_and_consumer_go_on_when_the_broker_drops_every_connection() {
    let bench = Bench::new().await;
    let mut came = bench.consume(|_| Outcome::Done);
    let first = bench.job();
    bench.send(&first).await;
    assert_eq!(next(&mut came).await.0, first);
    bench.vhost.close_connections("plimsoll").await;
    let second = bench.job();
    bench.send(&second).await;
    // At least once: the first may come again.
    eventually("the second message comes", SOON, async || came.try_recv().ok().filter(|(job, _)| *job == second)).await;
    let _ = &bench.database;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_whose_queue_refuses_it_stays_a_dead_letter() {
    const SENT: usize = 8;
    let bench = Bench::new().await;
    let mut came = bench.consume(|_| Outcome::GiveUp);
    for _ in 0..SENT {
        bench.send(&bench.job()).await;
        next(&mut came).await;
    }
    let url = bench.vhost.url();
    let letters = async || dead_letters::list(&url, Topic::ScanImage, SENT).await.unwrap().len();
    eventually("all are dead letters", SOON, async || (letters().await == SENT).then_some(())).await;
    bench.stop.cancel();
    bench.vhost.refuse_messages(Topic::ScanImage.name()).await;
    // A full quorum queue takes some more before it refuses.
    let mut taken = 0;
    let refused = loop {
        match dead_letters::retry(&url, Topic::ScanImage, 1).await {
            Ok(0) => break None,
            Ok(retried) => taken += retried,
            Err(error) => break Some(error),
        }
    };
    assert!(refused.is_some(), "all {taken} were taken");
    eventually("what was refused is still there", SOON, async || (letters().await == SENT - taken).then_some(())).await;
}
