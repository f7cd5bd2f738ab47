//! Conditions on versions as people write them: `>=2.0, <2.17.1 || 3.0`.
//!
//! In: comparisons by `<`, `<=`, `>`, `>=` and `=`, a version alone meaning `=`; all that commas join must hold, of what `||` joins one.
//! Out: whether a version meets the condition, in the order of its scheme.

use std::cmp::Ordering;

use plimsoll_model::{Event, Range};

use crate::{Scheme, Unknown, Version};

/// A condition on versions, in no scheme yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constraint {
    /// One of them must hold, each with all of its comparisons.
    alternatives: Vec<Vec<(Relation, String)>>,
}

/// The longest text of a condition, in bytes.
const LONGEST: usize = 1024;
/// The most comparisons: as many as the branches that a package mends at once have ends, several times over.
const MOST_COMPARISONS: usize = 32;

/// Why a text is no condition on versions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadConstraint {
    /// The text is too long.
    #[error("it has {0} bytes; the limit is {LONGEST}")]
    TooLong(usize),
    /// There are too many comparisons.
    #[error("it has {0} comparisons; the limit is {MOST_COMPARISONS}")]
    TooMany(usize),
    /// This part, its beginning at least, is no comparison.
    #[error("'{0}' is no comparison with a version")]
    NoComparison(String),
    /// Advisories cannot state this.
    #[error(
        "'{0}' is no range of an advisory: that begins at a version (>=) and ends before (<) or with (<=) another, or is one version"
    )]
    NoRange(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Relation {
    Below,
    AtMost,
    Equal,
    AtLeast,
    Above,
}

impl Relation {
    /// Each with its sign; a sign that another begins with comes after that.
    const SIGNS: [(&'static str, Self); 6] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("==", Self::Equal),
        ("<", Self::Below),
        (">", Self::Above),
        ("=", Self::Equal),
    ];

    fn sign(self) -> &'static str {
        Self::SIGNS.into_iter().find(|(_, relation)| *relation == self).map_or("", |(sign, _)| sign)
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Below => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Equal => order.is_eq(),
            Self::AtLeast => order.is_ge(),
            Self::Above => order.is_gt(),
        }
    }
}

impl Constraint {
    /// Reads a condition.
    ///
    /// # Errors
    /// [`BadConstraint`], also for the signs of other notations (`^1.2`, `~>1.2`, `1.*`, `[1,2)`), which differ between ecosystems.
    pub fn parse(text: &str) -> Result<Self, BadConstraint> {
        if text.len() > LONGEST {
            return Err(BadConstraint::TooLong(text.len()));
        }
        let count = text.split("||").flat_map(|alternative| alternative.split(',')).count();
        if count > MOST_COMPARISONS {
            return Err(BadConstraint::TooMany(count));
        }
        let alternative = |text: &str| text.split(',').map(comparison).collect::<Result<Vec<_>, _>>();
        Ok(Self { alternatives: text.split("||").map(alternative).collect::<Result<_, _>>()? })
    }

    /// The condition as an advisory states it: a range for each alternative.
    ///
    /// # Errors
    /// [`BadConstraint::NoRange`] where an alternative has more than one beginning or end, or begins after a version.
    pub fn ranges(&self) -> Result<Vec<Range>, BadConstraint> {
        self.alternatives.iter().map(|all| range(all)).collect()
    }

    /// The condition in a scheme, read once for many versions.
    pub fn in_scheme(&self, scheme: Scheme) -> OrderedConstraint<'_> {
        let mut alternatives = Vec::new();
        for all in &self.alternatives {
            let read = all.iter().map(|(relation, text)| Comparison {
                relation: *relation,
                text,
                version: Version::parse(scheme, text),
            });
            alternatives.push(read.collect());
        }
        OrderedConstraint { scheme, alternatives }
    }
}

