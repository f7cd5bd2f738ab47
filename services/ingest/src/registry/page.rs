//! Lists in pages: `?n=` entries after `?last=`, and a Link to the next page.

use actix_web::HttpResponseBuilder;
use actix_web::http::header::LINK;

use super::error::RegistryError;
use super::query::Query;

/// The most entries of a page, and how many there are where the client does not say.
const MAX: usize = 1_000;

/// What part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Page {
    n: usize,
    /// Where the page before ended.
    pub(super) last: String,
}

impl Page {
    /// From a request's query.
    pub(super) fn of(query: &Query) -> Result<Self, RegistryError> {
        let n = match query.get("n") {
            None | Some("") => MAX,
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().map_or(MAX, |n: usize| n.min(MAX))
            }
            Some(_) => return Err(RegistryError::page_invalid()),
        };
        Ok(Self { n, last: query.get("last").unwrap_or_default().to_owned() })
    }

    /// How many to look up: one more than the page has, to know whether there is another.
    pub(super) fn limit(&self) -> i64 {
        if self.n == 0 { 0 } else { i64::try_from(self.n + 1).unwrap_or(i64::MAX) }
    }

    /// Takes the entry too many off and, if there was one, links to the next page. `last` names an entry; `filter` goes into
    /// the link as it is.
    pub(super) fn cut<T>(
        &self,
        mut entries: Vec<T>,
        response: &mut HttpResponseBuilder,
        path: &str,
        filter: Option<(&str, &str)>,
        last: impl Fn(&T) -> String,
    ) -> Vec<T> {
        let has_more = entries.len() > self.n;
        entries.truncate(self.n);
        if let (true, Some(end)) = (has_more, entries.last()) {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("n", &self.n.to_string()).append_pair("last", &last(end));
            if let Some((name, value)) = filter {
                query.append_pair(name, value);
            }
            response.insert_header((LINK, format!("<{path}?{}>; rel=\"next\"", query.finish())));
        }
        entries
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_as_large_as_was_asked_within_reason() {
        let table = [
            ("", Some((MAX, ""))),
            ("n=2&last=a", Some((2, "a"))),
            ("n=0", Some((0, ""))),
            ("n=5000", Some((MAX, ""))),
            ("n=99999999999999999999999", Some((MAX, ""))),
            ("n=-1", None),
            ("n=x", None),
            ("n=1.5", None),
        ];
        for (query, expected) in table {
            let page = Page::of(&Query::parse(query)).ok();
            let expected = expected.map(|(n, last)| Page { n, last: last.to_owned() });
            assert_eq!(page, expected, "{query}");
        }
    }
}
