//! An image waits for its scan.

use plimsoll_model::{Digest, ImageId, OrgId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Message;
use crate::topology::Topic;

/// Scan an image that an organization holds. Handling it twice changes nothing: what was analysed is not analysed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScanImageV1 {
    /// Whose image it is.
    pub org: OrgId,
    /// Which image.
    pub image: ImageId,
    /// Its manifest, for people who look at the queue.
    pub digest: Digest,
}

impl Message for ScanImageV1 {
    const TOPIC: Topic = Topic::ScanImage;
    const NAME: &'static str = "ScanImageV1";
}
