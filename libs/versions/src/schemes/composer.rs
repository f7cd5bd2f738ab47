//! Composer versions: up to four numbers, then `-dev`, `-alpha`, `-beta`, `-RC` or `-patch`, each with numbers.
//!
//! Source: Composer, `composer/semver`, `VersionParser::normalize`; PHP, `version_compare`. Versions are filled up to four numbers and their
//! words folded to lower case before they are compared, as Composer does and PHP alone does not. Ours: of the crates, `composer-semver` is wrong at
//! 53 rows of the vectors and its licence is not free enough, `semver-php` takes `rc1` for later than the release.

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
    Rc,
    End,
    Number(Natural),
    Patch,
}

/// What Composer puts in place of the `x` of a branch, `2.x-dev`.
const ANY: Token = Token::Number(Natural::Small(9_999_999));

impl Key {
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let lower = text.to_ascii_lowercase();
        if lower.starts_with("dev-") || ["master", "trunk", "default"].contains(&lower.as_str()) {
            return Err("it is a branch, which has no place among versions");
        }
        let version = lower.split(['+', '@']).next().unwrap_or_default();
        let version = version.strip_prefix('v').unwrap_or(version);
        if !version.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("it does not start with a number");
        }
        let mut tokens = Vec::new();
        let mut rest = version;
        let mut is_branch = false;
        while let Some(first) = rest.bytes().next() {
            let (part, after) = match first {
                b'0'..=b'9' => split_digits(rest),
                b'a'..=b'z' => split_while(rest, |byte| byte.is_ascii_lowercase()),
                b'.' | b'-' | b'_' | b':' | b'*' => rest.split_at(1),
                _ => return Err("it has characters that Composer's versions do not have"),
            };
            rest = after;
            let token = match part {
                "." | "-" | "_" | ":" | "stable" => continue,
                "x" | "*" if tokens.len() < 4 => {
                    is_branch = true;
                    ANY
                }
                "dev" => Token::Dev,
                "alpha" | "a" => Token::Alpha,
                "beta" | "b" => Token::Beta,
                "rc" => Token::Rc,
                // The last one is Python's, and in advisories all the same.
                "patch" | "pl" | "p" | "post" => Token::Patch,
                digits if first.is_ascii_digit() => Token::Number(Natural::read(digits)),
                _ => return Err("it has a word that Composer does not know"),
            };
            if !matches!(token, Token::Number(_)) {
                fill_up(&mut tokens, is_branch);
            }
            tokens.push(token);
        }
        fill_up(&mut tokens, is_branch);
        tokens.push(Token::End);
        Ok(Self(tokens))
    }
}

/// Makes four numbers of fewer.
fn fill_up(tokens: &mut Vec<Token>, is_branch: bool) {
    while tokens.len() < 4 {
        tokens.push(if is_branch { ANY } else { Token::Number(Natural::ZERO) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_as_composer_orders_them() {
        let ascending = [
            "1.0-dev",
            "1.0-alpha",
            "1.0a1-dev",
            "1.0-alpha1",
            "1.0-beta",
            "1.0.0-b2.1",
            "1.0RC1",
            "1",
            "1.0-p1",
            "1.0.0.1",
            "1.0.x-dev",
            "1.1",
            "1.10",
            "1.x-dev",
            "2.0",
            "2010-01-02",
            "99999999999999999999",
        ];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        let equal =
            [("v1.0", "1.0.0.0"), ("1.0-stable", "1"), ("1.0_RC.2", "1rc2"), ("1.0-pl1", "1-patch1"), ("1+x", "1@dev")];
        for (a, b) in equal {
            assert_eq!(Key::read(a), Key::read(b), "{a} {b}");
        }
    }

    #[test]
    fn what_composer_refuses_is_refused() {
        for bad in ["dev-master", "master", "1.0-foo", "feature/x", "1.0#2", "x", "", "v"] {
            assert!(Key::read(bad).is_err(), "{bad}");
        }
    }
}
