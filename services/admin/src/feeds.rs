//! `feeds`.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::Subcommand;
use plimsoll_broker::Message as _;
use plimsoll_broker::contracts::SyncFeedsV1;
use plimsoll_runtime::clock;
use plimsoll_store::feeds::{self, FinishedRun};
use plimsoll_store::outbox;

use crate::Server;

/// Advisory feeds.
#[derive(Debug, Subcommand)]
pub enum Feeds {
    /// Asks the feeds service to sync now.
    Sync {
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
    },
}

impl Feeds {
    pub async fn run(self, server: &Server) -> anyhow::Result<()> {
        let Self::Sync { feed, wait, accept_withdrawals, timeout } = self;
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
        let mut last = 0;
        let mut had = 0;
        let mut heard = std::time::Instant::now();
        loop {
            let mut tx = store.catalog_tx().await?;
            let (runs, is_done) = feeds::requested_runs(&mut tx, request, last).await?;
            tx.commit().await?;
            for run in runs {
                println!("{}", line(&run));
                last = run.id;
                had += usize::from(run.outcome == "changed" || run.outcome == "unchanged");
                heard = std::time::Instant::now();
            }
            if is_done {
                break;
            }
            anyhow::ensure!(
                heard.elapsed() < patience,
                "nothing heard for {timeout} s: is the feeds service running? Its log tells"
            );
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        anyhow::ensure!(had > 0, "no document could be had");
        Ok(())
    }
}

fn line(run: &FinishedRun) -> String {
    let document = format!("{}/{}", run.feed, run.document);
    let tail = match run.outcome.as_str() {
        "changed" => format!(
            "{} records, {} new, {} changed, {} withdrawn, {} problems",
            run.records, run.added, run.changed, run.withdrawn, run.problem_count
        ),
        _ => run.error.clone().unwrap_or_default(),
    };
    format!("{:6.1} s  {document:45} {:9} {tail}", run.seconds, run.outcome)
}
