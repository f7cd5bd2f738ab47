//! What an analysis may still keep in memory: of its own, and beside the other layers of its image.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use plimsoll_model::{Observation, Package, Place, Vendor};

use crate::contents::{Contents, FileAnalysis, Owner};
use crate::layer::LayerAnalysis;

/// What a text costs beside its bytes: the `String`, its allocation and its place in a tree.
const TEXT_OVERHEAD: usize = 80;
/// What an allocation takes beside its bytes, rounded up by the allocator.
const ALLOCATION: usize = 24;
/// What a file costs beside its path and what it says: its place in a tree, whose nodes are two thirds full, and the names of those who read it.
const FILE_OVERHEAD: usize = size_of::<(String, FileAnalysis)>() * 3 / 2 + 128;
/// What a fact takes, about.
const FACT_BYTES: usize = 120;
/// As many bytes are taken from the pool at a time, so that threads do not queue for it.
const STEP: usize = 16 << 10;

/// Bytes that may still be kept by all who share it: the layers of one image.
#[derive(Debug)]
pub(crate) struct Pool {
    left: AtomicUsize,
}

impl Pool {
    pub(crate) fn new(bytes: usize) -> Arc<Self> {
        Arc::new(Self { left: AtomicUsize::new(bytes) })
    }

    pub(crate) fn take(&self, bytes: usize) -> bool {
        self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes)).is_ok()
    }

    fn give_back(&self, bytes: usize) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Bytes that may still be kept. Costs are estimates of what the allocator takes, so that small things count too. What was taken is given back
/// to the pool when it is dropped, unless it is [`Budget::spent`] or another [`Budget::absorb`]s it.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    is_exceeded: bool,
    pool: Arc<Pool>,
    /// Taken from the pool and not used yet.
    ahead: usize,
    used: usize,
    is_crowded_out: bool,
}

impl Budget {
    pub(crate) fn new(bytes: usize, pool: Arc<Pool>) -> Self {
        Self { left: bytes, is_exceeded: false, pool, ahead: 0, used: 0, is_crowded_out: false }
    }

    /// Whether `bytes` more may be kept; they are then taken off.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        if bytes > self.left {
            self.is_exceeded = true;
            return false;
        }
        if bytes > self.ahead {
            let missing = bytes - self.ahead;
            let Some(more) = [missing.max(STEP), missing].into_iter().find(|more| self.pool.take(*more)) else {
                self.is_crowded_out = true;
                return false;
            };
            self.ahead += more;
        }
        self.left -= bytes;
        self.ahead -= bytes;
        self.used += bytes;
        true
    }

    /// So many bytes of what was taken are not kept after all.
    pub(crate) fn give_back(&mut self, bytes: usize) {
        let bytes = bytes.min(self.used);
        self.left += bytes;
        self.used -= bytes;
        self.pool.give_back(bytes);
    }

    /// Whether what `other` took may be kept here; it is then no longer the other's.
    pub(crate) fn absorb(&mut self, mut other: Self) -> bool {
        self.is_crowded_out |= other.is_crowded_out;
        if other.used > self.left {
            self.is_exceeded = true;
            return false;
        }
        let used = std::mem::take(&mut other.used);
        self.left -= used;
        self.used += used;
        true
    }

    /// What was taken stays taken from the pool.
    pub(crate) fn spent(mut self) {
        self.used = 0;
    }

    /// Whether a text may be kept.
    pub(crate) fn take_text(&mut self, text: &str) -> bool {
        self.take(text.len() + TEXT_OVERHEAD)
    }

    /// Whether a file may be kept, before it says anything.
    pub(crate) fn take_file(&mut self, path: &str) -> bool {
        self.take(path.len() + FILE_OVERHEAD)
    }

    /// Whether facts may be kept.
    pub(crate) fn take_facts(&mut self, count: usize) -> bool {
        self.take(count * FACT_BYTES)
    }

    /// Whether a package may be kept.
    pub(crate) fn take_package(&mut self, package: &Package) -> bool {
        self.take(cost_of_package(package))
    }

    /// Whether an observation may be kept.
    pub(crate) fn take_observation(&mut self, observation: &Observation) -> bool {
        self.take(cost_of_observation(observation))
    }

    /// Whether what a file says may be kept.
    pub(crate) fn take_analysis(&mut self, file: &FileAnalysis) -> bool {
        self.take(cost_of_file(file))
    }

    /// Whether something could not be kept as it is too much for one.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }

    /// Whether something could not be kept as others took the room.
    pub(crate) fn is_crowded_out(&self) -> bool {
        self.is_crowded_out
    }
}

