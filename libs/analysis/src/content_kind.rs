//! What a file is by its first bytes.

/// What the first bytes of a file say that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ContentKind {
    /// An ELF executable or library.
    Elf,
    /// A Windows executable or library.
    Pe,
    /// An executable or library of macOS.
    MachO,
    /// A WebAssembly module.
    Wasm,
    /// A zip archive, and what is one by another name: jar, wheel, apk of Android, office documents.
    Zip,
    /// A gzip stream.
    Gzip,
    /// A zstd stream.
    Zstd,
    /// A bzip2 or xz stream.
    OtherCompression,
    /// A tar archive.
    Tar,
    /// A text that names its interpreter (`#!`).
    Script,
    /// Any other text: no byte that text does not have.
    Text,
    /// An office document of the older, compound form, or a PDF.
    Document,
    /// Nothing that is known here.
    Binary,
    /// No bytes at all.
    Empty,
}

impl ContentKind {
    /// Of a file that begins with `bytes`, of which the first 512 are looked at.
    pub fn of(bytes: &[u8]) -> Self {
        let magic = |magic: &[u8]| bytes.starts_with(magic);
        match bytes {
            [] => Self::Empty,
            _ if magic(b"\x7fELF") => Self::Elf,
            _ if magic(b"#!") => Self::Script,
            _ if magic(b"PK\x03\x04") || magic(b"PK\x05\x06") => Self::Zip,
            _ if magic(b"\x1f\x8b\x08") => Self::Gzip,
            _ if magic(b"\x28\xb5\x2f\xfd") => Self::Zstd,
            _ if magic(b"BZh") || magic(b"\xfd7zXZ\0") => Self::OtherCompression,
            _ if magic(b"\0asm") => Self::Wasm,
            _ if is_mach_o(bytes) => Self::MachO,
            _ if magic(b"%PDF-") || magic(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => Self::Document,
            _ if bytes.get(257..262) == Some(b"ustar") => Self::Tar,
            _ if magic(b"MZ") && !is_text(bytes) => Self::Pe,
            _ if is_text(bytes) => Self::Text,
            _ => Self::Binary,
        }
    }

    /// Whether it holds other files.
    pub const fn is_archive(self) -> bool {
        matches!(self, Self::Zip | Self::Gzip | Self::Zstd | Self::Tar)
    }

    /// Whether it is run by a processor.
    pub const fn is_executable(self) -> bool {
        matches!(self, Self::Elf | Self::Pe | Self::MachO)
    }
}

/// Mach-O of 32 and 64 bits in both byte orders, and several of them in one. A Java class begins as those do; its fourth number, the
/// version, is greater than any count of processors.
fn is_mach_o(bytes: &[u8]) -> bool {
    match bytes {
        [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..] | [0xce | 0xcf, 0xfa, 0xed, 0xfe, ..] => true,
        [0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, count, ..] => (1..=20).contains(count),
        _ => false,
    }
}

/// Whether there is no control character in it that text does not have. UTF-16 with its mark counts as text.
fn is_text(bytes: &[u8]) -> bool {
    let looked_at = bytes.get(..512).unwrap_or(bytes);
    if looked_at.starts_with(b"\xff\xfe") || looked_at.starts_with(b"\xfe\xff") {
        return looked_at.len().is_multiple_of(2) && looked_at.contains(&0);
    }
    // Without an early end, so that many bytes are looked at in one step.
    !looked_at.iter().fold(false, |found, byte| found | matches!(byte, 0..=6 | 14..=26 | 28..=31 | 127))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_first_bytes() {
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        let cases: [(&[u8], ContentKind); 19] = [
            (b"", ContentKind::Empty),
            (b"\x7fELF\x02\x01", ContentKind::Elf),
            (b"MZ\x90\0\x03", ContentKind::Pe),
            (b"MZ is what this text begins with", ContentKind::Text),
            (b"\xcf\xfa\xed\xfe\x07", ContentKind::MachO),
            (b"\xca\xfe\xba\xbe\0\0\0\x02", ContentKind::MachO),
            (b"\xca\xfe\xba\xbe\0\0\0\x34", ContentKind::Binary),
            (b"PK\x03\x04", ContentKind::Zip),
            (b"PK\x05\x06", ContentKind::Zip),
            (b"\x1f\x8b\x08\0", ContentKind::Gzip),
            (b"\x28\xb5\x2f\xfd", ContentKind::Zstd),
            (b"\xfd7zXZ\0", ContentKind::OtherCompression),
            (b"\0asm\x01", ContentKind::Wasm),
            (&tar, ContentKind::Tar),
            (b"#!/bin/sh\n", ContentKind::Script),
            ("gr\u{fc}n \x1b[1m\n".as_bytes(), ContentKind::Text),
            (b"caf\xe9\r\n\x0c", ContentKind::Text),
            (b"\xff\xfea\0b\0", ContentKind::Text),
            (b"\x01\x02", ContentKind::Binary),
        ];
        for (bytes, expected) in cases {
            assert_eq!(ContentKind::of(bytes), expected, "{bytes:?}");
        }
    }
}
