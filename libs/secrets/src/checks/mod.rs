//! Closer looks at what an expression has matched.

mod jwt;

use std::ops::Range;

use serde::Deserialize;

use crate::decode::{base64, base64_beginning, contains};
use crate::named::is_token_like;
use crate::path::Ground;
use crate::placeholder::{is_mixed, is_no_password, is_placeholder, is_reference, is_usual_password};
use crate::scan::Text;

/// What must hold of a match besides its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Check {
    /// It decodes to a private key in PEM.
    Base64Pem,
    /// The file is a PKCS #12 store.
    Pkcs12,
    /// It has other characters than hexadecimal digits: it is no digest.
    NotHexadecimal,
    /// It decodes to `user:password`, or is a token of a registry.
    RegistryAuth,
    /// It decodes to a header and claims.
    Jwt,
    /// It decodes to such a token.
    Base64Jwt,
    /// It is no word that stands for a password.
    Password,
    /// It decodes to `user:password`.
    BasicCredentials,
    /// It mixes letters and digits as tokens do, and is no JWT, which has a rule of its own.
    TokenLike,
    /// It is a header given to a client.
    CurlHeader,
    /// It is on a command line of curl or wget.
    CurlCommand,
    /// It does not say that it is insecure, as generated projects do.
    NotInsecure,
}

impl Check {
    /// Whether it holds of the bytes at `range`.
    pub(crate) fn holds(self, text: &Text<'_>, range: &Range<usize>) -> bool {
        let Some(secret) = text.bytes.get(range.clone()) else { return false };
        match self {
            Self::Base64Pem => {
                base64_beginning(secret).is_some_and(|decoded| crate::finders::has_private_key(&decoded))
            }
            Self::Pkcs12 => is_pkcs12(secret),
            Self::NotHexadecimal => !secret.iter().all(u8::is_ascii_hexdigit),
            Self::RegistryAuth => {
                is_basic(secret)
                    || (secret.len() >= 40 && is_token_like(secret) && base64(secret).is_none_or(|d| !d.is_ascii()))
            }
            Self::Jwt => jwt::is_token(secret),
            Self::Base64Jwt => base64_beginning(secret).is_some_and(|decoded| jwt::is_token(decoded.trim_ascii())),
            Self::Password => is_password(text, secret),
            Self::BasicCredentials => is_basic(secret),
            Self::TokenLike => !secret.starts_with(b"eyJ") && is_token_like(secret),
            Self::CurlHeader => {
                is_token_like(secret)
                    && has_before(text.bytes, range.start, 80, &[b"-H ", b"-H'", b"-H\"", b"--header"])
            }
            Self::CurlCommand => {
                is_password(text, secret)
                    && has_before(text.bytes, range.start, 400, &[b"curl ", b"wget ", b"curl\t", b"http "])
            }
            Self::NotInsecure => !contains(&secret.to_ascii_lowercase(), b"insecure"),
        }
    }
}

/// Whether one of `words` is at most `most` bytes before `at`, on the same line, as shells continue lines.
fn has_before(bytes: &[u8], at: usize, most: usize, words: &[&[u8]]) -> bool {
    let before = bytes.get(at.saturating_sub(most)..at).unwrap_or_default();
    let broken =
        before.windows(2).rposition(|pair| matches!(pair, [before, b'\n'] if !matches!(before, b'\\' | b'\r')));
    let line = broken.map_or(before, |at| before.get(at + 2..).unwrap_or_default());
    words.iter().any(|word| contains(line, word))
}

fn is_password(text: &Text<'_>, value: &[u8]) -> bool {
    let is_none = is_no_password(value) || is_reference(value) || is_placeholder(value, false);
    !is_none
        && (text.is_lenient || (!is_usual_password(value) && (text.ground == Ground::Configuration || is_mixed(value))))
}

/// `user:password` in base64, both of printable characters.
fn is_basic(text: &[u8]) -> bool {
    let Some(decoded) = base64(text) else { return false };
    let Some(colon) = decoded.iter().position(|&byte| byte == b':') else { return false };
    let (user, password) = (decoded.get(..colon).unwrap_or_default(), decoded.get(colon + 1..).unwrap_or_default());
    let is_printable = |text: &[u8]| text.iter().all(|&byte| byte.is_ascii_graphic() || byte == b' ');
    !user.is_empty()
        && password.len() >= 3
        && is_printable(user)
        && is_printable(password)
        && !is_no_password(password)
        && !is_usual_password(password)
        && user != password
        && !is_reference(password)
        && !is_placeholder(password, false)
        && !is_placeholder(user, false)
}

/// `SEQUENCE { INTEGER 3, SEQUENCE { ...` (RFC 7292, section 4): a PFX of version 3.
fn is_pkcs12(bytes: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = bytes else { return false };
    let skipped = if *length & 0x80 == 0 { 0 } else { usize::from(*length & 0x7f) };
    bytes.len() >= 256 && rest.get(skipped..).is_some_and(|content| content.starts_with(&[0x02, 0x01, 0x03, 0x30]))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn basic_credentials_are_a_user_and_a_password_in_base64() {
        for (decoded, expected) in [
            ("me:h4rdly", true),
            ("me:password", false),
            ("me:", false),
            (":x1234", false),
            ("no colon", false),
            ("a:\u{1}\u{2}\u{3}", false),
            ("u:$PASS", false),
        ] {
            let text = base64::engine::general_purpose::STANDARD.encode(decoded);
            assert_eq!(is_basic(text.as_bytes()), expected, "{decoded}");
        }
    }

    #[test]
    fn a_key_store_is_told_by_its_first_bytes() {
        let mut store = vec![0x30, 0x82, 0x03, 0x00, 0x02, 0x01, 0x03, 0x30, 0x82];
        store.resize(800, 7);
        assert!(is_pkcs12(&store));
        store[6] = 4;
        assert!(!is_pkcs12(&store));
        assert!(!is_pkcs12(b"0"));
    }
}
