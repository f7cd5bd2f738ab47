//! The feeds: what each is, where it lies, and the one door to their parsers.
//!
//! Fetching is elsewhere. A caller takes [`all`], asks each feed for its [`Document`]s, fetches each from
//! [`Document::address`], or finds it first where it lies in a repository ([`Document::repository`]), and hands the bytes to
//! [`parse`]. What the sink was given counts only once `parse` has returned `Ok`: a document that breaks half-way is refused as a
//! whole, so callers stage records and apply them at success.

mod admission;
pub mod alpine;
pub mod amazon;
pub mod azurelinux;
pub mod chainguard;
mod csaf;
pub mod debian;
pub mod debian_advisories;
mod document;
pub mod end_of_life;
pub mod epss;
mod increments;
mod index;
pub mod kev;
pub mod malware_hashes;
mod metered;
pub mod nvd;
pub mod oracle;
pub mod osv;
mod oval;
pub mod photon;
mod record;
pub mod redhat;
mod report;
mod repository;
mod secdb;
mod unpacked;
mod updateinfo;
mod withdrawal;
pub mod wolfi;
mod xml;
pub mod yara;

use std::io::{Read, Seek};
use std::time::Duration;

use chrono::NaiveDate;

pub use document::Document;
pub use increments::{ChangedRecord, Followed, Increments, MOST_CHANGES, Recent};
pub use index::{Held, Index, Listed, Listing, MOST_DOCUMENTS, Plan};
pub use record::{ExploitScore, KnownExploited, Record, Sink, SinkError};
pub use report::{FeedError, ParseProblem, ParseReport, Refusal};
pub use repository::{Pointers, Published, Repository};
pub use withdrawal::{MOST_WITHDRAWN, Withdrawal};

pub(crate) use admission::Intake;

/// What a feed brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedKind {
    /// Advisories: which versions of which packages are affected.
    Advisories,
    /// Vulnerabilities that are known to be exploited.
    KnownExploited,
    /// Estimates of exploitation.
    ExploitScores,
    /// Until when releases of products are mended.
    SupportPeriods,
    /// YARA rules. The document is kept as it is: what reads files compiles it.
    YaraRules,
    /// Hashes of malicious files. The document is kept as it is.
    FileHashes,
}

impl FeedKind {
    /// Whether documents of this kind are read into records; others are kept as they are.
    pub const fn has_records(self) -> bool {
        !matches!(self, Self::YaraRules | Self::FileHashes)
    }

    /// The kind in words, for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Advisories => "advisories",
            Self::KnownExploited => "known exploited",
            Self::ExploitScores => "exploit scores",
            Self::SupportPeriods => "end-of-life dates",
            Self::YaraRules => "YARA rules",
            Self::FileHashes => "hashes of malware",
        }
    }
}

/// A source of knowledge: one or more documents in one format.
#[derive(Debug)]
pub struct Feed {
    /// The name that its records carry as their source, and mostly its folder in a mirror: `osv`.
    pub name: &'static str,
    /// The name for people.
    pub title: &'static str,
    /// What it brings.
    pub kind: FeedKind,
    /// Where upstream serves it; a document's path follows after a slash.
    pub upstream: &'static str,
    /// A document's path at upstream, by its path in a mirror.
    upstream_path: fn(&str) -> String,
    /// The documents that are read unless the operator names others.
    default_paths: fn() -> Vec<String>,
    /// The documents that came, or will come, after those that are known of, as of a day.
    later: fn(NaiveDate) -> Vec<Later>,
    /// How often its documents are asked for unless the operator says otherwise: as often as what is new may be there.
    pub interval: Duration,
    /// Where its documents are named by an index, [`Document::index`]: what a document's records go by.
    index: Option<index::RecordOf>,
    /// Reads one document's bytes.
    parser: Parser,
}

/// A document of a year or release that this code does not know of yet.
struct Later {
    path: String,
    /// Whether it has to be there by now.
    is_due: bool,
}

