//! What came of reading a document.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::SinkError;

/// How many problems keep their text; the rest are only counted.
pub const MAX_PROBLEM_TEXTS: usize = 100;

/// The counts of a document that was read to its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParseReport {
    /// What upstream itself counts: OSV documents, Debian's (package, CVE) pairs, Alpine's listed fixes, OVAL
    /// definitions, rows.
    pub statements: u64,
    /// Records handed to the sink. Fewer than `statements` where several of them make one record or some were skipped, more
    /// where one names several vulnerabilities.
    pub records: u64,
    /// Statements about nothing that can be judged here (a release without a number), left out on purpose.
    pub skipped: u64,
    /// Affected packages that are kept but that no version can be matched with: no scheme for the ecosystem, no range,
    /// a version that cannot be ordered, a reversed range.
    pub unmatchable: u64,
    /// Statements, or parts of them, that could not be read or believed.
    pub problems: u64,
    /// Records that the document has and that could not be read, as far as it tells which: by key, or by what stands before the slash in
    /// their keys. They are not gone, and what is held of them stands.
    pub unread: Vec<String>,
    /// The first [`MAX_PROBLEM_TEXTS`] problems.
    pub problem_texts: Vec<ParseProblem>,
    /// The date that the document gives for itself.
    pub as_of: Option<DateTime<Utc>>,
    /// The edition that the document names: EPSS's model version, CISA's catalogue version.
    pub edition: Option<String>,
}

impl ParseReport {
    /// The report on one record that could not be read.
    pub(super) fn of_unread(record: &str, why: &Refusal) -> Self {
        let problem = ParseProblem { place: record.to_owned(), what: why.to_string() };
        let unread = vec![record.to_owned()];
        Self { statements: 1, problems: 1, unread, problem_texts: vec![problem], ..Self::default() }
    }

    /// Counts what came of another part of the document.
    pub fn add(&mut self, part: Self) {
        self.statements += part.statements;
        self.records += part.records;
        self.skipped += part.skipped;
        self.unmatchable += part.unmatchable;
        self.problems += part.problems;
        self.unread.extend(part.unread);
        self.problem_texts.extend(part.problem_texts);
        self.problem_texts.truncate(MAX_PROBLEM_TEXTS);
    }
}

/// Something in a document that could not be read or believed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParseProblem {
    /// Which record, as the document names it.
    pub place: String,
    /// What was wrong with it.
    pub what: String,
}

/// A document that was refused, with the reason.
#[derive(Debug, thiserror::Error)]
#[error("feed document {document}: {reason}")]
pub struct FeedError {
    /// `feed/path`.
    pub document: String,
    /// Why.
    #[source]
    pub reason: Refusal,
}

/// Why a document was refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Reading its bytes failed.
    #[error("could not be read: {0}")]
    Read(#[source] std::io::Error),
    /// It ends early, or is not of the feed's format.
    #[error("is not what this feed serves: {0}")]
    Malformed(String),
    /// It is larger than anything the feed may be.
    #[error("{what} is past the limit of {limit}")]
    PastLimit {
        /// What is too large.
        what: &'static str,
        /// The limit, in the unit of `what`.
        limit: u64,
    },
    /// The sink could not take a record.
    #[error("a record could not be stored: {0}")]
    Sink(#[source] SinkError),
}
