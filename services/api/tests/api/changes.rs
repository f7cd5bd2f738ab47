//! Findings that open and close, over a real WebSocket, from the statement that changes them through RabbitMQ.

use plimsoll_testkit::Vhost;
use serde_json::{Value, json};

use crate::seed::{Org, World};
use crate::served::Served;
use crate::socket::Socket;

const WATCH: &str = "subscription ($slug: String!, $filter: FindingChangeFilterInput) {
    findingChanges(organization: $slug, filter: $filter) {
        kind at finding { id openedAt closedAt closeReason severity vulnerability { name } package { name }
                          image { digest tags { reference } } } } }";

/// A socket that watches, once it has begun.
async fn watching(served: &Served, org: &Org, filter: Value) -> Socket {
    let mut socket = introduced(served, &org.key).await;
    ask(&mut socket, &org.slug, filter).await;
    assert!(changes(&mut socket).await.is_empty(), "it has begun");
    socket
}

async fn introduced(served: &Served, key: &str) -> Socket {
    let mut socket = Socket::open(served, &[]).await.unwrap();
    socket.introduce(json!({ "Authorization": format!("Bearer {key}") })).await.unwrap();
    socket
}

async fn ask(socket: &mut Socket, slug: &str, filter: Value) {
    let payload = json!({ "query": WATCH, "variables": { "slug": slug, "filter": filter } });
    socket.say(json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
}

async fn changes(socket: &mut Socket) -> Vec<Value> {
    let message = socket.hear().await.unwrap();
    assert_eq!(message["type"], "next", "{message}");
    message["payload"]["data"]["findingChanges"].as_array().unwrap_or_else(|| panic!("{message}")).clone()
}

/// Kind and vulnerability of each, sorted.
fn told(changes: &[Value]) -> Vec<(&str, &str)> {
    let mut told: Vec<_> = changes
        .iter()
        .map(|change| (change["kind"].as_str().unwrap(), change["finding"]["vulnerability"]["name"].as_str().unwrap()))
        .collect();
    told.sort_unstable();
    told
}

#[tokio::test]
async fn what_opens_and_closes_is_told_to_who_watches_the_organization_and_to_nobody_else() {
    let world = World::create().await;
    let (mut ours, mut theirs) = (world.org("ours").await, world.org("theirs").await);
    let vhost = Vhost::create().await;
    world.relay(&vhost);
    let served = Served::start_with_broker(&world, &vhost).await;
    let mut us = watching(&served, &ours, Value::Null).await;
    let mut them = watching(&served, &theirs, Value::Null).await;

    world.image(&mut ours).await;
    let opened = changes(&mut us).await;
    let all = ["CVE-2024-0001", "CVE-2024-0002", "CVE-2024-0003", "CVE-2024-0004"];
    assert_eq!(told(&opened), all.map(|name| ("OPENED", name)));
    for change in &opened {
        let finding = &change["finding"];
        assert_eq!((&finding["openedAt"], &finding["closedAt"]), (&change["at"], &Value::Null));
        assert_eq!(finding["image"]["digest"], ours.images[0].1.to_string());
        assert_eq!(finding["image"]["tags"], json!([{ "reference": "ours-web/shop:v0" }]));
    }
    world.taken_back(ours.id, all[0]).await;
    let closed = changes(&mut us).await;
    assert_eq!(told(&closed), [("CLOSED", all[0])]);
    let first = opened.iter().find(|change| change["finding"]["vulnerability"]["name"] == all[0]).unwrap();
    assert_eq!(closed[0]["finding"]["id"], first["finding"]["id"]);
    assert_eq!(closed[0]["finding"]["closedAt"], closed[0]["at"]);
    assert_eq!(closed[0]["finding"]["closeReason"], "ADVISORY_CHANGED");

    world.image(&mut theirs).await;
    let opened = changes(&mut them).await;
    assert_eq!(opened[0]["finding"]["image"]["digest"], theirs.images[0].1.to_string(), "the first that they hear");
}

#[tokio::test]
async fn a_filter_lets_through_what_it_says() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    let first = world.image(&mut ours).await;
    // Told after people began to watch, as a slow relay may, the first image's findings would be news to them.
    world.execute("DELETE FROM outbox").await;
    let vhost = Vhost::create().await;
    world.relay(&vhost);
    let served = Served::start_with_broker(&world, &vhost).await;
    let digest = ours.images[0].1.to_string();
    let cases: [(Value, &[(&str, &str)]); 7] = [
        (json!({ "kind": "CLOSED" }), &[("CLOSED", "CVE-2024-0004")]),
        (json!({ "kind": "OPENED", "minSeverity": "CRITICAL" }), &[("OPENED", "CVE-2024-0003")]),
        (json!({ "kind": "OPENED", "severities": ["LOW"] }), &[("OPENED", "CVE-2024-0002")]),
        (json!({ "package": "openssl" }), &[("OPENED", "CVE-2024-0002")]),
        (json!({ "vulnerability": "PYSEC-3", "ecosystem": "PyPI" }), &[("OPENED", "CVE-2024-0003")]),
        (json!({ "knownExploited": true, "repository": "ours-web/shop" }), &[("OPENED", "CVE-2024-0001")]),
        (json!({ "image": digest }), &[("CLOSED", "CVE-2024-0004")]),
    ];
    let mut sockets = Vec::new();
    for (filter, _) in &cases {
        sockets.push(watching(&served, &ours, filter.clone()).await);
    }
    assert_ne!(world.image(&mut ours).await, first);
    world.taken_back(ours.id, "CVE-2024-0004").await;
    for (socket, (filter, expected)) in sockets.iter_mut().zip(&cases) {
        let heard = changes(socket).await;
        // Of the closed there are two, one for each image.
        let mut told = told(&heard);
        told.dedup();
        assert_eq!(told, *expected, "{filter}");
        assert!(filter["image"].is_null() || heard.iter().all(|one| one["finding"]["image"]["digest"] == digest));
    }
}

