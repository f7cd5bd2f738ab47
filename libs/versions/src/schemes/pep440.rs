//! Python versions.
//!
//! Source: PEP 440 (crate `pep440_rs`); what it does not read has the order that setuptools had before, below every version
//! that it does read ([`legacy`]). The OSV database orders PyPI so.

mod legacy;

use std::str::FromStr;

use crate::natural::Natural;

/// Every legacy version comes before every other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Key {
    Legacy(legacy::Key),
    Standard(pep440_rs::Version),
}

impl Key {
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        if let Ok(version) = pep440_rs::Version::from_str(text) {
            return Ok(Self::Standard(version));
        }
        // The crate refuses such numbers although PEP 440 does not: the legacy order would put them below everything.
        let too_large = |digits: &str| matches!(Natural::read(digits), Natural::Large(..));
        if text.split(|c: char| !c.is_ascii_digit()).any(too_large) {
            return Err("it has a number above 2^64-1");
        }
        Ok(Self::Legacy(legacy::Key::read(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_as_pep_440_says_and_legacy_ones_before_all() {
        let ascending = [
            "trunk",
            "2.0.0-final",
            "0.1.dev1",
            "1.0.dev1",
            "1.0a1",
            "1.0b2.post345.dev456",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+abc.7",
            "1.0+5",
            "1.0.post456",
            "1.1.dev1",
            "1!0.1",
        ];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(Key::read("1.0"), Key::read("v1.0.0"));
        assert_eq!(Key::read("1.0-alpha.1"), Key::read("1.0a1"));
    }

    #[test]
    fn a_number_that_does_not_fit_is_unknown_and_not_legacy() {
        assert!(Key::read("1.18446744073709551615").is_ok());
        assert!(Key::read("1.18446744073709551616").is_err());
    }
}
