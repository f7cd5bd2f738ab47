//! The API in a process, against the real servers.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests use outside of test functions may panic as they do"
)]

mod changes;
mod coverage;
mod fields;
mod limits;
mod lists;
mod live;
mod mutations;
mod own_advisories;
mod plans;
mod routes;
mod seed;
mod served;
mod sign_in;
mod socket;
mod statements;
mod tenancy;
mod vex_documents;
mod vulnerability_statements;
mod where_is;
mod yara_rule_sets;
