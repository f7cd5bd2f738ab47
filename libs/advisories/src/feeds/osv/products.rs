//! SUSE's products: an advisory names each that an update came to, and says the same of all that are parts of one system.

use std::collections::HashSet;

use plimsoll_model::suse::{self, SUSE};
use plimsoll_model::{Affected, Ecosystem};

/// What is said of a package, once for each release that OSV's name of the ecosystem stands for.
pub(super) fn of_each_release(affected: Affected, ecosystem: &str) -> Vec<Affected> {
    let product = ecosystem.strip_prefix(SUSE).and_then(|rest| rest.strip_prefix(':'));
    let Some(product) = product else { return vec![affected] };
    let of = |release| Affected { ecosystem: Ecosystem::with_release(SUSE, release), ..affected.clone() };
    suse::releases(product).into_iter().map(of).collect()
}

/// Leaves out what is said of a package of SUSE's a second time: by another product of the same system.
pub(super) fn say_once(affected: &mut Vec<Affected>) {
    if affected.iter().any(|affected| affected.ecosystem.name() == SUSE) {
        let mut said = HashSet::new();
        affected.retain(|affected| said.insert(affected.clone()));
    }
}
