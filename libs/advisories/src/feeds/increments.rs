//! Changes of a document without the document: a list tells which of its records changed and when, and each record lies beside it.
//!
//! In: OSV's `<ecosystem>/modified_id.csv`, rows of `2026-08-21T12:56:10Z,ALSA-2026:55775`, and `<ecosystem>/<id>.json`. Out: the
//! records that changed since the list was last read, where they are few enough to be fetched one by one. What is gone no list
//! tells, so the document is read whole now and then all the same.
//! Source: <https://google.github.io/osv.dev/data/#data-dumps>.

use std::collections::BTreeMap;
use std::io::{BufRead as _, Read};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::metered::{Limits, Meter};
use super::{Document, FeedError, Intake, ParseReport, Refusal, Sink, osv};

/// The most records that are fetched one by one; where more changed, the whole document is as quick.
pub const MOST_CHANGES: usize = 500;
/// The name of the whole document in its folder.
const WHOLE: &str = "all.zip";
/// The name of the list in its folder.
const CHANGES: &str = "modified_id.csv";
/// The most recent rows that are looked at; npm once had 100,000 malicious packages of a day.
const MOST_RECENT: usize = 20_000;
/// npm's list, the longest, has some 220,000 rows of 45 bytes.
const LIMITS: Limits = Limits { document_bytes: 256 << 20, record_bytes: 256 << 20 };
/// Whole documents and lists are not written at one time: what is older than this is in both.
const MARGIN: TimeDelta = TimeDelta::days(1);
/// The longest id, in bytes.
const MAX_ID: usize = 200;

/// How a document's changes are had.
#[derive(Debug, Clone)]
pub struct Increments {
    /// The document that has every record.
    pub whole: Document,
    /// The list of when each record changed.
    pub changes: Document,
    folder: String,
}

/// How far a document was followed by the list of its changes; kept with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    /// Where the list was fetched from.
    pub address: String,
    /// What its server said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// The same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    /// The latest change in it.
    pub newest: DateTime<Utc>,
    /// How many records it listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// When the document itself was last had, whole or as unchanged.
    pub whole_at: DateTime<Utc>,
}

/// A record that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedRecord {
    /// Its id.
    pub id: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a list tells of late.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recent {
    /// The latest change in the list.
    pub newest: DateTime<Utc>,
    /// How many records the list has.
    pub rows: u64,
    /// Rows that are none, or of a time to come.
    pub problems: u64,
    /// Each record that changed of late, and when; `None` where there are too many of them.
    records: Option<BTreeMap<String, DateTime<Utc>>>,
}

impl Document {
    /// How changes of this document are had, where its feed tells them.
    pub fn increments(&self) -> Option<Increments> {
        let is_osv = self.feed.name == osv::FEED.name;
        let folder = self.path.strip_suffix(WHOLE).filter(|folder| is_osv && folder.ends_with('/'))?;
        let changes = self.feed.document(format!("{folder}{CHANGES}"));
        Some(Increments { whole: self.clone(), changes, folder: folder.to_owned() })
    }
}

impl Increments {
    /// Where a record lies, by its id.
    pub fn record(&self, id: &str) -> Document {
        self.whole.feed.document(format!("{}{id}.json", self.folder))
    }

    /// Reads the list for what changed about `since` or after it. A time after `now` tells nothing: believed, it would hide all that comes before it.
    ///
    /// # Errors
    /// The list cannot be read, is past a limit, or is none.
    pub fn recent(&self, list: impl Read, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<Recent, FeedError> {
        let read = read_recent(list, since - MARGIN, now);
        read.map_err(|reason| FeedError { document: self.changes.to_string(), reason })
    }

    /// Reads one record; one that cannot be read, or is another than was asked for, is a problem of the document's and no record.
    ///
    /// # Errors
    /// Its bytes could not be had, or the sink refused it.
    pub fn parse(&self, id: &str, bytes: impl Read, sink: &mut dyn Sink) -> Result<ParseReport, FeedError> {
        let mut intake = Intake::new(self.whole.feed.name, sink);
        let outcome = osv::read_record(id, bytes, &mut intake);
        match intake.finish(outcome) {
            Err(unread @ (Refusal::Malformed(_) | Refusal::PastLimit { .. })) => {
                Ok(ParseReport::of_unread(id, &unread))
            }
            report => report.map_err(|reason| FeedError { document: self.record(id).to_string(), reason }),
        }
    }
}

impl Recent {
    /// The ids of the records that changed of late.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.records.iter().flatten().map(|(id, _)| id.as_str())
    }

