//! Takes images in: the OCI Distribution endpoints and archive uploads.

use clap::Parser;
use plimsoll_ingest::Config;
use plimsoll_runtime::{Telemetry, config, install_tls, shutdown};

/// Takes images in: the registry that docker, podman and skopeo push to, and uploads of image archives.
#[derive(Parser)]
#[command(name = "plimsoll-ingest", version, after_help = plimsoll_ingest::VARIABLES)]
struct Arguments {
    /// Prints the OpenAPI document of the REST routes and ends.
    #[arg(long)]
    print_openapi: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.print_openapi {
        println!("{}", plimsoll_ingest::openapi().to_pretty_json()?);
        return Ok(());
    }
    install_tls();
    let ended = shutdown::on_signal()?;
    let telemetry = Telemetry::start("plimsoll-ingest")?;
    let running = plimsoll_ingest::start(config::from_env::<Config>()?, telemetry.registry.clone()).await?;
    ended.cancelled().await;
    running.stop().await?;
    telemetry.finish();
    Ok(())
}
