//! Bearer tokens of the registry's token endpoint: signed, short-lived, and checked without a look-up.
//!
//! Form: `v1.CLAIMS.MAC`, the claims as JSON and the HMAC-SHA-256 over `v1.CLAIMS`, both in base64url. To clients the token
//! is opaque (distribution specification, token authentication), so it names no algorithm that could be confused.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use plimsoll_model::{ApiKeyId, OrgId};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const VERSION: &str = "v1";
/// Longer texts are refused unread; it is also what servers take as a header.
const MAX_BYTES: usize = 8 * 1024;
/// The most repositories that one token opens, so that every token we issue is one we accept.
const MAX_ACCESS: usize = 8;

/// What may be done to a repository through the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Read manifests and blobs.
    Pull,
    /// Upload blobs and manifests.
    Push,
    /// Remove a tag or a manifest.
    Delete,
}

/// Actions on one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// The repository's name as it stands in the URL, with the organization's part.
    pub repository: String,
    /// What may be done to it.
    pub actions: Vec<Action>,
}

/// Why a text is not a scope that we can grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a scope of the registry (expected repository:NAME:pull,push)")]
pub struct AccessError(String);

impl FromStr for Access {
    type Err = AccessError;

    /// Reads `repository:NAME:ACTION,ACTION`, a `scope` of a token request. Actions that we do not know are not granted.
    fn from_str(text: &str) -> Result<Self, AccessError> {
        let error = || AccessError(text.chars().take(80).collect());
        let rest = text.strip_prefix("repository:").ok_or_else(error)?;
        // The last colon: a name may hold one, in a host with a port.
        let (repository, actions) = rest.rsplit_once(':').ok_or_else(error)?;
        if repository.is_empty() || repository.len() > 255 {
            return Err(error());
        }
        let mut granted = Vec::new();
        for action in actions.split(',') {
            let action = match action {
                "pull" => Action::Pull,
                "push" => Action::Push,
                "delete" => Action::Delete,
                _ => continue,
            };
            if !granted.contains(&action) {
                granted.push(action);
            }
        }
        Ok(Self { repository: repository.to_owned(), actions: granted })
    }
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The organization that the token is good in.
    pub org: OrgId,
    /// The API key that it was given for. A revoked key's tokens work until they expire: keep them short.
    pub api_key: ApiKeyId,
    /// What it opens; may be empty, as after `docker login`.
    pub access: Vec<Access>,
    /// When it ends, in seconds of Unix time. At that second it is expired.
    pub expires_at: i64,
}

impl Claims {
    /// Whether the token opens the repository for the action.
    pub fn allows(&self, repository: &str, action: Action) -> bool {
        self.access.iter().any(|access| access.repository == repository && access.actions.contains(&action))
    }
}

/// Why a text is not a token that is good now. For logs: a client is told the same in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not of the form of a registry token.
    #[error("not of the form of a registry token")]
    Malformed,
    /// Signed by another key, or changed after it was signed.
    #[error("the registry token's signature is wrong")]
    BadSignature,
    /// It was good once.
    #[error("the registry token has expired")]
    Expired,
    /// Too much to say in one token; only when issuing.
    #[error("a registry token cannot open more than {MAX_ACCESS} repositories")]
    TooMuch,
}

/// The key that signs and checks registry tokens, the same in every process of an installation.
#[derive(Clone)]
pub struct RegistryTokenKey(Hmac<Sha256>);

impl fmt::Debug for RegistryTokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RegistryTokenKey([REDACTED])")
    }
}

impl RegistryTokenKey {
    /// The key of 32 secret random bytes, which the installation's configuration holds.
    pub fn new(secret: &[u8; 32]) -> Self {
        // HMAC fills a short key up with zeros to the hash's block of 64 bytes; of that length it cannot be refused.
        let mut block = [0u8; 64];
        block.split_at_mut(secret.len()).0.copy_from_slice(secret);
        Self(Hmac::new(&block.into()))
    }

