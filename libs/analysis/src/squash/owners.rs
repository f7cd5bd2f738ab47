//! Which files are the distribution's: those that a package brought and nobody changed since.
//!
//! Since when a package owns its paths:
//! - where each package has a list of its own (dpkg's `info/*.list`, distroless' `*.md5sums`), since the layer that has the list as it is;
//! - where one database lists them all (apk, RPM), which every installation writes anew, since the layer that first had the package at its
//!   version.
//!
//! A file that came later is the image's maker's if it took the place of one that was there since then; only where the layers between have
//! nothing at its path does it still pass for the package's, as images are also made by spreading one installation over layers of which
//! the database's is any. When a file came is when what is told of it was first told at its path: a file whose owner or mode alone was changed
//! did not come anew.
//!
//! A third party's package owns nothing here, and what lies in `/opt` nobody does: the Filesystem Hierarchy Standard reserves it for what is no part
//! of the distribution. Red Hat's software collections, in `/opt/rh`, are.

use std::collections::{BTreeMap, HashMap, HashSet};

use plimsoll_model::{Package, PackageType};

use super::vendors::Distribution;
use super::view::{Seen, View};
use crate::PathHashes;
use crate::path::merged_usr;

/// Later than every layer.
const NEVER: u32 = u32::MAX;

/// That a package owns paths.
#[derive(Clone, Copy)]
pub(super) struct Ownership<'a> {
    paths: &'a PathHashes,
    since: u32,
    /// The layer that took away what says so; [`NEVER`] where it is still there.
    until: u32,
}

/// What these files of the view say of ownership, as long as they are there.
pub(super) fn told<'a, 's>(
    view: &'s View<'a>,
    files: impl Iterator<Item = &'s Seen<'a>>,
    until: Option<u32>,
) -> Vec<Ownership<'a>> {
    let telling: Vec<&Seen<'a>> = files.filter(|seen| !seen.file.owners.is_empty()).collect();
    if telling.is_empty() {
        return Vec::new();
    }
    let distribution = Distribution::of(view);
    let is_of_others = |package: &Package| distribution.third_party(package).is_some();
    let debs = view.packages().map(|(package, ..)| package).filter(|package| package.kind == PackageType::Deb);
    let debs_of_others: HashSet<&str> =
        debs.filter(|package| is_of_others(package)).map(|package| package.name.as_str()).collect();
    let mut ownerships = Vec::new();
    for seen in telling {
        let listed = seen.file.packages.iter().zip(&seen.since);
        let listed: HashMap<Key<'a>, (&Package, u32)> =
            listed.map(|(package, since)| (key(package), (package, *since))).collect();
        for owner in &seen.file.owners {
            let key = (owner.package.as_str(), owner.version.as_deref(), owner.architecture.as_deref());
            let since = match listed.get(&key) {
                Some((package, since)) => (!is_of_others(package)).then_some(*since),
                None => (!debs_of_others.contains(owner.package.as_str())).then_some(seen.layer),
            };
            let until = until.unwrap_or(NEVER);
            ownerships.extend(since.map(|since| Ownership { paths: &owner.paths, since, until }));
        }
    }
    ownerships
}

type Key<'a> = (&'a str, Option<&'a str>, Option<&'a str>);

fn key(package: &Package) -> Key<'_> {
    (&package.name, Some(&package.version), package.architecture.as_deref())
}

/// Who owned some paths, and when.
pub(super) struct Owners<'v, 'a> {
    view: &'v View<'a>,
    /// By path: until when, and since when at the latest.
    spans: HashMap<u64, BTreeMap<u32, u32>>,
}

impl<'v, 'a> Owners<'v, 'a> {
    /// The owners of these paths.
    pub(super) fn of<'p>(view: &'v View<'a>, paths: impl Iterator<Item = &'p str>) -> Self {
        let hash = |path| PathHashes::hash(&merged_usr(path));
        let mut spans: HashMap<u64, BTreeMap<u32, u32>> = paths.map(|path| (hash(path), BTreeMap::new())).collect();
        for ownership in view.ownerships() {
            for hash in ownership.paths.iter() {
                if let Some(spans) = spans.get_mut(&hash) {
                    let since = spans.entry(ownership.until).or_default();
                    *since = ownership.since.max(*since);
                }
            }
        }
        Self { view, spans }
    }

    /// Whether the file at `path`, there since `layer` and until the layer `removed_in`, is what a package brought.
    pub(super) fn have(&self, path: &str, layer: u32, removed_in: Option<u32>) -> bool {
        if path.starts_with("opt/") && !path.starts_with("opt/rh/") {
            return false;
        }
        let Some(spans) = self.spans.get(&PathHashes::hash(&merged_usr(path))) else { return false };
        let gone = removed_in.unwrap_or(NEVER);
        let since = spans.range(gone..).map(|(_, since)| *since).filter(|since| *since < gone).max();
        since.is_some_and(|since| layer <= since || !self.view.is_in_layers(path, since..layer))
    }
}
