//! Which versions of which programs a CVE's configurations say are affected.
//!
//! In: `configurations`, as NVD writes them: each of nodes, each of products with versions (`cpeMatch`). Out: one [`Affected`] of the
//! ecosystem `generic` a program of [`crate::programs`]; other products are passed over as they are read, so that memory holds only what is kept.
//! Source: NVD's schema of CVEs, 2.0, and NISTIR 7696.
//!
//! - A program counts where it is *vulnerable*, not where it is only what something else runs on.
//! - What needs another product beside it counts only if that is Linux as such, which every image is: an image does not show the rest (a
//!   distribution's patch, Windows, a device), and where NVD says so the program alone is not affected. CVE-2022-0543 is of Debian's build of Redis. So
//!   do editions that are sold apart (`enterprise`) and builds for another system (`windows`) not count. Grype has the same
//!   rule for distributions and Windows, and takes the program at its word otherwise; trivy does not read configurations.
//! - Several configurations, and the nodes of one without `AND`, each count alone.
//! - A version of `*` without bounds is every version. One of `-` says that the versions are not known: the program is *under investigation*,
//!   unless another place of the same CVE names some. A pattern (`1.2.*`) is read as that.
//! - What NVD keeps apart as *update* is joined to the version: `1.0.2` `beta1` is `1.0.2-beta1`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::marker::PhantomData;

use plimsoll_model::{Affected, AffectedState, Event, Range};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::cpe::{Attribute, Cpe};
use super::versions::{above, written};
use crate::programs::{self, Program};

/// Editions that are what everybody has.
const EDITIONS: [&str; 3] = ["lts", "community", "open_source"];
/// What a program in an image runs on.
const TARGETS: [&str; 3] = ["linux", "linux_kernel", "unix"];

/// What configurations say of programs, in the order of their names.
///
/// # Errors
/// They are not of NVD's form.
pub fn affected(configurations: &RawValue) -> Result<Vec<Affected>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(configurations.get());
    let said: BTreeMap<&'static str, Said> = gathered(&mut json)?;
    Ok(said.into_iter().map(|(program, said)| said.affected(program)).collect())
}

/// What is made of a list while it is read, one after the other.
trait Gather: Default {
    type One;
    fn gather(&mut self, one: Self::One);
}

/// Reads a list, or `null` as an empty one.
fn gathered<'de, G: Gather<One: Deserialize<'de>>, D: Deserializer<'de>>(json: D) -> Result<G, D::Error> {
    json.deserialize_any(Gathering(PhantomData))
}

struct Gathering<G>(PhantomData<G>);

