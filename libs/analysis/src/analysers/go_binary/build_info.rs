//! Where in a program its build info is, and how it is laid out.

use memchr::memmem;

use crate::Malformed;
use crate::executable::Program;

/// What it begins with, at an address that is a multiple of 16, so at such an offset too: segments lie at multiples of pages.
const MAGIC: &[u8] = b"\xff Go buildinf:";
const ALIGNMENT: usize = 16;
const HEADER_BYTES: usize = 32;
/// Beginnings that are looked at. Programs that read others' build info have the magic among their constants too.
const CANDIDATES: usize = 64;

/// What the linker wrote.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BuildInfo<'b> {
    /// The toolchain: `go1.22.3`.
    pub(super) version: &'b str,
    /// Lines of modules and settings; empty in a program built without modules.
    pub(super) modules: &'b str,
}

impl<'b> BuildInfo<'b> {
    /// `None` if it is no Go program.
    pub(super) fn read(bytes: &'b [u8]) -> Result<Option<Self>, Malformed> {
        let aligned = memmem::find_iter(bytes, MAGIC).filter(|offset| offset % ALIGNMENT == 0);
        let mut candidates: Vec<usize> = aligned.take(CANDIDATES).collect();
        if candidates.is_empty() {
            return Ok(None);
        }
        let program = Program::parse(bytes);
        // The linker puts it where the program may write; a program embedded in this one lies among its constants.
        let is_writable = |offset: usize| program.as_ref().is_none_or(|program| program.is_writable(offset));
        candidates.sort_by_key(|&offset| !is_writable(offset));
        let could_be = candidates.first().is_some_and(|&offset| is_writable(offset));
        match candidates.into_iter().find_map(|offset| Self::at(bytes, offset, program.as_ref())) {
            None if could_be => Err(Malformed::new("a Go program whose build info cannot be read")),
            info => Ok(info),
        }
    }

    fn at(bytes: &'b [u8], offset: usize, program: Option<&Program>) -> Option<Self> {
        let info = bytes.get(offset..)?;
        let (header, rest) = info.split_at_checked(HEADER_BYTES)?;
        let (pointer_bytes, flags) = (*header.get(14)?, *header.get(15)?);
        let (version, modules) = match flags {
            2 => {
                let (version, rest) = counted(rest)?;
                (version, counted(rest)?.0)
            }
            0 | 1 if matches!(pointer_bytes, 4 | 8) => {
                let pointers = Pointers { bytes, program: program?, width: pointer_bytes.into(), is_big: flags == 1 };
                let (version, rest) = pointers.read(header.get(16..)?)?;
                (
                    pointers.text(version)?,
                    pointers.read(rest).and_then(|(modules, _)| pointers.text(modules)).unwrap_or_default(),
                )
            }
            _ => return None,
        };
        let version = std::str::from_utf8(version).ok().filter(|version| !version.is_empty())?;
        Some(Self { version, modules: std::str::from_utf8(unframed(modules)).ok()? })
    }
}

/// Go 1.18 and newer: the text follows its length, a number of seven bits a byte, the lowest first.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut length = 0_u64;
    for (position, byte) in bytes.iter().take(9).enumerate() {
        length |= u64::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            return bytes.get(position + 1..)?.split_at_checked(usize::try_from(length).ok()?);
        }
    }
    None
}

/// Go 1.13 to 1.17: addresses of Go strings, which are themselves an address and a length.
struct Pointers<'b, 'p> {
    bytes: &'b [u8],
    program: &'p Program,
    width: usize,
    is_big: bool,
}

impl<'b> Pointers<'b, '_> {
    /// The number that `bytes` begins with.
    fn read<'c>(&self, bytes: &'c [u8]) -> Option<(u64, &'c [u8])> {
        let (number, rest) = bytes.split_at_checked(self.width)?;
        let add = |number: u64, byte: &u8| (number << 8) | u64::from(*byte);
        let number = if self.is_big { number.iter().fold(0, add) } else { number.iter().rev().fold(0, add) };
        Some((number, rest))
    }

    /// The text of the Go string at `address`.
    fn text(&self, address: u64) -> Option<&'b [u8]> {
        let (start, rest) = self.read(self.program.at_address(self.bytes, address)?)?;
        let (length, _) = self.read(rest)?;
        if length == 0 {
            return Some(&[]);
        }
        self.program.at_address(self.bytes, start)?.get(..usize::try_from(length).ok()?)
    }
}

