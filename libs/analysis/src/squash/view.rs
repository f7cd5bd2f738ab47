//! What is to be seen from the topmost layer so far.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

use plimsoll_model::{OsRelease, Package, PackageType};

use crate::contents::{Contents, FileAnalysis};
use crate::{PathHashes, path};

/// The files that are still there.
#[derive(Default)]
pub(super) struct View<'a> {
    files: BTreeMap<&'a str, Seen<'a>>,
    /// Hashes of folders' paths, computed once for all layers.
    hashes: HashMap<&'a str, u64>,
}

/// A file, with the layer since which each of its packages has been there, in the packages' order.
#[derive(Clone)]
struct Seen<'a> {
    file: &'a FileAnalysis,
    since: Vec<u32>,
}

/// What makes a package the same as one in a lower layer: unlike its licence or source, these cannot be restated.
type Identity<'a> = (PackageType, &'a str, &'a str, Option<&'a str>);

fn identity(package: &Package) -> Identity<'_> {
    (package.kind, &package.name, &package.version, package.architecture.as_deref())
}

impl<'a> View<'a> {
    /// Puts a layer on top.
    pub(super) fn apply(&mut self, index: u32, layer: &'a Contents) {
        let since = self.since_of(layer);
        // Whiteouts hide what is below and never what their own layer brings, wherever in the tar they stand.
        self.hide(layer);
        for (path, file) in &layer.files {
            let since_of = |package: &'a Package| {
                let of_file = since.files.get(&(path.as_str(), identity(package)));
                of_file.or_else(|| since.distribution.get(&identity(package))).copied().unwrap_or(index)
            };
            let since = file.packages.iter().map(since_of).collect();
            self.files.insert(path, Seen { file, since });
        }
    }

    /// The operating system that the file at `path` names.
    pub(super) fn os(&self, path: &str) -> Option<&'a OsRelease> {
        self.files.get(path)?.file.os.as_ref()
    }

    /// Paths that belong to a distribution's package.
    pub(super) fn owned(&self) -> impl Iterator<Item = &'a str> {
        self.files.values().flat_map(|seen| seen.file.owned.iter().map(String::as_str))
    }

    /// Every package, with the file that says so and the layer since which it has.
    pub(super) fn packages(&self) -> impl Iterator<Item = (&'a Package, &'a str, u32)> {
        self.files.iter().flat_map(|(path, seen)| {
            seen.file.packages.iter().zip(&seen.since).map(|(package, since)| (package, *path, *since))
        })
    }

    /// Since when the packages that `layer` states again have been there.
    fn since_of(&self, layer: &'a Contents) -> Since<'a> {
        let mut since = Since::default();
        for (path, file) in &layer.files {
            let Some((path, below)) = self.files.get_key_value(path.as_str()) else { continue };
            // Only where the new file says something, which most do not.
            let packages = below.file.packages.iter().zip(&below.since).filter(|_| !file.packages.is_empty());
            since.files.extend(packages.map(|(package, layer)| ((*path, identity(package)), *layer)));
        }
        // A distribution's database may move to another path; its packages have not been installed again then.
        let is_new_database = |(path, file): (&String, &FileAnalysis)| {
            !self.files.contains_key(path.as_str())
                && file.packages.iter().any(|package| package.kind.is_distribution())
        };
        if layer.files.iter().any(is_new_database) {
            for (package, _, layer) in self.packages().filter(|(package, _, _)| package.kind.is_distribution()) {
                let earliest = since.distribution.entry(identity(package)).or_insert(layer);
                *earliest = layer.min(*earliest);
            }
        }
        since
    }

    /// Takes out what `layer` deletes or replaces.
    fn hide(&mut self, layer: &'a Contents) {
        for whiteout in &layer.whiteouts {
            self.remove(whiteout);
            self.remove_below(whiteout);
        }
        for folder in &layer.opaque_directories {
            self.remove_below(folder);
        }
        // Where a file used to be, now a folder is.
        for path in layer.files.keys() {
            path::ancestors(path).for_each(|folder| self.remove(folder));
        }
        // Where a folder used to be, now something else is.
        if layer.non_directories.is_empty() {
            return;
        }
        let hashes = &mut self.hashes;
        self.files.retain(|path, _| {
            let is_replaced = |folder: &'a str| {
                let hash = *hashes.entry(folder).or_insert_with(|| PathHashes::hash(folder));
                layer.non_directories.contains_hash(hash)
            };
            !ancestors_of(path).any(is_replaced)
        });
    }

    fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// Takes out everything in a folder; the empty path is the root.
    fn remove_below(&mut self, folder: &str) {
        if folder.is_empty() {
            return self.files.clear();
        }
        let first = format!("{folder}/");
        // `0` follows `/`.
        let last = format!("{folder}0");
        let range = (Bound::Included(first.as_str()), Bound::Excluded(last.as_str()));
        let below: Vec<&'a str> = self.files.range::<str, _>(range).map(|(path, _)| *path).collect();
        below.into_iter().for_each(|path| self.remove(path));
    }
}

/// The folders of a path, living as long as it.
fn ancestors_of<'a>(path: &&'a str) -> impl Iterator<Item = &'a str> {
    path::ancestors(path)
}

/// Layers since which packages have been there.
#[derive(Default)]
struct Since<'a> {
    files: HashMap<(&'a str, Identity<'a>), u32>,
    distribution: HashMap<Identity<'a>, u32>,
}
