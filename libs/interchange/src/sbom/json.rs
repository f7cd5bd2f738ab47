//! Documents in JSON, of each format that is written so.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::listing::{Complaint, Limits, Listing};
use super::{Format, Sbom, SbomError, cyclonedx, moderate, spdx, syft};

/// Reads a document, as a stream.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Result<Sbom, SbomError> {
    let mut document = Document::new(limits);
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let outcome = (&mut document).deserialize(&mut json).and_then(|()| json.end());
    let broken = outcome.err();
    let format = match (document.format(), &broken) {
        (Some(format), _) => format?,
        (None, Some(error)) if error.is_syntax() || error.is_eof() => {
            return Err(SbomError::Malformed { line: Some(error.line()), detail: format!("not JSON: {error}") });
        }
        (None, _) => return Err(SbomError::Other),
    };
    let listing = match format {
        Format::CycloneDx(_) => document.components,
        Format::Spdx(_) => document.packages.into_listing(),
        Format::Syft(_) => document.artifacts,
    };
    let broken = broken.map(|error| Complaint { line: Some(error.line()), detail: error.to_string() });
    Ok(listing.finish(format, broken))
}

/// A document as it is read: what it is may be said after what it lists.
struct Document<'l> {
    bom_format: Option<String>,
    spec_version: Option<String>,
    spdx_version: Option<String>,
    syft_version: Option<String>,
    is_spdx_3: bool,
    components: Listing<'l>,
    packages: spdx::Packages<'l>,
    artifacts: Listing<'l>,
}

impl<'l> Document<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            bom_format: None,
            spec_version: None,
            spdx_version: None,
            syft_version: None,
            is_spdx_3: false,
            components: Listing::new(limits),
            packages: spdx::Packages::new(limits),
            artifacts: Listing::new(limits),
        }
    }

    /// What the document is, as far as it has said so.
    fn format(&self) -> Option<Result<Format, SbomError>> {
        if self.bom_format.as_deref() == Some("CycloneDX") {
            return self.spec_version.as_deref().map(Format::cyclonedx);
        }
        let syft = || Some(Ok(Format::Syft(self.syft_version.clone()?)));
        let spdx_3 = || self.is_spdx_3.then(|| Err(SbomError::Unread("SPDX 3".to_owned())));
        self.spdx_version.as_deref().and_then(Format::spdx).or_else(syft).or_else(spdx_3)
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
                "@context" => self.is_spdx_3 = map.next_value::<&RawValue>()?.get().contains("spdx.org/rdf/3."),
                "schema" | "Schema" => self.syft_version = syft::version(map.next_value()?),
                "metadata" => cyclonedx::read_metadata(map.next_value()?, &mut self.components),
                "components" => {
                    map.next_value_seed(Elements(|element| cyclonedx::read_component(element, &mut self.components)))?
                }
                "packages" => map.next_value_seed(Elements(|element| self.packages.read(element)))?,
                "artifacts" | "Artifacts" => {
                    map.next_value_seed(Elements(|element| syft::read_artifact(element, &mut self.artifacts)))?
                }
                "relationships" => map.next_value_seed(Elements(|element| self.packages.relate(element)))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A text of a moderate length; anything else is as good as nothing.
fn text(raw: &RawValue) -> Option<String> {
    moderate(&serde_json::from_str::<String>(raw.get()).ok()?)
}

/// Goes through a list, one element at a time: a list of nothings is not held whole.
pub(super) fn each<'a>(list: &'a RawValue, of_each: impl FnMut(&'a RawValue)) -> serde_json::Result<()> {
    Elements(of_each).deserialize(&mut serde_json::Deserializer::from_str(list.get()))
}

/// The elements of a list, one at a time. What Go writes of an empty list may be `null`.
struct Elements<F>(F);

impl<'de, F: FnMut(&'de RawValue)> DeserializeSeed<'de> for Elements<F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Elements<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            (self.0)(element);
        }
        Ok(())
    }
}
