//! Members of a zip, by its central directory, as those who unpack it find them.
//!
//! The central directory is gone through entry by entry and not held: a directory of a gigabyte costs no memory.

use std::io::{Cursor, Read};

use ::zip::read::{Config, ZipFileEntry};
use ::zip::result::ZipError;
use ::zip::unstable::read::ZipIterable;
use ::zip::{CompressionMethod, ZipReadOptions};

use super::{ArchiveBudget, ArchiveError, BEGINNING, Visitor, worst};
use crate::path;

/// The fixed part of the header before a member's bytes.
const LOCAL_HEADER_BYTES: u64 = 30;

pub(super) fn members(bytes: &[u8], budget: &ArchiveBudget, visitor: &mut dyn Visitor) -> Result<(), ArchiveError> {
    let mut archive = ZipIterable::try_new(Cursor::new(bytes), Config::default()).map_err(damaged)?;
    let mut spans = Spans::default();
    let mut failure = None;
    for entry in archive.files().map_err(damaged)? {
        let outcome = entry.map_err(damaged).and_then(|entry| {
            budget.take_entry()?;
            spans.push(&entry);
            member(entry, bytes, budget, visitor)
        });
        if let Err(error) = outcome {
            let is_final = error.is_final();
            failure = Some(worst(failure, error));
            if is_final {
                break;
            }
        }
    }
    if let Some(position) = spans.overlapping() {
        let path = archive.files().ok().and_then(|files| files.nth(position)?.ok());
        let path = path.map(|entry| path::normalise(entry.name_raw())).unwrap_or_default();
        failure = Some(worst(failure, ArchiveError::Overlapping { path }));
    }
    failure.map_or(Ok(()), Err)
}

/// Shows one member, if it is wanted.
fn member(
    entry: ZipFileEntry<'_>,
    bytes: &[u8],
    budget: &ArchiveBudget,
    visitor: &mut dyn Visitor,
) -> Result<(), ArchiveError> {
    let path = path::normalise(entry.name_raw());
    if path.is_empty() || !entry.is_file() {
        return Ok(());
    }
    if entry.compressed_size() > bytes.len() as u64 {
        let detail = format!("'{path}' states {} bytes, more than the archive has", entry.compressed_size());
        return Err(ArchiveError::Damaged { detail });
    }
    let Some(wanted) = visitor.member(&path, entry.size()) else { return Ok(()) };
    if entry.encrypted() {
        return Err(ArchiveError::Encrypted { path });
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return Err(ArchiveError::Compression { path, method: entry.compression().to_string() });
    }
    if budget.is_spent() {
        return Err(budget.inflates_too_far());
    }
    let affordable = budget.inflated_bytes.get();
    let mut content = Vec::new();
    let mut cursor = Cursor::new(bytes);
    let read = entry.with_reader(&mut cursor, ZipReadOptions::new()).and_then(|mut member| {
        member.by_ref().take(affordable.min(BEGINNING as u64)).read_to_end(&mut content)?;
        let Some(wanted) = visitor.beginning(&path, &content, wanted) else { return Ok(None) };
        let most = wanted.min(budget.limits.member_bytes);
        // One byte more tells whether that is all of it, and lets the checksum be compared.
        let left = affordable.min(most as u64).saturating_add(1).saturating_sub(content.len() as u64);
        member.take(left).read_to_end(&mut content)?;
        Ok(Some(most))
    });
    budget.take_inflated(content.len() as u64);
    let read = read.map_err(|error| ArchiveError::Damaged { detail: format!("'{path}': {error}") })?;
    let Some(most) = read else { return Ok(()) };
    let affordable = usize::try_from(affordable).unwrap_or(usize::MAX).min(most);
    let is_whole = content.len() <= affordable;
    if !is_whole && affordable < most {
        return Err(budget.inflates_too_far());
    }
    content.truncate(affordable);
    visitor.content(&path, content, is_whole);
    Ok(())
}

/// Where members lie, from the first byte of the header to what is surely the member's: to see whether they share bytes.
#[derive(Default)]
struct Spans(Vec<(u64, u64)>);

impl Spans {
    fn push(&mut self, entry: &ZipFileEntry<'_>) {
        let start = entry.header_start();
        let size = LOCAL_HEADER_BYTES.saturating_add(entry.compressed_size());
        self.0.push((start, start.saturating_add(size)));
    }

    /// The position in the directory of a member that begins within another, if there is one.
    fn overlapping(&self) -> Option<usize> {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_unstable_by_key(|&position| self.0.get(position));
        let mut reached = 0;
        for position in order {
            let (start, end) = self.0.get(position).copied()?;
            if start < reached {
                return Some(position);
            }
            reached = end;
        }
        None
    }
}

fn damaged(error: ZipError) -> ArchiveError {
    ArchiveError::Damaged { detail: error.to_string() }
}
