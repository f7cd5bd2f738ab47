//! The headers in `rpmdb.sqlite`: the blobs of its table `Packages (hnum INTEGER PRIMARY KEY, blob BLOB)`.
//!
//! Source: SQLite, "Database File Format"; rpm, `lib/backend/sqlite.c`. Indexes, free pages and other tables are not
//! looked at.

use super::numbers::{be_u16, be_u32};
use super::pages::Pages;
use super::{HEADER_BYTES, Taker};
use crate::Malformed;

const MAGIC: &[u8] = b"SQLite format 3\0";
/// The file's header, before the b-tree on the first page.
const FILE_HEADER_BYTES: usize = 100;
/// The page where the table of all tables begins.
const SCHEMA_ROOT: u32 = 1;
const INTERIOR_TABLE: u8 = 5;
const LEAF_TABLE: u8 = 13;
/// What a page has for each cell beside the cell.
const POINTER_BYTES: usize = 2;

pub(super) fn is_it(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

pub(super) fn headers(bytes: &[u8], take: &mut Taker<'_>) -> Result<(), Malformed> {
    let page_bytes = match be_u16(bytes, 16).map(usize::from) {
        Some(1) => 65536,
        Some(size) if size >= 512 && size.is_power_of_two() => size,
        size => return Err(Malformed::new(format!("pages of {} bytes", size.unwrap_or_default()))),
    };
    let reserved = bytes.get(20).copied().map_or(0, usize::from);
    let usable = page_bytes - reserved;
    if usable < 480 {
        return Err(Malformed::new(format!("{usable} bytes of a page are usable; SQLite has 480 at least")));
    }
    if !matches!(be_u32(bytes, 56), Some(0 | 1)) {
        return Err(Malformed::new("its texts are not UTF-8"));
    }
    let mut database = Database { pages: Pages::new(bytes, page_bytes, 1), usable };
    let mut root = None;
    let mut broken = None;
    database.each_row(SCHEMA_ROOT, &mut |row| {
        match row {
            Ok(row) => root = root.or_else(|| root_of_packages(row)),
            Err(complaint) => broken = broken.take().or(Some(complaint)),
        }
        Ok(())
    })?;
    let Some(root) = root else {
        return Err(broken.unwrap_or_else(|| Malformed::new("it has no table Packages")));
    };
    database.each_row(root, &mut |row| take(row.and_then(blob_of)))
}

/// The first page of the table `Packages`, if this row of the schema is of it. Views, triggers and virtual tables
/// have none.
fn root_of_packages(row: &[u8]) -> Option<u32> {
    let is = |number, text: &[u8]| matches!(column(row, number), Some(Value::Bytes(bytes)) if bytes == text);
    if !(is(0, b"table") && is(1, b"Packages")) {
        return None;
    }
    match column(row, 3)? {
        Value::Integer(root) => u32::try_from(root).ok().filter(|root| *root > 0),
        Value::Bytes(_) | Value::Other => None,
    }
}

fn blob_of(row: &[u8]) -> Result<&[u8], Malformed> {
    match column(row, 1) {
        Some(Value::Bytes(blob)) => Ok(blob),
        _ => Err(Malformed::new("a row of Packages without a blob")),
    }
}

struct Database<'a> {
    pages: Pages<'a>,
    /// The bytes of a page without those that are reserved at its end.
    usable: usize,
}

impl<'a> Database<'a> {
    /// Gives the row of every leaf below `root`, in order. Where a page or row is broken, that is given instead.
    fn each_row(&mut self, root: u32, take: &mut Taker<'_>) -> Result<(), Malformed> {
        let mut buffer = Vec::new();
        let mut path = Vec::new();
        let mut next = Some(root);
        loop {
            if let Some(number) = next.take() {
                match self.pages.take(number).and_then(|page| Node::new(page, number)) {
                    Ok(node) if node.is_leaf => {
                        for cell in 0..node.cells {
                            take(self.row(node.cell(cell), &mut buffer))?;
                        }
                    }
                    Ok(node) => path.push((node, 0)),
                    Err(complaint) => take(Err(complaint))?,
                }
            }
            let Some((node, child)) = path.last_mut() else { return Ok(()) };
            if *child > node.cells {
                path.pop();
                continue;
            }
            next = node.child(*child);
            *child += 1;
            if next.is_none() {
                take(Err(Malformed::new("a child of a page lies outside it")))?;
            }
        }
    }

