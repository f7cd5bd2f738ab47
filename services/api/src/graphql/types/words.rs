//! The words of the field, as enums.

use async_graphql::Enum;

/// How severe, in CVSS v3's qualitative words.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_model::Severity")]
pub enum Severity {
    /// CVSS 9.0 to 10.0.
    Critical,
    /// CVSS 7.0 to 8.9.
    High,
    /// CVSS 4.0 to 6.9.
    Medium,
    /// CVSS 0.1 to 3.9.
    Low,
    /// Rated as of no practical importance.
    Negligible,
    /// No source rates it.
    Unknown,
}

impl Severity {
    /// The severity of a stored rank.
    pub fn of_rank(rank: i16) -> Self {
        plimsoll_model::Severity::from_rank(rank).into()
    }

    /// As it is stored.
    pub fn rank(self) -> i16 {
        plimsoll_model::Severity::from(self).rank()
    }
}

/// What a source says of a package with a vulnerability.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_model::AffectedState")]
pub enum AffectedState {
    /// Affected; a fix may exist.
    Affected,
    /// Affected, and the source will not fix it.
    WontFix,
    /// Affected, and the release gets no more fixes.
    EndOfLife,
    /// Not yet known.
    UnderInvestigation,
    /// The source says that this package never was affected.
    NotAffected,
    /// What is affected does not run from this package: a kernel's headers or tools, documentation.
    NotRunning,
}

/// Where a scan stands.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_volatile::ScanState")]
pub enum ScanState {
    /// Waits for a worker.
    Queued,
    /// A worker is at it.
    Running,
    /// It failed in a way that may pass, and will be tried again.
    Retrying,
    /// There is a result.
    Done,
    /// There will be no result: the error says why.
    Failed,
}

impl ScanState {
    const ALL: [(Self, &str); 5] = [
        (Self::Queued, "queued"),
        (Self::Running, "running"),
        (Self::Retrying, "retrying"),
        (Self::Done, "done"),
        (Self::Failed, "failed"),
    ];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        Self::ALL.into_iter().find(|(state, _)| *state == self).map_or("queued", |(_, word)| word)
    }

    /// The state of a stored word; the database holds no other.
    pub fn of_word(word: &str) -> Self {
        Self::ALL.into_iter().find(|(_, known)| *known == word).map_or(Self::Queued, |(state, _)| state)
    }
}

/// Why a finding is no longer open.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    /// The package is no longer in the image.
    Fixed,
    /// The sources now say that this version is not affected.
    AdvisoryChanged,
    /// The sources took the vulnerability back.
    AdvisoryWithdrawn,
    /// The image is gone.
    ImageGone,
    /// The vulnerability turned out to be another one, which has a finding of its own.
    Merged,
    /// A VEX statement says that nothing needs to be done; of a hidden finding: none says so any more.
    Vex,
}

impl CloseReason {
    /// The reason of a stored word.
    pub fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "fixed" => Self::Fixed,
            "advisory_changed" => Self::AdvisoryChanged,
            "advisory_withdrawn" => Self::AdvisoryWithdrawn,
            "image_gone" => Self::ImageGone,
            "merged" => Self::Merged,
            "vex" => Self::Vex,
            _ => return None,
        })
    }
}

/// A person's role in an organization.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_identity::Role")]
pub enum MemberRole {
    /// May do everything.
    Owner,
    /// Runs the organization: people, keys, registries.
    Admin,
    /// Works on what was found.
    Security,
    /// Brings images and reads what was found in them.
    Developer,
    /// Reads everything and changes nothing.
    Auditor,
}

/// What an API key may be used for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_identity::Scope")]
pub enum Scope {
    /// Read images, findings and verdicts.
    Read,
    /// Push images and documents.
    Push,
    /// Write the organization's own advisories, bans and VEX documents.
    Advise,
}
