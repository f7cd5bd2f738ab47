//! The files that went by, by name: what is kept of an archive until its end.

use std::collections::HashMap;

use bytes::Bytes;
use plimsoll_model::Digest;

use super::{ArchiveError, Content};
use crate::compression::Compression;
use crate::reference::excerpt;

/// Links followed from one name.
const LINK_HOPS: usize = 16;
const BLOBS: &str = "blobs/sha256/";

/// A regular file of the archive.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    /// Its digest: computed, or (in a local archive) as its name `blobs/sha256/...` claims.
    pub(crate) digest: Digest,
    pub(crate) size: u64,
    /// Where it starts in the uncompressed tar.
    pub(crate) offset: u64,
    pub(crate) compression: Compression,
}

/// The archive's files and links by normalized name. Of a name that occurs twice the last counts.
#[derive(Debug, Default)]
pub(crate) struct FileTable {
    files: HashMap<String, StoredFile>,
    links: HashMap<String, String>,
    documents: HashMap<String, Bytes>,
    by_digest: HashMap<Digest, String>,
    document_bytes: u64,
    document_limit: u64,
    is_document_missing: bool,
}

impl FileTable {
    pub(crate) fn new(document_limit: u64) -> Self {
        Self { document_limit, ..Self::default() }
    }

    pub(crate) fn add_file(&mut self, path: String, file: StoredFile, document: Option<Bytes>) {
        self.links.remove(&path);
        if let Some(old) = self.documents.remove(&path) {
            self.document_bytes -= old.len() as u64;
        }
        if let Some(document) = document {
            let total = self.document_bytes.saturating_add(document.len() as u64);
            if total <= self.document_limit {
                self.document_bytes = total;
                self.documents.insert(path.clone(), document);
            } else {
                self.is_document_missing = true;
            }
        }
        self.by_digest.insert(file.digest, path.clone());
        self.files.insert(path, file);
    }

    pub(crate) fn add_link(&mut self, path: String, target: String) {
        self.files.remove(&path);
        self.documents.remove(&path);
        self.links.insert(path, target);
    }

    /// The file of this name, links followed, with its own name.
    pub(crate) fn file(&self, path: &str) -> Option<(&str, &StoredFile)> {
        let mut path = path;
        for _ in 0..LINK_HOPS {
            if let Some((path, file)) = self.files.get_key_value(path) {
                return Some((path, file));
            }
            path = self.links.get(path)?;
        }
        None
    }

    /// The JSON document of this name; `None` where there is no such file, or none that could be JSON.
    pub(crate) fn document(&self, path: &str) -> Result<Option<Bytes>, ArchiveError> {
        let Some((path, _)) = self.file(path) else { return Ok(None) };
        match self.documents.get(path) {
            Some(document) => Ok(Some(document.clone())),
            None if self.is_document_missing => Err(ArchiveError::TooManyDocuments { limit: self.document_limit }),
            None => Ok(None),
        }
    }

    /// A file whose content has this digest.
    pub(crate) fn by_digest(&self, digest: &Digest) -> Option<&StoredFile> {
        let (_, file) = self.file(self.by_digest.get(digest)?)?;
        // The name may since have been given to another file.
        (file.digest == *digest).then_some(file)
    }
}

impl Content for FileTable {
    fn document(&self, digest: &Digest) -> Result<Option<Bytes>, ArchiveError> {
        match self.by_digest(digest) {
            Some(_) => self.by_digest.get(digest).map_or(Ok(None), |path| self.document(path)),
            None => Ok(None),
        }
    }

    fn size(&self, digest: &Digest) -> Option<u64> {
        Some(self.by_digest(digest)?.size)
    }
}

/// The digest that a name of the form `blobs/sha256/<64 digits>` claims.
pub(crate) fn claimed_digest(path: &str) -> Option<Digest> {
    format!("sha256:{}", path.strip_prefix(BLOBS)?).parse().ok()
}

/// A name without `.` parts, empty parts and a leading slash. An error if it has `..`, which no archive writer makes.
pub(crate) fn normalized(path: &str) -> Result<String, ArchiveError> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return Err(ArchiveError::UnsafePath { path: excerpt(path) });
    }
    Ok(parts.join("/"))
}

/// Where a symbolic link leads, from the folder that it lies in; `None` if that is outside the archive.
pub(crate) fn link_target(link: &str, text: &str) -> Option<String> {
    let mut parts: Vec<&str> = if text.starts_with('/') { Vec::new() } else { link.split('/').collect() };
    parts.pop();
    for part in text.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_links_stay_inside_the_archive() {
        for (path, expected) in [("./a/b", "a/b"), ("/a//b/.", "a/b"), ("", ""), ("a", "a")] {
            assert_eq!(normalized(path).unwrap(), expected);
        }
        for bad in ["../a", "a/../../b", "a/..", ".."] {
            assert!(matches!(normalized(bad), Err(ArchiveError::UnsafePath { .. })), "{bad}");
        }
        #[rustfmt::skip]
        let table = [
            ("x/layer.tar", "../y/layer.tar", Some("y/layer.tar")), ("a", "b", Some("b")), ("d/a", "/b", Some("b")),
            ("d/e/a", "./b", Some("d/e/b")), ("a", "../../etc/passwd", None), ("a", "..", None),
        ];
        for (link, text, expected) in table {
            assert_eq!(link_target(link, text).as_deref(), expected, "{link} -> {text}");
        }
    }
}
