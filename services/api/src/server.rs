//! The HTTP server: its state, its routes, and its beginning.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::{StatusCode, header};
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, ResponseError as _};
use plimsoll_broker::Listeners;
use plimsoll_runtime::Problem;
use plimsoll_runtime::health::{Check, Health};
use plimsoll_runtime::http::{RequestSpan, measure};
use plimsoll_store::Store;
use plimsoll_volatile::Volatile;
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;
use tracing_actix_web::TracingLogger;
use url::Url;

use crate::configuration::{Configuration, Limits};
use crate::graphql;
use crate::graphql::finding_changes::FindingChanges;
use crate::rest::{image_vex, server_facts, sign_in, vex_document};

/// Connections to PostgreSQL.
const CONNECTIONS: u32 = 16;
/// Passwords that are checked at once: each takes 19 MiB and a core.
const HASHES: usize = 4;
/// VEX documents that are read at once: each takes some hundred MiB at most.
const DOCUMENTS: usize = 2;

/// What requests need.
#[derive(Debug, Clone)]
pub struct State {
    /// PostgreSQL, as `plimsoll_api`.
    pub store: Store,
    /// Redis.
    pub volatile: Volatile,
    /// RabbitMQ, of which only those need to know who watch findings: it is connected to when the first one does.
    pub finding_changes: Listeners<FindingChanges>,
    /// Where images are pushed to.
    pub ingest_url: Url,
    /// Where people reach this service.
    pub public_url: Url,
    /// What a GraphQL request may cost.
    pub limits: Arc<Limits>,
    /// How many passwords are checked at once.
    pub hashing: Arc<Semaphore>,
    /// How many VEX documents are read at once.
    pub documents: Arc<Semaphore>,
}

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// PostgreSQL.
    #[error("connecting to PostgreSQL: {0}")]
    Store(#[from] plimsoll_store::StoreError),
    /// Redis.
    #[error("connecting to Redis: {0}")]
    Volatile(#[from] plimsoll_volatile::VolatileError),
    /// The listening address.
    #[error("listening on {0}: {1}")]
    Listen(String, std::io::Error),
    /// The public address.
    #[error("the listening address {0} makes no public address: set PLIMSOLL_API_URL")]
    PublicUrl(String),
}

/// Connects to the engines and listens; the server runs once it is polled. Gives the address, too: the port may be 0.
///
/// # Errors
/// When an engine does not answer or the address is taken.
pub async fn start(
    configuration: &Configuration,
    registry: prometheus::Registry,
) -> Result<(Server, SocketAddr), StartError> {
    let engines = &configuration.engines;
    let store = Store::connect(engines.database_url.expose_secret(), "plimsoll-api", CONNECTIONS).await?;
    let volatile = Volatile::connect(engines.redis_url.expose_secret(), &engines.redis_prefix).await?;
    let failed = |error| StartError::Listen(engines.listen.clone(), error);
    let listener = std::net::TcpListener::bind(&engines.listen).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let public_url = match &configuration.api_url {
        Some(url) => url.clone(),
        None => format!("http://{address}").parse().map_err(|_| StartError::PublicUrl(engines.listen.clone()))?,
    };
    let state = State {
        store,
        volatile,
        finding_changes: Listeners::start(engines.amqp_url.expose_secret().to_owned(), FindingChanges::of),
        ingest_url: configuration.ingest_url.clone(),
        public_url,
        limits: Arc::new(configuration.limits.clone()),
        hashing: Arc::new(Semaphore::new(HASHES)),
        documents: Arc::new(Semaphore::new(DOCUMENTS)),
    };
    let health = health(&state, registry);
    let schema = graphql::schema(state.clone(), &configuration.limits);
    let server = HttpServer::new(move || {
        let (state, schema, health) = (state.clone(), schema.clone(), health.clone());
        App::new()
            .app_data(Data::new(state))
            .app_data(Data::new(schema))
            .configure(|config| health.configure(config))
            .configure(routes)
            .default_service(web::to(unknown))
            .wrap(Compress::default())
            .wrap(from_fn(measure))
            .wrap(TracingLogger::<RequestSpan>::new())
    })
    .client_request_timeout(Duration::from_secs(15))
    .shutdown_timeout(10)
    .disable_signals()
    .listen(listener)
    .map_err(failed)?
    .run();
    Ok((server, address))
}

fn health(state: &State, registry: prometheus::Registry) -> Health {
    let postgres = Check::new("postgresql", state.store.clone(), |store| async move { store.ping().await });
    let redis = Check::new("redis", state.volatile.clone(), |volatile| async move { volatile.ping().await });
    Health::new(vec![postgres, redis], registry)
}

/// The routes. Each stands in the OpenAPI document, too: a test compares them.
fn routes(config: &mut ServiceConfig) {
    let only = |method: &'static str| web::to(move || async move { Ok::<HttpResponse, Problem>(not_allowed(method)) });
    config
        .service(
            web::resource("/v1/server").route(web::get().to(server_facts::server_facts)).default_service(only("GET")),
        )
        .service(web::resource("/v1/sign-in").route(web::post().to(sign_in::sign_in)).default_service(only("POST")))
        .service(web::resource("/v1/sign-out").route(web::post().to(sign_in::sign_out)).default_service(only("POST")))
        .service(
            web::resource("/v1/images/{digest}/vex.json")
                .route(web::get().to(image_vex::image_vex))
                .default_service(only("GET")),
        )
        .service(
            web::resource("/v1/vex/{name}")
                .route(web::put().to(vex_document::put_vex_document))
                .default_service(only("PUT")),
        )
        .service(
            web::resource("/graphql")
                .route(web::post().to(graphql::endpoint::graphql))
                .route(web::get().guard(actix_web::guard::fn_guard(is_upgrade)).to(graphql::websocket::websocket))
                .default_service(web::to(|| async { graphql::endpoint::only_post() })),
        );
}

fn is_upgrade(context: &actix_web::guard::GuardContext<'_>) -> bool {
    let upgrade = context.head().headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

fn not_allowed(method: &'static str) -> HttpResponse {
    let detail = format!("This route is for {method}.");
    let mut response = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail).error_response();
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static(method));
    response
}

async fn unknown(request: HttpRequest) -> HttpResponse {
    let path: String = request.path().chars().take(100).collect();
    Problem::new(StatusCode::NOT_FOUND, "not_found", format!("There is nothing at {path}.")).error_response()
}
