//! What the database knows of the documents that it was made of.

use chrono::{DateTime, Utc};
use plimsoll_advisories::feeds::{ParseProblem, ParseReport};
use serde::{Deserialize, Serialize};

/// A document in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    /// The feed's name.
    pub feed: String,
    /// The path below the feed's address.
    pub path: String,
    /// When it was last fetched because it had changed.
    pub changed_at: DateTime<Utc>,
    /// When its server last gave it, or said that it had not changed: how fresh it is.
    pub checked_at: DateTime<Utc>,
    /// The date that the document gives for itself.
    pub as_of: Option<DateTime<Utc>>,
    /// The edition that the document names.
    pub edition: Option<String>,
    /// What was in it.
    pub counts: Counts,
    /// What was given to [`StagedDocument::commit`](crate::StagedDocument::commit): for documents of an index, when that one says that
    /// they changed.
    pub validators: Option<String>,
    /// The first problems. None in files that an earlier release made.
    pub problem_texts: Vec<ParseProblem>,
}

/// What was in a document; see [`ParseReport`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// What upstream itself counts. 0 in files that an earlier release made.
    #[serde(default)]
    pub statements: u64,
    /// Records taken.
    pub records: u64,
    /// Affected packages that no version can be matched with.
    pub unmatchable: u64,
    /// Statements that could not be read or believed.
    pub problems: u64,
}

impl From<&ParseReport> for Counts {
    fn from(report: &ParseReport) -> Self {
        Self {
            statements: report.statements,
            records: report.records,
            unmatchable: report.unmatchable,
            problems: report.problems,
        }
    }
}

/// What came of reading a document, as it lies in the file.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Read {
    #[serde(flatten)]
    pub counts: Counts,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problem_texts: Vec<ParseProblem>,
}

impl From<&ParseReport> for Read {
    fn from(report: &ParseReport) -> Self {
        Self { counts: report.into(), problem_texts: report.problem_texts.clone() }
    }
}
