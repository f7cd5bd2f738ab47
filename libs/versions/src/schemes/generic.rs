//! Versions of programs that follow no scheme in particular: numbers and words, known words before the release, all others after it.
//!
//! Source: what most programs mean (`1.0rc1` before `1.0`, OpenSSL's `1.0.2a` after `1.0.2`, kernels' `6.1-rc1`), and what Bitnami says of
//! its own: a number after a hyphen is a revision, which comes after the version (`1.2.3-4`), and build metadata does not count. Two forms of
//! single makers that no other gives another meaning: Java's before 9 (`8u292` is `1.8.0_292`, and `-b10` its build), and Dart's pre-releases, whose number
//! stands first (`3.6.0-216.1.beta`). Ours, as it is nobody's scheme: of the crates, `version-compare` (0.2.1) is wrong at 9 of the 42 pairs of the test below,
//! `1.0.2` before `1.0.2a` and `1.0.2-dev` before `1.0.2-alpha1` among them.

use crate::natural::{Natural, split_digits, split_while};

/// The tokens, closed by [`Token::End`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<Token>);

/// The variants stand in ascending order: that order is the scheme.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    Dev,
    Alpha,
    Beta,
    Milestone,
    Pre,
    Rc,
    End,
    Word(Box<str>),
    Number(Natural),
}

impl Key {
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let lower = text.to_ascii_lowercase();
        let version = lower.split('+').next().unwrap_or_default();
        let version = version.strip_prefix('v').unwrap_or(version);
        let java = java_before_9(version);
        let version = java.as_deref().unwrap_or(version);
        if !version.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err("it has no number");
        }
        let mut tokens = Vec::new();
        let mut rest = version;
        // Where the numbers after a hyphen begin, and what stands right before.
        let mut revision = None;
        let mut separator = None;
        while let Some(first) = rest.bytes().next() {
            let (part, after) = match first {
                b'0'..=b'9' => split_digits(rest),
                b'a'..=b'z' => split_while(rest, |byte| byte.is_ascii_lowercase()),
                // Whatever else is in between only separates.
                _ => {
                    separator = Some(first);
                    if first == b'-' {
                        revision = Some(tokens.len());
                    }
                    rest = rest.get(1..).unwrap_or_default();
                    continue;
                }
            };
            rest = after;
            if first.is_ascii_digit() {
                tokens.push(Token::Number(Natural::read(part)));
                separator = None;
                continue;
            }
            let word = Token::word(part, after.starts_with(|c: char| c.is_ascii_digit()));
            let numbers = match revision.take() {
                Some(begin) if separator == Some(b'.') && word < Token::End => tokens.split_off(begin),
                _ => Vec::new(),
            };
            // `1.0` and `1.0.0` are the same, also before a word.
            drop_zeros(&mut tokens);
            tokens.push(word);
            tokens.extend(numbers);
        }
        drop_zeros(&mut tokens);
        tokens.push(Token::End);
        Ok(Self(tokens))
    }
}

/// `1.8.0_292` of `8u292`, `8u292-b10` and `1.8.0_292-b10`; nothing of other versions.
fn java_before_9(version: &str) -> Option<String> {
    let (version, build) = version.split_once("-b").unwrap_or((version, ""));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !build.is_empty() && !is_number(build) {
        return None;
    }
    let (feature, update) = version.split_once('u').or_else(|| version.strip_prefix("1.")?.split_once(".0_"))?;
    (matches!(feature.as_bytes(), [b'1'..=b'8']) && is_number(update)).then(|| format!("1.{feature}.0_{update}"))
}

fn drop_zeros(tokens: &mut Vec<Token>) {
    while tokens.last() == Some(&Token::Number(Natural::ZERO)) {
        tokens.pop();
    }
}

impl Token {
    fn word(word: &str, is_before_digit: bool) -> Self {
        match word {
            "a" if is_before_digit => Self::Alpha,
            "b" if is_before_digit => Self::Beta,
            "dev" | "snapshot" | "nightly" => Self::Dev,
            "alpha" => Self::Alpha,
            "beta" => Self::Beta,
            "milestone" => Self::Milestone,
            "pre" | "preview" | "ea" => Self::Pre,
            "rc" | "cr" => Self::Rc,
            word => Self::Word(word.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_as_most_programs_mean_them() {
        let ascending = [
            "1.0.2-dev",
            "1.0.2-alpha1",
            "1.0.2-b1",
            "1.0.2pre3",
            "1.0.2-rc1",
            "1.0.2-rc10",
            "1.0.2",
            "1.0.2a",
            "1.0.2k",
            "1.0.2zb",
            "1.0.2-1",
            "1.0.2-10",
            "1.0.3",
            "1.10",
            "20240101",
            "99999999999999999999.1",
        ];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        let ascending = [
            [
                "1.7.0_80",
                "1.8.0_291-b10",
                "8u292-b10",
                "1.8.0_301",
                "9",
                "11.0.11",
                "17-ea",
                "17",
                "17.0.1+12",
                "17.0.2",
            ]
            .as_slice(),
            &["3.5.4", "3.6.0-216.0.dev", "3.6.0-216.1.beta", "3.6.0-334.1.beta", "3.6.0", "3.6.1"],
            &["1.1.1", "1.1.1a", "1.1.1k", "1.1.1z", "1.1.1za", "1.1.2", "3.0.0-alpha17", "3.0.0-beta2", "3.0.0"],
        ];
        for pair in ascending.iter().flat_map(|versions| versions.windows(2)) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        for (a, b) in [
            ("8u292", "1.8.0_292"),
            ("v1.0.0", "1"),
            ("1.0-rc1", "1RC1"),
            ("1.2.3+foo", "1.2.3+bar"),
            ("1_2:3", "1.2.3"),
        ] {
            assert_eq!(Key::read(a), Key::read(b), "{a} {b}");
        }
        for bad in ["latest", "", "v", "+1"] {
            assert!(Key::read(bad).is_err(), "{bad}");
        }
    }
}
