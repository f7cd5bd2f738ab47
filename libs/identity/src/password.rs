//! Passwords: which are accepted, how they are hashed, and checking one in a time that tells nothing.
//!
//! Source: NIST SP 800-63B section 5.1.1 (length and a list of common ones, no composition rules); OWASP password
//! storage cheat sheet for argon2id.

use std::collections::HashSet;
use std::sync::LazyLock;

use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use rand::CryptoRng;
use secrecy::{ExposeSecret as _, SecretString};

/// The fewest characters (Unicode scalar values) of a password.
pub const MIN_CHARS: usize = 12;
/// The most characters of a password.
pub const MAX_CHARS: usize = 256;
/// No text of [`MAX_CHARS`] characters has more bytes than this: looked at first, so that a long text costs nothing.
const MAX_BYTES: usize = MAX_CHARS * 4;

/// The hash of a text that nobody knows, with the parameters of [`argon2id`]: checked where there is no account.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$cGxpbXNvbGwtbm9ib2R5IQ$R2UDvxGAMR83PpZ3ow0T3f4dRJmrJ7QlK7cOJhpiAp4";

/// Common passwords and the words that they are made from, lower case, one a line. With the rules of [`is_common`] they
/// cover every password of twelve characters and more among the 30,000 that zxcvbn (MIT) knows as the most common.
static COMMON: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().filter(|line| !line.is_empty()).collect());

/// A password that was accepted as a new one.
#[derive(Debug)]
pub struct Password(SecretString);

/// Why a text is not accepted as a new password; the text is for the person who chose it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordRefused {
    /// Fewer than [`MIN_CHARS`] characters.
    #[error("the password is too short: use at least {MIN_CHARS} characters")]
    TooShort,
    /// More than [`MAX_CHARS`] characters.
    #[error("the password is too long: use at most {MAX_CHARS} characters")]
    TooLong,
    /// Among the first that an attacker tries.
    #[error("the password is one of the first that an attacker would try: choose another")]
    TooCommon,
}

/// A password could not be hashed. Not the person's fault: the parameters or the memory.
#[derive(Debug, thiserror::Error)]
#[error("hashing a password: {0}")]
pub struct HashError(String);

impl Password {
    /// Accepts a text as a new password. Spaces and any script count; nothing is trimmed or normalised.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn accept(text: SecretString) -> Result<Self, PasswordRefused> {
        let chosen = text.expose_secret();
        if chosen.len() > MAX_BYTES || chosen.chars().count() > MAX_CHARS {
            return Err(PasswordRefused::TooLong);
        }
        if chosen.chars().count() < MIN_CHARS {
            return Err(PasswordRefused::TooShort);
        }
        if is_common(&chosen.to_lowercase()) {
            return Err(PasswordRefused::TooCommon);
        }
        Ok(Self(text))
    }
}

/// Whether a lower-case text is on the list, is a word of the list dressed up with digits and signs, or is a plain pattern.
fn is_common(text: &str) -> bool {
    let undressed = text.trim_matches(|c: char| c.is_ascii_digit() || c.is_ascii_punctuation());
    COMMON.contains(text) || COMMON.contains(undressed) || is_pattern(text)
}

/// Whether an ASCII text is one run (`abcdefghijkl`), has four different characters or fewer, or is a short or common
/// piece said over and over.
fn is_pattern(text: &str) -> bool {
    let bytes = text.as_bytes();
    if !text.is_ascii() {
        return false;
    }
    // Digits go round: 0 follows 9.
    let follows = |a: u8, b: u8| a.wrapping_add(1) == b || (a, b) == (b'9', b'0');
    let pairs = || bytes.iter().copied().zip(bytes.iter().copied().skip(1));
    let is_run = pairs().all(|(a, b)| follows(a, b)) || pairs().all(|(a, b)| follows(b, a));
    let repeats = |length: &usize| {
        bytes.len().is_multiple_of(*length) && bytes.iter().zip(bytes.iter().skip(*length)).all(|(a, b)| a == b)
    };
    let piece = (1..=bytes.len() / 2).find(repeats).and_then(|length| text.get(..length));
    is_run
        || bytes.iter().collect::<HashSet<_>>().len() <= 4
        || piece.is_some_and(|piece| piece.len() <= 6 || COMMON.contains(piece))
}

