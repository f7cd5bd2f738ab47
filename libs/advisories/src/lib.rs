//! Feed formats to advisories; matching packages against them. No network, no database.
//!
//! In: a feed's documents ([`feeds::parse`]) and package versions. Out: [`Record`](feeds::Record)s to a sink, canonical ids
//! ([`AliasGroups`]), merged [`Vulnerability`]s, [`Match`]es, [`Rating`]s and findings in their order. The services and the
//! offline scan run the same functions, so that they cannot disagree.

pub mod feeds;
mod judgeable;

pub use feeds::{ExploitScore, KnownExploited};
pub use judgeable::{Unmatchable, unmatchable};
