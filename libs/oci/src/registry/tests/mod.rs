mod auth;
mod downloads;
mod hostile;
mod server;
mod uploads;

use std::time::Duration;

use plimsoll_model::Digest;

use self::server::{End, Received, Reply, Server};
use super::*;
use crate::manifest::digest_of;
use crate::media_type::*;
use crate::{ManifestReference, RepositoryName};

const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

fn options() -> ClientOptions {
    let retry = RetryPolicy { retries: 2, min_delay: Duration::from_millis(1), max_delay: Duration::from_millis(20) };
    ClientOptions { retry, ..ClientOptions::default() }
}

/// Options under which a slow answer is noticed soon.
fn impatient() -> ClientOptions {
    let soon = Duration::from_millis(200);
    let retry = RetryPolicy { retries: 0, ..options().retry };
    ClientOptions { answer_timeout: soon, progress_timeout: soon, retry, ..options() }
}

fn http() -> reqwest::Client {
    // Fails only if another test of this process was first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    http_client(reqwest::Client::builder().no_proxy()).unwrap()
}

fn client(server: &Server, credentials: Credentials) -> RegistryClient {
    RegistryClient::new(http(), &server.host(), credentials, options()).unwrap()
}

fn basic(username: &str, password: &str) -> Credentials {
    Credentials::Basic { username: username.to_owned(), password: password.to_owned().into() }
}

fn repository(name: &str) -> RepositoryName {
    name.parse().unwrap()
}

fn tag(name: &str) -> ManifestReference {
    name.parse().unwrap()
}

fn manifest_reply() -> Reply {
    Reply::new(200, MANIFEST).with("Content-Type", OCI_INDEX)
}

async fn collect(client: &RegistryClient, digest: &Digest, size: Option<u64>) -> Result<Vec<u8>, RegistryError> {
    let stream = client.get_blob(&repository("a/b"), digest, size).await?;
    let chunks: Vec<bytes::Bytes> = futures::TryStreamExt::try_collect(stream).await?;
    Ok(chunks.concat())
}

#[test]
fn http_is_spoken_only_to_the_loopback_and_where_told() {
    let base = |host: &str, is_plain_http: bool| {
        let options = ClientOptions { is_plain_http, ..options() };
        RegistryClient::new(http(), host, Credentials::Anonymous, options).map(|client| client.shared.base.to_string())
    };
    #[rustfmt::skip]
    let table = [
        ("localhost:5000", false, "http://localhost:5000/v2/"), ("127.0.0.1", false, "http://127.0.0.1/v2/"), ("[::1]:80", false, "http://[::1]/v2/"),
        ("registry-1.docker.io", false, "https://registry-1.docker.io/v2/"), ("registry:5000", true, "http://registry:5000/v2/"),
        ("localhost.example.com", false, "https://localhost.example.com/v2/"), ("127.0.0.1.example.com", false, "https://127.0.0.1.example.com/v2/"),
    ];
    for (host, is_plain, expected) in table {
        assert_eq!(base(host, is_plain).unwrap(), expected, "{host}");
    }
    for bad in ["", "a/b", "user@host", "a?b", "a#b", "a b", "host:port"] {
        assert!(matches!(base(bad, false), Err(RegistryError::InvalidHost(_))), "{bad}");
    }
}
