//! Conan versions: `main[-pre-release][+build]`, each of numbers and words between dots.
//!
//! Source: Conan 2, `conan/internal/model/version.py`. Where that compares a number with a word as texts, ours has the number first:
//! as texts `10` comes before `1a` and that before `2`, which is no order. Ours: a crate of Conan's order was not found, and `version-compare` (0.2.1) is
//! wrong at 4 of the 14 pairs of the test below: build metadata does not count there, and `1.0.2a` comes before `1.0.2`.

use crate::natural::{Natural, split_digits};

/// The parts, in the order that they count in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    main: Vec<Part>,
    stage: Stage,
    /// Without one comes before all with one.
    build: Option<Vec<Part>>,
}

/// A pre-release comes before its release.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    PreRelease(Vec<Part>),
    Release,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(Natural),
    Word(Box<str>),
}

impl Key {
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        if !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err("it has no number");
        }
        let (version, build) = text.rsplit_once('+').map_or((text, None), |(version, build)| (version, Some(build)));
        let (main, pre) = version.split_once('-').map_or((version, None), |(main, pre)| (main, Some(pre)));
        let stage = pre.map_or(Stage::Release, |pre| Stage::PreRelease(parts(pre)));
        Ok(Self { main: parts(main), stage, build: build.map(parts) })
    }
}

/// The parts, without the zeros that end them.
fn parts(text: &str) -> Vec<Part> {
    let part = |text| match split_digits(text) {
        (digits, "") if !digits.is_empty() => Part::Number(Natural::read(digits)),
        _ => Part::Word(text.into()),
    };
    let mut parts: Vec<Part> = text.split('.').map(part).collect();
    while parts.last() == Some(&Part::Number(Natural::ZERO)) {
        parts.pop();
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_as_conan_orders_them() {
        let ascending = [
            "1.0-alpha",
            "1.0-beta.2",
            "1.0-beta.10",
            "1",
            "1.0+1",
            "1.0+build",
            "1.0.2",
            "1.0.2a",
            "1.0.2b",
            "1.1-rc+1",
            "1.1",
            "3.1",
            "cci.20200101",
            "cci.20210101",
        ];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(Key::read("1.0.0-a.0+2.0"), Key::read("1-a+2"));
        assert!(Key::read("system").is_err());
    }
}
