//! The platform that an image is for: `linux/amd64`, `linux/arm/v7`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An operating system and architecture in Go's words (OCI image specification, `image-index.md`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Platform {
    /// `linux`, `windows`; `unknown` for attestations.
    pub os: String,
    /// `amd64`, `arm64`, `arm`, `s390x`.
    pub architecture: String,
    /// The processor's version: `v7`, `v8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The operating system's version, for Windows.
    #[serde(default, rename = "os.version", skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
}

/// A text that is not `os/architecture[/variant]`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a platform (expected os/architecture or os/architecture/variant, as in linux/arm64)")]
pub struct PlatformError(String);

impl Platform {
    /// Linux on this program's own architecture: what is scanned where nothing else was asked for.
    pub fn host() -> Self {
        let (architecture, variant) = match std::env::consts::ARCH {
            "x86_64" => ("amd64", None),
            "aarch64" => ("arm64", None),
            "x86" => ("386", None),
            "arm" => ("arm", Some("v7")),
            "powerpc64" => ("ppc64le", None),
            other => (other, None),
        };
        Self {
            os: "linux".into(),
            architecture: architecture.into(),
            variant: variant.map(Into::into),
            os_version: None,
        }
    }

    /// Whether an image for `offered` is what was asked for. Absent variants are the architecture's usual one: `v8` for
    /// arm64, `v7` for arm; amd64 without a variant takes any.
    pub fn matches(&self, offered: &Self) -> bool {
        self.os == offered.os
            && self.architecture == offered.architecture
            && match (self.usual_variant(), offered.usual_variant()) {
                (None, _) => true,
                (asked, has) => asked == has,
            }
    }

    /// Whether this stands for "no platform", as build attestations have it.
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" || self.architecture == "unknown"
    }

    fn usual_variant(&self) -> Option<&str> {
        self.variant.as_deref().filter(|variant| !variant.is_empty()).or(match self.architecture.as_str() {
            "arm64" => Some("v8"),
            "arm" => Some("v7"),
            _ => None,
        })
    }
}

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Self, PlatformError> {
        let is_word =
            |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        let parts: Vec<&str> = text.split('/').filter(is_word).collect();
        let (os, architecture, variant) = match *parts.as_slice() {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some(variant.to_owned())),
            _ => return Err(PlatformError(crate::reference::excerpt(text))),
        };
        if text.matches('/').count() + 1 != parts.len() {
            return Err(PlatformError(crate::reference::excerpt(text)));
        }
        Ok(Self { os: os.to_owned(), architecture: architecture.to_owned(), variant, os_version: None })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match &self.variant {
            Some(variant) => write!(f, "/{variant}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_matches_its_usual_variant() {
        #[rustfmt::skip]
        let table = [
            ("linux/amd64", "linux/amd64", true), ("linux/amd64", "linux/amd64/v2", true), ("linux/amd64/v2", "linux/amd64", false),
            ("linux/arm64", "linux/arm64/v8", true), ("linux/arm64/v8", "linux/arm64", true), ("linux/arm", "linux/arm/v7", true),
            ("linux/arm", "linux/arm/v6", false), ("linux/amd64", "linux/arm64", false), ("windows/amd64", "linux/amd64", false),
        ];
        for (asked, offered, expected) in table {
            let [asked, offered]: [Platform; 2] = [asked, offered].map(|text| text.parse().unwrap());
            assert_eq!(asked.matches(&offered), expected, "{asked} {offered}");
        }
    }

    #[test]
    fn what_is_no_platform_is_refused() {
        for bad in ["", "linux", "linux/", "/amd64", "linux//v8", "a/b/c/d", "linux/am d64"] {
            assert!(bad.parse::<Platform>().is_err(), "{bad}");
        }
    }
}
