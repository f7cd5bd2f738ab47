//! The segments of a program: ELF, PE or Mach-O, as a loader would map it. Its sections where something is only to be found by their names.
//!
//! Section tables are not needed to run a program, and they say what they like.
//! Sources: System V ABI, chapter 5; Microsoft PE format; Apple `mach-o/loader.h`; all by the `object` crate.

use object::read::elf::{ElfFile, FileHeader, SectionHeader as _};
use object::{File, Object as _, ObjectSection as _, ObjectSegment as _};

use crate::Malformed;

/// The most of a program that an inspector takes: what [`crate::Limits::inspected_bytes`] has room for.
pub(crate) const PROGRAM_BYTES: usize = 96 << 20;

/// Segments that are looked at. Linkers make about ten, of PE, where each section is one, about twenty.
const SEGMENTS: usize = 256;

/// Sections that are looked at. Programs have about thirty to fifty, unless every function has its own.
const SECTIONS: usize = 4096;

/// The content of the section of a name, which is seven bytes at most; `None` if the program has none, or is none.
///
/// # Errors
/// Where the program has such a section, but not the bytes that it is said to have.
pub(crate) fn section<'b>(bytes: &'b [u8], name: &str) -> Result<Option<&'b [u8]>, Malformed> {
    let found = match File::parse(bytes) {
        Ok(File::Elf32(elf)) => elf_section(&elf, name),
        Ok(File::Elf64(elf)) => elf_section(&elf, name),
        Ok(File::Pe32(pe)) => pe_section(pe.section_table(), bytes, name),
        Ok(File::Pe64(pe)) => pe_section(pe.section_table(), bytes, name),
        Ok(file @ (File::MachO32(_) | File::MachO64(_))) => {
            let mut sections = file.sections().take(SECTIONS);
            sections.find(|section| section.name_bytes() == Ok(name.as_bytes())).map(|section| section.data())
        }
        _ => None,
    };
    let lies = |error| Malformed::new(format!("a section {name} that is not there: {error}"));
    found.transpose().map_err(lies)
}

/// Names are compared where they begin: a table of names without an end would else be gone through for every section.
fn elf_section<'b, Elf: FileHeader>(file: &ElfFile<'b, Elf>, name: &str) -> Option<object::Result<&'b [u8]>> {
    let (table, endian) = (file.elf_section_table(), file.endian());
    let names = table.section(file.elf_header().section_strings_index(endian, file.data()).ok()?).ok()?;
    let names = names.data(endian, file.data()).ok()?;
    let is_named = |at: u32| {
        let rest = names.get(at as usize..).and_then(|rest| rest.strip_prefix(name.as_bytes()));
        rest.is_some_and(|rest| rest.first() == Some(&0))
    };
    let section = table.iter().take(SECTIONS).find(|section| is_named(section.sh_name(endian)))?;
    Some(section.data(endian, file.data()))
}

fn pe_section<'b>(
    table: object::read::coff::SectionTable<'b>,
    bytes: &'b [u8],
    name: &str,
) -> Option<object::Result<&'b [u8]>> {
    let is_named = |stated: &[u8]| stated.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.first() == Some(&0));
    let section = table.iter().take(SECTIONS).find(|section| is_named(&section.name))?;
    Some(section.pe_data(bytes))
}

/// A program's segments, in its order.
#[derive(Debug, Default)]
pub(crate) struct Program {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, Copy)]
struct Segment {
    /// Where it lies in memory.
    address: u64,
    /// Where it lies in the file.
    offset: u64,
    /// Bytes of it in the file.
    size: u64,
    is_writable: bool,
}

impl Program {
    /// `None` if it is no program, or one whose headers cannot be believed.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let file = object::File::parse(bytes).ok()?;
        let segments = file.segments().take(SEGMENTS).map(|segment| {
            let (offset, size) = segment.file_range();
            Segment { address: segment.address(), offset, size, is_writable: segment.permissions().writable() }
        });
        Some(Self { segments: segments.collect() })
    }

    /// Whether the byte at `offset` in the file is of a segment that the program may write to.
    pub(crate) fn is_writable(&self, offset: usize) -> bool {
        let offset = offset as u64;
        let mut segments = self.segments.iter().filter(|segment| segment.is_writable);
        segments.any(|segment| offset.checked_sub(segment.offset).is_some_and(|within| within < segment.size))
    }

    /// What the file has from `address` on, to the end of its segment.
    pub(crate) fn at_address<'b>(&self, bytes: &'b [u8], address: u64) -> Option<&'b [u8]> {
        let (segment, within) = self.segments.iter().find_map(|segment| {
            let within = address.checked_sub(segment.address)?;
            (within < segment.size).then_some((segment, within))
        })?;
        let start = usize::try_from(segment.offset.checked_add(within)?).ok()?;
        let end = usize::try_from(segment.offset.checked_add(segment.size)?).ok()?;
        bytes.get(start..end.min(bytes.len()))
    }
}

