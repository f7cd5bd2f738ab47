//! Aliases: which ids are one vulnerability, and the one that it goes by.
//!
//! Two ids are one vulnerability if any advisory says so, directly or by way of others; cycles and contradictions between feeds
//! make no difference to that. The canonical id is the least by this order: a CVE (the lowest year, then number), then by database
//! as in [`ORDER`], then whatever else, by text.

use std::collections::{BTreeSet, HashMap};

use plimsoll_model::{Advisory, VulnerabilityId};

/// The most ids of one vulnerability. Real ones have some dozens; past this a feed is wrong, and what it wants to join stays apart.
pub const MAX_GROUP_IDS: usize = 1_000;

/// Whose ids name a vulnerability when it has no CVE, best first.
const ORDER: [&str; 12] =
    ["GHSA-", "PYSEC-", "RUSTSEC-", "GO-", "PSF-", "CURL-", "HSEC-", "BIT-", "MAL-", "XSA-", "DSA-", "TEMP-"];

/// Ids that are one vulnerability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasGroup {
    /// The id that it goes by.
    pub canonical: VulnerabilityId,
    /// All others, sorted.
    pub aliases: Vec<String>,
}

/// Ids, joined as advisories say. Cost is all but linear in the ids given.
#[derive(Debug, Default)]
pub struct AliasGroups {
    ids: Vec<String>,
    positions: HashMap<String, usize>,
    /// For each id, one nearer to its group's root; the root points to itself.
    parents: Vec<usize>,
    /// For each root, how many ids its group has.
    sizes: Vec<usize>,
    /// For each root, the canonical id's position.
    best: Vec<usize>,
    refused: u64,
}

impl AliasGroups {
    /// No ids yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Joins an advisory's ids; what a notice is about stays apart.
    pub fn add(&mut self, advisory: &Advisory) {
        if advisory.is_notice() {
            advisory.ids().for_each(|id| self.join([id]));
        } else {
            self.join(advisory.ids());
        }
    }

    /// The canonical ids of what an advisory is about, sorted.
    pub fn of<'a>(&'a self, advisory: &'a Advisory) -> BTreeSet<&'a str> {
        advisory.vulnerabilities().map(|id| self.canonical(id)).collect()
    }

    /// Joins ids that are one vulnerability: those of an advisory, or of a group known before. A join that would make a group
    /// larger than [`MAX_GROUP_IDS`] is refused and counted; both sides stay as they were.
    pub fn join<'a>(&mut self, ids: impl IntoIterator<Item = &'a str>) {
        let mut ids = ids.into_iter();
        let Some(first) = ids.next() else { return };
        let first = self.position(first);
        for id in ids {
            let other = self.position(id);
            self.unite(first, other);
        }
    }

    /// How many joins were refused because a group would have grown too large.
    pub const fn refused(&self) -> u64 {
        self.refused
    }

    /// The canonical id of the vulnerability that `id` names; the id itself where it was never given.
    pub fn canonical<'a>(&'a self, id: &'a str) -> &'a str {
        let Some(&position) = self.positions.get(id) else { return id };
        let best = self.best.get(self.root(position)).copied().unwrap_or(position);
        self.ids.get(best).map_or(id, String::as_str)
    }

    /// Every group, sorted by canonical id.
    pub fn groups(&self) -> Vec<AliasGroup> {
        let mut members: HashMap<&str, Vec<String>> = HashMap::new();
        for id in &self.ids {
            let canonical = self.canonical(id);
            let aliases = members.entry(canonical).or_default();
            if id != canonical {
                aliases.push(id.clone());
            }
        }
        let group = |(canonical, mut aliases): (&str, Vec<String>)| {
            aliases.sort();
            AliasGroup { canonical: canonical.to_owned(), aliases }
        };
        let mut groups: Vec<AliasGroup> = members.into_iter().map(group).collect();
        groups.sort_by(|a, b| a.canonical.cmp(&b.canonical));
        groups
    }

    /// The CVEs that are aliases, as their group goes by another id, each with that one.
    pub fn other_cves(&self) -> impl Iterator<Item = (&str, &str)> {
        let cves = self.ids.iter().map(String::as_str).filter(|id| id.starts_with("CVE-"));
        cves.map(|id| (id, self.canonical(id))).filter(|(id, canonical)| id != canonical)
    }

    fn position(&mut self, id: &str) -> usize {
        if let Some(&position) = self.positions.get(id) {
            return position;
        }
        let position = self.ids.len();
        self.ids.push(id.to_owned());
        self.positions.insert(id.to_owned(), position);
        self.parents.push(position);
        self.sizes.push(1);
        self.best.push(position);
        position
    }

    /// The root of an id's group. Groups are joined by size, so that the way is short (at most its logarithm).
    fn root(&self, mut position: usize) -> usize {
        while let Some(&parent) = self.parents.get(position) {
            if parent == position {
                break;
            }
            position = parent;
        }
        position
    }

    fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return;
        }
        let size = |root: usize| self.sizes.get(root).copied().unwrap_or(1);
        let joined = size(a) + size(b);
        if joined > MAX_GROUP_IDS {
            self.refused += 1;
            return;
        }
        let (root, child) = if size(a) >= size(b) { (a, b) } else { (b, a) };
        let best = self.better(root, child);
        for (list, position, value) in
            [(&mut self.parents, child, root), (&mut self.sizes, root, joined), (&mut self.best, root, best)]
        {
            if let Some(slot) = list.get_mut(position) {
                *slot = value;
            }
        }
    }

    /// The better of two groups' canonical ids.
    fn better(&self, a: usize, b: usize) -> usize {
        let best = |root: usize| self.best.get(root).copied().unwrap_or(root);
        let id = |position: usize| self.ids.get(position).map_or("", String::as_str);
        let (a, b) = (best(a), best(b));
        if rank(id(a)) <= rank(id(b)) { a } else { b }
    }
}

