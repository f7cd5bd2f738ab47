//! `plimsoll`: scan an image, online or offline.
//!
//! Results go to standard output, everything else to standard error. Exit codes are in [`exit`].

mod advisory;
mod arguments;
mod clock;
mod db;
mod documents;
mod edition;
mod escape;
mod exit;
mod feeds;
mod files;
mod inventory;
mod output;
mod progress;
mod quantity;
mod query;
mod report;
mod scan;
mod server;
mod source;
mod version_compare;
mod vex;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::filter::LevelFilter;

use crate::arguments::{Arguments, Command, DbCommand, FeedsCommand, VersionCommand};
use crate::exit::{Failure, Outcome};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Fails only where one is installed already, which is just as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let level = if arguments.verbose { LevelFilter::INFO } else { LevelFilter::OFF };
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_max_level(level).without_time().init();
    let outcome = match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let outcome = runtime.block_on(run(arguments.command));
            // What timed out may still hold a thread.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => Err(Failure::undone(format!("the program could not start its threads: {error}"))),
    };
    exit::code(outcome)
}

async fn run(command: Command) -> Result<Outcome, Failure> {
    match command {
        Command::Scan(arguments) => scan::run(*arguments).await,
        Command::Inventory(arguments) => inventory::run(*arguments).await,
        Command::Query(arguments) => query::run(arguments).await,
        Command::Advisory { command } => advisory::run(command).await,
        Command::Vex { command } => vex::run(command).await,
        Command::Db { command: DbCommand::Update(arguments) } => db::update::run(arguments).await,
        Command::Db { command: DbCommand::Status(arguments) } => db::status::run(&arguments),
        Command::Feeds { command: FeedsCommand::Keygen(arguments) } => feeds::keygen::run(&arguments),
        Command::Feeds { command: FeedsCommand::Export(arguments) } => feeds::export::run(arguments).await,
        Command::Feeds { command: FeedsCommand::Import(arguments) } => feeds::import::run(arguments).await,
        Command::Version { command: VersionCommand::Compare { scheme } } => version_compare::run(&scheme),
    }
}