#[cfg(test)]
pub(crate) mod made {
    //! Programs made in tests: one writable segment with what is to be found in it.

    /// Where the segment lies in memory.
    pub(crate) const ADDRESS: u32 = 0x40_0000;
    /// Where it lies in the file.
    const OFFSET: usize = 0x400;

    fn with_data(mut headers: Vec<u8>, data: &[u8]) -> Vec<u8> {
        headers.resize(OFFSET, 0);
        headers.extend(data);
        headers
    }

    /// An ELF of 32 or 64 bits and either byte order.
    pub(crate) fn elf(is_64: bool, is_big: bool, data: &[u8]) -> Vec<u8> {
        let mut elf = b"\x7fELF\x01\x01\x01".to_vec();
        elf[4] += u8::from(is_64);
        elf[5] += u8::from(is_big);
        elf.resize(16, 0);
        let mut field = |value: u64, width: usize| {
            let (little, big) = (value.to_le_bytes(), value.to_be_bytes());
            elf.extend(if is_big { &big[8 - width..] } else { &little[..width] });
        };
        let word = if is_64 { 8 } else { 4 };
        let (header, entry) = if is_64 { (64, 56) } else { (52, 32) };
        for (value, width) in [(2, 2), (62, 2), (1, 4), (0, word), (header, word), (0, word), (0, 4)] {
            field(value, width);
        }
        for value in [header, entry, 1, 0, 0, 0] {
            field(value, 2);
        }
        let (offset, address, size) = (OFFSET as u64, u64::from(ADDRESS), data.len() as u64);
        field(1, 4);
        if is_64 {
            field(6, 4);
        }
        for value in [offset, address, address, size, size] {
            field(value, word);
        }
        if !is_64 {
            field(6, 4);
        }
        field(0x1000, word);
        with_data(elf, data)
    }

    /// An ELF of 64 bits with a section beside the one of names.
    pub(crate) fn elf_with_section(name: &str, content: &[u8]) -> Vec<u8> {
        let names = [b"\0".as_slice(), name.as_bytes(), b"\0.shstrtab\0"].concat();
        let mut elf = elf(true, false, &[content, &names].concat());
        let (content_at, names_at, table_at) = (OFFSET, OFFSET + content.len(), elf.len());
        let sections = [(0, 0, 0, 0), (1, 1, content_at, content.len()), (name.len() + 2, 3, names_at, names.len())];
        for (name, kind, offset, size) in sections {
            let fields = [name, kind].map(|field| (field as u32).to_le_bytes()).concat();
            let more = [0, 0, offset, size, 0, 1, 0].map(|field| (field as u64).to_le_bytes());
            elf.extend(fields);
            elf.extend(more.concat());
        }
        elf[40..48].copy_from_slice(&(table_at as u64).to_le_bytes());
        for (at, value) in [(58, 64_u16), (60, 3), (62, 2)] {
            elf[at..at + 2].copy_from_slice(&value.to_le_bytes());
        }
        elf
    }

    /// A PE of 64 bits, its image at 0x3ff000 so that the section lies where the others have their segment.
    pub(crate) fn pe(data: &[u8]) -> Vec<u8> {
        pe_with_section(".data", data)
    }

    /// The same with its section under another name.
    pub(crate) fn pe_with_section(name: &str, data: &[u8]) -> Vec<u8> {
        let mut pe = b"MZ".to_vec();
        pe.resize(60, 0);
        pe.extend(64_u32.to_le_bytes());
        pe.extend(b"PE\0\0");
        for field in [0x8664_u16, 1, 0, 0, 0, 0, 0, 0, 240, 2] {
            pe.extend(field.to_le_bytes());
        }
        let start = pe.len();
        pe.extend(0x20b_u16.to_le_bytes());
        pe.resize(start + 24, 0);
        pe.extend(u64::from(ADDRESS - 0x1000).to_le_bytes());
        pe.extend(0x1000_u32.to_le_bytes());
        pe.extend(0x200_u32.to_le_bytes());
        pe.resize(start + 108, 0);
        pe.extend(16_u32.to_le_bytes());
        pe.resize(start + 240, 0);
        pe.extend(name.as_bytes());
        pe.resize(start + 248, 0);
        let size = data.len() as u32;
        for field in [size, 0x1000, size, OFFSET as u32, 0, 0, 0, 0xc000_0040] {
            pe.extend(field.to_le_bytes());
        }
        with_data(pe, data)
    }

