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
    /// An Alpine package, also in Wolfi and Chainguard.
    Apk,
    /// An RPM package.
    Rpm,
    /// An Arch Linux package.
    Alpm,
    /// A Python distribution.
    Pypi,
    /// A Node.js package.
    Npm,
    /// A Rust crate.
    Cargo,
    /// A Ruby gem.
    Gem,
    /// A Maven artifact; its name is `group:artifact`.
    Maven,
    /// A PHP package; its name is `vendor/package`.
    Composer,
    /// A .NET package.
    Nuget,
    /// A Go module; its name is the module path. The toolchain is `stdlib`.
    Golang,
    /// An R package.
    Cran,
    /// A Lua rock.
    Luarocks,
    /// A Perl distribution.
    Cpan,
    /// An Erlang or Elixir package.
    Hex,
    /// A Dart package.
    Pub,
    /// A Swift package; its name is the repository's address without scheme and `.git`.
    Swift,
    /// A CocoaPods pod; a subspec is part of the name (`Pod/Sub`).
    Cocoapods,
    /// A C or C++ package of Conan.
    Conan,
    /// A Conda package.
    Conda,
    /// A Haskell package.
    Hackage,
    /// A component of a Bitnami image.
    Bitnami,
    /// A program without a package manager, known by what it says of itself.
    Generic,
}

impl PackageType {
    /// Every type.
    pub const ALL: [Self; 24] = [
        Self::Deb,
        Self::Apk,
        Self::Rpm,
        Self::Alpm,
        Self::Pypi,
        Self::Npm,
        Self::Cargo,
        Self::Gem,
        Self::Maven,
        Self::Composer,
        Self::Nuget,
        Self::Golang,
        Self::Cran,
        Self::Luarocks,
        Self::Cpan,
        Self::Hex,
        Self::Pub,
        Self::Swift,
        Self::Cocoapods,
        Self::Conan,
        Self::Conda,
        Self::Hackage,
        Self::Bitnami,
        Self::Generic,
    ];

