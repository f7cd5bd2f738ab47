//! Documents that lie in a repository of rpm packages, behind two small files that each name what comes next.
//!
//! In: `mirror.list`, which has the addresses of the repository, each publication of which lies in a folder of its own; then the
//! repository's `repodata/repomd.xml`, which names its files with their checksums. Out: where its `updateinfo` document lies, and what
//! that document's bytes have to be ([`Published`]): by the checksum alone it is known not to have changed.
//!
//! Neither file says where anything is fetched from: what it names is a path below the feed's own address, upstream's or the
//! mirror's, and an address elsewhere is refused. So a mirror is a copy of upstream's files as they are.
//! Source: yum.conf(5), `mirrorlist`; createrepo_c's `repomd.xml`, <http://linux.duke.edu/metadata/repo>.

use std::fs::File;
use std::future::Future;
use std::io::{Read, Seek, SeekFrom};

use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};

use super::index::is_path;
use super::metered::{Limits, Meter};
use super::xml::{self, Element, Shape, attribute};
use super::{Document, FeedError, Refusal};

/// The name of a file that has a repository's addresses.
const MIRROR_LIST: &str = "mirror.list";
/// Where a repository names its files.
const REPOMD: &str = "repodata/repomd.xml";
/// Real ones have less than 1 KiB.
const LIST_LIMITS: Limits = Limits { document_bytes: 64 << 10, record_bytes: 64 << 10 };
/// Real ones have 3 KiB.
const REPOMD_LIMITS: Limits = Limits { document_bytes: 1 << 20, record_bytes: 256 << 10 };
const REPOMD_SHAPE: Shape = Shape { root: "repomd", record_depth: 2 };

/// Fetches the small files that lead to a document.
pub trait Pointers {
    /// Why one could not be had, or not be followed.
    type Error: From<FeedError>;

    /// The file as it is now, at its beginning.
    ///
    /// # Errors
    /// It cannot be had.
    fn fetch_pointer(&self, pointer: &Document) -> impl Future<Output = Result<File, Self::Error>> + Send;
}

/// A repository by the list that has its addresses.
#[derive(Debug, Clone)]
pub struct Repository {
    mirror_list: Document,
}

/// A document as a repository has published it.
#[derive(Debug, Clone)]
pub struct Published {
    /// Where it lies.
    pub document: Document,
    digest: Digest,
}

impl Document {
    /// The repository that it lies in, where its own path is of the list of that repository's addresses.
    pub fn repository(&self) -> Option<Repository> {
        let is_list = self.path.rsplit('/').next() == Some(MIRROR_LIST);
        is_list.then(|| Repository { mirror_list: self.clone() })
    }
}

impl Repository {
    /// Finds the document, by fetching what leads to it and nothing else. `base` is the mirror's address, as for [`Document::address`].
    ///
    /// # Errors
    /// A file that leads to it cannot be had, is past a limit, is not what it is named for, or names what is not followed.
    pub async fn published<P: Pointers + Sync>(&self, base: Option<&str>, pointers: &P) -> Result<Published, P::Error> {
        let repomd = self.repomd(base, pointers.fetch_pointer(&self.mirror_list).await?)?;
        let published = self.updateinfo(&repomd, pointers.fetch_pointer(&repomd).await?)?;
        Ok(published)
    }

    /// The repository's index, by the first address of the list that is followed.
    fn repomd(&self, base: Option<&str>, list: impl Read) -> Result<Document, FeedError> {
        let folder = self.folder(base, list).map_err(|reason| refused(&self.mirror_list, reason))?;
        Ok(self.mirror_list.feed.document(format!("{folder}/{REPOMD}")))
    }

