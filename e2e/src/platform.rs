//! The platform's services, each a process of its own, on servers' parts of their own.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use plimsoll_testkit::{Database, Vhost, eventually, key_prefix, redis_url};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{Process, output, program};

/// How the platform is started.
#[derive(Debug, Default)]
pub struct Options {
    /// Where feeds come from; without one the feeds service is not started.
    pub feeds_base: Option<String>,
    /// Where traces go.
    pub otlp: Option<String>,
    /// What the scanner is told besides.
    pub scanner: Vec<(&'static str, String)>,
}

/// A running platform.
#[derive(Debug)]
pub struct Platform {
    /// The services by name. First in order: they end before what they use.
    pub services: Vec<(&'static str, Process)>,
    options: Options,
    ports: Ports,
    database: Database,
    vhost: Vhost,
    redis_prefix: String,
    folder: TempDir,
    client: reqwest::Client,
}

#[derive(Debug)]
struct Ports {
    api: u16,
    ingest: u16,
    scanner: u16,
    feeds: u16,
}

/// An organization with a key and an owner who can sign in.
#[derive(Debug, Clone)]
pub struct Tenant {
    /// Its slug.
    pub slug: String,
    /// A key that may read and push.
    pub key: String,
    /// The owner's mail address.
    pub email: String,
    /// The owner's password.
    pub password: String,
}

impl Platform {
    /// Starts every service and waits until each is ready.
    ///
    /// # Panics
    /// When one does not become ready; its log says why.
    pub async fn start(options: Options) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let [api, ingest, scanner, feeds] = free_ports();
        let has_feeds = options.feeds_base.is_some();
        let mut platform = Self {
            services: Vec::new(),
            options,
            ports: Ports { api, ingest, scanner, feeds },
            database: Database::create().await,
            vhost: Vhost::create().await,
            redis_prefix: key_prefix(),
            folder: tempfile::tempdir().expect("a folder"),
            client: reqwest::Client::new(),
        };
        let names = ["plimsoll-ingest", "plimsoll-scanner", "plimsoll-api", "plimsoll-feeds"];
        for name in names.into_iter().filter(|name| has_feeds || *name != "plimsoll-feeds") {
            let process = platform.spawn(name);
            platform.services.push((name, process));
        }
        for (name, _) in names.into_iter().zip(0..).take(platform.services.len()) {
            platform.ready(name).await;
        }
        platform
    }

    /// Starts a service that was stopped or killed, and waits until it is ready.
    pub async fn restart(&mut self, name: &'static str) {
        let process = self.spawn(name);
        let place = self.services.iter_mut().find(|(service, _)| *service == name).expect("a service of this name");
        place.1 = process;
        self.ready(name).await;
    }

    /// Waits until no message is on its way.
    ///
    /// # Panics
    /// When some are left after `limit`.
    pub async fn settled(&self, limit: Duration) {
        self.vhost.settled(limit).await;
    }

    /// A service.
    ///
    /// # Panics
    /// When none is called so.
    pub fn service(&mut self, name: &str) -> &mut Process {
        &mut self.services.iter_mut().find(|(service, _)| *service == name).expect("a service of this name").1
    }

    fn spawn(&self, name: &str) -> Process {
        let (role, port) = match name {
            "plimsoll-api" => ("plimsoll_api", self.ports.api),
            "plimsoll-ingest" => ("plimsoll_ingest", self.ports.ingest),
            "plimsoll-scanner" => ("plimsoll_worker", self.ports.scanner),
            _ => ("plimsoll_feeds", self.ports.feeds),
        };
        let blobs = self.folder.path().join("blobs");
        let mut command = program(name);
        command
            .env("PLIMSOLL_DATABASE_URL", self.database.url_as(role))
            .env("PLIMSOLL_AMQP_URL", self.vhost.url())
            .env("PLIMSOLL_REDIS_URL", redis_url())
            .env("PLIMSOLL_REDIS_PREFIX", &self.redis_prefix)
            .env("PLIMSOLL_BLOBS", format!("file://{}", blobs.display()))
            .env("PLIMSOLL_LISTEN", format!("127.0.0.1:{port}"))
            .env("PLIMSOLL_INGEST_URL", self.ingest())
            .env("PLIMSOLL_PUBLIC_URL", if name == "plimsoll-api" { self.api() } else { self.ingest() })
            .env("PLIMSOLL_API_URL", self.api())
            .env("PLIMSOLL_TOKEN_KEY", "0f".repeat(32))
            .env("PLIMSOLL_LOG", "info");
        if let Some(base) = &self.options.feeds_base {
            command.env("PLIMSOLL_FEEDS_BASE", base);
        }
        if name == "plimsoll-scanner" {
            command.envs(self.options.scanner.iter().map(|(name, value)| (*name, value)));
        }
        if let Some(endpoint) = &self.options.otlp {
            command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint).env("OTEL_BSP_SCHEDULE_DELAY", "200");
        }
        Process::start(name, command, self.folder.path().join(format!("{name}.log")))
    }

