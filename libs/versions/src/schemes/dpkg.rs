//! Debian versions, `[epoch:]upstream[-revision]`.
//!
//! Source: Debian Policy 5.6.12 and deb-version(7); compared by the crate `deb-version`.

use std::cmp::Ordering;

/// The version as written: `deb-version` compares texts in one pass without allocating.
#[derive(Debug, Clone)]
pub(crate) struct Key(Box<str>);

impl Key {
    /// Checks what dpkg itself refuses, and what the crate would order by accident (or panic at: characters above ASCII).
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let upstream = match text.split_once(':') {
            Some((epoch, _)) if epoch.is_empty() || !epoch.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err("its epoch is not a number");
            }
            Some((_, rest)) => rest,
            None => text,
        };
        if upstream.is_empty() {
            return Err("nothing follows its epoch");
        }
        if !upstream.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+~-:".contains(&byte)) {
            return Err("it has characters that Debian versions do not have");
        }
        // dpkg takes a version that starts with a letter (with a warning), and such are installed; but a bare word is a
        // placeholder (`unknown`, `latest`), not a version.
        if !upstream.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err("it has no number");
        }
        Ok(Self(text.into()))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        deb_version::compare_versions(&self.0, &other.0)
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
    fn versions_order_as_policy_says() {
        let ascending = ["~~a1", "~1", "1~rc1", "1", "1+b1", "1.0", "1.0a", "1.0+x", "1:0.1", "10:0"];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(Key::read("1.0"), Key::read("0:1.0-0"));
    }

    #[test]
    fn what_dpkg_refuses_is_refused() {
        for bad in ["a:1", ":1", "1:", "1_2", "1/2", "-1:0", "latest"] {
            assert!(Key::read(bad).is_err(), "{bad}");
        }
    }
}
