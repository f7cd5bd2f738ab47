//! What an organization's VEX documents say changed, or what they speak of.

use plimsoll_model::{ImageId, OrgId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Message;
use crate::topology::Topic;

/// What an organization's VEX documents say of these vulnerabilities changed, or the names of these images did, by which documents speak of them:
/// decide again which findings that hides, and show or hide them.
/// Handling it twice changes nothing: decisions are made from what is said at the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VexChangedV1 {
    /// The organization.
    pub org: OrgId,
    /// Ids of the vulnerabilities, in upper case, at most [`VexChangedV1::MOST_VULNERABILITIES`].
    #[serde(default)]
    pub vulnerabilities: Vec<String>,
    /// Images that are in other repositories or indexes than before, or have other tags.
    #[serde(default)]
    pub images: Vec<ImageId>,
}

impl VexChangedV1 {
    /// A larger change is several messages: each is one transaction of the one who handles it.
    pub const MOST_VULNERABILITIES: usize = 2_000;
}

impl Message for VexChangedV1 {
    const TOPIC: Topic = Topic::VexChanged;
    const NAME: &'static str = "VexChangedV1";
}
