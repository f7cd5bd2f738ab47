//! Alpine versions, `number{.number}...{letter}{_suffix{number}}...{~hash}{-r#}`.
//!
//! Source: apk-package(5) for the form and the behaviour of `apk version -t` for the order. A version is a list of tokens
//! that compares token by token; where the lists part in kind of token, the kinds have an order too (`1.0` before `1.0a`
//! before `1.0.1`, `1.0_rc1` before `1.0`).
//!
//! apk compares what it does not find valid as well, by the valid beginning, and Alpine has such versions installed
//! (`6.6.2p1-r0`, `1.0bc`). So do we: [`Token::Invalid`] ends the list and comes before the end of a valid version. Whatever
//! does not even begin like a version is refused.
//!
//! Ours: a crate of apk's order was not found, and `version-compare` (0.2.1), which orders versions in general, is wrong at 260 of the vectors' 8,841
//! rows: `2.11-r1` comes before `2.11` there.

use crate::natural::{Natural, split_digits, split_while};

/// The tokens, closed by [`Token::End`] or [`Token::Invalid`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<Token>);

/// The variants stand in ascending order: that order is the scheme.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Token {
    Before(PreSuffix),
    Invalid,
    End,
    Revision(Natural),
    Hash(Box<str>),
    SuffixNumber(Natural),
    After(PostSuffix),
    /// Nothing between two dots or after the last, which apk reads as a number.
    Empty,
    Letter(u8),
    /// A number after a dot with a leading zero compares as text with all others: `1.010` comes before `1.09`.
    LeadingZero(Box<str>),
    Number(Natural),
}

/// What comes before the version without it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum PreSuffix {
    Alpha,
    Beta,
    Pre,
    Rc,
}

/// What comes after the version without it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum PostSuffix {
    Cvs,
    Svn,
    Git,
    Hg,
    P,
}

impl Key {
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let mut tokens = Vec::new();
        let rest = read_numbers(text, &mut tokens);
        let begins_like_a_version = match tokens.as_slice() {
            // apk reads a lone letter as a version; more of them are a word.
            [Token::Empty, Token::Letter(_)] => rest.is_empty(),
            [Token::Empty, Token::Letter(_), ..] => false,
            numbers => numbers.iter().any(|token| matches!(token, Token::Number(_) | Token::LeadingZero(_))),
        };
        if !begins_like_a_version {
            return Err("it does not start with a number");
        }
        let rest = read_suffixes(rest, &mut tokens);
        let rest = read_hash(rest, &mut tokens);
        let end = match rest.strip_prefix("-r").map(split_digits) {
            Some((digits, "")) if !digits.is_empty() => {
                tokens.push(Token::Revision(Natural::read(digits)));
                Token::End
            }
            _ if rest.is_empty() => Token::End,
            _ => Token::Invalid,
        };
        tokens.push(end);
        Ok(Self(tokens))
    }
}

/// Numbers with dots between them and letters after them. A letter may be followed by digits (`6.6.2p1`), as in apk 2.
fn read_numbers<'a>(text: &'a str, tokens: &mut Vec<Token>) -> &'a str {
    let (digits, mut rest) = split_digits(text);
    tokens.push(if digits.is_empty() { Token::Empty } else { Token::Number(Natural::read(digits)) });
    let mut after_letter = false;
    loop {
        if let Some((letter, after)) = letter(rest).filter(|_| !after_letter) {
            tokens.push(Token::Letter(letter));
            rest = after;
            after_letter = true;
            continue;
        }
        let dotted = rest.strip_prefix('.').filter(|_| !after_letter);
        let (digits, after) = split_digits(dotted.unwrap_or(rest));
        tokens.push(match dotted {
            None if digits.is_empty() => return rest,
            Some(_) if digits.is_empty() => Token::Empty,
            Some(_) if digits.starts_with('0') => Token::LeadingZero(digits.into()),
            _ => Token::Number(Natural::read(digits)),
        });
        rest = after;
        after_letter = false;
    }
}

fn letter(text: &str) -> Option<(u8, &str)> {
    let first = text.bytes().next().filter(u8::is_ascii_lowercase)?;
    Some((first, text.get(1..)?))
}

/// `_suffix{number}`, any number of times; stops before one that it does not know.
fn read_suffixes<'a>(mut text: &'a str, tokens: &mut Vec<Token>) -> &'a str {
    while let Some(after) = text.strip_prefix('_') {
        let (word, after) = split_while(after, |byte| byte.is_ascii_lowercase());
        tokens.push(match word {
            "alpha" => Token::Before(PreSuffix::Alpha),
            "beta" => Token::Before(PreSuffix::Beta),
            "pre" => Token::Before(PreSuffix::Pre),
            "rc" => Token::Before(PreSuffix::Rc),
            "cvs" => Token::After(PostSuffix::Cvs),
            "svn" => Token::After(PostSuffix::Svn),
            "git" => Token::After(PostSuffix::Git),
            "hg" => Token::After(PostSuffix::Hg),
            "p" => Token::After(PostSuffix::P),
            _ => return text,
        });
        let (digits, after) = split_digits(after);
        if !digits.is_empty() {
            tokens.push(Token::SuffixNumber(Natural::read(digits)));
        }
        text = after;
    }
    text
}

/// `~hash`: compared as text, which at least tells two builds apart.
fn read_hash<'a>(text: &'a str, tokens: &mut Vec<Token>) -> &'a str {
    let Some(after) = text.strip_prefix('~') else { return text };
    let (hash, after) = split_while(after, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if hash.is_empty() {
        return text;
    }
    tokens.push(Token::Hash(hash.into()));
    after
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_order_token_by_token() {
        let ascending = [
            ".1",
            // A second suffix is relative to the first.
            "1_alpha_pre2",
            "1_alpha",
            "1_alpha2",
            "1_beta",
            "1_pre",
            "1_rc1",
            "1-unheard-of",
            "1",
            "1-r0",
            "1-r10",
            "1~0123",
            "1~0123-r1",
            "1_cvs",
            "1_svn",
            "1_git20240101",
            "1_hg",
            "1_p",
            "1_p0",
            "1_p1",
            "1.",
            "1a",
            "1a1",
            "1b",
            "1.010",
            "1.09",
            "1.9",
            "1.10",
            "2",
            "18446744073709551616",
            "99999999999999999999",
        ];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        assert_eq!(Key::read("01-r1"), Key::read("1-r01"));
    }

    #[test]
    fn what_does_not_begin_like_a_version_is_refused() {
        for bad in ["latest", "-r1", "_p1", "~abc", "a-b", "A", "...", "v1.2"] {
            assert!(Key::read(bad).is_err(), "{bad}");
        }
        assert!(Key::read("c").is_ok() && Key::read("0..8").is_ok());
    }
}
