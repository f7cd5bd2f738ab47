//! Which findings a list or a count is of.

use chrono::{DateTime, Utc};

/// Which findings; what is `None` does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FindingFilter {
    /// Of one of these severities (ranks).
    pub severities: Option<Vec<i16>>,
    /// Of this severity (rank) or a higher one.
    pub min_severity: Option<i16>,
    /// Known to be exploited, or not.
    pub known_exploited: Option<bool>,
    /// With a fix, or without.
    pub fixable: Option<bool>,
    /// Through the package of this name, its own or its source package's.
    pub package: Option<String>,
    /// Of the vulnerability with this id, whichever of its ids.
    pub vulnerability: Option<String>,
    /// In an image of this repository.
    pub repository: Option<String>,
    /// Through a package of this ecosystem, with or without the release.
    pub ecosystem: Option<String>,
    /// Open, or closed; at `as_of` where that is given.
    pub is_open: Option<bool>,
    /// As it was at this moment: what was opened later is not there.
    pub as_of: Option<DateTime<Utc>>,
    /// Hidden by a VEX statement, or not.
    pub is_hidden: Option<bool>,
    /// Brought by the image's base, or by what is built on it; where the base is not known it is neither.
    pub is_from_base: Option<bool>,
    /// Of a malicious package ([`plimsoll_model::is_malware`]), or not.
    pub is_malware: Option<bool>,
}

impl Default for FindingFilter {
    /// All that are open and not hidden.
    fn default() -> Self {
        Self {
            severities: None,
            min_severity: None,
            known_exploited: None,
            fixable: None,
            package: None,
            vulnerability: None,
            repository: None,
            ecosystem: None,
            is_open: Some(true),
            as_of: None,
            is_hidden: Some(false),
            is_from_base: None,
            is_malware: None,
        }
    }
}

impl FindingFilter {
    /// Whether only what is open now matters: then the indexes of open findings serve.
    pub(super) fn is_current(&self) -> bool {
        self.is_open == Some(true) && self.as_of.is_none()
    }
}
