//! Content digests as the OCI image specification writes them, `algorithm:hex`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A SHA-256 content digest, `sha256:` and 64 lower-case hexadecimal digits.
///
/// Source: OCI image specification, `descriptor.md`. SHA-512 is a registered algorithm too; the platform refuses it with
/// [`DigestError::UnsupportedAlgorithm`] (allowed by the distribution specification).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// Why a text is not a digest that we accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// Not `algorithm:encoded`, or the encoded part is not lower-case hexadecimal of the right length.
    #[error("'{0}' is not a digest (expected sha256: and 64 lower-case hexadecimal digits)")]
    Malformed(String),
    /// A well-formed digest of an algorithm other than SHA-256.
    #[error("digest algorithm '{0}' is not supported (use sha256)")]
    UnsupportedAlgorithm(String),
}

impl Digest {
    /// The digest of 32 bytes that a SHA-256 implementation produced.
    pub const fn from_sha256(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 hexadecimal digits, without the algorithm.
    pub fn hex(&self) -> String {
        use fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        // A hostile text may be long; errors quote its beginning only.
        let malformed = || DigestError::Malformed(text.chars().take(80).collect());
        let (algorithm, encoded) = text.split_once(':').ok_or_else(malformed)?;
        let is_algorithm = !algorithm.is_empty()
            && algorithm.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+._-".contains(&b));
        if !is_algorithm || encoded.is_empty() {
            return Err(malformed());
        }
        if algorithm != "sha256" {
            return Err(DigestError::UnsupportedAlgorithm(algorithm.chars().take(80).collect()));
        }
        let mut bytes = [0u8; 32];
        if encoded.len() != 64 {
            return Err(malformed());
        }
        for (byte, pair) in bytes.iter_mut().zip(encoded.as_bytes().chunks_exact(2)) {
            let mut value = 0u8;
            for digit in pair {
                value = value << 4
                    | match digit {
                        b'0'..=b'9' => digit - b'0',
                        b'a'..=b'f' => digit - b'a' + 10,
                        _ => return Err(malformed()),
                    };
            }
            *byte = value;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Digest {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Digest".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^sha256:[0-9a-f]{64}$" })
    }
}

/// The digest of a layer's *uncompressed* tar: what identifies its content whatever the compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct DiffId(pub Digest);

impl fmt::Display for DiffId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_accepted_only_as_the_specification_writes_it() {
        let hex = "0123456789abcdef".repeat(4);
        let good: Digest = format!("sha256:{hex}").parse().unwrap();
        assert_eq!(good.to_string(), format!("sha256:{hex}"));
        for bad in ["", "sha256", "sha256:", ":", "sha256:abc", &format!("sha256:{}", hex.to_uppercase()), &hex] {
            assert!(matches!(bad.parse::<Digest>(), Err(DigestError::Malformed(_))), "{bad}");
        }
        let unsupported = format!("sha512:{hex}{hex}").parse::<Digest>();
        assert_eq!(unsupported, Err(DigestError::UnsupportedAlgorithm("sha512".into())));
    }
}
