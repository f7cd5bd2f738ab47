//! Semantic Versioning, by precedence: build metadata does not count.
//!
//! Source: semver.org 2.0.0, section 11. Read as node-semver reads in loose mode, because registries and advisories hold such
//! texts: a leading `v`, missing minor and patch numbers (`1.20`), leading zeros, a pre-release without its hyphen
//! (`1.21rc2`, the Go toolchain's own). Numbers may have any size. A toolchain that names itself, as in others' SBOMs, is
//! read without what its builder added (`go1.22.3-google`).
//!
//! Ours and not the crate `semver`, which stops at 64 bits and reads only the strict form; a property test holds the two to
//! the same order.

use crate::natural::{Natural, split_digits, split_while};

/// Major, minor and patch number, then the stage.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    core: [Natural; 3],
    stage: Stage,
}

/// A pre-release comes before its release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    PreRelease(Vec<Identifier>),
    Release,
}

/// Numbers come before words; fewer identifiers before more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identifier {
    Number(Natural),
    Word(Box<str>),
}

impl Key {
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let text = match text.strip_prefix("go") {
            Some(toolchain) => toolchain.split(['-', '+']).next().unwrap_or(toolchain),
            None => text.strip_prefix(['v', 'V']).unwrap_or(text),
        };
        let (version, build) = text.split_once('+').map_or((text, None), |(version, build)| (version, Some(build)));
        if build.is_some_and(|build| !build.split('.').all(is_identifier)) {
            return Err("its build metadata is malformed");
        }
        let mut core = [Natural::ZERO, Natural::ZERO, Natural::ZERO];
        let mut rest = version;
        for (position, number) in core.iter_mut().enumerate() {
            if position > 0 {
                match rest.strip_prefix('.') {
                    Some(after) => rest = after,
                    None => break,
                }
            }
            let (digits, after) = split_digits(rest);
            if digits.is_empty() {
                return Err("it does not start with one to three numbers");
            }
            *number = Natural::read(digits);
            rest = after;
        }
        let stage = match rest.strip_prefix('-') {
            None if rest.is_empty() => Stage::Release,
            None if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                return Err("after its numbers comes neither a pre-release nor build metadata");
            }
            pre_release => Stage::read(pre_release.unwrap_or(rest))?,
        };
        Ok(Self { core, stage })
    }
}

impl Stage {
    /// Reads what follows the hyphen.
    pub(super) fn read(pre_release: &str) -> Result<Self, &'static str> {
        let identifiers = pre_release.split('.').map(Identifier::read);
        identifiers.collect::<Option<_>>().map(Self::PreRelease).ok_or("its pre-release is malformed")
    }
}

impl Identifier {
    pub(super) fn read(text: &str) -> Option<Self> {
        is_identifier(text).then(|| match split_digits(text) {
            (digits, "") => Self::Number(Natural::read(digits)),
            _ => Self::Word(text.into()),
        })
    }
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && split_while(text, |byte| byte.is_ascii_alphanumeric() || byte == b'-').1.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_by_precedence() {
        let ascending = [
            "0.0.0-0",
            "0",
            "1.0.0-1",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "v1.0.0",
            "1.20",
            "1.21rc2",
            "go1.21rc3",
            "1.21",
            "1.21.1-0.20240101000000-abcdefabcdef",
        ];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(Key::read("1.2.3+a.1"), Key::read("v1.2.3+incompatible"));
        assert_eq!(Key::read("1.2"), Key::read("1.2.0"));
        for toolchain in ["go1.16.2", "go1.16.2-google", "go1.16.2+auto"] {
            assert_eq!(Key::read(toolchain), Key::read("1.16.2"), "{toolchain}");
        }
    }

    #[test]
    fn what_is_no_semantic_version_is_refused() {
        for bad in [
            "x",
            "v",
            "go",
            "gov1",
            "1.",
            "1..2",
            "1.2.3.4",
            "1.2.3-",
            "1.2.3-a..b",
            "1.2.3+",
            "1.2.3-a_b",
            "1.2.3~1",
            ".1",
            "-1",
        ] {
            assert!(Key::read(bad).is_err(), "{bad}");
        }
    }
}
