//! What lock files list that is no part of what runs: what is for developing only, by the manifests that go with a lock file; and what is
//! locked among the tests and examples of a project.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::LazyLock;

use plimsoll_model::{Package, PackageType};

use super::view::View;
use crate::dependencies::{Dependencies, hash_of, only_for_developing};
use crate::{all, path};

/// What is for developing only.
pub(super) struct Development<'a> {
    /// By lock file, hashes of its packages.
    packages: BTreeMap<&'a str, HashSet<u64>>,
    /// Folders of projects; the root's is empty.
    projects: BTreeSet<&'a str>,
    /// Files of projects.
    files: HashSet<&'a str>,
}

impl<'a> Development<'a> {
    /// By all that lock files and manifests say. The root of a folder on disk may be a project, that of an image is none.
    pub(super) fn of(view: &View<'a>, is_image: bool) -> Self {
        static OF_PROJECTS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
            all().iter().filter(|analyser| analyser.is_of_project()).map(|analyser| analyser.name()).collect()
        });
        let files: HashSet<&str> = view.read_by(|name| OF_PROJECTS.contains(name)).collect();
        let projects = files.iter().map(|path| folder_of(path)).filter(|folder| !(is_image && folder.is_empty()));
        Self { packages: by_lock_file(view), projects: projects.collect(), files }
    }

    /// Whether a package that the file at `path` lists is no part of what runs.
    pub(super) fn has(&self, package: &Package, path: &str) -> bool {
        let of_file = self.packages.get(path);
        of_file.is_some_and(|packages| packages.contains(&hash_of(&package.name, &package.version)))
            || (self.files.contains(path) && self.is_among_samples(path))
    }

    /// Whether it lies in a folder of tests or examples that itself lies in a project. The project may lie anywhere: `srv/examples/shop`.
    fn is_among_samples(&self, path: &str) -> bool {
        let mut samples = path::ancestors(path).filter(|folder| path::is_samples_folder(path::file_name(folder)));
        samples.any(|folder| path::ancestors(folder).chain([""]).any(|above| self.projects.contains(above)))
    }
}

/// The packages of each lock file that only developing needs.
fn by_lock_file<'a>(view: &View<'a>) -> BTreeMap<&'a str, HashSet<u64>> {
    let mut lock_files: BTreeMap<(PackageType, &str), (&str, &Dependencies, Vec<&Dependencies>)> = BTreeMap::new();
    for (path, lock_file) in view.dependencies().filter(|(_, dependencies)| dependencies.is_of_lock_file()) {
        lock_files.insert((lock_file.kind, folder_of(path)), (path, lock_file, Vec::new()));
    }
    for (path, manifest) in view.dependencies().filter(|(_, dependencies)| !dependencies.is_of_lock_file()) {
        // That of a project of several lies in a folder of its own, the lock file in the folder of all.
        let mut folders = path::ancestors(path).chain([""]);
        let nearest = folders.find(|folder| lock_files.contains_key(&(manifest.kind, *folder)));
        let lock_file = nearest.and_then(|folder| lock_files.get_mut(&(manifest.kind, folder)));
        lock_file.into_iter().for_each(|(_, _, manifests)| manifests.push(manifest));
    }
    let told = lock_files
        .into_values()
        .map(|(path, lock_file, manifests)| (path, only_for_developing(lock_file, manifests.iter().copied())));
    told.filter(|(_, packages)| !packages.is_empty()).collect()
}

fn folder_of(path: &str) -> &str {
    path::parent(path).unwrap_or_default()
}
