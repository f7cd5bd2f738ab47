//! Addresses with a password in them: `scheme://user:password@host`.
//! Source: RFC 3986, section 3.2.

use std::ops::Range;

use crate::path::Ground;
use crate::placeholder::{is_mixed, is_no_password, is_placeholder, is_reference, is_usual_password};
use crate::scan::Text;

const MAX_SCHEME: usize = 24;
const MAX_AUTHORITY: usize = 300;

/// The password of the address whose `://` is at `mark`, if its scheme is among `schemes` and it is a secret.
pub(crate) fn password_at(text: &Text<'_>, mark: &Range<usize>, schemes: &[String]) -> Option<Range<usize>> {
    let bytes = text.bytes;
    let rest = bytes.get(mark.end..)?;
    let is_end =
        |byte: u8| byte.is_ascii_whitespace() || byte.is_ascii_control() || b"/?#\"'`<>\\(){}|^,;[]".contains(&byte);
    // The last `@` before the path: passwords are seldom escaped as they should be.
    let authority = rest.iter().take(MAX_AUTHORITY).take_while(|&&byte| !is_end(byte)).count();
    let at = rest.get(..authority)?.iter().rposition(|&byte| byte == b'@')?;
    let colon = rest.get(..at)?.iter().position(|&byte| byte == b':')?;
    let (user, password, host) = (rest.get(..colon)?, rest.get(colon + 1..at)?, rest.get(at + 1..authority)?);

    let before = bytes.get(mark.start.saturating_sub(MAX_SCHEME)..mark.start)?;
    let is_scheme_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte);
    let length = before.iter().rev().take_while(|&&byte| is_scheme_byte(byte)).count();
    let scheme = before.get(before.len() - length..)?;
    let is_listed = schemes.iter().any(|listed| scheme.eq_ignore_ascii_case(listed.as_bytes()));
    (is_listed && is_secret(text, user, password, host)).then(|| mark.end + colon + 1..mark.end + at)
}

fn is_secret(text: &Text<'_>, user: &[u8], password: &[u8], host: &[u8]) -> bool {
    let is_none = password.len() < 3
        || is_placeholder(password, false)
        || is_reference(password)
        || is_no_password(password)
        || password.first() == Some(&b':')
        || is_reference(user)
        || is_placeholder(user, false);
    if is_none || is_nowhere(host) {
        return false;
    }
    match text.ground {
        _ if text.is_lenient => true,
        Ground::Configuration => !is_usual_password(password) && password != user,
        // In sources and data, addresses are more often samples.
        _ => password.len() >= 6 && is_mixed(password) && password != user && !is_here(host),
    }
}

fn without_port(host: &[u8]) -> &[u8] {
    host.split(|&byte| byte == b':').next().unwrap_or_default()
}

/// Names that samples have for a host.
fn is_nowhere(host: &[u8]) -> bool {
    let host = without_port(host).to_ascii_lowercase();
    host.is_empty()
        || [
            "host",
            "hostname",
            "server",
            "domain",
            "domain.com",
            "yourdomain.com",
            "foo.com",
            "foo.bar",
            "bar.com",
            "url",
            "ip",
            "a.com",
        ]
        .iter()
        .any(|none| host == none.as_bytes())
        || ["example", "example.com", "example.org", "example.net", ".invalid", ".test", ".example"]
            .iter()
            .any(|end| host.ends_with(end.as_bytes()))
        || host.starts_with(b"example.")
        || host.iter().any(|byte| b"$%*".contains(byte))
}

fn is_here(host: &[u8]) -> bool {
    let host = without_port(host);
    [&b"localhost"[..], b"127.0.0.1", b"0.0.0.0", b"host.docker.internal"].contains(&host)
}
