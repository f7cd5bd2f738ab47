//! Making a bundle.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use plimsoll_model::Digest;
use sha2::{Digest as _, Sha256};

use crate::header::{FeedContent, Header, Payload};
use crate::{BundleError, FORMAT, SigningKey};

/// The files of a bundle, in their order.
pub const HEADER_NAME: &str = "plimsoll-bundle.json";
pub const SIGNATURE_NAME: &str = "plimsoll-bundle.json.minisig";
pub const DATABASE_NAME: &str = "advisories.db.zst";

/// Records in the database are packed already, one by one; what they have in common is found at any level.
const LEVEL: i32 = 9;

/// Writes a bundle of `database`, which has this format and was built at that time, to `path` in one step: whoever reads there has the old
/// bundle or the new one. Gives its header.
///
/// # Errors
/// The database cannot be read, the bundle not written.
pub fn write(
    path: &Path,
    mut database: File,
    format: i64,
    built_at: DateTime<Utc>,
    feeds: Vec<FeedContent>,
    key: &SigningKey,
) -> Result<Header, BundleError> {
    let io = |source| BundleError::Io { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut packed = tempfile::tempfile_in(folder).map_err(io)?;
    database.rewind().map_err(io)?;
    let unpacked_size = packed_copy(database, &packed).map_err(io)?;
    packed.rewind().map_err(io)?;
    let (size, digest) = hashed(&packed).map_err(io)?;
    let database = Payload { name: DATABASE_NAME.into(), format, size, digest, unpacked_size };
    let made_by = concat!("plimsoll ", env!("CARGO_PKG_VERSION")).to_owned();
    let header = Header { format: FORMAT, built_at, made_by, database, feeds };
    let text = serde_json::to_vec_pretty(&header).map_err(|error| BundleError::Signing(error.to_string()))?;
    let signature = key.sign(&text, &format!("plimsoll feeds of {}", built_at.to_rfc3339()))?;

    let bundle = tempfile::Builder::new().prefix(".bundle-").tempfile_in(folder).map_err(io)?;
    packed.rewind().map_err(io)?;
    let mut archive = tar::Builder::new(bundle.as_file());
    let mut append = |name: &str, size: u64, bytes: &mut dyn Read| {
        let mut entry = tar::Header::new_ustar();
        entry.set_size(size);
        entry.set_mode(0o644);
        entry.set_mtime(u64::try_from(built_at.timestamp()).unwrap_or_default());
        archive.append_data(&mut entry, name, bytes)
    };
    append(HEADER_NAME, text.len() as u64, &mut text.as_slice()).map_err(io)?;
    append(SIGNATURE_NAME, signature.len() as u64, &mut signature.as_bytes()).map_err(io)?;
    append(DATABASE_NAME, size, &mut packed).map_err(io)?;
    archive.into_inner().map_err(io)?;
    bundle.as_file().sync_all().map_err(io)?;
    readable_by_all(bundle.as_file()).map_err(io)?;
    bundle.persist(path).map_err(|error| io(error.error))?;
    Ok(header)
}

/// Packs a file; gives its length.
fn packed_copy(from: File, to: &File) -> io::Result<u64> {
    let mut encoder = zstd::Encoder::new(to, LEVEL)?;
    encoder.include_checksum(true)?;
    let length = io::copy(&mut BufReader::with_capacity(1 << 17, from), &mut encoder)?;
    encoder.finish()?.flush()?;
    Ok(length)
}

/// The length and hash of what there is to read.
pub fn hashed(mut bytes: impl Read) -> io::Result<(u64, Digest)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 17];
    let mut length = 0;
    loop {
        let count = bytes.read(&mut buffer)?;
        if count == 0 {
            return Ok((length, Digest::from_sha256(hash.finalize().into())));
        }
        hash.update(buffer.get(..count).unwrap_or_default());
        length += count as u64;
    }
}

/// Temporary files are for their owner only; a bundle holds what everybody may know.
#[cfg(unix)]
fn readable_by_all(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable_by_all(_: &File) -> io::Result<()> {
    Ok(())
}