impl Drop for Budget {
    fn drop(&mut self) {
        self.pool.give_back(self.ahead + self.used);
    }
}

/// What keeping a whole analysis costs.
pub(crate) fn cost_of_layer(layer: &LayerAnalysis) -> usize {
    let Contents { files, whiteouts, opaque_directories, non_directories, sizes, directories, .. } = &layer.contents;
    let files: usize = files.iter().map(|(path, file)| path.len() + FILE_OVERHEAD + cost_of_file(file)).sum();
    let texts: usize = whiteouts.iter().chain(opaque_directories).map(|path| path.len() + TEXT_OVERHEAD).sum();
    let problems = layer.problems.iter().map(|problem| {
        let path = problem.path.as_ref().map_or(0, String::len);
        path + problem.detail.len() + TEXT_OVERHEAD
    });
    let hashes = (non_directories.len() + directories.len()) * size_of::<u64>();
    files + texts + hashes + sizes.as_ref().map_or(0, crate::FileSizes::kept_bytes) + problems.sum::<usize>()
}

fn cost_of_file(file: &FileAnalysis) -> usize {
    let packages: usize = file.packages.iter().map(cost_of_package).sum();
    let observations: usize = file.observations.iter().map(cost_of_observation).sum();
    let texts = file.license.iter().chain(&file.link).map(|text| text.len() + ALLOCATION);
    let dependencies = file.dependencies.as_ref().map_or(0, |dependencies| dependencies.kept_bytes());
    packages
        + observations
        + texts.sum::<usize>()
        + dependencies
        + file.facts.len() * FACT_BYTES
        + file.owners.iter().map(Owner::kept_bytes).sum::<usize>()
}

fn cost_of_package(package: &Package) -> usize {
    let source = package.source.iter().flat_map(|source| [source.name.len(), source.version.len()]);
    let optional = [&package.architecture, &package.license, &package.module, &package.within]
        .into_iter()
        .flatten()
        .map(String::len);
    let vendor = package.vendor.iter().map(|(Vendor::ThirdParty(name) | Vendor::Unrecognised(name))| name.len());
    let texts = source.chain(optional).chain(vendor).chain([package.name.len(), package.version.len()]);
    size_of::<Package>() + texts.map(|length| length + ALLOCATION).sum::<usize>()
}

fn cost_of_observation(observation: &Observation) -> usize {
    let references = observation.references.iter().map(String::len);
    let place = match &observation.place {
        Place::File { path, .. } => path.len(),
        _ => 0,
    };
    let texts = [&observation.rule, &observation.title, &observation.evidence, &observation.advice].map(String::len);
    let texts = texts.into_iter().chain(references).chain([place]);
    size_of::<Observation>() + texts.map(|length| length + ALLOCATION).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(pool: &Pool) -> usize {
        pool.left.load(Ordering::Relaxed)
    }

    #[test]
    fn who_takes_more_than_its_own_is_told_from_who_finds_nothing_left() {
        let pool = Pool::new(100);
        let mut first = Budget::new(80, Arc::clone(&pool));
        assert!(first.take(70) && !first.take(20) && first.take(10));
        assert!(first.is_exceeded() && !first.is_crowded_out());
        let mut second = Budget::new(80, Arc::clone(&pool));
        assert!(!second.take(21) && second.take(20));
        assert!(second.is_crowded_out() && !second.is_exceeded());
    }

    #[test]
    fn what_is_not_kept_goes_back_to_the_pool_and_what_is_kept_does_not() {
        let pool = Pool::new(1 << 20);
        let mut layer = Budget::new(1000, Arc::clone(&pool));
        let mut file = Budget::new(600, Arc::clone(&pool));
        assert!(file.take(600) && layer.absorb(file));
        let mut large = Budget::new(600, Arc::clone(&pool));
        assert!(large.take(600) && !layer.absorb(large) && layer.is_exceeded());
        assert!(layer.take(100));
        layer.give_back(50);
        layer.spent();
        assert_eq!(left(&pool), (1 << 20) - 650);
    }
}
