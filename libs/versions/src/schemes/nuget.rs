//! NuGet versions: Semantic Versioning with up to four numbers, whatever the case of letters.
//!
//! Source: NuGet documentation, "Package versioning", and `VersionComparer`. Ours, as no crate orders four numbers and folds case:
//! `semver` gets 10 of the vectors' 20 rows right, `version-compare` 17.

use super::semver::Stage;
use crate::natural::{Natural, split_digits};

/// The numbers, missing ones zero, then the stage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    numbers: [Natural; 4],
    stage: Stage,
}

impl Key {
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let lower = text.to_ascii_lowercase();
        let version = lower.split('+').next().unwrap_or_default();
        let mut rest = version.strip_prefix('v').unwrap_or(version);
        let mut numbers = [Natural::ZERO, Natural::ZERO, Natural::ZERO, Natural::ZERO];
        for (position, number) in numbers.iter_mut().enumerate() {
            if position > 0 {
                match rest.strip_prefix('.') {
                    Some(after) => rest = after,
                    None => break,
                }
            }
            let (digits, after) = split_digits(rest);
            if digits.is_empty() {
                return Err("it does not start with one to four numbers");
            }
            *number = Natural::read(digits);
            rest = after;
        }
        let stage = match rest.strip_prefix('-') {
            None if rest.is_empty() => Stage::Release,
            None => return Err("after its numbers comes neither a pre-release nor build metadata"),
            Some(pre_release) => Stage::read(pre_release)?,
        };
        Ok(Self { numbers, stage })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_by_four_numbers_and_the_stage() {
        let ascending = [
            "1.0.0-1",
            "1.0.0-alpha",
            "1.0.0-BETA",
            "1.0.0-beta.2",
            "1.0.0-Beta.10",
            "1",
            "1.0.0.1-a",
            "1.0.0.1",
            "1.0.1",
        ];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(Key::read("1.0.01-RC+x"), Key::read("v1.0.1.0-rc+Y"));
        for bad in ["1.0.0.0.0", "1.0.0rc1", "1.0.0-", "1.0-a..b", "1..0", "x", ""] {
            assert!(Key::read(bad).is_err(), "{bad}");
        }
    }
}
