//! What a request's Authorization header holds.

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use plimsoll_identity::ApiKey;

/// Longer headers are refused unread.
const MAX_BYTES: usize = 16 * 1024;

/// What a request shows of itself. Nothing of it is checked yet.
#[derive(Debug)]
pub(crate) enum Credentials {
    /// Nothing.
    Missing,
    /// An API key: as a Basic password under any user name, or as a bearer.
    Key(ApiKey),
    /// A bearer that is no API key: a registry token, if anything.
    Token(String),
    /// Something that cannot be right.
    Malformed,
}

impl Credentials {
    /// From a request's headers.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let Some(value) = headers.get(AUTHORIZATION) else { return Self::Missing };
        let Ok(text) = value.to_str() else { return Self::Malformed };
        if text.len() > MAX_BYTES {
            return Self::Malformed;
        }
        let Some((scheme, value)) = text.split_once(' ') else { return Self::Malformed };
        let value = value.trim();
        if scheme.eq_ignore_ascii_case("basic") {
            basic(value)
        } else if scheme.eq_ignore_ascii_case("bearer") {
            match ApiKey::parse(value) {
                Ok(key) => Self::Key(key),
                Err(_) if value.starts_with("plim_") => Self::Malformed,
                Err(_) => Self::Token(value.to_owned()),
            }
        } else {
            Self::Malformed
        }
    }
}

fn basic(value: &str) -> Credentials {
    let decoded = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let password = decoded.as_deref().and_then(|text| text.split_once(':')).map(|(_, password)| password);
    match password.map(ApiKey::parse) {
        Some(Ok(key)) => Credentials::Key(key),
        _ => Credentials::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn a_key_is_found_wherever_clients_put_it() {
        let key = ApiKey::generate(&mut plimsoll_identity::rng());
        let encode = |user: &str| STANDARD.encode(format!("{user}:{}", key.expose()));
        let table = [
            (format!("Basic {}", encode("anybody")), "key"),
            (format!("basic {}", encode("")), "key"),
            (format!("Bearer {}", key.expose()), "key"),
            (format!("bearer  {} ", key.expose()), "key"),
            ("Bearer v1.a.b".into(), "token"),
            ("Bearer plim_wrong".into(), "malformed"),
            (format!("Basic {}", key.expose()), "malformed"),
            (format!("Basic {}", STANDARD.encode("a:b")), "malformed"),
            (format!("Basic {}", STANDARD.encode(b"\xff:\xff")), "malformed"),
            ("Basic".into(), "malformed"),
            ("Digest x".into(), "malformed"),
            ("Bearer ".to_owned() + &"x".repeat(20_000), "malformed"),
        ];
        for (header, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_str(&header).unwrap());
            let found = match Credentials::of(&headers) {
                Credentials::Missing => "missing",
                Credentials::Key(_) => "key",
                Credentials::Token(_) => "token",
                Credentials::Malformed => "malformed",
            };
            assert_eq!(found, expected, "{header}");
        }
        assert!(matches!(Credentials::of(&HeaderMap::new()), Credentials::Missing));
    }
}