#[tokio::test]
async fn nobody_watches_another_organization_or_what_they_may_not_read() {
    let world = World::create().await;
    let (ours, theirs) = (world.org("ours").await, world.org("theirs").await);
    let (_, pusher) = world.key(ours.id, &["push"]).await;
    let vhost = Vhost::create().await;
    let served = Served::start_with_broker(&world, &vhost).await;
    let refusals = [
        (&ours.key, &theirs.slug, Value::Null, "NOT_FOUND"),
        (&ours.key, &"never".to_owned(), Value::Null, "NOT_FOUND"),
        (&pusher, &ours.slug, Value::Null, "FORBIDDEN"),
        (&ours.key, &ours.slug, json!({ "image": "shop:never" }), "NOT_FOUND"),
    ];
    let mut texts = Vec::new();
    for (key, slug, filter, code) in refusals {
        let mut socket = introduced(&served, key).await;
        ask(&mut socket, slug, filter).await;
        let answer = socket.hear().await.unwrap();
        assert_eq!(answer["payload"]["errors"][0]["extensions"]["code"], code, "{slug}: {answer}");
        assert_eq!(socket.hear().await.unwrap()["type"], "complete");
        texts.push(answer["payload"]["errors"][0]["message"].clone());
    }
    assert_eq!(texts[0], texts[1], "as if it did not exist");
}

#[tokio::test]
async fn who_may_have_missed_something_is_told_and_watches_again() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    let vhost = Vhost::create().await;
    world.relay(&vhost);
    let served = Served::start_with_broker(&world, &vhost).await;
    let mut socket = watching(&served, &ours, Value::Null).await;
    vhost.close_connections("plimsoll events").await;
    let last = socket.hear().await.unwrap();
    assert_eq!(last["payload"]["errors"][0]["extensions"]["code"], "CHANGES_MISSED", "{last}");
    assert_eq!(socket.hear().await.unwrap()["type"], "complete");
    let mut again = watching(&served, &ours, Value::Null).await;
    world.image(&mut ours).await;
    assert_eq!(changes(&mut again).await.len(), 4);
}

#[tokio::test]
async fn without_a_broker_watching_fails_and_reading_does_not() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let served = Served::start(&world).await;
    let mut socket = introduced(&served, &ours.key).await;
    ask(&mut socket, &ours.slug, Value::Null).await;
    let answer = socket.hear().await.unwrap();
    assert_eq!(answer["payload"]["errors"][0]["extensions"]["code"], "INTERNAL", "{answer}");
    let data = served.data(&ours.key, "{ organization(slug: \"ours\") { findings { totalCount } } }", json!({})).await;
    assert_eq!(data["organization"]["findings"]["totalCount"], 4);
}
