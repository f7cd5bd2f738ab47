//! Packages as they are found, and the keys by which advisories speak of them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Ecosystem;

/// What kind of package it is; the purl specification's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PackageType {
    /// A Debian package, also in Debian's derivatives.
    Deb,
    /// An Alpine package.
    Apk,
    /// A Python distribution.
    Pypi,
    /// A Node.js package.
    Npm,
    /// A Rust crate.
    Cargo,
}

impl PackageType {
    /// The purl type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Apk => "apk",
            Self::Pypi => "pypi",
            Self::Npm => "npm",
            Self::Cargo => "cargo",
        }
    }

    /// The type that [`PackageType::as_str`] names.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Deb, Self::Apk, Self::Pypi, Self::Npm, Self::Cargo].into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it is a distribution's package: its ecosystem then depends on the operating system that it lies in.
    pub const fn is_distribution(self) -> bool {
        matches!(self, Self::Deb | Self::Apk)
    }

    /// The language ecosystem of the type, or `None` where the operating system decides.
    pub fn language_ecosystem(self) -> Option<Ecosystem> {
        match self {
            Self::Deb | Self::Apk => None,
            Self::Pypi => Some(Ecosystem::new("PyPI")),
            Self::Npm => Some(Ecosystem::new("npm")),
            Self::Cargo => Some(Ecosystem::new("crates.io")),
        }
    }
}

impl fmt::Display for PackageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The source package that a distribution's binary package was built from: advisories name sources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SourcePackage {
    /// The source package's name.
    pub name: String,
    /// The source package's version (for Debian it may differ from the binary's, as in binNMUs).
    pub version: String,
}

/// A package as an analyser found it in a file, before anything is known of the image around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Package {
    /// The purl type.
    #[serde(rename = "type")]
    pub kind: PackageType,
    /// The name in its ecosystem's own spelling, normalised where the ecosystem says how (PyPI: PEP 503). npm scopes are
    /// part of it (`@angular/core`).
    pub name: String,
    /// The version as written.
    pub version: String,
    /// The source package, where the distribution names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SourcePackage>,
    /// The architecture as the distribution spells it (`amd64`, `all`, `x86_64`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// The licence as the package states it, not yet read as an SPDX expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
}

impl Package {
    /// A package with the three things that every package has.
    pub fn new(kind: PackageType, name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { kind, name: name.into(), version: version.into(), source: None, architecture: None, license: None }
    }

    /// The package URL. For a distribution's package `distribution` is the os-release `ID` (`debian`) and
    /// `distribution_version` its `VERSION_ID`; both are ignored for language packages.
    ///
    /// Source: the purl specification and its type definitions. Text that cannot be a purl gives `None`.
    pub fn purl(&self, distribution: Option<&str>, distribution_version: Option<&str>) -> Option<String> {
        let (namespace, name) = match self.name.rsplit_once('/') {
            Some((namespace, name)) if self.kind == PackageType::Npm => (Some(namespace), name),
            _ => (None, self.name.as_str()),
        };
        let mut purl = packageurl::PackageUrl::new(self.kind.as_str(), name.to_owned()).ok()?;
        let namespace = if self.kind.is_distribution() { distribution } else { namespace };
        if let Some(namespace) = namespace {
            purl.with_namespace(namespace.to_owned()).ok()?;
        }
        purl.with_version(self.version.clone()).ok()?;
        if self.kind.is_distribution() {
            if let Some(architecture) = &self.architecture {
                purl.add_qualifier("arch", architecture.clone()).ok()?;
            }
            if let (Some(distribution), Some(version)) = (distribution, distribution_version) {
                purl.add_qualifier("distro", format!("{distribution}-{version}")).ok()?;
            }
        }
        Some(purl.to_string())
    }

    /// The name that advisories use: the source package's for distributions, else the package's own.
    pub fn advisory_name(&self) -> &str {
        self.source.as_ref().map_or(&self.name, |source| &source.name)
    }

    /// The version that advisories speak of: the source package's for distributions, else the package's own.
    pub fn advisory_version(&self) -> &str {
        self.source.as_ref().map_or(&self.version, |source| &source.version)
    }
}

/// What an advisory is looked up by: an ecosystem with its release and a package name in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PackageKey {
    /// The ecosystem, with its release where it has one.
    pub ecosystem: Ecosystem,
    /// The name: the source package's for distributions.
    pub package: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purls_follow_the_type_definitions() {
        let deb =
            Package { architecture: Some("amd64".into()), ..Package::new(PackageType::Deb, "libc6", "2.36-9+deb12u4") };
        let cases = [
            (deb.purl(Some("debian"), Some("12")), "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12"),
            (
                Package::new(PackageType::Npm, "@angular/core", "1.0.0").purl(None, None),
                "pkg:npm/%40angular/core@1.0.0",
            ),
            (Package::new(PackageType::Pypi, "django", "3.2").purl(Some("debian"), None), "pkg:pypi/django@3.2"),
        ];
        for (purl, expected) in cases {
            assert_eq!(purl.as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_distribution_package_is_looked_up_by_its_source() {
        let mut package = Package::new(PackageType::Deb, "libpcre2-8-0", "10.42-1");
        assert_eq!((package.advisory_name(), package.advisory_version()), ("libpcre2-8-0", "10.42-1"));
        package.source = Some(SourcePackage { name: "pcre2".into(), version: "10.42-1+x".into() });
        assert_eq!((package.advisory_name(), package.advisory_version()), ("pcre2", "10.42-1+x"));
    }
}
