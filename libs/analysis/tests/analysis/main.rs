//! The crate from outside: archives made in memory, fixtures, and the shared vectors.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic as tests do; clippy knows them only inside test functions"
)]

mod builder;
mod common;
mod conformance;
#[path = "../../../testkit/src/corpus.rs"]
mod corpus;
mod declared;
mod development;
mod fixtures;
mod fuzzed;
mod hostile_archives;
mod hostile_databases;
mod hostile_documents;
mod hostile_images;
mod hostile_layers;
mod hostile_memory;
mod hostile_paths;
mod hostile_programs;
mod hostile_rpm;
mod inspectors;
mod interpreted;
#[path = "../../src/archive/made.rs"]
#[expect(dead_code, reason = "tars and gzip are made by `builder` here")]
mod made;
mod memory;
mod mutated;
mod owners;
mod programs;
mod quine;
mod rpm;
mod rpm_database;
mod samples;
mod secrets;
#[path = "../../fuzz/src/seeds.rs"]
mod seeds;
mod squashed;
#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;
mod third_parties;
mod unopened;
mod vectors;