    /// A Mach-O of 64 bits with a section in its segment.
    pub(crate) fn macho_with_section(name: &str, data: &[u8]) -> Vec<u8> {
        let mut macho = macho(data);
        let mut section = name.as_bytes().to_vec();
        section.resize(16, 0);
        section.extend(b"__DATA\0\0\0\0\0\0\0\0\0\0");
        section.extend([u64::from(ADDRESS), data.len() as u64].map(u64::to_le_bytes).concat());
        section.extend([OFFSET as u32, 0, 0, 0, 0, 0, 0, 0].map(u32::to_le_bytes).concat());
        macho[104..104 + section.len()].copy_from_slice(&section);
        for (at, value) in [(20, 152_u32), (36, 152), (96, 1)] {
            macho[at..at + 4].copy_from_slice(&value.to_le_bytes());
        }
        macho
    }

    /// A Mach-O of 64 bits.
    pub(crate) fn macho(data: &[u8]) -> Vec<u8> {
        let mut macho = Vec::new();
        for field in [0xfeed_facf_u32, 0x0100_0007, 3, 2, 1, 72, 0, 0, 0x19, 72] {
            macho.extend(field.to_le_bytes());
        }
        macho.extend(b"__DATA\0\0\0\0\0\0\0\0\0\0");
        let size = data.len() as u64;
        for field in [u64::from(ADDRESS), size, OFFSET as u64, size] {
            macho.extend(field.to_le_bytes());
        }
        for field in [3_u32, 3, 0, 0] {
            macho.extend(field.to_le_bytes());
        }
        with_data(macho, data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_maps_addresses_to_bytes() {
        let formats = [
            ("elf 64", made::elf(true, false, b"abc")),
            ("elf 64 big", made::elf(true, true, b"abc")),
            ("elf 32", made::elf(false, false, b"abc")),
            ("elf 32 big", made::elf(false, true, b"abc")),
            ("pe", made::pe(b"abc")),
            ("mach-o", made::macho(b"abc")),
        ];
        for (name, bytes) in formats {
            let program = Program::parse(&bytes).expect(name);
            let address = u64::from(made::ADDRESS);
            assert_eq!(program.at_address(&bytes, address + 1), Some(b"bc".as_slice()), "{name}");
            assert_eq!(program.at_address(&bytes, address + 3), None, "{name}");
            assert_eq!(program.at_address(&bytes, u64::MAX), None, "{name}");
            assert!(program.is_writable(bytes.len() - 1) && !program.is_writable(0), "{name}");
        }
    }

    #[test]
    fn sections_are_found_by_their_names_in_every_format() {
        let formats = [
            ("elf", made::elf_with_section(".dep-v0", b"abc")),
            ("pe", made::pe_with_section(".dep-v0", b"abc")),
            ("mach-o", made::macho_with_section(".dep-v0", b"abc")),
        ];
        for (name, bytes) in formats {
            assert_eq!(section(&bytes, ".dep-v0"), Ok(Some(b"abc".as_slice())), "{name}");
            assert_eq!(section(&bytes, ".dep-v"), Ok(None), "{name}");
            // Whatever is cut off, nothing panics, and no bytes are made up.
            for length in 0..bytes.len() {
                if let Ok(Some(found)) = section(&bytes[..length], ".dep-v0") {
                    assert_eq!(found, b"abc", "{name} {length}");
                }
            }
        }
        assert_eq!(section(&made::elf(true, false, b""), ".dep-v0"), Ok(None));
        assert_eq!(section(b"no program", ".dep-v0"), Ok(None));
    }

    #[test]
    fn a_section_past_the_end_is_told() {
        let mut elf = made::elf_with_section(".dep-v0", b"abc");
        let size = elf.len() - 2 * 64 + 32;
        elf[size..size + 8].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(section(&elf, ".dep-v0").is_err());
    }

    #[test]
    fn headers_that_lie_give_nothing_or_less() {
        let elf = made::elf(true, false, b"abc");
        for length in 0..elf.len() {
            let cut = &elf[..length];
            if let Some(program) = Program::parse(cut) {
                assert!(program.at_address(cut, u64::from(made::ADDRESS)).is_none_or(|bytes| bytes.len() < 3));
            }
        }
        let mut far = elf.clone();
        far[64 + 8..64 + 16].copy_from_slice(&u64::MAX.to_le_bytes());
        assert!(
            Program::parse(&far).is_none_or(|program| program.at_address(&far, u64::from(made::ADDRESS)).is_none())
        );
        let mut many = elf;
        many[56..58].copy_from_slice(&u16::MAX.to_le_bytes());
        assert!(Program::parse(&many).is_none_or(|program| program.segments.len() <= SEGMENTS));
    }
}
