//! Whatever has a global id.

use async_graphql::{ID, Interface};

use super::{
    ApiKey, Finding, Image, Organization, OwnAdvisory, Package, Repository, VexDocument, Vulnerability, YaraRuleSet,
};

/// An object with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Global id."))]
pub enum Node {
    /// An organization.
    Organization(Organization),
    /// A repository.
    Repository(Repository),
    /// An image.
    Image(Box<Image>),
    /// A package version.
    Package(Package),
    /// A vulnerability.
    Vulnerability(Box<Vulnerability>),
    /// A finding.
    Finding(Box<Finding>),
    /// An API key.
    ApiKey(ApiKey),
    /// A set of YARA rules.
    YaraRuleSet(YaraRuleSet),
    /// An organization's own advisory.
    OwnAdvisory(Box<OwnAdvisory>),
    /// A VEX document of an organization.
    VexDocument(Box<VexDocument>),
}
