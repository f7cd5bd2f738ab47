//! The list of version schemes, and which ecosystem uses which.

use std::fmt;

use plimsoll_model::{Ecosystem, PackageType};

/// A way of ordering versions. One file each in `schemes/`; to add one, see the README.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// Debian's, `epoch:upstream-revision`.
    Dpkg,
    /// Alpine's.
    Apk,
    /// RPM's, `epoch:version-release`.
    Rpm,
    /// Semantic Versioning's precedence.
    Semver,
    /// npm's: the same order as [`Scheme::Semver`], under the name that npm's tools and our users know.
    Npm,
    /// Python's, with the older setuptools order for what PEP 440 does not read.
    Pep440,
    /// Maven's.
    Maven,
    /// RubyGems'.
    Rubygems,
    /// NuGet's.
    Nuget,
    /// Composer's.
    Composer,
    /// R's.
    Cran,
    /// Haskell's.
    Hackage,
    /// Dart's: as [`Scheme::Semver`], except that build metadata counts.
    Pub,
    /// Conan's.
    Conan,
    /// What most programs without a scheme of their own mean.
    Generic,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Self; 15] = [
        Self::Dpkg,
        Self::Apk,
        Self::Rpm,
        Self::Semver,
        Self::Npm,
        Self::Pep440,
        Self::Maven,
        Self::Rubygems,
        Self::Nuget,
        Self::Composer,
        Self::Cran,
        Self::Hackage,
        Self::Pub,
        Self::Conan,
        Self::Generic,
    ];

    /// Its name, as stored and shown.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dpkg => "dpkg",
            Self::Apk => "apk",
            Self::Rpm => "rpm",
            Self::Semver => "semver",
            Self::Npm => "npm",
            Self::Pep440 => "pep440",
            Self::Maven => "maven",
            Self::Rubygems => "rubygems",
            Self::Nuget => "nuget",
            Self::Composer => "composer",
            Self::Cran => "cran",
            Self::Hackage => "hackage",
            Self::Pub => "pub",
            Self::Conan => "conan",
            Self::Generic => "generic",
        }
    }

    /// The scheme that [`Scheme::name`] names.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }

    /// The ecosystems (OSV schema, "Defined ecosystems", without release) whose versions it orders.
    pub const fn ecosystems(self) -> &'static [&'static str] {
        match self {
            Self::Dpkg => &["Debian", "Ubuntu"],
            Self::Apk => &["Alpine", "Wolfi", "Chainguard", "MinimOS"],
            Self::Rpm => &[
                "AlmaLinux",
                "Amazon Linux",
                "Azure Linux",
                "Fedora",
                "Mageia",
                "openEuler",
                "openSUSE",
                "Oracle Linux",
                "Photon OS",
                "Red Hat",
                "Rocky Linux",
                "SUSE",
            ],
            Self::Semver => &["crates.io", "Go", "Hex", "SwiftURL", "GitHub Actions", "Julia", "Kubernetes", "VSCode"],
            Self::Npm => &["npm"],
            Self::Pep440 => &["PyPI"],
            Self::Maven => &["Maven"],
            Self::Rubygems => &["RubyGems"],
            Self::Nuget => &["NuGet"],
            Self::Composer => &["Packagist"],
            Self::Cran => &["CRAN", "Bioconductor"],
            Self::Hackage => &["Hackage", "GHC"],
            Self::Pub => &["Pub"],
            Self::Conan => &["ConanCenter"],
            Self::Generic => &["Bitnami", "Linux", "generic"],
        }
    }

    /// The scheme of an ecosystem, whatever the release; `None` where we do not have its order.
    pub fn for_ecosystem(ecosystem: &Ecosystem) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.ecosystems().contains(&ecosystem.name()))
    }

    /// The scheme of a package: its ecosystem's, else that of its type, which orders a package of an unknown operating system too.
    pub fn for_package(kind: PackageType, ecosystem: Option<&Ecosystem>) -> Option<Self> {
        ecosystem.and_then(Self::for_ecosystem).or_else(|| match kind {
            PackageType::Deb => Some(Self::Dpkg),
            PackageType::Apk => Some(Self::Apk),
            PackageType::Rpm => Some(Self::Rpm),
            PackageType::Generic => Some(Self::Generic),
            _ => kind.language_ecosystem().as_ref().and_then(Self::for_ecosystem),
        })
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The scheme declared after `scheme`. A new variant does not compile until it has its place here.
    fn next(scheme: Scheme) -> Option<Scheme> {
        match scheme {
            Scheme::Dpkg => Some(Scheme::Apk),
            Scheme::Apk => Some(Scheme::Rpm),
            Scheme::Rpm => Some(Scheme::Semver),
            Scheme::Semver => Some(Scheme::Npm),
            Scheme::Npm => Some(Scheme::Pep440),
            Scheme::Pep440 => Some(Scheme::Maven),
            Scheme::Maven => Some(Scheme::Rubygems),
            Scheme::Rubygems => Some(Scheme::Nuget),
            Scheme::Nuget => Some(Scheme::Composer),
            Scheme::Composer => Some(Scheme::Cran),
            Scheme::Cran => Some(Scheme::Hackage),
            Scheme::Hackage => Some(Scheme::Pub),
            Scheme::Pub => Some(Scheme::Conan),
            Scheme::Conan => Some(Scheme::Generic),
            Scheme::Generic => None,
        }
    }

    #[test]
    fn every_scheme_is_in_the_list_and_reads_back_from_its_name() {
        let declared: Vec<_> = std::iter::successors(Some(Scheme::Dpkg), |scheme| next(*scheme)).collect();
        assert_eq!(declared, Scheme::ALL);
        for scheme in Scheme::ALL {
            assert_eq!(Scheme::parse(scheme.name()), Some(scheme));
        }
        assert_eq!(Scheme::parse("Dpkg"), None);
    }

    #[test]
    fn the_readme_table_is_the_list() {
        let readme = include_str!("../README.md");
        for scheme in Scheme::ALL {
            let ecosystems = scheme.ecosystems().join(", ");
            let row = readme.lines().find(|line| line.starts_with(&format!("| `{scheme}` |")));
            assert!(row.is_some_and(|row| row.contains(&format!("| {ecosystems} |"))), "{scheme}: {ecosystems}");
        }
        assert_eq!(readme.lines().filter(|line| line.starts_with("| `")).count(), Scheme::ALL.len());
    }

    #[test]
    fn a_package_without_a_known_ecosystem_is_ordered_by_its_type() {
        for (kind, ecosystem, scheme) in [
            (PackageType::Deb, None, Some(Scheme::Dpkg)),
            (PackageType::Rpm, Some("Nobody's Linux:1"), Some(Scheme::Rpm)),
            (PackageType::Npm, None, Some(Scheme::Npm)),
            (PackageType::Generic, Some("PyPI"), Some(Scheme::Pep440)),
            (PackageType::Alpm, None, None),
        ] {
            let ecosystem = ecosystem.map(|text| text.parse::<Ecosystem>().unwrap());
            assert_eq!(Scheme::for_package(kind, ecosystem.as_ref()), scheme, "{kind} {ecosystem:?}");
        }
    }

    #[test]
    fn an_ecosystem_has_one_scheme_whatever_its_release() {
        let cases = [
            ("Debian:12", Some(Scheme::Dpkg)),
            ("Ubuntu:Pro:18.04:LTS", Some(Scheme::Dpkg)),
            ("Alpine:v3.19", Some(Scheme::Apk)),
            ("Wolfi", Some(Scheme::Apk)),
            ("PyPI", Some(Scheme::Pep440)),
            ("npm", Some(Scheme::Npm)),
            ("crates.io", Some(Scheme::Semver)),
            ("Go", Some(Scheme::Semver)),
            ("Maven", Some(Scheme::Maven)),
            ("Rocky Linux:9", Some(Scheme::Rpm)),
            ("Red Hat:9", Some(Scheme::Rpm)),
            ("SUSE:Linux Enterprise Server 15 SP5", Some(Scheme::Rpm)),
            ("FreeBSD", None),
            ("", None),
        ];
        for (ecosystem, scheme) in cases {
            assert_eq!(Scheme::for_ecosystem(&ecosystem.parse().unwrap()), scheme, "{ecosystem}");
        }
        for scheme in Scheme::ALL {
            for ecosystem in scheme.ecosystems() {
                assert_eq!(
                    Scheme::for_ecosystem(&Ecosystem::new(*ecosystem)),
                    Some(scheme),
                    "{ecosystem} is named twice"
                );
            }
        }
    }
}
