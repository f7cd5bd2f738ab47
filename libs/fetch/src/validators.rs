//! What tells a changed document from the one that the caller has.

use reqwest::header::{DATE, ETAG, HeaderMap, LAST_MODIFIED};
use serde::{Deserialize, Serialize};

/// The longest validator that is kept, in bytes: it is sent back as it came.
const MAX_LENGTH: usize = 1_024;

/// A document's validators as its server gave them; stored by the caller and given back at the next fetch. Empty ones ask for the
/// whole document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// `ETag`, with its quotes. For `file://`, made of the file's time and size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether there is nothing to compare with.
    pub const fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name| {
            let text = headers.get(name)?.to_str().ok()?.trim();
            (!text.is_empty() && text.len() <= MAX_LENGTH).then(|| text.to_owned())
        };
        Self { etag: text(ETAG), last_modified: text(LAST_MODIFIED) }
    }
}

/// What `If-Range` may carry of an answer: a strong ETag, else a `Last-Modified` that lies a second or more before the answer's
/// `Date`, as the document may otherwise have changed twice in that second (RFC 9110, 8.8.2.2 and 13.1.5).
pub(crate) fn strong_validator(headers: &HeaderMap) -> Option<String> {
    let validators = Validators::of(headers);
    if let Some(etag) = validators.etag {
        return (!etag.starts_with("W/")).then_some(etag);
    }
    let date = |text: &str| chrono::DateTime::parse_from_rfc2822(text).ok();
    let answered = date(headers.get(DATE)?.to_str().ok()?)?;
    let last_modified = validators.last_modified?;
    let is_strong = answered - date(&last_modified)? >= chrono::TimeDelta::seconds(1);
    is_strong.then_some(last_modified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strong_validator_resumes_a_download() {
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        let earlier = "Wed, 21 Oct 2015 07:27:00 GMT";
        let cases = [
            (vec![(ETAG, "\"a\"")], Some("\"a\"")),
            (vec![(ETAG, "W/\"a\"")], None),
            (vec![(ETAG, "W/\"a\""), (LAST_MODIFIED, earlier), (DATE, date)], None),
            (vec![(LAST_MODIFIED, earlier), (DATE, date)], Some(earlier)),
            (vec![(LAST_MODIFIED, date), (DATE, date)], None),
            (vec![(LAST_MODIFIED, earlier)], None),
            (vec![(LAST_MODIFIED, "yesterday"), (DATE, date)], None),
            (vec![], None),
        ];
        for (headers, expected) in cases {
            let headers: HeaderMap = headers.into_iter().map(|(name, value)| (name, value.parse().unwrap())).collect();
            assert_eq!(strong_validator(&headers).as_deref(), expected, "{headers:?}");
        }
    }

    #[test]
    fn a_validator_of_unreasonable_length_is_not_kept() {
        let headers = HeaderMap::from_iter([(ETAG, "x".repeat(MAX_LENGTH + 1).parse().unwrap())]);
        assert!(Validators::of(&headers).is_empty());
    }
}