    /// Signs the claims.
    ///
    /// # Errors
    /// [`TokenError::TooMuch`] when they name too many repositories.
    pub fn issue(&self, claims: &Claims) -> Result<String, TokenError> {
        if claims.access.len() > MAX_ACCESS {
            return Err(TokenError::TooMuch);
        }
        let json = serde_json::to_vec(claims).map_err(|_| TokenError::Malformed)?;
        let signed = format!("{VERSION}.{}", URL_SAFE_NO_PAD.encode(json));
        let mac = self.0.clone().chain_update(&signed).finalize().into_bytes();
        let token = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac));
        if token.len() > MAX_BYTES { Err(TokenError::TooMuch) } else { Ok(token) }
    }

    /// What the token says, if it was signed by this key and has not expired by `now` (seconds of Unix time).
    ///
    /// # Errors
    /// Nothing of a token is read before its signature was found right.
    pub fn verify(&self, token: &str, now: i64) -> Result<Claims, TokenError> {
        if token.len() > MAX_BYTES {
            return Err(TokenError::Malformed);
        }
        let (signed, mac) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_| TokenError::Malformed)?;
        let encoded = signed.strip_prefix(VERSION).and_then(|rest| rest.strip_prefix('.'));
        let encoded = encoded.ok_or(TokenError::Malformed)?;
        // In constant time, by the crate.
        self.0.clone().chain_update(signed).verify_slice(&mac).map_err(|_| TokenError::BadSignature)?;
        let json = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| TokenError::Malformed)?;
        let claims: Claims = serde_json::from_slice(&json).map_err(|_| TokenError::Malformed)?;
        if claims.expires_at <= now { Err(TokenError::Expired) } else { Ok(claims) }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn claims() -> Claims {
        Claims {
            org: OrgId(Uuid::from_u128(1)),
            api_key: ApiKeyId(Uuid::from_u128(2)),
            access: vec![Access { repository: "acme/web".into(), actions: vec![Action::Pull, Action::Push] }],
            expires_at: 1_000,
        }
    }

    #[test]
    fn a_token_says_what_it_was_issued_with_until_the_second_it_expires() {
        let key = RegistryTokenKey::new(&[7; 32]);
        let token = key.issue(&claims()).unwrap();
        assert_eq!(key.verify(&token, 999), Ok(claims()));
        assert_eq!(key.verify(&token, 1_000), Err(TokenError::Expired));
        assert_eq!(key.verify(&token, i64::MAX), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_of_another_key_is_refused_before_its_expiry_is_read() {
        let token = RegistryTokenKey::new(&[8; 32]).issue(&claims()).unwrap();
        assert_eq!(RegistryTokenKey::new(&[7; 32]).verify(&token, 5_000), Err(TokenError::BadSignature));
    }

    #[test]
    fn no_change_of_a_single_character_is_accepted() {
        let key = RegistryTokenKey::new(&[7; 32]);
        let token = key.issue(&claims()).unwrap();
        for place in 0..token.len() {
            let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
            let bad = format!("{}{other}{}", &token[..place], &token[place + 1..]);
            assert!(key.verify(&bad, 0).is_err(), "place {place}");
        }
        for length in 0..token.len() {
            assert!(key.verify(&token[..length], 0).is_err(), "length {length}");
        }
    }

    #[test]
    fn what_is_not_of_the_form_is_malformed() {
        let key = RegistryTokenKey::new(&[7; 32]);
        let jwt = "eyJhbGciOiJub25lIn0.eyJvcmciOiIifQ.";
        for bad in ["", ".", "..", "v1", "v1.", "v2.e30.AAAA", jwt, "v1.é.é", &"v1.".repeat(1 << 20)] {
            let shown: String = bad.chars().take(30).collect();
            assert_eq!(key.verify(bad, 0), Err(TokenError::Malformed), "{shown}");
        }
        assert_eq!(key.verify("v1..", 0), Err(TokenError::BadSignature));
    }

    #[test]
    fn the_largest_token_that_is_issued_is_accepted() {
        let key = RegistryTokenKey::new(&[7; 32]);
        let large = Access { repository: "r".repeat(255), actions: vec![Action::Pull, Action::Push, Action::Delete] };
        let mut claims = Claims { access: vec![large.clone(); MAX_ACCESS], ..claims() };
        assert_eq!(key.verify(&key.issue(&claims).unwrap(), 0).as_ref(), Ok(&claims));
        claims.access.push(large);
        assert_eq!(key.issue(&claims), Err(TokenError::TooMuch));
    }

    #[test]
    fn claims_open_the_repositories_and_actions_that_they_name_and_no_others() {
        let claims = claims();
        assert!(claims.allows("acme/web", Action::Push));
        for (repository, action) in
            [("acme/web", Action::Delete), ("acme/we", Action::Pull), ("acme/web2", Action::Pull), ("", Action::Pull)]
        {
            assert!(!claims.allows(repository, action), "{repository} {action:?}");
        }
    }

    #[test]
    fn a_scope_is_read_as_clients_write_it() {
        let access = |text: &str| text.parse::<Access>().map(|access| (access.repository, access.actions)).ok();
        let cases = [
            ("repository:acme/web:pull,push", Some(("acme/web", vec![Action::Pull, Action::Push]))),
            ("repository:host:5000/web:pull", Some(("host:5000/web", vec![Action::Pull]))),
            ("repository:web:pull,pull,*,fly", Some(("web", vec![Action::Pull]))),
            ("repository:web:", Some(("web", vec![]))),
            ("registry:catalog:*", None),
            ("repository:web", None),
            ("repository::pull", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(access(text), expected.map(|(name, actions)| (name.to_owned(), actions)), "{text}");
        }
    }

    #[test]
    fn the_key_is_not_shown_by_debug() {
        assert_eq!(format!("{:?}", RegistryTokenKey::new(&[7; 32])), "RegistryTokenKey([REDACTED])");
    }
}
