//! What servers said of the files of an index: they bring no records, and are kept beside the documents that they name.

use plimsoll_advisories::feeds::Document;
use rusqlite::OptionalExtension as _;

use crate::{Builder, DbError};

/// The name in `meta` of what is kept of an index.
fn name(index: &Document) -> String {
    format!("files of {index}")
}

impl Builder {
    /// What was given to [`Builder::know_files`] with this index; `None` where it is to be read whatever its server says.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn known_files(&self, index: &Document) -> Result<Option<String>, DbError> {
        let sql = "SELECT value FROM meta WHERE key = ?1";
        Ok(self.connection.query_row(sql, [name(index)], |row| row.get(0)).optional()?)
    }

    /// Keeps what servers said of the files of an index of which all is there, or forgets it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn know_files(&mut self, index: &Document, known: Option<&str>) -> Result<(), DbError> {
        match known {
            Some(known) => self
                .connection
                .execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)", (name(index), known))?,
            None => self.connection.execute("DELETE FROM meta WHERE key = ?1", [name(index)])?,
        };
        Ok(())
    }
}
