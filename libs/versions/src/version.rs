//! A version read in a scheme, and why one could not be.

use std::cmp::Ordering;

use crate::Scheme;
use crate::schemes::{
    apk, composer, conan, cran, dpkg, generic, hackage, maven, nuget, pep440, pub_dev, rpm, rubygems, semver,
};

/// The longest version text that is read, in bytes: four times what npm allows (256, the only registry with a limit of its
/// own), twenty times the longest in the shared vectors. Comparing stays cheap whatever a package claims.
pub const MAX_LENGTH: usize = 1024;

/// A version that its scheme cannot read, so that nothing can be said of what affects it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{version}' is not a version that {scheme} can order: {why}")]
pub struct Unknown {
    /// The scheme that was asked.
    pub scheme: Scheme,
    /// The text: its beginning, with everything but printable ASCII escaped, so that it is safe to show and to log.
    pub version: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Unknown {
    pub(crate) fn new(scheme: Scheme, text: &str, why: &'static str) -> Self {
        const SHOWN: usize = 80;
        let mut version: String = text.chars().take(SHOWN).flat_map(char::escape_default).collect();
        // `escape_default` escapes quotes too, which only clutters.
        version = version.replace("\\'", "'").replace("\\\"", "\"");
        if text.chars().nth(SHOWN).is_some() {
            version.push_str("...");
        }
        Self { scheme, version, why }
    }
}

/// A version, read once and then compared cheaply.
///
/// Equality is the scheme's: in PEP 440 `1.0` equals `1.0.0`. Versions of different schemes are neither equal nor ordered.
#[derive(Debug, Clone)]
pub struct Version {
    scheme: Scheme,
    key: Key,
}

/// What each scheme compares.
#[derive(Debug, Clone)]
enum Key {
    Dpkg(dpkg::Key),
    Apk(apk::Key),
    Rpm(rpm::Key),
    Semver(semver::Key),
    Pep440(Box<pep440::Key>),
    Maven(maven::Key),
    Rubygems(rubygems::Key),
    Nuget(nuget::Key),
    Composer(composer::Key),
    Cran(cran::Key),
    Hackage(hackage::Key),
    Pub(pub_dev::Key),
    Conan(conan::Key),
    Generic(generic::Key),
}

impl Version {
    /// Reads a version; white space around it is ignored, as all schemes' tools do.
    ///
    /// # Errors
    /// [`Unknown`] for an empty text, one longer than [`MAX_LENGTH`], one with anything but printable ASCII in it, and what the
    /// scheme itself does not read.
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self, Unknown> {
        let unknown = |why| Unknown::new(scheme, text, why);
        if text.len() > MAX_LENGTH {
            return Err(unknown("it is longer than 1024 bytes"));
        }
        let trimmed = text.trim_matches(|c: char| c.is_ascii_whitespace());
        if trimmed.is_empty() {
            return Err(unknown("it is empty"));
        }
        if !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(unknown("it has other characters than printable ASCII"));
        }
        let key = match scheme {
            Scheme::Dpkg => dpkg::Key::read(trimmed).map(Key::Dpkg),
            Scheme::Apk => apk::Key::read(trimmed).map(Key::Apk),
            Scheme::Rpm => Ok(Key::Rpm(rpm::Key::read(trimmed))),
            Scheme::Semver | Scheme::Npm => semver::Key::read(trimmed).map(Key::Semver),
            Scheme::Pep440 => pep440::Key::read(trimmed).map(|key| Key::Pep440(Box::new(key))),
            Scheme::Maven => maven::Key::read(trimmed).map(Key::Maven),
            Scheme::Rubygems => rubygems::Key::read(trimmed).map(Key::Rubygems),
            Scheme::Nuget => nuget::Key::read(trimmed).map(Key::Nuget),
            Scheme::Composer => composer::Key::read(trimmed).map(Key::Composer),
            Scheme::Cran => cran::Key::read(trimmed).map(Key::Cran),
            Scheme::Hackage => hackage::Key::read(trimmed).map(Key::Hackage),
            Scheme::Pub => pub_dev::Key::read(trimmed).map(Key::Pub),
            Scheme::Conan => conan::Key::read(trimmed).map(Key::Conan),
            Scheme::Generic => generic::Key::read(trimmed).map(Key::Generic),
        };
        Ok(Self { scheme, key: key.map_err(unknown)? })
    }

