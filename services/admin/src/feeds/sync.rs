//! `feeds sync`.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Args;
use plimsoll_broker::Message as _;
use plimsoll_broker::contracts::SyncFeedsV1;
use plimsoll_runtime::clock;
use plimsoll_store::{feeds, outbox};

use super::runs::Runs;
use crate::Server;

/// What is asked for.
#[derive(Debug, Args)]
pub struct Sync {
    /// Only this feed.
    #[arg(long)]
    feed: Option<String>,
    /// Wait for the end, with a line for each document. Exits with 1 where no document could be had.
    #[arg(long)]
    wait: bool,
    /// Accept that documents lack more of what we hold than one sync may withdraw by itself.
    #[arg(long)]
    accept_withdrawals: bool,
    /// With --wait: give up after so many seconds without a finished document.
    #[arg(long, default_value_t = 300, value_name = "SECONDS")]
    timeout: u64,
}

impl Sync {
    pub async fn run(self, server: &Server) -> anyhow::Result<()> {
        let Self { feed, wait, accept_withdrawals, timeout } = self;
        let store = server.store().await?;
        let request = clock::new_id();
        let mut tx = store.catalog_tx().await?;
        feeds::request(&mut tx, request).await?;
        let message = SyncFeedsV1 { request, feed, accept_withdrawals };
        outbox::write_global(&mut tx, SyncFeedsV1::TOPIC.name(), &message, &BTreeMap::new()).await?;
        tx.commit().await?;
        if !wait {
            println!("asked; `--wait` would tell how it goes");
            return Ok(());
        }
        let patience = Duration::from_secs(timeout);
        let mut runs = Runs::of(request);
        let mut heard = std::time::Instant::now();
        loop {
            let news = runs.tell(&store).await?;
            if news.is_done {
                break;
            }
            if news.told > 0 {
                heard = std::time::Instant::now();
            }
            anyhow::ensure!(
                heard.elapsed() < patience,
                "nothing heard for {timeout} s: is the feeds service running? Its log tells"
            );
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        anyhow::ensure!(runs.had() > 0, "no document could be had");
        Ok(())
    }
}
