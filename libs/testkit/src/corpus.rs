//! The shared corpus: real feeds, vectors and conformance cases that lie beside the project and are never part of it.
//!
//! Only the standard library is used here, so that pure crates can include this one file in their tests.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The folder `name` of the shared corpus (`PLIMSOLL_SHARED`, else `../shared` from the workspace's root).
///
/// Where it is missing, says so on standard error, records the running test in the file that `PLIMSOLL_SKIPPED` names
/// (`infra/test` counts them in its summary) and gives `None`: the test then returns.
pub fn shared(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PLIMSOLL_SHARED").map_or_else(beside_workspace, PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: needs the shared corpus");
    let record = std::env::var_os("PLIMSOLL_SKIPPED")
        .and_then(|file| std::fs::OpenOptions::new().create(true).append(true).open(file).ok());
    if let Some(mut record) = record {
        let thread = std::thread::current();
        let _ = writeln!(record, "{}", thread.name().unwrap_or("unnamed"));
    }
    None
}

/// `../shared` from the folder that holds `Cargo.lock`.
fn beside_workspace() -> PathBuf {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = crate_root.ancestors().find(|folder| folder.join("Cargo.lock").exists()).unwrap_or(crate_root);
    workspace.join("../shared")
}
