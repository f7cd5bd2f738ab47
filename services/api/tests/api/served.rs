//! The service, running, and a client of it.

use std::net::SocketAddr;

use plimsoll_api::{Configuration, Limits};
use plimsoll_runtime::config::Engines;
use plimsoll_testkit::Vhost;
use plimsoll_volatile::Volatile;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::seed::World;

/// The service on a port of its own; it stops when dropped.
pub struct Served {
    pub address: SocketAddr,
    pub client: Client,
    pub volatile: Volatile,
    handle: actix_web::dev::ServerHandle,
}

impl Drop for Served {
    fn drop(&mut self) {
        // Begun here, ended by the server's own threads.
        drop(self.handle.stop(false));
    }
}

impl Served {
    pub async fn start(world: &World) -> Self {
        Self::start_with(world, Limits::default()).await
    }

    pub async fn start_with(world: &World, limits: Limits) -> Self {
        Self::start_at(world, limits, "amqp://nowhere".into()).await
    }

    /// With a broker, which only watchers of findings need.
    pub async fn start_with_broker(world: &World, vhost: &Vhost) -> Self {
        Self::start_at(world, Limits::default(), vhost.url()).await
    }

    async fn start_at(world: &World, limits: Limits, amqp_url: String) -> Self {
        plimsoll_runtime::install_tls();
        let engines = Engines {
            database_url: world.database.url_as("plimsoll_api").into(),
            amqp_url: amqp_url.into(),
            redis_url: plimsoll_testkit::redis_url().into(),
            redis_prefix: plimsoll_testkit::key_prefix(),
            blobs: "file:///nowhere".parse().unwrap(),
            listen: "127.0.0.1:0".into(),
        };
        let volatile = Volatile::connect(&plimsoll_testkit::redis_url(), &engines.redis_prefix).await.unwrap();
        let ingest_url = "https://registry.example.org".parse().unwrap();
        let configuration = Configuration { engines, ingest_url, api_url: None, limits };
        let (server, address) = plimsoll_api::start(&configuration, prometheus::Registry::new()).await.unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        Self { address, client: Client::new(), volatile, handle }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(self.url(path))
    }

    /// Asks with a key; gives the whole answer.
    pub async fn ask(&self, key: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let answer = self.post("/graphql").bearer_auth(key).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{query}");
        answer.json().await.unwrap()
    }

    /// Asks with a key; gives the data of an answer without errors.
    pub async fn data(&self, key: &str, query: &str, variables: Value) -> Value {
        let mut answer = self.ask(key, query, variables).await;
        assert_eq!(answer.get("errors"), None, "{query}\n{answer:#}");
        answer["data"].take()
    }

    /// Signs in; gives the answer.
    pub async fn sign_in(&self, email: &str, password: &str) -> Response {
        self.post("/v1/sign-in").json(&json!({ "email": email, "password": password })).send().await.unwrap()
    }

    /// Signs in; gives the cookie.
    pub async fn cookie(&self, email: &str) -> String {
        let answer = self.sign_in(email, crate::seed::PASSWORD).await;
        assert_eq!(answer.status(), StatusCode::OK);
        cookie_of(&answer)
    }

    /// Asks with a cookie; gives the whole answer.
    pub async fn ask_with_cookie(&self, cookie: &str, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables });
        let answer = self.post("/graphql").header("cookie", cookie).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{query}");
        answer.json().await.unwrap()
    }
}

/// The name and value of the cookie that an answer sets.
pub fn cookie_of(answer: &Response) -> String {
    let set = answer.headers()["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}
