//! How many bytes each file of a layer holds, by hashes: enough to tell what later layers hide.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{PathHashes, path};

/// Files and folders of which sizes are kept. Layers with more have none: it is one check that then is not judged.
const MOST: usize = 500_000;

/// The sizes of the non-folders of a layer, and which folders they lie in.
///
/// Written as base64 of numbers of seven bits a byte, the lowest first: how many folders; of each its hash, eight bytes, the high byte first,
/// and which of those before it it lies in; of each non-folder, in the order of their hashes, its folder and its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSizes {
    /// The root first, each after the one that it lies in.
    folders: Vec<Folder>,
    /// As the layer's hashes of non-folders are sorted.
    files: Vec<FileSize>,
}

/// A folder that something lies in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Folder {
    /// The hash of its path.
    pub(crate) hash: u64,
    /// The position of the folder that it lies in; of the root, its own.
    pub(crate) parent: u32,
}

/// What is no folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileSize {
    /// The position of its folder.
    pub(crate) folder: u32,
    /// Its bytes; none, if it is no file.
    pub(crate) bytes: u64,
}

impl FileSizes {
    /// The memory that it takes.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.folders.len() * size_of::<Folder>() + self.files.len() * size_of::<FileSize>()
    }

    /// Each folder, after the one that it lies in.
    pub(crate) fn folders(&self) -> &[Folder] {
        &self.folders
    }

    /// Each non-folder with the hash of its path, which `hashes` have; nothing where they are those of another layer.
    pub(crate) fn files(&self, hashes: &PathHashes) -> impl Iterator<Item = (u64, FileSize)> {
        let is_of_it = hashes.len() == self.files.len();
        hashes.iter().zip(self.files.iter().copied()).filter(move |_| is_of_it)
    }
}

/// Takes the sizes in, in any order, each path's last counting.
#[derive(Debug)]
pub(crate) struct FileSizesBuilder {
    folders: Vec<Folder>,
    positions: HashMap<u64, u32>,
    files: Vec<(u64, FileSize)>,
    /// The folder of the entry seen last, and its position: most entries lie where the one before them does.
    last: (String, u32),
    is_too_many: bool,
}

impl FileSizesBuilder {
    pub(crate) fn new() -> Self {
        let hash = PathHashes::hash("");
        Self {
            folders: vec![Folder { hash, parent: 0 }],
            positions: HashMap::from([(hash, 0)]),
            files: Vec::new(),
            last: (String::new(), 0),
            is_too_many: false,
        }
    }

    /// A non-folder at `path`, of which `hash` is the hash.
    pub(crate) fn add(&mut self, hash: u64, path: &str, bytes: u64) {
        if self.is_too_many {
            return;
        }
        let folder = self.folder(path::parent(path).unwrap_or_default());
        self.files.push((hash, FileSize { folder, bytes }));
        if self.files.len() > MOST || self.folders.len() > MOST {
            self.give_up();
        }
    }

    /// The memory that it takes, about: a folder is looked up by its hash too.
    pub(crate) fn bytes(&self) -> usize {
        self.folders.len() * 3 * size_of::<Folder>() + self.files.len() * size_of::<(u64, FileSize)>()
    }

    /// There is no room for more: there will be no sizes.
    pub(crate) fn give_up(&mut self) {
        *self = Self { is_too_many: true, ..Self::new() };
    }

    /// The position of a folder, which is added with those that it lies in if it is not known yet.
    fn folder(&mut self, folder: &str) -> u32 {
        if self.last.0 == folder {
            return self.last.1;
        }
        let mut unknown = Vec::new();
        let mut known = 0;
        for above in std::iter::once(folder).chain(path::ancestors(folder)).filter(|above| !above.is_empty()) {
            let hash = PathHashes::hash(above);
            if let Some(position) = self.positions.get(&hash) {
                known = *position;
                break;
            }
            unknown.push(hash);
        }
        for hash in unknown.into_iter().rev() {
            let position = u32::try_from(self.folders.len()).unwrap_or_default();
            self.folders.push(Folder { hash, parent: known });
            self.positions.insert(hash, position);
            known = position;
        }
        folder.clone_into(&mut self.last.0);
        self.last.1 = known;
        known
    }

