//! The order that setuptools gave Python versions before PEP 440.
//!
//! Source: the behaviour of `LegacyVersion` in the library packaging, up to 21.3. A version is cut into runs of digits, runs of
//! letters and separators, then compared part by part *as texts*: digits padded to eight, words marked so that they come
//! before digits, pre-release words before the end and all others after it.

/// Ends every version: pre-releases (`*a`, `*beta`, `*c`) come before it, patches (`*p`, `*post`) after it.
const FINAL: &str = "*final";
/// A hyphen.
const HYPHEN: &str = "*final-";
/// A padded zero.
const ZERO: &str = "00000000";

/// The parts, in an order that comparing texts gives.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<String>);

impl Key {
    pub(crate) fn read(text: &str) -> Self {
        let lower = text.to_ascii_lowercase();
        let mut parts: Vec<String> = Vec::new();
        for part in runs(&lower).filter_map(comparable).chain([FINAL.to_owned()]) {
            if part.starts_with('*') {
                // A hyphen before a pre-release says nothing, nor do zeros at the end of a series of numbers.
                if part.as_str() < FINAL {
                    drop_trailing(&mut parts, HYPHEN);
                }
                drop_trailing(&mut parts, ZERO);
            }
            parts.push(part);
        }
        Self(parts)
    }
}

fn drop_trailing(parts: &mut Vec<String>, unwanted: &str) {
    while parts.last().is_some_and(|last| last == unwanted) {
        parts.pop();
    }
}

#[derive(PartialEq)]
enum Class {
    Digits,
    Letters,
    /// Dots and hyphens stand alone.
    Separator,
    Other,
}

fn class(byte: u8) -> Class {
    match byte {
        b'0'..=b'9' => Class::Digits,
        b'a'..=b'z' => Class::Letters,
        b'.' | b'-' => Class::Separator,
        _ => Class::Other,
    }
}

/// Cuts where the class changes and around every separator.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.as_bytes()
        .chunk_by(|a, b| class(*a) == class(*b) && class(*a) != Class::Separator)
        .filter_map(|run| std::str::from_utf8(run).ok())
}

/// A run as it is compared; dots only separate.
fn comparable(run: &str) -> Option<String> {
    Some(match run {
        "." => return None,
        "-" => HYPHEN.to_owned(),
        "pre" | "preview" | "rc" => "*c".to_owned(),
        "dev" => "*@".to_owned(),
        digits if digits.starts_with(|c: char| c.is_ascii_digit()) => format!("{digits:0>8}"),
        word => format!("*{word}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_cut_as_setuptools_cut_it() {
        let cases: [(&str, &[&str]); 5] = [
            ("1.0-final", &["00000001", "*final-", "*final", "*final"]),
            ("2.4preview2", &["00000002", "00000004", "*c", "00000002", "*final"]),
            ("0.8.0-p1", &["00000000", "00000008", "*final-", "*p", "00000001", "*final"]),
            ("1.0-RC1", &["00000001", "*c", "00000001", "*final"]),
            ("1+_x", &["00000001", "*+_", "*x", "*final"]),
        ];
        for (text, parts) in cases {
            assert_eq!(Key::read(text).0, parts, "{text}");
        }
    }

    #[test]
    fn pre_releases_come_before_and_patches_after() {
        let ascending = ["1dev-x", "1a-x", "1rc-x", "1-", "1-x", "1p1"];
        for pair in ascending.windows(2) {
            assert!(Key::read(pair[0]) < Key::read(pair[1]), "{pair:?}");
        }
    }
}
