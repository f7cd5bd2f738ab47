//! Which package asks for which: kept where only a lock file and the manifests beside it together tell what is needed for developing only.
//!
//! A lock file says which packages there are and what each of them asks for; a manifest, what the project asks for, for running and for
//! developing. What only the latter reaches is no part of what runs.

use std::collections::{HashMap, HashSet};

use plimsoll_model::PackageType;
use serde::{Deserialize, Serialize};

use crate::PathHashes;

/// What one lock file or manifest says. What is asked for is kept as short hashes, like paths: it is only compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependencies {
    /// Of which packages. A manifest goes with the lock files of its own kind.
    pub(crate) kind: PackageType,
    /// The packages of a lock file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    locked: Vec<Locked>,
    /// What a manifest asks for that is needed for running.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    running: Vec<u64>,
    /// What a manifest asks for that is needed for developing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    developing: Vec<u64>,
}

/// A package in a lock file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Locked {
    package: u64,
    /// How it may be asked for.
    asked_as: Vec<u64>,
    /// What it asks for.
    needs: Vec<u64>,
}

impl Dependencies {
    /// Nothing yet.
    pub(crate) const fn new(kind: PackageType) -> Self {
        Self { kind, locked: Vec::new(), running: Vec::new(), developing: Vec::new() }
    }

    /// A package of a lock file, how it may be asked for, and what it asks for.
    pub(crate) fn locked<'t>(
        &mut self,
        (name, version): (&str, &str),
        asked_as: impl IntoIterator<Item = &'t str>,
        needs: impl IntoIterator<Item = &'t str>,
    ) {
        let (asked_as, needs) = (hashes(asked_as), hashes(needs));
        self.locked.push(Locked { package: hash_of(name, version), asked_as, needs });
    }

    /// Something that a manifest asks for.
    pub(crate) fn asked(&mut self, what: &str, is_for_developing: bool) {
        let list = if is_for_developing { &mut self.developing } else { &mut self.running };
        list.push(PathHashes::hash(what));
    }

    /// Whether it is a lock file's.
    pub(crate) fn is_of_lock_file(&self) -> bool {
        !self.locked.is_empty()
    }

    /// The bytes that it takes, about.
    pub(crate) fn kept_bytes(&self) -> usize {
        let hashes = self.locked.iter().map(|locked| locked.asked_as.len() + locked.needs.len()).sum::<usize>();
        let hashes = hashes + self.running.len() + self.developing.len();
        size_of::<Self>() + self.locked.len() * (size_of::<Locked>() + 48) + hashes * size_of::<u64>()
    }
}

fn hashes<'t>(texts: impl IntoIterator<Item = &'t str>) -> Vec<u64> {
    texts.into_iter().map(PathHashes::hash).collect()
}

/// The hash of a package in a lock file.
pub(crate) fn hash_of(name: &str, version: &str) -> u64 {
    PathHashes::hash(&format!("{name}@{version}"))
}

/// The hashes of the packages of a lock file that are needed for developing only, by what the manifests that go with it ask for.
pub(crate) fn only_for_developing<'d>(
    lock_file: &Dependencies,
    manifests: impl IntoIterator<Item = &'d Dependencies>,
) -> HashSet<u64> {
    let mut by_name = HashMap::<u64, Vec<usize>>::new();
    for (number, locked) in lock_file.locked.iter().enumerate() {
        locked.asked_as.iter().for_each(|asked_as| by_name.entry(*asked_as).or_default().push(number));
    }
    let numbers = |asked: &[u64]| -> Vec<usize> {
        asked.iter().filter_map(|asked| by_name.get(asked)).flatten().copied().collect()
    };
    let graph = Graph(lock_file.locked.iter().map(|locked| numbers(&locked.needs)).collect());
    let (mut running, mut developing) = (Vec::new(), Vec::new());
    for manifest in manifests {
        running.extend(numbers(&manifest.running));
        developing.extend(numbers(&manifest.developing));
    }
    let is_for_developing = graph.only_for_developing(running, developing);
    let told = || lock_file.locked.iter().map(|locked| locked.package).zip(is_for_developing.iter().copied());
    let mut packages: HashSet<u64> = told().filter(|(_, is_it)| *is_it).map(|(package, _)| package).collect();
    // A package may be locked twice, by two ways to it.
    for (package, _) in told().filter(|(_, is_it)| !is_it) {
        packages.remove(&package);
    }
    packages
}

/// Packages by number, and the numbers of what each needs.
pub(crate) struct Graph(pub(crate) Vec<Vec<usize>>);

impl Graph {
    /// Of each package, whether it is needed for developing only: reached from `developing` and not from `running`. What is reached
    /// from neither counts as needed, as nothing is known of it.
    pub(crate) fn only_for_developing(&self, running: Vec<usize>, developing: Vec<usize>) -> Vec<bool> {
        let needed = self.reached(running);
        self.reached(developing).into_iter().zip(needed).map(|(develops, runs)| develops && !runs).collect()
    }

    /// Every edge is followed once, in circles too.
    fn reached(&self, mut pending: Vec<usize>) -> Vec<bool> {
        let mut reached = vec![false; self.0.len()];
        while let Some(number) = pending.pop() {
            if let (Some(is_reached @ false), Some(needs)) = (reached.get_mut(number), self.0.get(number)) {
                *is_reached = true;
                pending.extend(needs);
            }
        }
        reached
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nothing_else_needs_is_for_developing() {
        // 0 and 1 need each other; 2 needs 1 and 3; nobody needs 4; 9 is nowhere.
        let graph = Graph(vec![vec![1], vec![0, 9], vec![1, 3], vec![], vec![]]);
        assert_eq!(graph.only_for_developing(vec![0, 9], vec![2]), [false, false, true, true, false]);
    }

    #[test]
    fn manifests_tell_what_of_a_lock_file_is_for_developing() {
        let mut lock = Dependencies::new(PackageType::Npm);
        lock.locked(("web", "1"), ["web@^1"], ["shared@1"]);
        lock.locked(("shared", "1"), ["shared@1", "shared@^1"], []);
        lock.locked(("test", "2"), ["test@^2"], ["shared@^1", "deep@1", "nowhere@1"]);
        lock.locked(("deep", "1"), ["deep@1"], ["test@^2"]);
        lock.locked(("unasked", "1"), ["unasked@1"], []);
        // The same version by two ways, one of them for running.
        lock.locked(("patched", "1"), ["patched@1"], []);
        lock.locked(("patched", "1"), ["patched@patch:1"], []);
        let mut root = Dependencies::new(PackageType::Npm);
        for (what, is_dev) in [("web@^1", false), ("test@^2", true), ("patched@1", true)] {
            root.asked(what, is_dev);
        }
        let mut member = Dependencies::new(PackageType::Npm);
        member.asked("patched@patch:1", false);
        let expected = [hash_of("test", "2"), hash_of("deep", "1")];
        assert_eq!(only_for_developing(&lock, [&root, &member]), expected.into_iter().collect());
        assert_eq!(only_for_developing(&lock, []), HashSet::new());
    }
}