    /// The scheme it was read in.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        if self.scheme != other.scheme {
            return None;
        }
        match (&self.key, &other.key) {
            (Key::Dpkg(a), Key::Dpkg(b)) => Some(a.cmp(b)),
            (Key::Apk(a), Key::Apk(b)) => Some(a.cmp(b)),
            (Key::Rpm(a), Key::Rpm(b)) => Some(a.cmp(b)),
            (Key::Semver(a), Key::Semver(b)) => Some(a.cmp(b)),
            (Key::Pep440(a), Key::Pep440(b)) => Some(a.cmp(b)),
            (Key::Maven(a), Key::Maven(b)) => Some(a.cmp(b)),
            (Key::Rubygems(a), Key::Rubygems(b)) => Some(a.cmp(b)),
            (Key::Nuget(a), Key::Nuget(b)) => Some(a.cmp(b)),
            (Key::Composer(a), Key::Composer(b)) => Some(a.cmp(b)),
            (Key::Cran(a), Key::Cran(b)) => Some(a.cmp(b)),
            (Key::Hackage(a), Key::Hackage(b)) => Some(a.cmp(b)),
            (Key::Pub(a), Key::Pub(b)) => Some(a.cmp(b)),
            (Key::Conan(a), Key::Conan(b)) => Some(a.cmp(b)),
            (Key::Generic(a), Key::Generic(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

/// How two texts order in a scheme.
///
/// # Errors
/// [`Unknown`] for the first of the two that the scheme cannot read.
pub fn compare(scheme: Scheme, a: &str, b: &str) -> Result<Ordering, Unknown> {
    let (left, right) = (Version::parse(scheme, a)?, Version::parse(scheme, b)?);
    // Both are of one scheme, so there is an order; that there were none would be said, not guessed.
    left.partial_cmp(&right).ok_or_else(|| Unknown::new(scheme, a, "it was read in another scheme"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_scheme_reads_is_unknown_with_the_reason() {
        let long = "1".repeat(MAX_LENGTH + 1);
        for scheme in Scheme::ALL {
            for (text, why) in [
                ("", "it is empty"),
                (" \t\n", "it is empty"),
                (long.as_str(), "it is longer than 1024 bytes"),
                ("1.0\u{1b}[31m", "it has other characters than printable ASCII"),
                ("1.0 beta", "it has other characters than printable ASCII"),
                ("1.é", "it has other characters than printable ASCII"),
            ] {
                assert_eq!(Version::parse(scheme, text).unwrap_err().why, why, "{scheme} {text:?}");
            }
            assert!(Version::parse(scheme, &long[1..]).is_ok() || scheme == Scheme::Pep440);
            assert!(Version::parse(scheme, " 1.0.0\n").unwrap() == Version::parse(scheme, "1.0.0").unwrap());
        }
    }

    #[test]
    fn an_unknown_version_is_shown_short_and_escaped() {
        let unknown = Version::parse(Scheme::Dpkg, "1.0\u{1b}[31m\u{202e}'x'").unwrap_err();
        assert_eq!(unknown.version, "1.0\\u{1b}[31m\\u{202e}'x'");
        assert_eq!(
            unknown.to_string(),
            "'1.0\\u{1b}[31m\\u{202e}'x'' is not a version that dpkg can order: it has other characters than printable ASCII"
        );
        let unknown = Version::parse(Scheme::Apk, &"z".repeat(5000)).unwrap_err();
        assert_eq!(unknown.version, format!("{}...", "z".repeat(80)));
    }

    #[test]
    fn versions_of_different_schemes_have_no_order() {
        let semver = Version::parse(Scheme::Semver, "1.0.0").unwrap();
        let npm = Version::parse(Scheme::Npm, "1.0.0").unwrap();
        assert!(semver.partial_cmp(&npm).is_none() && semver != npm);
        assert!(compare(Scheme::Semver, "1.0.0", "x").is_err());
    }
}
