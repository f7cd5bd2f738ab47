//! Package URLs as statements write them: a pattern that names packages.
//!
//! Source: the purl specification and its type definitions; OpenVEX 0.2.0, "Product identification": what a URL leaves out does not matter,
//! what it gives must be so.

use std::collections::BTreeMap;

use packageurl::PackageUrl;
use plimsoll_model::{Package, PackageType};

/// Longer ones name nothing.
const LONGEST: usize = 2_000;
/// Qualifiers that tell where a package came from or how it was found, and not which package it is.
const INCIDENTAL: [&str; 7] =
    ["upstream", "package-id", "file_name", "checksum", "checksums", "vcs_url", "download_url"];

/// The package URL by which statements speak of an installed package; a generic one for a name that has none.
pub fn package_url(purl: Option<&str>, name: &str, version: &str) -> String {
    let made = || Package::new(PackageType::Generic, name, version).purl(None, None).unwrap_or_default();
    purl.map_or_else(made, str::to_owned)
}

/// Packages, by a package URL; each part in one spelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagePattern {
    kind: String,
    namespace: String,
    name: String,
    version: Option<String>,
    qualifiers: BTreeMap<String, String>,
    subpath: Option<String>,
}

impl PackagePattern {
    /// The packages that a package URL names; `None` for what is no package URL.
    pub fn read(purl: &str) -> Option<Self> {
        if purl.len() > LONGEST {
            return None;
        }
        let purl: PackageUrl<'_> = purl.parse().ok()?;
        let kind = purl.ty().to_ascii_lowercase();
        let named = |text: &&str| !text.is_empty();
        let namespace = spelled(&kind, purl.namespace().unwrap_or_default());
        let mut qualifiers: BTreeMap<String, String> = purl
            .qualifiers()
            .iter()
            .map(|(key, value)| (key.to_ascii_lowercase(), value.to_string()))
            .filter(|(key, value)| !value.is_empty() && !INCIDENTAL.contains(&key.as_str()))
            .collect();
        let epoch = qualifiers.remove("epoch").filter(|epoch| kind == "rpm" && epoch != "0");
        if kind == "maven" && qualifiers.get("type").is_some_and(|kind| kind == "jar") {
            qualifiers.remove("type");
        }
        if let Some(architecture) = qualifiers.get_mut("arch") {
            *architecture = architecture_spelled(architecture).to_owned();
        }
        let version = purl.version().filter(named).map(|version| match epoch {
            Some(epoch) => format!("{epoch}:{version}"),
            None => version_spelled(&kind, version).to_owned(),
        });
        Some(Self {
            namespace: vendor(&kind, namespace),
            name: spelled(&kind, purl.name()),
            version,
            qualifiers,
            subpath: purl.subpath().filter(named).map(str::to_owned),
            kind,
        })
    }

    /// Whether it names a package that is there. What it leaves out does not matter; what it gives must be so.
    pub fn names(&self, installed: &Self) -> bool {
        let is_there = |(key, value): (&String, &String)| {
            let there = installed.qualifiers.get(key);
            match (key.as_str(), there) {
                (_, None) => false,
                ("distro", Some(there)) => is_same_release(value, there, &self.namespace),
                (_, Some(there)) => value == there,
            }
        };
        self.kind == installed.kind
            && self.name == installed.name
            && (self.namespace == installed.namespace || self.is_of_any_distribution())
            && (self.version.is_none() || self.version == installed.version)
            && (self.subpath.is_none() || self.subpath == installed.subpath)
            && self.qualifiers.iter().all(is_there)
    }

    /// Its type and name: what names a package has the same.
    pub fn kind_and_name(&self) -> (&str, &str) {
        (&self.kind, &self.name)
    }

    /// Of a distribution's package, without saying of which.
    fn is_of_any_distribution(&self) -> bool {
        self.namespace.is_empty() && matches!(self.kind.as_str(), "deb" | "apk" | "rpm" | "alpm")
    }
}

/// A name in the one spelling that its type gives to equal names.
fn spelled(kind: &str, name: &str) -> String {
    match kind {
        "pypi" => {
            let parts: Vec<&str> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
            parts.join("-").to_lowercase()
        }
        "nuget" | "composer" | "golang" | "npm" | "deb" | "apk" | "alpm" | "github" | "bitbucket" | "hex" | "oci"
        | "docker" => name.to_lowercase(),
        _ => name.to_owned(),
    }
}

/// The one word for a distribution.
fn vendor(kind: &str, namespace: String) -> String {
    match (kind, namespace.to_lowercase().as_str()) {
        ("rpm", "rhel" | "redhat" | "red-hat") => "redhat".into(),
        ("rpm", "ol" | "oracle" | "oraclelinux") => "oracle".into(),
        ("rpm", "amzn" | "amazon") => "amazon".into(),
        ("rpm", "almalinux" | "alma") => "almalinux".into(),
        ("rpm", "rocky" | "rockylinux") => "rocky".into(),
        ("rpm", "mariner" | "azurelinux") => "azurelinux".into(),
        ("rpm", name) => name.to_owned(),
        _ => namespace,
    }
}

fn version_spelled<'v>(kind: &str, version: &'v str) -> &'v str {
    match kind {
        "golang" | "composer" => version
            .strip_prefix('v')
            .filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
            .unwrap_or(version),
        _ => version,
    }
}

