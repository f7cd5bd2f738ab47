//! Maven versions: numbers and words, cut at dots, hyphens and between digits and letters.
//!
//! Source: Maven documentation, "POM Reference", "Version Order Specification". Ours: the crate `maven-version-rs` panics at long numbers
//! (7 of the vectors' rows) and is wrong at 4; `mvn_version` is wrong at one (`1-1 = 1-ga-1`), has one release, and is no order where
//! Maven itself was none: `1.foo` before `1-alpha`, that before `1`, that before `1.foo`. A word after a dot is as
//! one after a hyphen, as in Maven since 3.9 (MNG-7644).

use crate::natural::{Natural, split_digits, split_while};

/// The tokens, closed by [`Token::End`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<Token>);

/// The variants stand in ascending order: that order is the scheme.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    Alpha,
    Beta,
    Milestone,
    Rc,
    Snapshot,
    /// Also what the words `ga` and `final` say.
    End,
    Sp,
    Word(Box<str>),
    /// A number after a hyphen, or after a word without anything between.
    Hyphenated(Natural),
    Number(Natural),
}

impl Key {
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        if text.contains("${") {
            return Err("it names a property and not a version");
        }
        let lower = text.to_ascii_lowercase();
        let mut tokens: Vec<Token> = Vec::new();
        let mut rest = lower.as_str();
        let mut is_hyphenated = false;
        loop {
            let (part, after) = match rest.bytes().next() {
                Some(byte) if byte.is_ascii_digit() => split_digits(rest),
                _ => split_while(rest, |byte| !byte.is_ascii_digit() && byte != b'.' && byte != b'-'),
            };
            let (separator, next) = match after.bytes().next() {
                Some(byte @ (b'.' | b'-')) => (Some(byte), after.get(1..).unwrap_or_default()),
                _ => (None, after),
            };
            let token = Token::read(part, separator.is_none() && !after.is_empty(), is_hyphenated);
            // What says nothing at the end of a part says nothing at all.
            if is_hyphenated || !matches!(token, Token::Number(_)) {
                drop_null(&mut tokens);
            }
            tokens.push(token);
            if after.is_empty() {
                break;
            }
            is_hyphenated = separator != Some(b'.');
            rest = next;
        }
        drop_null(&mut tokens);
        tokens.push(Token::End);
        Ok(Self(tokens))
    }
}

fn drop_null(tokens: &mut Vec<Token>) {
    while tokens.last().is_some_and(Token::is_null) {
        tokens.pop();
    }
}

impl Token {
    fn read(part: &str, is_before_digit: bool, is_hyphenated: bool) -> Self {
        match part {
            // Nothing between two separators is a zero.
            "" => Self::number(Natural::ZERO, is_hyphenated),
            "a" if is_before_digit => Self::Alpha,
            "b" if is_before_digit => Self::Beta,
            "m" if is_before_digit => Self::Milestone,
            "alpha" => Self::Alpha,
            "beta" => Self::Beta,
            "milestone" => Self::Milestone,
            "rc" | "cr" => Self::Rc,
            "snapshot" => Self::Snapshot,
            "ga" | "final" | "release" => Self::End,
            "sp" => Self::Sp,
            digits if digits.starts_with(|c: char| c.is_ascii_digit()) => {
                Self::number(Natural::read(digits), is_hyphenated)
            }
            word => Self::Word(word.into()),
        }
    }

    fn number(number: Natural, is_hyphenated: bool) -> Self {
        if is_hyphenated { Self::Hyphenated(number) } else { Self::Number(number) }
    }

    fn is_null(&self) -> bool {
        match self {
            Self::End => true,
            Self::Number(number) | Self::Hyphenated(number) => *number == Natural::ZERO,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_as_the_specification_says() {
        let ascending = [
            "1-alpha-1-SNAPSHOT",
            "1.0-alpha2",
            "1-alpha.1",
            "1-beta",
            "1-m1",
            "1-rc",
            "1-SNAPSHOT",
            "1",
            "1-sp",
            "1-abc",
            "1-foo",
            "1-foo-1",
            "1-foo.1",
            "1-1",
            "1-1-sp",
            "1-2",
            "1.0.1-alpha",
            "1.0.1",
            "1.1",
            "20.0",
            "99999999999999999999",
        ];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        let equal = [
            ("1.0.0-foo.0.0", "1-foo"),
            ("1.ga", "1"),
            ("1-", "1.0.0-0.0.0"),
            ("1-1", "1-ga-1"),
            ("1.foo", "1-FOO"),
            ("1cr1", "1-rc-1"),
            ("0", "final"),
        ];
        for (a, b) in equal {
            assert_eq!(Key::read(a), Key::read(b), "{a} {b}");
        }
        assert!(Key::read("${project.version}").is_err());
    }
}
