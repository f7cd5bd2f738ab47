//! One credentials file, `config.json` or `auth.json`: the same form.

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::{CredentialError, Credentials};

const FILE_BYTES: u64 = 1 << 20;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CredentialFile {
    #[serde(default)]
    pub(super) auths: HashMap<String, Entry>,
    #[serde(default)]
    pub(super) cred_helpers: HashMap<String, String>,
    #[serde(default)]
    pub(super) creds_store: Option<String>,
}

/// An `auths` entry. An empty one says that the credentials are in the store.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Entry {
    #[serde(default)]
    auth: Option<SecretString>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    password: Option<SecretString>,
    #[serde(default)]
    identitytoken: Option<SecretString>,
}

impl CredentialFile {
    /// Reads a file; `None` where there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, CredentialError> {
        let failed = |source| CredentialError::Read { path: path.to_owned(), source };
        let malformed = |why: String| CredentialError::Malformed { path: path.to_owned(), why };
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        };
        let mut bytes = Vec::new();
        file.take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > FILE_BYTES {
            return Err(malformed(format!("it is larger than {FILE_BYTES} bytes")));
        }
        // serde_json's words may quote a value, and a value may be a secret: only the place is told.
        let parsed = serde_json::from_slice(&bytes);
        parsed
            .map(Some)
            .map_err(|error| malformed(format!("not valid at line {}, column {}", error.line(), error.column())))
    }
}

impl Entry {
    /// The credentials it holds; `None` where it is empty or not base64 of `name:password`.
    pub(super) fn credentials(&self) -> Option<Credentials> {
        let is_filled = |secret: &&SecretString| !secret.expose_secret().is_empty();
        if let Some(token) = self.identitytoken.as_ref().filter(is_filled) {
            return Some(Credentials::IdentityToken(token.clone()));
        }
        if let (Some(username), Some(password)) = (&self.username, self.password.as_ref().filter(is_filled)) {
            return Some(Credentials::Basic { username: username.clone(), password: password.clone() });
        }
        let decoded = BASE64_STANDARD.decode(self.auth.as_ref().filter(is_filled)?.expose_secret().trim()).ok()?;
        let pair = SecretString::from(String::from_utf8(decoded).ok()?);
        // Docker itself pads with NULs.
        let (username, password) = pair.expose_secret().trim_end_matches('\0').split_once(':')?;
        Some(Credentials::Basic { username: username.to_owned(), password: password.to_owned().into() })
    }
}
