//! The program as its users run it: arguments, output, exit codes; offline against a mirror on disk, online against a fake server.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test's own reading fails the test")]

mod bundle;
#[path = "../../../../libs/testkit/src/corpus.rs"]
mod corpus;
mod coverage;
mod database;
mod exploitation;
mod image;
mod inventory;
mod malware;
mod memory;
mod mirror;
mod offline;
mod online;
mod own_advisories;
mod program;
mod query;
mod real_mirror;
mod server;
mod versions;
mod vex;
mod vex_documents;
