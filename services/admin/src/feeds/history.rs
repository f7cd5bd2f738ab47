//! `feeds runs`: the last runs whole, with the problems that they met.

use clap::Args;
use plimsoll_store::feeds;

use super::runs;
use crate::Server;

/// Which are told.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  plimsoll-admin feeds runs
  plimsoll-admin feeds runs --feed osv --document PyPI/all.zip --last 5
  plimsoll-admin feeds runs --troubled")]
pub struct History {
    /// Only this feed.
    #[arg(long)]
    feed: Option<String>,
    /// Only this document of it, as `feeds status` names it after the slash.
    #[arg(long, requires = "feed")]
    document: Option<String>,
    /// Only runs that failed, were refused or met problems.
    #[arg(long)]
    troubled: bool,
    /// How many.
    #[arg(long, default_value_t = 20, value_name = "COUNT", value_parser = clap::value_parser!(i64).range(1..=1_000))]
    last: i64,
}

impl History {
    pub async fn run(self, server: &Server) -> anyhow::Result<()> {
        let Self { feed, document, troubled, last } = self;
        let store = server.store().await?;
        let mut tx = store.catalog_tx().await?;
        let found = feeds::latest_runs(&mut tx, feed.as_deref(), document.as_deref(), troubled, last).await?;
        tx.commit().await?;
        for run in &found {
            println!("{}  {}", run.finished_at.format("%F %T"), runs::told(run, usize::MAX));
        }
        Ok(())
    }
}
