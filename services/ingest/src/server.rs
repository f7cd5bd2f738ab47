//! Wiring: connections, routes, tasks beside them, and their end.

use std::net::SocketAddr;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App, HttpServer};
use anyhow::Context as _;
use plimsoll_runtime::health::{Check, Health};
use plimsoll_runtime::http::{RequestSpan, measure};
use plimsoll_store::Store;
use plimsoll_volatile::{Limit, Volatile};
use secrecy::ExposeSecret as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing_actix_web::TracingLogger;

use crate::config::Config;
use crate::ingest::Ingest;
use crate::staging::Staging;
use crate::{archive, registry, sweep};

/// Connections to PostgreSQL: requests hold one for milliseconds, never while a body comes in.
const CONNECTIONS: u32 = 20;
/// Requests under way have this long to end, in seconds.
const SHUTDOWN_SECONDS: u64 = 30;

/// A service that runs.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    server: ServerHandle,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
    beside: JoinSet<()>,
    shutdown: CancellationToken,
    ingest: Data<Ingest>,
}

impl Running {
    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends uploads that nobody has added to since `before`, of every organization; gives how many. Happens by itself every hour.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn sweep(&self, before: chrono::DateTime<chrono::Utc>) -> anyhow::Result<usize> {
        Ok(sweep::sweep(&self.ingest.store, &self.ingest.staging, before).await?)
    }

    /// Lets requests under way end, and stops. What the outbox still has is published by whoever runs next.
    ///
    /// # Errors
    /// When the server had failed.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.server.stop(true).await;
        self.shutdown.cancel();
        while self.beside.join_next().await.is_some() {}
        self.serving.await.context("the server's task")?.context("the server")?;
        self.ingest.store.close().await;
        Ok(())
    }
}

/// Connects to everything and begins to serve. `registry` is what `/metrics` shows.
///
/// # Errors
/// Names what is not there or not valid.
pub async fn start(config: Config, registry: prometheus::Registry) -> anyhow::Result<Running> {
    let engines = &config.engines;
    let store = Store::connect(engines.database_url.expose_secret(), "plimsoll-ingest", CONNECTIONS)
        .await
        .context("PLIMSOLL_DATABASE_URL")?;
    let volatile = Volatile::connect(engines.redis_url.expose_secret(), &engines.redis_prefix)
        .await
        .context("PLIMSOLL_REDIS_URL")?;
    let staging = Staging::open(&engines.blobs).context("PLIMSOLL_BLOBS")?;
    let listener = std::net::TcpListener::bind(&engines.listen)
        .with_context(|| format!("PLIMSOLL_LISTEN: cannot listen on {}", engines.listen))?;
    let address = listener.local_addr()?;
    let public_url = match &config.public_url {
        Some(url) => url.clone(),
        None => format!("http://{address}").parse()?,
    };
    let ingest = Data::new(Ingest {
        store: store.clone(),
        staging: staging.clone(),
        volatile: volatile.clone(),
        token_key: config.registry_token_key()?,
        public_url,
        max_blob_bytes: config.max_blob_bytes,
        max_archive_bytes: config.max_archive_bytes,
        rate: Limit { burst: config.requests_per_minute, per: Duration::from_secs(60) },
    });
    let amqp_url = engines.amqp_url.expose_secret().to_owned();
    let health = Health::new(checks(&ingest, &amqp_url), registry);
    let shared = ingest.clone();
    let server = HttpServer::new(move || {
        let health = health.clone();
        App::new()
            .app_data(shared.clone())
            .wrap(from_fn(measure))
            .wrap(TracingLogger::<RequestSpan>::new())
            .configure(|config| health.configure(config))
            .configure(registry::configure)
            .configure(archive::configure)
    })
    .shutdown_timeout(SHUTDOWN_SECONDS)
    .disable_signals()
    .listen(listener)?
    .run();
    let shutdown = CancellationToken::new();
    let mut beside = JoinSet::new();
    beside.spawn(plimsoll_broker::relay::run(store.clone(), amqp_url, shutdown.clone()));
    beside.spawn(sweep::run(store, staging, shutdown.clone()));
    let handle = server.handle();
    tracing::info!(%address, "listening");
    Ok(Running { address, server: handle, serving: tokio::spawn(server), beside, shutdown, ingest })
}

/// What must answer for the service to be of use.
fn checks(ingest: &Ingest, amqp_url: &str) -> Vec<Check> {
    vec![
        Check::new("postgres", ingest.store.clone(), |store| async move { store.ping().await }),
        Check::new("rabbitmq", amqp_url.to_owned(), |url| async move { plimsoll_broker::ping(&url).await }),
        Check::new("redis", ingest.volatile.clone(), |volatile| async move { volatile.ping().await }),
        Check::new("blobs", ingest.staging.clone(), |staging| async move { staging.ping().await }),
    ]
}
