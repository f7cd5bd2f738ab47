//! `plimsoll-feeds`: syncs advisory feeds and re-matches what a change touches.

use plimsoll_feeds::Config;
use plimsoll_runtime::{Telemetry, config, shutdown};

const HELP: &str = "plimsoll-feeds: syncs advisory feeds and re-matches what a change touches.

Configured by the environment; services/feeds/README.md lists the variables. Example:

  PLIMSOLL_DATABASE_URL=postgres://plimsoll_feeds:...@127.0.0.1/plimsoll \\
  PLIMSOLL_AMQP_URL=amqp://guest:guest@127.0.0.1 PLIMSOLL_LISTEN=127.0.0.1:9102 \\
  PLIMSOLL_FEEDS_BASE=http://mirror.example/feeds plimsoll-feeds
";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    if std::env::args().len() > 1 {
        print!("{HELP}");
        return Ok(());
    }
    plimsoll_runtime::install_tls();
    let config: Config = config::from_env()?;
    let telemetry = Telemetry::start("plimsoll-feeds")?;
    let ended = plimsoll_feeds::run(config, telemetry.registry.clone(), shutdown::on_signal()?).await;
    telemetry.finish();
    ended
}
