//! From one header to the next.

use std::io::BufRead;

use super::TarError;
use super::header::{BLOCK, Header, text};
use super::pax::Pax;
use crate::Limits;

/// What an entry is. Kinds that a layer cannot make, and devices, FIFOs and sockets, are `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    File,
    /// A file with holes: its content is not read.
    Sparse,
    HardLink,
    Symlink,
    Directory,
    Other,
}

/// An entry, after its PAX and long-name headers.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// As the archive has it, neither normalised nor checked.
    pub(crate) path: &'a [u8],
    pub(crate) kind: Kind,
    /// Bytes of content in the archive.
    pub(crate) size: u64,
    /// The target of a hard or symbolic link.
    pub(crate) link: &'a [u8],
    /// Permission bits, with setuid, setgid and sticky.
    pub(crate) mode: u32,
    /// The extended attribute `security.capability`.
    pub(crate) capability: Option<&'a [u8]>,
}

/// How many bytes of a file [`Visitor::beginning`] is shown.
pub(crate) const BEGINNING: usize = 512;

/// The largest buffer that is kept from one file to the next.
const HELD_BETWEEN: usize = 256 << 10;

/// Who is shown the entries of an archive.
pub(crate) trait Visitor {
    /// Sees an entry, and says whether it wants any of its content.
    fn entry(&mut self, entry: &Entry<'_>) -> bool;

    /// The first [`BEGINNING`] bytes of the entry seen last, or all of them. Says how many it wants, if any.
    fn beginning(&mut self, bytes: &[u8]) -> Option<usize>;

    /// Whether it wants to see more.
    fn goes_on(&self) -> bool {
        true
    }

    /// The content of the entry seen last: all of it or as much as was wanted. The visitor may keep the bytes.
    fn content(&mut self, bytes: &mut Vec<u8>, is_whole: bool);
}

/// Shows every entry to `visitor`, up to the end mark or the first thing that cannot be believed. Reads no further than that.
pub(crate) fn walk(tar: impl BufRead, limits: &Limits, visitor: &mut impl Visitor) -> Result<(), TarError> {
    let mut walker = Walker { tar, offset: 0, held: Vec::new() };
    let mut extended = Extended::default();
    let mut block = [0; BLOCK];
    let mut headers = 0;
    loop {
        let offset = walker.offset;
        let corrupt = |why| TarError::Corrupt { offset, why };
        if !walker.read_block(&mut block)? {
            return Ok(());
        }
        if is_zero(&block) {
            // Two blocks of zeroes end an archive. What comes after them is not looked at by those who unpack it either.
            return match walker.read_block(&mut block)? {
                true if !is_zero(&block) => Err(corrupt("a block of zeroes within the archive")),
                _ => Ok(()),
            };
        }
        if !visitor.goes_on() {
            return Err(TarError::Left { offset });
        }
        headers += 1;
        if headers > limits.entries {
            return Err(TarError::TooManyEntries { limit: limits.entries });
        }
        let header = Header::parse(&block).map_err(corrupt)?;
        let size = header.size().map_err(corrupt)?;
        match header.type_flag() {
            b'x' => extended.pax = Pax::parse(walker.read_extended(size, limits)?).map_err(corrupt)?,
            // A global header is checked but not applied: container runtimes do not apply it.
            b'g' => drop(Pax::parse(walker.read_extended(size, limits)?).map_err(corrupt)?),
            b'L' => extended.long_path = Some(text(walker.read_extended(size, limits)?).to_vec()),
            b'K' => extended.long_link = Some(text(walker.read_extended(size, limits)?).to_vec()),
            flag => {
                let extended = std::mem::take(&mut extended);
                if flag == b'S' {
                    if !header.is_gnu() {
                        return Err(corrupt("a sparse file in a dialect that has none"));
                    }
                    walker.skip_sparse_map(header.has_sparse_extension())?;
                }
                walker.entry(&header, size, &extended, visitor)?;
            }
        }
    }
}

/// What headers before an entry say of it.
#[derive(Default)]
struct Extended {
    pax: Pax,
    long_path: Option<Vec<u8>>,
    long_link: Option<Vec<u8>>,
}

struct Walker<R> {
    tar: R,
    offset: u64,
    /// Reused for every file that is held.
    held: Vec<u8>,
}

impl<R: BufRead> Walker<R> {
    /// Reads a block; `false` where the bytes end before it.
    fn read_block(&mut self, block: &mut [u8; BLOCK]) -> Result<bool, TarError> {
        let mut rest: &mut [u8] = block;
        while !rest.is_empty() {
            let available = self.available();
            let count = available.len().min(rest.len());
            let (filled, unfilled) = rest.split_at_mut(count);
            filled.copy_from_slice(available.get(..count).unwrap_or_default());
            rest = unfilled;
            if count == 0 {
                let is_at_start = rest.len() == BLOCK;
                return if is_at_start { Ok(false) } else { Err(self.ends_within("a header")) };
            }
            self.consume(count);
        }
        Ok(true)
    }

