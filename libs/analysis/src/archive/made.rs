//! Archives made in tests, byte by byte, so that hostile ones can be made too.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};

/// A member as its headers tell it, which may be lies.
#[derive(Clone)]
pub(crate) struct Member {
    pub(crate) name: Vec<u8>,
    pub(crate) flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    /// As stored.
    pub(crate) bytes: Vec<u8>,
    pub(crate) compressed_size: u32,
    pub(crate) size: u32,
    /// What the directory has beside, zip64 sizes for instance.
    pub(crate) extra: Vec<u8>,
    /// Where the directory says that it begins, if not where it does.
    pub(crate) offset: Option<u32>,
}

impl Member {
    pub(crate) fn deflated(name: &str, content: &[u8]) -> Self {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        Self { method: 8, ..Self::of(name, encoder.finish().unwrap(), content) }
    }

    pub(crate) fn stored(name: &str, content: &[u8]) -> Self {
        Self::of(name, content.to_vec(), content)
    }

    fn of(name: &str, bytes: Vec<u8>, content: &[u8]) -> Self {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        Self {
            name: name.as_bytes().to_vec(),
            flags: 0,
            method: 0,
            crc: crc.sum(),
            compressed_size: bytes.len() as u32,
            size: content.len() as u32,
            bytes,
            extra: Vec::new(),
            offset: None,
        }
    }

    /// What both headers of a member have in common.
    fn shared_fields(&self, extra: usize) -> Vec<u8> {
        let mut fields = Vec::new();
        for field in [20, self.flags, self.method, 0, 0x21] {
            fields.extend(field.to_le_bytes());
        }
        for field in [self.crc, self.compressed_size, self.size] {
            fields.extend(field.to_le_bytes());
        }
        for length in [self.name.len() as u16, extra as u16] {
            fields.extend(length.to_le_bytes());
        }
        fields
    }
}

/// A zip of these members, whose end says that there are `count`.
pub(crate) fn zip_counting(members: &[Member], count: u16) -> Vec<u8> {
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for member in members {
        let offset = member.offset.unwrap_or(zip.len() as u32);
        zip.extend(b"PK\x03\x04");
        zip.extend(member.shared_fields(0));
        zip.extend(&member.name);
        zip.extend(&member.bytes);
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(member.shared_fields(member.extra.len()));
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(&member.name);
        directory.extend(&member.extra);
    }
    let start = zip.len() as u32;
    zip.extend(&directory);
    zip.extend(b"PK\x05\x06\0\0\0\0");
    zip.extend([count.to_le_bytes(), count.to_le_bytes()].concat());
    zip.extend((directory.len() as u32).to_le_bytes());
    zip.extend(start.to_le_bytes());
    zip.extend([0, 0]);
    zip
}

/// A zip of these members.
pub(crate) fn zip_of(members: &[Member]) -> Vec<u8> {
    zip_counting(members, members.len() as u16)
}

/// A zip of these files.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_of(&files.iter().map(|(name, content)| Member::deflated(name, content)).collect::<Vec<_>>())
}

/// A tar of these files.
pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, content) in files {
        let mut block = [0; 512];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
        block[156] = b'0';
        block[257..265].copy_from_slice(b"ustar\x0000");
        block[148..156].copy_from_slice(b"        ");
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        tar.extend(block);
        tar.extend(*content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