/// Argon2id with OWASP's parameters: 19 MiB, two passes, one lane.
fn argon2id() -> Result<Argon2<'static>, HashError> {
    let params = Params::new(19_456, 2, 1, None).map_err(|error| HashError(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes an accepted password with a fresh salt of 16 bytes, as a PHC string. Tens of milliseconds and 19 MiB: call it from a
/// blocking thread.
///
/// # Errors
/// When the hash function fails, for instance for want of memory.
pub fn hash_password(password: &Password, rng: &mut impl CryptoRng) -> Result<String, HashError> {
    let mut salt = [0u8; 16];
    rng.fill_bytes(&mut salt);
    let hash = argon2id()?
        .hash_password_with_salt(password.0.expose_secret().as_bytes(), &salt)
        .map_err(|error| HashError(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether a text is the password with this PHC string. Without one (there is no such account, or it has no password) the
/// answer is no, after the same work. As costly as [`hash_password`].
pub fn verify_password(text: &SecretString, phc: Option<&str>) -> bool {
    let text = text.expose_secret().as_bytes();
    // No accepted password is longer, and the hash function would read all of it.
    let (text, phc) = if text.len() > MAX_BYTES { (&b""[..], None) } else { (text, phc) };
    let Ok(argon2) = argon2id() else { return false };
    let is_nobodys = phc.is_none();
    let matches = argon2.verify_password(text, phc.unwrap_or(NOBODY)).is_ok();
    matches && !is_nobodys
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    fn accept(text: &str) -> Result<Password, PasswordRefused> {
        Password::accept(text.to_owned().into())
    }

    #[test]
    fn a_new_password_is_refused_for_its_length_or_for_being_common() {
        use PasswordRefused::{TooCommon, TooLong, TooShort};
        let cases: &[(&str, Option<PasswordRefused>)] = &[
            ("", Some(TooShort)),
            ("elevenchars", Some(TooShort)),
            ("🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀", Some(TooShort)),
            ("🦀🐘🐳🦭🐙🦑🦐🦞🐡🐠🐟🐬", None),
            ("🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀🦀", None),
            ("correct horse battery staple", None),
            ("пароль моей бабушки", None),
            ("twelve chars", None),
            (&"ab+9".repeat(64), Some(TooCommon)),
            (&"correct horse ".repeat(18), None),
            (&"a".repeat(257), Some(TooLong)),
            (&"🦀".repeat(257), Some(TooLong)),
            (&"x".repeat(1 << 20), Some(TooLong)),
            ("qwertyuiop123", Some(TooCommon)),
            ("1Q2w3E4r5T6y", Some(TooCommon)),
            ("Password1234!", Some(TooCommon)),
            ("!!!Administrator1", Some(TooCommon)),
            ("123456789012", Some(TooCommon)),
            ("987654321098", Some(TooCommon)),
            ("abcdefghijklmnop", Some(TooCommon)),
            ("000000000000", Some(TooCommon)),
            ("passwordpassword", Some(TooCommon)),
            ("123qwe123qwe", Some(TooCommon)),
            ("112233112211", Some(TooCommon)),
            ("leavemealone", Some(TooCommon)),
        ];
        for (text, refused) in cases {
            let shown: String = text.chars().take(30).collect();
            assert_eq!(accept(text).err(), *refused, "{shown}");
        }
    }

    #[test]
    fn the_list_of_common_passwords_is_lower_case_and_has_no_line_twice() {
        let lines: Vec<&str> = include_str!("common_passwords.txt").lines().collect();
        assert!(lines.len() >= 200, "{}", lines.len());
        assert_eq!(COMMON.len(), lines.len());
        assert!(lines.iter().all(|line| *line == line.to_lowercase().trim() && !line.is_empty()));
    }

    #[test]
    fn a_hash_is_argon2id_with_owasps_parameters_and_a_salt_of_its_own() {
        let mut rng = StdRng::seed_from_u64(1);
        let password = accept("correct horse battery staple").unwrap();
        let first = hash_password(&password, &mut rng).unwrap();
        let second = hash_password(&password, &mut rng).unwrap();
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert_ne!(first, second);
        for phc in [&first, &second] {
            assert!(verify_password(&"correct horse battery staple".to_owned().into(), Some(phc)));
            assert!(!verify_password(&"correct horse battery stapl3".to_owned().into(), Some(phc)));
        }
    }

    #[test]
    fn nothing_is_the_password_of_nobody_or_of_a_broken_hash() {
        let text = SecretString::from("correct horse battery staple".to_owned());
        assert!(!verify_password(&text, None));
        assert!(!verify_password(&text, Some("")));
        assert!(!verify_password(&text, Some("$argon2id$v=19$m=19456,t=2,p=1$")));
        assert!(!verify_password(&"x".repeat(1 << 20).into(), Some(NOBODY)));
    }

    /// The work, not the clock, is compared: timing tests fail on a busy machine.
    #[test]
    fn nobodys_hash_costs_what_a_real_one_costs() {
        let mut rng = StdRng::seed_from_u64(1);
        let real = hash_password(&accept("correct horse battery staple").unwrap(), &mut rng).unwrap();
        let cost = |phc: &str| phc.split('$').take(4).collect::<Vec<_>>().join("$");
        let lengths = |phc: &str| phc.split('$').skip(4).map(str::len).collect::<Vec<_>>();
        assert_eq!(cost(&real), cost(NOBODY));
        assert_eq!(lengths(&real), lengths(NOBODY));
        assert!(argon2::PasswordHash::new(NOBODY).is_ok());
    }

    #[test]
    fn a_password_is_not_shown_by_debug() {
        assert!(!format!("{:?}", accept("correct horse battery staple").unwrap()).contains("horse"));
    }
}
