//! SPDX, read: what a document says of its packages, and its JSON.

use std::collections::HashSet;

use plimsoll_model::Package;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::each;
use super::listing::{Limits, Listing};

/// What is read of a package.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stated<'a> {
    #[serde(rename = "SPDXID")]
    pub id: Option<String>,
    pub version_info: Option<String>,
    pub license_declared: Option<String>,
    pub license_concluded: Option<String>,
    #[serde(borrow)]
    external_refs: Option<&'a RawValue>,
    pub primary_package_purpose: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExternalRef {
    reference_type: Option<String>,
    reference_locator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: String,
}

/// Relationships of what does not run.
const FOR_DEVELOPING: [&str; 5] =
    ["DEV_DEPENDENCY_OF", "DEV_TOOL_OF", "TEST_DEPENDENCY_OF", "TEST_TOOL_OF", "BUILD_TOOL_OF"];

/// A document's packages by their ids: relationships say which of them are for developing, and may come first or last.
pub(super) struct Packages<'l> {
    pub listing: Listing<'l>,
    packages: Vec<(Option<String>, Package)>,
    for_developing: HashSet<String>,
}

impl<'l> Packages<'l> {
    pub fn new(limits: &'l Limits) -> Self {
        Self { listing: Listing::new(limits), packages: Vec::new(), for_developing: HashSet::new() }
    }

    /// One package of a document in JSON.
    pub fn read(&mut self, package: &RawValue) {
        match serde_json::from_str::<Stated<'_>>(package.get()) {
            Ok(stated) => {
                let purl = stated.external_refs.and_then(purl);
                self.add(stated, purl.as_deref());
            }
            Err(error) => self.listing.complain(format!("a package: {error}")),
        }
    }

    /// One package, with its package URL.
    pub fn add(&mut self, stated: Stated<'_>, purl: Option<&str>) {
        if stated.primary_package_purpose.as_deref() == Some("SOURCE") {
            // What another package was built of.
            self.listing.passed_over.for_developing += 1;
            return;
        }
        let is_stated = |license: &String| !matches!(license.as_str(), "NONE" | "NOASSERTION" | "");
        let license = stated.license_declared.filter(is_stated).or(stated.license_concluded.filter(is_stated));
        let found = self.listing.package(purl, stated.version_info.as_deref(), license);
        match found {
            Some(package) if self.packages.len() <= self.listing.limits().packages => {
                self.packages.push((stated.id, package));
            }
            _ => {}
        }
    }

    /// One relationship of a document in JSON. What is wrong with it loses no package.
    pub fn relate(&mut self, relationship: &RawValue) {
        if let Ok(relationship) = serde_json::from_str::<Relationship>(relationship.get()) {
            self.add_relationship(relationship.spdx_element_id, &relationship.relationship_type);
        }
    }

    /// Of which kind a relationship of an element is.
    pub fn add_relationship(&mut self, element: String, kind: &str) {
        let is_room = self.for_developing.len() < self.listing.limits().packages;
        if is_room && FOR_DEVELOPING.contains(&kind) {
            self.for_developing.insert(element);
        }
    }

    /// Without those for developing.
    pub fn into_listing(self) -> Listing<'l> {
        let mut listing = self.listing;
        for (id, package) in self.packages {
            if id.is_some_and(|id| self.for_developing.contains(&id)) {
                listing.passed_over.for_developing += 1;
            } else {
                listing.push(package);
            }
        }
        listing
    }
}

/// The first package URL among the references.
fn purl(references: &RawValue) -> Option<String> {
    let mut purl = None;
    // A list that is broken elsewhere still says what it says.
    let _ = each(references, |reference| {
        if purl.is_none()
            && let Ok(reference) = serde_json::from_str::<ExternalRef>(reference.get())
        {
            let is_purl = reference.reference_type.as_deref() == Some("purl");
            purl = reference.reference_locator.filter(|_| is_purl);
        }
    });
    purl
}
