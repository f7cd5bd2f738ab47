//! JSON with comments and trailing commas, as people and some tools write it.

use serde::Deserialize;

use crate::Malformed;

/// Reads a document.
///
/// # Errors
/// With the line where it is not JSON, or not of `T`'s shape.
pub(crate) fn document<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, Malformed> {
    let bytes = plain(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    serde_json::from_slice(&bytes)
        .map_err(|error| Malformed::at(error.line(), format!("not a list of packages: {error}")))
}

/// The document as JSON: comments and trailing commas become spaces, so that all else stays where it was. What is wrong stays wrong.
fn plain(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    // A comma that nothing but space and comments has followed yet.
    let mut comma: Option<usize> = None;
    while let Some((&byte, after)) = rest.split_first() {
        let comment = comment_length(rest);
        let length = if byte == b'"' { 1 + text_length(after) } else { comment.unwrap_or(1) };
        let (token, after) = rest.split_at(length.min(rest.len()));
        rest = after;
        if comment.is_some() {
            plain.extend(token.iter().map(|&byte| if byte == b'\n' { b'\n' } else { b' ' }));
            continue;
        }
        match byte {
            b'}' | b']' => {
                if let Some(byte) = comma.take().and_then(|at| plain.get_mut(at)) {
                    *byte = b' ';
                }
            }
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b',' => comma = Some(plain.len()),
            _ => comma = None,
        }
        plain.extend_from_slice(token);
    }
    plain
}

/// The length of the comment that begins here, to the end of all if it has none.
fn comment_length(bytes: &[u8]) -> Option<usize> {
    let end = match bytes.get(..2)? {
        b"//" => memchr::memchr(b'\n', bytes),
        b"/*" => memchr::memmem::find(bytes.get(2..)?, b"*/").map(|end| end + 4),
        _ => return None,
    };
    Some(end.unwrap_or(bytes.len()))
}

/// The length of a text with its closing mark, from after its opening one; all of it if there is none.
fn text_length(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(at) = bytes.get(length..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        length += at + 1;
        match bytes.get(length - 1) {
            Some(b'\\') => length += 1,
            _ => return length,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_trailing_commas_vanish_and_nothing_moves() {
        let cases = [
            (r#"{"a": [1, 2,], }"#, r#"{"a": [1, 2 ]  }"#),
            ("[1, // x,\n]", "[1       \n]"),
            ("[1 /* ,\n ] */ , /**/ ]", "[1     \n             ]"),
            (r#"["//", "/*", "\",]", "\\",]"#, r#"["//", "/*", "\",]", "\\" ]"#),
            ("[1,,]", "[1, ]"),
            ("[1 / 2]", "[1 / 2]"),
            ("\"open\\", "\"open\\"),
            ("1 /* open", "1        "),
            ("1 //", "1   "),
            ("/", "/"),
            ("/*/", "   "),
            ("", ""),
        ];
        for (text, expected) in cases {
            assert_eq!(String::from_utf8(plain(text.as_bytes())).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn a_document_that_does_not_parse_is_a_complaint_with_its_line() {
        let deep = "[".repeat(100_000);
        for (text, expected) in
            [("/*\n*/ [1,\n2,,]", "line 3: "), (&deep, "line 1: "), ("", "line "), ("{}", "line 1: ")]
        {
            let complaint = document::<Vec<u32>>(text.as_bytes()).unwrap_err().to_string();
            assert!(complaint.starts_with(expected), "{complaint}");
        }
        assert_eq!(document::<Vec<u32>>(b"\xef\xbb\xbf[1,]").unwrap(), [1]);
    }
}
