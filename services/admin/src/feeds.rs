//! `feeds`.

mod history;
mod import;
mod runs;
mod status;
mod sync;

use clap::Subcommand;

use crate::Server;

/// Advisory feeds.
#[derive(Debug, Subcommand)]
pub enum Feeds {
    /// Tells how old each document is, and when it is asked for again.
    Status(status::Status),
    /// Tells the last runs, with the problems that they met.
    Runs(history::History),
    /// Asks the feeds service to sync now.
    Sync(sync::Sync),
    /// Takes what a bundle of feeds says: one signed file, for a platform without a network.
    Import(import::Import),
}

impl Feeds {
    pub async fn run(self, server: &Server) -> anyhow::Result<()> {
        match self {
            Self::Status(command) => command.run(server).await,
            Self::Runs(command) => command.run(server).await,
            Self::Sync(command) => command.run(server).await,
            Self::Import(command) => command.run(server).await,
        }
    }
}
