//! An organization's own advisories changed.

use plimsoll_model::{OrgId, PackageKey};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Message;
use crate::topology::Topic;

/// What an organization's own advisories say of these packages changed: match its versions of them again and bring its findings in line.
/// Handling it twice changes nothing: matches are computed from what is known at the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnAdvisoriesChangedV1 {
    /// The organization.
    pub org: OrgId,
    /// The packages, at most [`OwnAdvisoriesChangedV1::MOST_KEYS`].
    pub keys: Vec<PackageKey>,
}

impl OwnAdvisoriesChangedV1 {
    /// A larger change is several messages: each is one transaction of the one who handles it.
    pub const MOST_KEYS: usize = 2_000;
}

impl Message for OwnAdvisoriesChangedV1 {
    const TOPIC: Topic = Topic::OwnAdvisoriesChanged;
    const NAME: &'static str = "OwnAdvisoriesChangedV1";
}
