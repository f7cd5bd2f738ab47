//! `/healthz` (the process runs), `/readyz` (what it needs answers) and `/metrics` (Prometheus).

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, ServiceConfig, get};
use actix_web::{HttpResponse, web};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use prometheus::{Encoder as _, TextEncoder};

/// Something that a service needs, and how to ask whether it answers.
pub struct Check {
    name: &'static str,
    ask: Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

impl Check {
    /// A check called `name` that asks `subject`; an error says why it does not answer.
    pub fn new<T, F, E>(name: &'static str, subject: T, ask: impl Fn(T) -> F + Send + Sync + 'static) -> Self
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Display,
    {
        let ask = move || {
            let answer = ask(subject.clone());
            async move { answer.await.map_err(|error| error.to_string()) }.boxed()
        };
        Self { name, ask: Box::new(ask) }
    }
}

/// What the three routes need.
#[derive(Clone)]
pub struct Health {
    checks: Arc<Vec<Check>>,
    registry: prometheus::Registry,
}

impl Health {
    /// The routes of a service that needs `checks`.
    pub fn new(checks: Vec<Check>, registry: prometheus::Registry) -> Self {
        Self { checks: Arc::new(checks), registry }
    }

    /// Registers the routes.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(Data::new(self.clone()))
            .route("/healthz", get().to(|| async { HttpResponse::Ok().body("ok\n") }))
            .route("/readyz", get().to(ready))
            .route("/metrics", get().to(metrics));
    }
}

async fn ready(health: Data<Health>) -> HttpResponse {
    let answers = health.checks.iter().map(|check| async {
        let answer = tokio::time::timeout(Duration::from_secs(3), (check.ask)()).await;
        let answer = answer.unwrap_or_else(|_| Err("no answer within 3 s".into()));
        // The reason may tell of addresses and accounts: it goes to the log, not to whoever asks.
        if let Err(reason) = &answer {
            tracing::warn!(check = check.name, reason, "not ready");
        }
        (check.name.to_owned(), serde_json::Value::from(if answer.is_ok() { "ok" } else { "failing" }))
    });
    let answers: serde_json::Map<String, serde_json::Value> =
        futures::future::join_all(answers).await.into_iter().collect();
    let is_ready = answers.values().all(|answer| answer == "ok");
    let mut response = if is_ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    response.json(serde_json::json!({ "ready": is_ready, "checks": answers }))
}

async fn metrics(health: web::Data<Health>) -> HttpResponse {
    let mut text = Vec::new();
    match TextEncoder::new().encode(&health.registry.gather(), &mut text) {
        Ok(()) => HttpResponse::Ok().content_type(prometheus::TEXT_FORMAT).body(text),
        Err(error) => {
            tracing::error!(%error, "metrics");
            HttpResponse::InternalServerError().finish()
        }
    }
}
