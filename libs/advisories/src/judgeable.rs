//! Whether anything can ever be judged by what an advisory says of a package.
//!
//! Such statements are kept as they are (a later release may read them, people may look at them) and counted in the feed's
//! run; a version judged by them is unknown or, where the schema gives an answer all the same, that answer.

use plimsoll_model::{Affected, Event, Range};
use plimsoll_versions::{Scheme, Unknown, Version};

/// Why versions cannot be judged by a statement, or only in part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unmatchable {
    /// We do not have the order of the ecosystem's versions, and none is listed one by one.
    #[error("the version order of {ecosystem} is not known")]
    NoScheme {
        /// The ecosystem's name without its release.
        ecosystem: String,
    },
    /// It has neither ranges nor versions.
    #[error("it names no versions")]
    NoVersions,
    /// A version in a range that its scheme cannot order.
    #[error(transparent)]
    Unordered(#[from] Unknown),
    /// It and the version are builds of modules, of which one does not tell its stream.
    #[error("its module's stream is not known")]
    NoStream,
    /// A range that ends before it begins.
    #[error("a range begins at {introduced} and ends before, at {end}")]
    Reversed {
        /// Where it begins.
        introduced: String,
        /// Where it ends.
        end: String,
    },
}

/// Why versions cannot be judged by this statement, or only in part; `None` where they can. A statement that the package is
/// not affected or not yet looked into is never asked of versions.
pub fn unmatchable(affected: &Affected) -> Option<Unmatchable> {
    if !affected.state.is_affected() {
        return None;
    }
    if affected.versions.is_empty() && affected.ranges.iter().all(|range| range.events.is_empty()) {
        return Some(Unmatchable::NoVersions);
    }
    match Scheme::for_ecosystem(&affected.ecosystem) {
        Some(scheme) => affected.ranges.iter().find_map(|range| broken(scheme, range).err()),
        None if affected.versions.is_empty() => {
            Some(Unmatchable::NoScheme { ecosystem: affected.ecosystem.name().to_owned() })
        }
        None => None,
    }
}

fn broken(scheme: Scheme, range: &Range) -> Result<(), Unmatchable> {
    let mut introduced: Option<(&str, Version)> = None;
    for event in &range.events {
        match event {
            Event::Introduced(text) if text == "0" => introduced = None,
            Event::Introduced(text) => introduced = Some((text, Version::parse(scheme, text)?)),
            Event::Limit(text) if text == "*" => {}
            Event::Fixed(text) | Event::LastAffected(text) | Event::Limit(text) => {
                let end = Version::parse(scheme, text)?;
                if let Some((beginning, _)) = introduced.as_ref().filter(|(_, version)| end < *version) {
                    return Err(Unmatchable::Reversed { introduced: (*beginning).to_owned(), end: text.clone() });
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use plimsoll_model::AffectedState;

    #[test]
    fn statements_that_judge_nothing_say_why() {
        let range = |events: &[Event]| Range { events: events.to_vec() };
        let from = |version: &str| Event::Introduced(version.into());
        let fixed = |version: &str| Event::Fixed(version.into());
        let cases = [
            ("PyPI", vec![], vec![], Some("it names no versions")),
            ("PyPI", vec![range(&[])], vec![], Some("it names no versions")),
            ("PyPI", vec![range(&[])], vec!["1.0"], None),
            ("PyPI", vec![Range::until("1.0")], vec![], None),
            ("PyPI", vec![range(&[from("2.0"), fixed("2.0")])], vec![], None),
            (
                "PyPI",
                vec![range(&[from("2.0"), fixed("1.0")])],
                vec![],
                Some("a range begins at 2.0 and ends before, at 1.0"),
            ),
            ("PyPI", vec![range(&[fixed("1.0"), from("2.0")])], vec![], None),
            ("Klingon", vec![Range::until("1.0")], vec![], Some("the version order of Klingon is not known")),
            ("Klingon:4", vec![Range::until("1.0")], vec!["0.9"], None),
        ];
        for (ecosystem, ranges, versions, expected) in cases {
            let mut affected = Affected {
                ecosystem: ecosystem.parse().unwrap(),
                package: "a".into(),
                module: None,
                state: AffectedState::Affected,
                ranges,
                versions: versions.into_iter().map(str::to_owned).collect(),
                severity: None,
            };
            assert_eq!(unmatchable(&affected).map(|why| why.to_string()).as_deref(), expected, "{affected:?}");
            affected.state = AffectedState::NotAffected;
            assert_eq!(unmatchable(&affected), None);
        }
        let affected = Affected {
            ecosystem: "npm".parse().unwrap(),
            package: "a".into(),
            module: None,
            state: AffectedState::Affected,
            ranges: vec![Range::until("soon")],
            versions: vec![],
            severity: None,
        };
        assert!(matches!(unmatchable(&affected), Some(Unmatchable::Unordered(_))));
    }
}
