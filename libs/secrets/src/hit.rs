//! What was found, fit to be shown.

use crate::Rule;

/// A secret in a text. It says where and which, never what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretHit {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// Its line, from 1.
    pub line: u32,
    /// Bytes from the beginning of what was scanned (for a variable: of its value).
    pub offset: u64,
    /// The first four characters of a long secret, nothing of a short one, and asterisks.
    pub redacted: String,
}

/// Below this many bytes four characters would be much of a secret.
const LONG: usize = 20;

/// `secret` with all but its first four bytes hidden; a short one, or one that is not plain text, is hidden whole.
pub(crate) fn redact(secret: &[u8]) -> String {
    let shown = secret.get(..4).filter(|head| secret.len() >= LONG && head.iter().all(u8::is_ascii_graphic));
    let head = shown.map(|head| String::from_utf8_lossy(head).into_owned()).unwrap_or_default();
    head + "********"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_four_characters_of_long_secrets_are_shown() {
        let long = "abcdefghijklmnopqrstuvwxyz";
        for (secret, shown) in
            [("hunter2", "********"), (long, "abcd********"), ("\u{1b}[31mabcdefghijklmnop", "********")]
        {
            assert_eq!(redact(secret.as_bytes()), shown);
        }
    }
}
