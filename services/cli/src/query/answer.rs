//! What is answered.

use plimsoll_advisories::{Candidate, StatementState, UnknownMatch, fixes};
use plimsoll_model::{AffectedState, Ecosystem, Range, Severity};
use serde::Serialize;

/// The answer to a question. Fields may be added, none goes or changes its meaning.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The line of standard input, the first is 1; null for a question of the arguments.
    pub line: Option<u64>,
    /// As asked; null where the line is no question.
    pub ecosystem: Option<Ecosystem>,
    /// As asked.
    pub package: Option<String>,
    /// As asked.
    pub version: Option<String>,
    /// What it comes to: of a version that some advisory affects *affected*, also where others could not be judged.
    pub status: Status,
    /// The advisories that affect it, by vulnerability and id.
    pub advisories: Vec<AffectingAdvisory>,
    /// What could not be judged. Where this is not empty, an empty list of advisories does not say "not affected".
    pub not_judged: Vec<NotJudged>,
    /// What every source says of the package, as it says it, by vulnerability and id: also of other versions, also what another source's word
    /// outweighs, and what was taken back. With `--format json`.
    #[serde(rename = "statements")]
    pub said: Vec<SourceStatement>,
}

/// What an answer comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Some advisory affects it.
    Affected,
    /// Every advisory that is known of its package was judged, and none affects it.
    NotAffected,
    /// That is not known.
    NotJudged,
}

/// An advisory that affects the version.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AffectingAdvisory {
    /// The advisory's own id.
    pub id: String,
    /// The canonical id of the vulnerability: the CVE where there is one.
    pub vulnerability: String,
    /// Every other id of the vulnerability, sorted.
    pub aliases: Vec<String>,
    /// The feed.
    pub source: String,
    /// One line.
    pub title: String,
    /// The severity that counts.
    pub severity: Severity,
    /// What the source says of the package.
    pub state: AffectedState,
    /// The lowest version above the asked one that the advisory names as the fix.
    pub fixed_in: Option<String>,
    /// What the advisory says is affected of this package.
    pub ranges: Vec<Range>,
    /// The versions that it lists one by one, where it has no ranges.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
}

/// A source's own word on the package.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceStatement {
    /// The advisory's own id.
    pub id: String,
    /// The canonical id of the vulnerability.
    pub vulnerability: String,
    /// The feed.
    pub source: String,
    /// What it says.
    pub state: StatementState,
    /// The versions that it names as fixes.
    pub fixed_in: Vec<String>,
    /// The versions that it speaks of.
    pub ranges: Vec<Range>,
    /// The versions that it lists one by one, where it has no ranges.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// The module and stream whose builds it speaks of, where it tells streams.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<String>,
    /// The source's own severity for the package; null where it has none.
    pub severity: Option<Severity>,
    /// Whether it was taken back: it then says nothing any more.
    pub is_withdrawn: bool,
}

/// What could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotJudged {
    /// The advisory that could not be judged; null where none could.
    pub id: Option<String>,
    /// Its vulnerability.
    pub vulnerability: Option<String>,
    /// Why.
    pub why: String,
}

/// One of an answer's statements: an element of a line of `--format jsonl`.
#[derive(Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Statement<'a> {
    Affected(&'a AffectingAdvisory),
    NotJudged(&'a NotJudged),
}

impl Answer {
    /// To a line that is no question.
    pub fn refused(why: String) -> Self {
        Self {
            line: None,
            ecosystem: None,
            package: None,
            version: None,
            status: Status::NotJudged,
            advisories: Vec::new(),
            not_judged: vec![NotJudged::because(why)],
            said: Vec::new(),
        }
    }

    /// Everything that it states, in one list: empty only where it is known that no advisory affects the version.
    pub fn statements(&self) -> Vec<Statement<'_>> {
        let affected = self.advisories.iter().map(Statement::Affected);
        affected.chain(self.not_judged.iter().map(Statement::NotJudged)).collect()
    }
}

impl NotJudged {
    /// The version as a whole.
    pub const fn because(why: String) -> Self {
        Self { id: None, vulnerability: None, why }
    }
}

impl From<&Candidate> for SourceStatement {
    fn from(candidate: &Candidate) -> Self {
        let affected = &candidate.affected;
        Self {
            id: candidate.advisory.clone(),
            vulnerability: candidate.vulnerability.clone(),
            source: candidate.source.clone(),
            state: StatementState::of(affected),
            fixed_in: fixes(affected).into_iter().map(str::to_owned).collect(),
            ranges: affected.ranges.clone(),
            versions: if affected.ranges.is_empty() { affected.versions.clone() } else { vec![] },
            module: affected.module.clone(),
            severity: affected.severity,
            is_withdrawn: candidate.is_withdrawn,
        }
    }
}

impl From<UnknownMatch> for NotJudged {
    fn from(unknown: UnknownMatch) -> Self {
        Self { id: Some(unknown.advisory), vulnerability: Some(unknown.vulnerability), why: unknown.why }
    }
}
