//! The headers in `Packages`: the values of a hash of BerkeleyDB, keyed by the package's number.
//!
//! Source: BerkeleyDB, `src/dbinc/db_page.h` ("HASH", "OVERFLOW"). The hash itself is not followed: its pages are
//! read in the order in which they lie, and the values that are too long for them through their chains of overflow
//! pages.

use super::numbers::{be_u16, be_u32, le_u16, le_u32};
use super::pages::Pages;
use super::{HEADER_BYTES, Taker};
use crate::Malformed;

const MAGIC: u32 = 0x0006_1561;
const PAGE_HEADER_BYTES: usize = 26;
/// What a page has for each key and value beside itself.
const POINTER_BYTES: usize = 2;
const PAGE_SIZES: std::ops::RangeInclusive<usize> = 512..=65536;
/// The kinds of pages.
const UNSORTED_HASH: u8 = 2;
const OVERFLOW: u8 = 7;
const SORTED_HASH: u8 = 13;
/// The kinds of keys and values on a page.
const INLINE: u8 = 1;
const OFF_PAGE: u8 = 3;
/// The flag of files whose pages have checksums, which moves what follows their header.
const CHECKSUMS: u8 = 1;
/// The key beside which RPM keeps the number of the newest package.
const COUNTER_KEY: [u8; 4] = [0; 4];

pub(super) fn is_it(bytes: &[u8]) -> bool {
    Order::of(bytes).is_some()
}

/// The byte order of the machine that made the file.
#[derive(Clone, Copy)]
enum Order {
    LeastFirst,
    MostFirst,
}

impl Order {
    fn of(bytes: &[u8]) -> Option<Self> {
        [Self::LeastFirst, Self::MostFirst].into_iter().find(|order| order.u32(bytes, 12) == Some(MAGIC))
    }

    fn u16(self, bytes: &[u8], at: usize) -> Option<usize> {
        let read = match self {
            Self::LeastFirst => le_u16,
            Self::MostFirst => be_u16,
        };
        read(bytes, at).map(usize::from)
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        match self {
            Self::LeastFirst => le_u32(bytes, at),
            Self::MostFirst => be_u32(bytes, at),
        }
    }
}

pub(super) fn headers(bytes: &[u8], take: &mut Taker<'_>) -> Result<(), Malformed> {
    let order = Order::of(bytes).ok_or_else(|| Malformed::new("not a hash of BerkeleyDB"))?;
    let page_bytes = order.u32(bytes, 20).and_then(|size| usize::try_from(size).ok()).unwrap_or_default();
    if !PAGE_SIZES.contains(&page_bytes) || !page_bytes.is_power_of_two() {
        return Err(Malformed::new(format!("pages of {page_bytes} bytes")));
    }
    let [encryption, flags] = [24, 26].map(|at| bytes.get(at).copied().unwrap_or_default());
    if encryption != 0 || flags & CHECKSUMS != 0 {
        return Err(Malformed::new("its pages are encrypted or have checksums, which RPM's have not"));
    }
    let mut database = Database { pages: Pages::new(bytes, page_bytes, 0), order };
    let mut buffer = Vec::new();
    for page in database.pages.all() {
        if matches!(kind(page), Some(UNSORTED_HASH | SORTED_HASH)) {
            let entries = order.u16(page, 20).unwrap_or_default();
            if entries > page_bytes / POINTER_BYTES {
                take(Err(Malformed::new(format!("a page has {entries} keys and values, more than it has room for"))))?;
                continue;
            }
            for value in (1..entries).step_by(2) {
                if let Some(header) = database.value(page, value, &mut buffer).transpose() {
                    take(header)?;
                }
            }
        }
    }
    Ok(())
}

fn kind(page: &[u8]) -> Option<u8> {
    page.get(25).copied()
}

struct Database<'a> {
    pages: Pages<'a>,
    order: Order,
}

impl<'a> Database<'a> {
    /// The value at an odd place of a page, whose key is at the place before; `None` where it is no package.
    fn value<'b>(
        &mut self,
        page: &'a [u8],
        place: usize,
        buffer: &'b mut Vec<u8>,
    ) -> Result<Option<&'b [u8]>, Malformed>
    where
        'a: 'b,
    {
        let outside = || Malformed::new("a value lies outside its page");
        let value = self.entry(page, place).ok_or_else(outside)?;
        match value.split_first() {
            Some((&INLINE, value)) => {
                let key = self.entry(page, place - 1).and_then(|key| key.strip_prefix(&[INLINE]));
                Ok((key != Some(&COUNTER_KEY)).then_some(value))
            }
            Some((&OFF_PAGE, _)) => {
                let [Some(first), Some(length)] = [4, 8].map(|at| self.order.u32(value, at)) else {
                    return Err(outside());
                };
                self.overflow(first, length, buffer)?;
                Ok(Some(buffer))
            }
            Some((kind, _)) => Err(Malformed::new(format!("a value of kind {kind}, which RPM does not use"))),
            None => Err(outside()),
        }
    }

    /// A key or value with its kind. They are stacked from the page's end, so each ends where the one before it begins.
    fn entry(&self, page: &'a [u8], place: usize) -> Option<&'a [u8]> {
        let offset = |place: usize| self.order.u16(page, PAGE_HEADER_BYTES + POINTER_BYTES * place);
        let end = if place == 0 { page.len() } else { offset(place - 1)? };
        page.get(offset(place)?..end)
    }

    /// Puts a value together from its chain of pages.
    fn overflow(&mut self, first: u32, length: u32, buffer: &mut Vec<u8>) -> Result<(), Malformed> {
        let length = usize::try_from(length).ok().filter(|length| *length <= HEADER_BYTES);
        let length = length.ok_or_else(|| Malformed::new(format!("a value of more than {HEADER_BYTES} bytes")))?;
        buffer.clear();
        let mut next = first;
        while buffer.len() < length {
            let page = self.pages.take(next)?;
            let used = self.order.u16(page, 22).unwrap_or_default();
            let content = page.get(PAGE_HEADER_BYTES..).and_then(|content| content.get(..used));
            let content = content.filter(|content| kind(page) == Some(OVERFLOW) && !content.is_empty());
            let content = content.ok_or_else(|| Malformed::new(format!("page {next} is no part of a long value")))?;
            buffer.extend_from_slice(content);
            next = self.order.u32(page, 16).unwrap_or_default();
        }
        buffer.truncate(length);
        Ok(())
    }
}