impl<'de, G: Gather<One: Deserialize<'de>>> Visitor<'de> for Gathering<G> {
    type Value = G;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_unit<E>(self) -> Result<G, E> {
        Ok(G::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<G, A::Error> {
        let mut all = G::default();
        while let Some(one) = list.next_element()? {
            all.gather(one);
        }
        Ok(all)
    }
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
enum Operator {
    #[default]
    Or,
    And,
}

#[derive(Deserialize)]
struct Configuration {
    #[serde(default)]
    operator: Operator,
    #[serde(default)]
    negate: bool,
    #[serde(default, deserialize_with = "gathered")]
    nodes: Nodes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    #[serde(default)]
    operator: Operator,
    #[serde(default)]
    negate: bool,
    #[serde(default, deserialize_with = "gathered")]
    cpe_match: Products,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CpeMatch {
    vulnerable: bool,
    criteria: String,
    version_start_including: Option<String>,
    version_start_excluding: Option<String>,
    version_end_including: Option<String>,
    version_end_excluding: Option<String>,
}

/// A program and which of its versions.
struct Told {
    program: &'static Program,
    which: Which,
}

enum Which {
    One(String),
    Span(Span),
    Untold,
}

/// From a version on, if there is one, to another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    from: Option<String>,
    end: Option<End>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Before(String),
    With(String),
}

/// The products of a node.
#[derive(Default)]
struct Products {
    told: Vec<Told>,
    is_linux: bool,
    has_others: bool,
}

impl Gather for Products {
    type One = CpeMatch;

    fn gather(&mut self, one: CpeMatch) {
        let Some(cpe) = Cpe::parse(&one.criteria) else {
            self.has_others = true;
            return;
        };
        if let Some(program) = program_of(&cpe).filter(|_| one.vulnerable) {
            let which = one.which(&cpe, program);
            self.told.push(Told { program, which });
        } else if is_linux(&cpe) && one.bounds().iter().all(Option::is_none) {
            self.is_linux = true;
        } else {
            self.has_others = true;
        }
    }
}

/// The program, of an edition and for a system as images have them.
fn program_of(cpe: &Cpe<'_>) -> Option<&'static Program> {
    let (vendor, product) = cpe.named().filter(|_| cpe.part == "a")?;
    let is_common = cpe.edition.is_free_or(&EDITIONS) && cpe.target.is_free_or(&TARGETS);
    programs::of_product(vendor, product).filter(|_| is_common)
}

/// Linux of no version.
fn is_linux(cpe: &Cpe<'_>) -> bool {
    cpe.part == "o" && cpe.named() == Some(("linux", "linux_kernel")) && cpe.version.is_free_or(&[])
}

impl CpeMatch {
    fn bounds(&self) -> [Option<&str>; 4] {
        [
            &self.version_start_including,
            &self.version_start_excluding,
            &self.version_end_including,
            &self.version_end_excluding,
        ]
        .map(|bound| bound.as_deref().filter(|version| !version.is_empty()))
    }

    fn which(&self, cpe: &Cpe<'_>, program: &Program) -> Which {
        let plain = |version: &str| written(program.numbering, version, None);
        let update = cpe.update.text();
        match (self.bounds(), &cpe.version) {
            ([None, None, None, None], Attribute::Text(version)) => {
                Which::One(written(program.numbering, version, update))
            }
            ([None, None, None, None], Attribute::Any) if update.is_none() => {
                Which::Span(Span { from: None, end: None })
            }
            ([None, None, None, None], _) => Which::Untold,
            ([from, after, with, before], _) => {
                let from = from.map(plain).or_else(|| after.map(plain).as_deref().map(above));
                // `1.6.0` with the update 22 is the last of them: the update is of the bound.
                let with = with.map(|version| End::With(written(program.numbering, version, update)));
                Which::Span(Span { from, end: before.map(plain).map(End::Before).or(with) })
            }
        }
    }
}

/// The nodes of a configuration: what they tell of programs, and what else they ask for.
#[derive(Default)]
struct Nodes {
    told: Vec<Told>,
    /// Nodes that tell of programs.
    telling: u64,
    /// Nodes that ask for what an image does not show.
    unmet: u64,
}

impl Gather for Nodes {
    type One = Node;

    fn gather(&mut self, node: Node) {
        let Products { told, is_linux, has_others } = node.cpe_match;
        let stands = match node.operator {
            Operator::Or => !told.is_empty(),
            // All of them together: the program beside nothing but Linux.
            Operator::And => told.len() == 1 && !has_others,
        };
        let is_met = match node.operator {
            Operator::Or => is_linux,
            Operator::And => is_linux && told.is_empty() && !has_others,
        };
        if !node.negate && stands {
            self.telling += 1;
            self.told.extend(told);
        } else if node.negate || !is_met {
            self.unmet += 1;
        }
    }
}

impl Configuration {
    /// What it tells of programs by themselves.
    fn told(self) -> Vec<Told> {
        let Nodes { told, telling, unmet } = self.nodes;
        let counts = match self.operator {
            Operator::Or => true,
            Operator::And => telling == 1 && unmet == 0,
        };
        if counts && !self.negate { told } else { Vec::new() }
    }
}

/// All that is said of one program.
#[derive(Default)]
struct Said {
    spans: BTreeSet<Span>,
    versions: BTreeSet<String>,
}

impl Gather for BTreeMap<&'static str, Said> {
    type One = Configuration;

    fn gather(&mut self, one: Configuration) {
        for Told { program, which } in one.told() {
            let said = self.entry(program.name).or_default();
            match which {
                Which::One(version) => {
                    said.versions.insert(version);
                }
                Which::Span(span) => {
                    said.spans.insert(span);
                }
                Which::Untold => {}
            }
        }
    }
}

impl Said {
    fn affected(self, program: &str) -> Affected {
        let is_told = !self.spans.is_empty() || !self.versions.is_empty();
        let (state, ranges) = if is_told {
            (AffectedState::Affected, self.spans.into_iter().map(Span::range).collect())
        } else {
            (AffectedState::UnderInvestigation, vec![Range::everything()])
        };
        Affected {
            ecosystem: programs::ecosystem(),
            package: program.to_owned(),
            module: None,
            state,
            ranges,
            versions: self.versions.into_iter().collect(),
            severity: None,
        }
    }
}

impl Span {
    fn range(self) -> Range {
        let end = self.end.map(|end| match end {
            End::Before(version) => Event::Fixed(version),
            End::With(version) => Event::LastAffected(version),
        });
        let from = Event::Introduced(self.from.unwrap_or_else(|| "0".into()));
        Range { events: std::iter::once(from).chain(end).collect() }
    }
}

#[cfg(test)]
mod tests;
