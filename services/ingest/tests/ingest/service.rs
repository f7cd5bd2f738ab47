//! A service of a test's own, and a client of it.

use plimsoll_identity::ApiKey;
use plimsoll_ingest::{Config, Running, start};
use plimsoll_model::{ApiKeyId, OrgId};
use plimsoll_runtime::{clock, config::Engines};
use plimsoll_store::{api_keys, orgs};
use plimsoll_testkit::{Database, Vhost};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

use crate::content::digest;

/// A running service with one organization, `acme`.
pub struct Service {
    pub running: Running,
    pub database: Database,
    pub vhost: Vhost,
    pub folder: tempfile::TempDir,
    pub org: OrgId,
}

/// Somebody with a key.
#[derive(Clone)]
pub struct Client {
    pub http: reqwest::Client,
    pub base: String,
    pub key: String,
}

impl Service {
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        plimsoll_runtime::install_tls();
        let (database, vhost) = (Database::create().await, Vhost::create().await);
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config {
            engines: Engines {
                database_url: database.url_as("plimsoll_ingest").into(),
                amqp_url: vhost.url().into(),
                redis_url: plimsoll_testkit::redis_url().into(),
                redis_prefix: plimsoll_testkit::key_prefix(),
                blobs: format!("file://{}", folder.path().display()).parse().unwrap(),
                listen: "127.0.0.1:0".into(),
            },
            public_url: None,
            token_key: "07".repeat(32).into(),
            max_blob_bytes: 64 << 20,
            max_archive_bytes: 64 << 20,
            requests_per_minute: 100_000,
        };
        change(&mut config);
        let running = start(config, prometheus::Registry::new()).await.unwrap();
        let mut service = Self { running, database, vhost, folder, org: OrgId(clock::new_id()) };
        service.org = service.organization("acme").await;
        service
    }

    pub async fn organization(&self, slug: &str) -> OrgId {
        let store = self.database.store("plimsoll_owner").await;
        let mut tx = store.catalog_tx().await.unwrap();
        let org = orgs::Org { id: OrgId(clock::new_id()), slug: slug.into(), name: slug.into() };
        let id = orgs::create(&mut tx, &org).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// A client with a new key of `org`.
    pub async fn client_of(&self, org: OrgId, scopes: &[&str]) -> Client {
        self.client_until(org, scopes, None).await.0
    }

    pub async fn client_until(
        &self,
        org: OrgId,
        scopes: &[&str],
        end: Option<chrono::DateTime<chrono::Utc>>,
    ) -> (Client, ApiKeyId) {
        let key = ApiKey::generate(&mut plimsoll_identity::rng());
        let (hash, text) = (key.hash(), key.expose().to_owned());
        let scopes: Vec<String> = scopes.iter().map(|&scope| scope.to_owned()).collect();
        let id = ApiKeyId(clock::new_id());
        let mut tx = self.database.store("plimsoll_api").await.org_tx(org).await.unwrap();
        api_keys::create(&mut tx, id, "test", &hash, &scopes, end).await.unwrap();
        tx.commit().await.unwrap();
        let base = format!("http://{}", self.running.address());
        (Client { http: reqwest::Client::new(), base, key: text }, id)
    }

    /// A client of `acme` that may do everything.
    pub async fn client(&self) -> Client {
        self.client_of(self.org, &["read", "push"]).await
    }

    pub fn host(&self) -> String {
        self.running.address().to_string()
    }
}

impl Client {
    /// A request with the key as a Basic password. `path` is a path or an address.
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        self.anonymous(method, path).basic_auth("anybody", Some(&self.key))
    }

    pub fn anonymous(&self, method: &str, path: &str) -> RequestBuilder {
        let address = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.http.request(Method::from_bytes(method.as_bytes()).unwrap(), address)
    }

    pub async fn send(&self, method: &str, path: &str, body: impl Into<reqwest::Body>) -> Response {
        self.request(method, path).body(body).send().await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Response {
        self.request("GET", path).send().await.unwrap()
    }

    /// Begins an upload; gives its location.
    pub async fn begin(&self, repository: &str) -> String {
        let response = self.send("POST", &format!("/v2/{repository}/blobs/uploads/"), "").await;
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        header(&response, "location")
    }

    /// Uploads a blob; gives its digest.
    pub async fn blob(&self, repository: &str, bytes: &[u8]) -> String {
        let digest = digest(bytes);
        let location = self.begin(repository).await;
        let response = self.send("PUT", &format!("{location}?digest={digest}"), bytes.to_vec()).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{}", response.text().await.unwrap());
        digest
    }

    pub async fn put_manifest(&self, repository: &str, reference: &str, media_type: &str, bytes: &[u8]) -> Response {
        let path = format!("/v2/{repository}/manifests/{reference}");
        self.request("PUT", &path).header("Content-Type", media_type).body(bytes.to_vec()).send().await.unwrap()
    }

    /// A token, and what else the endpoint says.
    pub async fn token(&self, scope: &str) -> Value {
        let response = self.get(&format!("/v2/token?service=plimsoll&scope={scope}")).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }

    pub async fn with_token(&self, token: &str, method: &str, path: &str) -> Response {
        self.anonymous(method, path).bearer_auth(token).send().await.unwrap()
    }
}

pub fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// Status and error code of an answer of the registry, which must have the specification's form.
pub async fn refusal(response: Response) -> (u16, String) {
    let (status, code, _) = refusal_text(response).await;
    (status, code)
}

pub async fn refusal_text(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.expect("an error body");
    let error = &body["errors"][0];
    assert!(error.as_object().is_some_and(|error| error.contains_key("detail")), "{body}");
    (status, error["code"].as_str().unwrap().to_owned(), error["message"].as_str().unwrap().to_owned())
}

/// The files below the object store's folder.
pub fn stored(service: &Service, below: &str) -> usize {
    fn count(folder: &std::path::Path) -> usize {
        let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
        entries.flatten().map(|entry| if entry.path().is_dir() { count(&entry.path()) } else { 1 }).sum()
    }
    count(&service.folder.path().join(below))
}
