//! What the sources do not tell of packages that were judged by all that they do, each with a sentence.

use serde::{Deserialize, Serialize};

use super::JudgedPackages;

/// Why the sources of a judgement do not tell all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitReason {
    /// Only vulnerabilities that have a fix are published for the packages.
    OnlyFixesPublished,
    /// Advisories of some repositories that the packages may be from are not read.
    RepositoryLeftAside,
}

impl LimitReason {
    /// All reasons.
    pub const ALL: [Self; 2] = [Self::OnlyFixesPublished, Self::RepositoryLeftAside];

    /// The reason that [`LimitReason::as_str`] names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// The word as shown: `only_fixes_published`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnlyFixesPublished => "only_fixes_published",
            Self::RepositoryLeftAside => "repository_left_aside",
        }
    }
}

/// Something that the sources of a judgement do not tell. It is no gap: what they tell was judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Limit {
    /// Why.
    pub reason: LimitReason,
    /// The packages that it is said of.
    pub count: u64,
    /// For people: `judged by fixes alone, because ...`.
    pub statement: String,
    /// Their ecosystem.
    pub ecosystem: String,
}

/// Repositories of a distribution whose advisories are not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftAside {
    /// What they are, for people.
    pub repositories: String,
    /// How many of the packages are from them; none where no package tells.
    pub packages: Option<u64>,
}

/// All of them, each reason once for an ecosystem.
pub(super) fn of(packages: &[JudgedPackages]) -> Vec<Limit> {
    let judged = packages.iter().filter(|packages| packages.has_source);
    let fixes = judged.clone().filter(|packages| packages.lists_only_fixes).filter_map(only_fixes);
    fixes.chain(judged.filter_map(left_aside)).collect()
}

fn limit(reason: LimitReason, count: u64, ecosystem: String, statement: String) -> Limit {
    Limit { reason, count, statement, ecosystem }
}

fn only_fixes(packages: &JudgedPackages) -> Option<Limit> {
    let ecosystem = packages.ecosystem.as_ref()?.to_string();
    let statement = format!(
        "judged by fixes alone, because only vulnerabilities that are fixed are published for {ecosystem}: what has no fix yet is not \
         among the findings"
    );
    Some(limit(LimitReason::OnlyFixesPublished, packages.count, ecosystem, statement))
}

fn left_aside(packages: &JudgedPackages) -> Option<Limit> {
    let ecosystem = packages.ecosystem.as_ref()?.to_string();
    let LeftAside { repositories, packages: from_them } = packages.left_aside.as_ref()?;
    let statement = match from_them {
        Some(0) => return None,
        Some(count) => format!(
            "not judged by their own advisories, because those of {repositories} are not read: {count} package{} of {ecosystem}",
            if *count == 1 { "" } else { "s" }
        ),
        None => format!(
            "judged by the advisories of the core repository alone, because those of {repositories} are not read, and packages of {ecosystem} \
             do not tell which repository they are from"
        ),
    };
    Some(limit(LimitReason::RepositoryLeftAside, from_them.unwrap_or(packages.count), ecosystem, statement))
}
