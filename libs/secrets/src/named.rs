//! Names that say what they are given: `DB_PASSWORD=...`, `"client_secret": "..."`.
//!
//! Strict in files, where a name may mean anything; less so (`is_lenient`) for the variables of an image and the commands that
//! made it, where somebody has set it on purpose.

use std::ops::Range;

use crate::assignment::{Assignment, assignment_at};
use crate::entropy::entropy;
use crate::placeholder::{is_mixed, is_no_password, is_placeholder, is_reference, is_usual_password};
use crate::scan::Text;

/// Bytes a value may take.
const MAX_VALUE: usize = 512;

/// The password given to the name at `keyword`.
pub(crate) fn password_at(text: &Text<'_>, keyword: &Range<usize>) -> Option<Range<usize>> {
    const ENDS: [&str; 8] = ["password", "passwd", "pwd", "passphrase", "_pass", "_pw", "-pass", "passcode"];
    let (assignment, is_lenient) = assignment(text, keyword, &ENDS)?;
    let value = text.bytes.get(assignment.value.clone())?;
    if is_no_password(value) || is_reference(value) || is_placeholder(value, false) {
        return None;
    }
    let fits = if is_lenient {
        value.len() >= 3
    } else {
        value.len() >= 8
            && !is_usual_password(value)
            && value.iter().all(u8::is_ascii_graphic)
            && is_mixed(value)
            && !is_word(value)
            && (assignment.is_quoted || !value.contains(&b'('))
            && entropy(value) >= 2.75
    };
    fits.then_some(assignment.value)
}

/// The key, token or secret given to the name at `keyword`.
pub(crate) fn secret_at(text: &Text<'_>, keyword: &Range<usize>) -> Option<Range<usize>> {
    const ENDS: [&str; 22] = [
        "secret",
        "secret_key",
        "secretkey",
        "secret-key",
        "token",
        "apikey",
        "api_key",
        "api-key",
        "api.key",
        "access_key",
        "access-key",
        "accesskey",
        "encryption_key",
        "signing_key",
        "private_key",
        "account_key",
        "auth_key",
        "credential",
        "credentials",
        "secret_key_base",
        "encryption-key",
        "encryptionkey",
    ];
    let (assignment, is_lenient) = assignment(text, keyword, &ENDS)?;
    let value = text.bytes.get(assignment.value.clone())?;
    if is_no_password(value) || is_reference(value) || is_placeholder(value, false) {
        return None;
    }
    let fits = if is_lenient {
        value.len() >= 8 && (is_mixed(value) || entropy(value) >= 3.0)
    } else {
        let is_hexadecimal = value.iter().all(u8::is_ascii_hexdigit);
        value.len() >= 16
            && is_token_like(value)
            && !is_uuid(value)
            && entropy(value) >= if is_hexadecimal { 3.0 } else { 3.5 }
    };
    fits.then_some(assignment.value)
}

/// The assignment at `keyword`, if its name ends in one of `ends` and does not deny it, and whether to be lenient about its value.
fn assignment(text: &Text<'_>, keyword: &Range<usize>, ends: &[&str]) -> Option<(Assignment, bool)> {
    const DENIED: [&str; 18] = [
        "hash",
        "encrypted",
        "crypted",
        "reset",
        "forgot",
        "confirm",
        "allow",
        "require",
        "enable",
        "disable",
        "public",
        "next",
        "page",
        "csrf",
        "fake",
        "dummy",
        "example",
        "sample",
    ];
    let assignment = assignment_at(text.bytes, keyword, MAX_VALUE)?;
    let name = text.bytes.get(assignment.name.clone())?.to_ascii_lowercase();
    let name = name.strip_prefix(b"--").unwrap_or(&name);
    let ends_so = ends.iter().any(|end| name.ends_with(end.as_bytes()));
    let is_denied = DENIED.iter().any(|denied| crate::decode::contains(name, denied.as_bytes()));
    if !ends_so || is_denied {
        return None;
    }
    let is_set = text.is_lenient && text.bytes.get(assignment.name.end) == Some(&b'=');
    (is_set || !is_in_comment(text.bytes, assignment.name.start)).then_some((assignment, is_set))
}

/// Whether the line says nothing before `at` but that it is a comment: configuration files show their defaults so.
fn is_in_comment(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(at.saturating_sub(200)..at).unwrap_or_default();
    let line =
        before.iter().rposition(|&byte| byte == b'\n').map_or(before, |end| before.get(end + 1..).unwrap_or_default());
    let line = line.trim_ascii_start();
    [&b"#"[..], b";", b"//", b"--", b"*", b"<!--", b"!", b"rem "].iter().any(|mark| line.starts_with(mark))
}

/// Whether one of its pieces is long and mixes letters and digits, as no name or path does.
pub(crate) fn is_token_like(value: &[u8]) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_.~:%-".contains(&byte);
    value.iter().all(|&byte| allowed(byte))
        && !value.starts_with(b"sha")
        && value
            .split(|&byte| !byte.is_ascii_alphanumeric())
            .any(|piece| piece.len() >= 10 && is_mixed(piece) && digit_turns(piece) >= 2)
}

/// How often letters and digits take turns: `version2` once, `q7Xw2L` four times.
fn digit_turns(piece: &[u8]) -> usize {
    piece.iter().zip(piece.iter().skip(1)).filter(|(a, b)| a.is_ascii_digit() != b.is_ascii_digit()).count()
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value
            .iter()
            .enumerate()
            .all(|(at, &byte)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() })
}

/// Words of more than seven letters that have a digit.
fn is_word(value: &[u8]) -> bool {
    const WORDS: [&str; 12] = [
        "argon2id",
        "sha256sum",
        "scrypt64",
        "pbkdf2sha256",
        "windows10",
        "password2",
        "passw0rd",
        "pa55word",
        "p@ssw0rd",
        "p@ssword1",
        "utf8mb4_bin",
        "test12345",
    ];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes()))
}