    /// The content of a header that extends the next one.
    fn read_extended(&mut self, size: u64, limits: &Limits) -> Result<&[u8], TarError> {
        let limit = limits.tar_header_bytes;
        if size > limit {
            return Err(TarError::HeaderTooLarge { offset: self.offset - BLOCK as u64, size, limit });
        }
        self.held.clear();
        self.hold(size, "an extended header")?;
        self.skip_padding(size);
        Ok(&self.held)
    }

    fn entry(
        &mut self,
        header: &Header<'_>,
        size: u64,
        extended: &Extended,
        visitor: &mut impl Visitor,
    ) -> Result<(), TarError> {
        let header_path;
        let path = match extended.long_path.as_ref().or(extended.pax.path.as_ref()) {
            Some(path) => path,
            None => {
                header_path = header.path();
                &header_path
            }
        };
        let link = extended.long_link.as_ref().or(extended.pax.link.as_ref()).map_or(header.link(), Vec::as_slice);
        let kind = kind(header.type_flag(), path, extended.pax.is_sparse);
        // Links, folders, devices and FIFOs have no content, whatever size their header states.
        let size = match header.type_flag() {
            b'1'..=b'6' => 0,
            _ => extended.pax.size.unwrap_or(size),
        };
        let (mode, capability) = (header.mode(), extended.pax.capability.as_deref());
        let mut held = 0;
        if visitor.entry(&Entry { path, kind, size, link, mode, capability }) {
            self.held.clear();
            held = size.min(BEGINNING as u64);
            self.hold(held, "a file")?;
            if let Some(most) = visitor.beginning(&self.held) {
                let all = size.min((most as u64).max(held));
                self.hold(all - held, "a file")?;
                held = all;
                visitor.content(&mut self.held, held == size);
                if self.held.capacity() > HELD_BETWEEN {
                    self.held = Vec::new();
                }
            }
        }
        self.skip(size - held)?;
        self.skip_padding(size);
        Ok(())
    }

    /// The blocks after an old GNU sparse header that go on with its map; the last byte but seven says if one more follows.
    fn skip_sparse_map(&mut self, mut goes_on: bool) -> Result<(), TarError> {
        let mut block = [0; BLOCK];
        while goes_on {
            if !self.read_block(&mut block)? {
                return Err(self.ends_within("a sparse map"));
            }
            goes_on = block.get(504).is_some_and(|flag| *flag != 0);
        }
        Ok(())
    }

    /// Reads `size` more bytes into `held`, which grows with what really comes and not with what is claimed.
    fn hold(&mut self, size: u64, within: &'static str) -> Result<(), TarError> {
        let mut left = size;
        while left > 0 {
            let available = self.tar.fill_buf().unwrap_or_default();
            let count = available.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if count == 0 {
                return Err(self.ends_within(within));
            }
            self.held.extend_from_slice(available.get(..count).unwrap_or_default());
            self.consume(count);
            left -= count as u64;
        }
        Ok(())
    }

    fn skip(&mut self, size: u64) -> Result<(), TarError> {
        if self.skip_up_to(size) < size {
            return Err(self.ends_within("a file"));
        }
        Ok(())
    }

    /// Content is padded to whole blocks. An archive may end before the last padding.
    fn skip_padding(&mut self, size: u64) {
        let over = size % BLOCK as u64;
        if over > 0 {
            self.skip_up_to(BLOCK as u64 - over);
        }
    }

    fn skip_up_to(&mut self, size: u64) -> u64 {
        let mut left = size;
        while left > 0 {
            let count = self.available().len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if count == 0 {
                break;
            }
            self.consume(count);
            left -= count as u64;
        }
        size - left
    }

    /// What can be read now; nothing at the end. A reader that fails ends there: the failure is its owner's to tell.
    fn available(&mut self) -> &[u8] {
        self.tar.fill_buf().unwrap_or_default()
    }

    fn consume(&mut self, count: usize) {
        self.tar.consume(count);
        self.offset += count as u64;
    }

    fn ends_within(&self, within: &'static str) -> TarError {
        TarError::EndsEarly { offset: self.offset, within }
    }
}

fn kind(type_flag: u8, path: &[u8], is_sparse: bool) -> Kind {
    match type_flag {
        b'\0' if path.ends_with(b"/") => Kind::Directory,
        b'\0' | b'0' | b'7' if is_sparse => Kind::Sparse,
        b'\0' | b'0' | b'7' => Kind::File,
        b'S' => Kind::Sparse,
        b'1' => Kind::HardLink,
        b'2' => Kind::Symlink,
        b'5' => Kind::Directory,
        _ => Kind::Other,
    }
}

fn is_zero(block: &[u8]) -> bool {
    block.iter().all(|byte| *byte == 0)
}
