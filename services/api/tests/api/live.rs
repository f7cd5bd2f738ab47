//! Scan progress over a real WebSocket.

use plimsoll_api::Limits;
use plimsoll_model::{Digest, ImageId};
use plimsoll_runtime::clock;
use plimsoll_volatile::{ScanProgress, ScanState};
use serde_json::{Value, json};

use crate::seed::World;
use crate::served::Served;
use crate::socket::Socket;

const WATCH: &str =
    "subscription ($image: String!) { scanProgress(image: $image) { state layersDone layersTotal message digest } }";

impl Socket {
    async fn watch(&mut self, image: &str) {
        let payload = json!({ "query": WATCH, "variables": { "image": image } });
        self.say(json!({ "type": "subscribe", "id": "1", "payload": payload })).await;
    }

    async fn progress(&mut self) -> Value {
        let message = self.hear().await.unwrap();
        assert_eq!(message["type"], "next", "{message}");
        message["payload"]["data"]["scanProgress"].clone()
    }
}

fn progress(image: ImageId, digest: Digest, state: ScanState, layers_done: u32) -> ScanProgress {
    ScanProgress {
        image,
        digest,
        state,
        layers_total: 2,
        layers_done,
        bytes_total: 300,
        bytes_done: 150,
        message: "reads".into(),
        at: clock::now(),
    }
}

#[tokio::test]
async fn a_scan_is_watched_from_now_to_its_end() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let (image, digest) = world.waiting_image(&ours).await;
    let served = Served::start(&world).await;
    let cookie = served.cookie(&ours.email).await;
    let bearer = format!("Bearer {}", ours.key);
    let origin = format!("http://{}", served.address);
    let mut by_key = Socket::open(&served, &[("authorization", &bearer)]).await.unwrap();
    let mut by_payload = Socket::open(&served, &[]).await.unwrap();
    let mut by_cookie = Socket::open(&served, &[("cookie", &cookie), ("origin", &origin)]).await.unwrap();
    let mut sockets = vec![
        (&mut by_key, json!({})),
        (&mut by_payload, json!({ "Authorization": bearer })),
        (&mut by_cookie, Value::Null),
    ];
    for (socket, payload) in &mut sockets {
        assert_eq!(socket.introduce(payload.clone()).await.unwrap()["type"], "connection_ack");
        socket.watch(&digest.to_string()).await;
        let first = socket.progress().await;
        assert_eq!((&first["state"], &first["digest"]), (&json!("QUEUED"), &json!(digest.to_string())));
    }
    served
        .volatile
        .publish(ours.id, &digest.to_string(), &progress(image, digest, ScanState::Running, 1))
        .await
        .unwrap();
    for (socket, _) in &mut sockets {
        let next = socket.progress().await;
        assert_eq!(
            (&next["state"], &next["layersDone"], &next["message"]),
            (&json!("RUNNING"), &json!(1), &json!("reads"))
        );
    }
    served.volatile.publish(ours.id, &digest.to_string(), &progress(image, digest, ScanState::Done, 2)).await.unwrap();
    for (socket, _) in &mut sockets {
        assert_eq!(socket.progress().await["state"], "DONE");
        assert_eq!(socket.hear().await.unwrap()["type"], "complete");
    }
}

#[tokio::test]
async fn a_scan_whose_news_was_lost_is_seen_to_end_all_the_same() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let (image, digest) = world.waiting_image(&ours).await;
    let served = Served::start(&world).await;
    let mut socket = Socket::open(&served, &[]).await.unwrap();
    socket.introduce(json!({ "Authorization": format!("Bearer {}", ours.key) })).await.unwrap();
    socket.watch(&digest.to_string()).await;
    assert_eq!(socket.progress().await["state"], "QUEUED");
    world.scan_done(ours.id, image).await;
    let last = socket.progress().await;
    assert_eq!((&last["state"], &last["layersTotal"]), (&json!("DONE"), &json!(2)));
    assert_eq!(socket.hear().await.unwrap()["type"], "complete");
    // A scan that has ended is told once.
    socket.watch(&digest.to_string()).await;
    assert_eq!(socket.progress().await["state"], "DONE");
    assert_eq!(socket.hear().await.unwrap()["type"], "complete");
}

