//! Advisories changed.

use plimsoll_model::PackageKey;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Message;
use crate::topology::Topic;

/// What advisories say of these packages changed: match their versions again, then bring every organization's findings in line.
/// Handling it twice changes nothing: matches are computed from what is known at the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdvisoriesChangedV1 {
    /// The feed that changed.
    pub feed: String,
    /// The packages, at most [`AdvisoriesChangedV1::MOST_KEYS`].
    pub keys: Vec<PackageKey>,
}

impl AdvisoriesChangedV1 {
    /// A larger change is several messages: each is one transaction of the one who handles it.
    pub const MOST_KEYS: usize = 5_000;
}

impl Message for AdvisoriesChangedV1 {
    const TOPIC: Topic = Topic::AdvisoriesChanged;
    const NAME: &'static str = "AdvisoriesChangedV1";
}
