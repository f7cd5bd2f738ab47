//! Text in UTF-16, as some Windows tools write it.

/// The bytes of a text that begins with UTF-16's mark, a byte a character; what is not Latin is a question mark. So the offset in the
/// file is twice that in the result, and two more.
pub(crate) fn narrowed(bytes: &[u8]) -> Option<Vec<u8>> {
    let (big, rest) = match bytes {
        [0xff, 0xfe, rest @ ..] => (false, rest),
        [0xfe, 0xff, rest @ ..] => (true, rest),
        _ => return None,
    };
    let narrow = |pair: &[u8]| match (pair, big) {
        (&[low, 0], false) | (&[0, low], true) => low,
        _ => b'?',
    };
    Some(rest.chunks_exact(2).map(narrow).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_byte_orders_are_read() {
        assert_eq!(narrowed(b"\xff\xfea\0b\0\x01\x04").unwrap(), b"ab?");
        assert_eq!(narrowed(b"\xfe\xff\0a\0b").unwrap(), b"ab");
        assert_eq!(narrowed(b"ab"), None);
    }
}
