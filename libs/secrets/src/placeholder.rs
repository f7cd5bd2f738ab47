//! Allow-lists: what looks like a secret and is none.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Words of samples and templates. Those shorter than six letters are not looked for in long texts, where chance writes them.
const WORDS: [&str; 48] = [
    "example",
    "changeme",
    "change_me",
    "change-me",
    "changethis",
    "change_this",
    "change-this",
    "placeholder",
    "replace",
    "your_",
    "your-",
    "yourtoken",
    "yourpass",
    "yoursecret",
    "yourkey",
    "my_secret",
    "my-secret",
    "mysecret",
    "mypassword",
    "my_password",
    "insert",
    "dummy",
    "sample",
    "redacted",
    "xxxx",
    "****",
    "....",
    "not-a-",
    "not_a_",
    "notreal",
    "fake",
    "_here",
    "-here",
    "todo",
    "fixme",
    "deadbeef",
    "cafebabe",
    "foobar",
    "abcdef",
    "undefined",
    "invalid",
    "testtest",
    "test-token",
    "test_token",
    "test-secret",
    "insecure",
    "${",
    "{{",
];

/// Parts of keys that vendors or standards print in their documentation, and so of no account: the emulators of Azure's storage and
/// Cosmos DB, Stripe's, jwt.io's, Vagrant's.
const DOCUMENTED: [&str; 12] = [
    "dXJ1OUzFT50uSRZ6IFsu",
    "OUzFT50uSRZ6IFsu",
    "DVRDJIWEHLM+4QDU5DE2",
    "4eC39HqLyjWD",
    "BQokikJOvBiI2H",
    "SflKxwRJSMeKKF2QT4fw",
    "TJVA95OrM7E2cBab30RM",
    "w+tL4OGqqQ2LLTiQ",
    "YliFdsKJzVKdFYKDVr",
    "6NHh7xLNtkFCZDGGaZ6Q",
    "MIIEpAIBAAKCAQEA04up8hoq",
    "tRtOOTrxS5H1QqzkTj",
];

/// Whether `secret` is written as a sample: by a word, by a run (unless `repeats` are part of its format), by counting up, or
/// because it is well known.
pub(crate) fn is_placeholder(secret: &[u8], repeats: bool) -> bool {
    let lower = secret.to_ascii_lowercase();
    is_listed(secret)
        || (!repeats && longest_run(secret, 0) >= 6)
        || longest_run(&lower, 1) >= 8
        || longest_run(&lower, -1) >= 8
        || is_periodic(secret)
}

/// Whether one of [`WORDS`] or [`DOCUMENTED`] is in it.
fn is_listed(secret: &[u8]) -> bool {
    static LISTED: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let listed = WORDS.iter().chain(&DOCUMENTED);
        AhoCorasick::builder().ascii_case_insensitive(true).build(listed).ok()
    });
    let counts = |length: usize| secret.len() <= 100 || length > 6;
    LISTED.as_ref().is_some_and(|listed| listed.find_overlapping_iter(secret).any(|found| counts(found.len())))
}

/// The most bytes in a row each of which is the one before plus `step`.
fn longest_run(bytes: &[u8], step: i16) -> usize {
    let mut longest = 0;
    let mut run = 1;
    for (&before, &byte) in bytes.iter().zip(bytes.iter().skip(1)) {
        run = if i16::from(byte) - i16::from(before) == step { run + 1 } else { 1 };
        longest = longest.max(run);
    }
    longest
}

/// Whether it is one short text three times or more.
fn is_periodic(bytes: &[u8]) -> bool {
    (1..=10).any(|period| bytes.len() >= 3 * period && bytes.iter().zip(bytes.iter().skip(period)).all(|(a, b)| a == b))
}

