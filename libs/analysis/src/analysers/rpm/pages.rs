//! The pages of a database file.

use crate::Malformed;

/// A file's pages, each of which is handed out once: whatever the file says, no cycle is followed and no page is read
/// for two things.
pub(super) struct Pages<'a> {
    bytes: &'a [u8],
    page_bytes: usize,
    /// The number of the first page.
    first: u32,
    is_taken: Vec<bool>,
}

impl<'a> Pages<'a> {
    /// The whole pages of `bytes`. `page_bytes` is not zero.
    pub(super) fn new(bytes: &'a [u8], page_bytes: usize, first: u32) -> Self {
        let count = bytes.len().checked_div(page_bytes).unwrap_or_default();
        Self { bytes, page_bytes, first, is_taken: vec![false; count] }
    }

    /// Every page in order, without taking it.
    pub(super) fn all(&self) -> std::slice::ChunksExact<'a, u8> {
        self.bytes.chunks_exact(self.page_bytes)
    }

    /// Takes a page.
    ///
    /// # Errors
    /// When the file has no such page, or it was taken before.
    pub(super) fn take(&mut self, number: u32) -> Result<&'a [u8], Malformed> {
        let found = number.checked_sub(self.first).and_then(|index| {
            let index = usize::try_from(index).ok()?;
            let start = index.checked_mul(self.page_bytes)?;
            let page = self.bytes.get(start..start.checked_add(self.page_bytes)?)?;
            Some((page, self.is_taken.get_mut(index)?))
        });
        let (page, is_taken) = found.ok_or_else(|| Malformed::new(format!("page {number} lies outside the file")))?;
        if std::mem::replace(is_taken, true) {
            return Err(Malformed::new(format!("page {number} is used twice")));
        }
        Ok(page)
    }
}