    fn folder(&self, base: Option<&str>, list: impl Read) -> Result<String, Refusal> {
        let meter = Meter::new(LIST_LIMITS);
        let mut text = String::new();
        let read = meter.reader(list).read_to_string(&mut text);
        read.map_err(|error| meter.refusal().unwrap_or_else(|| super::osv::entry_refusal(error)))?;
        let mut addresses = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let first = addresses.clone().next().ok_or_else(|| Refusal::Malformed("it has no address".into()))?;
        let own = self.mirror_list.feed.document("");
        let starts = [Some(own.address(None)), base.map(|base| own.address(Some(base)))];
        let followed = addresses.find_map(|address| {
            let path = starts.iter().flatten().find_map(|start| address.strip_prefix(start.as_str()))?;
            let path = path.strip_suffix('/').unwrap_or(path);
            is_path(path).then(|| path.to_owned())
        });
        followed.ok_or_else(|| {
            let upstream = self.mirror_list.feed.upstream;
            Refusal::Malformed(format!("it names '{}', which is no folder below {upstream}", shown(first)))
        })
    }

    /// The document that the index names.
    fn updateinfo(&self, repomd: &Document, bytes: impl Read) -> Result<Published, FeedError> {
        let folder = repomd.path.strip_suffix(REPOMD).unwrap_or_default();
        let (path, digest) = named(bytes).map_err(|reason| refused(repomd, reason))?;
        Ok(Published { document: repomd.feed.document(format!("{folder}{path}")), digest })
    }
}

impl Published {
    /// What tells this publication's document from another's: as long as it is the same, so is the document.
    pub fn edition(&self) -> String {
        self.digest.to_string()
    }

    /// Reads the fetched document whole and leaves it at its beginning.
    ///
    /// # Errors
    /// It cannot be read, or is not the one that its repository names: cut off, changed, or of a later publication.
    pub fn verify(&self, bytes: &mut (impl Read + Seek)) -> Result<(), FeedError> {
        let found = digest(bytes).map_err(|error| refused(&self.document, Refusal::Read(error)))?;
        if found == self.digest {
            return Ok(());
        }
        let reason = format!("it is {found}, and its repository names {}", self.digest);
        Err(refused(&self.document, Refusal::Malformed(reason)))
    }
}

fn digest(bytes: &mut (impl Read + Seek)) -> std::io::Result<Digest> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 << 10];
    bytes.seek(SeekFrom::Start(0))?;
    loop {
        match bytes.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => hash.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.seek(SeekFrom::Start(0))?;
    Ok(Digest::from_sha256(hash.finalize().into()))
}

/// The path and the digest of the first `updateinfo` that a repository's index names.
fn named(bytes: impl Read) -> Result<(String, Digest), Refusal> {
    let meter = Meter::new(REPOMD_LIMITS);
    let (mut file, mut found) = (NamedFile::default(), None);
    xml::walk(REPOMD_SHAPE, meter.reader(bytes), &meter, |path, element| {
        match (path, element) {
            ("repomd/data", Element::Opened(start)) => {
                let kind = attribute(start, "type").unwrap_or_default();
                file = NamedFile { kind, ..NamedFile::default() };
            }
            ("repomd/data/location", Element::Opened(start)) => {
                file.path = attribute(start, "href").unwrap_or_default()
            }
            ("repomd/data/checksum", Element::Opened(start)) => {
                file.checksum_kind = attribute(start, "type").unwrap_or_default();
            }
            ("repomd/data/checksum", Element::Closed(text)) => text.clone_into(&mut file.checksum),
            ("repomd/data", Element::Closed(_)) if file.kind == "updateinfo" && found.is_none() => {
                found = Some(std::mem::take(&mut file));
            }
            _ => {}
        }
        Ok(())
    })?;
    let file = found.ok_or_else(|| Refusal::Malformed("it names no updateinfo".into()))?;
    if !is_path(&file.path) {
        return Err(Refusal::Malformed(format!(
            "its updateinfo lies at '{}', which is no path below it",
            shown(&file.path)
        )));
    }
    let digest = format!("{}:{}", file.checksum_kind, file.checksum).parse::<Digest>();
    let digest = digest.map_err(|_| Refusal::Malformed("it names no SHA-256 of its updateinfo".into()))?;
    Ok((file.path, digest))
}

/// A file as the index names it.
#[derive(Default)]
struct NamedFile {
    kind: String,
    path: String,
    checksum_kind: String,
    checksum: String,
}

fn refused(document: &Document, reason: Refusal) -> FeedError {
    FeedError { document: document.to_string(), reason }
}

/// What a file says, for messages: short and printable.
fn shown(text: &str) -> String {
    text.chars().take(120).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
