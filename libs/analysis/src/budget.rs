//! What an analysis may still keep in memory.

use plimsoll_model::{Observation, Package, Place};

/// Bytes that may still be kept. Costs are estimates of what the allocator takes, so that small things count too.
#[derive(Debug)]
pub(crate) struct Budget {
    left: usize,
    is_exceeded: bool,
}

/// What a text costs beside its bytes: the `String`, its allocation and its place in a tree.
const TEXT_OVERHEAD: usize = 80;

impl Budget {
    pub(crate) fn new(bytes: usize) -> Self {
        Self { left: bytes, is_exceeded: false }
    }

    /// Whether `bytes` more may be kept; they are then taken off.
    pub(crate) fn take(&mut self, bytes: usize) -> bool {
        if let Some(left) = self.left.checked_sub(bytes) {
            self.left = left;
            return true;
        }
        self.is_exceeded = true;
        false
    }

    /// Whether a text may be kept.
    pub(crate) fn take_text(&mut self, text: &str) -> bool {
        self.take(text.len() + TEXT_OVERHEAD)
    }

    /// Whether a package may be kept.
    pub(crate) fn take_package(&mut self, package: &Package) -> bool {
        let source = package.source.iter().flat_map(|source| [source.name.len(), source.version.len()]);
        let optional = [&package.architecture, &package.license, &package.module, &package.within]
            .into_iter()
            .flatten()
            .map(String::len);
        let texts = source.chain(optional).chain([package.name.len(), package.version.len()]);
        // Each text's allocation is rounded up by the allocator.
        let bytes: usize = texts.map(|length| length + 24).sum();
        self.take(size_of::<Package>() + bytes)
    }

    /// Whether an observation may be kept.
    pub(crate) fn take_observation(&mut self, observation: &Observation) -> bool {
        let references = observation.references.iter().map(String::len);
        let place = match &observation.place {
            Place::File { path, .. } => path.len(),
            _ => 0,
        };
        let texts =
            [&observation.rule, &observation.title, &observation.evidence, &observation.advice].map(String::len);
        let bytes: usize = texts.into_iter().chain(references).chain([place]).map(|length| length + 24).sum();
        self.take(size_of::<Observation>() + bytes)
    }

    /// Whether something could not be kept.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.is_exceeded
    }
}
