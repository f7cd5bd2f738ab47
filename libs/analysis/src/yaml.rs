//! YAML documents, as lock files are.

use serde::de::DeserializeOwned;
use serde_saphyr::Options;
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
    serde_saphyr::from_slice_with_options(bytes, options()).map_err(|error| complaint(&error))
}

/// Reads documents, one after another, as [`document`] reads one. Empty ones are left out.
///
/// # Errors
/// With the line where they are not YAML, or one is not of `T`'s shape.
pub(crate) fn documents<T: DeserializeOwned>(bytes: &[u8]) -> Result<Vec<T>, Malformed> {
    serde_saphyr::from_slice_multiple_with_options(bytes, options()).map_err(|error| complaint(&error))
}

fn options() -> Options {
    serde_saphyr::options! {
        // What it says twice does not make the rest untrue.
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
        // Lock files of large repositories have more than the parser's own limits allow; each node takes some 300 bytes of memory.
        budget: serde_saphyr::budget! { max_nodes: 320_000, max_events: 640_000 },
        with_snippet: false,
    }
}

fn complaint(error: &serde_saphyr::Error) -> Malformed {
    let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
    let told = error.to_string();
    Malformed { line, detail: format!("not a list of packages: {}", told.lines().next().unwrap_or_default()) }
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
    fn documents_are_read_one_after_another() {
        let read: Vec<BTreeMap<String, String>> = documents(b"a: 1\n---\n---\nb: 2\n...\n").unwrap();
        assert_eq!(read, [[("a".into(), "1".into())].into(), [("b".into(), "2".into())].into()]);
        assert_eq!(documents::<String>(b"").unwrap(), Vec::<String>::new());
        for text in ["a: 1\n---\n- b\n".to_owned(), "---\na: 1\n".repeat(100_000)] {
            assert!(documents::<BTreeMap<String, String>>(text.as_bytes()).unwrap_err().line.is_some());
        }
    }

    #[test]
    fn a_document_of_a_large_repository_is_read() {
        let text: String = (0..130_000).map(|number| format!("k{number}: v\n")).collect();
        assert_eq!(document::<BTreeMap<String, String>>(text.as_bytes()).unwrap().len(), 130_000);
    }

    #[test]
    fn texts_are_as_written_and_the_last_of_a_key_counts() {
        let read: BTreeMap<String, String> = document(b"a: 1.10\nb: '2'\na: 3.10\n").unwrap();
        assert_eq!(read, [("a".into(), "3.10".into()), ("b".into(), "2".into())].into());
    }
}
