//! What Syft writes of its own, read. Buildpacks write an early form of it themselves, in which names begin with a capital.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::cyclonedx::{LICENSES, all_of};
use super::json::each;
use super::listing::Listing;
use super::moderate;

#[derive(Deserialize)]
struct Schema {
    #[serde(alias = "Version")]
    version: String,
    #[serde(alias = "URL")]
    url: String,
}

/// What is read of a package.
#[derive(Deserialize)]
struct Artifact<'a> {
    #[serde(alias = "PURL")]
    purl: Option<String>,
    #[serde(alias = "Version")]
    version: Option<String>,
    #[serde(borrow, alias = "Licenses")]
    licenses: Option<&'a RawValue>,
}

/// A licence, as a text or with what it was made of.
#[derive(Deserialize)]
#[serde(untagged)]
enum License {
    Text(String),
    Parts {
        #[serde(rename = "spdxExpression")]
        expression: Option<String>,
        value: Option<String>,
    },
}

/// The version of Syft's schema, if the document says that it follows it.
pub(super) fn version(schema: &RawValue) -> Option<String> {
    let schema: Schema = serde_json::from_str(schema.get()).ok()?;
    moderate(&schema.version).filter(|_| schema.url.contains("anchore/syft/"))
}

/// One package.
pub(super) fn read_artifact(artifact: &RawValue, listing: &mut Listing<'_>) {
    let artifact: Artifact<'_> = match serde_json::from_str(artifact.get()) {
        Ok(artifact) => artifact,
        Err(error) => return listing.complain(format!("an artifact: {error}")),
    };
    // Where it knows no package URL, it writes an empty one.
    let purl = artifact.purl.filter(|purl| !purl.is_empty());
    let license = artifact.licenses.and_then(license);
    let found = listing.package(purl.as_deref(), artifact.version.as_deref(), license);
    found.into_iter().for_each(|package| listing.push(package));
}

/// All licences, of which each holds.
fn license(licenses: &RawValue) -> Option<String> {
    let mut stated = Vec::new();
    // A list that is broken elsewhere still says what it says.
    let _ = each(licenses, |license| {
        let license = match serde_json::from_str(license.get()) {
            Ok(License::Text(text)) => Some(text),
            Ok(License::Parts { expression, value }) => expression.filter(|text| !text.is_empty()).or(value),
            Err(_) => None,
        };
        if stated.len() < LICENSES {
            stated.extend(license.filter(|license| !license.trim().is_empty()));
        }
    });
    all_of(stated)
}
