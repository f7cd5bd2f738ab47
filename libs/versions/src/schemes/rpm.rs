//! RPM versions, `[epoch:]version[-release]`.
//!
//! Source: rpm, `rpmio/rpmvercmp.cc` and rpm-version(7); compared by the crate `rpm-version`. A version without a release comes before
//! the same with any, one without an epoch has the epoch 0. RPM gives every text a place, and so do we: distributions have released
//! worse than versions without a number.

use std::cmp::Ordering;

/// The version as written: `rpm-version` compares texts in one pass without allocating.
#[derive(Debug, Clone)]
pub(crate) struct Key(Box<str>);

impl Key {
    pub(crate) fn read(text: &str) -> Self {
        Self(text.into())
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        rpm_version::rpm_evr_compare(&self.0, &other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_as_rpm_orders_them() {
        let ascending = [
            "1.0~rc1-1",
            "1.0~rc1^git1-1",
            "1.0",
            "1.0-1.el9",
            "1.0-1.el9_2.1",
            "1.0-10.el9",
            "1.0^git1-1",
            "1.0a-1",
            "1.0.1-1",
            "1:0.1-1",
            "10:0.1-1",
        ];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]) < Key::read(pair[1]), "{pair:?}");
        }
        assert_eq!(Key::read("0:1.001-1.el9"), Key::read("1_1-1+el9"));
    }
}
