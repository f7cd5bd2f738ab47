//! A name that is given a value, in whatever language: `NAME=value`, `"name": "value"`, `<name>value</name>`, `name => 'value'`.

use std::ops::Range;

/// Bytes a name and a gap may take; what is longer is no assignment.
const MAX_NAME: usize = 64;
const MAX_GAP: usize = 24;

/// Where in the bytes a name and its value are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) name: Range<usize>,
    /// Without its quotes.
    pub(crate) value: Range<usize>,
    pub(crate) is_quoted: bool,
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// The assignment to the name that `keyword` is a part of, if the value has fewer than `most` bytes.
pub(crate) fn assignment_at(bytes: &[u8], keyword: &Range<usize>, most: usize) -> Option<Assignment> {
    let before = bytes.get(keyword.start.saturating_sub(MAX_NAME)..keyword.start)?;
    let name_start = keyword.start - before.iter().rev().take_while(|&&byte| is_name_byte(byte)).count();
    let after = bytes.get(keyword.end..)?;
    let tail = after.iter().take(MAX_NAME + 1).take_while(|&&byte| is_name_byte(byte)).count();
    if tail > MAX_NAME {
        return None;
    }
    let name_end = keyword.end + tail;
    let gap = Gap { bytes, at: name_end };
    let at = gap.after_operator()?;
    let (value, is_quoted) = value_at(bytes, at, most)?;
    Some(Assignment { name: name_start..name_end, value, is_quoted })
}

/// Between a name and its value.
struct Gap<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Gap<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self, most: usize, skipped: &[u8]) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take(most).take_while(|byte| skipped.contains(byte)).count();
    }

    /// Where the value, or its quote, begins.
    fn after_operator(mut self) -> Option<usize> {
        self.skip(4, b"\\\"'`])");
        self.skip(MAX_GAP, b" \t");
        let rest = self.bytes.get(self.at..)?;
        let operators: [&[u8]; 8] = [b":::=", b"::=", b":=", b"||=", b"?=", b"=>", b"=", b":"];
        let length = match operators.iter().find(|operator| rest.starts_with(operator)) {
            // A comparison gives no value.
            Some(&b"=") if rest.get(1) == Some(&b'=') => return None,
            Some(operator) => operator.len(),
            None if matches!(rest.first(), Some(b'>' | b',')) => 1,
            None => return None,
        };
        self.at += length;
        self.skip(MAX_GAP, b" \t");
        // Prefixes of string literals: `b"..."`, `r'...'`, `@"..."`.
        if matches!(self.peek(), Some(b'b' | b'B' | b'r' | b'R' | b'u' | b'U' | b'f' | b'L' | b'@'))
            && matches!(self.bytes.get(self.at + 1), Some(b'"' | b'\''))
        {
            self.at += 1;
        }
        self.skip(1, b"\\");
        Some(self.at)
    }
}

fn value_at(bytes: &[u8], at: usize, most: usize) -> Option<(Range<usize>, bool)> {
    let first = *bytes.get(at)?;
    if matches!(first, b'"' | b'\'' | b'`') {
        let rest = bytes.get(at + 1..)?;
        let length = rest.iter().take(most).position(|&byte| byte == first || matches!(byte, b'\n' | b'\r'))?;
        // A quote within escaped text ends with its backslash.
        let text = rest.get(..length)?;
        let ends = rest.get(length) == Some(&first);
        let value = text.strip_suffix(b"\\").unwrap_or(text);
        return ends.then(|| (at + 1..at + 1 + value.len(), true));
    }
    let rest = bytes.get(at..)?;
    let is_end = |byte: u8| {
        byte.is_ascii_whitespace() || matches!(byte, b'"' | b'\'' | b'`' | b';' | b',' | b'<' | b'>' | b'\\')
    };
    let length = rest.iter().take(most).take_while(|&&byte| !is_end(byte)).count();
    (length < most && length > 0).then_some((at..at + length, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_told_apart_in_every_notation() {
        for (text, expected) in [
            ("DB_PASSWORD=abc def", Some(("DB_PASSWORD", "abc"))),
            ("\"password\": \"a b\"", Some(("password", "a b"))),
            ("password: abc # why", Some(("password", "abc"))),
            ("<password>abc</password>", Some(("password", "abc"))),
            ("'password' => 'abc',", Some(("password", "abc"))),
            ("define('DB_PASSWORD', 'abc');", Some(("DB_PASSWORD", "abc"))),
            ("config[\"password\"] = b\"abc\"", Some(("password", "abc"))),
            ("{\\\"password\\\":\\\"abc\\\"}", Some(("password", "abc"))),
            ("password ?= abc", Some(("password", "abc"))),
            ("password == 'abc'", None),
            ("password 'abc'", None),
            ("password: 'abc", None),
            ("password=", None),
        ] {
            let at = text.to_ascii_lowercase().find("password").unwrap();
            let found = assignment_at(text.as_bytes(), &(at..at + 8), 100);
            assert_eq!(found.map(|a| (&text[a.name], &text[a.value])), expected, "{text}");
        }
    }
}
