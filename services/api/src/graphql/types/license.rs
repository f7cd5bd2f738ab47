//! Licences of packages, as SPDX expressions where they can be read as such.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{Result, SimpleObject};
use plimsoll_licenses::License;
use plimsoll_model::{ImageId, PackageType};

use crate::graphql::loaders::LicensesOf;
use crate::graphql::tenant::Tenant;

/// A licence in an image. One of `expression` and `text` at least is there, but for packages that state none.
#[derive(SimpleObject)]
pub struct ImageLicense {
    /// The SPDX expression.
    expression: Option<String>,
    /// What is stated and is no expression, or may be one of several licences.
    text: Option<String>,
    /// How many package versions have it.
    packages: i64,
}

/// What a package of a type states.
pub fn read(kind: &str, stated: &str) -> License {
    plimsoll_licenses::read(stated, PackageType::parse(kind).unwrap_or(PackageType::Generic))
}

/// The licences of an image's packages, the most frequent first.
pub async fn of_image(tenant: &Arc<Tenant>, image: ImageId) -> Result<Vec<ImageLicense>> {
    let mut counts: BTreeMap<(Option<String>, Option<String>), i64> = BTreeMap::new();
    for stated in tenant.load(LicensesOf(image)).await?.unwrap_or_default() {
        let license = stated.license.map(|license| read(&stated.kind, &license));
        let license = license.map_or((None, None), |license| (license.expression, license.text));
        *counts.entry(license).or_default() += stated.packages;
    }
    let license = |((expression, text), packages)| ImageLicense { expression, text, packages };
    let mut licenses: Vec<ImageLicense> = counts.into_iter().map(license).collect();
    licenses.sort_by_key(|license| std::cmp::Reverse(license.packages));
    Ok(licenses)
}
