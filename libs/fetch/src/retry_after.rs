//! `Retry-After` (RFC 9110, 10.2.3).

use std::time::Duration;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// How long a server asks to wait. A date is compared with the answer's own `Date`, so that no clock is needed.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text: &str| chrono::DateTime::parse_from_rfc2822(text).ok();
    let until = date(text)? - date(headers.get(DATE)?.to_str().ok()?)?;
    Some(until.to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_in_both_forms() {
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        let cases = [
            ("120", Some(120)),
            ("Wed, 21 Oct 2015 07:29:00 GMT", Some(60)),
            (date, Some(0)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ];
        for (text, seconds) in cases {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap()), (DATE, date.parse().unwrap())]);
            assert_eq!(retry_after(&headers).map(|wait| wait.as_secs()), seconds, "{text}");
        }
    }
}
