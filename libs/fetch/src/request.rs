//! One request: its headers, its redirects, its time.

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, LOCATION, RANGE,
};
use reqwest::{Response, StatusCode};
use url::Url;

use crate::{FetchError, Limits, Validators};

/// An address for messages: without user and query.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// The headers of a request for a document that the caller may have.
pub fn conditional(known: &Validators) -> HeaderMap {
    let mut headers = plain();
    let mut put = |name, text: &Option<String>| {
        if let Some(value) = text.as_deref().and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(name, value);
        }
    };
    put(IF_NONE_MATCH, &known.etag);
    put(IF_MODIFIED_SINCE, &known.last_modified);
    headers
}

/// The headers of a request for the rest of the document that `validator` names.
pub fn from_byte(position: u64, validator: &str) -> HeaderMap {
    let mut headers = plain();
    if let Ok(validator) = HeaderValue::from_str(validator) {
        headers.insert(IF_RANGE, validator);
        // `bytes=<number>-` is always a value.
        headers.extend(HeaderValue::from_str(&format!("bytes={position}-")).ok().map(|range| (RANGE, range)));
    }
    headers
}

fn plain() -> HeaderMap {
    HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static("*/*")),
        (ACCEPT_ENCODING, HeaderValue::from_static("identity")),
    ])
}

/// Sends a request and follows its redirects; never from https to http.
pub async fn send(
    client: &reqwest::Client,
    url: &Url,
    headers: &HeaderMap,
    limits: &Limits,
) -> Result<Response, FetchError> {
    let address = shown(url);
    let mut at = url.clone();
    for _ in 0..=limits.redirects {
        let request = client.get(at.clone()).headers(headers.clone()).send();
        let no_answer = |_| FetchError::NoAnswer { address: address.clone(), after: limits.answer };
        let response = tokio::time::timeout(limits.answer, request)
            .await
            .map_err(no_answer)?
            .map_err(|error| FetchError::Transport { address: address.clone(), source: error.without_url() })?;
        if !is_redirect(response.status()) {
            return Ok(response);
        }
        at = next(&at, &response, &address)?;
    }
    Err(FetchError::TooManyRedirects { address, limit: limits.redirects })
}

const fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn next(at: &Url, response: &Response, address: &str) -> Result<Url, FetchError> {
    let location = response.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let text = location.unwrap_or_default();
    followed(at, &text).map_err(|why| FetchError::Redirect {
        address: address.to_owned(),
        to: text
            .split(['?', '#'])
            .next()
            .unwrap_or_default()
            .chars()
            .flat_map(char::escape_default)
            .take(200)
            .collect(),
        why,
    })
}

/// Where a `Location` leads, or why it is not followed.
fn followed(at: &Url, location: &str) -> Result<Url, &'static str> {
    if location.is_empty() {
        return Err("it has no address");
    }
    let to = at.join(location).map_err(|_| "it is no address")?;
    match (at.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => Ok(to),
        ("https", "http") => Err("it is not encrypted"),
        _ => Err("only http and https are"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_never_leaves_encryption() {
        let cases = [
            ("https://a/x", "/y", Ok("https://a/y")),
            ("http://a/x", "https://b/y", Ok("https://b/y")),
            ("http://a/x", "http://b/y", Ok("http://b/y")),
            ("https://a/x", "http://a/y", Err("it is not encrypted")),
            ("https://a/x", "file:///y", Err("only http and https are")),
            ("https://a/x", "http://", Err("it is no address")),
            ("https://a/x", "", Err("it has no address")),
        ];
        for (at, location, expected) in cases {
            let to = followed(&Url::parse(at).unwrap(), location);
            assert_eq!(to.as_ref().map(Url::as_str).map_err(|why| *why), expected, "{at} {location}");
        }
    }
}
