//! What goes wrong with bundles and their keys.

use std::io;
use std::path::PathBuf;

use crate::{FORMAT, KeyId};

/// A bundle or key that could not be written, read or believed.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file of another kind.
    #[error("the file is not a bundle of feeds: {0}")]
    NotABundle(String),
    /// Made by a newer release.
    #[error("the bundle is of format {found}, and this release reads formats up to {FORMAT}: update plimsoll")]
    NewerFormat {
        /// Its format.
        found: u32,
    },
    /// It ends early.
    #[error("the bundle is cut short: {has} of {of} bytes of its database are there")]
    CutShort {
        /// Bytes that are there.
        has: u64,
        /// Bytes that should be.
        of: u64,
    },
    /// Larger than a bundle may be.
    #[error("the bundle's {what} has {bytes} bytes, and {limit} is the limit")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// What it says that it has.
        bytes: u64,
        /// The limit.
        limit: u64,
    },
    /// No key is trusted.
    #[error("no key is trusted to sign bundles")]
    NoKeys,
    /// Signed by a key that is not trusted.
    #[error("the bundle is signed by key {found}, which is not trusted ({})", listed(trusted))]
    NotTrusted {
        /// The key's id.
        found: KeyId,
        /// Those that are.
        trusted: Vec<KeyId>,
    },
    /// The signature is not that of the header.
    #[error("the bundle's signature is wrong: it was changed after it was signed, or never signed by key {0}")]
    WrongSignature(KeyId),
    /// The database is not what was signed.
    #[error("the bundle's database is not what was signed: {0}")]
    WrongDatabase(String),
    /// A text or file that is no key.
    #[error("{what} is no {kind}: {why}")]
    Key {
        /// The file, or the beginning of the text.
        what: String,
        /// `public key` or `secret key`.
        kind: &'static str,
        /// Why not.
        why: String,
    },
    /// A signature could not be made.
    #[error("the bundle could not be signed: {0}")]
    Signing(String),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The bundle could not be read.
    #[error("the bundle could not be read: {0}")]
    Read(#[source] io::Error),
    /// The unpacked database could not be written.
    #[error("the bundle could not be unpacked: {0}")]
    Unpack(#[source] io::Error),
}

fn listed(keys: &[KeyId]) -> String {
    format!("trusted: {}", keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))
}
