//! Feeds of more documents than are fetched one by one: an index tells which there are and when each changed.
//!
//! In: the three files of a folder of CSAF documents as Red Hat lays it out: `archive_latest.txt` names the archive of all
//! documents of a day, `changes.csv` has every document with the time of its last change, `deletions.csv` those that are gone.
//! Out: a [`Plan`] of what to fetch, by what is held: the archive where it is another one, and the documents that changed
//! since, each only where its time stamp is newer than what is held. Nothing is asked of a document that did not change.
//! Source: <https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html#7112-requirement-12-indextxt>,
//! <https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/>.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, Read};

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::metered::{Limits, Meter};
use super::{Document, FeedError, Refusal};

/// The most documents that one run fetches beside the archive. The rest waits for the next run, the oldest changes first.
pub const MOST_DOCUMENTS: usize = 1_000;
/// The name of an index document in its folder.
const CHANGES: &str = "changes.csv";
/// The most rows of a file of an index.
const MAX_ROWS: usize = 2_000_000;
/// The longest path of a listed document, in bytes.
const MAX_PATH: usize = 200;
const LIMITS: Limits = Limits { document_bytes: 256 << 20, record_bytes: 256 << 20 };
/// An archive is of a day: what changed on the day before, in another time zone the same, may not be in it.
const MARGIN: TimeDelta = TimeDelta::days(1);

/// The records of a document by its path: their key, or what stands before the slash in it.
pub(super) type RecordOf = fn(&str) -> Option<String>;

/// An index, as three files.
#[derive(Debug, Clone)]
pub struct Index {
    /// Names the archive.
    pub archive_latest: Document,
    /// Every document and when it changed.
    pub changes: Document,
    /// Every document that is gone, and since when.
    pub deletions: Document,
    folder: String,
    record_of: RecordOf,
}

/// What an index tells.
#[derive(Debug)]
pub struct Listing {
    archive: Listed,
    changed: BTreeMap<String, DateTime<Utc>>,
    deleted: BTreeMap<String, DateTime<Utc>>,
    record_of: RecordOf,
    /// Rows that could not be read.
    pub problems: u64,
}

/// A document and when it changed.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The document.
    pub document: Document,
    /// When it changed; of an archive, the day that it is of.
    pub at: DateTime<Utc>,
}

/// A document that is held, and the time with which it was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Its path below the feed's address.
    pub path: String,
    /// [`Listed::at`] of what is held.
    pub at: Option<DateTime<Utc>>,
}

/// What brings what is held up to date with a listing, in this order.
#[derive(Debug, Default)]
pub struct Plan {
    /// The archive, where it is not the one that is held.
    pub archive: Option<Listed>,
    /// Documents that changed since, at most [`MOST_DOCUMENTS`].
    pub documents: Vec<Listed>,
    /// How many more there are for the next run.
    pub left: usize,
    /// Documents to forget once the archive is there: it has their records.
    pub superseded: Vec<Document>,
    /// Documents to forget in any case: they are gone.
    pub gone: Vec<Document>,
    /// Records that are gone with their documents, wherever they are held.
    pub gone_records: Vec<String>,
}

impl Document {
    /// The index that this document is, where it names others and brings no records itself.
    pub fn index(&self) -> Option<Index> {
        let record_of = self.feed.index?;
        let folder = self.path.strip_suffix(CHANGES).filter(|folder| folder.ends_with('/'))?;
        let beside = |name: &str| self.feed.document(format!("{folder}{name}"));
        Some(Index {
            archive_latest: beside("archive_latest.txt"),
            changes: self.clone(),
            deletions: beside("deletions.csv"),
            folder: folder.to_owned(),
            record_of,
        })
    }
}

impl Index {
    /// The folder, with its slash: every document that the index names lies below it.
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Reads the three files.
    ///
    /// # Errors
    /// One cannot be read, is past a limit, or is not what it is named for.
    pub fn listing(
        &self,
        archive_latest: impl Read,
        changes: impl Read,
        deletions: impl Read,
    ) -> Result<Listing, FeedError> {
        let error = |document: &Document| {
            let document = document.to_string();
            move |reason| FeedError { document, reason }
        };
        let archive = self.archive(archive_latest).map_err(error(&self.archive_latest))?;
        let mut problems = 0;
        let changed = self.rows(changes, &mut problems).map_err(error(&self.changes))?;
        if changed.is_empty() {
            let reason = Refusal::Malformed("it lists no document".into());
            return Err(FeedError { document: self.changes.to_string(), reason });
        }
        let deleted = self.rows(deletions, &mut problems).map_err(error(&self.deletions))?;
        Ok(Listing { archive, changed, deleted, record_of: self.record_of, problems })
    }

