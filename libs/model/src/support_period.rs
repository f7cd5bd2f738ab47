//! Until when a release of a product is mended.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Until when a release of a product is mended, as a feed tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportPeriod {
    /// The product, by the name that the feed gives it: `debian`.
    pub product: String,
    /// The release: `12`, `22.04`.
    pub release: String,
    /// The release's name, as os-release writes it: `bookworm`.
    pub codename: Option<String>,
    /// The last day on which everybody gets fixes; `None` where no end is known.
    pub standard: Option<NaiveDate>,
    /// The last day on which those get fixes who ask or pay for it; `None` where there is no such support.
    pub extended: Option<NaiveDate>,
}
