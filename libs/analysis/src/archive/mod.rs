//! What lies in an archive: zip, tar, and gzip or zstd of a tar or of one file; one level, member by member, nothing unpacked to disk.
//!
//! In: the archive's bytes and a [`Visitor`]. Out: each member that it wants, whole or up to what it takes.
//! Every archive is taken for a bomb: members are inflated one at a time, as far as they are wanted, and [`ArchiveBudget`]
//! bounds what all of them inflate to, archives within archives included. Sizes that an archive states are never allocated.
//! Sources: PKWARE APPNOTE 6.3.10; RFC 1952; RFC 8878; [`crate::tar`].

#[cfg(test)]
pub(crate) mod made;
mod stream;
mod zip;

use std::cell::Cell;

use ::zstd::stream::read::Decoder;
use plimsoll_model::ProblemCode;

use crate::limits::SMALL_WINDOW;
use crate::pass::gzip::Gzip;
pub(crate) use crate::tar::BEGINNING;

/// How far one archive is followed, with all that lies in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// Members, those of archives within it included. The largest jars known have about 60,000.
    pub entries: u64,
    /// Bytes that all of it may inflate to, as far as it is read: what a bomb is stopped by, whatever its ratio.
    pub inflated_bytes: u64,
    /// Bytes of one member.
    pub member_bytes: usize,
    /// Archives within one another: a jar in a war in an ear is three deep.
    pub depth: usize,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self { entries: 65_536, inflated_bytes: 1 << 30, member_bytes: 24 << 20, depth: 5 }
    }
}

/// What of an [`ArchiveLimits`] is left: one for an archive and all that lies in it, shared by all depths.
#[derive(Debug)]
pub(crate) struct ArchiveBudget {
    limits: ArchiveLimits,
    entries: Cell<u64>,
    inflated_bytes: Cell<u64>,
}

impl ArchiveBudget {
    pub(crate) fn new(limits: ArchiveLimits) -> Self {
        Self { entries: Cell::new(limits.entries), inflated_bytes: Cell::new(limits.inflated_bytes), limits }
    }

    fn take_entry(&self) -> Result<(), ArchiveError> {
        let left = self.entries.get().checked_sub(1);
        self.entries.set(left.ok_or(ArchiveError::TooManyMembers { limit: self.limits.entries })?);
        Ok(())
    }

    fn take_inflated(&self, bytes: u64) {
        self.inflated_bytes.set(self.inflated_bytes.get().saturating_sub(bytes));
    }

    fn is_spent(&self) -> bool {
        self.inflated_bytes.get() == 0
    }

    fn inflates_too_far(&self) -> ArchiveError {
        ArchiveError::InflatesTooFar { limit: self.limits.inflated_bytes }
    }
}

/// How an archive is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArchiveKind {
    /// Zip, also behind a program that unpacks it (a jar that is a shell script).
    Zip,
    /// Gzip, of a tar or of one file.
    Gzip,
    /// Zstd, of a tar or of one file. Reading it takes a window of [`crate::limits::SMALL_WINDOW`].
    Zstd,
    Tar,
}

/// Why an archive was not read to its end, or not all of it. What was read before was shown to the visitor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("more than {limit} members, with those of archives in it")]
    TooManyMembers { limit: u64 },
    #[error("it inflates to more than {limit} bytes, with the archives in it")]
    InflatesTooFar { limit: u64 },
    #[error("members that share their bytes, as in a zip bomb ('{path}' begins within another)")]
    Overlapping { path: String },
    #[error("'{path}' is encrypted")]
    Encrypted { path: String },
    #[error("'{path}' is compressed by {method}, which is not read")]
    Compression { path: String, method: String },
    #[error("{detail}")]
    Damaged { detail: String },
}

impl ArchiveError {
    /// One code for all: an archive that is damaged or encrypted is as little followed as one that goes too far.
    pub(crate) fn code(&self) -> ProblemCode {
        ProblemCode::ArchiveLimit
    }

    /// Whether a bound ended it, and not what is wrong with one archive or member.
    fn is_limit(&self) -> bool {
        self.is_final() || matches!(self, Self::Overlapping { .. })
    }

    /// Whether nothing more is read after it.
    fn is_final(&self) -> bool {
        matches!(self, Self::TooManyMembers { .. } | Self::InflatesTooFar { .. })
    }
}

/// Who is shown the members of an archive.
pub(crate) trait Visitor {
    /// Sees a member and says how many bytes of it are wanted, if any. The path is normalised and escaped, the size what the
    /// archive states.
    fn member(&mut self, path: &str, size: u64) -> Option<usize>;

    /// Sees the first [`BEGINNING`] bytes of the member seen last, or all of them, of which it wanted `most` bytes, and says how many it wants now.
    fn beginning(&mut self, _path: &str, _bytes: &[u8], most: usize) -> Option<usize> {
        Some(most)
    }

    /// The content of the member seen last: all of it or as much as was wanted.
    fn content(&mut self, path: &str, bytes: Vec<u8>, is_whole: bool);
}

/// Shows the files in an archive to `visitor`. `name` is the archive's own file name: a gzipped file is called after it.
///
/// # Errors
/// The worst of what was wrong: limits before damage, else the first. Members that could be read were shown all the same.
pub(crate) fn members(
    kind: ArchiveKind,
    name: &str,
    bytes: &[u8],
    budget: &ArchiveBudget,
    visitor: &mut dyn Visitor,
) -> Result<(), ArchiveError> {
    match kind {
        ArchiveKind::Zip => zip::members(bytes, budget, visitor),
        ArchiveKind::Gzip => stream::compressed_members(name, Gzip::new(bytes), budget, visitor),
        ArchiveKind::Zstd => stream::compressed_members(name, zstd(bytes)?, budget, visitor),
        ArchiveKind::Tar => stream::tar_members(bytes, budget, visitor),
    }
}

/// A zstd stream, as far as its window is of the size that every decoder should have.
fn zstd(bytes: &[u8]) -> Result<Decoder<'static, &[u8]>, ArchiveError> {
    let decoder = Decoder::with_buffer(bytes).and_then(|mut decoder| {
        decoder.window_log_max(SMALL_WINDOW.ilog2())?;
        Ok(decoder)
    });
    decoder.map_err(|error| ArchiveError::Damaged { detail: error.to_string() })
}

/// Keeps the worst of two errors: a limit counts over damage, an earlier one over a later.
fn worst(known: Option<ArchiveError>, new: ArchiveError) -> ArchiveError {
    match known {
        Some(known) if known.is_limit() || !new.is_limit() => known,
        _ => new,
    }
}

#[cfg(test)]
mod tests;