    /// The sizes, or `None` if there were too many.
    pub(crate) fn finish(mut self) -> Option<FileSizes> {
        if self.is_too_many {
            return None;
        }
        // Of several of one path the last counts: it is the first after turning them round.
        self.files.reverse();
        self.files.sort_by_key(|(hash, _)| *hash);
        self.files.dedup_by_key(|(hash, _)| *hash);
        Some(FileSizes { folders: self.folders, files: self.files.into_iter().map(|(_, file)| file).collect() })
    }
}

impl Serialize for FileSizes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        put(&mut bytes, self.folders.len() as u64);
        for folder in &self.folders {
            bytes.extend(folder.hash.to_be_bytes());
            put(&mut bytes, folder.parent.into());
        }
        for file in &self.files {
            put(&mut bytes, file.folder.into());
            put(&mut bytes, file.bytes);
        }
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for FileSizes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(serde::de::Error::custom)?;
        read(&bytes).ok_or_else(|| serde::de::Error::custom("not the sizes of a layer's files"))
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number > 0x7f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn read(mut bytes: &[u8]) -> Option<FileSizes> {
    let mut sizes = FileSizes::default();
    for position in 0..take(&mut bytes)? {
        let (hash, rest) = bytes.split_first_chunk::<8>()?;
        bytes = rest;
        let parent = take(&mut bytes)?;
        if parent >= position.max(1) {
            return None;
        }
        sizes.folders.push(Folder { hash: u64::from_be_bytes(*hash), parent: u32::try_from(parent).ok()? });
    }
    while !bytes.is_empty() {
        let (folder, size) = (take(&mut bytes)?, take(&mut bytes)?);
        if folder >= sizes.folders.len() as u64 {
            return None;
        }
        sizes.files.push(FileSize { folder: u32::try_from(folder).ok()?, bytes: size });
    }
    Some(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(files: &[(&str, u64)]) -> (FileSizes, PathHashes) {
        let mut builder = FileSizesBuilder::new();
        files.iter().for_each(|(path, bytes)| builder.add(PathHashes::hash(path), path, *bytes));
        let hashes = files.iter().map(|(path, _)| PathHashes::hash(path)).collect();
        (builder.finish().unwrap(), hashes)
    }

    #[test]
    fn each_file_has_its_bytes_and_its_folders_up_to_the_root() {
        let (sizes, hashes) = sizes(&[("a/b/c", 1 << 40), ("d", 2), ("a/b/e", 3), ("a/f", 0), ("d", 7)]);
        let folders = |mut position: u32| {
            let mut folders = Vec::new();
            while position != 0 {
                folders.push(sizes.folders()[position as usize].hash);
                position = sizes.folders()[position as usize].parent;
            }
            folders
        };
        let mut found: Vec<_> =
            sizes.files(&hashes).map(|(hash, file)| (hash, file.bytes, folders(file.folder))).collect();
        let hash = PathHashes::hash;
        let ab = vec![hash("a/b"), hash("a")];
        let mut expected = vec![
            (hash("a/b/c"), 1 << 40, ab.clone()),
            (hash("d"), 7, vec![]),
            (hash("a/b/e"), 3, ab),
            (hash("a/f"), 0, vec![hash("a")]),
        ];
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        assert_eq!(sizes.files(&PathHashes::default()).count(), 0, "hashes of another layer");
    }

    #[test]
    fn sizes_read_back_as_they_were_written_and_nothing_else_does() {
        let (sizes, _) = sizes(&[("a/b/c", u64::MAX), ("d", 2)]);
        let written = serde_json::to_string(&sizes).unwrap();
        assert_eq!(serde_json::from_str::<FileSizes>(&written).unwrap(), sizes);
        let cases: [&[u8]; 6] = [
            b"",
            b"\x02",
            &[0xff; 12],
            // A folder that lies in one after it; a file in none; a number that breaks off.
            b"\x01\0\0\0\0\0\0\0\0\x01",
            b"\x00\x00\x01",
            b"\x01\0\0\0\0\0\0\0\0\0\x00",
        ];
        for bytes in cases {
            let text = serde_json::to_string(&STANDARD_NO_PAD.encode(bytes)).unwrap();
            assert!(serde_json::from_str::<FileSizes>(&text).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn too_many_files_or_folders_have_no_sizes() {
        let mut files = FileSizesBuilder::new();
        (0..=MOST as u64).for_each(|hash| files.add(hash, "a", 1));
        assert_eq!(files.finish(), None);
        let mut folders = FileSizesBuilder::new();
        (0..400).for_each(|n| folders.add(n, &format!("{n}/{}x", "a/".repeat(2000)), 1));
        assert_eq!(folders.finish(), None);
    }
}
