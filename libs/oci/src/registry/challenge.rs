//! `WWW-Authenticate` headers (RFC 9110, 11.6.1).
//!
//! In: the header's value, which may hold several challenges and quoted strings with commas. Out: the schemes with their parameters.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

/// A longer header is cut: registries need a few hundred bytes.
const HEADER_BYTES: usize = 8 << 10;

/// One challenge.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Challenge {
    /// Lower case: `bearer`, `basic`.
    pub(super) scheme: String,
    /// Names in lower case.
    pub(super) parameters: Vec<(String, String)>,
}

impl Challenge {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Every challenge of an answer.
pub(super) fn challenges(headers: &HeaderMap) -> Vec<Challenge> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| parse(value.get(..HEADER_BYTES).unwrap_or(value))).collect()
}

/// What does not follow the grammar is passed over up to the next comma.
fn parse(header: &str) -> Vec<Challenge> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = header.trim_start();
    while !rest.is_empty() {
        let (word, after) = split_token(rest);
        let after_blanks = after.trim_start();
        if let Some(value) = after_blanks.strip_prefix('=').filter(|_| !word.is_empty()) {
            let (value, after) = value_of(value.trim_start());
            if let Some(challenge) = challenges.last_mut() {
                challenge.parameters.push((word.to_ascii_lowercase(), value));
            }
            rest = after;
        } else if word.is_empty() {
            rest = after.split_once(',').map_or("", |(_, next)| next);
        } else {
            challenges.push(Challenge { scheme: word.to_ascii_lowercase(), parameters: Vec::new() });
            rest = after;
        }
        rest = rest.trim_start_matches([' ', '\t', ',']);
    }
    challenges
}

fn split_token(text: &str) -> (&str, &str) {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    text.split_at(text.find(|c| !is_token(c)).unwrap_or(text.len()))
}

/// A quoted string, its escapes undone, or a token.
fn value_of(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        // Not only tokens: some registries leave URLs unquoted.
        let (value, rest) = text.split_at(text.find([',', ' ']).unwrap_or(text.len()));
        return (value.to_owned(), rest);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read_with_quotes_commas_and_several_schemes() {
        type Read<'a> = (&'a str, &'a [(&'a str, &'a str)]);
        #[rustfmt::skip]
        let table: [(&str, &[Read]); 11] = [
            (r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
             &[("bearer", &[("realm", "https://auth.docker.io/token"), ("service", "registry.docker.io"), ("scope", "repository:a/b:pull,push")])]),
            (r#"Basic realm="a \"b\" c""#, &[("basic", &[("realm", r#"a "b" c"#)])]),
            (r#"Basic realm="x", Bearer realm="y" , service = z"#, &[("basic", &[("realm", "x")]), ("bearer", &[("realm", "y"), ("service", "z")])]),
            ("BEARER Realm=https://h/t,service=s", &[("bearer", &[("realm", "https://h/t"), ("service", "s")])]),
            ("Negotiate, Basic realm=\"x\"", &[("negotiate", &[]), ("basic", &[("realm", "x")])]),
            ("Negotiate", &[("negotiate", &[])]),
            (r#"Bearer realm="never ends"#, &[("bearer", &[("realm", "never ends")])]),
            (r#"Bearer realm="""#, &[("bearer", &[("realm", "")])]),
            (r#"realm="no scheme""#, &[]), ("", &[]), (", ;;= ,", &[]),
        ];
        for (header, expected) in table {
            let read = parse(header);
            let read: Vec<_> = read
                .iter()
                .map(|c| {
                    (c.scheme.as_str(), c.parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect::<Vec<_>>())
                })
                .collect();
            let expected: Vec<_> = expected.iter().map(|(scheme, parameters)| (*scheme, parameters.to_vec())).collect();
            assert_eq!(read, expected, "{header}");
        }
    }
}
