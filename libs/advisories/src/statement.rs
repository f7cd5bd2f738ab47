//! What a source says of a package, in one word. For people, who are shown each source's own; matching goes by versions.

use plimsoll_model::{Affected, AffectedState, Event, Range};
use serde::Serialize;

/// What a source says of a package, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StatementState {
    /// Versions of it are affected, and not all of them have a fix.
    Affected,
    /// Versions of it were affected, up to a fix.
    Fixed,
    /// It never was affected: the source says so, or names version 0 as the fix.
    NotAffected,
    /// It is affected, and the source will not fix it.
    WontFix,
    /// It is affected, and its release gets no more fixes.
    EndOfLife,
    /// The source does not know yet.
    UnderInvestigation,
}

impl StatementState {
    /// What this statement says.
    pub fn of(affected: &Affected) -> Self {
        let Affected { state, ranges, versions, .. } = affected;
        match state {
            // No source says the last: it is ours, of a match.
            AffectedState::NotAffected | AffectedState::NotRunning => Self::NotAffected,
            AffectedState::WontFix => Self::WontFix,
            AffectedState::EndOfLife => Self::EndOfLife,
            AffectedState::UnderInvestigation => Self::UnderInvestigation,
            AffectedState::Affected if ranges.is_empty() => Self::Affected,
            AffectedState::Affected if versions.is_empty() && ranges.iter().all(is_fixed_from_the_first) => {
                Self::NotAffected
            }
            AffectedState::Affected if ranges.iter().all(ends_with_a_fix) => Self::Fixed,
            AffectedState::Affected => Self::Affected,
        }
    }
}

fn is_fixed_from_the_first(range: &Range) -> bool {
    let mut fixes = range.events.iter().filter(|event| !matches!(event, Event::Introduced(from) if from == "0"));
    fixes.next().is_some_and(|event| matches!(event, Event::Fixed(to) if to == "0")) && fixes.next().is_none()
}

fn ends_with_a_fix(range: &Range) -> bool {
    matches!(range.events.last(), Some(Event::Fixed(_)))
}

/// The versions that a statement names as fixes, in its order and each once.
pub fn fixes(affected: &Affected) -> Vec<&str> {
    let mut fixes = Vec::new();
    for event in affected.ranges.iter().flat_map(|range| &range.events) {
        match event {
            Event::Fixed(version) if version != "0" && !fixes.contains(&version.as_str()) => fixes.push(version),
            Event::Fixed(_) | Event::Introduced(_) | Event::LastAffected(_) | Event::Limit(_) => {}
        }
    }
    fixes
}

/// Where people read on about an advisory: OSV's page of one that came by it, else the first address that it names itself.
pub fn page(source: &str, id: &str, references: &[String]) -> Option<String> {
    let is_name = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
    match source {
        "osv" if is_name => Some(format!("https://osv.dev/vulnerability/{id}")),
        "nvd" if is_name => Some(format!("https://nvd.nist.gov/vuln/detail/{id}")),
        _ => references.first().cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn affected(state: AffectedState, ranges: &[&[Event]], versions: &[&str]) -> Affected {
        Affected {
            ecosystem: "Debian:12".parse().unwrap(),
            package: "a".into(),
            module: None,
            state,
            ranges: ranges.iter().map(|events| Range { events: events.to_vec() }).collect(),
            versions: versions.iter().map(|version| (*version).to_owned()).collect(),
            severity: None,
        }
    }

    #[test]
    fn each_statement_says_one_thing() {
        let from = |version: &str| Event::Introduced(version.into());
        let fixed = |version: &str| Event::Fixed(version.into());
        let last = Event::LastAffected("3".into());
        let is = AffectedState::Affected;
        let open: &[Event] = &[from("0")];
        let closed: &[Event] = &[from("0"), fixed("1"), from("2"), fixed("3")];
        let never: &[Event] = &[from("0"), fixed("0")];
        for (said, expected, fixes_named) in [
            (affected(is, &[open], &[]), StatementState::Affected, vec![]),
            (affected(is, &[closed], &["0.9"]), StatementState::Fixed, vec!["1", "3"]),
            (affected(is, &[closed, open], &[]), StatementState::Affected, vec!["1", "3"]),
            (affected(is, &[closed, closed], &[]), StatementState::Fixed, vec!["1", "3"]),
            (affected(is, &[&[from("1"), last]], &[]), StatementState::Affected, vec![]),
            (affected(is, &[never], &[]), StatementState::NotAffected, vec![]),
            (affected(is, &[&[fixed("0")]], &[]), StatementState::NotAffected, vec![]),
            (affected(is, &[never], &["1"]), StatementState::Fixed, vec![]),
            (affected(is, &[never, closed], &[]), StatementState::Fixed, vec!["1", "3"]),
            (affected(is, &[], &["1"]), StatementState::Affected, vec![]),
            (affected(is, &[], &[]), StatementState::Affected, vec![]),
            (affected(is, &[&[]], &[]), StatementState::Affected, vec![]),
            (affected(AffectedState::WontFix, &[open], &[]), StatementState::WontFix, vec![]),
            (affected(AffectedState::EndOfLife, &[open], &[]), StatementState::EndOfLife, vec![]),
            (affected(AffectedState::NotAffected, &[], &[]), StatementState::NotAffected, vec![]),
            (affected(AffectedState::UnderInvestigation, &[open], &[]), StatementState::UnderInvestigation, vec![]),
        ] {
            assert_eq!((StatementState::of(&said), fixes(&said)), (expected, fixes_named), "{said:?}");
        }
    }

    #[test]
    fn an_advisorys_page_is_its_databases_or_the_first_address_that_it_names() {
        let named = ["https://example.org/a".to_owned(), "https://example.org/b".to_owned()];
        for (source, id, expected) in [
            ("osv", "GHSA-1", Some("https://osv.dev/vulnerability/GHSA-1")),
            ("nvd", "CVE-2024-1", Some("https://nvd.nist.gov/vuln/detail/CVE-2024-1")),
            ("osv", "../a", Some("https://example.org/a")),
            ("debian", "CVE-2024-1", Some("https://example.org/a")),
        ] {
            assert_eq!(page(source, id, &named).as_deref(), expected);
        }
        assert_eq!(page("own", "ACME-1", &[]), None);
    }
}
