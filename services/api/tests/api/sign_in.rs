//! Signing in and out, and what is not a sign-in.

use std::time::Duration;

use plimsoll_testkit::eventually;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::seed::{PASSWORD, World};
use crate::served::{Served, cookie_of};

const WHO: &str =
    "{ viewer { account { email } apiKey { name scopes } organizations { organization { slug name } role } } }";

#[tokio::test]
async fn a_person_signs_in_asks_and_signs_out() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let answer = served.sign_in("  Ours@Example.org ", PASSWORD).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let set = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Strict") && set.contains("Path=/"), "{set}");
    assert!(!set.contains("Secure"), "this service's address is not https");
    let cookie = cookie_of(&answer);
    let said: Value = answer.json().await.unwrap();
    let organizations = json!([{ "slug": "ours", "name": "ours Inc", "role": "owner" }]);
    let account = json!({ "id": ours.account, "email": "ours@example.org" });
    assert_eq!(said, json!({ "account": account, "organization": "ours", "organizations": organizations }));

    let who = served.ask_with_cookie(&cookie, WHO, json!({})).await;
    let organizations = json!([{ "organization": { "slug": "ours", "name": "ours Inc" }, "role": "OWNER" }]);
    let viewer = json!({ "account": { "email": "ours@example.org" }, "apiKey": null, "organizations": organizations });
    assert_eq!(who, json!({ "data": { "viewer": viewer } }));

    let out = served.post("/v1/sign-out").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    let after = served.post("/graphql").header("cookie", &cookie).json(&json!({ "query": WHO })).send().await.unwrap();
    assert_eq!(after.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_are_told_the_same() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    world.account("stranger@example.org").await;
    let served = Served::start(&world).await;
    let mut answers = Vec::new();
    for (email, password) in [
        (ours.email.as_str(), "correct horse battery stapl3"),
        ("nobody@example.org", PASSWORD),
        // Has an account and belongs to nothing.
        ("stranger@example.org", PASSWORD),
        (ours.email.as_str(), ""),
    ] {
        let answer = served.sign_in(email, password).await;
        assert!(!answer.headers().contains_key("set-cookie"));
        answers.push((answer.status(), answer.text().await.unwrap()));
    }
    assert_eq!(answers[0].0, StatusCode::UNAUTHORIZED);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
}

#[tokio::test]
async fn tries_on_one_account_are_slowed_then_refused_whether_it_exists_or_not() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    for email in [ours.email.as_str(), "nobody@example.org"] {
        let mut refused = None;
        for _ in 0..15 {
            let answer = served.sign_in(email, "wrong").await;
            if answer.status() == StatusCode::TOO_MANY_REQUESTS {
                refused = Some(answer);
                break;
            }
            assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        }
        let refused = refused.expect("the limit is ten");
        let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=120).contains(&wait), "{wait}");
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], "too_many_tries");
    }
}

