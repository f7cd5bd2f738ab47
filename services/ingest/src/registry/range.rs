//! Ranges of bytes, both ways: `Range` of a pull (RFC 9110, section 14.2), `Content-Range` of a pushed chunk (distribution specification).

use std::ops::Range;

/// What a Range header asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// Everything: no range, several, or one that cannot be read.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that are not there.
    Unsatisfiable,
}

/// Reads a Range header for a blob of `size` bytes. Several ranges are answered by the whole, as the RFC allows.
pub(super) fn asked(header: Option<&str>, size: u64) -> Asked {
    let Some(range) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else { return Asked::Whole };
    let Some((first, last)) = range.split_once('-') else { return Asked::Whole };
    let (first, last) = (first.trim(), last.trim());
    let part = match (number(first), number(last)) {
        (None, Some(length)) if first.is_empty() => size.saturating_sub(length)..size,
        (Some(first), None) if last.is_empty() => first..size,
        (Some(first), Some(last)) if first <= last => first..size.min(last.saturating_add(1)),
        _ => return Asked::Whole,
    };
    if part.is_empty() { Asked::Unsatisfiable } else { Asked::Part(part) }
}

/// Reads a chunk's `Content-Range`, `START-END` with END included; some clients write `bytes START-END/TOTAL`, as in HTTP.
pub(super) fn of_chunk(header: &str) -> Option<Range<u64>> {
    let header = header.trim();
    let header = header.strip_prefix("bytes ").unwrap_or(header);
    let header = header.split_once('/').map_or(header, |(range, _)| range);
    let (first, last) = header.split_once('-')?;
    let (first, last) = (number(first.trim())?, number(last.trim())?);
    (first <= last).then(|| first..last.saturating_add(1))
}

/// Digits only: `parse` would take a plus sign. What is too large for a number is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_http_says() {
        use Asked::{Part, Unsatisfiable, Whole};
        let table = [
            (None, Whole),
            (Some("bytes=0-9"), Part(0..10)),
            (Some("bytes=10-"), Part(10..20)),
            (Some("bytes=-5"), Part(15..20)),
            (Some("bytes=-50"), Part(0..20)),
            (Some("bytes=5-500"), Part(5..20)),
            (Some("bytes=19-19"), Part(19..20)),
            (Some("bytes=20-"), Unsatisfiable),
            (Some("bytes=20-25"), Unsatisfiable),
            (Some("bytes=-0"), Unsatisfiable),
            (Some("bytes=99999999999999999999-"), Unsatisfiable),
            (Some("bytes=9-0"), Whole),
            (Some("bytes=0-1,3-4"), Whole),
            (Some("bytes=-"), Whole),
            (Some("bytes=a-b"), Whole),
            (Some("lines=0-1"), Whole),
            (Some("bytes=+1-2"), Whole),
        ];
        for (header, expected) in table {
            assert_eq!(asked(header, 20), expected, "{header:?}");
        }
        assert_eq!(asked(Some("bytes=0-"), 0), Unsatisfiable);
    }

    #[test]
    fn a_chunks_place_is_read_in_both_spellings() {
        let table = [
            ("0-99", Some(0..100)),
            ("100-199", Some(100..200)),
            ("bytes 0-99/200", Some(0..100)),
            ("bytes 0-99/*", Some(0..100)),
            ("5-5", Some(5..6)),
            ("9-5", None),
            ("-5", None),
            ("5-", None),
            ("x", None),
            ("", None),
        ];
        for (header, expected) in table {
            assert_eq!(of_chunk(header), expected, "{header}");
        }
    }
}
