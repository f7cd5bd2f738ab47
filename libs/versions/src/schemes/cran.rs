//! R package versions: numbers between dots and hyphens, which mean the same.
//!
//! Source: R, "Writing R Extensions", "The DESCRIPTION file", and `numeric_version`. A version comes before those that continue it:
//! `1.8` before `1.8.0`. Ours, as no crate orders so: `version-compare` takes `1.8` for `1.8.0`.

use crate::natural::Natural;

/// The numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<Natural>);

impl Key {
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        Natural::list(text, &['.', '-']).map(Self).ok_or("it is not only numbers between dots and hyphens")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_number_by_number() {
        let ascending = ["0", "0.9", "0.75", "1", "1.0", "1.0-0", "1.0-1", "1.0.10", "99999999999999999999.1"];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(Key::read("0.01.0"), Key::read("0-1.0"));
        for bad in ["1.", ".1", "1..2", "1.0a", "v1", "-1", "1_0"] {
            assert!(Key::read(bad).is_err(), "{bad}");
        }
    }
}
