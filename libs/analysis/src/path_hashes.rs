//! A set of paths, kept as short hashes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A set that answers whether it has a path, in eight bytes a path: the first 64 bits of its SHA-256.
///
/// Two of a million paths are alike with a chance of one to 30 million; what then happens is that a package of a lower layer
/// seems to have been deleted. Written as base64 of the sorted hashes, each eight bytes, the high byte first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PathHashes(Vec<u64>);

impl PathHashes {
    /// The hash of a path.
    pub fn hash(path: &str) -> u64 {
        let digest = Sha256::digest(path.as_bytes());
        digest.iter().take(8).fold(0, |hash, byte| (hash << 8) | u64::from(*byte))
    }

    /// Whether the path of this hash is in the set.
    pub fn contains_hash(&self, hash: u64) -> bool {
        self.0.binary_search(&hash).is_ok()
    }

    /// The hashes, sorted.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> {
        self.0.iter().copied()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<u64> for PathHashes {
    fn from_iter<I: IntoIterator<Item = u64>>(hashes: I) -> Self {
        let mut hashes: Vec<u64> = hashes.into_iter().collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self(hashes)
    }
}

impl Serialize for PathHashes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = self.0.iter().flat_map(|hash| hash.to_be_bytes()).collect();
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for PathHashes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text).map_err(serde::de::Error::custom)?;
        let (hashes, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(serde::de::Error::custom("path hashes are eight bytes each"));
        }
        Ok(hashes.iter().map(|hash| u64::from_be_bytes(*hash)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_back_as_it_was_written() {
        let set: PathHashes = ["usr/bin", "etc", "a"].into_iter().map(PathHashes::hash).collect();
        let written = serde_json::to_string(&set).unwrap();
        let read: PathHashes = serde_json::from_str(&written).unwrap();
        assert_eq!(read, set);
        assert!(read.contains_hash(PathHashes::hash("etc")));
        assert!(!read.contains_hash(PathHashes::hash("usr")));
        assert!(serde_json::from_str::<PathHashes>("\"AAAA\"").is_err());
    }
}
