//! What is to be seen from the topmost layer so far.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, Range};

use plimsoll_model::{FileFact, Observation, OsRelease, Package, PackageType};

use super::owners::{self, Ownership};
use crate::contents::{Contents, FileAnalysis};
use crate::{Dependencies, PathHashes, path};

/// The files that are still there.
#[derive(Default)]
pub(super) struct View<'a> {
    files: BTreeMap<&'a str, Seen<'a>>,
    /// Hashes of folders' paths, computed once for all layers.
    hashes: HashMap<&'a str, u64>,
    /// What was observed in files that are no longer there: their bytes are in the image all the same.
    removed: Vec<Observation>,
    /// What such files showed.
    removed_facts: Vec<FileFact>,
    /// What packages owned by what such files said.
    former: Vec<Ownership<'a>>,
    /// The layers so far, each with everything in it that is no folder.
    layers: Vec<(u32, &'a PathHashes)>,
}

/// A file, with the layers since which each of its packages and observations has been there, in their order.
#[derive(Clone)]
pub(super) struct Seen<'a> {
    pub(super) file: &'a FileAnalysis,
    pub(super) since: Vec<u32>,
    observed_since: Vec<u32>,
    /// The layer that brought the file as it is.
    pub(super) layer: u32,
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
        self.hide(index, layer);
        for (path, file) in &layer.files {
            let since_of = |package: &'a Package| {
                let of_file = since.files.get(&(path.as_str(), identity(package)));
                of_file.or_else(|| since.distribution.get(&identity(package))).copied().unwrap_or(index)
            };
            let observed_since = |observation: &'a Observation| {
                since.observations.get(&(path.as_str(), observation)).copied().unwrap_or(index)
            };
            let observed_since = file.observations.iter().map(observed_since).collect();
            self.files.insert(
                path,
                Seen { file, since: file.packages.iter().map(since_of).collect(), observed_since, layer: index },
            );
        }
        self.layers.push((index, &layer.non_directories));
    }

    /// The operating system that the file at `path` names.
    pub(super) fn os(&self, path: &str) -> Option<&'a OsRelease> {
        self.files.get(path)?.file.os.as_deref()
    }

    /// Which paths the distribution's packages own, and owned.
    pub(super) fn ownerships(&self) -> impl Iterator<Item = Ownership<'a>> {
        self.former.iter().copied().chain(owners::told(self, self.files.values(), None))
    }

    /// Whether one of these layers has something at the path that is no folder.
    pub(super) fn is_in_layers(&self, path: &str, layers: Range<u32>) -> bool {
        let hash = PathHashes::hash(path);
        self.layers.iter().any(|(index, paths)| layers.contains(index) && paths.contains_hash(hash))
    }

    /// Every file that was read, with the analysers that did.
    pub(super) fn files(&self) -> impl Iterator<Item = &'a FileAnalysis> {
        self.files.values().map(|seen| seen.file)
    }

    /// Every path of which this holds by those who read it.
    pub(super) fn read_by(&self, is_one: impl Fn(&str) -> bool) -> impl Iterator<Item = &'a str> {
        self.files
            .iter()
            .filter(move |(_, seen)| seen.file.read_by.iter().any(|name| is_one(name)))
            .map(|(path, _)| *path)
    }

    /// What asks for what, by file.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = (&'a str, &'a Dependencies)> {
        self.files.iter().filter_map(|(path, seen)| Some((*path, seen.file.dependencies.as_deref()?)))
    }

    /// Where the link at `path` leads.
    pub(super) fn link(&self, path: &str) -> Option<&'a str> {
        self.files.get(path)?.file.link.as_deref()
    }

    /// What the file at `path` says of the licence of its package.
    pub(super) fn license(&self, path: &str) -> Option<&'a str> {
        self.files.get(path)?.file.license.as_deref()
    }

    /// Whether an analyser read the file at `path`.
    pub(super) fn is_read_by(&self, path: &str, analyser: &str) -> bool {
        self.files.get(path).is_some_and(|seen| seen.file.read_by.iter().any(|name| name == analyser))
    }

    /// What the files of every layer show, those that are gone among them.
    pub(super) fn facts(&self) -> impl Iterator<Item = FileFact> {
        let there = self.files.iter().flat_map(|(path, seen)| facts_of(path, seen, None));
        there.chain(self.removed_facts.iter().cloned())
    }

    /// What was observed in every layer, with its layer and, where its file is gone, the layer that took it away.
    pub(super) fn observations(&self) -> impl Iterator<Item = Observation> {
        let there = self.files.values().flat_map(|seen| {
            let since = seen.file.observations.iter().zip(&seen.observed_since);
            since.map(|(observation, layer)| Observation { layer: Some(*layer), ..observation.clone() })
        });
        there.chain(self.removed.iter().cloned())
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
            let observations = below.file.observations.iter().zip(&below.observed_since);
            since.observations.extend(observations.map(|(observation, layer)| ((*path, observation), *layer)));
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

    /// Takes out what `layer`, the one at `index`, deletes or replaces.
    fn hide(&mut self, index: u32, layer: &'a Contents) {
        let mut gone: Vec<&'a str> = Vec::new();
        for whiteout in &layer.whiteouts {
            gone.extend(self.files.get_key_value(whiteout.as_str()).map(|(path, _)| *path));
            gone.extend(self.below(whiteout));
        }
        for folder in &layer.opaque_directories {
            gone.extend(self.below(folder));
        }
        // Where a file used to be, now a folder is, though the archive may not have an entry for it.
        let folders = layer.files.keys().flat_map(|path| path::ancestors(path));
        gone.extend(folders.filter_map(|folder| self.files.get_key_value(folder)).map(|(path, _)| *path));
        // Whatever is there again, and whatever lay in a folder where now something else is.
        if !layer.non_directories.is_empty() || !layer.directories.is_empty() {
            let hashes = &mut self.hashes;
            let mut hash_of = |path: &'a str| *hashes.entry(path).or_insert_with(|| PathHashes::hash(path));
            gone.extend(self.files.keys().copied().filter(|path| {
                let own = hash_of(path);
                layer.non_directories.contains_hash(own)
                    || layer.directories.contains_hash(own)
                    || path::ancestors(path).any(|folder| layer.non_directories.contains_hash(hash_of(folder)))
            }));
        }
        gone.sort_unstable();
        gone.dedup();
        let former = owners::told(self, gone.iter().filter_map(|path| self.files.get(path)), Some(index));
        self.former.extend(former);
        for path in gone {
            self.remove(path, index, layer);
        }
    }

    /// Takes a file out. What was observed in it stays known, unless `layer` has it again.
    fn remove(&mut self, path: &str, index: u32, layer: &'a Contents) {
        let Some(seen) = self.files.remove(path) else { return };
        self.removed_facts.extend(facts_of(path, &seen, Some(index)));
        let again = layer.files.get(path).map(|file| file.observations.as_slice()).unwrap_or_default();
        let observations = seen.file.observations.iter().zip(&seen.observed_since);
        self.removed.extend(observations.filter(|(observation, _)| !again.contains(observation)).map(
            |(observation, layer)| Observation { layer: Some(*layer), removed_in: Some(index), ..observation.clone() },
        ));
    }

    /// The paths of everything in a folder; the empty path is the root.
    fn below(&self, folder: &str) -> Vec<&'a str> {
        if folder.is_empty() {
            return self.files.keys().copied().collect();
        }
        let first = format!("{folder}/");
        // `0` follows `/`.
        let last = format!("{folder}0");
        let range = (Bound::Included(first.as_str()), Bound::Excluded(last.as_str()));
        self.files.range::<str, _>(range).map(|(path, _)| *path).collect()
    }
}

fn facts_of(path: &str, seen: &Seen<'_>, removed_in: Option<u32>) -> impl Iterator<Item = FileFact> {
    let layer = seen.layer;
    seen.file.facts.iter().map(move |kind| FileFact { path: path.to_owned(), layer, removed_in, kind: kind.clone() })
}

/// Layers since which packages have been there.
#[derive(Default)]
struct Since<'a> {
    files: HashMap<(&'a str, Identity<'a>), u32>,
    observations: HashMap<(&'a str, &'a Observation), u32>,
    distribution: HashMap<Identity<'a>, u32>,
}
