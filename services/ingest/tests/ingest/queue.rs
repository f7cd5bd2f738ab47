//! What is taken in is sent to the scanners, once.

use std::collections::BTreeMap;
use std::time::Duration;

use plimsoll_broker::contracts::{ScanImageV1, VexChangedV1};
use plimsoll_broker::{Consumer, Outcome};
use plimsoll_oci::media_type::*;
use plimsoll_runtime::{Telemetry, trace};
use plimsoll_store::{images, outbox, vex_decisions};
use plimsoll_volatile::{ScanProgress, ScanState, Volatile};
use serde_json::json;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::content::{Image, descriptor, digest};
use crate::service::Service;

/// The scan jobs that arrive, each with the trace context that its handler has.
fn scans(service: &Service) -> mpsc::UnboundedReceiver<(ScanImageV1, BTreeMap<String, String>)> {
    let (sender, receiver) = mpsc::unbounded_channel();
    let consumer = Consumer::<ScanImageV1>::new(service.vhost.url(), 4);
    let taken = move |message, _| {
        let sender = sender.clone();
        async move {
            let _ = sender.send((message, trace::current()));
            Outcome::Done
        }
    };
    tokio::spawn(consumer.run(CancellationToken::new(), taken));
    receiver
}

async fn next<T>(receiver: &mut mpsc::UnboundedReceiver<T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), receiver.recv()).await.expect("a job in time").unwrap()
}

#[tokio::test]
async fn a_push_reaches_the_scanners_queue_with_its_trace() {
    let telemetry = Telemetry::start("ingest-test").ok();
    let service = Service::start().await;
    let client = service.client().await;
    let mut scans = scans(&service);
    let image = Image::new("a");
    image.push_blobs(&client, "acme/web").await;
    let trace_id = "0af7651916cd43dd8448eb211c80319c";
    let response = client
        .request("PUT", "/v2/acme/web/manifests/1")
        .header("Content-Type", OCI_MANIFEST)
        .header("traceparent", format!("00-{trace_id}-b7ad6b7169203331-01"))
        .body(image.manifest())
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 201);
    let (job, context) = next(&mut scans).await;
    assert_eq!((job.org, job.digest.to_string()), (service.org, digest(&image.manifest())));
    if telemetry.is_some() {
        let traceparent = context.get("traceparent").map(String::as_str).unwrap_or_default();
        assert!(traceparent.contains(trace_id), "{traceparent}");
    }
    let mut tx = service.database.store("plimsoll_ingest").await.catalog_tx().await.unwrap();
    assert_eq!(outbox::backlog(&mut tx).await.unwrap().0, 0);
}

#[tokio::test]
async fn man_9_11_only_what_is_a_new_image_is_scanned() {
    let service = Service::start().await;
    let client = service.client().await;
    let mut scans = scans(&service);
    let image = Image::new("a");
    let first = image.push(&client, "acme/web", "1").await;
    assert_eq!(next(&mut scans).await.0.digest.to_string(), first);
    image.push(&client, "acme/web", "1").await;
    image.push(&client, "acme/web", "2").await;
    image.push(&client, "acme/elsewhere", "1").await;
    client.blob("acme/web", b"{}").await;
    let artifact = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "text/spdx", "config": descriptor(OCI_EMPTY, b"{}"),
        "layers": [descriptor("text/spdx", b"{}")],
    });
    let response = client.put_manifest("acme/web", "sbom", OCI_MANIFEST, artifact.to_string().as_bytes()).await;
    assert_eq!(response.status(), 201);
    assert_eq!(client.get("/v2/acme/web/manifests/sbom").await.status(), 200, "kept");
    let list = crate::content::index(&[(&image.manifest(), "amd64")]);
    assert_eq!(client.put_manifest("acme/web", "all", OCI_INDEX, &list).await.status(), 201);
    let other = service.client_of(service.organization("other").await, &["push"]).await;
    image.push(&other, "other/web", "1").await;
    let (job, _) = next(&mut scans).await;
    assert_ne!(job.org, service.org, "nothing of acme's was sent again; another organization's is");
    let last = Image::new("b").push(&client, "acme/web", "1").await;
    let (job, _) = next(&mut scans).await;
    assert_eq!(job.digest.to_string(), last);

    let mut tx = service.database.store("plimsoll_worker").await.org_tx(service.org).await.unwrap();
    images::scan_failed(&mut tx, job.image, "test", "it failed", true).await.unwrap();
    tx.commit().await.unwrap();
    Image::new("b").push(&client, "acme/web", "1").await;
    assert_eq!(next(&mut scans).await.0.image, job.image, "what failed is tried again");
}

