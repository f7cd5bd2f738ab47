use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

/// A registry that wants a token from itself, `t1`, then `t2` and so on each time it gives one.
async fn token_registry(accepts: impl Fn(&str) -> bool + Send + Sync + 'static) -> Server {
    let given = AtomicUsize::new(0);
    Server::start(move |received: &Received| {
        if received.line.contains("/token") {
            let number = given.fetch_add(1, Ordering::SeqCst) + 1;
            return Reply::new(200, format!(r#"{{"token":"t{number}","expires_in":60}}"#));
        }
        if accepts(received.header("authorization")) {
            return manifest_reply();
        }
        let challenge = format!(r#"Bearer realm="http://{}/token",service="the, registry""#, received.header("host"));
        Reply::new(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}"#)
            .with("WWW-Authenticate", challenge)
    })
    .await
}

#[tokio::test]
async fn a_token_is_fetched_with_the_credentials_and_used_again() {
    let server = token_registry(|authorization| authorization == "Bearer t1").await;
    let client = client(&server, basic("user", "secret"));
    for _ in 0..2 {
        client.get_manifest(&repository("a/b"), &tag("v1")).await.unwrap();
    }
    let received = server.received();
    let lines: Vec<_> = received.iter().map(|received| received.line.as_str()).collect();
    let token = "GET /token?service=the%2C+registry&scope=repository%3Aa%2Fb%3Apull&client_id=plimsoll";
    assert_eq!(lines, ["GET /v2/a/b/manifests/v1", token, "GET /v2/a/b/manifests/v1", "GET /v2/a/b/manifests/v1"]);
    let authorizations: Vec<_> = received.iter().map(|received| received.header("authorization")).collect();
    assert_eq!(authorizations, ["", "Basic dXNlcjpzZWNyZXQ=", "Bearer t1", "Bearer t1"]);
    assert!(received[0].header("accept").contains(DOCKER_MANIFEST_LIST));
}

#[tokio::test]
async fn an_expired_token_is_fetched_anew_and_a_refused_one_is_an_error() {
    let calls = AtomicUsize::new(0);
    // Each token is good for one request.
    let server = token_registry(move |authorization| match authorization {
        "Bearer t1" => calls.fetch_add(1, Ordering::SeqCst) == 0,
        authorization => authorization == "Bearer t2",
    })
    .await;
    let client_1 = client(&server, Credentials::Anonymous);
    for _ in 0..2 {
        client_1.get_manifest(&repository("a/b"), &tag("v1")).await.unwrap();
    }
    let server = token_registry(|_| false).await;
    let error = client(&server, basic("u", "p")).get_manifest(&repository("a/b"), &tag("v1")).await.unwrap_err();
    assert!(
        matches!(&error, RegistryError::Unauthorized { message, .. } if message.contains("who are you")),
        "{error}"
    );
    assert_eq!(server.lines().len(), 3);
}

#[tokio::test]
async fn an_identity_token_is_exchanged_by_post() {
    let server = token_registry(|authorization| authorization == "Bearer t1").await;
    let client = client(&server, Credentials::IdentityToken("re&fresh".to_owned().into()));
    client.get_manifest(&repository("a"), &tag("v1")).await.unwrap();
    let asked = &server.received()[1];
    assert_eq!(asked.line, "POST /token");
    let form = String::from_utf8(asked.body.clone()).unwrap();
    assert!(form.starts_with("grant_type=refresh_token&") && form.ends_with("&refresh_token=re%26fresh"), "{form}");
}

#[tokio::test]
async fn basic_credentials_are_sent_only_when_asked_for() {
    let server = Server::start(|received: &Received| match received.header("authorization") {
        "Basic dTpw" => manifest_reply(),
        _ => Reply::new(401, "").with("WWW-Authenticate", r#"Basic realm="registry""#),
    })
    .await;
    client(&server, basic("u", "p")).ping().await.unwrap();
    let authorizations: Vec<_> = server.received().iter().map(|r| r.header("authorization").to_owned()).collect();
    assert_eq!(authorizations, ["", "Basic dTpw"]);
    let error = client(&server, Credentials::Anonymous).ping().await.unwrap_err();
    assert!(matches!(error, RegistryError::Unauthorized { .. }));
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_origin() {
    let other = Server::start(|_: &Received| manifest_reply()).await;
    let target = format!("http://{}/elsewhere?signature=x", other.host());
    let server = Server::start(move |received: &Received| match received.header("authorization") {
        "" => Reply::new(401, "").with("WWW-Authenticate", "Basic realm=x"),
        _ if received.line.contains("/same") => Reply::new(302, "").with("Location", &target),
        _ => Reply::new(307, "").with("Location", "/same"),
    })
    .await;
    client(&server, basic("u", "p")).get_manifest(&repository("a"), &tag("v1")).await.unwrap();
    assert_eq!(server.received().last().unwrap().header("authorization"), "Basic dTpw", "the same origin gets them");
    assert_eq!(other.received()[0].header("authorization"), "");
}

#[tokio::test]
async fn another_origin_cannot_ask_for_credentials() {
    let other = Server::start(|_: &Received| Reply::new(401, "").with("WWW-Authenticate", "Basic realm=x")).await;
    let target = format!("http://{}/", other.host());
    let server = Server::start(move |_: &Received| Reply::new(302, "").with("Location", &target)).await;
    let error = client(&server, basic("u", "p")).get_manifest(&repository("a"), &tag("v1")).await.unwrap_err();
    assert!(matches!(error, RegistryError::Unauthorized { .. }), "{error}");
    assert_eq!(other.lines().len(), 1);
}

#[tokio::test]
async fn a_realm_is_held_to_the_rules_of_any_url() {
    let realm = |realm: &'static str| async move {
        let challenge = format!(r#"Bearer realm="{realm}""#);
        let server = Server::start(move |_: &Received| Reply::new(401, "").with("WWW-Authenticate", &challenge)).await;
        let rule: UrlRule = std::sync::Arc::new(|url| match url.host_str() {
            Some("169.254.169.254") => Err("it is link-local".into()),
            _ => Ok(()),
        });
        let options = ClientOptions { url_rule: Some(rule), ..options() };
        let client = RegistryClient::new(http(), &server.host(), basic("u", "p"), options).unwrap();
        client.ping().await.unwrap_err().to_string()
    };
    #[rustfmt::skip]
    let table = [
        ("https://169.254.169.254/token", "not allowed: it is link-local"), ("http://169.254.169.254/token", "not allowed: it is link-local"),
        ("file:///etc/passwd", "only http and https"), ("not a url", "realm is not a URL"), ("", "realm is not a URL"),
        ("http://elsewhere.example/token", "not encrypted"),
    ];
    for (text, part) in table {
        let error = realm(text).await;
        assert!(error.contains(part), "{text}: {error}");
    }
}
