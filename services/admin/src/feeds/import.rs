//! `feeds import`: a bundle taken at once, in this process, by the feeds service's own library and database role.

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use plimsoll_feeds::{BundleSource, ImportOptions, MOST_WITHDRAWN, Syncer, turn};
use plimsoll_fetch::{Fetcher, Options};
use plimsoll_runtime::clock;
use plimsoll_store::Store;
use plimsoll_store::feeds::{self, Outcome};
use uuid::Uuid;

use super::runs::Runs;
use crate::Server;

/// What is taken.
#[derive(Debug, Args)]
#[command(after_help = "\
Each document of the bundle is brought in as a sync of it would be, with a line each; what is as we hold it costs nothing. How old the knowledge is goes
by the bundle, not by the import. A bundle that is cut short, changed, not signed by a trusted key, of a newer format or older than what we hold is
refused, and nothing of it is used. A sync of the feeds service that runs is waited for. Exits with 1 where anything could not be taken.

Examples:
  plimsoll-admin feeds import --key bundle.pub /media/usb/feeds.bundle
  plimsoll-admin feeds import --key RWQ... https://mirror.example.org/feeds.bundle
  PLIMSOLL_BUNDLE_KEYS=old.pub,new.pub plimsoll-admin feeds import --feed osv feeds.bundle
  plimsoll-admin feeds import --key bundle.pub --accept-withdrawals feeds.bundle")]
pub struct Import {
    /// The bundle of `plimsoll feeds export`: a file, or an https, http or file address.
    #[arg(value_name = "FILE|URL")]
    bundle: String,
    /// A public key that it may be signed with: its text (`RW...`) or file. Repeatable, or separated by commas.
    #[arg(long = "key", value_name = "KEY|FILE", env = "PLIMSOLL_BUNDLE_KEYS", value_delimiter = ',')]
    keys: Vec<String>,
    /// Only this feed.
    #[arg(long)]
    feed: Option<String>,
    /// Accept that documents lack more of what we hold than one import may withdraw by itself.
    #[arg(long)]
    accept_withdrawals: bool,
    /// Take a bundle that is older than what we hold. Of Red Hat's records the newest stays.
    #[arg(long)]
    allow_older: bool,
    /// The share (0 to 1) of a document's records that one import may withdraw by itself.
    #[arg(long, env = "PLIMSOLL_FEEDS_MOST_WITHDRAWN", default_value_t = MOST_WITHDRAWN, value_name = "SHARE")]
    most_withdrawn: f64,
}

impl Import {
    pub async fn run(self, server: &Server) -> anyhow::Result<()> {
        let source = BundleSource::new(&self.bundle, self.keys.iter().map(String::as_str))
            .context("--key or PLIMSOLL_BUNDLE_KEYS: the public key of plimsoll feeds keygen")?;
        let owner = server.store().await?;
        let store = server.feeds_store().await?;
        let request = clock::new_id();
        let mut tx = owner.catalog_tx().await?;
        feeds::request(&mut tx, request).await?;
        tx.commit().await?;
        let syncer = Syncer {
            store: store.clone(),
            fetcher: Fetcher::new(Options::default()),
            base: None,
            most_withdrawn: self.most_withdrawn,
        };
        let options = ImportOptions {
            feed: self.feed,
            accept_withdrawals: self.accept_withdrawals,
            allow_older: self.allow_older,
        };
        let importing = imported(&store, request, &syncer, &source, &options);
        tokio::pin!(importing);
        let mut runs = Runs::of(request);
        let outcome = loop {
            tokio::select! {
                outcome = &mut importing => break outcome?,
                () = tokio::time::sleep(Duration::from_millis(300)) => runs.tell(&owner).await?,
            };
        };
        runs.tell(&owner).await?;
        anyhow::ensure!(
            matches!(outcome, Outcome::Changed | Outcome::Unchanged),
            "not all of the bundle was taken: the lines above say why"
        );
        Ok(())
    }
}

/// Imports in its turn, as a wish that is begun and done.
async fn imported(
    store: &Store,
    request: Uuid,
    syncer: &Syncer,
    source: &BundleSource,
    options: &ImportOptions,
) -> plimsoll_store::Result<Outcome> {
    let turn = turn(store).await?;
    let mut tx = store.catalog_tx().await?;
    feeds::request_started(&mut tx, request).await?;
    tx.commit().await?;
    let outcome = syncer.import(source, options).await?;
    let mut tx = store.catalog_tx().await?;
    feeds::request_finished(&mut tx, request).await?;
    tx.commit().await?;
    turn.commit().await?;
    Ok(outcome)
}
