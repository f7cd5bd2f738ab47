//! `WWW-Authenticate`: where a client gets a token, and what for. Basic works everywhere too, without being offered: every registry
//! client prefers Bearer, and curl needs no challenge.

use url::Url;

/// The name that tokens are asked for by.
pub(crate) const SERVICE: &str = "plimsoll";

/// A Bearer challenge. `scope` is (repository name in the URL, actions); `error` is one of RFC 6750's.
pub(crate) fn bearer(public_url: &Url, scope: Option<(&str, &str)>, error: Option<&str>) -> String {
    let realm = public_url.as_str().trim_end_matches('/');
    let mut challenge = format!("Bearer realm=\"{realm}/v2/token\",service=\"{SERVICE}\"");
    if let Some((name, actions)) = scope {
        challenge.push_str(&format!(",scope=\"repository:{name}:{actions}\""));
    }
    if let Some(error) = error {
        challenge.push_str(&format!(",error=\"{error}\""));
    }
    challenge
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_says_where_and_what_for() {
        let url: Url = "https://reg.example/".parse().unwrap();
        assert_eq!(bearer(&url, None, None), r#"Bearer realm="https://reg.example/v2/token",service="plimsoll""#);
        assert_eq!(
            bearer(&url, Some(("a/b", "pull,push")), Some("invalid_token")),
            r#"Bearer realm="https://reg.example/v2/token",service="plimsoll",scope="repository:a/b:pull,push",error="invalid_token""#
        );
    }
}
