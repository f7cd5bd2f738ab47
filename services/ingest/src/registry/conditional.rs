//! What a client has already or can read: `If-None-Match` and `Accept`.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, HeaderName, IF_NONE_MATCH};
use plimsoll_model::Digest;
use plimsoll_oci::media_type::essence;

/// The entity tag of content that is named by its digest.
pub(super) fn etag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// Whether the client has this content already (RFC 9110, section 13.1.2).
pub(super) fn has_already(http: &HttpRequest, digest: &Digest) -> bool {
    let tag = etag(digest);
    list(http, IF_NONE_MATCH).any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// Whether the client accepts a document of this media type. Who says nothing accepts everything.
pub(super) fn accepts(http: &HttpRequest, media_type: &str) -> bool {
    let mut accepted = list(http, ACCEPT).map(essence).peekable();
    accepted.peek().is_none() || accepted.any(|range| range == "*/*" || range == "application/*" || range == media_type)
}

fn list(http: &HttpRequest, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = http.headers().get_all(name).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn who_has_the_digest_need_not_get_it_again() {
        let digest: Digest = format!("sha256:{}", "a".repeat(64)).parse().unwrap();
        let tag = etag(&digest);
        let table = [
            (tag.clone(), true),
            (format!("W/{tag}"), true),
            (format!("\"x\", {tag}"), true),
            ("*".into(), true),
            ("\"x\"".into(), false),
            (digest.to_string(), false),
        ];
        for (header, expected) in table {
            let request = TestRequest::default().insert_header((IF_NONE_MATCH, header.clone())).to_http_request();
            assert_eq!(has_already(&request, &digest), expected, "{header}");
        }
    }

    #[test]
    fn a_document_is_given_only_to_who_can_read_it() {
        let manifest = "application/vnd.oci.image.manifest.v1+json";
        let table = [
            ("", true),
            ("*/*", true),
            ("application/*", true),
            ("text/plain, */*;q=0.1", true),
            ("application/vnd.oci.image.manifest.v1+json;q=0.5", true),
            ("text/html, application/vnd.oci.image.manifest.v1+json", true),
            ("application/vnd.docker.distribution.manifest.v2+json", false),
            ("text/*", false),
        ];
        for (header, expected) in table {
            let request = TestRequest::default().insert_header((ACCEPT, header)).to_http_request();
            assert_eq!(accepts(&request, manifest), expected, "{header}");
        }
    }
}
