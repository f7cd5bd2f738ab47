//! Feed formats to advisories; matching packages against them. No network, no database.
//!
//! In: a feed's documents ([`feeds::parse`]) and package versions. Out: [`Record`](feeds::Record)s to a sink, canonical ids
//! ([`AliasGroups`]), merged [`Vulnerability`]s, [`Match`]es, [`Rating`]s and findings in their order. The services and the
//! offline scan run the same functions, so that they cannot disagree.

mod aliases;
mod content_hash;
pub mod feeds;
mod findings;
mod judgeable;
mod matching;
pub mod own;
mod package_name;
pub mod programs;
mod publishing;
mod rating;
mod source;
mod statement;
mod vulnerability;

pub use aliases::{AliasGroup, AliasGroups, MAX_GROUP_IDS, canonical_id};
pub use content_hash::content_hash;
pub use feeds::{ExploitScore, KnownExploited};
pub use findings::{finding, urgency};
pub use judgeable::{Unmatchable, unmatchable};
pub use matching::{
    Match, PackageJudgement, PackageVersion, UnknownMatch, all_own_sources, is_inert, is_own_rater, judge_packages,
    matches, own_raters, own_sources,
};
pub use package_name::advisory_name;
pub use publishing::{
    FeedDocuments, UnreadRepositories, first_documents, left_aside, lists_only_fixes, packages_of_unread_repositories,
    unread_repositories,
};
pub use rating::{Rating, rating};
pub use source::{AdvisorySource, Candidate, MemorySource, SourceError, candidates};
pub use statement::{StatementState, fixes, page};
pub use vulnerability::{SeverityWord, Vulnerability, merge};
