//! The scan of the command line, in one process with its own database.

use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_e2e::debian::DebianImage;
use plimsoll_e2e::mirror::Mirror;
use plimsoll_e2e::process::{output, program};
use serde_json::Value;

use crate::feeds;
use crate::measure::{best, mebibytes, seconds};
use crate::table::Table;

/// Measures building the database and scanning; gives the database.
pub fn measure(table: &mut Table, image: &DebianImage, mirror: &Mirror, folder: &Path, runs: u8) -> PathBuf {
    let db = feeds::update(table, mirror, folder);
    let scan = || scan(&db, &image.layout);
    let report: Value = serde_json::from_str(&output(&mut scan())).expect("the report");
    let count =
        |field: &str| report[field].as_array().map_or_else(|| report[field].to_string(), |all| all.len().to_string());
    let taken = best(runs, scan);
    table.row(
        "offline: scan",
        seconds(taken.wall),
        mebibytes(taken.peak_kib),
        format!("`plimsoll scan --offline LAYOUT`, {} findings", count("findings")),
    );
    db
}

fn scan(db: &Path, layout: &Path) -> Command {
    let mut command = program("plimsoll");
    command.args(["scan", "--offline", "--format", "json", "--db"]).arg(db).arg(layout);
    command
}
