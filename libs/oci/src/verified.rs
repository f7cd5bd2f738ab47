//! A reader that fails at its end if what it gave was not what was asked for.

use std::io::{self, Read};

use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};

/// Passes bytes on and checks their digest at the end.
pub(crate) struct VerifiedReader<R> {
    inner: R,
    expected: Digest,
    hasher: Option<Sha256>,
}

impl<R: Read> VerifiedReader<R> {
    pub(crate) fn new(inner: R, expected: Digest) -> Self {
        Self { inner, expected, hasher: Some(Sha256::new()) }
    }
}

impl<R: Read> Read for VerifiedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let length = self.inner.read(buffer)?;
        if length > 0 {
            if let (Some(hasher), Some(read)) = (&mut self.hasher, buffer.get(..length)) {
                hasher.update(read);
            }
            return Ok(length);
        }
        let Some(hasher) = self.hasher.take() else { return Ok(0) };
        let computed = Digest::from_sha256(hasher.finalize().into());
        if computed == self.expected {
            Ok(0)
        } else {
            let message = format!("digest mismatch: blob {} has the digest {computed}", self.expected);
            Err(io::Error::new(io::ErrorKind::InvalidData, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::RawManifest;

    #[test]
    fn changed_bytes_are_an_error_at_the_end() {
        let manifest = br#"{"schemaVersion":2,"manifests":[]}"#;
        let digest = RawManifest::new(manifest.to_vec().into(), None).unwrap().0.digest;
        let read = |bytes: &[u8]| VerifiedReader::new(bytes, digest).read_to_end(&mut Vec::new());
        assert_eq!(read(manifest).unwrap(), manifest.len());
        for bad in [&manifest[..5], b"", b"other"] {
            assert_eq!(read(bad).unwrap_err().kind(), io::ErrorKind::InvalidData);
        }
    }
}
