//! Reading a bundle: nothing of it is believed before its signature, and nothing unpacked before its hash.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom, Write};

use minisign_verify::Signature;
use serde::Deserialize;

use crate::header::Header;
use crate::write::{DATABASE_NAME, HEADER_NAME, SIGNATURE_NAME, hashed};
use crate::{BundleError, FORMAT, KeyId, TrustedKey, limits};

/// A bundle that a trusted key has signed.
#[derive(Debug)]
pub struct Bundle {
    header: Header,
    signed_by: KeyId,
    file: File,
    /// Where the packed database begins.
    offset: u64,
}

impl Bundle {
    /// Opens a bundle that one of these keys has signed.
    ///
    /// # Errors
    /// It is none, of a newer format, cut short, too large, signed by nobody who is trusted, or changed since.
    pub fn open(mut file: File, trusted: &[TrustedKey]) -> Result<Self, BundleError> {
        if trusted.is_empty() {
            return Err(BundleError::NoKeys);
        }
        let length = file.metadata().map_err(BundleError::Read)?.len();
        file.rewind().map_err(BundleError::Read)?;
        let mut archive = tar::Archive::new(&file);
        // Raw: long names and other extensions would be read into memory, and a bundle has none.
        let mut entries = archive.entries().map_err(BundleError::Read)?.raw(true);
        let text = small(entries.next(), HEADER_NAME, "header", limits::HEADER)?;
        of_readable_format(&text)?;
        let signature = small(entries.next(), SIGNATURE_NAME, "signature", limits::SIGNATURE)?;
        let signed_by = verified(&text, &signature, trusted)?;
        let header: Header = serde_json::from_slice(&text)
            .map_err(|error| BundleError::NotABundle(format!("{HEADER_NAME}: {error}")))?;
        let database = named(entries.next(), DATABASE_NAME)?;
        let (offset, size) = (database.raw_file_position(), database.size());
        let said = &header.database;
        for (what, bytes, limit) in
            [("database", said.size, limits::PACKED), ("unpacked database", said.unpacked_size, limits::UNPACKED)]
        {
            if bytes > limit {
                return Err(BundleError::TooLarge { what, bytes, limit });
            }
        }
        if size != said.size {
            return Err(BundleError::WrongDatabase(format!("it has {size} bytes, not {}", said.size)));
        }
        let has = length.saturating_sub(offset);
        if has < size {
            return Err(BundleError::CutShort { has, of: size });
        }
        Ok(Self { header, signed_by, file, offset })
    }

    /// What it says of itself, signed.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The key that signed it.
    pub const fn signed_by(&self) -> &KeyId {
        &self.signed_by
    }

    /// Unpacks the database, once it is known to be the one that was signed.
    ///
    /// # Errors
    /// It is another one, or `into` cannot be written: what was written there is then of no use.
    pub fn unpack(&self, into: &mut impl Write) -> Result<(), BundleError> {
        let said = &self.header.database;
        let (has, digest) = hashed(self.packed()?).map_err(BundleError::Read)?;
        if has != said.size {
            return Err(BundleError::CutShort { has, of: said.size });
        }
        if digest != said.digest {
            return Err(BundleError::WrongDatabase(format!("its hash is {digest}, not {}", said.digest)));
        }
        let wrong = |error: io::Error| BundleError::WrongDatabase(error.to_string());
        let mut decoder =
            zstd::Decoder::with_buffer(BufReader::with_capacity(1 << 17, self.packed()?)).map_err(wrong)?;
        decoder.window_log_max(limits::WINDOW_LOG).map_err(wrong)?;
        let mut bytes = decoder.take(said.unpacked_size + 1);
        let mut buffer = vec![0; 1 << 17];
        let mut length = 0;
        loop {
            let count = bytes.read(&mut buffer).map_err(wrong)?;
            if count == 0 {
                break;
            }
            length += count as u64;
            if length > said.unpacked_size {
                break;
            }
            into.write_all(buffer.get(..count).unwrap_or_default()).map_err(BundleError::Unpack)?;
        }
        if length != said.unpacked_size {
            let than = if length > said.unpacked_size { "more" } else { "less" };
            let why = format!("it unpacks to {than} than the {} bytes that were signed", said.unpacked_size);
            return Err(BundleError::WrongDatabase(why));
        }
        into.flush().map_err(BundleError::Unpack)
    }

    fn packed(&self) -> Result<impl Read + '_, BundleError> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(self.offset)).map_err(BundleError::Read)?;
        Ok(file.take(self.header.database.size))
    }
}

type Entry<'a> = tar::Entry<'a, &'a File>;

/// The next file, which has to be of this name.
fn named<'a>(entry: Option<io::Result<Entry<'a>>>, name: &str) -> Result<Entry<'a>, BundleError> {
    let entry = match entry {
        Some(Ok(entry)) => entry,
        Some(Err(error)) => return Err(BundleError::NotABundle(error.to_string())),
        None => return Err(BundleError::NotABundle(format!("{name} is not in it"))),
    };
    let is_it = *entry.path_bytes() == *name.as_bytes() && entry.header().entry_type().is_file();
    if !is_it {
        return Err(BundleError::NotABundle(format!("{name} is not where it should be")));
    }
    Ok(entry)
}

/// A small file's bytes.
fn small(
    entry: Option<io::Result<Entry<'_>>>,
    name: &str,
    what: &'static str,
    limit: u64,
) -> Result<Vec<u8>, BundleError> {
    let entry = named(entry, name)?;
    let bytes = entry.size();
    if bytes > limit {
        return Err(BundleError::TooLarge { what, bytes, limit });
    }
    let mut text = Vec::new();
    entry.take(limit).read_to_end(&mut text).map_err(BundleError::Read)?;
    if text.len() as u64 != bytes {
        return Err(BundleError::NotABundle(format!("{name} is cut short")));
    }
    Ok(text)
}

/// A bundle of a newer format may look otherwise from here on.
fn of_readable_format(text: &[u8]) -> Result<(), BundleError> {
    #[derive(Deserialize)]
    struct Versioned {
        format: u32,
    }
    let said: Versioned =
        serde_json::from_slice(text).map_err(|error| BundleError::NotABundle(format!("{HEADER_NAME}: {error}")))?;
    if said.format > FORMAT {
        return Err(BundleError::NewerFormat { found: said.format });
    }
    Ok(())
}

/// The trusted key that signed these bytes.
fn verified(bytes: &[u8], signature: &[u8], trusted: &[TrustedKey]) -> Result<KeyId, BundleError> {
    let broken = |why: &str| BundleError::NotABundle(format!("{SIGNATURE_NAME}: {why}"));
    let text = std::str::from_utf8(signature).map_err(|_| broken("it is no text"))?;
    let id = text.lines().nth(1).and_then(KeyId::in_base64).ok_or_else(|| broken("it is no signature"))?;
    let signature = Signature::decode(text).map_err(|error| broken(&error.to_string()))?;
    let mut of_id = trusted.iter().filter(|key| *key.id() == id).peekable();
    if of_id.peek().is_none() {
        return Err(BundleError::NotTrusted {
            found: id,
            trusted: trusted.iter().map(|key| key.id().clone()).collect(),
        });
    }
    if of_id.any(|key| key.key().verify(bytes, &signature, false).is_ok()) {
        return Ok(id);
    }
    Err(BundleError::WrongSignature(id))
}