    fn archive(&self, bytes: impl Read) -> Result<Listed, Refusal> {
        let mut text = String::new();
        bytes.take(1_024).read_to_string(&mut text).map_err(super::osv::entry_refusal)?;
        let name = text.trim();
        let date = name
            .strip_suffix(".tar.zst")
            .and_then(|stem| NaiveDate::parse_from_str(stem.rsplit_once('_')?.1, "%Y-%m-%d").ok());
        match date {
            Some(date) if is_path(name) && !name.contains('/') => Ok(Listed {
                document: self.changes.feed.document(format!("{}{name}", self.folder)),
                at: date.and_time(NaiveTime::MIN).and_utc(),
            }),
            _ => Err(Refusal::Malformed(format!(
                "'{}' names no archive of a day",
                name.escape_debug().take(80).collect::<String>()
            ))),
        }
    }

    /// The rows of `"2024/cve-2024-1.json","2026-03-25T12:33:38+00:00"`, by path; of two of one path the newer counts.
    fn rows(&self, bytes: impl Read, problems: &mut u64) -> Result<BTreeMap<String, DateTime<Utc>>, Refusal> {
        let meter = Meter::new(LIMITS);
        let mut reader = meter.reader(bytes);
        let (mut rows, mut line) = (BTreeMap::<String, DateTime<Utc>>::new(), String::new());
        loop {
            line.clear();
            // A line has two short fields: a longer one ends in the middle, and reads as none.
            let read = (&mut reader).take(1_024).read_line(&mut line);
            if read.map_err(|error| meter.refusal().unwrap_or_else(|| super::osv::entry_refusal(error)))? == 0 {
                return Ok(rows);
            }
            if line.trim().is_empty() {
                continue;
            }
            let Some((path, at)) = row(line.trim()) else {
                *problems += 1;
                continue;
            };
            let newest = rows.entry(format!("{}{path}", self.folder)).or_insert(at);
            *newest = at.max(*newest);
            if rows.len() > MAX_ROWS {
                return Err(Refusal::PastLimit { what: "the number of rows", limit: MAX_ROWS as u64 });
            }
        }
    }
}

fn row(line: &str) -> Option<(&str, DateTime<Utc>)> {
    let (path, at) = line.split_once(',')?;
    let [path, at] = [path, at].map(|field| field.trim().trim_matches('"'));
    let at = DateTime::parse_from_rfc3339(at).ok()?;
    (is_path(path) && path.ends_with(".json")).then(|| (path, at.to_utc()))
}

/// Whether a path stays below its folder and has no odd characters.
pub(super) fn is_path(path: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    path.len() <= MAX_PATH && path.split('/').all(is_name)
}

