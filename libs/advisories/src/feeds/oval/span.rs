//! The versions of a package that a definition speaks of.

use std::cmp::Ordering;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Event, Range};
use plimsoll_versions::{Scheme, compare};

use super::checks::Bound;

/// Where affected versions end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// Before this version, which has the fix.
    Fixed(String),
    /// With this version, of which no later one is known.
    LastAffected(String),
}

impl End {
    /// The version.
    pub fn version(&self) -> &str {
        match self {
            Self::Fixed(version) | Self::LastAffected(version) => version,
        }
    }
}

/// Versions from one to another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Span {
    /// The first; nothing for all from the beginning.
    pub from: Option<String>,
    /// The end; nothing where no end is known.
    pub end: Option<End>,
    /// The one version, where it is one.
    pub only: Option<String>,
}

impl Span {
    /// The versions that all these bounds hold.
    pub fn of(bounds: &[Bound]) -> Self {
        let mut span = Self::default();
        for bound in bounds {
            match bound {
                Bound::Any => {}
                Bound::Exactly(version) => span.only = Some(plain(version)),
                Bound::From(version) => {
                    let version = plain(version);
                    let is_later = |known: &String| order(&version, known).is_gt();
                    if span.from.as_ref().is_none_or(is_later) {
                        span.from = Some(version);
                    }
                }
                Bound::Below(version) => span.end_by(End::Fixed(plain(version))),
                Bound::UpTo(version) => span.end_by(End::LastAffected(plain(version))),
            }
        }
        span
    }

    fn end_by(&mut self, end: End) {
        let is_earlier = |known: &End| order(end.version(), known.version()).is_lt();
        if self.end.as_ref().is_none_or(is_earlier) {
            self.end = Some(end);
        }
    }
}

/// A version as advisories of other feeds have it: without the epoch 0, which is the same as none.
fn plain(version: &str) -> String {
    match version.split_once(':') {
        Some((epoch, rest)) if epoch.trim().bytes().all(|digit| digit == b'0') => rest.trim().to_owned(),
        Some((epoch, rest)) => format!("{}:{}", epoch.trim(), rest.trim()),
        None => version.trim().to_owned(),
    }
}

fn order(a: &str, b: &str) -> Ordering {
    compare(Scheme::Rpm, a, b).unwrap_or(Ordering::Equal)
}

/// The ranges and single versions of spans of which any may hold. Of spans with one beginning the one that reaches furthest holds the
/// others: a version is fixed only where each says so.
pub fn ranges(spans: Vec<Span>) -> (Vec<Range>, Vec<String>) {
    let mut furthest: BTreeMap<Option<String>, Option<End>> = BTreeMap::new();
    let mut versions = BTreeSet::new();
    for span in spans {
        if let Some(version) = span.only {
            versions.insert(version);
            continue;
        }
        match furthest.entry(span.from) {
            Entry::Occupied(mut known) => {
                let end = further(known.get_mut().take(), span.end);
                known.insert(end);
            }
            Entry::Vacant(new) => {
                new.insert(span.end);
            }
        }
    }
    (furthest.into_iter().map(range).collect(), versions.into_iter().collect())
}

fn further(a: Option<End>, b: Option<End>) -> Option<End> {
    let (a, b) = (a?, b?);
    Some(match order(a.version(), b.version()) {
        Ordering::Less => b,
        Ordering::Greater => a,
        // Of one version the end that holds it reaches further.
        Ordering::Equal => a.max(b),
    })
}

fn range((from, end): (Option<String>, Option<End>)) -> Range {
    let mut events = vec![Event::Introduced(from.unwrap_or_else(|| "0".into()))];
    events.extend(end.map(|end| match end {
        End::Fixed(version) => Event::Fixed(version),
        End::LastAffected(version) => Event::LastAffected(version),
    }));
    Range { events }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(version: &str) -> Bound {
        Bound::Below(version.into())
    }

    #[test]
    fn bounds_of_one_package_make_a_range() {
        let from = |version: &str| Bound::From(version.into());
        let up_to = |version: &str| Bound::UpTo(version.into());
        let events =
            |begin: &str, end: &[Event]| vec![Range { events: [&[Event::Introduced(begin.into())], end].concat() }];
        let fixed = |version: &str| Event::Fixed(version.into());
        for (bounds, expected) in [
            (vec![below("0:1.0-1")], events("0", &[fixed("1.0-1")])),
            (vec![below("0: 1.57.0-1.cm2")], events("0", &[fixed("1.57.0-1.cm2")])),
            (vec![below("30:9.3.3-8.el5")], events("0", &[fixed("30:9.3.3-8.el5")])),
            (vec![below("1.0-1")], events("0", &[fixed("1.0-1")])),
            (vec![up_to("0:1.0-1")], events("0", &[Event::LastAffected("1.0-1".into())])),
            (
                vec![from("0:1.0-1"), from("0:0.9-1"), below("0:2.0-1"), below("1:0-1")],
                events("1.0-1", &[fixed("2.0-1")]),
            ),
            (vec![Bound::Any], events("0", &[])),
        ] {
            assert_eq!(ranges(vec![Span::of(&bounds)]).0, expected, "{bounds:?}");
        }
        assert_eq!(ranges(vec![Span::of(&[Bound::Exactly("0:1.0-1".into())])]), (vec![], vec!["1.0-1".into()]));
    }

    #[test]
    fn a_version_is_fixed_only_where_each_span_says_so() {
        let up_to = |version: &str| Bound::UpTo(version.into());
        for (bounds, expected) in [
            // rsyslog of ELSA-2022-4803: rebuilt once more for one processor.
            (
                vec![below("8.24.0-57.0.4.el7_9.3"), below("8.24.0-57.0.1.el7_9.3")],
                Event::Fixed("8.24.0-57.0.4.el7_9.3".into()),
            ),
            (vec![below("2-1"), below("1:1-1")], Event::Fixed("1:1-1".into())),
            (vec![below("2-1"), up_to("2-1")], Event::LastAffected("2-1".into())),
            (vec![up_to("2-1"), below("3-1")], Event::Fixed("3-1".into())),
        ] {
            let spans = bounds.iter().map(|bound| Span::of(std::slice::from_ref(bound))).collect();
            let (ranges, _) = ranges(spans);
            assert_eq!(ranges, [Range { events: vec![Event::Introduced("0".into()), expected] }], "{bounds:?}");
        }
        let endless = vec![Span::of(&[below("2-1")]), Span::of(&[Bound::Any])];
        assert_eq!(ranges(endless).0, [Range::everything()]);
        let two = vec![Span::of(&[below("2-1")]), Span::of(&[Bound::From("3-1".into()), below("4-1")])];
        assert_eq!(ranges(two).0.len(), 2);
    }
}
