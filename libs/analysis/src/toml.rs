//! TOML documents, as lock files are.

use serde::de::DeserializeOwned;

use crate::Malformed;

/// The most bytes of a document that an analyser takes.
pub(crate) const MAX_BYTES: usize = 3 << 20;

/// What its marks of tables, lists, values and dotted keys may weigh together. While it is parsed, each takes hundreds of bytes of memory,
/// however short the document; lock files of the largest size weigh nine tenths of it.
const WEIGHT: usize = 330_000;

/// Reads a document.
///
/// # Errors
/// With the line where it is not TOML, or not of `T`'s shape.
pub(crate) fn document<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    let text = str::from_utf8(bytes).map_err(|error| Malformed::new(format!("not UTF-8: {error}")))?;
    let weight = |byte| match byte {
        b'[' | b'{' | b'=' | b',' => 2,
        b'.' => 1,
        _ => 0,
    };
    if text.bytes().map(weight).sum::<usize>() > WEIGHT {
        return Err(Malformed::new("more tables, lists and values than are read of one document"));
    }
    toml::from_str(text).map_err(|error| {
        let line = error.span().and_then(|span| text.get(..span.start)).map(|before| before.lines().count().max(1));
        Malformed { line, detail: format!("not a lock file or manifest: {}", error.message()) }
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
        let many = "a = 1\n".repeat(WEIGHT / 2 + 1);
        let cases: [(&[u8], &str); 5] = [
            (many.as_bytes(), "more tables"),
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
