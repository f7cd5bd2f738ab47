//! A definition's criteria, and the ways in which a system can meet them.
//!
//! Criteria are a tree of tests with AND and OR. What comes out is the same as a list: each way is a release and packages that are
//! installed in some versions. What is not known of a test (see [`Check::Other`]) is taken as met, so that nothing is missed.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::checks::{Bound, Check};

/// The most ways of a definition, and the most of them that are made on the way there, with their packages.
const MAX_WAYS: usize = 100_000;
const MAX_WORK: usize = 10 * MAX_WAYS;

/// A node of the criteria.
#[derive(Debug)]
pub enum Node {
    /// Several, joined.
    Several {
        /// Whether all must be met, rather than one.
        are_all_needed: bool,
        /// Whether it is met where they are not.
        is_negated: bool,
        /// What is joined.
        children: Vec<Node>,
    },
    /// One check.
    One {
        /// Whether it is met where the check fails.
        is_negated: bool,
        /// The check.
        check: Check,
    },
}

/// One way to meet criteria.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// The number of the distribution's release, where it is asked for.
    pub release: Option<Rc<str>>,
    /// The streams of modules that are enabled, `nodejs:16`.
    pub modules: BTreeSet<Rc<str>>,
    /// The packages that are installed, and in which versions: every bound of a package holds.
    pub packages: BTreeMap<Rc<str>, Vec<Bound>>,
}

/// The criteria join more than any real definition's do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyWays;

impl Node {
    /// Every way in which the criteria are met. The work is bounded by the number of checks, of which real criteria need a tenth; what it
    /// took is taken from `work_left`.
    pub fn ways(&self, work_left: &mut usize) -> Result<Vec<Way>, TooManyWays> {
        let allowed = (1_000 + 100 * self.checks()).min(MAX_WORK);
        let mut budget = allowed;
        let ways = self.met(false, &mut budget);
        *work_left = work_left.saturating_sub(allowed - budget);
        ways
    }

    fn checks(&self) -> usize {
        match self {
            Self::Several { children, .. } => 1 + children.iter().map(Self::checks).sum::<usize>(),
            Self::One { .. } => 1,
        }
    }

    /// The ways in which it is met, or with `is_negated` is not.
    fn met(&self, is_negated: bool, budget: &mut usize) -> Result<Vec<Way>, TooManyWays> {
        match self {
            Self::One { is_negated: inner, check } => {
                spend(budget, 1)?;
                Ok(vec![Way::of(check, is_negated != *inner)])
            }
            Self::Several { are_all_needed, is_negated: inner, children } => {
                let is_negated = is_negated != *inner;
                // Not all of them: one is not. Not one of them: all are not.
                if *are_all_needed == is_negated {
                    any(children, is_negated, budget)
                } else {
                    all(children, is_negated, budget)
                }
            }
        }
    }
}

fn any(children: &[Node], is_negated: bool, budget: &mut usize) -> Result<Vec<Way>, TooManyWays> {
    let mut ways = Vec::new();
    for child in children {
        let mut of_child = child.met(is_negated, budget)?;
        spend(budget, of_child.len())?;
        ways.append(&mut of_child);
        if ways.len() > MAX_WAYS {
            return Err(TooManyWays);
        }
    }
    Ok(ways)
}

fn all(children: &[Node], is_negated: bool, budget: &mut usize) -> Result<Vec<Way>, TooManyWays> {
    let mut ways = vec![Way::default()];
    for child in children {
        let of_child = child.met(is_negated, budget)?;
        if of_child == [Way::default()] {
            continue;
        }
        let mut joined = Vec::new();
        if let [other] = of_child.as_slice() {
            spend(budget, ways.len() * (1 + other.packages.len()))?;
            joined.extend(ways.into_iter().filter_map(|way| way.and(other)));
        } else {
            for (way, other) in ways.iter().flat_map(|way| of_child.iter().map(move |other| (way, other))) {
                spend(budget, 1 + way.packages.len() + other.packages.len())?;
                joined.extend(way.clone().and(other));
                if joined.len() > MAX_WAYS {
                    return Err(TooManyWays);
                }
            }
        }
        ways = joined;
    }
    Ok(ways)
}

fn spend(budget: &mut usize, steps: usize) -> Result<(), TooManyWays> {
    *budget = budget.checked_sub(steps).ok_or(TooManyWays)?;
    Ok(())
}

impl Way {
    fn of(check: &Check, is_negated: bool) -> Self {
        let mut way = Self::default();
        match check {
            Check::Package(name, bound) => {
                if let Some(bound) = if is_negated { opposite(bound) } else { Some(bound.clone()) } {
                    way.packages.insert(Rc::clone(name), vec![bound]);
                }
            }
            Check::Release(release) if !is_negated => way.release = Some(Rc::clone(release)),
            Check::Module(stream) if !is_negated => {
                way.modules.insert(Rc::clone(stream));
            }
            Check::Release(_) | Check::Module(_) | Check::Other => {}
        }
        way
    }

