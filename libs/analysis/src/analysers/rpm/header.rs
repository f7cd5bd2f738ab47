//! A package's header: tagged values.
//!
//! In: the number of index entries and the length of the store, the index (tag, type, offset, count), the store.
//! Out: the values of a tag, borrowed.
//! Source: rpm, `docs/manual/format_header.md`, and `lib/header.c`. All numbers have the most significant byte first.

use super::numbers::be_u32;
use crate::Malformed;

const STRING: u32 = 6;
const STRING_ARRAY: u32 = 8;
const INTERNATIONAL_STRING: u32 = 9;
const INT32: u32 = 4;

/// The tags that are read.
pub(super) mod tag {
    pub(in super::super) const NAME: u32 = 1000;
    pub(in super::super) const VERSION: u32 = 1001;
    pub(in super::super) const RELEASE: u32 = 1002;
    pub(in super::super) const EPOCH: u32 = 1003;
    pub(in super::super) const VENDOR: u32 = 1011;
    pub(in super::super) const LICENSE: u32 = 1014;
    pub(in super::super) const ARCHITECTURE: u32 = 1022;
    /// Whole paths, in packages made before the year 2000.
    pub(in super::super) const OLD_FILE_NAMES: u32 = 1027;
    pub(in super::super) const SOURCE_RPM: u32 = 1044;
    pub(in super::super) const FOLDER_INDEXES: u32 = 1116;
    pub(in super::super) const BASE_NAMES: u32 = 1117;
    pub(in super::super) const FOLDER_NAMES: u32 = 1118;
    pub(in super::super) const MODULARITY_LABEL: u32 = 5096;
}

/// A header whose index and store lie within its bytes. Offsets and counts are believed only when a tag is asked for.
#[derive(Clone, Copy)]
pub(super) struct Header<'a> {
    index: &'a [[u8; 16]],
    store: &'a [u8],
}

impl<'a> Header<'a> {
    /// # Errors
    /// When it is shorter than its index and store.
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let [entries, store_bytes] = [0, 4].map(|at| be_u32(bytes, at).unwrap_or_default());
        let divided = usize::try_from(entries).ok().and_then(|entries| {
            let (index, rest) = bytes.get(8..)?.split_at_checked(entries.checked_mul(16)?)?;
            let store = rest.get(..usize::try_from(store_bytes).ok()?)?;
            Some(Self { index: index.as_chunks().0, store })
        });
        divided.filter(|header| !header.index.is_empty()).ok_or_else(|| {
            let length = bytes.len();
            Malformed::new(format!(
                "a package's header of {length} bytes says that it has {entries} entries and {store_bytes} bytes of values"
            ))
        })
    }

    /// The first text of a tag, `None` where the header has no such tag.
    ///
    /// # Errors
    /// When it is no text, or lies outside.
    pub(super) fn text(&self, tag: u32) -> Result<Option<&'a [u8]>, Malformed> {
        self.texts(tag)?.next().transpose()
    }

    /// The texts of a tag, none where the header has no such tag.
    ///
    /// # Errors
    /// When they are no texts or begin outside; of each text, when it does not end inside.
    pub(super) fn texts(&self, tag: u32) -> Result<Texts<'a>, Malformed> {
        let Some((count, rest)) = self.values(tag, &[STRING, STRING_ARRAY, INTERNATIONAL_STRING])? else {
            return Ok(Texts { tag, rest: &[], left: 0 });
        };
        Ok(Texts { tag, rest, left: count })
    }

    /// The numbers of a tag as they lie there, none where the header has no such tag.
    ///
    /// # Errors
    /// When they are no 32-bit numbers, or lie outside.
    pub(super) fn numbers(&self, tag: u32) -> Result<&'a [[u8; 4]], Malformed> {
        let Some((count, rest)) = self.values(tag, &[INT32])? else { return Ok(&[]) };
        let numbers = usize::try_from(count).ok().and_then(|count| rest.as_chunks().0.get(..count));
        numbers.ok_or_else(|| Malformed::new(format!("tag {tag} has {count} numbers, which lie outside")))
    }

    /// How many values a tag has, and the store from where they begin.
    fn values(&self, tag: u32, types: &[u32]) -> Result<Option<(u32, &'a [u8])>, Malformed> {
        // What was added when the package was installed comes last and counts over what it was built with.
        let Some(entry) = self.index.iter().rfind(|entry| be_u32(*entry, 0) == Some(tag)) else { return Ok(None) };
        let [kind, offset, count] = [4, 8, 12].map(|at| be_u32(entry, at).unwrap_or_default());
        if !types.contains(&kind) {
            return Err(Malformed::new(format!("tag {tag} has type {kind}, not {types:?}")));
        }
        let values = usize::try_from(offset).ok().and_then(|offset| self.store.get(offset..));
        match values.filter(|values| !values.is_empty()) {
            Some(values) => Ok(Some((count, values))),
            None => Err(Malformed::new(format!("tag {tag} lies outside the header, at {offset}"))),
        }
    }
}

/// The texts of a tag, without their end marks.
pub(super) struct Texts<'a> {
    tag: u32,
    rest: &'a [u8],
    left: u32,
}

impl<'a> Iterator for Texts<'a> {
    type Item = Result<&'a [u8], Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let mut parts = self.rest.splitn(2, |byte| *byte == 0);
        let text = parts.next();
        match (text, parts.next()) {
            (Some(text), Some(rest)) => {
                self.rest = rest;
                Some(Ok(text))
            }
            _ => {
                self.left = 0;
                Some(Err(Malformed::new(format!("tag {} has a text without an end", self.tag))))
            }
        }
    }
}
