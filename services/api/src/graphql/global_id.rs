//! Global object ids: a type and an id in it, in base64url. They say nothing of whose the object is: who may not see it, finds nothing.

use async_graphql::{Error, ID};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::complaint::complaint;

/// An object that can be asked for by its id alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GlobalId {
    /// An organization.
    Organization(Uuid),
    /// A repository.
    Repository(Uuid),
    /// An image, as an organization holds it.
    Image(Uuid),
    /// A package version, by its key.
    Package(Vec<u8>),
    /// A vulnerability, by its canonical id.
    Vulnerability(String),
    /// A finding.
    Finding(i64),
    /// An API key.
    ApiKey(Uuid),
    /// A set of YARA rules.
    YaraRuleSet(Uuid),
    /// An organization's own advisory.
    OwnAdvisory(Uuid),
    /// A VEX document.
    VexDocument(Uuid),
}

/// Longer than any id of ours.
const MOST_CHARACTERS: usize = 512;

impl GlobalId {
    /// The id as clients see it.
    pub fn encode(&self) -> ID {
        let text = match self {
            Self::Organization(id) => format!("Organization:{id}"),
            Self::Repository(id) => format!("Repository:{id}"),
            Self::Image(id) => format!("Image:{id}"),
            Self::Package(key) => format!("Package:{}", URL_SAFE_NO_PAD.encode(key)),
            Self::Vulnerability(name) => format!("Vulnerability:{name}"),
            Self::Finding(id) => format!("Finding:{id}"),
            Self::ApiKey(id) => format!("ApiKey:{id}"),
            Self::YaraRuleSet(id) => format!("YaraRuleSet:{id}"),
            Self::OwnAdvisory(id) => format!("OwnAdvisory:{id}"),
            Self::VexDocument(id) => format!("VexDocument:{id}"),
        };
        ID(URL_SAFE_NO_PAD.encode(text))
    }

    /// Reads an id.
    ///
    /// # Errors
    /// When it is none of ours.
    pub fn decode(id: &ID) -> Result<Self, Error> {
        Self::read(id)
            .ok_or_else(|| complaint("BAD_ID", "This is not an id of this API. Take ids from its answers as they are."))
    }

    fn read(id: &ID) -> Option<Self> {
        if id.len() > MOST_CHARACTERS {
            return None;
        }
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(id.as_bytes()).ok()?).ok()?;
        let (kind, rest) = text.split_once(':')?;
        let uuid = || rest.parse::<Uuid>().ok();
        let found = match kind {
            "Organization" => Self::Organization(uuid()?),
            "Repository" => Self::Repository(uuid()?),
            "Image" => Self::Image(uuid()?),
            "Package" => Self::Package(URL_SAFE_NO_PAD.decode(rest).ok()?),
            "Vulnerability" => Self::Vulnerability(rest.to_owned()),
            "Finding" => Self::Finding(rest.parse().ok()?),
            "ApiKey" => Self::ApiKey(uuid()?),
            "YaraRuleSet" => Self::YaraRuleSet(uuid()?),
            "OwnAdvisory" => Self::OwnAdvisory(uuid()?),
            "VexDocument" => Self::VexDocument(uuid()?),
            _ => return None,
        };
        // PostgreSQL's text holds no NUL.
        (!text.contains('\0')).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_was_written_and_nothing_else_is_one() {
        let uuid = Uuid::from_u128(7);
        for id in [
            GlobalId::Organization(uuid),
            GlobalId::Repository(uuid),
            GlobalId::Image(uuid),
            GlobalId::Package(vec![0, 1, 255]),
            GlobalId::Vulnerability("CVE-2024-1".into()),
            GlobalId::Finding(42),
            GlobalId::ApiKey(uuid),
            GlobalId::YaraRuleSet(uuid),
            GlobalId::OwnAdvisory(uuid),
            GlobalId::VexDocument(uuid),
        ] {
            assert_eq!(GlobalId::decode(&id.encode()).unwrap(), id);
        }
        let encoded = |text: &str| URL_SAFE_NO_PAD.encode(text);
        for bad in [
            String::new(),
            "Image:7".into(),
            encoded("Image:7"),
            encoded("image:00000000-0000-0000-0000-000000000007"),
            encoded("Finding:99999999999999999999"),
            encoded("Vulnerability:a\0b"),
            encoded("Account:1"),
            "A".repeat(100_000),
        ] {
            assert!(GlobalId::decode(&ID(bad)).is_err());
        }
    }
}
