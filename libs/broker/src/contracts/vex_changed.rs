//! What an organization's VEX documents say changed.

use plimsoll_model::OrgId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Message;
use crate::topology::Topic;

/// What an organization's VEX documents say of these vulnerabilities changed: decide again which findings that hides, and show or hide them.
/// Handling it twice changes nothing: decisions are made from what is said at the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VexChangedV1 {
    /// The organization.
    pub org: OrgId,
    /// Ids of the vulnerabilities, in upper case, at most [`VexChangedV1::MOST_VULNERABILITIES`].
    pub vulnerabilities: Vec<String>,
}

impl VexChangedV1 {
    /// A larger change is several messages: each is one transaction of the one who handles it.
    pub const MOST_VULNERABILITIES: usize = 2_000;
}

impl Message for VexChangedV1 {
    const TOPIC: Topic = Topic::VexChanged;
    const NAME: &'static str = "VexChangedV1";
}
