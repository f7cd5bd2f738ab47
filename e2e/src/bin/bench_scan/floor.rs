//! What any scan must do at least: inflate the layers and take their digests. By the standard programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use plimsoll_e2e::debian::DebianImage;

use crate::measure::{best, seconds};
use crate::table::Table;

/// Measures on the image's gzip layers.
pub fn measure(table: &mut Table, image: &DebianImage, runs: u8) {
    let layers: Vec<PathBuf> = image.layers().into_iter().filter(|layer| is_gzip(layer)).collect();
    let files = layers.iter().map(|layer| format!("'{}'", layer.display())).collect::<Vec<_>>().join(" ");
    let size: u64 = layers.iter().map(|layer| fs::metadata(layer).expect("a layer").len()).sum();
    let of = format!("{} gzip layers, {:.1} MiB", layers.len(), size as f64 / f64::from(1 << 20));
    for (what, pipeline) in [
        ("floor: inflate", "gzip -dc LAYERS > /dev/null"),
        ("floor: digest of the compressed", "sha256sum LAYERS > /dev/null"),
        ("floor: inflate, digest of the inflated", "gzip -dc LAYERS | sha256sum > /dev/null"),
    ] {
        let script = pipeline.replace("LAYERS", &files);
        let taken = best(runs, || shell(&script));
        table.row(what, seconds(taken.wall), "-".into(), format!("`{pipeline}`, {of}"));
    }
    let copy = best(runs, || {
        let folder = tempfile::tempdir().expect("a folder");
        let script = format!("skopeo copy '{}' 'dir:{}'; rm -rf '{1}'", image.skopeo(), folder.path().display());
        shell(&script)
    });
    table.row("floor: skopeo reads the image", seconds(copy.wall), "-".into(), "`skopeo copy oci:LAYOUT dir:FOLDER`");
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn is_gzip(layer: &Path) -> bool {
    fs::read(layer).expect("a layer").starts_with(&[0x1f, 0x8b])
}