    async fn ready(&mut self, name: &'static str) {
        let port = match name {
            "plimsoll-api" => self.ports.api,
            "plimsoll-ingest" => self.ports.ingest,
            "plimsoll-scanner" => self.ports.scanner,
            _ => self.ports.feeds,
        };
        let url = format!("http://127.0.0.1:{port}/readyz");
        let deadline = std::time::Instant::now() + Duration::from_secs(30);
        loop {
            self.service(name).assert_running();
            let answer = self.client.get(&url).timeout(Duration::from_secs(5)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            let log = self.service(name).log();
            assert!(std::time::Instant::now() < deadline, "{name} is not ready; its log:\n{log}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The API's address.
    pub fn api(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.api)
    }

    /// The ingest service's address.
    pub fn ingest(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.ingest)
    }

    /// The registry as image references name it.
    pub fn registry(&self) -> String {
        format!("127.0.0.1:{}", self.ports.ingest)
    }

    /// The address of the scanner's health and metrics.
    pub fn scanner(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.scanner)
    }

    /// The address of the feeds service's health and metrics.
    pub fn feeds(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.feeds)
    }

    /// The folder of blobs.
    pub fn blobs(&self) -> PathBuf {
        self.folder.path().join("blobs")
    }

    /// The file of a blob.
    pub fn blob(&self, digest: &str) -> PathBuf {
        let hex = digest.strip_prefix("sha256:").unwrap_or(digest);
        self.blobs().join("blobs/sha256").join(hex.get(..2).unwrap_or_default()).join(hex)
    }

    /// A scratch folder of the platform's.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The operator's tool.
    pub fn admin(&self) -> Command {
        let mut command = program("plimsoll-admin");
        command.env("DATABASE_URL", self.database.url()).env("AMQP_URL", self.vhost.url());
        command
    }

    /// Runs SQL as the database's owner, past every door, and gives what it answers, unaligned: for benchmarks that make their data.
    ///
    /// # Panics
    /// When a statement fails.
    pub fn sql(&self, statements: &str) -> String {
        let mut command = Command::new("psql");
        command.arg(self.database.url()).args([
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
        ]);
        output(command.args(["--command", statements])).trim().to_owned()
    }

    /// The command line, pointed at this platform with an organization's key.
    pub fn cli(&self, tenant: &Tenant) -> Command {
        let mut command = program("plimsoll");
        command.env("PLIMSOLL_SERVER", self.api()).env("PLIMSOLL_API_KEY", &tenant.key).env("NO_COLOR", "1");
        command
    }

    /// Makes an organization.
    ///
    /// # Panics
    /// When the operator's tool fails.
    pub fn tenant(&self, slug: &str) -> Tenant {
        let email = format!("owner@{slug}.example");
        let password = format!("a password of {slug} {}", uuid::Uuid::now_v7());
        let arguments = ["organization", "create", "--slug", slug, "--name", slug, "--owner-email", &email];
        output(
            self.admin().args(arguments).args(["--password-env", "OWNER_PASSWORD"]).env("OWNER_PASSWORD", &password),
        );
        let key = output(self.admin().args(["api-key", "create", "--organization", slug, "--name", "e2e"]));
        Tenant { slug: slug.into(), key: key.trim().into(), email, password }
    }

    /// Syncs every feed and waits for the end.
    ///
    /// # Panics
    /// When no document could be had.
    pub fn sync_feeds(&self) -> String {
        output(self.admin().args(["feeds", "sync", "--wait"]))
    }

    /// Pushes an OCI layout's image with `skopeo`, as `<org>/<reference>`.
    ///
    /// # Panics
    /// When `skopeo` fails.
    pub fn skopeo_push(&self, tenant: &Tenant, layout: &str, reference: &str) {
        output(
            Command::new("skopeo")
                .args(["copy", "--dest-tls-verify=false", "--dest-creds", &format!("robot:{}", tenant.key)])
                .arg(layout)
                .arg(format!("docker://{}/{}/{reference}", self.registry(), tenant.slug)),
        );
    }

