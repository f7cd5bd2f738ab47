//! SUSE's products: an advisory names each that an update came to, and says the same of all that are parts of one system.

use std::collections::HashSet;

use plimsoll_model::suse::{self, SUSE};
use plimsoll_model::{Affected, Ecosystem};

/// The ecosystems that are meant by OSV's name of one.
pub(super) fn ecosystems(name: &str) -> Vec<Ecosystem> {
    let product = name.strip_prefix(SUSE).and_then(|rest| rest.strip_prefix(':'));
    match product {
        Some(product) => {
            suse::releases(product).into_iter().map(|release| Ecosystem::with_release(SUSE, release)).collect()
        }
        None => name.parse().into_iter().collect(),
    }
}

/// Leaves out what is said of a package of SUSE's a second time: by another product of the same system.
pub(super) fn say_once(affected: &mut Vec<Affected>) {
    if affected.iter().any(|affected| affected.ecosystem.name() == SUSE) {
        let mut said = HashSet::new();
        affected.retain(|affected| said.insert(affected.clone()));
    }
}
