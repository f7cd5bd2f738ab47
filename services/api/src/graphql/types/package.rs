//! Distinct package versions.

use async_graphql::{ID, InputObject, Object};
use plimsoll_store::views::packages::{self, PackageFilter};
use uuid::Uuid;

use super::license;
use crate::graphql::global_id::GlobalId;

/// A package version. The same everywhere it is found.
#[derive(Clone)]
pub struct Package(pub packages::Package);

/// A package version. The same everywhere it is found.
#[Object]
impl Package {
    /// Global id.
    pub async fn id(&self) -> ID {
        // Two hexadecimal digits a byte, as the database wrote them.
        let digits = self.0.key.as_bytes().chunks_exact(2);
        let bytes = digits.filter_map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok());
        GlobalId::Package(bytes.collect()).encode()
    }

    /// The purl type: `deb`, `apk`, `rpm`, `pypi`, `npm`, `maven` and so on.
    #[graphql(name = "type")]
    async fn kind(&self) -> &str {
        &self.0.kind
    }

    /// Its name as installed.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Its version as installed.
    async fn version(&self) -> &str {
        &self.0.version
    }

    /// Its package URL.
    async fn purl(&self) -> Option<&str> {
        self.0.purl.as_deref()
    }

    /// Where its name and version have their meaning, as OSV names it: `PyPI`, `Debian:12`. Null where the operating system is not
    /// known, and of a third party's package in one that is: it is then not judged.
    async fn ecosystem(&self) -> Option<&str> {
        self.0.ecosystem.as_deref()
    }

    /// The source package that it was built from: advisories of distributions name that.
    async fn source_name(&self) -> Option<&str> {
        self.0.source_name.as_deref()
    }

    /// The source package's version.
    async fn source_version(&self) -> Option<&str> {
        self.0.source_version.as_deref()
    }

    /// The architecture as the distribution spells it.
    async fn architecture(&self) -> Option<&str> {
        self.0.architecture.as_deref()
    }

    /// The licence as the package states it.
    async fn license(&self) -> Option<&str> {
        self.0.license.as_deref()
    }

    /// The licence as an SPDX expression; null where what is stated is none, or may be one of several.
    async fn license_expression(&self) -> Option<String> {
        license::read(&self.0.kind, self.0.license.as_deref()?).expression
    }

    /// Why its version could not be judged; null where it could. Such a package is unknown, not unaffected.
    async fn unknown_reason(&self) -> Option<&str> {
        self.0.unknown_reason.as_deref()
    }
}

/// Which packages; what is not given does not matter.
#[derive(InputObject, Default)]
pub struct PackageFilterInput {
    /// Of this name, its own or its source package's.
    name: Option<String>,
    /// Of this version, as written.
    version: Option<String>,
    /// In this ecosystem, with or without the release: `Debian:12`, `Debian`.
    ecosystem: Option<String>,
    /// In this image: its id, its digest or a reference to it.
    pub image: Option<String>,
}

impl PackageFilterInput {
    /// The filter, in the image that was found for it.
    pub fn filter(self, image: Option<Uuid>) -> PackageFilter {
        PackageFilter { name: self.name, version: self.version, ecosystem: self.ecosystem, image }
    }
}
