//! What parsers hand on, and to whom.

use chrono::NaiveDate;
use plimsoll_model::{Advisory, SupportPeriod};
use serde::{Deserialize, Serialize};

/// One record of a feed, in one form whatever the feed's.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A source's statement about a vulnerability.
    Advisory(Box<Advisory>),
    /// A vulnerability that is known to be exploited.
    KnownExploited(KnownExploited),
    /// An estimate of exploitation.
    ExploitScore(ExploitScore),
    /// Until when a release of a product is mended.
    SupportPeriod(SupportPeriod),
}

/// A row of CISA's catalogue of known exploited vulnerabilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownExploited {
    /// The CVE.
    pub cve: String,
    /// CISA's name for it.
    pub name: String,
    /// When CISA listed it.
    pub date_added: NaiveDate,
    /// By when United States federal agencies must have acted.
    pub due_date: Option<NaiveDate>,
    /// Whether ransomware campaigns are known to use it; `false` also where CISA does not know.
    pub is_used_by_ransomware: bool,
}

/// A row of FIRST's exploit prediction scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExploitScore {
    /// The CVE.
    pub cve: String,
    /// The probability of exploitation within 30 days, 0 to 1.
    pub score: f64,
    /// The share of all CVEs with a lower or equal score, 0 to 1.
    pub percentile: f64,
}

/// Why a sink could not take a record.
pub type SinkError = Box<dyn std::error::Error + Send + Sync>;

/// Takes records as they are read. An error stops the parse.
pub trait Sink {
    /// Takes one record.
    ///
    /// # Errors
    /// Whatever keeps the sink from staging it; the document is then refused.
    fn take(&mut self, record: Record) -> Result<(), SinkError>;
}

impl Sink for Vec<Record> {
    fn take(&mut self, record: Record) -> Result<(), SinkError> {
        self.push(record);
        Ok(())
    }
}

impl<F: FnMut(Record) -> Result<(), SinkError>> Sink for F {
    fn take(&mut self, record: Record) -> Result<(), SinkError> {
        self(record)
    }
}
