//! `plimsoll-admin`: the operator's tool.

mod dead_letters;
mod feeds;
mod migrate;
mod organizations;
mod schemas;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use plimsoll_store::Store;
use url::Url;

/// The operator's tool of a Plimsoll platform.
///
/// It works on the database as its owner; whoever runs it has the platform.
#[derive(Debug, Parser)]
#[command(name = "plimsoll-admin", version, after_help = EXAMPLES)]
struct Arguments {
    /// PostgreSQL, as a user that may create roles.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, global = true, default_value = "")]
    database_url: String,
    /// RabbitMQ.
    #[arg(long, env = "AMQP_URL", hide_env_values = true, global = true, default_value = "")]
    amqp_url: String,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  plimsoll-admin migrate --roles-password-file roles.password
  OWNER_PASSWORD=... plimsoll-admin organization create --slug demo --name Demo --owner-email owner@demo.example --password-env OWNER_PASSWORD
  plimsoll-admin api-key create --organization demo --name ci --scope read --scope push
  plimsoll-admin feeds sync --wait
  plimsoll-admin feeds status
  plimsoll-admin feeds import --key bundle.pub feeds.bundle
  plimsoll-admin dead-letters list --topic scan.image
  plimsoll-admin dead-letters retry --topic scan.image";

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes the database's roles and brings its schema up to date.
    Migrate(migrate::Migrate),
    /// Organizations.
    #[command(subcommand)]
    Organization(organizations::Organization),
    /// Machines' keys.
    #[command(subcommand)]
    ApiKey(organizations::ApiKeys),
    /// Advisory feeds.
    #[command(subcommand)]
    Feeds(feeds::Feeds),
    /// Messages that could not be handled.
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLetters),
    /// Writes the JSON Schemas of all messages to a folder.
    #[command(hide = true)]
    MessageSchemas {
        /// The folder: what is in it is replaced.
        folder: std::path::PathBuf,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    plimsoll_runtime::install_tls();
    let server = Server { database_url: arguments.database_url, amqp_url: arguments.amqp_url };
    match arguments.command {
        Command::Migrate(command) => command.run(&server).await,
        Command::Organization(command) => command.run(&server).await,
        Command::ApiKey(command) => command.run(&server).await,
        Command::Feeds(command) => command.run(&server).await,
        Command::DeadLetters(command) => command.run(&server).await,
        Command::MessageSchemas { folder } => schemas::write(&folder),
    }
}

/// The servers of the platform.
#[derive(Debug)]
struct Server {
    database_url: String,
    amqp_url: String,
}

impl Server {
    fn database_url(&self) -> anyhow::Result<&str> {
        anyhow::ensure!(!self.database_url.is_empty(), "which database? Set DATABASE_URL, or --database-url");
        Ok(&self.database_url)
    }

    fn amqp_url(&self) -> anyhow::Result<&str> {
        anyhow::ensure!(!self.amqp_url.is_empty(), "which message broker? Set AMQP_URL, or --amqp-url");
        Ok(&self.amqp_url)
    }

    /// A store as the schema's owner, who may look across organizations.
    async fn store(&self) -> anyhow::Result<Store> {
        self.store_as("plimsoll_owner", 2).await
    }

    /// A store as the feeds service has it: what brings knowledge in may do no more than that one.
    async fn feeds_store(&self) -> anyhow::Result<Store> {
        self.store_as("plimsoll_feeds", 6).await
    }

    async fn store_as(&self, role: &str, connections: u32) -> anyhow::Result<Store> {
        let mut url: Url = self.database_url()?.parse().context("DATABASE_URL is not an address")?;
        url.query_pairs_mut().append_pair("options[role]", role);
        Store::connect(url.as_str(), "plimsoll-admin", connections)
            .await
            .context("the database does not answer, or was never migrated (plimsoll-admin migrate)")
    }
}
