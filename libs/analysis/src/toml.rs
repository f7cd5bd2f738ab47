//! TOML documents, as lock files are.

use serde::de::DeserializeOwned;

use crate::Malformed;

/// The most bytes of a document that an analyser takes: while it is parsed, a hostile one takes 70 times its size.
pub(crate) const MAX_BYTES: usize = 3 << 20;

/// Reads a document.
///
/// # Errors
/// With the line where it is not TOML, or not of `T`'s shape.
pub(crate) fn document<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    let text = str::from_utf8(bytes).map_err(|error| Malformed::new(format!("not UTF-8: {error}")))?;
    toml::from_str(text).map_err(|error| {
        let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.lines().count().max(1));
        Malformed { line, detail: format!("not a lock file: {}", error.message()) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_does_not_parse_is_a_complaint_with_its_line() {
        #[derive(serde::Deserialize, Debug)]
        struct Lock {
            #[expect(dead_code, reason = "only its shape matters")]
            package: Vec<String>,
        }
        let deep = format!("a = {}{}", "[".repeat(5000), "]".repeat(5000));
        let cases: [(&[u8], &str); 4] = [
            (b"a = 1\npackage = [1]\n", "line 2: "),
            (b"a = 1\n<<<<<<<\n", "line 2: "),
            (deep.as_bytes(), "line 1: "),
            (b"\xff", "not UTF-8"),
        ];
        for (bytes, expected) in cases {
            let complaint = document::<Lock>(bytes).unwrap_err().to_string();
            assert!(complaint.starts_with(expected), "{complaint}");
        }
    }
}
