//! How fast images are scanned and feeds synced, and in how much memory: measured on the real Debian image and the mirror, told as a Markdown table.
//!
//! In: this build's programs, the image of [`plimsoll_e2e::debian`], a folder of feeds. Out: one table on standard output, with
//! the machine and the commands. Everything runs on this machine, against servers that the environment names.

mod feeds;
mod floor;
mod machine;
mod matching;
mod measure;
mod offline;
mod peers;
mod platform;
mod scale;
mod table;

use std::path::PathBuf;
use std::process::Command;

use clap::Parser;
use plimsoll_e2e::debian::DebianImage;
use plimsoll_e2e::mirror::Mirror;
use plimsoll_e2e::process::{output, workspace};
use plimsoll_e2e::tools::require;
use plimsoll_testkit::corpus;

use crate::table::Table;

/// Measure scanning on a real Debian image and print a Markdown table: the floor that inflating and SHA-256 set, the
/// offline scan, the platform from push to findings, and matching; syncs of the feeds; the analysis of a large image beside trivy and syft; and a
/// platform with a million findings.
#[derive(Parser)]
#[command(
    name = "bench-scan",
    after_help = "Needs: a release build of the whole workspace beside it (cargo build --release --workspace --bins); DATABASE_URL,
AMQP_URL, AMQP_MANAGEMENT_URL and REDIS_URL, as `infra/servers env` gives them; root, skopeo, psql, debootstrap, pip
and npm for the image, which is built once for a checkout; Linux, as memory is read from /proc.
infra/bench sees to all of it.

Times are wall clock on whatever else the machine does: the load is told in the first line."
)]
struct Arguments {
    /// How often each short measurement is taken; the best is told
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..))]
    runs: u8,
    /// What is measured
    #[arg(long, value_enum, default_value_t = Part::All)]
    part: Part,
    /// A mirror of the feeds; the shared corpus where absent, else the facts in infra/feeds-bundle
    #[arg(long, value_name = "FOLDER")]
    feeds: Option<PathBuf>,
}

/// A part of the benchmark.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    /// Everything.
    All,
    /// Scanning and matching, offline and by the platform.
    Scan,
    /// Syncs of the feeds' mirror, the first and one with nothing changed, by the platform and by `plimsoll db update`.
    Feeds,
    /// Analysis beside trivy and syft, on a large image.
    Peers,
    /// New knowledge and new images on a platform with a million findings.
    Scale,
}

#[tokio::main]
async fn main() {
    let arguments = Arguments::parse();
    require(&["skopeo", "gzip", "sha256sum", "psql", "date"]);
    let folder = tempfile::tempdir().expect("a folder");
    let (folder_of_feeds, feeds_name) = feeds_folder(arguments.feeds, folder.path().join("feeds"));
    let mirror = Mirror::serve(folder_of_feeds.canonicalize().expect("the feeds' folder"));
    let mut table = Table::new();
    machine::describe(&mut table, arguments.runs, feeds_name);
    if matches!(arguments.part, Part::All | Part::Scale) {
        eprintln!("a platform of size");
        scale::measure(&mut table, folder.path()).await;
    }
    if matches!(arguments.part, Part::All | Part::Peers) {
        eprintln!("analysis, beside its peers");
        peers::measure(&mut table, mirror.address(), folder.path(), arguments.runs);
    }
    if arguments.part == Part::Feeds {
        eprintln!("feeds");
        feeds::update(&mut table, &mirror, folder.path());
        feeds::sync(&mut table, &mirror).await;
    }
    if matches!(arguments.part, Part::Feeds | Part::Peers | Part::Scale) {
        machine::describe_end(&mut table);
        print!("{table}");
        return;
    }
    let image = DebianImage::get();
    eprintln!("floor");
    floor::measure(&mut table, &image, arguments.runs);
    eprintln!("offline scan");
    let db = offline::measure(&mut table, &image, &mirror, folder.path(), arguments.runs);
    eprintln!("matching");
    matching::measure(&mut table, &db, &folder_of_feeds, arguments.runs).await;
    eprintln!("platform");
    platform::measure(&mut table, &image, &mirror, arguments.runs).await;
    machine::describe_end(&mut table);
    print!("{table}");
}

/// The folder of feeds, and what it is called in the table.
fn feeds_folder(named: Option<PathBuf>, scratch: PathBuf) -> (PathBuf, &'static str) {
    if let Some(folder) = named {
        return (folder, "feeds named by --feeds");
    }
    if let Some(folder) = corpus::shared("feeds") {
        return (folder, "feeds of the shared corpus");
    }
    output(Command::new(workspace().join("infra/feeds-bundle/make")).arg(&scratch));
    (scratch, "feeds of infra/feeds-bundle (small)")
}