const fn none_later(_: NaiveDate) -> Vec<Later> {
    Vec::new()
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

const fn hours(count: u64) -> Duration {
    minutes(count * 60)
}

/// Hands a document's records to the intake as they come.
type Parser = fn(&mut dyn DocumentBytes, &mut Intake<'_>) -> Result<(), Refusal>;

/// A document's bytes: a file or a buffer. Archives are read from their end, so it seeks.
pub trait DocumentBytes: Read + Seek {}
impl<T: Read + Seek + ?Sized> DocumentBytes for T {}

impl Feed {
    /// The documents that are known of and read unless the operator names others; an index ([`Document::index`]) names those that are.
    pub fn documents(&'static self) -> Vec<Document> {
        (self.default_paths)().into_iter().map(|path| self.document(path)).collect()
    }

    /// Those documents, and those of years and releases that have come since this was written, or will come next. Where the operator names
    /// ecosystems of OSV's, those alone, and every one of another feed.
    pub fn documents_as_of(&'static self, today: NaiveDate, ecosystems: &[String]) -> Vec<Document> {
        if self.name == osv::FEED.name && !ecosystems.is_empty() {
            return ecosystems.iter().map(|ecosystem| osv::document(ecosystem)).collect();
        }
        let later = (self.later)(today);
        let later =
            later.into_iter().map(|Later { path, is_due }| Document { may_be_missing: !is_due, ..self.document(path) });
        self.documents().into_iter().chain(later).collect()
    }

    /// Whether its documents are named by an index: several of them may then hold one record, of which the newest counts.
    pub const fn has_index(&self) -> bool {
        self.index.is_some()
    }

    /// A document of this feed by its path below the feed's address (`PyPI/all.zip`).
    pub fn document(&'static self, path: impl Into<String>) -> Document {
        Document { feed: self, path: path.into(), may_be_missing: false }
    }
}

/// Every feed, in the order in which they are read.
static ALL: [&Feed; 17] = [
    &osv::FEED,
    &debian::FEED,
    &debian_advisories::FEED,
    &alpine::FEED,
    &wolfi::FEED,
    &chainguard::FEED,
    &azurelinux::FEED,
    &photon::FEED,
    &oracle::FEED,
    &amazon::FEED,
    &redhat::FEED,
    &nvd::FEED,
    &kev::FEED,
    &epss::FEED,
    &end_of_life::FEED,
    &yara::FEED,
    &malware_hashes::FEED,
];

/// Every feed, in the order in which they are read.
pub fn all() -> &'static [&'static Feed] {
    &ALL
}

/// The feeds whose documents are read into records.
pub fn of_records() -> impl Iterator<Item = &'static Feed> {
    ALL.into_iter().filter(|feed| feed.kind.has_records())
}

/// The feed of that name.
pub fn by_name(name: &str) -> Option<&'static Feed> {
    ALL.into_iter().find(|feed| feed.name == name)
}

/// Reads a document to its end, handing each record to `sink` as it comes; memory stays bounded whatever the document.
///
/// # Errors
/// The document is broken, not of its feed's format, past a limit or unreadable, or the sink refused a record. Nothing of
/// what the sink was given before may then be applied.
pub fn parse(
    document: &Document,
    bytes: &mut dyn DocumentBytes,
    sink: &mut dyn Sink,
) -> Result<ParseReport, FeedError> {
    let mut intake = Intake::new(document.feed.name, sink);
    let outcome = (document.feed.parser)(bytes, &mut intake);
    intake.finish(outcome).map_err(|reason| FeedError { document: document.to_string(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parser_file_is_in_the_list() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/feeds");
        let mut listed: Vec<String> = all().iter().map(|feed| feed.name.to_owned()).collect();
        let mut parsers: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "rs"))
            .filter(|path| std::fs::read_to_string(path).unwrap().contains("pub static FEED: Feed"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().replace('_', "-"))
            .collect();
        listed.sort();
        parsers.sort();
        assert_eq!(listed, parsers);
    }

    #[test]
    fn the_readmes_table_is_the_list() {
        let readme = include_str!("../README.md");
        let rows: Vec<String> = readme.lines().filter(|line| line.starts_with("| `")).map(str::to_owned).collect();
        let row = |feed: &&'static Feed| {
            let documents = feed.documents();
            let more = if documents.len() > 1 { " ..." } else { "" };
            let paths = format!("{}: `{}`{more}", documents.len(), documents[0].path);
            format!("| `{}` | {} | {} | {paths} | <{}> |", feed.name, feed.title, feed.kind.as_str(), feed.upstream)
        };
        assert_eq!(rows, all().iter().map(row).collect::<Vec<_>>());
    }
}
