//! JSON web tokens. Source: RFC 7519, RFC 7515.

use serde_json::Value;

use crate::decode::base64;

/// Whether `text` is a header with an algorithm and an object of claims, both of which decode, and neither a sample nor meant for all:
/// anonymous keys (`role: anon`) are published with the page that uses them.
pub(crate) fn is_token(text: &[u8]) -> bool {
    let mut parts = text.split(|&byte| byte == b'.');
    let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let (Some(header), Some(claims)) = (object(header), object(claims)) else { return false };
    let says = |name: &str, value: &str| claims.get(name).and_then(Value::as_str) == Some(value);
    header.get("alg").is_some_and(|algorithm| algorithm.as_str().is_some_and(|name| !name.eq_ignore_ascii_case("none")))
        && signature.len() >= 20
        && !says("name", "John Doe")
        && !says("sub", "1234567890")
        && !says("role", "anon")
        && !says("iss", "joe")
}

fn object(part: &[u8]) -> Option<Value> {
    let decoded = base64(part)?;
    serde_json::from_slice::<Value>(&decoded).ok().filter(Value::is_object)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn tokens_decode_and_are_no_samples() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signature = "q7Xw2Lk9Rf4Tz1Vb8Nsd3Gh";
        for (header, claims, expected) in [
            (r#"{"alg":"HS256"}"#, r#"{"sub":"u1"}"#, true),
            (r#"{"alg":"none"}"#, r#"{"sub":"u1"}"#, false),
            (r#"{"typ":"JWT"}"#, r#"{"sub":"u1"}"#, false),
            (r#"{"alg":"HS256"}"#, r#"{"sub":"1234567890","name":"John Doe"}"#, false),
            (r#"{"alg":"HS256"}"#, r#"{"role":"anon"}"#, false),
            (r#"{"alg":"HS256"}"#, "nothing", false),
            ("nothing", r#"{"sub":"u1"}"#, false),
        ] {
            let token = format!("{}.{}.{signature}", part(header), part(claims));
            assert_eq!(is_token(token.as_bytes()), expected, "{header} {claims}");
        }
        assert!(!is_token(b"eyJ.eyJ"));
    }
}
