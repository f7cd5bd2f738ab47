//! Members of a tar, and of a compressed stream, which is either one file or a tar.

use std::io::{self, BufRead, BufReader, Read};

use super::{ArchiveBudget, ArchiveError, BEGINNING, Visitor};
use crate::tar::{self, Entry, Kind, TarError};
use crate::{Limits, path};

/// Inflated bytes held before they are looked at; the first of them tell whether they are a tar's.
const BUFFER_BYTES: usize = 64 << 10;

pub(super) fn tar_members(bytes: &[u8], budget: &ArchiveBudget, visitor: &mut dyn Visitor) -> Result<(), ArchiveError> {
    walk(bytes, budget, visitor)
}

/// `stream` inflates as it is read.
pub(super) fn compressed_members(
    name: &str,
    stream: impl Read,
    budget: &ArchiveBudget,
    visitor: &mut dyn Visitor,
) -> Result<(), ArchiveError> {
    if budget.is_spent() {
        return Err(budget.inflates_too_far());
    }
    let before = budget.inflated_bytes.get();
    let mut inflated = BufReader::with_capacity(BUFFER_BYTES, Metered::new(stream, before));
    let is_tar = inflated.fill_buf().is_ok_and(is_tar);
    let outcome =
        if is_tar { walk(&mut inflated, budget, visitor) } else { file(name, &mut inflated, budget, visitor) };
    let metered = inflated.into_inner();
    budget.take_inflated(before - metered.left);
    // Why the stream ended counts over what its end did to the archive.
    if metered.is_over {
        return Err(budget.inflates_too_far());
    }
    match metered.failure {
        Some(error) => Err(ArchiveError::Damaged { detail: error.to_string() }),
        None => outcome,
    }
}

/// Whether it begins with a tar header of POSIX or GNU.
fn is_tar(start: &[u8]) -> bool {
    start.get(257..262) == Some(b"ustar")
}

/// The one file that a compressed stream is, called as its archive without the ending.
fn file(
    name: &str,
    inflated: &mut BufReader<Metered<impl Read>>,
    budget: &ArchiveBudget,
    visitor: &mut dyn Visitor,
) -> Result<(), ArchiveError> {
    budget.take_entry()?;
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    // Its size is not known before its end: the trailer's four bytes are as good as any claim, and too small for some.
    let Some(wanted) = visitor.member(name, 0) else { return Ok(()) };
    let mut content = Vec::new();
    // A stream that fails ends there: what there was of it is shown as cut.
    let _ = inflated.take(BEGINNING as u64).read_to_end(&mut content);
    let Some(wanted) = visitor.beginning(name, &content, wanted) else { return Ok(()) };
    let most = wanted.min(budget.limits.member_bytes);
    let left = (most as u64 + 1).saturating_sub(content.len() as u64);
    let _ = inflated.take(left).read_to_end(&mut content);
    let is_whole = content.len() <= most && inflated.get_ref().is_sound();
    content.truncate(most);
    if is_whole || !content.is_empty() {
        visitor.content(name, content, is_whole);
    }
    Ok(())
}

fn walk(tar: impl BufRead, budget: &ArchiveBudget, visitor: &mut dyn Visitor) -> Result<(), ArchiveError> {
    let limits = Limits { entries: budget.entries.get(), ..Limits::default() };
    let mut files = Files { path: String::new(), most: budget.limits.member_bytes, entries: 0, wanted: None, visitor };
    let outcome = tar::walk(tar, &limits, &mut files);
    budget.entries.set(budget.entries.get().saturating_sub(files.entries));
    outcome.map_err(|error| match error {
        TarError::TooManyEntries { .. } => ArchiveError::TooManyMembers { limit: budget.limits.entries },
        TarError::EndsEarly { .. }
        | TarError::Corrupt { .. }
        | TarError::HeaderTooLarge { .. }
        | TarError::Left { .. } => ArchiveError::Damaged { detail: error.to_string() },
    })
}

/// Shows a tar's files as members.
struct Files<'v> {
    path: String,
    most: usize,
    entries: u64,
    wanted: Option<usize>,
    visitor: &'v mut dyn Visitor,
}

impl tar::Visitor for Files<'_> {
    fn entry(&mut self, entry: &Entry<'_>) -> bool {
        self.entries += 1;
        path::normalise_into(entry.path, &mut self.path);
        self.wanted = None;
        if entry.kind == Kind::File && !self.path.is_empty() {
            self.wanted = self.visitor.member(&self.path, entry.size).map(|wanted| wanted.min(self.most));
        }
        self.wanted.is_some()
    }

    fn beginning(&mut self, bytes: &[u8]) -> Option<usize> {
        Some(self.visitor.beginning(&self.path, bytes, self.wanted?)?.min(self.most))
    }

    fn content(&mut self, bytes: &mut Vec<u8>, is_whole: bool) {
        self.visitor.content(&self.path, std::mem::take(bytes), is_whole);
    }
}

/// A stream that ends where the budget does.
struct Metered<R> {
    inner: R,
    left: u64,
    /// Whether there was more than the budget.
    is_over: bool,
    failure: Option<io::Error>,
}

impl<R> Metered<R> {
    fn new(inner: R, left: u64) -> Self {
        Self { inner, left, is_over: false, failure: None }
    }

    /// Whether it ended, if it did, where it should.
    fn is_sound(&self) -> bool {
        !self.is_over && self.failure.is_none()
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if !self.is_sound() {
            return Ok(0);
        }
        match self.inner.read(out) {
            Ok(count) if count as u64 > self.left => {
                self.is_over = true;
                let count = usize::try_from(self.left).unwrap_or(count);
                self.left = 0;
                Ok(count)
            }
            Ok(count) => {
                self.left -= count as u64;
                Ok(count)
            }
            Err(error) => {
                self.failure = Some(error);
                Ok(0)
            }
        }
    }
}
