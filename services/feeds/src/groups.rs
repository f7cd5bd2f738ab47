//! Which ids are one vulnerability, as advisories come: they join, and where an advisory no longer says so, they part.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use plimsoll_advisories::{AliasGroup, AliasGroups};
use plimsoll_model::{Advisory, PackageKey};
use plimsoll_store::vulnerabilities::parting::{self, AdvisoryOn};
use plimsoll_store::vulnerabilities::{self, KnownIds, NewIds};
use plimsoll_store::{CatalogTx, Result};

/// The stored groups of some advisories' ids.
pub(crate) struct Grouped {
    /// The groups.
    pub groups: AliasGroups,
    /// The row of each canonical id.
    pub rows: HashMap<String, i64>,
    /// The packages whose vulnerability became another, or got or lost an id.
    pub touched: Vec<PackageKey>,
    /// The vulnerabilities beside those of the advisories that something else is said of.
    pub parted: BTreeSet<i64>,
}

/// Vulnerabilities whose ids are joined anew, as an advisory says less of them than before.
#[derive(Default)]
struct Parting {
    /// Their rows.
    rows: BTreeSet<i64>,
    /// All other advisories on them.
    others: Vec<AdvisoryOn>,
}

/// Joins the ids of these advisories of a feed with those that are known, and stores the groups. What an advisory no longer says is not known by it any
/// more: of its vulnerability all that the others say is joined anew.
pub(crate) async fn put_groups(tx: &mut CatalogTx, feed: &str, advisories: &[&Advisory]) -> Result<Grouped> {
    let parting = parting_by(tx, feed, advisories).await?;
    let others = || parting.others.iter().map(|other| &other.advisory);
    let said = || advisories.iter().copied().chain(others());
    let ids: BTreeSet<String> = said().flat_map(|advisory| advisory.ids().map(str::to_owned)).collect();
    let known = vulnerabilities::known_under(tx, &ids.into_iter().collect::<Vec<_>>()).await?;
    let mut groups = AliasGroups::new();
    for known in known.iter().filter(|known| !parting.rows.contains(&known.id)) {
        groups.join(std::iter::once(known.name.as_str()).chain(known.aliases.iter().map(String::as_str)));
    }
    for advisory in said() {
        groups.add(advisory);
    }
    let joined = groups.groups();
    let told: Vec<String> =
        joined.iter().flat_map(|group| group.aliases.iter().chain([&group.canonical])).cloned().collect();
    let is_told: HashSet<&str> = told.iter().map(String::as_str).collect();
    let mut known_in: BTreeMap<String, Vec<&KnownIds>> = BTreeMap::new();
    for known in &known {
        // By its name, or where nobody says that any more by another of its ids: its own advisories'.
        let id = std::iter::once(&known.name).chain(&known.aliases).find(|id| is_told.contains(id.as_str()));
        known_in.entry(groups.canonical(id.unwrap_or(&known.name)).to_owned()).or_default().push(known);
    }
    let rows: Vec<i64> = parting.rows.iter().copied().collect();
    let mut touched = vulnerabilities::packages_of(tx, &rows).await?;
    if !rows.is_empty() {
        parting::forget_ids(tx, &rows, &told).await?;
    }
    let new: Vec<NewIds> = joined
        .into_iter()
        .map(|group| {
            let known = known_in.remove(&group.canonical).unwrap_or_default();
            new_ids(group, &known)
        })
        .collect();
    let (put, named) = vulnerabilities::put_ids(tx, &new).await?;
    touched.extend(named);
    let rows: HashMap<String, i64> = new.into_iter().map(|ids| ids.name).zip(put).collect();
    let mut parted = parting.rows;
    if !parting.others.is_empty() {
        let of = |other: &AdvisoryOn| {
            groups.of(&other.advisory).into_iter().filter_map(|id| rows.get(id).copied()).collect()
        };
        let pairs: Vec<(i64, i64)> = parting
            .others
            .iter()
            .flat_map(|other| {
                let vulnerabilities: Vec<i64> = of(other);
                vulnerabilities.into_iter().map(move |vulnerability| (other.id, vulnerability))
            })
            .collect();
        parting::relink(tx, &pairs).await?;
        parted.extend(pairs.into_iter().map(|(_, vulnerability)| vulnerability));
    }
    Ok(Grouped { groups, rows, touched, parted })
}

/// The vulnerabilities of those of these advisories that are held with an id which they no longer name.
async fn parting_by(tx: &mut CatalogTx, feed: &str, advisories: &[&Advisory]) -> Result<Parting> {
    let by_key: HashMap<&str, &Advisory> =
        advisories.iter().map(|advisory| (advisory.key.as_str(), *advisory)).collect();
    let keys: Vec<String> = by_key.keys().map(|key| (*key).to_owned()).collect();
    let lost: Vec<String> = parting::held(tx, feed, &keys)
        .await?
        .into_iter()
        .filter(|held| by_key.get(held.advisory.key.as_str()).is_some_and(|new| has_lost(&held.advisory, new)))
        .map(|held| held.advisory.key)
        .collect();
    if lost.is_empty() {
        return Ok(Parting::default());
    }
    let rows = vulnerabilities::of_advisories(tx, feed, &lost).await?;
    let mut others = parting::advisories_on(tx, &rows).await?;
    others.retain(|other| other.advisory.source != feed || !by_key.contains_key(other.advisory.key.as_str()));
    Ok(Parting { rows: rows.into_iter().collect(), others })
}

/// Whether an advisory joins ids no more that it joined. A notice joins none.
fn has_lost(held: &Advisory, new: &Advisory) -> bool {
    let named: HashSet<&str> = if new.is_notice() { HashSet::new() } else { new.ids().collect() };
    !held.is_notice() && held.ids().any(|id| !named.contains(id))
}

/// The row that has the canonical id already stays, else the oldest; the others are absorbed.
fn new_ids(group: AliasGroup, known: &[&KnownIds]) -> NewIds {
    let by_name = known.iter().find(|known| known.name == group.canonical);
    let kept = by_name.or_else(|| known.iter().min_by_key(|known| known.id)).map(|known| known.id);
    let absorbs = known.iter().map(|known| known.id).filter(|id| Some(*id) != kept).collect();
    let mut aliases = group.aliases;
    aliases.push(group.canonical.clone());
    NewIds { id: kept, name: group.canonical, aliases, absorbs }
}