/// The canonical one of some ids of one vulnerability.
pub fn canonical_id<'a>(ids: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    ids.into_iter().min_by_key(|id| rank(id))
}

/// What ids are ordered by, best first.
fn rank(id: &str) -> (usize, u64, u64, &str) {
    if let Some((year, number)) = id.strip_prefix("CVE-").and_then(|rest| rest.split_once('-'))
        && let (Ok(year), Ok(number)) = (year.parse(), number.parse())
    {
        return (0, year, number, id);
    }
    let database = ORDER.iter().position(|prefix| id.starts_with(prefix)).unwrap_or(ORDER.len());
    (database + 1, 0, 0, id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_id_is_the_lowest_cve_then_by_database() {
        for (ids, expected) in [
            (&["GHSA-a", "CVE-2024-10", "CVE-2024-9", "PYSEC-2024-1"][..], "CVE-2024-9"),
            (&["CVE-2024-1", "CVE-1999-12345"], "CVE-1999-12345"),
            (&["RUSTSEC-2024-1", "GHSA-a"], "GHSA-a"),
            (&["ZZZ-1", "GO-2024-1", "AAA-1"], "GO-2024-1"),
            (&["ZZZ-1", "AAA-1"], "AAA-1"),
            (&["CVE-x-y", "GHSA-a"], "GHSA-a"),
        ] {
            assert_eq!(canonical_id(ids.iter().copied()), Some(expected));
            let mut groups = AliasGroups::new();
            groups.join(ids.iter().copied());
            assert!(ids.iter().all(|id| groups.canonical(id) == expected));
            let mut reversed = AliasGroups::new();
            reversed.join(ids.iter().rev().copied());
            assert_eq!(groups.groups(), reversed.groups());
        }
        assert_eq!(AliasGroups::new().canonical("never seen"), "never seen");
    }

    #[test]
    fn cycles_and_feeds_that_disagree_make_one_group() {
        let mut groups = AliasGroups::new();
        groups.join(["GHSA-a", "GHSA-b"]);
        groups.join(["GHSA-b", "GHSA-c"]);
        groups.join(["GHSA-c", "GHSA-a"]);
        groups.join(["GHSA-c", "CVE-2024-2"]);
        groups.join(["PYSEC-1", "GHSA-b", "CVE-2024-1"]);
        groups.join(["CVE-2023-9"]);
        groups.join(["GHSA-a", "GHSA-a"]);
        let expected = [
            AliasGroup { canonical: "CVE-2023-9".into(), aliases: vec![] },
            AliasGroup {
                canonical: "CVE-2024-1".into(),
                aliases: ["CVE-2024-2", "GHSA-a", "GHSA-b", "GHSA-c", "PYSEC-1"].map(String::from).to_vec(),
            },
        ];
        assert_eq!(groups.groups(), expected);
    }

    #[test]
    fn ten_thousand_aliases_of_one_id_are_bounded() {
        let ids: Vec<String> = (1..=10_000).map(|number| format!("CVE-2024-{number}")).collect();
        let mut groups = AliasGroups::new();
        groups.join(ids.iter().map(String::as_str));
        assert_eq!(groups.refused(), 9_000);
        assert_eq!(groups.canonical("CVE-2024-1000"), "CVE-2024-1");
        assert_eq!(groups.canonical("CVE-2024-1001"), "CVE-2024-1001");
        assert_eq!(groups.groups().len(), 9_001);
        // A chain is bounded too: it cannot swallow the world link by link.
        let mut chain = AliasGroups::new();
        for pair in ids.windows(2) {
            chain.join(pair.iter().map(String::as_str));
        }
        assert!(chain.groups().iter().all(|group| group.aliases.len() < MAX_GROUP_IDS));
    }
}
