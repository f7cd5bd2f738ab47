//! What became of a finding, for who watches.

use async_graphql::{Enum, InputObject, SimpleObject};
use chrono::{DateTime, Utc};
use plimsoll_broker::contracts::FindingEvent;
use plimsoll_store::views::findings::FindingFilter;

use super::Finding;
use super::words::Severity;

/// A finding opened or closed.
#[derive(SimpleObject)]
pub struct FindingChange {
    /// Which of both.
    pub kind: FindingChangeKind,
    /// When: the findings `asOf` this moment have it.
    pub at: DateTime<Utc>,
    /// The finding as it is now, a moment later.
    pub finding: Finding,
}

/// What became of a finding.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "FindingEvent")]
pub enum FindingChangeKind {
    /// It opened.
    Opened,
    /// It closed; its `closeReason` says why.
    Closed,
}

/// Which changes of findings; what is not given does not matter.
#[derive(InputObject, Default)]
pub struct FindingChangeFilterInput {
    /// Only what opened, or only what closed.
    pub kind: Option<FindingChangeKind>,
    /// Of one of these severities.
    severities: Option<Vec<Severity>>,
    /// Of this severity or a higher one.
    min_severity: Option<Severity>,
    /// Of a vulnerability that CISA lists as exploited, or of one that it does not.
    known_exploited: Option<bool>,
    /// Through the package of this name, its own or its source package's.
    package: Option<String>,
    /// Of the vulnerability with this id, whichever of its ids: `CVE-2024-1`, `GHSA-...`.
    vulnerability: Option<String>,
    /// In an image of the repository of this name, without the organization's slug.
    repository: Option<String>,
    /// In this image: its id, its digest or a reference to it, as it is when the subscription begins.
    pub image: Option<String>,
    /// Through a package of this ecosystem, with or without the release: `Debian:12`, `Debian`.
    ecosystem: Option<String>,
}

impl FindingChangeFilterInput {
    /// The filter, without kind and image.
    pub fn filter(self) -> FindingFilter {
        FindingFilter {
            severities: self.severities.map(|severities| severities.into_iter().map(Severity::rank).collect()),
            min_severity: self.min_severity.map(Severity::rank),
            known_exploited: self.known_exploited,
            package: self.package,
            vulnerability: self.vulnerability,
            repository: self.repository,
            ecosystem: self.ecosystem,
            is_open: None,
            ..FindingFilter::default()
        }
    }
}