#[tokio::test]
async fn bodies_that_are_no_sign_in_are_refused_with_the_reason() {
    let world = World::create().await;
    world.org("ours").await;
    let served = Served::start(&world).await;
    let long = json!({ "email": "ours@example.org", "password": "x".repeat(1 << 20) }).to_string();
    let cases: &[(&str, &str, StatusCode)] = &[
        ("application/json", "", StatusCode::BAD_REQUEST),
        ("application/json", "[]", StatusCode::BAD_REQUEST),
        ("application/json", r#"{"email": "ours@example.org"}"#, StatusCode::BAD_REQUEST),
        ("application/json", r#"{"email": "a", "password": "b", "org_id": "c"}"#, StatusCode::BAD_REQUEST),
        ("application/json", &long, StatusCode::PAYLOAD_TOO_LARGE),
        ("application/x-www-form-urlencoded", "email=a&password=b", StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("text/plain", r#"{"email": "a", "password": "b"}"#, StatusCode::UNSUPPORTED_MEDIA_TYPE),
    ];
    for (media_type, body, status) in cases {
        let request = served.post("/v1/sign-in").header("content-type", *media_type).body((*body).to_owned());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), *status, "{media_type}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    let emoji = served.sign_in("ours@example.org", "🦀🐘🐳🦭🐙🦑🦐🦞🐡🐠🐟🐬").await;
    assert_eq!(emoji.status(), StatusCode::UNAUTHORIZED, "accepted as a password, and not theirs");
}

#[tokio::test]
async fn a_cookie_counts_only_from_this_sites_own_pages_and_never_twice() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let cookie = served.cookie(&ours.email).await;
    let ask = |origin: String| {
        let request = served.post("/graphql").header("cookie", &cookie).header("origin", origin);
        request.json(&json!({ "query": WHO })).send()
    };
    assert_eq!(ask(format!("http://{}", served.address)).await.unwrap().status(), StatusCode::OK);
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", ""] {
        assert_eq!(ask(origin.to_owned()).await.unwrap().status(), StatusCode::FORBIDDEN, "{origin}");
    }
    let form = served.post("/graphql").header("cookie", &cookie).header("content-type", "text/plain");
    let form = form.body(json!({ "query": WHO }).to_string()).send().await.unwrap();
    assert_eq!(form.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    // Signing in again ends the session that was brought: what another knew before is worth nothing after.
    let body = json!({ "email": ours.email, "password": PASSWORD });
    let again = served.post("/v1/sign-in").header("cookie", &cookie).json(&body).send().await.unwrap();
    let new = cookie_of(&again);
    assert_ne!(new, cookie);
    let old = served.post("/graphql").header("cookie", &cookie).json(&json!({ "query": WHO })).send().await.unwrap();
    assert_eq!(old.status(), StatusCode::UNAUTHORIZED);
    let foreign = served.post("/v1/sign-in").header("cookie", &new).header("origin", "https://evil.example");
    assert_eq!(foreign.json(&body).send().await.unwrap().status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_person_of_two_organizations_chooses_one_and_reaches_both() {
    let world = World::create().await;
    let (ours, other, foreign) = (world.org("ours").await, world.org("other").await, world.org("foreign").await);
    world.member(other.id, ours.account, "auditor").await;
    let served = Served::start(&world).await;
    let body = json!({ "email": ours.email, "password": PASSWORD });
    let at = |slug: &str| served.post(&format!("/v1/sign-in?organization={slug}")).json(&body).send();
    for slug in ["ours", "other"] {
        let answer = at(slug).await.unwrap();
        let cookie = cookie_of(&answer);
        assert_eq!(answer.json::<Value>().await.unwrap()["organization"], slug);
        let who = served.ask_with_cookie(&cookie, WHO, json!({})).await;
        let organizations = &who["data"]["viewer"]["organizations"];
        assert_eq!(organizations[0]["organization"]["slug"], slug);
        assert_eq!(organizations.as_array().unwrap().len(), 2);
        let query = "{ ours: organization(slug: \"ours\") { slug } other: organization(slug: \"other\") { slug apiKeys { nodes { id } } } }";
        let both = served.ask_with_cookie(&cookie, query, json!({})).await;
        assert_eq!(both["errors"][0]["extensions"]["code"], "FORBIDDEN", "an auditor manages no keys");
    }
    assert_eq!(at(&foreign.slug).await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_is_removed_is_out_with_the_next_request() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let cookie = served.cookie(&ours.email).await;
    assert!(served.ask_with_cookie(&cookie, WHO, json!({})).await["data"]["viewer"].is_object());
    world.execute("DELETE FROM membership").await;
    let answer = served.post("/graphql").header("cookie", &cookie).json(&json!({ "query": WHO })).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn every_key_that_does_not_work_is_told_the_same() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let (revoked_id, revoked) = world.key(ours.id, &["read"]).await;
    world.execute(&format!("UPDATE api_key SET revoked_at = now() WHERE id = '{revoked_id}'")).await;
    let (expired_id, expired) = world.key(ours.id, &["read"]).await;
    world.execute(&format!("UPDATE api_key SET expires_at = now() WHERE id = '{expired_id}'")).await;
    let unknown = plimsoll_identity::ApiKey::generate(&mut plimsoll_identity::rng());
    let mut answers = Vec::new();
    for header in [
        format!("Bearer {revoked}"),
        format!("Bearer {expired}"),
        format!("Bearer {}", unknown.expose()),
        format!("Bearer {}", ours.key.to_lowercase()),
        format!("Bearer {}", &ours.key[..40]),
        format!("Basic {}", ours.key),
        ours.key.clone(),
        "Bearer ".into(),
    ] {
        let request = served.post("/graphql").header("authorization", &header).json(&json!({ "query": WHO }));
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{header}");
        answers.push(answer.text().await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let in_address = served.post(&format!("/graphql?access_token={}", ours.key)).json(&json!({ "query": WHO }));
    let in_address: Value = in_address.send().await.unwrap().json().await.unwrap();
    assert_eq!(in_address["data"]["viewer"], Value::Null, "a key in the address is nobody's");

    let who = served.data(&ours.key, WHO, json!({})).await;
    assert_eq!(who["viewer"]["apiKey"], json!({ "name": "robot", "scopes": ["READ"] }));
    eventually("its use is recorded", Duration::from_secs(5), async || {
        let owner = served.cookie(&ours.email).await;
        let query = "{ organization(slug: \"ours\") { apiKeys { nodes { lastUsedAt } } } }";
        let keys = served.ask_with_cookie(&owner, query, json!({})).await;
        let keys = keys["data"]["organization"]["apiKeys"]["nodes"].as_array().unwrap().clone();
        keys.iter().any(|key| key["lastUsedAt"].is_string()).then_some(())
    })
    .await;
}