#[tokio::test]
async fn nobody_watches_the_images_of_another_or_without_credentials() {
    let world = World::create().await;
    let (ours, theirs) = (world.org("ours").await, world.org("theirs").await);
    let (_, digest) = world.waiting_image(&theirs).await;
    let served = Served::start(&world).await;
    let mut socket = Socket::open(&served, &[]).await.unwrap();
    socket.introduce(json!({ "Authorization": format!("Bearer {}", ours.key) })).await.unwrap();
    let mut answers = Vec::new();
    for image in [digest.to_string(), crate::seed::digest("never").to_string()] {
        socket.watch(&image).await;
        answers.push(socket.hear().await.unwrap());
        assert_eq!(socket.hear().await.unwrap()["type"], "complete");
    }
    assert_eq!(answers[0], answers[1], "as if it did not exist");
    assert_eq!(answers[0]["payload"]["errors"][0]["extensions"]["code"], "NOT_FOUND");

    let cookie = served.cookie(&ours.email).await;
    let evil = [("cookie", cookie.as_str()), ("origin", "https://evil.example")];
    assert_eq!(Socket::open(&served, &evil).await.err(), Some(403));
    assert_eq!(Socket::open(&served, &[("authorization", "Bearer plim_x")]).await.err(), Some(401));
    for payload in [json!({}), json!({ "Authorization": "Bearer plim_x" }), json!({ "Authorization": 7 })] {
        let mut socket = Socket::open(&served, &[]).await.unwrap();
        assert_eq!(socket.introduce(payload).await.err(), Some(4403));
    }
    let mut socket = Socket::open(&served, &[]).await.unwrap();
    socket.watch(&digest.to_string()).await;
    assert_eq!(socket.hear().await.err(), Some(4401), "not introduced");
}

#[tokio::test]
async fn who_is_removed_hears_no_more() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let (_, digest) = world.waiting_image(&ours).await;
    let served = Served::start_with(&world, Limits { graphql_recheck_seconds: 1, ..Limits::default() }).await;
    let cookie = served.cookie(&ours.email).await;
    let mut by_cookie = Socket::open(&served, &[("cookie", &cookie)]).await.unwrap();
    let mut by_key = Socket::open(&served, &[]).await.unwrap();
    by_cookie.introduce(Value::Null).await.unwrap();
    by_key.introduce(json!({ "Authorization": format!("Bearer {}", ours.key) })).await.unwrap();
    for socket in [&mut by_cookie, &mut by_key] {
        socket.watch(&digest.to_string()).await;
        assert_eq!(socket.progress().await["state"], "QUEUED");
    }
    world.execute("DELETE FROM membership; UPDATE api_key SET revoked_at = now()").await;
    for socket in [&mut by_cookie, &mut by_key] {
        assert_eq!(socket.hear().await.err(), Some(4403));
    }
}

#[tokio::test]
async fn a_socket_begins_no_more_operations_than_its_limit() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start_with(&world, Limits { graphql_socket_operations: 3, ..Limits::default() }).await;
    let mut socket = Socket::open(&served, &[]).await.unwrap();
    socket.introduce(json!({ "Authorization": format!("Bearer {}", ours.key) })).await.unwrap();
    for id in 0..3 {
        let payload = json!({ "query": "{ organization(slug: \"ours\") { slug } }" });
        socket.say(json!({ "type": "subscribe", "id": id.to_string(), "payload": payload })).await;
    }
    let mut heard = 0;
    while socket.hear().await.is_ok() {
        heard += 1;
    }
    assert!(heard <= 4, "two answers of two messages each: {heard}");
}