    /// The purl type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::Alpm => "alpm",
            Self::Pypi => "pypi",
            Self::Npm => "npm",
            Self::Cargo => "cargo",
            Self::Gem => "gem",
            Self::Maven => "maven",
            Self::Composer => "composer",
            Self::Nuget => "nuget",
            Self::Golang => "golang",
            Self::Cran => "cran",
            Self::Luarocks => "luarocks",
            Self::Cpan => "cpan",
            Self::Hex => "hex",
            Self::Pub => "pub",
            Self::Swift => "swift",
            Self::Cocoapods => "cocoapods",
            Self::Conan => "conan",
            Self::Conda => "conda",
            Self::Hackage => "hackage",
            Self::Bitnami => "bitnami",
            Self::Generic => "generic",
        }
    }

    /// The type that [`PackageType::as_str`] names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether it is a distribution's package: its ecosystem then depends on the operating system that it lies in.
    pub const fn is_distribution(self) -> bool {
        matches!(self, Self::Deb | Self::Apk | Self::Rpm | Self::Alpm)
    }

    /// The ecosystem of the type by OSV's name, `generic` of programs without a package, or `None` where the operating system decides or nobody's
    /// advisories speak of such packages.
    pub fn language_ecosystem(self) -> Option<Ecosystem> {
        let name = match self {
            Self::Pypi => "PyPI",
            Self::Npm => "npm",
            Self::Cargo => "crates.io",
            Self::Gem => "RubyGems",
            Self::Maven => "Maven",
            Self::Composer => "Packagist",
            Self::Nuget => "NuGet",
            Self::Golang => "Go",
            Self::Cran => "CRAN",
            Self::Hex => "Hex",
            Self::Pub => "Pub",
            Self::Swift => "SwiftURL",
            Self::Conan => "ConanCenter",
            Self::Hackage => "Hackage",
            Self::Bitnami => "Bitnami",
            Self::Generic => "generic",
            Self::Deb
            | Self::Apk
            | Self::Rpm
            | Self::Alpm
            | Self::Luarocks
            | Self::Cpan
            | Self::Cocoapods
            | Self::Conda => return None,
        };
        Some(Ecosystem::new(name))
    }

    /// Where the package's name divides into the purl's namespace and name, which [`Package::name`] has in one.
    pub(crate) const fn namespace_separator(self) -> Option<char> {
        match self {
            Self::Maven => Some(':'),
            Self::Npm | Self::Composer | Self::Golang | Self::Swift => Some('/'),
            _ => None,
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

/// Who made a package of a distribution's kind, by its own words, where these name nobody who is known to be a distribution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Vendor {
    /// A third party: the distribution's advisories do not speak of the package.
    ThirdParty(String),
    /// A third party, if all packages of the distribution name their maker. Only until an inventory is made, where the distribution is known.
    Unrecognised(String),
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
    /// The module stream that it was built in (`nodejs:18:8080020230906:abcd`; RPM's `Modularitylabel`): it is judged within its stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// Who made it, where that is not the distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Vendor>,
    /// Where it lies within the file that was read, `BOOT-INF/lib/x.jar!/META-INF/MANIFEST.MF`, where that is an archive. Only until an inventory is made,
    /// whose paths have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
}

impl Package {
    /// A package with the three things that every package has.
    pub fn new(kind: PackageType, name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            version: version.into(),
            source: None,
            architecture: None,
            license: None,
            module: None,
            vendor: None,
            within: None,
        }
    }

    /// The package URL. For a distribution's package `distribution` is the os-release `ID` (`debian`) and
    /// `distribution_version` its `VERSION_ID`; both are ignored for language packages. A third party's package is in no release of the
    /// distribution and gets no version; the namespace must be there.
    ///
    /// Source: the purl specification and its type definitions. Text that cannot be a purl gives `None`.
    pub fn purl(&self, distribution: Option<&str>, distribution_version: Option<&str>) -> Option<String> {
        let divided = self.kind.namespace_separator().and_then(|separator| self.name.rsplit_once(separator));
        let (namespace, name) = divided.map_or((None, self.name.as_str()), |(namespace, name)| (Some(namespace), name));
        let mut purl = packageurl::PackageUrl::new(self.kind.as_str(), name.to_owned()).ok()?;
        let namespace = if self.kind.is_distribution() { distribution } else { namespace };
        if let Some(namespace) = namespace.filter(|namespace| !namespace.is_empty()) {
            purl.with_namespace(namespace.to_owned()).ok()?;
        }
        // An RPM's epoch is a qualifier of its purl, and a part of its version everywhere else.
        let (epoch, version) = match self.version.split_once(':') {
            Some((epoch, version)) if self.kind == PackageType::Rpm => (Some(epoch), version),
            _ => (None, self.version.as_str()),
        };
        purl.with_version(version.to_owned()).ok()?;
        if let Some(epoch) = epoch {
            purl.add_qualifier("epoch", epoch.to_owned()).ok()?;
        }
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

    /// The third party that made a package of a distribution's kind.
    pub fn third_party(&self) -> Option<&str> {
        match &self.vendor {
            Some(Vendor::ThirdParty(name)) => Some(name),
            Some(Vendor::Unrecognised(_)) | None => None,
        }
    }

    /// The name and the version that an ecosystem's advisories speak of: mostly the source package's for distributions, else the package's own.
    pub fn advised_as(&self, ecosystem: Option<&Ecosystem>) -> (&str, &str) {
        match &self.source {
            Some(source) if !ecosystem.is_some_and(Ecosystem::names_installed_packages) => {
                (&source.name, &source.version)
            }
            _ => (&self.name, &self.version),
        }
    }
}

/// The module and stream, `nodejs:18`, of a label that names its build too, `nodejs:18:8080020230906:abcd`.
pub fn module_stream(label: &str) -> &str {
    let mut colons = label.match_indices(':').map(|(place, _)| place);
    colons.nth(1).and_then(|place| label.get(..place)).unwrap_or(label)
}

/// What an advisory is looked up by: an ecosystem with its release and a package name in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct PackageKey {
    /// The ecosystem, with its release where it has one.
    pub ecosystem: Ecosystem,
    /// The name that the ecosystem's advisories use: mostly the source package's for distributions.
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
            (
                Package::new(PackageType::Maven, "org.slf4j:slf4j-api", "2.0.7").purl(None, None),
                "pkg:maven/org.slf4j/slf4j-api@2.0.7",
            ),
            (
                Package::new(PackageType::Golang, "github.com/gorilla/mux", "v1.8.0").purl(None, None),
                "pkg:golang/github.com/gorilla/mux@v1.8.0",
            ),
            (
                Package::new(PackageType::Rpm, "bind-libs", "32:9.16.23-1.el9").purl(Some("rhel"), Some("9.2")),
                "pkg:rpm/rhel/bind-libs@9.16.23-1.el9?distro=rhel-9.2&epoch=32",
            ),
        ];
        for (purl, expected) in cases {
            assert_eq!(purl.as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_stream_is_its_module_and_name() {
        for (label, stream) in [
            ("nodejs:18:8080020230906:abcd", "nodejs:18"),
            ("container-tools:rhel8:8080020230906:abcd:x", "container-tools:rhel8"),
            ("nodejs:18", "nodejs:18"),
            ("nodejs", "nodejs"),
            ("", ""),
        ] {
            assert_eq!(module_stream(label), stream, "{label}");
        }
    }

    #[test]
    fn a_distribution_package_is_looked_up_as_its_advisories_name_it() {
        let mut package = Package::new(PackageType::Rpm, "openssl-libs", "1:3.0.7-27.el9");
        assert_eq!(package.advised_as(None), ("openssl-libs", "1:3.0.7-27.el9"));
        package.source = Some(SourcePackage { name: "openssl".into(), version: "1:3.0.7-27.el9_x".into() });
        for (ecosystem, expected) in [
            ("Rocky Linux:9", ("openssl", "1:3.0.7-27.el9_x")),
            ("Debian:12", ("openssl", "1:3.0.7-27.el9_x")),
            ("AlmaLinux:9", ("openssl-libs", "1:3.0.7-27.el9")),
            ("Oracle Linux:9", ("openssl-libs", "1:3.0.7-27.el9")),
            ("Photon OS:4.0", ("openssl", "1:3.0.7-27.el9_x")),
        ] {
            assert_eq!(package.advised_as(Some(&ecosystem.parse().unwrap())), expected, "{ecosystem}");
        }
    }
}
