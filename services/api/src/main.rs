//! Sign-in and the GraphQL API: the process.

use anyhow::Context as _;
use clap::Parser;
use plimsoll_api::Configuration;
use plimsoll_runtime::{Telemetry, config, shutdown};

/// Sign-in and the GraphQL API of Plimsoll. Configured by environment variables.
#[derive(Debug, Parser)]
#[command(version, after_help = VARIABLES)]
struct Arguments {
    /// Prints the GraphQL schema and ends
    #[arg(long)]
    print_schema: bool,
    /// Prints the OpenAPI document of the REST routes and ends
    #[arg(long)]
    print_openapi: bool,
}

const VARIABLES: &str = "\
Variables:
  PLIMSOLL_DATABASE_URL    PostgreSQL, as plimsoll_api
  PLIMSOLL_AMQP_URL        RabbitMQ: what becomes of findings, for those who watch them
  PLIMSOLL_REDIS_URL       Redis
  PLIMSOLL_REDIS_PREFIX    put before every key in Redis [plimsoll]
  PLIMSOLL_BLOBS           the object store (told to every service; not used by this one)
  PLIMSOLL_LISTEN          where to listen, 127.0.0.1:8080
  PLIMSOLL_INGEST_URL      where images are pushed to, for clients that ask
  PLIMSOLL_API_URL         where people reach this service [http:// and PLIMSOLL_LISTEN]; cookies are Secure for https
  PLIMSOLL_LOG             log filter [info]
  OTEL_EXPORTER_OTLP_ENDPOINT   where traces go
What a GraphQL request may cost:
  PLIMSOLL_GRAPHQL_INTROSPECTION [true]   PLIMSOLL_GRAPHQL_DEPTH [16]         PLIMSOLL_GRAPHQL_COMPLEXITY [100000]
  PLIMSOLL_GRAPHQL_ALIASES [50]           PLIMSOLL_GRAPHQL_FIELDS [1000]      PLIMSOLL_GRAPHQL_DEFINITIONS [50]
  PLIMSOLL_GRAPHQL_BATCH [10]             PLIMSOLL_GRAPHQL_BYTES [262144]     PLIMSOLL_GRAPHQL_SOCKET_OPERATIONS [1000]
  PLIMSOLL_GRAPHQL_RECHECK_SECONDS [15]";

#[expect(clippy::print_stdout, reason = "that is what the two flags are for")]
fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.print_schema {
        print!("{}", plimsoll_api::schema_sdl());
        return Ok(());
    }
    if arguments.print_openapi {
        println!("{}", plimsoll_api::openapi_json()?);
        return Ok(());
    }
    plimsoll_runtime::install_tls();
    actix_web::rt::System::new().block_on(run())
}

async fn run() -> anyhow::Result<()> {
    let telemetry = Telemetry::start("plimsoll-api")?;
    let configuration: Configuration = config::from_env()?;
    let (server, address) = plimsoll_api::start(&configuration, telemetry.registry.clone()).await?;
    tracing::info!(%address, "listening");
    let handle = server.handle();
    let server = actix_web::rt::spawn(server);
    shutdown::requested().await?;
    handle.stop(true).await;
    server.await.context("the server's task")??;
    telemetry.finish();
    Ok(())
}
