//! Ecosystems, named as OSV names them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::suse::{self, SUSE};

/// Where a package's name and version have their meaning: `PyPI`, `npm`, `Debian:12`, `Alpine:v3.10`.
///
/// Source: OSV schema, "Defined ecosystems". The release is part of it for distributions, whose versions are judged by
/// release, and absent for language ecosystems. Programs without a package are of `generic`, for which OSV has no name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ecosystem {
    name: String,
    release: Option<String>,
}

impl Ecosystem {
    /// An ecosystem without releases, such as `PyPI`.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), release: None }
    }

    /// A distribution's release, such as (`Debian`, `12`). A product of SUSE's is the release that it is a part of.
    pub fn with_release(name: impl Into<String>, release: impl Into<String>) -> Self {
        let (name, release) = (name.into(), release.into());
        let release = if name == SUSE { suse::code_base(&release) } else { release };
        Self { name, release: Some(release) }
    }

    /// The name without the release.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The release, for distributions.
    pub fn release(&self) -> Option<&str> {
        self.release.as_deref()
    }

    /// Whether its advisories name the packages that are installed (`openssl-libs`). Other distributions' name the source that they are built
    /// from (`openssl`).
    ///
    /// Source: what the advisories themselves name: AlmaLinux's in OSV, Amazon's and Oracle's of their own. Photon's name the source too, with the
    /// same version, and not all that is built from it.
    pub fn names_installed_packages(&self) -> bool {
        matches!(self.name.as_str(), "AlmaLinux" | "Amazon Linux" | "Oracle Linux")
    }
}

impl fmt::Display for Ecosystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.release {
            Some(release) => write!(f, "{}:{release}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl FromStr for Ecosystem {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once(':') {
            Some((name, release)) if !release.is_empty() => Self::with_release(name, release),
            _ => Self::new(text.trim_end_matches(':')),
        })
    }
}

impl Serialize for Ecosystem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ecosystem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Ecosystem {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Ecosystem".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "examples": ["PyPI", "Debian:12"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ecosystem_reads_back_as_it_was_written() {
        for text in ["PyPI", "Debian:12", "Alpine:v3.10", "Rocky Linux:9", "Ubuntu:Pro:18.04:LTS"] {
            let ecosystem: Ecosystem = text.parse().unwrap();
            assert_eq!(ecosystem.to_string(), text);
        }
        assert_eq!("Debian:12".parse::<Ecosystem>().unwrap(), Ecosystem::with_release("Debian", "12"));
        let module: Ecosystem = "SUSE:Linux Enterprise Module for Basesystem 15 SP5".parse().unwrap();
        assert_eq!(module.to_string(), "SUSE:Linux Enterprise Server 15 SP5");
    }
}
