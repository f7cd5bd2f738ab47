//! What takes more than an expression to find.

mod kubernetes;
mod pem;
mod putty;

use std::ops::Range;

use serde::Deserialize;

pub(crate) use pem::has_private_key;

use crate::decode::contains;
use crate::scan::Text;

/// Finds the secrets that belong to a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Finder {
    /// A private key in PEM, open to all.
    Pem,
    /// The same behind a passphrase.
    EncryptedPem,
    /// An armoured OpenPGP secret key.
    Pgp,
    /// PuTTY's own format.
    Putty,
    /// The private key in a service account's file of Google Cloud.
    ServiceAccount,
    /// The values of a Kubernetes manifest of kind Secret.
    KubernetesSecret,
    /// A name that ends in `password` or the like, and its value.
    PasswordAssignment,
    /// A name that ends in `token`, `secret` or the like, and its value.
    SecretAssignment,
}

impl Finder {
    /// Adds the secrets that the keyword at `keyword` leads to.
    pub(crate) fn find(self, text: &Text<'_>, keyword: &Range<usize>, secrets: &mut Vec<Range<usize>>) {
        let bytes = text.bytes;
        match self {
            Self::Pem => {
                secrets.extend(pem::key_at(bytes, keyword.start).filter(|key| !key.is_encrypted).map(|key| key.body))
            }
            Self::EncryptedPem => {
                secrets.extend(pem::key_at(bytes, keyword.start).filter(|key| key.is_encrypted).map(|key| key.body))
            }
            Self::Pgp => secrets.extend(pem::pgp_key_at(bytes, keyword.start)),
            Self::Putty => secrets.extend(putty::key_at(bytes, keyword.start)),
            Self::ServiceAccount => secrets.extend(service_account_key(bytes, keyword)),
            Self::KubernetesSecret => kubernetes::secrets_at(bytes, keyword, secrets),
            Self::PasswordAssignment => secrets.extend(crate::named::password_at(text, keyword)),
            Self::SecretAssignment => secrets.extend(crate::named::secret_at(text, keyword)),
        }
    }
}

/// The key that follows `"private_key"`, if a service account's other fields are near.
fn service_account_key(bytes: &[u8], keyword: &Range<usize>) -> Option<Range<usize>> {
    let rest = bytes.get(keyword.end..bytes.len().min(keyword.end + 64))?;
    let header = crate::decode::find(rest, b"-----BEGIN ")?;
    let key = pem::key_at(bytes, keyword.end + header)?;
    let near = bytes.get(keyword.start.saturating_sub(2048)..bytes.len().min(key.body.end + 2048))?;
    (contains(near, b"\"service_account\"") || contains(near, b"\"client_email\"")).then_some(key.body)
}
