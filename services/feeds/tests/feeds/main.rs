//! Syncing and re-matching against real servers.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test's own helpers fail the test"
)]

mod bundle;
mod bundled;
mod concerned;
mod emptied;
mod events;
mod exploitation;
mod increments;
mod index;
mod mirror;
mod mirror_rows;
mod platform;
mod programs;
mod repository;
mod rounds;
mod sync;
mod table_sizes;
mod vex;
mod withdrawal;
