//! YAML documents, as lock files are.

use serde::de::DeserializeOwned;
use serde_saphyr::options::DuplicateKeyPolicy;

use crate::Malformed;

/// The most bytes of a document that an analyser takes.
pub(crate) const MAX_BYTES: usize = 8 << 20;

/// Reads a document. Its aliases are followed as far as a document of this size would have any use for, its depth as far as the
/// parser's own limit.
///
/// # Errors
/// With the line where it is not YAML, or not of `T`'s shape.
pub(crate) fn document<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    let options = serde_saphyr::options! {
        // What it says twice does not make the rest untrue.
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
        with_snippet: false,
    };
    serde_saphyr::from_slice_with_options(bytes, options).map_err(|error| {
        let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
        let told = error.to_string();
        Malformed { line, detail: format!("not a list of packages: {}", told.lines().next().unwrap_or_default()) }
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn a_document_that_does_not_parse_is_a_complaint_with_its_line() {
        let laughs: String = (1..30)
            .map(|level| format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(",")))
            .collect();
        let laughs = format!("a0: &a0 [x]\n{laughs}");
        let deep = format!("a: {}{}", "[".repeat(100_000), "]".repeat(100_000));
        let cases: [(&[u8], &str); 5] = [
            (b"a: 1\nb: [2\n", "line "),
            (b"a: 1\nb: {c: 1}\n", "line 2: "),
            (laughs.as_bytes(), "line "),
            (deep.as_bytes(), "line 1: "),
            (b"\xff", "not a list"),
        ];
        for (bytes, expected) in cases {
            let complaint = match str::from_utf8(bytes).is_ok_and(|text| text.contains("a0")) {
                true => document::<BTreeMap<String, serde_json::Value>>(bytes).unwrap_err().to_string(),
                false => document::<BTreeMap<String, String>>(bytes).unwrap_err().to_string(),
            };
            assert!(complaint.starts_with(expected), "{complaint}");
        }
    }

    #[test]
    fn texts_are_as_written_and_the_last_of_a_key_counts() {
        let read: BTreeMap<String, String> = document(b"a: 1.10\nb: '2'\na: 3.10\n").unwrap();
        assert_eq!(read, [("a".into(), "3.10".into()), ("b".into(), "2".into())].into());
    }
}
