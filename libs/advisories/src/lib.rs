//! Feed formats to advisories; matching packages against them. No network, no database.
//!
//! In: a feed's documents ([`feeds::parse`]) and package versions. Out: [`Record`](feeds::Record)s to a sink, canonical ids
//! ([`AliasGroups`]), merged [`Vulnerability`]s, [`Match`]es, [`Rating`]s and findings in their order. The services and the
//! offline scan run the same functions, so that they cannot disagree.

mod aliases;
mod content_hash;
pub mod feeds;
mod judgeable;
mod vulnerability;

pub use aliases::{AliasGroup, AliasGroups, MAX_GROUP_IDS, canonical_id};
pub use content_hash::content_hash;
pub use feeds::{ExploitScore, KnownExploited};
pub use judgeable::{Unmatchable, unmatchable};
pub use vulnerability::{SeverityWord, Vulnerability, merge};