    /// Both at once; `None` for two releases, and for two streams of a module.
    fn and(mut self, other: &Self) -> Option<Self> {
        match (&self.release, &other.release) {
            (Some(one), Some(another)) if one != another => return None,
            (None, Some(release)) => self.release = Some(Rc::clone(release)),
            _ => {}
        }
        let is_another =
            |stream: &Rc<str>| self.modules.iter().any(|known| known != stream && module(known) == module(stream));
        if other.modules.iter().any(is_another) {
            return None;
        }
        self.modules.extend(other.modules.iter().map(Rc::clone));
        for (name, bounds) in &other.packages {
            self.packages.entry(Rc::clone(name)).or_default().extend_from_slice(bounds);
        }
        Some(self)
    }
}

/// The module of a stream: `nodejs` of `nodejs:16`.
fn module(stream: &str) -> &str {
    stream.split(':').next().unwrap_or(stream)
}

/// What holds of an installed package where a bound does not; nothing that can be said of one package's version else.
fn opposite(bound: &Bound) -> Option<Bound> {
    match bound {
        Bound::Below(version) | Bound::UpTo(version) => Some(Bound::From(Rc::clone(version))),
        Bound::From(version) => Some(Bound::Below(Rc::clone(version))),
        Bound::Any | Bound::Exactly(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn below(name: &str, version: &str) -> Node {
        one(Check::Package(name.into(), Bound::Below(version.into())))
    }

    fn release(number: &str) -> Node {
        one(Check::Release(number.into()))
    }

    fn stream(name: &str) -> Node {
        one(Check::Module(name.into()))
    }

    fn one(check: Check) -> Node {
        Node::One { is_negated: false, check }
    }

    fn and(children: Vec<Node>) -> Node {
        Node::Several { are_all_needed: true, is_negated: false, children }
    }

    fn or(children: Vec<Node>) -> Node {
        Node::Several { are_all_needed: false, is_negated: false, children }
    }

    fn not(node: Node) -> Node {
        match node {
            Node::Several { are_all_needed, is_negated, children } => {
                Node::Several { are_all_needed, is_negated: !is_negated, children }
            }
            Node::One { is_negated, check } => Node::One { is_negated: !is_negated, check },
        }
    }

    fn ways(node: &Node) -> Result<Vec<Way>, TooManyWays> {
        let mut work = usize::MAX;
        node.ways(&mut work)
    }

    /// `8: a<2 a>=1 | 9: [a:1] b<3`.
    fn told(node: &Node) -> String {
        let way = |way: &Way| {
            let mut text = way.release.as_ref().map(|release| format!("{release}:")).unwrap_or_default();
            text.extend(way.modules.iter().map(|stream| format!(" [{stream}]")));
            for (name, bounds) in &way.packages {
                for bound in bounds {
                    let (sign, version) = match bound {
                        Bound::Any => ("", ""),
                        Bound::Below(version) => ("<", &**version),
                        Bound::UpTo(version) => ("<=", &**version),
                        Bound::From(version) => (">=", &**version),
                        Bound::Exactly(version) => ("=", &**version),
                    };
                    text.push_str(&format!(" {name}{sign}{version}"));
                }
            }
            text.trim().to_owned()
        };
        ways(node).unwrap().iter().map(way).collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn criteria_are_told_as_the_ways_to_meet_them() {
        let signed = || one(Check::Other);
        let cases = [
            (below("a", "1"), "a<1"),
            (
                and(vec![
                    release("8"),
                    or(vec![and(vec![below("a", "1"), signed()]), and(vec![below("b", "2"), signed()])]),
                ]),
                "8: a<1 | 8: b<2",
            ),
            (
                and(vec![or(vec![release("8"), release("9")]), or(vec![below("a", "1"), below("b", "2")])]),
                "8: a<1 | 8: b<2 | 9: a<1 | 9: b<2",
            ),
            (and(vec![release("8"), release("9"), below("a", "1")]), ""),
            (
                and(vec![
                    release("8"),
                    or(vec![and(vec![stream("a:1"), below("a", "1")]), and(vec![stream("a:2"), below("a", "2")])]),
                ]),
                "8: [a:1] a<1 | 8: [a:2] a<2",
            ),
            (and(vec![stream("a:1"), stream("b:1"), below("a", "1")]), "[a:1] [b:1] a<1"),
            (and(vec![stream("a:1"), stream("a:2"), below("a", "1")]), ""),
            (and(vec![not(stream("a:1")), below("a", "1")]), "a<1"),
            (and(vec![below("a", "2"), not(below("a", "1"))]), "a<2 a>=1"),
            (not(or(vec![below("a", "2"), release("8")])), "a>=2"),
            (not(and(vec![below("a", "2"), below("b", "1")])), "a>=2 | b>=1"),
            (not(not(below("a", "2"))), "a<2"),
            (not(one(Check::Package("a".into(), Bound::Any))), ""),
            (and(vec![]), ""),
            (or(vec![]), ""),
        ];
        for (node, expected) in cases {
            assert_eq!(told(&node), expected, "{node:?}");
        }
    }

    #[test]
    fn criteria_that_multiply_are_given_up() {
        let pair = |n: usize| or(vec![below(&format!("a{n}"), "1"), below(&format!("b{n}"), "1")]);
        assert_eq!(ways(&and((0..40).map(pair).collect())), Err(TooManyWays));
        let long = |length| {
            or((0..length).map(|n| below(&format!("a{n}"), "1")).collect())
                .ways(&mut usize::MAX.clone())
                .map(|ways| ways.len())
        };
        assert_eq!((long(MAX_WAYS), long(MAX_WAYS + 1)), (Ok(MAX_WAYS), Err(TooManyWays)));
    }
}