/// The linker puts 16 bytes before the modules and after them, by which they are found in a running program.
fn unframed(modules: &[u8]) -> &[u8] {
    let framed = modules.len().checked_sub(16).and_then(|end| modules.get(16..end));
    framed.filter(|modules| modules.ends_with(b"\n")).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod made {
    //! Build info made in tests.

    use crate::executable::made::ADDRESS;

    fn header(pointer_bytes: u8, flags: u8) -> Vec<u8> {
        [super::MAGIC, &[pointer_bytes, flags]].concat()
    }

    fn framed(modules: &str) -> Vec<u8> {
        let frame = [0xf9; 16];
        [&frame, modules.as_bytes(), &frame].concat()
    }

    pub(crate) fn inline(version: &str, modules: &str) -> Vec<u8> {
        let mut info = header(8, 2);
        info.resize(32, 0);
        for text in [version.as_bytes(), &framed(modules)] {
            let length = text.len();
            info.extend([(length & 0x7f) as u8 | 0x80, (length >> 7) as u8]);
            info.extend(text);
        }
        info
    }

    pub(crate) fn pointers(is_64: bool, is_big: bool, version: &str, modules: &str) -> Vec<u8> {
        let width = if is_64 { 8 } else { 4 };
        let modules = framed(modules);
        let number = |value: usize| {
            let (little, big) = (value.to_le_bytes(), value.to_be_bytes());
            if is_big { big[8 - width..].to_vec() } else { little[..width].to_vec() }
        };
        let mut info = header(width as u8, u8::from(is_big));
        let (address, strings) = (ADDRESS as usize, ADDRESS as usize + 32);
        let texts = strings + 4 * width;
        let second = strings + 2 * width;
        info.extend([number(strings), number(second)].concat());
        info.resize(32, 0);
        info.extend(
            [number(texts), number(version.len()), number(texts + version.len()), number(modules.len())].concat(),
        );
        assert_eq!(info.len() + address, texts);
        info.extend(version.as_bytes());
        info.extend(modules);
        info
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executable::made::{elf, macho};

    #[test]
    fn an_embedded_program_does_not_speak_for_the_one_around_it() {
        // Constants of a program that reads build info, and a whole program among them.
        let own = made::inline("go1.22.0", "");
        let mut bytes = elf(true, false, &own);
        bytes[0x100..0x100 + own.len()].copy_from_slice(&made::inline("go1.11.1", ""));
        bytes[0x200..0x20e].copy_from_slice(MAGIC);
        assert_eq!(BuildInfo::read(&bytes).unwrap().map(|info| info.version), Some("go1.22.0"));
    }

    #[test]
    fn a_program_that_knows_the_magic_is_no_go_program() {
        let mut bytes = elf(true, false, b"");
        bytes[0x200..0x20e].copy_from_slice(MAGIC);
        assert_eq!(BuildInfo::read(&bytes), Ok(None));
    }

    #[test]
    fn build_info_that_lies_is_malformed() {
        let whole = made::inline("go1.22.0", "path\tx\n");
        let mut long = whole.clone();
        long[32..36].copy_from_slice(&[0xff; 4]);
        let mut unknown = whole.clone();
        unknown[15] = 9;
        let mut astray = made::pointers(true, false, "go1.16", "path\tx\n");
        astray[16..24].copy_from_slice(&u64::MAX.to_le_bytes());
        for (name, info) in [("cut", &whole[..34]), ("length", &long), ("flags", &unknown), ("pointer", &astray)] {
            for bytes in [elf(true, false, info), macho(info)] {
                assert!(BuildInfo::read(&bytes).is_err(), "{name}");
            }
        }
        // Without headers that can be believed the text itself still tells.
        let mut headless = elf(true, false, &whole);
        headless[..0x100].fill(0xff);
        assert_eq!(BuildInfo::read(&headless).unwrap().map(|info| info.version), Some("go1.22.0"));
    }

    #[test]
    fn many_beginnings_are_looked_at_a_few() {
        let many = [MAGIC, &[8, 2]].concat().repeat(100_000);
        assert!(BuildInfo::read(&elf(true, false, &many)).is_err());
    }
}
