//! API keys: `plim_` and 48 characters of base64url, which are 32 random bytes and their CRC-32 (big endian).
//!
//! The checksum tells a mistyped key from a wrong one without a look-up, and lets secret scanners find leaked keys with
//! few false alarms. It proves nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::CryptoRng;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

const PREFIX: &str = "plim_";
const SECRET_BYTES: usize = 32;
const CHECKED_BYTES: usize = SECRET_BYTES + 4;
/// 36 bytes are exactly 48 characters, so that no key can be written in two ways.
const LENGTH: usize = PREFIX.len() + CHECKED_BYTES / 3 * 4;

/// A well-formed API key. Whether it is anybody's, the store knows by its [`hash`](ApiKey::hash).
#[derive(Debug)]
pub struct ApiKey(SecretString);

/// Why a text is not an API key. For logs: a client is told the same in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiKeyError {
    /// Not of the form of an API key (prefix, length, alphabet).
    #[error("not of the form of an API key")]
    Malformed,
    /// Of the form, but the checksum is wrong: a typing or copying error.
    #[error("an API key with a typing error: its checksum is wrong")]
    Mistyped,
}

impl ApiKey {
    /// Makes a new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut secret = [0u8; SECRET_BYTES];
        rng.fill_bytes(&mut secret);
        let checked = [&secret[..], &crc32fast::hash(&secret).to_be_bytes()].concat();
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(checked)).into())
    }

    /// Takes a text for an API key. Nothing is trimmed and case counts.
    ///
    /// # Errors
    /// When the text cannot be an API key of ours.
    pub fn parse(text: &str) -> Result<Self, ApiKeyError> {
        // Bounds the work before any of it.
        if text.len() != LENGTH {
            return Err(ApiKeyError::Malformed);
        }
        let encoded = text.strip_prefix(PREFIX).ok_or(ApiKeyError::Malformed)?;
        let checked = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| ApiKeyError::Malformed)?;
        let (secret, checksum) = checked.split_last_chunk::<4>().ok_or(ApiKeyError::Malformed)?;
        if crc32fast::hash(secret).to_be_bytes() != *checksum {
            return Err(ApiKeyError::Mistyped);
        }
        Ok(Self(text.to_owned().into()))
    }

    /// The SHA-256 of the whole key: what is stored. A fast hash will do, because 256 random bits cannot be guessed.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.expose_secret()).into()
    }

    /// The key itself, to be shown once to the person who made it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    fn key() -> ApiKey {
        ApiKey::generate(&mut StdRng::seed_from_u64(7))
    }

    #[test]
    fn a_key_that_was_made_is_parsed_and_hashes_the_same() {
        let key = key();
        assert!(key.expose().starts_with("plim_"));
        assert_eq!(key.expose().len(), LENGTH);
        assert_eq!(ApiKey::parse(key.expose()).unwrap().hash(), key.hash());
    }

    #[test]
    fn keys_differ() {
        let mut rng = StdRng::seed_from_u64(7);
        assert_ne!(ApiKey::generate(&mut rng).hash(), ApiKey::generate(&mut rng).hash());
    }

    #[test]
    fn what_is_not_exactly_a_key_is_refused() {
        let key = key();
        let good = key.expose();
        for bad in [
            String::new(),
            "plim_".to_owned(),
            good[..good.len() - 1].to_owned(),
            format!("{good}A"),
            format!("{good}\n"),
            format!(" {good}"),
            good.replacen("plim_", "Plim_", 1),
            good.replacen("plim_", "ghp__", 1),
            format!("plim_{}", "/".repeat(48)),
            format!("plim_{}=", &good[5..52]),
            format!("plim_{}", "é".repeat(24)),
            "x".repeat(1 << 20),
        ] {
            let shown: String = bad.chars().take(60).collect();
            assert_eq!(ApiKey::parse(&bad).err(), Some(ApiKeyError::Malformed), "{shown}");
        }
    }

    #[test]
    fn every_single_wrong_letter_or_case_is_called_mistyped() {
        let key = key();
        let good = key.expose();
        assert_eq!(ApiKey::parse(&format!("plim_{}", good[5..].to_lowercase())).err(), Some(ApiKeyError::Mistyped));
        for place in 5..good.len() {
            let other = if good.as_bytes()[place] == b'x' { "y" } else { "x" };
            let bad = format!("{}{other}{}", &good[..place], &good[place + 1..]);
            assert_eq!(ApiKey::parse(&bad).err(), Some(ApiKeyError::Mistyped), "place {place}");
        }
    }

    #[test]
    fn a_key_is_not_shown_by_debug() {
        let key = key();
        assert!(!format!("{key:?}").contains(&key.expose()[5..20]));
    }
}