/// Whether it refers to a value that is elsewhere, or computes it.
pub(crate) fn is_reference(value: &[u8]) -> bool {
    const BEGINNINGS: [&str; 34] = [
        "$",
        "%",
        "{",
        "<",
        "[",
        "(",
        "/",
        "./",
        "../",
        "~/",
        "*",
        "&",
        "#",
        "env:",
        "env.",
        "file:",
        "vault:",
        "arn:",
        "secret/",
        "op://",
        "!vault",
        "!secret",
        "!ref",
        "!env",
        "!sub",
        "ref+",
        "http://",
        "https://",
        "os.",
        "process.env",
        "getenv",
        "ENC[",
        "ENC(",
        "projects/",
    ];
    BEGINNINGS.iter().any(|beginning| value.starts_with(beginning.as_bytes()))
        || crate::decode::contains(value, b"${")
        || crate::decode::contains(value, b"$(")
        || crate::decode::contains(value, b"{{")
        || is_dotted_name(value)
}

/// `config.database.password`, `Foo::bar`, `settings->password`, `read_password()`.
fn is_dotted_name(value: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(value) else { return false };
    if text.ends_with("()") || text.contains("::") || text.contains("->") {
        return true;
    }
    let is_name = |part: &str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
    };
    text.contains('.') && text.split('.').all(is_name)
}

/// Whether a password stands for none: what forms and manuals write there.
pub(crate) fn is_no_password(value: &[u8]) -> bool {
    const NONE: [&str; 50] = [
        "password",
        "passwd",
        "passwort",
        "passphrase",
        "pass",
        "pwd",
        "secret",
        "token",
        "apikey",
        "api_key",
        "key",
        "username",
        "user",
        "changeit",
        "string",
        "str",
        "text",
        "none",
        "null",
        "nil",
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "required",
        "optional",
        "empty",
        "default",
        "prompt",
        "ask",
        "hidden",
        "value",
        "number",
        "boolean",
        "password1",
        "password123",
        "secretpassword",
        "mypass",
        "s3cret",
        "secr3t",
        "xxx",
        "pw",
        "unset",
        "disabled",
        "enabled",
        "random",
        "generated",
        "unknown",
    ];
    NONE.iter().any(|none| value.eq_ignore_ascii_case(none.as_bytes()))
}

/// Whether a password is what anyone would try first. In a file it is a sample; in an image's own variable it is as good as none.
pub(crate) fn is_usual_password(value: &[u8]) -> bool {
    const USUAL: [&str; 20] = [
        "root",
        "admin",
        "administrator",
        "guest",
        "test",
        "testing",
        "demo",
        "postgres",
        "mysql",
        "rabbitmq",
        "minio",
        "minioadmin",
        "toor",
        "letmein",
        "qwerty",
        "12345678",
        "123456",
        "1234",
        "test1234",
        "admin123",
    ];
    USUAL.iter().any(|usual| value.eq_ignore_ascii_case(usual.as_bytes()))
}

/// Whether it has letters and digits, as hardly any word has.
pub(crate) fn is_mixed(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_alphabetic) && value.iter().any(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_told_from_secrets() {
        for (secret, expected) in [
            ("AKIAIOSFODNN7EXAMPLE", true),
            ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", true),
            ("xxxxxxxxxxxxxxxxxxxx", true),
            ("YOUR_TOKEN", true),
            ("0000000000000001", true),
            ("0123456789abcdef", true),
            ("a1b2a1b2a1b2", true),
            ("q7Xw2Lk9Rf4Tz1Vb8Ns", false),
        ] {
            assert_eq!(is_placeholder(secret.as_bytes(), false), expected, "{secret}");
        }
    }

    #[test]
    fn references_are_no_values() {
        for (value, expected) in [
            ("$DB_PASSWORD", true),
            ("${X:-abc}", true),
            ("<password>", true),
            ("/run/secrets/db", true),
            ("config.db.password", true),
            ("getpass.getpass()", true),
            ("Tr0ub4dor.3", false),
            ("hunter2", false),
        ] {
            assert_eq!(is_reference(value.as_bytes()), expected, "{value}");
        }
    }
}
