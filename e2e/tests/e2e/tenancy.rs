//! No organization ever learns of another.

use plimsoll_e2e::process::output;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{Small, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_organization_sees_nothing_of_the_first_by_any_door() {
    let small = Small::start(None).await;
    let image = small.push("secret:1", &[("demo_package", "1.0")]).await;
    let theirs = small.platform.tenant("theirs");
    let client = reqwest::Client::new();

    let query = "query($id: ID!) { organization(slug: \"demo\") { name } node(id: $id) { id } viewer { organizations { organization { slug } } } }";
    let seen = small.platform.graphql(&theirs, query, json!({ "id": image["id"] })).await;
    assert_eq!(seen["organization"], Value::Null);
    assert_eq!(seen["node"], Value::Null);
    assert_eq!(seen["viewer"]["organizations"].as_array().unwrap().len(), 1);
    let query = "query($slug: String!, $digest: String!) { organization(slug: $slug) { image(reference: $digest) { id }
        findings { totalCount } packages { totalCount } images { totalCount } repositories { totalCount } } }";
    let seen = small.platform.graphql(&theirs, query, json!({ "slug": "theirs", "digest": image["digest"] })).await;
    let expected = json!({ "image": null, "findings": {"totalCount": 0}, "packages": {"totalCount": 0},
        "images": {"totalCount": 0}, "repositories": {"totalCount": 0} });
    assert_eq!(seen["organization"], expected);

    let layer = text(&image, "/layers/0/digest");
    let registry = small.platform.ingest();
    for (path, code) in [
        ("/v2/demo/secret/manifests/1".to_owned(), "NAME_UNKNOWN"),
        (format!("/v2/demo/secret/blobs/{layer}"), "NAME_UNKNOWN"),
        ("/v2/demo/secret/tags/list".to_owned(), "NAME_UNKNOWN"),
    ] {
        let answer =
            client.get(format!("{registry}{path}")).basic_auth("robot", Some(&theirs.key)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["errors"][0]["code"], code, "{path}");
    }
    // A mount by digest tells nothing either: it begins an upload, as for bytes that nobody has.
    let mount = format!("{registry}/v2/theirs/app/blobs/uploads/?mount={layer}&from=demo/secret");
    let answer = client.post(mount).basic_auth("robot", Some(&theirs.key)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::ACCEPTED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_signs_in_by_password_and_a_wrong_key_or_password_opens_nothing() {
    let small = Small::start(None).await;
    let api = small.platform.api();
    let client = reqwest::Client::builder().cookie_store(true).build().unwrap();
    let sign_in = async |password: &str| {
        let body = json!({ "email": small.demo.email, "password": password });
        client.post(format!("{api}/v1/sign-in")).json(&body).send().await.unwrap()
    };
    let query = json!({ "query": "{ organization(slug: \"demo\") { slug } }" });
    let organization = async || -> Value {
        let answer = client.post(format!("{api}/graphql")).json(&query).send().await.unwrap();
        answer.json::<Value>().await.unwrap()["data"]["organization"].clone()
    };
    assert_eq!(sign_in("a wrong password of demo").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(organization().await, Value::Null);
    assert_eq!(sign_in(&small.demo.password).await.status(), StatusCode::OK);
    assert_eq!(organization().await["slug"], "demo");
    client.post(format!("{api}/v1/sign-out")).json(&json!({})).send().await.unwrap();
    assert_eq!(organization().await, Value::Null);

    let wrong = small.demo.key.replacen("plim_", "plim_A", 1);
    let answer =
        reqwest::Client::new().post(format!("{api}/graphql")).bearer_auth(&wrong).json(&query).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let answer = reqwest::Client::new()
        .get(format!("{}/v2/", small.platform.ingest()))
        .basic_auth("robot", Some(&wrong))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(output(small.platform.admin().args(["dead-letters", "list"])).is_empty());
}