    /// The records that are not held as the list has them, oldest change first; `None` where the whole document is to be read for them: they are many,
    /// or some that are new since `rows_before` were listed bear the time of long ago.
    pub fn changed(
        &self,
        held: &BTreeMap<String, DateTime<Utc>>,
        rows_before: Option<u64>,
    ) -> Option<Vec<ChangedRecord>> {
        let recent = self.records.as_ref()?;
        let new = recent.keys().filter(|id| !held.contains_key(*id)).count() as u64;
        if rows_before.is_some_and(|before| self.rows > before.saturating_add(new)) {
            return None;
        }
        let records = recent.iter().filter(|(id, at)| held.get(*id) != Some(*at));
        let mut changed: Vec<ChangedRecord> =
            records.map(|(id, at)| ChangedRecord { id: id.clone(), at: *at }).collect();
        changed.sort_by_key(|record| record.at);
        (changed.len() <= MOST_CHANGES).then_some(changed)
    }
}

fn read_recent(list: impl Read, from: DateTime<Utc>, now: DateTime<Utc>) -> Result<Recent, Refusal> {
    let meter = Meter::new(LIMITS);
    let mut reader = meter.reader(list);
    let (mut newest, mut rows, mut problems, mut line) = (None, 0, 0, String::new());
    let mut records = Some(BTreeMap::<String, DateTime<Utc>>::new());
    loop {
        line.clear();
        // A row has two short fields: a longer one ends in the middle, and reads as none.
        let read = (&mut reader).take(1_024).read_line(&mut line);
        if read.map_err(|error| meter.refusal().unwrap_or_else(|| osv::entry_refusal(error)))? == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let Some((at, id)) = row(line.trim()).filter(|(at, _)| *at <= now) else {
            problems += 1;
            continue;
        };
        newest = newest.max(Some(at));
        rows += 1;
        if at < from {
            continue;
        }
        if let Some(records) = &mut records {
            let latest = records.entry(id.to_owned()).or_insert(at);
            *latest = at.max(*latest);
        }
        records.take_if(|records| records.len() > MOST_RECENT);
    }
    let newest = newest.ok_or_else(|| Refusal::Malformed("it lists no record".into()))?;
    Ok(Recent { newest, rows, problems, records })
}

fn row(line: &str) -> Option<(DateTime<Utc>, &str)> {
    let (at, id) = line.split_once(',')?;
    let at = DateTime::parse_from_rfc3339(at.trim()).ok()?.to_utc();
    let id = id.trim();
    is_id(id).then_some((at, id))
}