#[tokio::test]
async fn who_watches_an_image_is_told_that_its_scan_is_queued() {
    let mut prefix = String::new();
    let service = Service::with(|config| prefix.clone_from(&config.engines.redis_prefix)).await;
    let client = service.client().await;
    let pushed = Image::new("a").push(&client, "acme/web", "1").await;
    let volatile = Volatile::connect(&plimsoll_testkit::redis_url(), &prefix).await.unwrap();
    let news = volatile.subscribe::<ScanProgress>(service.org, &pushed).await.unwrap();
    let mut news = std::pin::pin!(news);
    let progress = tokio::time::timeout(Duration::from_secs(10), futures::StreamExt::next(&mut news)).await.unwrap();
    assert_eq!(progress.unwrap().state, ScanState::Queued);
}

#[tokio::test]
async fn an_image_that_gets_another_name_is_decided_again_where_there_are_vex_statements() {
    let service = Service::start().await;
    let client = service.client().await;
    let (sender, mut renamed) = mpsc::unbounded_channel();
    let consumer = Consumer::<VexChangedV1>::new(service.vhost.url(), 1);
    let taken = move |message: VexChangedV1, _| {
        let sender = sender.clone();
        async move {
            let _ = sender.send(message.images);
            Outcome::Done
        }
    };
    tokio::spawn(consumer.run(CancellationToken::new(), taken));
    let (first, second) = (Image::new("a"), Image::new("b"));
    let digests = [first.push(&client, "acme/web", "1").await, second.push(&client, "acme/web", "2").await];
    // Nobody says anything yet.
    first.push(&client, "acme/web", "3").await;
    service
        .database
        .execute(&format!(
            "UPDATE image SET layers_analysed = 1;
             INSERT INTO vex_document (org_id, id, name, format, author, source, content_hash, statement_count)
             VALUES ('{org}', '{org}', 'one', 'openvex', '', '', '', 1);
             INSERT INTO vex_statement (org_id, document_id, position, vulnerabilities, claims, status, impact, action, content_hash)
             VALUES ('{org}', '{org}', 0, '{{}}', '[]', 'fixed', '', '', '')",
            org = service.org
        ))
        .await;
    let mut tx = service.database.store("plimsoll_ingest").await.org_tx(service.org).await.unwrap();
    let mut ids = Vec::new();
    for digest in &digests {
        let named = vex_decisions::images_named(&mut tx, &[digest.parse().unwrap()]).await.unwrap();
        assert_eq!(named.len(), 1);
        ids.extend(named);
    }
    drop(tx);
    // What it has already changes nothing; a tag that moves, another repository and a removal do.
    first.push(&client, "acme/web", "1").await;
    second.push(&client, "acme/web", "1").await;
    let mut both = next(&mut renamed).await;
    both.sort_unstable_by_key(|image| image.0);
    let mut expected = ids.clone();
    expected.sort_unstable_by_key(|image| image.0);
    assert_eq!(both, expected, "the one that has the tag, and the one that had it");
    first.push(&client, "acme/elsewhere", "1").await;
    assert_eq!(next(&mut renamed).await, [ids[0]]);
    assert_eq!(client.send("DELETE", "/v2/acme/web/manifests/3", "").await.status(), 202);
    assert_eq!(next(&mut renamed).await, [ids[0]]);
}
