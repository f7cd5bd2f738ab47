//! Credentials for a registry: given, or found where Docker and the containers tools keep them.
//!
//! Source: docker CLI, `config.json` (`auths`, `credHelpers`, `credsStore`) and the credential helper protocol; containers-auth.json(5).

mod file;
mod lookup;
mod program;

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

pub use lookup::CredentialFiles;

/// Who a client is to a registry.
#[derive(Debug, Clone, Default)]
pub enum Credentials {
    /// Nobody.
    #[default]
    Anonymous,
    /// A name and a password, or a key in its place.
    Basic {
        /// The name.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// A refresh token, which the registry's token realm exchanges for others.
    IdentityToken(SecretString),
}

/// Why stored credentials could not be read. None of these quotes a secret.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// A file that is there but does not read.
    #[error("credentials in {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file that is not of the expected form, or too large.
    #[error("credentials in {path}: {why}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A credential helper program that failed.
    #[error("docker-credential-{name} get {registry}: {why}")]
    Helper {
        /// The helper's name.
        name: String,
        /// The registry asked about.
        registry: String,
        /// What is wrong.
        why: String,
    },
}

impl Credentials {
    /// `Basic ...`; `None` for credentials of another kind, or ones that no header can hold.
    pub(super) fn basic_header(&self) -> Option<HeaderValue> {
        let Self::Basic { username, password } = self else { return None };
        let pair = SecretString::from(format!("{username}:{}", password.expose_secret()));
        let mut header =
            HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(pair.expose_secret()))).ok()?;
        header.set_sensitive(true);
        Some(header)
    }
}

#[cfg(test)]
mod tests;
