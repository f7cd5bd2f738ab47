//! The types of the schema, one file each.

mod api_key;
mod coverage;
mod feed;
mod finding;
mod finding_list;
mod image;
mod image_list;
mod installed;
mod layer;
mod license;
mod member;
mod node;
mod observation;
mod organization;
mod package;
mod place;
mod repository;
mod scan;
mod uncounted;
mod vulnerability;
mod words;
mod yara_rule_set;

pub use api_key::ApiKey;
pub use feed::Feed;
pub use finding::Finding;
pub use image::Image;
pub use image_list::named as image_named;
pub use node::Node;
pub use organization::Organization;
pub use package::Package;
pub use repository::Repository;
pub use scan::ScanProgress;
pub use uncounted::UncountedState;
pub use vulnerability::Vulnerability;
pub use words::{MemberRole, ScanState as ScanStateWord, Scope};
pub use yara_rule_set::YaraRuleSet;
