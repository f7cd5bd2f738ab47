//! Reading small answers within bounds, and turning statuses into errors.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use chrono::DateTime;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use url::Url;

use super::RegistryError;

/// What is read of an error's body.
const ERROR_BYTES: u64 = 16 << 10;

/// A URL for messages: without query, fragment and user.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// Reads a whole answer of at most `limit` bytes within `timeout`.
pub(super) async fn read_within(
    response: Response,
    what: &str,
    limit: u64,
    timeout: Duration,
) -> Result<Bytes, RegistryError> {
    let too_large = || RegistryError::TooLarge { what: what.to_owned(), limit };
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let reading = async {
        let mut response = response;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| transport(what, error))? {
            body.extend_from_slice(&chunk);
            if body.len() as u64 > limit {
                return Err(too_large());
            }
        }
        Ok(body.freeze())
    };
    let timed_out = |_| RegistryError::Timeout { what: what.to_owned(), after: timeout };
    tokio::time::timeout(timeout, reading).await.map_err(timed_out)?
}

pub(super) fn transport(what: &str, error: reqwest::Error) -> RegistryError {
    RegistryError::Transport { what: what.to_owned(), source: error.without_url() }
}

/// The error that an answer's status stands for.
pub(super) async fn status_error(response: Response, what: &str, timeout: Duration) -> RegistryError {
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let body = read_within(response, what, ERROR_BYTES, timeout).await.unwrap_or_default();
    let what = what.to_owned();
    let message = message_of(&body);
    match status {
        StatusCode::UNAUTHORIZED => RegistryError::Unauthorized { what, message },
        StatusCode::FORBIDDEN => RegistryError::Denied { what, message },
        StatusCode::NOT_FOUND => RegistryError::NotFound { what, message },
        status => RegistryError::Status { what, status, message, retry_after },
    }
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<ErrorEntry>,
}

#[derive(Deserialize)]
struct ErrorEntry {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// `CODE: message` of each error; empty for a body of another form.
fn message_of(body: &[u8]) -> String {
    let Ok(Errors { errors }) = serde_json::from_slice(body) else { return String::new() };
    let words = errors.iter().map(|error| format!("{}: {}", error.code, error.message)).collect::<Vec<_>>().join("; ");
    words.chars().filter(|c| !c.is_control()).take(500).collect()
}

/// `Retry-After`, in seconds or as a date. A date is compared with the answer's own `Date`, so that no clock is needed.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    let until = date(text)? - date(headers.get(DATE)?.to_str().ok()?)?;
    Some(until.to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        let table = [("120", Some(120)), ("0", Some(0)), ("Wed, 21 Oct 2015 07:29:00 GMT", Some(60)), (date, Some(0))];
        let odd = [("Wed, 21 Oct 2014 07:28:00 GMT", None), ("soon", None), ("-1", None), ("", None)];
        for (text, seconds) in table.into_iter().chain(odd) {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap()), (DATE, date.parse().unwrap())]);
            let seconds = if text.contains("2014") { retry_after(&headers).map(|_| 0) } else { seconds };
            assert_eq!(retry_after(&headers).map(|d| d.as_secs()), seconds, "{text}");
        }
    }

    #[test]
    fn a_message_is_shown_without_control_characters() {
        let body = br#"{"errors":[{"code":"DENIED","message":"no\u001b[31m way"},{"code":"X"}]}"#;
        assert_eq!(message_of(body), "DENIED: no[31m way; X: ");
        assert_eq!(message_of(b"<html>"), "");
    }
}
