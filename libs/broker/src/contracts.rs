//! What messages say. Each is versioned by its type's name; its JSON Schema stands in `api-schema/messages/`.
//!
//! A consumer accepts what it accepted last release: fields may be added with a default, never removed or given another meaning;
//! what needs that is a new version beside the old one.

mod advisories_changed;
mod scan_image;
mod sync_feeds;

pub use advisories_changed::AdvisoriesChangedV1;
pub use scan_image::ScanImageV1;
pub use sync_feeds::SyncFeedsV1;

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::topology::Topic;

/// A message of one topic.
pub trait Message: Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// Where it goes.
    const TOPIC: Topic;
    /// The contract's name, `ScanImageV1`.
    const NAME: &'static str;
}

/// Every contract's name and schema, for `api-schema/messages/`.
pub fn schemas() -> Vec<(&'static str, Schema)> {
    vec![schema::<ScanImageV1>(), schema::<AdvisoriesChangedV1>(), schema::<SyncFeedsV1>()]
}

fn schema<M: Message>() -> (&'static str, Schema) {
    (M::NAME, schemars::schema_for!(M))
}
