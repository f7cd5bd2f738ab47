//! The crate from outside: planted secrets, lookalikes, hostile texts, and another rule set's coverage.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may panic as tests do; clippy knows them only inside test functions"
)]

#[path = "../../../testkit/src/corpus.rs"]
mod corpus;
mod coverage;
mod hostile;
mod lookalikes;
mod planted;
mod random;
mod values;

use plimsoll_secrets::{SecretHit, SecretScanner};

/// The ids of the rules that find something in a file.
pub fn ids(path: &str, text: impl AsRef<[u8]>) -> Vec<&'static str> {
    of(&SecretScanner::new().scan_file(path, text.as_ref()))
}

/// The ids of the hits' rules.
pub fn of(hits: &[SecretHit]) -> Vec<&'static str> {
    hits.iter().map(|hit| hit.rule.id.as_str()).collect()
}
