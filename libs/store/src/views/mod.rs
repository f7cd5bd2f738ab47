//! What the API shows of an organization: pages by keyset, rows by id, and the rows that hang on them for many at once.
//!
//! Everything starts from the tenant's own rows; the shared catalogue is reached by joins from them and not otherwise. A page
//! takes the key after which it begins and how many rows it gives at most; no statement skips rows by counting them.

pub mod api_keys;
pub mod coverage;
pub mod feeds;
mod finding_filter;
pub mod findings;
pub mod images;
pub mod installed;
pub mod layers;
pub mod members;
pub mod observations;
pub mod packages;
pub mod places;
pub mod repositories;
pub mod statements;
pub mod tags;
pub mod uncounted;
pub mod unjudged;
pub mod vex;
pub mod vulnerabilities;

pub use sqlx::types::Json;
