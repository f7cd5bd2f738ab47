//! The scan of the command line, in one process with its own database.

use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_e2e::debian::DebianImage;
use plimsoll_e2e::process::{output, program};
use serde_json::Value;

use crate::measure::{best, mebibytes, once, seconds};
use crate::table::Table;

/// Measures building the database and scanning; gives the database.
pub fn measure(table: &mut Table, image: &DebianImage, mirror: &str, folder: &Path, runs: u8) -> PathBuf {
    let db = folder.join("advisories.db");
    let mut update = program("plimsoll");
    update.args(["db", "update", "--base", mirror, "--db"]).arg(&db);
    let updated = once(update);
    let size = std::fs::metadata(&db).expect("the database").len();
    table.row(
        "offline: build the database (once)",
        seconds(updated.wall),
        mebibytes(updated.peak_kib),
        format!("`plimsoll db update --base MIRROR`, {:.0} MiB on disk", size as f64 / f64::from(1 << 20)),
    );
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
