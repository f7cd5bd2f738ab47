//! An operator asks for a sync.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Message;
use crate::topology::Topic;

/// Sync feeds now instead of at their next time. Handling it twice syncs twice, and the second finds nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SyncFeedsV1 {
    /// The wish's row, which is told when the sync begins and ends.
    pub request: Uuid,
    /// Which feed; all where it is absent.
    #[serde(default)]
    pub feed: Option<String>,
    /// The operator's word that a sync may withdraw more than the set share of what we hold.
    #[serde(default)]
    pub accept_withdrawals: bool,
}

impl Message for SyncFeedsV1 {
    const TOPIC: Topic = Topic::SyncFeeds;
    const NAME: &'static str = "SyncFeedsV1";
}
