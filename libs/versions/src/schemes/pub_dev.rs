//! Dart package versions: Semantic Versioning, except that build metadata counts.
//!
//! Source: pub, `pub_semver`, `Version.compareTo`: what has build metadata comes after the same without, and identifiers of it order
//! as those of a pre-release. The crate `semver` orders build metadata too, but by other rules and up to 64 bits: 3 of the vectors'
//! rows are not its.

use super::semver::{self, Identifier};

/// The version without its build metadata, then that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    version: semver::Key,
    build: Vec<Identifier>,
}

impl Key {
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let version = semver::Key::read(text)?;
        let build = text.split_once('+').map(|(_, build)| build.split('.').filter_map(Identifier::read).collect());
        Ok(Self { version, build: build.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn build_metadata_counts() {
        let ascending =
            ["1.0.0-a", "1.0.0-a+1", "1.0.0", "1.0.0+1", "1.0.0+1.a", "1.0.0+2", "1.0.0+10", "1.0.0+a", "1.0.1"];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        for bad in ["1.0.0+", "1.0.0+a..b", "1.0.0+a+b", "x"] {
            assert!(Key::read(bad).is_err(), "{bad}");
        }
    }
}
