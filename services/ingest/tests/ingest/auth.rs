//! Signing in.

use chrono::TimeDelta;
use plimsoll_identity::{Access, Action, Claims, RegistryTokenKey};
use plimsoll_model::ApiKeyId;
use plimsoll_runtime::clock;
use plimsoll_store::api_keys;
use serde_json::Value;

use crate::content::Image;
use crate::service::{Service, header, refusal, refusal_text};

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[tokio::test]
async fn base_1_without_credentials_the_client_is_told_where_to_get_a_token() {
    let service = Service::start().await;
    let client = service.client().await;
    for path in ["/v2/", "/v2"] {
        let response = client.anonymous("GET", path).send().await.unwrap();
        assert_eq!(header(&response, "docker-distribution-api-version"), "registry/2.0");
        let expected = format!("Bearer realm=\"{}/v2/token\",service=\"plimsoll\"", client.base);
        assert_eq!(header(&response, "www-authenticate"), expected);
        assert_eq!(refusal(response).await, (401, "UNAUTHORIZED".into()));
    }
    let response = client.anonymous("PUT", "/v2/acme/web/manifests/1").send().await.unwrap();
    assert!(header(&response, "www-authenticate").ends_with(",scope=\"repository:acme/web:pull,push\""));
    let response = client.anonymous("GET", "/v2/acme/we%22b/manifests/1").send().await.unwrap();
    assert!(!header(&response, "www-authenticate").contains("scope"));
    assert_eq!(client.http.get(format!("{}/healthz", client.base)).send().await.unwrap().status(), 200);
    assert_eq!(client.http.get(format!("{}/readyz", client.base)).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn base_2_a_key_is_taken_as_basic_password_and_as_bearer_and_its_use_is_recorded() {
    let service = Service::start().await;
    let (client, id) = service.client_until(service.org, &["read"], None).await;
    assert_eq!(client.get("/v2/").await.status(), 200);
    assert_eq!(client.with_token(&client.key, "GET", "/v2/").await.status(), 200);
    let mut tx = service.database.store("plimsoll_ingest").await.org_tx(service.org).await.unwrap();
    assert!(api_keys::by_id(&mut tx, id).await.unwrap().unwrap().last_used_at.is_some());
}

#[tokio::test]
async fn base_3_a_token_does_no_more_than_was_asked_nor_than_the_key_may() {
    let service = Service::start().await;
    let client = service.client().await;
    let reader = service.client_of(service.org, &["read"]).await;
    #[rustfmt::skip]
    let table = [
        (&client, "repository:acme/web:pull,push", "repository:acme/web:pull,push"),
        (&client, "repository:acme/web:pull", "repository:acme/web:pull"),
        (&client, "repository:acme/web:*", "repository:acme/web:pull,push,delete"),
        (&client, "repository:acme/a:pull%20repository:acme/b:push&scope=repository:acme/a:push", "repository:acme/a:pull,push repository:acme/b:push"),
        (&client, "repository:other/web:pull", ""),
        (&client, "registry:catalog:*", ""),
        (&client, "nonsense", ""),
        (&reader, "repository:acme/web:pull,push", "repository:acme/web:pull"),
    ];
    for (client, asked, granted) in table {
        let answer = client.token(asked).await;
        assert_eq!(answer["scope"], granted, "{asked}");
        assert_eq!(answer["expires_in"], 300);
        assert_eq!(answer["token"], answer["access_token"]);
        let token = answer["token"].as_str().unwrap();
        assert_eq!(client.with_token(token, "GET", "/v2/").await.status(), 200, "{asked}");
    }
    let fields =
        [("grant_type", "password"), ("username", "x"), ("scope", "repository:acme/web:pull"), ("service", "plimsoll")];
    let with_key = [fields.as_slice(), &[("password", client.key.as_str())]].concat();
    let response = client.anonymous("POST", "/v2/token").body(form(&with_key)).send().await.unwrap();
    assert_eq!(response.json::<Value>().await.unwrap()["scope"], "repository:acme/web:pull");
    let with_wrong = [fields.as_slice(), &[("password", "plim_x")]].concat();
    let response = client.anonymous("POST", "/v2/token").body(form(&with_wrong)).send().await.unwrap();
    assert_eq!(refusal(response).await, (401, "UNAUTHORIZED".into()));
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", client.key.as_str())];
    let response = client.anonymous("POST", "/v2/token").body(form(&refresh)).send().await.unwrap();
    assert_eq!(response.status(), 400);
    let response = client.anonymous("GET", "/v2/token").send().await.unwrap();
    assert!(header(&response, "www-authenticate").starts_with("Basic "));
    assert_eq!(refusal(response).await, (401, "UNAUTHORIZED".into()));
}

#[tokio::test]
async fn every_key_that_does_not_work_gets_the_same_answer() {
    let service = Service::start().await;
    let (client, id) = service.client_until(service.org, &["read"], None).await;
    let (expired, _) = service.client_until(service.org, &["read"], Some(clock::now() - TimeDelta::minutes(1))).await;
    let token = client.token("repository:acme/web:pull").await["token"].as_str().unwrap().to_owned();
    let mut tx = service.database.store("plimsoll_api").await.org_tx(service.org).await.unwrap();
    api_keys::revoke(&mut tx, id).await.unwrap();
    tx.commit().await.unwrap();
    let stranger = plimsoll_identity::ApiKey::generate(&mut plimsoll_identity::rng()).expose().to_owned();
    let mut texts = Vec::new();
    for key in [client.key.as_str(), &expired.key, &stranger, "plim_x", "hunter2", ""] {
        let response = client.anonymous("GET", "/v2/").basic_auth("x", Some(key)).send().await.unwrap();
        let (status, code, text) = refusal_text(response).await;
        assert_eq!((status, code.as_str()), (401, "UNAUTHORIZED"), "{key}");
        texts.push(text);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    assert_eq!(client.with_token(&token, "GET", "/v2/").await.status(), 401, "a revoked key's token");
}

#[tokio::test]
async fn auth_1_a_token_of_another_repository_or_expired_or_tampered_gets_a_fresh_challenge() {
    let service = Service::start().await;
    let (client, id) = service.client_until(service.org, &["read", "push"], None).await;
    Image::new("a").push(&client, "acme/web", "1").await;
    let path = "/v2/acme/web/manifests/1";
    let good = client.token("repository:acme/web:pull").await["token"].as_str().unwrap().to_owned();
    assert_eq!(client.with_token(&good, "GET", path).await.status(), 200);
    let issue = |key: u8, ends: i64, org, api_key| {
        let access = vec![Access { repository: "acme/web".into(), actions: vec![Action::Pull] }];
        let claims = Claims { org, api_key, access, expires_at: clock::now().timestamp() + ends };
        RegistryTokenKey::new(&[key; 32]).issue(&claims).unwrap()
    };
    let other_org = service.organization("other").await;
    let other = client.token("repository:acme/other:pull").await["token"].as_str().unwrap().to_owned();
    #[rustfmt::skip]
    let table = [
        ("of another repository", other, "insufficient_scope"),
        ("expired", issue(7, -1, service.org, id), "invalid_token"),
        ("signed by somebody else", issue(8, 60, service.org, id), "invalid_token"),
        ("of a key that there is not", issue(7, 60, service.org, ApiKeyId(clock::new_id())), "invalid_token"),
        ("of a key of another organization", issue(7, 60, other_org, id), "invalid_token"),
        ("tampered", good.replace("v1.", "v1.A"), "invalid_token"),
        ("nonsense", "x".into(), "invalid_token"),
    ];
    for (name, token, error) in table {
        let response = client.with_token(&token, "GET", path).await;
        let challenge = header(&response, "www-authenticate");
        assert!(challenge.contains("scope=\"repository:acme/web:pull\""), "{name}: {challenge}");
        assert!(challenge.ends_with(&format!("error=\"{error}\"")), "{name}: {challenge}");
        assert_eq!(refusal(response).await, (401, "UNAUTHORIZED".into()), "{name}");
    }
}

#[tokio::test]
async fn auth_2_a_key_that_may_only_read_does_not_push() {
    let service = Service::start().await;
    let reader = service.client_of(service.org, &["read"]).await;
    for (method, path) in [("POST", "/v2/acme/web/blobs/uploads/"), ("PUT", "/v2/acme/web/manifests/1")] {
        let response = reader.send(method, path, "").await;
        assert_eq!(refusal(response).await, (403, "DENIED".into()), "{path}");
        let token = reader.token("repository:acme/web:pull,push").await["token"].as_str().unwrap().to_owned();
        let response = reader.with_token(&token, method, path).await;
        assert!(header(&response, "www-authenticate").contains("scope=\"repository:acme/web:pull,push\""));
        assert_eq!(refusal(response).await, (401, "UNAUTHORIZED".into()), "{path}");
    }
    assert_eq!(refusal(reader.get("/v2/acme/web/tags/list").await).await, (404, "NAME_UNKNOWN".into()));
}

#[tokio::test]
async fn a_key_that_may_only_push_looks_what_is_there_but_reads_nothing() {
    let service = Service::start().await;
    let pusher = service.client_of(service.org, &["push"]).await;
    let image = Image::new("a");
    let digest = image.push(&pusher, "acme/web", "1").await;
    for path in [
        format!("/v2/acme/web/manifests/{digest}"),
        format!("/v2/acme/web/blobs/{}", crate::content::digest(&image.layer)),
    ] {
        assert_eq!(pusher.send("HEAD", &path, "").await.status(), 200);
        assert_eq!(refusal(pusher.get(&path).await).await, (403, "DENIED".into()));
    }
    assert_eq!(refusal(pusher.get("/v2/_catalog").await).await, (403, "DENIED".into()));
}
