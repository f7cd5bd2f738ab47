//! What a target starts from: the fixtures and samples that say something to it, and files of the shared corpus where it is there.

use std::path::{Path, PathBuf};

use crate::targets::Target;
use crate::{common, declared, interpreted};

/// The largest seed: a fuzzer gets nowhere on large ones.
const SEED_BYTES: u64 = 64 << 10;
/// The most seeds of a target.
const SEEDS: usize = 100;

/// A target's seeds, the smallest first, each once.
pub fn of(target: &Target) -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = everything().filter_map(|(path, bytes)| (target.seed)(&path, &bytes)).collect();
    seeds.extend(target.own_seeds.iter().cloned());
    seeds.sort_by(|a, b| (a.len(), a).cmp(&(b.len(), b)));
    seeds.dedup();
    seeds.truncate(SEEDS);
    seeds
}

/// Every file that there is to start from, by a path at which an image could have it.
pub fn everything() -> impl Iterator<Item = (String, Vec<u8>)> {
    let samples = [common::SAMPLES, declared::SAMPLES, interpreted::SAMPLES].into_iter().flatten();
    let samples = samples.map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    samples.chain(fixtures()).chain(vectors())
}

/// The files of the golden inventories, by their paths in the image.
fn fixtures() -> impl Iterator<Item = (String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .find_map(|folder| Some(folder.join("tests/fixtures")).filter(|fixtures| fixtures.join("debian").exists()));
    let roots = folder.into_iter().flat_map(|folder| entries(&folder)).map(|fixture| fixture.join("root"));
    roots.flat_map(|root| {
        files_below(&root).into_iter().filter_map(move |file| {
            let path = file.strip_prefix(&root).ok()?.to_str()?.to_owned();
            Some((path, small(&file)?))
        })
    })
}

/// The files of the shared corpus, which are called `NAME-HASH`.
fn vectors() -> impl Iterator<Item = (String, Vec<u8>)> {
    let shared = std::env::var_os("PLIMSOLL_SHARED").map(PathBuf::from);
    let files = shared.into_iter().flat_map(|shared| entries(&shared.join("vectors/packages")));
    files.filter_map(|file| {
        let name = file.file_name()?.to_str()?;
        let (name, _) = name.rsplit_once('-')?;
        Some((format!("app/{name}"), small(&file)?))
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
