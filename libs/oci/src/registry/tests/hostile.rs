use super::*;

async fn error_of(reply: Reply, options: ClientOptions) -> RegistryError {
    let server = Server::start(move |_: &Received| reply.clone()).await;
    let client = RegistryClient::new(http(), &server.host(), Credentials::Anonymous, options).unwrap();
    client.get_manifest(&repository("a"), &tag("v1")).await.unwrap_err()
}

#[tokio::test]
async fn answers_past_their_limit_are_cut_off() {
    let claims = Reply::new(200, "{}").with("Content-Length", 5 << 20).ending(End::Stall);
    let endless = Reply::new(200, vec![b' '; 64 << 10]).ending(End::Repeat);
    for reply in [claims, endless] {
        let error = error_of(reply, options()).await;
        assert!(matches!(error, RegistryError::TooLarge { limit: 4_194_304, .. }), "{error}");
    }
    let headers = Reply::new(200, format!("X-{}: y\r\n", "h".repeat(8000))).ending(End::Repeat);
    let error = error_of(headers, impatient()).await;
    assert!(matches!(error, RegistryError::Transport { .. }), "{error}");
}

#[tokio::test]
async fn a_token_of_10_mib_is_refused() {
    let token = format!(r#"{{"token":"{}"}}"#, "t".repeat(10 << 20));
    let server = Server::start(move |received: &Received| match received.line.contains("/token") {
        true => Reply::new(200, token.clone()),
        false => {
            let challenge = format!("Bearer realm=\"http://{}/token\"", received.header("host"));
            Reply::new(401, "").with("WWW-Authenticate", challenge)
        }
    })
    .await;
    let error = client(&server, Credentials::Anonymous).ping().await.unwrap_err();
    assert!(matches!(error, RegistryError::TooLarge { limit: 65_536, .. }), "{error}");
}

#[tokio::test]
async fn an_answer_that_never_comes_or_never_ends_is_given_up() {
    let stalled_body = Reply::new(200, "{").with("Content-Length", 100).ending(End::Stall);
    let trickle = Reply::new(200, "{").ending(End::Trickle);
    for reply in [stalled_body, trickle] {
        let error = error_of(reply, impatient()).await;
        assert!(matches!(error, RegistryError::Timeout { .. }), "{error}");
    }
    // A connection that is taken and never answered.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = silent.local_addr().unwrap().to_string();
    let client = RegistryClient::new(http(), &host, Credentials::Anonymous, impatient()).unwrap();
    assert!(matches!(client.ping().await, Err(RegistryError::Timeout { .. })));
}

#[tokio::test]
async fn a_blob_that_trickles_is_given_up_though_bytes_keep_coming() {
    let server = Server::start(|_: &Received| Reply::new(200, "x").ending(End::Trickle)).await;
    let client = RegistryClient::new(http(), &server.host(), Credentials::Anonymous, impatient()).unwrap();
    let error = collect(&client, &digest_of(b"x"), Some(1 << 30)).await.unwrap_err();
    assert!(matches!(error, RegistryError::Timeout { .. }), "{error}");
    assert_eq!(server.lines().len(), 9, "after it was resumed in vain");
}

#[tokio::test]
async fn redirects_without_end_or_to_where_it_is_not_allowed_are_refused() {
    let error = error_of(Reply::new(302, "").with("Location", "/again"), options()).await;
    assert!(matches!(error, RegistryError::TooManyRedirects { limit: 5, .. }), "{error}");
    let error = error_of(Reply::new(302, ""), options()).await;
    assert!(error.to_string().contains("no Location"), "{error}");
    let error = error_of(Reply::new(302, "").with("Location", "file:///etc/passwd"), options()).await;
    assert!(matches!(error, RegistryError::AddressNotAllowed { .. }), "{error}");
    let rule: UrlRule = std::sync::Arc::new(|url| match url.host() {
        Some(url::Host::Ipv4(address)) if address.is_link_local() => Err("it is link-local".into()),
        _ => Ok(()),
    });
    let redirect = Reply::new(302, "").with("Location", "http://169.254.169.254/latest/meta-data?secret=1");
    let error = error_of(redirect, ClientOptions { url_rule: Some(rule), ..options() }).await.to_string();
    assert_eq!(error, "http://169.254.169.254/latest/meta-data is not allowed: it is link-local");
}

#[test]
fn https_never_leads_to_http() {
    let client = RegistryClient::new(http(), "ghcr.io", Credentials::Anonymous, options()).unwrap();
    let check = |url: &str| client.check(&url.parse().unwrap());
    assert!(check("https://cdn.example/x").is_ok());
    for url in ["http://ghcr.io/v2/", "http://cdn.example/x?signature=1", "http://127.0.0.1/"] {
        assert!(matches!(check(url), Err(RegistryError::Downgrade { .. })), "{url}");
    }
}

#[tokio::test]
async fn a_client_that_follows_redirects_by_itself_is_noticed() {
    let server = Server::start(|received: &Received| match received.line.ends_with("/v2/") {
        true => Reply::new(302, "").with("Location", "/elsewhere"),
        false => Reply::new(200, "{}"),
    })
    .await;
    let _ = http();
    let following = reqwest::Client::builder().no_proxy().build().unwrap();
    let client = RegistryClient::new(following, &server.host(), Credentials::Anonymous, options()).unwrap();
    assert!(client.ping().await.unwrap_err().to_string().contains("http_client"));
}