/// Whether it is an id that can be a file's name: no folder, and no odd characters.
fn is_id(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len())
        && !id.starts_with('.')
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::{Record, by_name};

    fn increments() -> Increments {
        by_name("osv").unwrap().document("Rocky Linux/all.zip").increments().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        DateTime::parse_from_rfc3339(text).unwrap().to_utc()
    }

    fn recent(list: impl Read) -> Result<Recent, FeedError> {
        increments().recent(list, at("2026-08-20T12:00:00Z"), at("2026-08-22T00:00:00Z"))
    }

    fn ids(changed: Option<Vec<ChangedRecord>>) -> Vec<String> {
        changed.unwrap().into_iter().map(|record| record.id).collect()
    }

    const LIST: &str =
        "2026-08-21T12:56:10Z,RLSA-2026:3\n2026-08-19T12:00:00.5Z,RLSA-2026:2\r\n\n2026-08-19T11:00:00Z,RLSA-2026:1\n";

    #[test]
    fn only_an_archive_of_osv_s_is_told_by_a_list() {
        let osv = by_name("osv").unwrap();
        assert_eq!(increments().changes.path, "Rocky Linux/modified_id.csv");
        assert!(increments().record("RLSA-2026:3").address(None).ends_with("/Rocky%20Linux/RLSA-2026%3A3.json"));
        assert!(osv.documents().iter().all(|document| document.increments().is_some()));
        assert!(osv.document("all.zip").increments().is_none() && osv.document("a/b.json").increments().is_none());
        assert!(by_name("yara").unwrap().document("a/all.zip").increments().is_none());
    }

    #[test]
    fn what_changed_is_what_is_not_held_as_the_list_has_it() {
        let told = recent(LIST.as_bytes()).unwrap();
        assert_eq!(told.newest, at("2026-08-21T12:56:10Z"));
        assert_eq!(
            told.ids().collect::<Vec<_>>(),
            ["RLSA-2026:2", "RLSA-2026:3"],
            "and a day before, as not all is written at once"
        );
        assert_eq!(ids(told.changed(&BTreeMap::new(), None)), ["RLSA-2026:2", "RLSA-2026:3"], "oldest first");
        let held = |id: &str, when: &str| (id.to_owned(), at(when));
        let as_listed = [held("RLSA-2026:2", "2026-08-19T12:00:00.5Z"), held("RLSA-2026:3", "2026-08-21T12:56:10Z")];
        assert_eq!(ids(told.changed(&as_listed.into(), Some(3))), [""; 0]);
        let otherwise = [held("RLSA-2026:2", "2026-08-19T12:00:00Z"), held("RLSA-2026:3", "2026-08-21T13:00:00Z")];
        assert_eq!(ids(told.changed(&otherwise.into(), None)).len(), 2, "older and, as upstream sets some back, newer");
    }

    #[test]
    fn a_new_record_of_long_ago_is_read_from_the_whole_document() {
        let told = recent(LIST.as_bytes()).unwrap();
        assert_eq!(told.rows, 3);
        let held: BTreeMap<_, _> = [("RLSA-2026:2".to_owned(), at("2026-08-19T12:00:00.5Z"))].into();
        assert_eq!(ids(told.changed(&held, Some(2))), ["RLSA-2026:3"], "two were listed, and one of late is new");
        assert_eq!(told.changed(&held, Some(1)), None, "another is new that the last days do not tell of");
    }

    #[test]
    fn rows_that_are_none_are_counted_and_never_become_a_path() {
        for row in [
            "2026-08-21T12:56:10Z,../../etc/passwd",
            "2026-08-21T12:56:10Z,..",
            "2026-08-21T12:56:10Z,/etc/passwd",
            "2026-08-21T12:56:10Z,npm/MAL-1",
            "2026-08-21T12:56:10Z,MAL-1?a=b",
            "2026-08-21T12:56:10Z,MAL 1",
            "2026-08-21T12:56:10Z,",
            "2026-08-21T12:56:10Z",
            "yesterday,MAL-1",
            "2999-01-01T00:00:00Z,MAL-1",
            &format!("2026-08-21T12:56:10Z,{}", "a".repeat(300)),
        ] {
            let told = recent(format!("{row}\n{LIST}").as_bytes()).unwrap();
            assert_eq!((told.ids().count(), told.problems), (2, 1), "{row}");
            assert_eq!(told.newest, at("2026-08-21T12:56:10Z"), "{row}");
        }
    }

    #[test]
    fn what_is_no_list_or_past_its_limit_is_refused() {
        for text in ["", "<!DOCTYPE html><title>503</title>", "2999-01-01T00:00:00Z,MAL-1\n"] {
            assert!(matches!(recent(text.as_bytes()), Err(FeedError { reason: Refusal::Malformed(_), .. })), "{text}");
        }
        let endless = recent(std::io::repeat(b'x'));
        assert!(matches!(endless, Err(FeedError { reason: Refusal::PastLimit { .. }, .. })), "{endless:?}");
    }

    #[test]
    fn so_many_changes_are_read_from_the_whole_document() {
        let list = |count: usize| -> String { (0..count).map(|n| format!("2026-08-21T12:56:10Z,MAL-{n}\n")).collect() };
        let count = |rows: usize| {
            let told = recent(list(rows).as_bytes()).unwrap();
            (told.ids().count(), told.changed(&BTreeMap::new(), None).map(|changed| changed.len()))
        };
        assert_eq!(count(MOST_CHANGES), (MOST_CHANGES, Some(MOST_CHANGES)));
        assert_eq!(count(MOST_CHANGES + 1), (MOST_CHANGES + 1, None));
        assert_eq!(count(MOST_RECENT + 1), (0, None), "nor are more held in memory");
    }

    #[test]
    fn a_record_is_read_as_in_the_archive_and_one_that_is_another_is_a_problem() {
        let document =
            r#"{"id": "RLSA-2026:3", "modified": "2026-08-21T12:56:10Z", "summary": "A title", "affected": []}"#;
        let parsed = |id: &str, bytes: &[u8]| {
            let mut records: Vec<Record> = vec![];
            let report = increments().parse(id, bytes, &mut records).unwrap();
            (records.len(), report.statements, report.problems)
        };
        assert_eq!(parsed("RLSA-2026:3", document.as_bytes()), (1, 1, 0));
        assert_eq!(parsed("RLSA-2026:4", document.as_bytes()), (0, 1, 1));
        assert_eq!(parsed("RLSA-2026:3", b"<html>"), (0, 1, 1));
        assert_eq!(parsed("RLSA-2026:3", &vec![b' '; 9 << 20]), (0, 1, 1));
        let mut full = |_: Record| -> Result<(), crate::feeds::SinkError> { Err("disk full".into()) };
        assert!(increments().parse("RLSA-2026:3", document.as_bytes(), &mut full).is_err());
    }
}
