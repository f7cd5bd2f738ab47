//! Bills of materials of others: the packages that they list.
//!
//! In: the bytes of a CycloneDX 1.x or SPDX 2.x document as JSON. Out: [`Sbom`]: each component that has a package URL of a known type.
//! The document is read as a stream, a component at a time: one that is broken is a complaint, and what came before a break is kept.
//! Source: CycloneDX 1.6 JSON reference; SPDX specification 2.3.

mod cyclonedx;
mod listing;
mod spdx;

use std::fmt;

use plimsoll_model::Package;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use listing::Listing;
pub use listing::{Complaint, Limits, PassedOver};

/// The formats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// CycloneDX of this version: `1.6`.
    CycloneDx(String),
    /// SPDX of this version: `2.3`.
    Spdx(String),
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
    /// It is JSON, but of no format of bills of materials that is read here.
    #[error("neither a CycloneDX 1 nor an SPDX 2 document")]
    Other,
    /// It is no JSON, or breaks off before it says what it is.
    #[error("not JSON: {detail}")]
    Malformed {
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        detail: String,
    },
}

/// Reads a document. Memory is a small multiple of its size; the caller bounds that.
///
/// # Errors
/// See [`SbomError`]. A part of it that cannot be read is a complaint.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Sbom, SbomError> {
    let mut document = Document::new(limits);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let outcome = (&mut document).deserialize(&mut json).and_then(|()| json.end());
    let format = document.format();
    let Document { components, packages, .. } = document;
    let (listing, format) = match (format, outcome.as_ref().err()) {
        (Some(format @ Format::CycloneDx(_)), _) => (components, format),
        (Some(format @ Format::Spdx(_)), _) => (packages.into_listing(), format),
        (None, Some(error)) if error.is_syntax() || error.is_eof() => {
            return Err(SbomError::Malformed { line: error.line(), detail: error.to_string() });
        }
        (None, _) => return Err(SbomError::Other),
    };
    Ok(listing.finish(format, outcome.err()))
}

/// A document as it is read: what it is may be said after what it lists.
struct Document<'l> {
    bom_format: Option<String>,
    spec_version: Option<String>,
    spdx_version: Option<String>,
    components: Listing<'l>,
    packages: spdx::Packages<'l>,
}

impl<'l> Document<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            bom_format: None,
            spec_version: None,
            spdx_version: None,
            components: Listing::new(limits),
            packages: spdx::Packages::new(limits),
        }
    }

    fn format(&self) -> Option<Format> {
        let is_cyclonedx = self.bom_format.as_deref() == Some("CycloneDX");
        let cyclonedx = self.spec_version.as_deref().filter(|version| is_cyclonedx && version.starts_with("1."));
        let spdx = self.spdx_version.as_deref().and_then(|version| version.strip_prefix("SPDX-"));
        cyclonedx.map(|version| Format::CycloneDx(version.to_owned())).or_else(|| {
            spdx.filter(|version| version.starts_with("2.")).map(|version| Format::Spdx(version.to_owned()))
        })
    }
}

impl<'de> DeserializeSeed<'de> for &mut Document<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "bomFormat" => self.bom_format = text(map.next_value()?),
                "specVersion" => self.spec_version = text(map.next_value()?),
                "spdxVersion" => self.spdx_version = text(map.next_value()?),
                "metadata" => cyclonedx::read_metadata(map.next_value()?, &mut self.components),
                "components" => {
                    map.next_value_seed(Elements(|element| cyclonedx::read_component(element, &mut self.components)))?
                }
                "packages" => map.next_value_seed(Elements(|element| self.packages.read(element)))?,
                "relationships" => map.next_value_seed(Elements(|element| self.packages.relate(element)))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A text of a moderate length; anything else is as good as nothing.
fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str::<String>(raw.get()).ok().filter(|text| text.len() <= 64)
}

/// Goes through a list, one element at a time: a list of nothings is not held whole.
fn each<'a>(list: &'a RawValue, of_each: impl FnMut(&'a RawValue)) -> serde_json::Result<()> {
    Elements(of_each).deserialize(&mut serde_json::Deserializer::from_str(list.get()))
}

/// The elements of a list, one at a time.
struct Elements<F>(F);

impl<'de, F: FnMut(&'de RawValue)> DeserializeSeed<'de> for Elements<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            (self.0)(element);
        }
        Ok(())
    }
}
