//! The advisory database of offline scans.

pub mod status;
pub mod update;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use plimsoll_advisory_db::{AdvisoryDb, DbError};

use crate::exit::Failure;

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
        DbError::Absent(_) | DbError::Format { .. } | DbError::NotADatabase(_) => {
            Failure::curable(error, "plimsoll db update makes one")
        }
        other => Failure::curable(other, "delete the file, then plimsoll db update"),
    })
}

/// When each feed was last known to be up to date: the oldest of its documents counts.
pub fn knowledge(db: &AdvisoryDb) -> Result<BTreeMap<String, DateTime<Utc>>, DbError> {
    let mut oldest: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for document in db.documents()? {
        let at = oldest.entry(document.feed).or_insert(document.checked_at);
        *at = document.checked_at.min(*at);
    }
    Ok(oldest)
}
