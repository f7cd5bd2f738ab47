//! What is written against the official schema, and what is read of documents as others write them.
#![expect(clippy::unwrap_used, reason = "a test's own reading fails the test")]

mod hostile;
mod read;
mod sample;
mod written;
