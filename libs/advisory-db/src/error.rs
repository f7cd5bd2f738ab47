//! What goes wrong with a database.

use std::io;
use std::path::PathBuf;

use crate::{FORMAT, OLDEST_FORMAT};

/// A database that could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// There is none.
    #[error("there is no advisory database at {}", .0.display())]
    Absent(PathBuf),
    /// A file that is not one of ours.
    #[error("{} is not an advisory database", .0.display())]
    NotADatabase(PathBuf),
    /// Made by an older or newer release.
    #[error(
        "the advisory database at {} is of format {found}, and this release reads formats {OLDEST_FORMAT} to {FORMAT} ({})",
        path.display(),
        if self.is_newer() { "it was made by a newer release" } else { "it was made by an older release" }
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: i64,
    },
    /// SQLite's own errors: a damaged file, a full disk.
    #[error("advisory database: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A row that does not decode: the file is damaged.
    #[error("the advisory database is damaged: {0}")]
    Damaged(String),
    /// A record that does not fit into a row.
    #[error("{what} of {bytes} bytes does not fit into the advisory database")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Its size.
        bytes: usize,
    },
    /// The file or its folder.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl DbError {
    /// Whether a newer release than this one is needed to read it.
    pub const fn is_newer(&self) -> bool {
        matches!(self, Self::Format { found, .. } if *found > FORMAT)
    }
}
