//! Keys, in minisign's own forms.
//!
//! Source: minisign's manual, "Signature format" (jedisct1.github.io/minisign).

use std::fmt;
use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign::{KeyPair, PublicKey, SecretKey, SecretKeyBox};
use serde::{Deserialize, Serialize};

use crate::BundleError;

/// A file that holds a key has some hundred bytes.
const MOST_BYTES: u64 = 4 << 10;

/// What tells keys apart, as minisign writes it: 16 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KeyId(String);

impl KeyId {
    fn of(bytes: &[u8]) -> Self {
        Self(bytes.iter().rev().map(|byte| format!("{byte:02X}")).collect())
    }

    /// The id in a key's or signature's bytes: after two of the algorithm, eight.
    pub(crate) fn in_base64(line: &str) -> Option<Self> {
        STANDARD.decode(line.trim()).ok()?.get(2..10).map(Self::of)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A public key whose signatures are believed.
#[derive(Debug, Clone)]
pub struct TrustedKey {
    id: KeyId,
    key: minisign_verify::PublicKey,
}

impl TrustedKey {
    /// Reads a key: its own text (`RW...`), or a file that minisign or [`SigningKey::public`] wrote.
    ///
    /// # Errors
    /// It is neither.
    pub fn read(text_or_path: &str) -> Result<Self, BundleError> {
        if let Ok(key) = Self::parse(text_or_path) {
            return Ok(key);
        }
        let text = read_small(Path::new(text_or_path))?;
        Self::parse(&text).map_err(|why| refused(text_or_path, "public key", why))
    }

    fn parse(text: &str) -> Result<Self, String> {
        let line = text.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let key = minisign_verify::PublicKey::from_base64(line).map_err(|error| error.to_string())?;
        let id = KeyId::in_base64(line).ok_or("it is too short")?;
        Ok(Self { id, key })
    }

    /// Its id.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) const fn key(&self) -> &minisign_verify::PublicKey {
        &self.key
    }
}

/// A secret key. It has no password, as machines sign with it: its file is for its owner only.
pub struct SigningKey {
    secret: SecretKey,
    public: PublicKey,
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, BundleError> {
        let KeyPair { pk, sk } = KeyPair::generate_unencrypted_keypair()
            .map_err(|error| refused("the new key", "secret key", error.to_string()))?;
        Ok(Self { secret: sk, public: pk })
    }

    /// Reads a key's file.
    ///
    /// # Errors
    /// It cannot be read, is no secret key, or has a password.
    pub fn read(path: &Path) -> Result<Self, BundleError> {
        let named = |why: minisign::PError| refused(&path.display().to_string(), "secret key", why.to_string());
        let text = read_small(path)?;
        let secret = SecretKeyBox::from_string(&text).and_then(SecretKeyBox::into_unencrypted_secret_key);
        let secret = secret.map_err(named)?;
        let public = PublicKey::from_secret_key(&secret).map_err(named)?;
        Ok(Self { secret, public })
    }

    /// Writes the key to a new file that only its owner may read.
    ///
    /// # Errors
    /// There is such a file, or it cannot be written.
    pub fn write_new(&self, path: &Path) -> Result<(), BundleError> {
        let io = |source| BundleError::Io { path: path.to_owned(), source };
        let text = self.secret.to_box(Some("plimsoll bundle secret key, without password: keep it secret"));
        let text = text.map_err(|error| BundleError::Signing(error.to_string()))?;
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(io)?;
        file.write_all(text.into_string().as_bytes()).and_then(|()| file.sync_all()).map_err(io)
    }

    /// Its id.
    pub fn id(&self) -> KeyId {
        KeyId::of(self.public.keynum())
    }

    /// The public key's text, `RW...`: what others trust.
    pub fn public(&self) -> String {
        self.public.to_base64()
    }

    /// A signature as minisign writes it, with a comment that it signs too.
    pub(crate) fn sign(&self, bytes: &[u8], comment: &str) -> Result<String, BundleError> {
        let untrusted = format!("signature by plimsoll bundle key {}", self.id());
        let signed = minisign::sign(Some(&self.public), &self.secret, bytes, Some(comment), Some(&untrusted));
        Ok(signed.map_err(|error| BundleError::Signing(error.to_string()))?.into_string())
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id())
    }
}

fn read_small(path: &Path) -> Result<String, BundleError> {
    use std::io::Read as _;
    let io = |source| BundleError::Io { path: path.to_owned(), source };
    let mut text = String::new();
    std::fs::File::open(path).map_err(io)?.take(MOST_BYTES).read_to_string(&mut text).map_err(io)?;
    Ok(text)
}

/// An error that shows no more of a text than tells which it is: it may be a secret key, given in the wrong place.
fn refused(what: &str, kind: &'static str, why: String) -> BundleError {
    BundleError::Key { what: what.chars().take(100).collect(), kind, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_written_and_by_its_text_or_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bundle.key");
        let key = SigningKey::generate().unwrap();
        key.write_new(&path).unwrap();
        assert!(matches!(key.write_new(&path), Err(BundleError::Io { .. })), "a key is never overwritten");
        let again = SigningKey::read(&path).unwrap();
        assert_eq!((again.id(), again.public()), (key.id(), key.public()));
        let public = folder.path().join("bundle.pub");
        std::fs::write(&public, format!("untrusted comment: ours\n{}\n", key.public())).unwrap();
        for text in [key.public().as_str(), public.to_str().unwrap()] {
            assert_eq!(*TrustedKey::read(text).unwrap().id(), key.id());
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_no_secret_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("bundle.key");
        SigningKey::generate().unwrap().write_new(&secret).unwrap();
        let text = std::fs::read_to_string(&secret).unwrap();
        for given in ["", "RWQ", "/nowhere/at/all", secret.to_str().unwrap()] {
            let error = TrustedKey::read(given).unwrap_err().to_string();
            assert!(!text.lines().any(|line| error.contains(line)), "{error}");
        }
        let public = folder.path().join("bundle.pub");
        std::fs::write(&public, "untrusted comment: x\nRWQ\n").unwrap();
        assert!(SigningKey::read(&public).unwrap_err().to_string().contains("is no secret key"));
    }
}
