//! What messages say. Each is versioned by its type's name; its JSON Schema stands in `api-schema/messages/`.
//!
//! A consumer accepts what it accepted last release: fields may be added with a default, never removed or given another meaning;
//! what needs that is a new version beside the old one.

mod advisories_changed;
mod findings_changed;
mod own_advisories_changed;
mod scan_image;
mod sync_feeds;
mod vex_changed;

pub use advisories_changed::AdvisoriesChangedV1;
pub use findings_changed::{
    ChangedImageV1, ChangedPackageV1, ChangedPlatformV1, FindingChangeV1, FindingEvent, FindingsChangedV1,
};
pub use own_advisories_changed::OwnAdvisoriesChangedV1;
pub use scan_image::ScanImageV1;
pub use sync_feeds::SyncFeedsV1;
pub use vex_changed::VexChangedV1;

use plimsoll_model::OrgId;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::topology::{EventTopic, Topic};

/// A message of one topic: work, done by one who takes it.
pub trait Message: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// Where it goes.
    const TOPIC: Topic;
    /// The contract's name, `ScanImageV1`.
    const NAME: &'static str;
}

/// An event of one topic: told to everybody who listens.
pub trait Event: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// Where it goes.
    const TOPIC: EventTopic;
    /// The contract's name, `FindingsChangedV1`.
    const NAME: &'static str;

    /// Whose it is: nobody else may hear it.
    fn org(&self) -> OrgId;
}

/// Every contract's name and schema, for `api-schema/messages/`.
pub fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        (ScanImageV1::NAME, schemars::schema_for!(ScanImageV1)),
        (AdvisoriesChangedV1::NAME, schemars::schema_for!(AdvisoriesChangedV1)),
        (SyncFeedsV1::NAME, schemars::schema_for!(SyncFeedsV1)),
        (OwnAdvisoriesChangedV1::NAME, schemars::schema_for!(OwnAdvisoriesChangedV1)),
        (VexChangedV1::NAME, schemars::schema_for!(VexChangedV1)),
        (FindingsChangedV1::NAME, schemars::schema_for!(FindingsChangedV1)),
    ]
}
