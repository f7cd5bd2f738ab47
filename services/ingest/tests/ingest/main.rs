//! The service in-process against the real servers: the rows of the OCI distribution cases by their ids, archives, the queue, and
//! `skopeo` itself.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "what tests use outside of test functions may panic as they do"
)]

mod archives;
mod auth;
mod content;
mod deletion;
mod limits;
mod lists;
mod manifests;
mod pull;
mod push;
mod queue;
mod referrers;
mod service;
mod skopeo;
mod tenancy;
