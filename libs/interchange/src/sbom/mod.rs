//! Bills of materials of others: the packages that they list.
//!
//! In: the bytes of a document: CycloneDX 1 as JSON or XML, SPDX 2 as JSON or tag-value, what Syft writes of its own. Out: [`Sbom`]: each
//! component that has a package URL of a known type.
//! The document is read as a stream, a component at a time: one that is broken is a complaint, and what came before a break is kept.
//! Source: CycloneDX 1.6, JSON and XML reference; SPDX specification 2.3; Syft's JSON schema; libpak, `sbom/sbom.go`.

mod cyclonedx;
mod cyclonedx_xml;
mod json;
mod listing;
mod spdx;
mod syft;
mod tag_value;

use plimsoll_model::Package;

pub use listing::{Complaint, Limits, PassedOver};

/// The formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// CycloneDX of this version: `1.6`.
    CycloneDx(String),
    /// SPDX of this version: `2.3`.
    Spdx(String),
    /// Syft's own, by the version of its schema: `16.0.0`.
    Syft(String),
}

impl Format {
    /// CycloneDX of a version, if that is read.
    fn cyclonedx(version: &str) -> Result<Self, SbomError> {
        match version.starts_with("1.") {
            true => Ok(Self::CycloneDx(version.to_owned())),
            false => Err(SbomError::Unread(format!("CycloneDX {version}"))),
        }
    }

    /// SPDX of a version as documents state it, `SPDX-2.3`, if that is read; nothing if it is not of SPDX.
    fn spdx(stated: &str) -> Option<Result<Self, SbomError>> {
        let version = stated.strip_prefix("SPDX-")?;
        Some(match version.starts_with("2.") {
            true => Ok(Self::Spdx(version.to_owned())),
            false => Err(SbomError::Unread(format!("SPDX {version}"))),
        })
    }
}

/// What a document lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sbom {
    /// Its format.
    pub format: Format,
    /// Its packages, each once, sorted. What it describes is among them, if that is a package; what is for developing or testing is not.
    pub packages: Vec<Package>,
    /// What it lists besides.
    pub passed_over: PassedOver,
    /// What in it could not be read. Packages may be missing then.
    pub complaints: Vec<Complaint>,
}

/// Why a document is not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SbomError {
    /// Nothing says that it is a bill of materials.
    #[error("neither CycloneDX 1 nor SPDX 2")]
    Other,
    /// It is a bill of materials, of this format.
    #[error("{0}, which is not read")]
    Unread(String),
    /// It breaks off before it says what it is.
    #[error("{}{detail}", .line.map(|line| format!("line {line}: ")).unwrap_or_default())]
    Malformed {
        /// The line, from 1, where it is known.
        line: Option<usize>,
        /// What is wrong.
        detail: String,
    },
}

/// Reads a document. Memory is a small multiple of its size; the caller bounds that.
///
/// # Errors
/// See [`SbomError`]. A part of it that cannot be read is a complaint.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Sbom, SbomError> {
    // Some tools begin their documents with a byte-order mark.
    let document = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match document.trim_ascii_start().first() {
        Some(b'{') => json::read(document, limits),
        Some(b'<') => cyclonedx_xml::read(document, limits),
        Some(_) => tag_value::read(document, limits),
        None => Err(SbomError::Malformed { line: None, detail: "it is empty".to_owned() }),
    }
}

/// A text of a moderate length; anything longer is as good as nothing.
fn moderate(text: &str) -> Option<String> {
    (text.len() <= 64).then(|| text.to_owned())
}