fn range(all: &[(Relation, String)]) -> Result<Range, BadConstraint> {
    let (mut begins, mut ends) = (None, None);
    for (relation, version) in all {
        let version = version.clone();
        let is_first = match relation {
            Relation::AtLeast => begins.replace(Event::Introduced(version)).is_none(),
            Relation::Below => ends.replace(Event::Fixed(version)).is_none(),
            Relation::AtMost => ends.replace(Event::LastAffected(version)).is_none(),
            Relation::Equal => {
                begins.replace(Event::Introduced(version.clone())).is_none()
                    & ends.replace(Event::LastAffected(version)).is_none()
            }
            Relation::Above => false,
        };
        if !is_first {
            let signed = |(relation, version): &(Relation, String)| format!("{}{version}", relation.sign());
            return Err(BadConstraint::NoRange(all.iter().map(signed).collect::<Vec<_>>().join(", ")));
        }
    }
    let begins = begins.unwrap_or_else(|| Event::Introduced("0".into()));
    Ok(Range { events: std::iter::once(begins).chain(ends).collect() })
}

fn comparison(text: &str) -> Result<(Relation, String), BadConstraint> {
    let text = text.trim();
    let signed = Relation::SIGNS.iter().find_map(|(sign, relation)| Some((*relation, text.strip_prefix(sign)?.trim())));
    let (relation, bound) = signed.unwrap_or((Relation::Equal, text));
    let is_version = bound.starts_with(|first: char| first.is_ascii_alphanumeric())
        && bound.chars().all(|c| c.is_ascii_graphic() && !"<>=!|&*()[]{}".contains(c));
    if is_version {
        Ok((relation, bound.to_owned()))
    } else {
        Err(BadConstraint::NoComparison(text.chars().take(80).collect()))
    }
}

/// A condition with its versions read in a scheme.
#[derive(Debug)]
pub struct OrderedConstraint<'a> {
    scheme: Scheme,
    alternatives: Vec<Vec<Comparison<'a>>>,
}

#[derive(Debug)]
struct Comparison<'a> {
    relation: Relation,
    text: &'a str,
    version: Result<Version, Unknown>,
}

impl OrderedConstraint<'_> {
    /// A version of the condition that the scheme cannot read.
    pub fn unreadable(&self) -> Option<&Unknown> {
        self.alternatives.iter().flatten().find_map(|comparison| comparison.version.as_ref().err())
    }

    /// Whether a version meets the condition.
    ///
    /// # Errors
    /// [`Unknown`] when the answer hangs on a text that the scheme cannot read. Equal texts are equal versions, read or not.
    pub fn holds(&self, version: &str) -> Result<bool, Unknown> {
        let text = version.trim();
        let read = Version::parse(self.scheme, text);
        any(self.alternatives.iter().map(|alternative| {
            // All hold unless one does not.
            any(alternative.iter().map(|comparison| comparison.holds(text, &read).map(|holds| !holds)))
                .map(|fails| !fails)
        }))
    }
}

/// Whether one of them is so: certain as soon as one is, whatever is unknown of the others.
fn any(claims: impl Iterator<Item = Result<bool, Unknown>>) -> Result<bool, Unknown> {
    let mut unknown = None;
    for claim in claims {
        match claim {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(why) => unknown = unknown.or(Some(why)),
        }
    }
    unknown.map_or(Ok(false), Err)
}

