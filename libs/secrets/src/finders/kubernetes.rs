//! Manifests of kind Secret: `data` in base64, `stringData` as it is.
//! Source: Kubernetes, API reference, Secret v1.

use std::ops::Range;

use crate::decode::{base64, contains};
use crate::placeholder::{is_no_password, is_placeholder, is_reference};

/// A manifest is looked at as far as this from its kind, both ways.
const MAX_SIDE: usize = 8 << 10;

/// Adds the values of the manifest whose `kind` is at `keyword`.
pub(super) fn secrets_at(bytes: &[u8], keyword: &Range<usize>, secrets: &mut Vec<Range<usize>>) {
    let Some(rest) = bytes.get(keyword.end..) else { return };
    let line = rest.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let kind = line.get(..line.len().min(40)).unwrap_or_default().trim_ascii();
    let Some(kind) = kind.strip_prefix(b":") else { return };
    let kind = kind.trim_ascii();
    if !matches!(kind, b"Secret" | b"\"Secret\"" | b"'Secret'") || !begins_line(bytes, keyword.start) {
        return;
    }
    let document = document_around(bytes, keyword);
    let mut is_in_data = None;
    let mut at = document.start;
    for line in bytes.get(document).unwrap_or_default().split_inclusive(|&byte| byte == b'\n') {
        let indent = line.iter().take_while(|&&byte| byte == b' ').count();
        let content = line.trim_ascii();
        match is_in_data {
            Some((depth, is_encoded)) if indent > depth => {
                if let Some(value) =
                    value_of(line).filter(|value| is_secret(line.get(value.clone()).unwrap_or_default(), is_encoded))
                {
                    secrets.push(at + value.start..at + value.end);
                }
            }
            _ if content == b"data:" => is_in_data = Some((indent, true)),
            _ if content == b"stringData:" => is_in_data = Some((indent, false)),
            _ if content.is_empty() => {}
            _ => is_in_data = None,
        }
        at += line.len();
    }
}

fn begins_line(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(at.saturating_sub(40)..at).unwrap_or_default();
    let line = before.rsplit(|&byte| byte == b'\n').next().unwrap_or_default();
    line.iter().all(|&byte| matches!(byte, b' ' | b'-'))
}

/// From the separator or other kind before it to that after it: so each line is looked at twice at most.
fn document_around(bytes: &[u8], keyword: &Range<usize>) -> Range<usize> {
    let is_border = |line: &[u8]| {
        line.starts_with(b"---") || contains(line.get(..line.len().min(40)).unwrap_or_default(), b"kind:")
    };
    let before = bytes.get(keyword.start.saturating_sub(MAX_SIDE)..keyword.start).unwrap_or_default();
    let mut lines = before.split(|&byte| byte == b'\n').rev();
    let indent = lines.next().map_or(0, <[u8]>::len);
    let lines = lines.take_while(|line| !is_border(line));
    let start = keyword.start - indent - lines.map(|line| line.len() + 1).sum::<usize>();
    let after = bytes.get(keyword.end..bytes.len().min(keyword.end + MAX_SIDE)).unwrap_or_default();
    let lines = after.split_inclusive(|&byte| byte == b'\n').enumerate();
    let length: usize = lines.take_while(|(nth, line)| *nth == 0 || !is_border(line)).map(|(_, line)| line.len()).sum();
    start..keyword.end + length
}

/// Where in a line `name: value` the value is, without its quotes.
fn value_of(line: &[u8]) -> Option<Range<usize>> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let value = line.get(colon + 1..)?;
    let lead = value.len() - value.trim_ascii_start().len();
    let value = value.trim_ascii();
    let quoted = [b'"', b'\'']
        .into_iter()
        .find(|&quote| value.len() >= 2 && value.first() == Some(&quote) && value.last() == Some(&quote));
    let (inset, length) = if quoted.is_some() { (1, value.len() - 2) } else { (0, value.len()) };
    (length > 0).then(|| colon + 1 + lead + inset..colon + 1 + lead + inset + length)
}

fn is_secret(value: &[u8], is_encoded: bool) -> bool {
    let is_real = |value: &[u8]| {
        value.len() >= 4 && !is_placeholder(value, false) && !is_reference(value) && !is_no_password(value)
    };
    if is_encoded { value.len() >= 8 && base64(value).is_some_and(|decoded| is_real(&decoded)) } else { is_real(value) }
}