    /// A row's record, put together in `buffer` where it lies on several pages.
    fn row<'b>(&mut self, cell: Option<&'a [u8]>, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], Malformed>
    where
        'a: 'b,
    {
        let outside = || Malformed::new("a row lies outside its page");
        let (length, rest) = varint(cell.ok_or_else(outside)?).ok_or_else(outside)?;
        let (_row_id, rest) = varint(rest).ok_or_else(outside)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= HEADER_BYTES);
        let length = length.ok_or_else(|| Malformed::new(format!("a row of more than {HEADER_BYTES} bytes")))?;
        let local = self.local_bytes(length);
        let (local, rest) = rest.split_at_checked(local).ok_or_else(outside)?;
        if local.len() == length {
            return Ok(local);
        }
        buffer.clear();
        buffer.extend_from_slice(local);
        let mut next = be_u32(rest, 0).ok_or_else(outside)?;
        while buffer.len() < length {
            let page = self.pages.take(next)?;
            next = be_u32(page, 0).unwrap_or_default();
            let content = page.get(4..self.usable).unwrap_or_default();
            buffer.extend(content.iter().take(length - buffer.len()));
        }
        Ok(buffer)
    }

    /// How much of a row lies on its leaf ("B-tree Pages", "cell payload"); what is usable is 480 at least.
    fn local_bytes(&self, length: usize) -> usize {
        let most = self.usable - 35;
        if length <= most {
            return length;
        }
        let least = (self.usable - 12) * 32 / 255 - 23;
        let fitting = least + (length - least) % (self.usable - 4);
        if fitting <= most { fitting } else { least }
    }
}

/// A page of a table's b-tree.
struct Node<'a> {
    page: &'a [u8],
    /// Where its header begins.
    start: usize,
    is_leaf: bool,
    cells: usize,
}

impl<'a> Node<'a> {
    fn new(page: &'a [u8], number: u32) -> Result<Self, Malformed> {
        let start = if number == SCHEMA_ROOT { FILE_HEADER_BYTES } else { 0 };
        let is_leaf = match page.get(start) {
            Some(&LEAF_TABLE) => true,
            Some(&INTERIOR_TABLE) => false,
            _ => return Err(Malformed::new(format!("page {number} is none of a table"))),
        };
        let cells = be_u16(page, start + 3).map_or(0, usize::from);
        if cells > page.len() / POINTER_BYTES {
            return Err(Malformed::new(format!("page {number} has {cells} cells, more than it has room for")));
        }
        Ok(Self { page, start, is_leaf, cells })
    }

    fn cell(&self, index: usize) -> Option<&'a [u8]> {
        let header_bytes = if self.is_leaf { 8 } else { 12 };
        let pointer = be_u16(self.page, self.start + header_bytes + POINTER_BYTES * index)?;
        self.page.get(usize::from(pointer)..)
    }

    /// The page of a child; the last is not among the cells.
    fn child(&self, index: usize) -> Option<u32> {
        if index == self.cells { be_u32(self.page, self.start + 8) } else { be_u32(self.cell(index)?, 0) }
    }
}

/// A column's value, as far as it is of use here.
enum Value<'a> {
    Integer(i64),
    /// A text or a blob.
    Bytes(&'a [u8]),
    /// Null or a floating point number.
    Other,
}

/// A column of a row ("Record Format"), counted from 0.
fn column(row: &[u8], number: usize) -> Option<Value<'_>> {
    let (header_bytes, _) = varint(row)?;
    let (header, mut values) = row.split_at_checked(usize::try_from(header_bytes).ok()?)?;
    let (_, mut types) = varint(header)?;
    for _ in 0..number {
        let (kind, rest) = varint(types)?;
        types = rest;
        values = values.get(value_bytes(kind)?..)?;
    }
    let (kind, _) = varint(types)?;
    let bytes = values.get(..value_bytes(kind)?)?;
    Some(match kind {
        1..=6 => Value::Integer(integer(bytes)),
        8 => Value::Integer(0),
        9 => Value::Integer(1),
        12.. => Value::Bytes(bytes),
        _ => Value::Other,
    })
}

/// The length of a value of this type.
fn value_bytes(kind: u64) -> Option<usize> {
    match kind {
        0 | 8 | 9 => Some(0),
        1..=4 => usize::try_from(kind).ok(),
        5 => Some(6),
        6 | 7 => Some(8),
        10 | 11 => None,
        kind => usize::try_from((kind - 12) / 2).ok(),
    }
}

/// At most eight bytes, the most significant first, as a signed number.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|first| *first >= 0x80) { -1 } else { 0 };
    bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte))
}

/// A number of one to nine bytes, seven bits in each but the ninth, and what follows it.
fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0;
    for (index, byte) in bytes.iter().enumerate() {
        if index == 8 {
            return Some((number << 8 | u64::from(*byte), bytes.get(9..)?));
        }
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(index + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_to_nine_bytes() {
        let cases: [(&[u8], Option<u64>); 6] = [
            (&[0x7f], Some(127)),
            (&[0x81, 0x00], Some(128)),
            (&[0x82, 0x03, 0xff], Some(259)),
            (&[0xff; 9], Some(u64::MAX)),
            (&[0x80; 8], None),
            (&[], None),
        ];
        for (bytes, expected) in cases {
            assert_eq!(varint(bytes).map(|(number, _)| number), expected, "{bytes:x?}");
        }
        assert_eq!([integer(&[]), integer(&[0x80]), integer(&[1, 0])], [0, -128, 256]);
    }
}
