//! Package URLs of others, read back into packages.
//!
//! Source: the purl specification and its type definitions.

use crate::{Package, PackageType};

/// Why a package URL names no package.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PurlError {
    /// It does not follow the specification.
    #[error("not a package URL: {0}")]
    Malformed(String),
    /// Of a type that is none of [`PackageType`]: `github`, `oci`, `docker`.
    #[error("packages of type '{0}' are not known")]
    UnknownType(String),
    /// It names every version.
    #[error("the package URL names no version")]
    WithoutVersion,
}

impl Package {
    /// The package that a package URL names; `version` counts where the URL has none.
    ///
    /// A namespace is kept where it is a part of the name (Maven, npm, Composer, Go, Swift). What else it says, such as the distribution, is not:
    /// a package goes by the image that it lies in.
    ///
    /// # Errors
    /// See [`PurlError`].
    pub fn from_purl(text: &str, version: Option<&str>) -> Result<Self, PurlError> {
        let malformed = |error: packageurl::Error| PurlError::Malformed(error.to_string().chars().take(120).collect());
        let purl: packageurl::PackageUrl<'static> = text.parse().map_err(malformed)?;
        let kind = PackageType::parse(purl.ty()).ok_or_else(|| PurlError::UnknownType(purl.ty().to_owned()))?;
        let named = |text: &&str| !text.is_empty();
        let version = purl.version().filter(named).or(version.filter(named)).ok_or(PurlError::WithoutVersion)?;
        let name = match (kind, kind.namespace_separator(), purl.namespace(), purl.subpath()) {
            (_, Some(separator), Some(namespace), _) => format!("{namespace}{separator}{}", purl.name()),
            (PackageType::Cocoapods, _, _, Some(subspec)) => format!("{}/{subspec}", purl.name()),
            (PackageType::Pypi, ..) => pep_503(purl.name()),
            _ => purl.name().to_owned(),
        };
        let qualifier = |name: &str| purl.qualifiers().get(name).map(|value| value.as_ref()).filter(named);
        let version = match qualifier("epoch").filter(|_| kind == PackageType::Rpm) {
            Some(epoch) => format!("{epoch}:{version}"),
            None => version.to_owned(),
        };
        let architecture = qualifier("arch").filter(|_| kind.is_distribution()).map(str::to_owned);
        Ok(Self { architecture, ..Self::new(kind, name, version) })
    }
}

/// Lower case, with one hyphen for each run of `-`, `_` and `.`.
fn pep_503(name: &str) -> String {
    let parts: Vec<&str> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
    parts.join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purl_reads_back_as_the_package_that_it_was_written_of() {
        let rpm =
            Package { architecture: Some("x86_64".into()), ..Package::new(PackageType::Rpm, "bind", "32:9.16-1") };
        let packages = [
            rpm,
            Package::new(PackageType::Npm, "@angular/core", "1.0.0"),
            Package::new(PackageType::Maven, "org.slf4j:slf4j-api", "2.0.7"),
            Package::new(PackageType::Golang, "github.com/gorilla/mux", "v1.8.0"),
            Package::new(PackageType::Golang, "stdlib", "1.22.1"),
            Package::new(PackageType::Composer, "symfony/yaml", "6.0.0"),
            Package::new(PackageType::Swift, "github.com/apple/swift-nio", "2.0.0"),
            Package::new(PackageType::Nuget, "Newtonsoft.Json", "13.0.1"),
            Package::new(PackageType::Bitnami, "apache", "2.4.57-0"),
        ];
        for package in packages {
            let purl = package.purl(Some("rhel"), Some("9.2")).unwrap();
            assert_eq!(Package::from_purl(&purl, None), Ok(package), "{purl}");
        }
    }

    #[test]
    fn names_are_spelled_as_their_ecosystem_does() {
        let cases = [
            ("pkg:pypi/Zope.Interface@5", "zope-interface", "5"),
            ("pkg:pypi/a__b", "a-b", "9"),
            ("pkg:cocoapods/GoogleUtilities@7.5.2#NSData+zlib", "GoogleUtilities/NSData+zlib", "7.5.2"),
            ("pkg:golang/google.golang.org/genproto@v1#googleapis/api", "google.golang.org/genproto", "v1"),
            ("pkg:cpan/DROLSKY/DateTime@1.55", "DateTime", "1.55"),
            ("pkg:generic/openjdk@17?checksum=sha1:ad9503c3e994a4f", "openjdk", "17"),
            ("pkg:npm/lodash@", "lodash", "9"),
        ];
        for (purl, name, version) in cases {
            let package = Package::from_purl(purl, Some("9")).unwrap();
            assert_eq!((package.name.as_str(), package.version.as_str()), (name, version), "{purl}");
        }
    }

    #[test]
    fn what_names_no_package_says_why() {
        let unknown = PurlError::UnknownType("oci".into());
        assert_eq!(Package::from_purl("pkg:oci/debian@sha256:1", None), Err(unknown));
        assert_eq!(Package::from_purl("pkg:npm/lodash", Some("")), Err(PurlError::WithoutVersion));
        for text in ["", "lodash", "pkg:", "pkg:npm", "pkg:npm/", "pkg:swift/nio@1", "pkg:cargo/a/b@1", "pkg:npm/%ff@1"]
        {
            let error = Package::from_purl(text, Some("1")).unwrap_err();
            assert!(matches!(error, PurlError::Malformed(_)), "{text}: {error}");
        }
    }
}
