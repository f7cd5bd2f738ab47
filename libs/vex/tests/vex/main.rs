//! Documents of others read, and our own written and read again.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, clippy::panic, reason = "a test's own reading fails the test")]

#[path = "../../../testkit/src/corpus.rs"]
mod corpus;
mod formats;
mod hostile;
mod real;
mod round_trip;
