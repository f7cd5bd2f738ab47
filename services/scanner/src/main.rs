//! `plimsoll-scanner`: workers that turn layers into inventories and inventories into findings.

use plimsoll_runtime::{Telemetry, config, shutdown};
use plimsoll_scanner::Config;

const HELP: &str = "plimsoll-scanner: workers that turn layers into inventories and inventories into findings.

Configured by the environment; services/scanner/README.md lists the variables. Example:

  PLIMSOLL_DATABASE_URL=postgres://plimsoll_worker:...@127.0.0.1/plimsoll \\
  PLIMSOLL_AMQP_URL=amqp://guest:guest@127.0.0.1 PLIMSOLL_REDIS_URL=redis://127.0.0.1 \\
  PLIMSOLL_BLOBS=file:///var/lib/plimsoll/blobs PLIMSOLL_LISTEN=127.0.0.1:9101 plimsoll-scanner
";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    if std::env::args().len() > 1 {
        print!("{HELP}");
        return Ok(());
    }
    plimsoll_runtime::install_tls();
    let config: Config = config::from_env()?;
    let telemetry = Telemetry::start("plimsoll-scanner")?;
    let ended = plimsoll_scanner::run(config, telemetry.registry.clone(), shutdown::on_signal()?).await;
    telemetry.finish();
    ended
}
