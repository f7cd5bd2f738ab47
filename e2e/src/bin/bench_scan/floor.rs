//! What any scan must do at least: inflate the layers, and take the digests of the compressed and the inflated.
//!
//! By the standard programs, which everybody knows; and by the libraries that we use, in one thread. The latter is the floor: Debian's
//! `gzip` and `sha256sum` use neither a fast inflater nor the processor's SHA instructions, so that a scan can beat them.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::bufread::MultiGzDecoder;
use plimsoll_e2e::debian::DebianImage;
use sha2::{Digest as _, Sha256};

use crate::measure::{best, fastest, seconds};
use crate::table::Table;

/// Measures on the image's gzip layers.
pub fn measure(table: &mut Table, image: &DebianImage, runs: u8) {
    let layers: Vec<PathBuf> = image.layers().into_iter().filter(|layer| is_gzip(layer)).collect();
    let files = layers.iter().map(|layer| format!("'{}'", layer.display())).collect::<Vec<_>>().join(" ");
    let size: u64 = layers.iter().map(|layer| fs::metadata(layer).expect("a layer").len()).sum();
    let of = format!("{} gzip layers, {:.1} MiB", layers.len(), size as f64 / f64::from(1 << 20));
    for (what, pipeline) in [
        ("gzip: inflate", "gzip -dc LAYERS > /dev/null"),
        ("sha256sum: digest of the compressed", "sha256sum LAYERS > /dev/null"),
        ("gzip, sha256sum: inflate, digest of the inflated", "gzip -dc LAYERS | sha256sum > /dev/null"),
    ] {
        let script = pipeline.replace("LAYERS", &files);
        let taken = best(runs, || shell(&script));
        table.row(what, seconds(taken.wall), "-".into(), format!("`{pipeline}`, {of}"));
    }
    let floor = fastest(runs, || layers.iter().map(|layer| inflated_and_digested(layer)).sum::<u64>());
    let of = format!("flate2 (zlib-rs) and sha2, both digests, one thread in this process, {of}");
    table.row("floor: our libraries, nothing else", seconds(floor), "-".into(), of);
    let copy = best(runs, || {
        let folder = tempfile::tempdir().expect("a folder");
        let script = format!("skopeo copy '{}' 'dir:{}'; rm -rf '{1}'", image.skopeo(), folder.path().display());
        shell(&script)
    });
    table.row("skopeo: copy the image", seconds(copy.wall), "-".into(), "`skopeo copy oci:LAYOUT dir:FOLDER`");
}

/// Reads a layer as a scan must, but looks at nothing; gives its inflated size in bytes.
fn inflated_and_digested(layer: &Path) -> u64 {
    let file = BufReader::with_capacity(1 << 16, File::open(layer).expect("a layer"));
    let mut compressed = Digesting { of: file, digest: Sha256::new() };
    let mut inflated = Digesting {
        of: MultiGzDecoder::new(BufReader::with_capacity(1 << 16, &mut compressed)),
        digest: Sha256::new(),
    };
    let size = io::copy(&mut BufReader::with_capacity(1 << 16, &mut inflated), &mut io::sink()).expect("a whole layer");
    let digests = [inflated.digest.finalize(), compressed.digest.finalize()];
    std::hint::black_box(digests);
    size
}

/// Takes the digest of what is read through it.
struct Digesting<R> {
    of: R,
    digest: Sha256,
}

impl<R: Read> Read for Digesting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.of.read(buffer)?;
        self.digest.update(&buffer[..length]);
        Ok(length)
    }
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn is_gzip(layer: &Path) -> bool {
    fs::read(layer).expect("a layer").starts_with(&[0x1f, 0x8b])
}
