//! RPM's databases made in memory: headers, and NDB around them. SQLite and BerkeleyDB come from the fixtures, which
//! the real libraries made (SQLite 3.40, BerkeleyDB 5.3, NDB by rpm 4.18's own code), and are changed byte by byte.

use std::path::Path;

/// A header under construction: values in the order of their tags.
#[derive(Default, Clone)]
pub struct Header {
    index: Vec<[u32; 4]>,
    store: Vec<u8>,
}

pub const STRING: u32 = 6;
pub const STRINGS: u32 = 8;
pub const INT32: u32 = 4;

impl Header {
    /// A package `name`, `version-1`.
    pub fn package(name: &str, version: &str) -> Self {
        Self::default().text(1000, name).text(1001, version).text(1002, "1")
    }

    pub fn text(self, tag: u32, text: &str) -> Self {
        self.raw(tag, STRING, 1, &[text.as_bytes(), b"\0"].concat())
    }

    pub fn texts(self, tag: u32, texts: &[&str]) -> Self {
        let bytes: Vec<u8> = texts.iter().flat_map(|text| [text.as_bytes(), b"\0"].concat()).collect();
        self.raw(tag, STRINGS, texts.len() as u32, &bytes)
    }

    pub fn numbers(self, tag: u32, numbers: &[u32]) -> Self {
        let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_be_bytes()).collect();
        self.raw(tag, INT32, numbers.len() as u32, &bytes)
    }

    /// A value whose type and count are what is said, whatever the bytes are.
    pub fn raw(mut self, tag: u32, kind: u32, count: u32, bytes: &[u8]) -> Self {
        self.index.push([tag, kind, self.store.len() as u32, count]);
        self.store.extend_from_slice(bytes);
        self
    }

    /// An entry without a value of its own.
    pub fn entry(mut self, entry: [u32; 4]) -> Self {
        self.index.push(entry);
        self
    }

    /// The files `folder` + `name`, each folder told once.
    pub fn files(self, folders: &[&str], files: &[(u32, &str)]) -> Self {
        let indexes: Vec<u32> = files.iter().map(|(folder, _)| *folder).collect();
        let names: Vec<&str> = files.iter().map(|(_, name)| *name).collect();
        self.numbers(1116, &indexes).texts(1117, &names).texts(1118, folders)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let lengths = [self.index.len() as u32, self.store.len() as u32];
        let index = lengths.into_iter().chain(self.index.iter().copied().flatten());
        [index.flat_map(u32::to_be_bytes).collect(), self.store.clone()].concat()
    }
}

fn little(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// NDB with a page of slots and these headers.
pub fn ndb(headers: &[Vec<u8>]) -> Vec<u8> {
    let slot = |package, block, blocks| [b"Slot".to_vec(), little(&[package, block, blocks])].concat();
    let mut slots = [b"RpmP".to_vec(), little(&[0, 1, 1, 0, 0, 0, 0])].concat();
    let mut blobs = Vec::new();
    for (package, header) in (1..).zip(headers) {
        let start = 4096 + blobs.len();
        blobs.extend([b"BlbS".to_vec(), little(&[package, 1, header.len() as u32]), header.clone()].concat());
        blobs.extend([little(&[0, header.len() as u32]), b"BlbE".to_vec()].concat());
        blobs.resize(blobs.len().next_multiple_of(16), 0);
        slots.extend(slot(package, start as u32 / 16, (4096 + blobs.len() - start) as u32 / 16));
    }
    while slots.len() < 4096 {
        slots.extend(slot(0, 0, 0));
    }
    [slots, blobs].concat()
}

fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)).unwrap()
}

pub fn sqlite() -> Vec<u8> {
    fixture("rpm-sqlite/root/usr/lib/sysimage/rpm/rpmdb.sqlite")
}

pub fn berkeley() -> Vec<u8> {
    fixture("rpm-berkeley/root/var/lib/rpm/Packages")
}

/// The same database as a machine writes it whose numbers have the most significant byte first.
pub fn berkeley_of_the_other_byte_order() -> Vec<u8> {
    let mut bytes = berkeley();
    let pages: Vec<u8> = bytes.chunks(4096).map(|page| page[25]).collect();
    let mut swap = |at: usize, length: usize| bytes[at..at + length].reverse();
    // Log sequence number, page, magic, version and size of pages of the first page; the rest of it is not read.
    (0..6).for_each(|number| swap(4 * number, 4));
    for (number, kind) in pages.iter().enumerate().skip(1) {
        let page = number * 4096;
        let entries = usize::from(u16::from_le_bytes([berkeley()[page + 20], berkeley()[page + 21]]));
        [8, 12, 16].into_iter().for_each(|at| swap(page + at, 4));
        [20, 22].into_iter().for_each(|at| swap(page + at, 2));
        for entry in (0..entries).filter(|_| matches!(kind, 2 | 13)) {
            let at = page + 26 + 2 * entry;
            let offset = usize::from(u16::from_le_bytes([berkeley()[at], berkeley()[at + 1]]));
            swap(at, 2);
            if berkeley()[page + offset] == 3 {
                [4, 8].into_iter().for_each(|field| swap(page + offset + field, 4));
            }
        }
    }
    bytes
}
