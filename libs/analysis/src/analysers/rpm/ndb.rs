//! The headers in `Packages.db`: a file header, pages of slots, and a blob for each slot in use.
//!
//! Source: rpm, `lib/backend/ndb/rpmpkg.c`. All numbers have the least significant byte first; a block is sixteen
//! bytes. The blobs' checksums are not compared.

use super::numbers::le_u32;
use super::{HEADER_BYTES, Taker};
use crate::Malformed;

const MAGIC: &[u8; 4] = b"RpmP";
const SLOT_MAGIC: &[u8; 4] = b"Slot";
const BLOB_MAGIC: &[u8; 4] = b"BlbS";
const VERSION: u32 = 0;
const BLOCK_BYTES: usize = 16;
const SLOT_PAGE_BYTES: usize = 4096;
/// The file's header takes the place of the first slots.
const FILE_HEADER_BYTES: usize = 32;
const BLOB_HEADER_BYTES: usize = 16;

pub(super) fn is_it(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

pub(super) fn headers(bytes: &[u8], take: &mut Taker<'_>) -> Result<(), Malformed> {
    let version = le_u32(bytes, 4).unwrap_or_default();
    if version != VERSION {
        return Err(Malformed::new(format!("version {version} of NDB is not known")));
    }
    let slot_pages = le_u32(bytes, 12).and_then(|pages| usize::try_from(pages).ok()).unwrap_or_default();
    let slots = slot_pages.checked_mul(SLOT_PAGE_BYTES).and_then(|end| bytes.get(FILE_HEADER_BYTES..end));
    let slots = slots.ok_or_else(|| Malformed::new(format!("{slot_pages} pages of slots in {} bytes", bytes.len())))?;
    for slot in slots.as_chunks::<BLOCK_BYTES>().0 {
        if !slot.starts_with(SLOT_MAGIC) {
            return Err(Malformed::new("a slot that does not begin as one; the rest is not read"));
        }
        let [Some(package), Some(block)] = [le_u32(slot, 4), le_u32(slot, 8)] else { continue };
        if package != 0 {
            take(blob(bytes, package, block))?;
        }
    }
    Ok(())
}

fn blob(bytes: &[u8], package: u32, block: u32) -> Result<&[u8], Malformed> {
    let start = usize::try_from(block).ok().and_then(|block| block.checked_mul(BLOCK_BYTES));
    let (header, rest) = start
        .and_then(|start| bytes.get(start..)?.split_at_checked(BLOB_HEADER_BYTES))
        .ok_or_else(|| Malformed::new(format!("package {package} lies outside the file")))?;
    if !header.starts_with(BLOB_MAGIC) || le_u32(header, 4) != Some(package) {
        return Err(Malformed::new(format!("package {package} does not lie where its slot says")));
    }
    let length = le_u32(header, 12).and_then(|length| usize::try_from(length).ok());
    let blob = length.filter(|length| *length <= HEADER_BYTES).and_then(|length| rest.get(..length));
    blob.ok_or_else(|| Malformed::new(format!("package {package} has {} bytes", length.unwrap_or_default())))
}