    /// Asks GraphQL with an organization's key.
    ///
    /// # Panics
    /// When it answers with an error.
    pub async fn graphql(&self, tenant: &Tenant, query: &str, variables: Value) -> Value {
        let answer = self
            .client
            .post(format!("{}/graphql", self.api()))
            .bearer_auth(&tenant.key)
            .json(&json!({ "query": query, "variables": variables }))
            .send()
            .await
            .expect("the API answers");
        let status = answer.status();
        let body: Value = answer.json().await.expect("JSON");
        assert!(status.is_success() && body["errors"].is_null(), "{status}: {body:#}");
        body["data"].clone()
    }

    /// The image that `reference` (`repository:tag`) means, once its scan has ended.
    ///
    /// # Panics
    /// When that takes more than two minutes.
    pub async fn scanned(&self, tenant: &Tenant, reference: &str) -> Value {
        eventually(&format!("the scan of {reference} ends"), Duration::from_secs(120), async || {
            let image = self.scan_state(tenant, reference).await;
            matches!(image["scan"]["state"].as_str(), Some("DONE" | "FAILED")).then_some(image)
        })
        .await
    }

    /// The image that `reference` means as it is now; null where there is none.
    pub async fn scan_state(&self, tenant: &Tenant, reference: &str) -> Value {
        let variables = json!({ "slug": tenant.slug, "reference": reference });
        self.graphql(tenant, IMAGE, variables).await["organization"]["image"].clone()
    }

    /// Every open finding of an image, page by page.
    pub async fn findings(&self, tenant: &Tenant, image: &Value) -> Vec<Value> {
        self.pages(tenant, image, FINDINGS, "findings").await
    }

    /// Every package of an image, page by page.
    pub async fn packages(&self, tenant: &Tenant, image: &Value) -> Vec<Value> {
        self.pages(tenant, image, PACKAGES, "packages").await
    }

    /// Everything that is observed in an image, page by page.
    pub async fn observations(&self, tenant: &Tenant, image: &Value) -> Vec<Value> {
        self.pages(tenant, image, OBSERVATIONS, "observations").await
    }

    async fn pages(&self, tenant: &Tenant, image: &Value, query: &str, field: &str) -> Vec<Value> {
        let mut nodes = Vec::new();
        let mut after = Value::Null;
        loop {
            let variables = json!({ "slug": tenant.slug, "reference": image["digest"], "after": after });
            let data = self.graphql(tenant, query, variables).await;
            let page = &data["organization"]["image"][field];
            nodes.extend(page["edges"].as_array().expect("edges").iter().map(|edge| edge["node"].clone()));
            if page["pageInfo"]["hasNextPage"] != true {
                return nodes;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }
}

const IMAGE: &str =
    "query($slug: String!, $reference: String!) { organization(slug: $slug) { image(reference: $reference) {
  id digest platform { os architecture } os { distribution version prettyName }
  scan { state error { code message } layersAnalysed layersReused }
  problems { code layer path detail }
  layers { index digest diffId buildStep { command } } } } }";

const FINDINGS: &str = "query($slug: String!, $reference: String!, $after: String) { organization(slug: $slug) {
  image(reference: $reference) { findings(first: 100, after: $after) { pageInfo { hasNextPage endCursor } edges { node {
    vulnerability { name aliases } severity severitySource fixedIn state sources advisories path
    package { name version purl ecosystem }
    introducedBy { layer { index diffId } buildStep { command } } } } } } } }";

const PACKAGES: &str = "query($slug: String!, $reference: String!, $after: String) { organization(slug: $slug) {
  image(reference: $reference) { packages(first: 100, after: $after) { pageInfo { hasNextPage endCursor } edges { node {
    package { type name version purl ecosystem sourceName sourceVersion licenseExpression } path
    introducedBy { layer { index digest diffId } buildStep { command } } } } } } } }";

const OBSERVATIONS: &str = "query($slug: String!, $reference: String!, $after: String) { organization(slug: $slug) {
  image(reference: $reference) { observations(first: 100, after: $after) { pageInfo { hasNextPage endCursor } edges { node {
    kind rule family title severity evidence advice place { subject path line offset name historyStep }
    introducedBy { layer { index digest diffId } buildStep { command } } removedIn { index } } } } } } }";

/// Ports that were free a moment ago.
fn free_ports<const N: usize>() -> [u16; N] {
    let listeners = [(); N].map(|()| TcpListener::bind("127.0.0.1:0").expect("a port"));
    listeners.map(|listener| listener.local_addr().expect("its address").port())
}