/// One word for an architecture: Go's and Docker's.
pub(crate) fn architecture_spelled(architecture: &str) -> &str {
    match architecture {
        "x86_64" | "x64" => "amd64",
        "aarch64" => "arm64",
        "i386" | "i486" | "i586" | "i686" | "x86" => "386",
        "ppc64el" => "ppc64le",
        other => other,
    }
}

/// `debian-12`, `12` and `12.4` are one release: the shorter is the beginning of the longer.
fn is_same_release(a: &str, b: &str, namespace: &str) -> bool {
    let release = |text: &str| {
        let lower = text.to_lowercase();
        let bare = match lower.split_once('-') {
            Some((name, release)) if vendor("rpm", name.to_owned()) == namespace => release,
            _ => lower.strip_prefix(namespace).map_or(lower.as_str(), |rest| rest.trim_start_matches('-')),
        };
        bare.to_owned()
    };
    let (a, b) = (release(a), release(b));
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    !short.is_empty() && long.strip_prefix(short.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_what_agrees_with_all_that_it_gives() {
        let libc = "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=debian-12";
        let bind = "pkg:rpm/rhel/bind-libs@9.16.23-1.el9?arch=x86_64&distro=rhel-9.2&epoch=32";
        let mux = "pkg:golang/github.com/gorilla/mux@v1.8.0";
        let cases = [
            ("pkg:deb/debian/libc6", libc, true),
            ("pkg:deb/libc6", libc, true),
            ("pkg:deb/ubuntu/libc6", libc, false),
            ("pkg:DEB/Debian/libc6@2.36-9%2bdeb12u4", libc, true),
            ("pkg:deb/debian/libc6@2.36-9+deb12u4", libc, true),
            ("pkg:deb/debian/libc6@2.36-9", libc, false),
            ("pkg:deb/debian/libc6?arch=amd64", libc, true),
            ("pkg:deb/debian/libc6?arch=x86_64", libc, true),
            ("pkg:deb/debian/libc6?arch=arm64", libc, false),
            ("pkg:deb/debian/libc6?distro=12", libc, true),
            ("pkg:deb/debian/libc6?distro=debian-12.5", libc, true),
            ("pkg:deb/debian/libc6?distro=debian-1", libc, false),
            ("pkg:deb/debian/libc6?distro=debian-11", libc, false),
            ("pkg:deb/debian/libc6?arch=amd64&upstream=glibc", libc, true),
            ("pkg:deb/debian/libc6?made_by=me", libc, false),
            ("pkg:deb/debian/libc6?arch=amd64", "pkg:deb/debian/libc6@1", false),
            ("pkg:rpm/redhat/bind-libs@9.16.23-1.el9?epoch=32", bind, true),
            ("pkg:rpm/redhat/bind-libs@9.16.23-1.el9", bind, false),
            ("pkg:rpm/redhat/bind-libs?arch=x86_64&distro=rhel-9", bind, true),
            ("pkg:rpm/rhel/bind-libs@1?epoch=0", "pkg:rpm/redhat/bind-libs@1", true),
            ("pkg:pypi/Foo_Bar", "pkg:pypi/foo-bar@1", true),
            ("pkg:npm/%40angular/core", "pkg:npm/%40angular/core@1", true),
            ("pkg:npm/@angular/core@1", "pkg:npm/%40angular/core@1", true),
            ("pkg:npm/core", "pkg:npm/%40angular/core@1", false),
            ("pkg:golang/github.com/Gorilla/mux@1.8.0", mux, true),
            ("pkg:golang/github.com/gorilla/mux@v1.8.1", mux, false),
            ("pkg:golang/github.com/gorilla/mux#middleware", mux, false),
            ("pkg:golang/a.b/c#d", "pkg:golang/a.b/c@v1#d", true),
            ("pkg:maven/org.slf4j/slf4j-api@2?type=jar", "pkg:maven/org.slf4j/slf4j-api@2", true),
            ("pkg:maven/org.slf4j/slf4j-api@2?classifier=sources", "pkg:maven/org.slf4j/slf4j-api@2", false),
            ("pkg:maven/org.slf4j/slf4j-api@", "pkg:maven/org.slf4j/slf4j-api@2", true),
            ("pkg:gem/rack", "pkg:npm/rack@1", false),
        ];
        for (pattern, installed, expected) in cases {
            let read = |text| PackagePattern::read(text).unwrap_or_else(|| panic!("{text}"));
            let (pattern, installed) = (read(pattern), read(installed));
            assert_eq!(pattern.names(&installed), expected, "{pattern:?} {installed:?}");
            assert!(!expected || pattern.kind_and_name() == installed.kind_and_name());
        }
    }

    #[test]
    fn every_installed_package_has_a_package_url() {
        assert_eq!(package_url(Some("pkg:npm/a@1"), "a", "1"), "pkg:npm/a@1");
        assert_eq!(package_url(None, "a tool", "1"), "pkg:generic/a%20tool@1");
    }

    #[test]
    fn what_is_no_package_url_names_nothing() {
        for text in ["", "libc6", "pkg:", "pkg:npm", "pkg:npm/%ff", &format!("pkg:npm/{}", "a".repeat(3_000))] {
            assert_eq!(PackagePattern::read(text), None, "{text}");
        }
    }
}
