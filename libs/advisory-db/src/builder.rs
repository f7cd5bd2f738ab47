//! Making a database, or a newer one from an older.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use plimsoll_advisories::feeds::{Document, FeedKind, Held, Withdrawal};
use rusqlite::{Connection, OptionalExtension as _, Transaction};
use tempfile::TempPath;

use crate::codec::Packer;
use crate::derive::derive;
use crate::{AdvisoryDb, DbError, FORMAT, StagedDocument, StoredDocument, origin, schema};

/// Makes a database beside the one at a path, which stays as it is until [`Builder::finish`]. Dropped before that, it leaves nothing.
pub struct Builder {
    pub(crate) connection: Connection,
    pub(crate) packer: Packer,
    temporary: TempPath,
    path: PathBuf,
    /// Whether advisories were replaced: scores are kept of known CVEs only, so others may now be wanted.
    pub(crate) has_new_advisories: bool,
    /// Whether scores were read since.
    has_new_scores: bool,
}

/// What a builder starts from.
#[derive(Debug)]
pub enum Previous {
    /// Nothing: there was no database.
    Nothing,
    /// The database that was there.
    Kept,
    /// Nothing: the database that was there is of no use.
    Discarded(DbError),
}

impl Builder {
    /// Starts from the database at `path`, if there is one that this release reads.
    ///
    /// # Errors
    /// The folder cannot be written to.
    pub fn start(path: &Path) -> Result<(Self, Previous), DbError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let io = |source| DbError::Io { path: folder.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(io)?;
        let temporary =
            tempfile::Builder::new().prefix(".advisories-").tempfile_in(folder).map_err(io)?.into_temp_path();
        let (previous, format) = match AdvisoryDb::open(path) {
            Ok(db) => {
                std::fs::copy(path, &temporary).map_err(|source| DbError::Io { path: path.to_owned(), source })?;
                (Previous::Kept, db.format())
            }
            Err(DbError::Absent(_)) => (Previous::Nothing, FORMAT),
            Err(why) => (Previous::Discarded(why), FORMAT),
        };
        let connection = Connection::open(&temporary)?;
        // A crash leaves a temporary file behind, never half a database: the journal is for refused documents alone.
        connection.pragma_update(None, "journal_mode", "MEMORY")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        if matches!(previous, Previous::Kept) {
            schema::upgrade(&connection, format)?;
            schema::read_anew(&connection)?;
        } else {
            schema::create(&connection)?;
        }
        let builder = Self {
            connection,
            packer: Packer::new()?,
            temporary,
            path: path.to_owned(),
            has_new_advisories: false,
            has_new_scores: false,
        };
        Ok((builder, previous))
    }

