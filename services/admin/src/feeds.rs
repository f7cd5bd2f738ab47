//! `feeds`.

mod import;
mod runs;
mod sync;

use clap::Subcommand;

use crate::Server;

/// Advisory feeds.
#[derive(Debug, Subcommand)]
pub enum Feeds {
    /// Asks the feeds service to sync now.
    Sync(sync::Sync),
    /// Takes what a bundle of feeds says: one signed file, for a platform without a network.
    Import(import::Import),
}

impl Feeds {
    pub async fn run(self, server: &Server) -> anyhow::Result<()> {
        match self {
            Self::Sync(command) => command.run(server).await,
            Self::Import(command) => command.run(server).await,
        }
    }
}
