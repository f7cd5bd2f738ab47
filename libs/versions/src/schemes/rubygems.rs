//! RubyGems versions: numbers and words, a word making a pre-release: `1.0.a` before `1.0`.
//!
//! Source: RubyGems, `Gem::Version`. Ours, as the crate `gem_version` takes a number above 2^32 for a word, and so a version with a
//! date for a pre-release: `1.0.20240101120000` before `1.0`. It does not read `1gamma`, as RubyGems itself does not; we do.

use std::cmp::Ordering;

use crate::natural::{Natural, split_digits, split_while};

/// The segments without the zeros that end the numbers before the first word, and the whole. Missing ones count as zeros.
#[derive(Debug, Clone)]
pub(crate) struct Key(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Word(Box<str>),
    Number(Natural),
}

static ZERO: Segment = Segment::Number(Natural::ZERO);

impl Key {
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return Err("it does not start with a number");
        }
        if !split_while(text, |byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)).1.is_empty() {
            return Err("it has characters that versions of gems do not have");
        }
        let mut segments = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.bytes().next() {
            let (part, after) = match first {
                b'0'..=b'9' => split_digits(rest),
                b'.' | b'-' => rest.split_at(1),
                _ => split_while(rest, |byte| byte.is_ascii_alphabetic()),
            };
            rest = after;
            let segment = match part {
                "." => continue,
                // A hyphen begins a pre-release.
                "-" => Segment::Word("pre".into()),
                _ if first.is_ascii_digit() => Segment::Number(Natural::read(part)),
                _ => Segment::Word(part.into()),
            };
            if matches!(segment, Segment::Word(_))
                && segments.iter().all(|segment| matches!(segment, Segment::Number(_)))
            {
                drop_zeros(&mut segments);
            }
            segments.push(segment);
        }
        drop_zeros(&mut segments);
        Ok(Self(segments))
    }
}

fn drop_zeros(segments: &mut Vec<Segment>) {
    while segments.last() == Some(&ZERO) {
        segments.pop();
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        let length = self.0.len().max(other.0.len());
        let padded = |segments| <[Segment]>::iter(segments).chain(std::iter::repeat(&ZERO)).take(length);
        padded(&self.0).cmp(padded(&other.0))
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
    fn versions_order_as_rubygems_orders_them() {
        let ascending = [
            "0.9",
            "1.0.A",
            "1.0.a",
            "1.0.a.2",
            "1.0.a10",
            "1.0.b1",
            "1.0.0-1",
            "1.0.rc1",
            "1",
            "1.0.1",
            "1.0.20240101120000",
            "1.1.a",
        ];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]).unwrap() < Key::read(pair[1]).unwrap(), "{pair:?}");
        }
        for (a, b) in [("1", "1.0.0"), ("1.0.a2", "1.a.2.0"), ("1-2", "1.0.pre.2"), ("1.a.0.1", "1.a0.1")] {
            assert_eq!(Key::read(a), Key::read(b));
        }
        for bad in ["a", "v1", ".1", "1_0", "1.0+x", ""] {
            assert!(Key::read(bad).is_err(), "{bad}");
        }
    }
}