    /// What was given to [`StagedDocument::commit`] with this document, to ask whether it has changed; `None` where it has to be read
    /// whatever its server says.
    ///
    /// Ask for the documents of exploit scores last: once advisories have been replaced, they have to be read again.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn validators(&self, document: &Document) -> Result<Option<String>, DbError> {
        if document.feed.kind == FeedKind::ExploitScores && self.has_new_advisories {
            return Ok(None);
        }
        let sql = "SELECT validators FROM document WHERE feed = ?1 AND path = ?2";
        let row = self.connection.query_row(sql, (document.feed.name, &document.path), |row| row.get(0)).optional()?;
        Ok(row.flatten())
    }

    /// Whether anything of this document is there.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn has(&self, document: &Document) -> Result<bool, DbError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM document WHERE feed = ?1 AND path = ?2)";
        Ok(self.connection.query_row(sql, (document.feed.name, &document.path), |row| row.get(0))?)
    }

    /// The document's server says that it is the one that is there.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn unchanged(&mut self, document: &Document, at: DateTime<Utc>) -> Result<(), DbError> {
        let sql = "UPDATE document SET checked_at = ?3 WHERE feed = ?1 AND path = ?2";
        self.connection.execute(sql, (document.feed.name, &document.path, at.to_rfc3339()))?;
        Ok(())
    }

    /// The documents of a feed below a folder, with the times that were given as their validators: those of an index.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn held_below(&self, feed: &str, folder: &str) -> Result<Vec<Held>, DbError> {
        let sql =
            "SELECT path, validators FROM document WHERE feed = ?1 AND substr(path, 1, length(?2)) = ?2 ORDER BY path";
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map((feed, folder), |row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?)))?;
        let at = |text: String| DateTime::parse_from_rfc3339(&text).ok().map(|at| at.to_utc());
        rows.map(|row| row.map(|(path, listed_at)| Held { path, at: listed_at.and_then(at) }).map_err(DbError::from))
            .collect()
    }

    /// What would go with these documents of a feed and with these records ([`Builder::forget_records`]), of all that is held of it below a folder.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn withdrawal(
        &self,
        feed: &str,
        folder: &str,
        documents: &[&Document],
        records: &[String],
    ) -> Result<Withdrawal, DbError> {
        let paths: Vec<&str> = documents.iter().map(|document| document.path.as_str()).collect();
        let sql = format!(
            "WITH of_feed AS (SELECT a.key, d.path FROM advisory a JOIN document d ON d.id = a.document WHERE d.feed = ?1)
             SELECT (SELECT count(*) FROM (
                         SELECT key FROM of_feed WHERE path IN (SELECT value FROM json_each(?3))
                         EXCEPT SELECT key FROM of_feed WHERE path NOT IN (SELECT value FROM json_each(?3))
                         UNION SELECT key FROM of_feed WHERE {RECORD} IN (SELECT value FROM json_each(?4)))),
                    (SELECT count(DISTINCT key) FROM of_feed WHERE substr(path, 1, length(?2)) = ?2)"
        );
        let values = (feed, folder, listed(&paths)?, listed(records)?);
        let (gone, held): (i64, i64) = self.connection.query_row(&sql, values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(Withdrawal { gone: gone.unsigned_abs(), held: held.unsigned_abs() })
    }

    /// Forgets a document and its records.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn forget(&mut self, document: &Document) -> Result<(), DbError> {
        let transaction = self.connection.transaction()?;
        let of_document = "SELECT id FROM document WHERE feed = ?1 AND path = ?2";
        forget_advisories(&transaction, &format!("document IN ({of_document})"), (document.feed.name, &document.path))?;
        for table in ["kept", "left_out"] {
            transaction.execute(
                &format!("DELETE FROM {table} WHERE document IN ({of_document})"),
                (document.feed.name, &document.path),
            )?;
        }
        transaction
            .execute("DELETE FROM document WHERE feed = ?1 AND path = ?2", (document.feed.name, &document.path))?;
        self.has_new_advisories = true;
        Ok(transaction.commit()?)
    }

    /// Forgets a feed's records whose key, or what stands before the slash in it, is one of these, in whatever document; gives how many. The
    /// documents that had them have changed by that.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn forget_records(&mut self, feed: &str, records: &[String], at: DateTime<Utc>) -> Result<u64, DbError> {
        let records = listed(records)?;
        let transaction = self.connection.transaction()?;
        let which = format!(
            "document IN (SELECT id FROM document WHERE feed = ?1) AND {RECORD} IN (SELECT value FROM json_each(?2))"
        );
        transaction.execute(
            &format!("UPDATE document SET changed_at = ?3 WHERE id IN (SELECT document FROM advisory WHERE {which})"),
            (feed, &records, at.to_rfc3339()),
        )?;
        let gone = forget_advisories(&transaction, &which, (feed, records.as_str()))?;
        self.has_new_advisories |= gone > 0;
        transaction.commit()?;
        Ok(gone)
    }

    /// Takes the records of a document in place of those that it had before.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn stage(&mut self, document: &Document) -> Result<StagedDocument<'_>, DbError> {
        let changed = match document.feed.kind {
            FeedKind::Advisories => Some(&mut self.has_new_advisories),
            FeedKind::ExploitScores => Some(&mut self.has_new_scores),
            FeedKind::KnownExploited | FeedKind::SupportPeriods | FeedKind::YaraRules | FeedKind::FileHashes => None,
        };
        StagedDocument::begin(&mut self.connection, &mut self.packer, document, changed)
    }

    /// The documents that are there.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn documents(&self) -> Result<Vec<StoredDocument>, DbError> {
        crate::db::documents(&self.connection)
    }

    /// Joins what the documents say, as of `at`, and puts the database in its place in one step.
    ///
    /// # Errors
    /// The file cannot be written; the old one is then still in place.
    pub fn finish(mut self, at: DateTime<Utc>) -> Result<(), DbError> {
        if self.has_new_advisories && !self.has_new_scores {
            // The scores of CVEs that are new here were left out before; the next update has to read them.
            let kind = FeedKind::ExploitScores.as_str();
            self.connection.execute("UPDATE document SET validators = NULL WHERE kind = ?1", [kind])?;
        }
        derive(&mut self.connection)?;
        let sql = "INSERT OR REPLACE INTO meta (key, value) VALUES ('built_at', ?1)";
        self.connection.execute(sql, [at.to_rfc3339()])?;
        origin::forget(&self.connection)?;
        schema::mark_readings(&self.connection)?;
        self.connection.execute_batch("VACUUM")?;
        self.connection.close().map_err(|(_, error)| error)?;
        put_in_place(self.temporary, &self.path)
    }
}

/// Puts a whole file in its place in one step.
pub fn put_in_place(temporary: TempPath, path: &Path) -> Result<(), DbError> {
    let io = |source| DbError::Io { path: path.to_owned(), source };
    std::fs::File::open(&temporary).and_then(|file| file.sync_all()).map_err(io)?;
    readable_by_all(&temporary).map_err(io)?;
    temporary.persist(path).map_err(|error| io(error.error))
}

/// What an index calls a record: its key, or what stands before the slash in it.
pub const RECORD: &str = "substr(key, 1, instr(key || '/', '/') - 1)";

/// Names as SQLite's `json_each` reads them.
pub fn listed<N: serde::Serialize>(names: &[N]) -> Result<String, DbError> {
    serde_json::to_string(names).map_err(|error| DbError::Damaged(error.to_string()))
}

fn forget_advisories(transaction: &Transaction<'_>, which: &str, values: (&str, &str)) -> Result<u64, DbError> {
    transaction
        .execute(&format!("DELETE FROM affected WHERE advisory IN (SELECT id FROM advisory WHERE {which})"), values)?;
    Ok(transaction.execute(&format!("DELETE FROM advisory WHERE {which}"), values)? as u64)
}

/// Temporary files are for their owner only; the database holds what everybody may know.
#[cfg(unix)]
fn readable_by_all(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &Path) -> std::io::Result<()> {
    Ok(())
}
