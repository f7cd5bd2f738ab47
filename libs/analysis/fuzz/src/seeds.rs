//! What a target starts from: the fixtures and samples that say something to it, and files of the shared corpus where it is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::targets::Target;
use crate::{common, declared, interpreted};

/// The largest seed: a fuzzer gets nowhere on large ones.
const SEED_BYTES: u64 = 64 << 10;
/// The most seeds of a target, beside its own.
const SEEDS: usize = 100;

/// A target's seeds: the smallest files, each once, and its own.
pub fn of(target: &Target) -> Vec<Vec<u8>> {
    let files = everything().iter().filter_map(|(path, bytes)| (target.seed)(path, bytes));
    let mut seeds: Vec<Vec<u8>> = files.collect::<BTreeSet<_>>().into_iter().collect();
    seeds.sort_by_key(Vec::len);
    seeds.truncate(SEEDS);
    seeds.extend(target.own_seeds.iter().cloned());
    seeds
}

/// Every file that there is to start from, by a path at which an image could have it.
pub fn everything() -> &'static [(String, Vec<u8>)] {
    static EVERYTHING: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
        let samples = [common::SAMPLES, declared::SAMPLES, interpreted::SAMPLES].into_iter().flatten();
        let samples = samples.map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        let shared = std::env::var_os("PLIMSOLL_SHARED").map(|shared| Path::new(&shared).join("vectors/packages"));
        let folders = [fixtures(), shared].into_iter().flatten();
        samples.chain(folders.flat_map(|folder| trees_in(&folder))).collect()
    });
    &EVERYTHING
}

/// The golden inventories.
fn fixtures() -> Option<PathBuf> {
    let mut folders = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("tests/fixtures"));
    folders.find(|fixtures| fixtures.join("debian").exists())
}

/// The files of each `NAME/root/` in a folder, by their paths in the image. So lie the golden inventories and the shared corpus.
pub fn trees_in(folder: &Path) -> impl Iterator<Item = (String, Vec<u8>)> + use<> {
    entries(folder).into_iter().map(|entry| entry.join("root")).flat_map(|root| {
        files_below(&root).into_iter().filter_map(move |file| {
            let path = file.strip_prefix(&root).ok()?.to_str()?.to_owned();
            Some((path, small(&file)?))
        })
    })
}

fn small(file: &Path) -> Option<Vec<u8>> {
    let is_small = std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= SEED_BYTES);
    std::fs::read(file).ok().filter(|_| is_small)
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let (folders, mut files): (Vec<_>, Vec<_>) = entries(folder).into_iter().partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| files_below(folder)));
    files
}
