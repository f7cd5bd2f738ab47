//! The crate from outside: archives made in memory, fixtures, and the shared vectors.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic as tests do; clippy knows them only inside test functions"
)]

mod builder;
#[path = "../../../testkit/src/corpus.rs"]
mod corpus;
mod declared;
mod fixtures;
mod hostile_databases;
mod hostile_layers;
mod hostile_paths;
mod hostile_rpm;
mod inspectors;
mod interpreted;
mod mutated;
mod programs;
mod rpm;
mod rpm_database;
mod squashed;
mod vectors;