impl Comparison<'_> {
    fn holds(&self, text: &str, version: &Result<Version, Unknown>) -> Result<bool, Unknown> {
        if text == self.text {
            return Ok(self.relation.holds(Ordering::Equal));
        }
        let (version, bound) = (version.as_ref().map_err(Clone::clone)?, self.version.as_ref().map_err(Clone::clone)?);
        Ok(version.partial_cmp(bound).is_some_and(|order| self.relation.holds(order)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Versions, each with whether it meets a condition; `None` where that is not known.
    type Answers<'a> = &'a [(&'a str, Option<bool>)];

    #[test]
    fn a_condition_holds_in_the_order_of_the_scheme() {
        let cases: &[(Scheme, &str, Answers<'_>)] = &[
            (
                Scheme::Maven,
                ">=2.0,<2.17.1",
                &[
                    ("2.0", Some(true)),
                    ("2.0-beta9", Some(false)),
                    ("2.9.1", Some(true)),
                    ("2.17.1-rc1", Some(true)),
                    ("2.17.1", Some(false)),
                ],
            ),
            (
                Scheme::Pep440,
                " >= 2.0 , < 2.3.1 || > 2.4, <= 2.12 || 3.0 ",
                &[
                    ("2.3", Some(true)),
                    ("2.3.1", Some(false)),
                    ("2.4", Some(false)),
                    ("2.12.0", Some(true)),
                    ("3.0.0", Some(true)),
                    ("3.0.1", Some(false)),
                ],
            ),
            (Scheme::Dpkg, "<1:1.2~rc1", &[("9.9-1", Some(true)), ("1:1.2", Some(false)), ("1:1.2~beta", Some(true))]),
            (Scheme::Rpm, "=1.2^git1-3", &[("1.2^git1-3", Some(true)), ("1.2-3", Some(false))]),
            (Scheme::Semver, "==1.2.3", &[("v1.2.3", Some(true)), ("1.2.4", Some(false))]),
            // What cannot be ordered is unknown, unless its text is the one asked for or another comparison decides.
            (
                Scheme::Dpkg,
                "<2 || =un_known",
                &[("un_known", Some(true)), ("other_text", None), ("1", Some(true)), ("3", None)],
            ),
            (Scheme::Dpkg, "<2, un_known", &[("3", Some(false)), ("1", None)]),
        ];
        for (scheme, text, versions) in cases {
            let constraint = Constraint::parse(text).unwrap();
            let ordered = constraint.in_scheme(*scheme);
            assert_eq!(ordered.unreadable().is_some(), text.contains("un_known"), "{text}");
            for (version, expected) in *versions {
                assert_eq!(ordered.holds(version).ok(), *expected, "{scheme}: {version} {text}");
            }
        }
    }

    #[test]
    fn a_condition_is_stated_as_ranges_that_hold_the_same_versions() {
        use plimsoll_model::Affected;
        for text in ["<2.0", "<=2.0", ">=1.0", ">=1.0, <2.0", "=1.5", "==1.0 || >=2.0,<=3.0"] {
            let constraint = Constraint::parse(text).unwrap();
            let affected = Affected {
                ecosystem: "PyPI".parse().unwrap(),
                package: "a".into(),
                module: None,
                state: Default::default(),
                ranges: constraint.ranges().unwrap(),
                versions: vec![],
                severity: None,
            };
            for version in ["0.1", "1.0", "1.5", "1.5.1", "2.0", "2.5", "3.0", "3.0.1"] {
                let held = constraint.in_scheme(Scheme::Pep440).holds(version).unwrap();
                let judged = crate::judge(Scheme::Pep440, &affected, version).unwrap();
                assert_eq!(judged.is_affected, held, "{version} {text}");
            }
        }
        for text in [">1.0", ">=1, >=2", "<1, <=2", "=1, <2"] {
            let refused = Constraint::parse(text).unwrap().ranges().unwrap_err();
            assert!(refused.to_string().contains("is no range of an advisory"), "{refused}");
        }
    }

    #[test]
    fn what_is_no_condition_is_refused_with_the_part() {
        let many = vec!["1"; 33].join(",");
        for (text, why) in [
            ("", "'' is no comparison"),
            (">=", "'>=' is no comparison"),
            ("1.0,", "'' is no comparison"),
            (">=1 <2", "'>=1 <2' is no comparison"),
            ("!=1", "'!=1' is no comparison"),
            ("^1.2", "'^1.2' is no comparison"),
            ("~>1.2", "'~>1.2' is no comparison"),
            ("[1.0,2.0)", "'[1.0' is no comparison"),
            ("1.*", "'1.*' is no comparison"),
            ("<1|2", "'<1|2' is no comparison"),
            ("<\u{e9}", "is no comparison"),
            (&many, "33 comparisons; the limit is 32"),
            (&"1".repeat(1025), "1025 bytes; the limit is 1024"),
        ] {
            let error = Constraint::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
