//! Making a database, or a newer one from an older.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use plimsoll_advisories::feeds::{Document, FeedKind};
use rusqlite::{Connection, OptionalExtension as _};
use tempfile::TempPath;

use crate::codec::Packer;
use crate::derive::derive;
use crate::{AdvisoryDb, DbError, StagedDocument, StoredDocument, schema};

/// Makes a database beside the one at a path, which stays as it is until [`Builder::finish`]. Dropped before that, it leaves nothing.
pub struct Builder {
    connection: Connection,
    packer: Packer,
    temporary: TempPath,
    path: PathBuf,
    /// Whether advisories were replaced: scores are kept of known CVEs only, so others may now be wanted.
    has_new_advisories: bool,
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
        let previous = match AdvisoryDb::open(path) {
            Ok(_) => {
                std::fs::copy(path, &temporary).map_err(|source| DbError::Io { path: path.to_owned(), source })?;
                Previous::Kept
            }
            Err(DbError::Absent(_)) => Previous::Nothing,
            Err(why) => Previous::Discarded(why),
        };
        let connection = Connection::open(&temporary)?;
        // A crash leaves a temporary file behind, never half a database: the journal is for refused documents alone.
        connection.pragma_update(None, "journal_mode", "MEMORY")?;
        connection.pragma_update(None, "synchronous", "OFF")?;
        if !matches!(previous, Previous::Kept) {
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
        self.connection.execute_batch("VACUUM")?;
        self.connection.close().map_err(|(_, error)| error)?;
        let io = |source| DbError::Io { path: self.path.clone(), source };
        std::fs::File::open(&self.temporary).and_then(|file| file.sync_all()).map_err(io)?;
        readable_by_all(&self.temporary).map_err(io)?;
        self.temporary.persist(&self.path).map_err(|error| io(error.error))
    }
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
