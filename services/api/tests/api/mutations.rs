//! What is changed: keys and scans.

use serde_json::{Value, json};

use crate::seed::World;
use crate::served::Served;

const CREATE: &str = "mutation ($name: String!, $scopes: [Scope!]!, $expires: DateTime, $organization: String) {
    createApiKey(name: $name, scopes: $scopes, expiresAt: $expires, organization: $organization) {
        secret apiKey { id name scopes expiresAt revokedAt } userErrors { code field message } } }";

#[tokio::test]
async fn a_key_is_shown_once_works_and_is_revoked_at_once() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let owner = served.cookie(&ours.email).await;
    let variables =
        json!({ "name": "pipeline", "scopes": ["PUSH", "READ", "READ"], "expires": "2199-01-01T00:00:00Z" });
    let made = served.ask_with_cookie(&owner, CREATE, variables).await;
    let made = &made["data"]["createApiKey"];
    assert_eq!((&made["apiKey"]["name"], &made["apiKey"]["scopes"]), (&json!("pipeline"), &json!(["PUSH", "READ"])));
    let secret = made["secret"].as_str().unwrap();
    let slug = served.data(secret, "{ organization(slug: \"ours\") { images { totalCount } } }", json!({})).await;
    assert_eq!(slug["organization"]["images"]["totalCount"], 0);

    let revoke = "mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { revokedAt } userErrors { code } } }";
    let mut times = Vec::new();
    for _ in 0..2 {
        let answer = served.ask_with_cookie(&owner, revoke, json!({ "id": made["apiKey"]["id"] })).await;
        assert_eq!(answer["data"]["revokeApiKey"]["userErrors"], json!([]));
        times.push(answer["data"]["revokeApiKey"]["apiKey"]["revokedAt"].clone());
    }
    assert!(times[0].is_string() && times[0] == times[1], "twice is once: {times:?}");
    let after =
        served.post("/graphql").bearer_auth(secret).json(&json!({ "query": "{ __typename }" })).send().await.unwrap();
    assert_eq!(after.status(), 401);
}

#[tokio::test]
async fn what_a_person_can_mend_is_told_by_field_and_nothing_is_made() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let owner = served.cookie(&ours.email).await;
    for (variables, errors) in [
        (json!({ "name": " ", "scopes": [] }), json!([["NAME_INVALID", "name"], ["SCOPES_EMPTY", "scopes"]])),
        (json!({ "name": "x".repeat(201), "scopes": ["READ"] }), json!([["NAME_INVALID", "name"]])),
        (json!({ "name": "a\nb", "scopes": ["READ"] }), json!([["NAME_INVALID", "name"]])),
        (
            json!({ "name": "x", "scopes": ["READ"], "expires": "2001-01-01T00:00:00Z" }),
            json!([["EXPIRY_PAST", "expiresAt"]]),
        ),
        (json!({ "name": "x", "scopes": ["READ"], "organization": "theirs" }), json!([["NOT_FOUND", "organization"]])),
    ] {
        let answer = served.ask_with_cookie(&owner, CREATE, variables.clone()).await;
        let payload = &answer["data"]["createApiKey"];
        assert_eq!((&payload["secret"], &payload["apiKey"]), (&Value::Null, &Value::Null), "{variables}");
        let told = payload["userErrors"].as_array().unwrap().iter().map(|error| json!([error["code"], error["field"]]));
        assert_eq!(told.collect::<Value>(), errors, "{variables}");
    }
    let keys =
        served.ask_with_cookie(&owner, "{ organization(slug: \"ours\") { apiKeys { totalCount } } }", json!({})).await;
    assert_eq!(keys["data"]["organization"]["apiKeys"]["totalCount"], 1);
}

#[tokio::test]
async fn keys_are_managed_by_owners_and_admins_and_by_no_key() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let (_, mighty) = world.key(ours.id, &["read", "push"]).await;
    let served = Served::start(&world).await;
    let variables = json!({ "name": "x", "scopes": ["READ"] });
    let answer = served.ask(&mighty, CREATE, variables.clone()).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    for (role, may) in [("admin", true), ("security", false), ("developer", false), ("auditor", false)] {
        let account = world.account(&format!("{role}@example.org")).await;
        world.member(ours.id, account, role).await;
        let cookie = served.cookie(&format!("{role}@example.org")).await;
        let answer = served.ask_with_cookie(&cookie, CREATE, variables.clone()).await;
        assert_eq!(answer.get("errors").is_none(), may, "{role}");
    }
}

#[tokio::test]
async fn a_rescan_is_queued_with_its_message_and_only_by_who_may_push() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let (_, pusher) = world.key(ours.id, &["push", "read"]).await;
    let served = Served::start(&world).await;
    let id = crate::fields::ids(&served, &ours.key).await[2].1.clone();
    let rescan = "mutation ($id: ID!) { rescanImage(id: $id) { image { scan { state } findings { totalCount } } userErrors { code } } }";
    let answer = served.ask(&ours.key, rescan, json!({ "id": id })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "a key that may only read");
    let answer = served.data(&pusher, rescan, json!({ "id": id })).await;
    let image = json!({ "scan": { "state": "QUEUED" }, "findings": { "totalCount": 4 } });
    assert_eq!(answer["rescanImage"], json!({ "image": image, "userErrors": [] }), "the last result stays in force");
    let mut tx = world.database.store("plimsoll_ingest").await.catalog_tx().await.unwrap();
    let mut waiting = plimsoll_store::outbox::take(&mut tx, 10).await.unwrap();
    waiting.retain(|waiting| waiting.topic == "scan.image");
    assert_eq!(waiting.len(), 1);
    let (image, digest) = &ours.images[0];
    assert_eq!(waiting[0].payload, json!({ "org": ours.id, "image": image, "digest": digest.to_string() }));
    let wrong = served.ask(&pusher, rescan, json!({ "id": crate::fields::ids(&served, &ours.key).await[1].1 })).await;
    assert_eq!(wrong["errors"][0]["extensions"]["code"], "BAD_ID");
}
