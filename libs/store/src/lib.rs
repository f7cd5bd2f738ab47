//! PostgreSQL: the only crate that holds SQL of the platform, one module an aggregate.
//!
//! Functions are free and take a transaction. What belongs to an organization takes an [`OrgTx`], which cannot be made
//! without one and sets it for row-level security; what belongs to nobody (the shared catalogue) takes a [`CatalogTx`].
//! What each table and column is stands in `migrations/`, as comments.

pub mod accounts;
pub mod advisories;
pub mod api_keys;
pub mod feed_bundles;
pub mod feeds;
pub mod finding_events;
pub mod findings;
pub mod image_contents;
pub mod images;
pub mod layers;
pub mod malware_bundles;
pub mod manifests;
pub mod matches;
pub mod matching;
pub mod migrate;
pub mod observations;
pub mod orgs;
pub mod outbox;
pub mod own_advisories;
pub mod own_matching;
pub mod own_vulnerabilities;
pub mod packages;
pub mod repositories;
pub mod support_periods;
pub mod table_sizes;
pub mod tags;
pub mod uploads;
pub mod vex_decisions;
pub mod vex_documents;
pub mod views;
pub mod vulnerabilities;
pub mod yara_rule_sets;

mod error;
mod tx;
mod vex_subjects;

pub use error::{Result, StoreError};
pub use sqlx::PgConnection;
pub use tx::{CatalogTx, OrgTx, Store};