impl Listing {
    /// What to do about it, where this is held of the index's folder.
    pub fn plan(&self, held: &[Held]) -> Plan {
        let covered = self.archive.at - MARGIN;
        let held: BTreeMap<&str, Option<DateTime<Utc>>> =
            held.iter().map(|held| (held.path.as_str(), held.at)).collect();
        let archive_path = self.archive.document.path.as_str();
        let document = |path: &str| self.archive.document.feed.document(path);
        let is_gone = |path: &str, at: &DateTime<Utc>| self.changed.get(path).is_none_or(|changed| changed <= at);
        let gone: BTreeSet<&str> =
            self.deleted.iter().filter(|(path, at)| is_gone(path, at)).map(|(path, _)| path.as_str()).collect();
        let mut documents: Vec<Listed> = self
            .changed
            .iter()
            .filter(|(path, at)| **at >= covered && !gone.contains(path.as_str()))
            .filter(|(path, at)| held.get(path.as_str()).is_none_or(|held| held.is_none_or(|held| held < **at)))
            .map(|(path, at)| Listed { document: document(path), at: *at })
            .collect();
        documents.sort_by_key(|listed| listed.at);
        let left = documents.len().saturating_sub(MOST_DOCUMENTS);
        documents.truncate(MOST_DOCUMENTS);
        let changed_since = |path: &str| self.changed.get(path).is_some_and(|at| *at >= covered);
        let is_superseded = |path: &str, at: Option<DateTime<Utc>>| {
            let is_old_archive = path.ends_with(".tar.zst") && path != archive_path;
            is_old_archive || path.ends_with(".json") && at.is_none_or(|at| at < covered) && !changed_since(path)
        };
        let superseded = held.iter().filter(|(path, at)| is_superseded(path, **at) && !gone.contains(*path));
        Plan {
            archive: (!held.contains_key(archive_path)).then(|| self.archive.clone()),
            documents,
            left,
            superseded: superseded.map(|(path, _)| document(path)).collect(),
            gone: held.keys().filter(|path| gone.contains(*path)).map(|path| document(path)).collect(),
            gone_records: gone.iter().filter_map(|path| (self.record_of)(path)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::by_name;

    fn index() -> Index {
        by_name("redhat").unwrap().document("csaf/v2/vex/changes.csv").index().unwrap()
    }

    fn listing(archive: &str, changes: &str, deletions: &str) -> Listing {
        index().listing(archive.as_bytes(), changes.as_bytes(), deletions.as_bytes()).unwrap()
    }

    fn held(path: &str, at: &str) -> Held {
        let path = format!("csaf/v2/vex/{path}");
        Held { path, at: DateTime::parse_from_rfc3339(at).ok().map(|at| at.to_utc()) }
    }

    fn paths(documents: impl IntoIterator<Item = Document>) -> Vec<String> {
        let short = |document: Document| document.path.strip_prefix("csaf/v2/vex/").unwrap().to_owned();
        documents.into_iter().map(short).collect()
    }

    const ARCHIVE: &str = "csaf_vex_2025-12-31.tar.zst\n";
    const CHANGES: &str = "\"2026/cve-2026-2.json\",\"2026-03-25T12:33:38+00:00\"\n\"2026/cve-2026-1.json\",\"2026-01-02T00:00:00Z\"\r\n
        \"2025/cve-2025-1.json\",\"2025-12-30T12:00:00+00:00\"\n\"2024/cve-2024-1.json\",\"2024-01-01T00:00:00+00:00\"\n";

    #[test]
    fn only_an_index_document_of_an_indexed_feed_is_one() {
        let feed = by_name("redhat").unwrap();
        assert!(feed.documents().iter().all(|document| document.index().is_some()));
        assert_eq!(index().deletions.path, "csaf/v2/vex/deletions.csv");
        for path in ["csaf/v2/vex/2024/cve-2024-1.json", "changes.csv", "csaf/v2/vex/other_changes.csv"] {
            assert!(feed.document(path).index().is_none(), "{path}");
        }
        assert!(by_name("osv").unwrap().document("PyPI/changes.csv").index().is_none());
    }

    #[test]
    fn the_archive_is_fetched_and_then_what_changed_since_oldest_first() {
        let plan = listing(ARCHIVE, CHANGES, "").plan(&[]);
        assert_eq!(paths(plan.archive.map(|archive| archive.document)), ["csaf_vex_2025-12-31.tar.zst"]);
        let documents = plan.documents.into_iter().map(|listed| listed.document);
        // The day before the archive's is fetched again: it may not be in it.
        assert_eq!(paths(documents), ["2025/cve-2025-1.json", "2026/cve-2026-1.json", "2026/cve-2026-2.json"]);
        assert_eq!((plan.left, plan.superseded.len(), plan.gone.len(), plan.gone_records.len()), (0, 0, 0, 0));
    }

    #[test]
    fn nothing_is_asked_of_what_is_held_as_listed() {
        let archive = held("csaf_vex_2025-12-31.tar.zst", "2025-12-31T00:00:00Z");
        let all = [
            archive.clone(),
            held("2025/cve-2025-1.json", "2025-12-30T12:00:00Z"),
            held("2026/cve-2026-1.json", "2026-01-02T00:00:00Z"),
            held("2026/cve-2026-2.json", "2026-03-25T12:33:38Z"),
        ];
        let plan = listing(ARCHIVE, CHANGES, "").plan(&all);
        assert!(plan.archive.is_none() && plan.documents.is_empty() && plan.superseded.is_empty());
        let older = [archive, held("2026/cve-2026-2.json", "2026-03-24T00:00:00Z"), held("2026/cve-2026-1.json", "")];
        let plan = listing(ARCHIVE, CHANGES, "").plan(&older);
        assert_eq!(plan.documents.len(), 3, "older, of unknown age, and not held");
        assert!(plan.superseded.is_empty());
    }

    #[test]
    fn a_newer_archive_supersedes_the_older_and_what_changed_before_it() {
        let all = [
            held("csaf_vex_2025-12-31.tar.zst", "2025-12-31T00:00:00Z"),
            held("2026/cve-2026-1.json", "2026-01-02T00:00:00Z"),
            held("2026/cve-2026-2.json", "2026-03-24T00:00:00Z"),
        ];
        let plan = listing("csaf_vex_2026-03-26.tar.zst", CHANGES, "").plan(&all);
        assert_eq!(paths(plan.archive.map(|archive| archive.document)), ["csaf_vex_2026-03-26.tar.zst"]);
        assert_eq!(paths(plan.documents.into_iter().map(|listed| listed.document)), ["2026/cve-2026-2.json"]);
        assert_eq!(paths(plan.superseded), ["2026/cve-2026-1.json", "csaf_vex_2025-12-31.tar.zst"]);
    }

    #[test]
    fn what_is_deleted_is_gone_unless_it_changed_later() {
        let all = [
            held("2026/cve-2026-2.json", "2026-03-25T12:33:38Z"),
            held("2026/cve-2026-1.json", "2026-01-01T00:00:00Z"),
        ];
        let deletions = "\"2026/cve-2026-2.json\",\"2026-03-26T00:00:00Z\"\n\"2026/cve-2026-1.json\",\"2026-01-01T00:00:00Z\"\n\"2023/cve-2023-9.json\",\"2026-01-01T00:00:00Z\"";
        let plan = listing(ARCHIVE, CHANGES, deletions).plan(&all);
        assert_eq!(paths(plan.gone), ["2026/cve-2026-2.json"]);
        assert_eq!(plan.gone_records, ["CVE-2023-9", "CVE-2026-2"]);
        let documents = plan.documents.into_iter().map(|listed| listed.document);
        assert_eq!(paths(documents), ["2025/cve-2025-1.json", "2026/cve-2026-1.json"]);
    }

    #[test]
    fn a_run_fetches_so_many_documents_and_leaves_the_rest_to_the_next() {
        let rows: Vec<String> =
            (0..MOST_DOCUMENTS + 7).map(|n| format!("\"2026/cve-2026-{n}.json\",\"2026-01-01T00:00:00Z\"")).collect();
        let plan = listing(ARCHIVE, &rows.join("\n"), "").plan(&[]);
        assert_eq!((plan.documents.len(), plan.left), (MOST_DOCUMENTS, 7));
    }

    #[test]
    fn rows_that_are_none_are_counted_and_never_become_a_path() {
        for row in [
            "\"../../etc/passwd.json\",\"2026-01-01T00:00:00Z\"",
            "\"/etc/passwd.json\",\"2026-01-01T00:00:00Z\"",
            "\"2026/.hidden.json\",\"2026-01-01T00:00:00Z\"",
            "\"2026//a.json\",\"2026-01-01T00:00:00Z\"",
            "\"https://example.org/a.json\",\"2026-01-01T00:00:00Z\"",
            "\"2026/a b.json\",\"2026-01-01T00:00:00Z\"",
            "\"2026/a.txt\",\"2026-01-01T00:00:00Z\"",
            "\"2026/a.json\",\"yesterday\"",
            "\"2026/a.json\"",
            &format!("\"2026/{}.json\",\"2026-01-01T00:00:00Z\"", "a".repeat(300)),
        ] {
            let listing = listing(ARCHIVE, &format!("{CHANGES}{row}\n"), "");
            assert_eq!((listing.changed.len(), listing.problems), (4, 1), "{row}");
        }
    }

    #[test]
    fn an_index_that_is_none_is_refused() {
        let html = "<!DOCTYPE html><title>503</title>";
        for (archive, changes) in [
            ("", CHANGES),
            (html, CHANGES),
            ("csaf_vex_2025-12-31.zip", CHANGES),
            ("../csaf_vex_2025-12-31.tar.zst", CHANGES),
            ("csaf_vex_2025-13-31.tar.zst", CHANGES),
            (ARCHIVE, ""),
            (ARCHIVE, html),
        ] {
            let refused = index().listing(archive.as_bytes(), changes.as_bytes(), &b""[..]);
            assert!(matches!(refused, Err(FeedError { reason: Refusal::Malformed(_), .. })), "{archive} {refused:?}");
        }
        let listing = index().listing(ARCHIVE.as_bytes(), std::io::repeat(b'x'), &b""[..]);
        assert!(matches!(listing, Err(FeedError { reason: Refusal::PastLimit { .. }, .. })), "{listing:?}");
    }
}
