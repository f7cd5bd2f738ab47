//! Repository names and tags as the OCI Distribution specification 1.1 writes them ("Pulling manifests").

use std::fmt;
use std::str::FromStr;

use crate::reference::{ReferenceError, excerpt};

/// The longest repository name, in bytes: clients limit host and name together to 255.
const NAME_BYTES: usize = 255;
/// The longest tag, in bytes.
const TAG_BYTES: usize = 128;

/// A repository name without a registry: lower-case path components joined by `/`.
///
/// Grammar: `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*`, at most 255 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName(String);

/// A tag: a letter, digit or `_`, then up to 127 of these, `.` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(String);

impl RepositoryName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Tag {
    /// The tag as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `latest`, which clients take where a reference has neither tag nor digest.
    pub fn latest() -> Self {
        Self("latest".into())
    }
}

impl FromStr for RepositoryName {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        if text.len() > NAME_BYTES {
            return Err(ReferenceError::NameTooLong(text.len()));
        }
        if text.split('/').all(is_component) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReferenceError::InvalidName(excerpt(text)))
        }
    }
}

impl FromStr for Tag {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let starts_well = text.bytes().next().is_some_and(is_word);
        if starts_well && text.len() <= TAG_BYTES && text.bytes().all(|b| is_word(b) || b == b'.' || b == b'-') {
            Ok(Self(text.to_owned()))
        } else {
            Err(ReferenceError::InvalidTag(excerpt(text)))
        }
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs of `[a-z0-9]` with `.`, `_`, `__` or any number of `-` between them.
fn is_component(component: &str) -> bool {
    let is_alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !component.starts_with(is_alphanumeric) || !component.ends_with(is_alphanumeric) {
        return false;
    }
    component
        .split(is_alphanumeric)
        .all(|separator| matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_name_is_what_the_specification_says() {
        let long = "a".repeat(255);
        for good in ["a", "library/alpine", "a.b_c__d-e---f", "0/1/2", "a/b/c/d/e/f", &long] {
            assert_eq!(good.parse::<RepositoryName>().unwrap().as_str(), good);
        }
        let too_long = "a".repeat(256);
        let bad =
            ["", "/", "a/", "/a", "a//b", "A", "a___b", "a..b", "a._b", "-a", "a-", "a.", "_a", "ä", "a b", "a:b"];
        for bad in bad.into_iter().chain(["..", "a/../b", "a\0", "a\n", &too_long]) {
            assert!(bad.parse::<RepositoryName>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_tag_is_what_the_specification_says() {
        let long = "a".repeat(128);
        for good in ["latest", "v1.2.3", "_x", "1", "UPPER", "a-.-b", "a..", &long] {
            assert_eq!(good.parse::<Tag>().unwrap().as_str(), good);
        }
        let too_long = "a".repeat(129);
        for bad in ["", ".a", "-a", "a/b", "a:b", "a b", "ä", "a+b", "a\n", &too_long] {
            assert!(bad.parse::<Tag>().is_err(), "{bad:?}");
        }
    }
}
