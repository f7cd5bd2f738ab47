//! The advisory database of offline scans.

pub mod status;
pub mod update;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_advisories::feeds;
use plimsoll_advisory_db::{AdvisoryDb, DbError, StoredDocument};

use crate::escape::escaped;
use crate::exit::Failure;
use crate::quantity::age;

/// What is older than this is told as old: feeds change every day.
const OLD: TimeDelta = TimeDelta::days(7);

/// Where the database is: as asked for, else in the user's cache folder (XDG Base Directory Specification).
pub fn path(asked: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(path) = asked {
        return Ok(path.clone());
    }
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = variable("XDG_CACHE_HOME").or_else(|| variable("HOME").map(|home| home.join(".cache")));
    let cache = cache.ok_or_else(|| Failure::Usage("there is no home folder: say --db FILE".into()))?;
    Ok(cache.join("plimsoll/advisories.db"))
}

/// Opens the database, or tells how to get one.
pub fn open(path: &std::path::Path) -> Result<AdvisoryDb, Failure> {
    AdvisoryDb::open(path).map_err(|error| match error {
        newer if newer.is_newer() => {
            Failure::curable(newer, "update plimsoll; or plimsoll db update makes one that this release reads")
        }
        DbError::Absent(_) | DbError::Format { .. } | DbError::NotADatabase(_) => {
            Failure::curable(error, "plimsoll db update makes one")
        }
        other => Failure::curable(other, "delete the file, then plimsoll db update"),
    })
}

/// When each feed was last known to be up to date: the oldest of its documents counts. Of what is kept for others nothing is said: no
/// offline verdict rests on it.
pub fn knowledge(db: &AdvisoryDb) -> Result<BTreeMap<String, DateTime<Utc>>, DbError> {
    let mut oldest: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    let is_read = |document: &StoredDocument| feeds::by_name(&document.feed).is_none_or(|feed| feed.kind.has_records());
    for document in db.documents()?.into_iter().filter(is_read) {
        let at = oldest.entry(document.feed).or_insert(document.checked_at);
        *at = document.checked_at.min(*at);
    }
    Ok(oldest)
}

/// What is to be said of knowledge that is old, by its oldest feed; nothing of what is not.
pub fn old_knowledge(knowledge: &BTreeMap<String, DateTime<Utc>>, now: DateTime<Utc>) -> Option<String> {
    let (feed, at) = knowledge.iter().min_by_key(|(_, at)| **at)?;
    let old = now - *at;
    let told =
        || format!("what is known of {} is {} old: plimsoll db update brings it up to date", escaped(feed), age(old));
    (old >= OLD).then(told)
}
