//! The bundle that a database came in.

use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _};
use serde::{Deserialize, Serialize};
use tempfile::TempPath;

use crate::builder::put_in_place;
use crate::{AdvisoryDb, DbError};

/// Where a database comes from that was not built on this machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The id of the key that signed for it.
    pub signed_by: String,
    /// When it was taken in.
    pub imported_at: DateTime<Utc>,
    /// Where it was fetched from.
    pub address: String,
    /// What its server said of it, to ask whether it has changed.
    pub validators: Option<String>,
}

impl Origin {
    pub(crate) fn of(connection: &Connection) -> Result<Option<Self>, DbError> {
        let sql = "SELECT value FROM meta WHERE key = 'origin'";
        let text: Option<String> = connection.query_row(sql, (), |row| row.get(0)).optional()?;
        text.map(|text| serde_json::from_str(&text).map_err(|error| DbError::Damaged(error.to_string()))).transpose()
    }
}

/// A database that is changed here is no longer what was signed.
pub(crate) fn forget(connection: &Connection) -> Result<(), DbError> {
    connection.execute("DELETE FROM meta WHERE key = 'origin'", ())?;
    Ok(())
}

/// Puts a database that came in a bundle in its place, in one step. `database` has to lie in the folder of `path`.
///
/// # Errors
/// It is none of a format that this release reads, or cannot be written: what was there is then as it was.
pub fn install(database: TempPath, path: &Path, origin: &Origin) -> Result<(), DbError> {
    drop(AdvisoryDb::open(&database)?);
    let connection = Connection::open(&database)?;
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    let text = serde_json::to_string(origin).map_err(|error| DbError::Damaged(error.to_string()))?;
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('origin', ?1)", [text])?;
    connection.close().map_err(|(_, error)| error)?;
    put_in_place(database, path)
}
