//! Which vulnerability each of an organization's own advisories is of.
//!
//! In: the ids that its advisories name, and those that the world knows. Out: for each advisory the world's vulnerability where one of
//! its ids is known there, else one of the organization's own, which all that share an id have together. It is derived anew as a
//! whole each time, so that the order in which advisories and feeds come makes no difference.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use plimsoll_advisories::{AliasGroups, canonical_id};
use plimsoll_model::{Advisory, PackageKey};
use sqlx::types::Json;
use uuid::Uuid;

use crate::vulnerabilities::{Merged, put_contents};
use crate::{CatalogTx, OrgTx, Result, own_advisories};
use plimsoll_model::OrgId;

/// The organizations with own advisories of which a vulnerability became another by what feeds brought.
pub async fn overtaken_by_feeds(tx: &mut CatalogTx) -> Result<Vec<OrgId>> {
    let orgs = sqlx::query_scalar!(r#"SELECT org AS "org!" FROM orgs_overtaken_by_feeds() AS o (org)"#)
        .fetch_all(tx.conn())
        .await?;
    Ok(orgs.into_iter().map(OrgId).collect())
}

/// An own advisory as grouping sees it.
struct Member {
    id: Uuid,
    ids: Vec<String>,
    vulnerability: Option<i64>,
    is_stale: bool,
}

/// A vulnerability of the organization's own.
#[derive(Debug, PartialEq, Eq)]
struct Group {
    /// The row that it keeps; `None` for a new one.
    row: Option<i64>,
    name: String,
    aliases: Vec<String>,
}

/// Where each advisory belongs.
#[derive(Debug, Default, PartialEq, Eq)]
struct Grouping {
    /// For each advisory, in order: the world's vulnerability, or a group's place.
    of: Vec<Home>,
    /// The organization's own vulnerabilities.
    groups: Vec<Group>,
    /// Ids that only the organization knows.
    aliases: BTreeMap<String, Home>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    World(i64),
    Own(usize),
}

/// Derives the vulnerabilities of the organization's own advisories; the packages of those of which it became another.
///
/// The caller holds [`OrgTx::lock_findings`].
pub async fn regroup(tx: &mut OrgTx) -> Result<Vec<PackageKey>> {
    let members = members(tx).await?;
    let ids: Vec<String> = members.iter().flat_map(|member| member.ids.iter().cloned()).collect();
    let world = known_to_the_world(tx, &ids).await?;
    let held = held(tx).await?;
    let grouping = grouped(&members, &world, &held);
    let rows = put_groups(tx, &grouping.groups).await?;
    let row = |home: Home| match home {
        Home::World(row) => Some(row),
        Home::Own(place) => rows.get(place).copied(),
    };
    let homes: Vec<i64> = grouping.of.iter().filter_map(|home| row(*home)).collect();
    put_aliases(tx, grouping.aliases.iter().filter_map(|(alias, home)| Some((alias.clone(), row(*home)?))).unzip())
        .await?;
    let moved: Vec<(&Member, i64)> = members
        .iter()
        .zip(homes.iter().copied())
        .filter(|(member, home)| member.vulnerability != Some(*home))
        .collect();
    put_homes(tx, &members, &homes).await?;
    abandon(tx, &moved, &rows).await?;
    tell(tx, &members, &homes, &rows).await?;
    own_advisories::keys_of(tx, &moved.iter().map(|(member, _)| member.id).collect::<Vec<_>>()).await
}

async fn members(tx: &mut OrgTx) -> Result<Vec<Member>> {
    Ok(sqlx::query_as!(
        Member,
        "SELECT id, ids, vulnerability_id AS vulnerability, is_stale FROM own_advisory WHERE org_id = $1 ORDER BY name",
        tx.org().0
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Of these ids, those that feeds brought, with the vulnerability's row and canonical id.
async fn known_to_the_world(tx: &mut OrgTx, ids: &[String]) -> Result<HashMap<String, (i64, String)>> {
    let rows = sqlx::query!(
        "SELECT a.alias, v.id, v.name FROM vulnerability_alias a JOIN vulnerability v ON v.id = a.vulnerability_id
         WHERE a.alias = ANY($1)",
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.alias, (row.id, row.name))).collect())
}

/// The organization's own vulnerabilities by name.
async fn held(tx: &mut OrgTx) -> Result<BTreeMap<String, i64>> {
    let rows = sqlx::query!("SELECT id, name FROM vulnerability WHERE org_id = $1 AND merged_into IS NULL", tx.org().0)
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.id)).collect())
}

/// An advisory of which the world knows an id is of the world's vulnerability; one that shares an id, which only the organization
/// knows, with such a one is of the same; all others are the organization's own, by the ids that they share.
fn grouped(members: &[Member], world: &HashMap<String, (i64, String)>, held: &BTreeMap<String, i64>) -> Grouping {
    let mut shared = AliasGroups::new();
    for member in members {
        shared.join(member.ids.iter().map(String::as_str).filter(|id| !world.contains_key(*id)));
    }
    let direct = |member: &Member| best(member.ids.iter().filter_map(|id| world.get(id)));
    let own_name = |member: &Member| {
        let first = member.ids.iter().find(|id| !world.contains_key(*id))?;
        Some(shared.canonical(first).to_owned())
    };
    let mut of_world: BTreeMap<String, Vec<&(i64, String)>> = BTreeMap::new();
    for member in members {
        if let Some((name, known)) = own_name(member).zip(direct(member)) {
            of_world.entry(name).or_default().push(known);
        }
    }
    let mut grouping = Grouping::default();
    let mut places: BTreeMap<String, Home> = BTreeMap::new();
    let mut former: Vec<BTreeSet<i64>> = Vec::new();
    for group in shared.groups() {
        let home = match of_world.get(&group.canonical).and_then(|known| best(known.iter().copied())) {
            Some((row, _)) => Home::World(*row),
            None => {
                former.push(BTreeSet::new());
                let row = held.get(&group.canonical).copied();
                grouping.groups.push(Group { row, name: group.canonical.clone(), aliases: group.aliases.clone() });
                Home::Own(grouping.groups.len() - 1)
            }
        };
        grouping.aliases.extend(group.aliases.into_iter().chain([group.canonical.clone()]).map(|id| (id, home)));
        places.insert(group.canonical, home);
    }
    for member in members {
        let of_group = || own_name(member).and_then(|name| places.get(&name).copied());
        let Some(home) = direct(member).map(|(row, _)| Home::World(*row)).or_else(of_group) else { continue };
        if let (Home::Own(place), Some(row)) = (home, member.vulnerability)
            && let Some(rows) = former.get_mut(place)
        {
            rows.insert(row);
        }
        grouping.of.push(home);
    }
    keep_rows(&mut grouping.groups, &former, held);
    grouping
}

/// A group whose name is new keeps the row of one of its advisories, so that its findings stay open under the new name.
fn keep_rows(groups: &mut [Group], former: &[BTreeSet<i64>], held: &BTreeMap<String, i64>) {
    let mut taken: BTreeSet<i64> = groups.iter().filter_map(|group| group.row).collect();
    let own: BTreeSet<i64> = held.values().copied().collect();
    for (group, former) in groups.iter_mut().zip(former) {
        if group.row.is_none() {
            group.row = former.iter().copied().find(|row| own.contains(row) && !taken.contains(row));
            taken.extend(group.row);
        }
    }
}

/// Of vulnerabilities that the world knows, the one whose canonical id comes first.
fn best<'a>(known: impl Iterator<Item = &'a (i64, String)> + Clone) -> Option<&'a (i64, String)> {
    let name = canonical_id(known.clone().map(|(_, name)| name.as_str()))?;
    known.into_iter().find(|(_, known)| known == name)
}

/// Makes and renames rows; their ids in the order given.
async fn put_groups(tx: &mut OrgTx, groups: &[Group]) -> Result<Vec<i64>> {
    let org = tx.org().0;
    let kept: Vec<i64> = groups.iter().filter_map(|group| group.row).collect();
    let kept_names: Vec<String> =
        groups.iter().filter(|group| group.row.is_some()).map(|group| group.name.clone()).collect();
    sqlx::query!(
        "UPDATE vulnerability v SET name = n.name FROM unnest($2::bigint[], $3::text[]) AS n (id, name)
         WHERE v.org_id = $1 AND v.id = n.id AND v.name <> n.name",
        org,
        &kept,
        &kept_names
    )
    .execute(tx.conn())
    .await?;
    let new: Vec<String> = groups.iter().filter(|group| group.row.is_none()).map(|group| group.name.clone()).collect();
    let made = sqlx::query!(
        "INSERT INTO vulnerability (org_id, name) SELECT $1, unnest($2::text[]) RETURNING id, name",
        org,
        &new
    )
    .fetch_all(tx.conn())
    .await?;
    let made: HashMap<String, i64> = made.into_iter().map(|row| (row.name, row.id)).collect();
    let rows: Vec<i64> =
        groups.iter().filter_map(|group| group.row.or_else(|| made.get(&group.name).copied())).collect();
    let aliases: Vec<serde_json::Value> = groups
        .iter()
        .zip(&rows)
        .map(|(group, row)| serde_json::json!({ "id": row, "aliases": group.aliases }))
        .collect();
    sqlx::query!(
        "UPDATE vulnerability v SET aliases = n.aliases FROM jsonb_to_recordset($2) AS n (id bigint, aliases text[])
         WHERE v.org_id = $1 AND v.id = n.id AND v.aliases <> n.aliases",
        org,
        serde_json::Value::Array(aliases)
    )
    .execute(tx.conn())
    .await?;
    Ok(rows)
}

async fn put_aliases(tx: &mut OrgTx, (aliases, rows): (Vec<String>, Vec<i64>)) -> Result<()> {
    let org = tx.org().0;
    sqlx::query!("DELETE FROM own_alias WHERE org_id = $1 AND alias <> ALL($2)", org, &aliases)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "INSERT INTO own_alias AS o (org_id, alias, vulnerability_id) SELECT $1, * FROM unnest($2::text[], $3::bigint[])
         ON CONFLICT (org_id, alias) DO UPDATE SET vulnerability_id = excluded.vulnerability_id
         WHERE o.vulnerability_id <> excluded.vulnerability_id",
        org,
        &aliases,
        &rows
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

async fn put_homes(tx: &mut OrgTx, members: &[Member], homes: &[i64]) -> Result<()> {
    let ids: Vec<Uuid> = members.iter().map(|member| member.id).collect();
    sqlx::query!(
        "UPDATE own_advisory o SET vulnerability_id = n.home, is_stale = false FROM unnest($2::uuid[], $3::bigint[]) AS n (id, home)
         WHERE o.org_id = $1 AND o.id = n.id AND (o.is_stale OR o.vulnerability_id IS DISTINCT FROM n.home)",
        tx.org().0,
        &ids,
        homes
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What becomes of own vulnerabilities that no advisory is of any more: merged where their advisories went to another, else withdrawn.
async fn abandon(tx: &mut OrgTx, moved: &[(&Member, i64)], kept: &[i64]) -> Result<()> {
    let (from, into): (Vec<i64>, Vec<i64>) =
        moved.iter().filter_map(|(member, home)| Some((member.vulnerability?, *home))).unzip();
    // The name is given free, as another may take it.
    sqlx::query!(
        "UPDATE vulnerability v SET merged_into = n.into_id, name = 'merged:' || v.id || ':' || v.name
         FROM (SELECT DISTINCT ON (from_id) * FROM unnest($2::bigint[], $3::bigint[]) AS m (from_id, into_id)
               ORDER BY from_id, into_id) n
         WHERE v.org_id = $1 AND v.id = n.from_id AND v.id <> ALL($4) AND v.merged_into IS NULL",
        tx.org().0,
        &from,
        &into,
        kept
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE vulnerability SET withdrawn = now()
         WHERE org_id = $1 AND id <> ALL($2) AND merged_into IS NULL AND withdrawn IS NULL",
        tx.org().0,
        kept
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Brings own vulnerabilities in line with what their advisories say, where one of these changed.
async fn tell(tx: &mut OrgTx, members: &[Member], homes: &[i64], own: &[i64]) -> Result<()> {
    let changed: BTreeSet<i64> = members
        .iter()
        .zip(homes)
        .filter(|(member, home)| member.is_stale || member.vulnerability != Some(**home))
        .flat_map(|(member, home)| member.vulnerability.into_iter().chain([*home]))
        .filter(|row| own.contains(row))
        .collect();
    let changed: Vec<i64> = changed.into_iter().collect();
    let rows = sqlx::query!(
        r#"SELECT vulnerability_id AS "vulnerability!", document AS "document: Json<Advisory>" FROM own_advisory
           WHERE org_id = $1 AND vulnerability_id = ANY($2) ORDER BY name"#,
        tx.org().0,
        &changed
    )
    .fetch_all(tx.conn())
    .await?;
    let mut said: BTreeMap<i64, Vec<Advisory>> = BTreeMap::new();
    for row in rows {
        said.entry(row.vulnerability).or_default().push(row.document.0);
    }
    let merged: Vec<Merged> = said.iter().map(|(row, advisories)| Merged::of(*row, advisories)).collect();
    put_contents(tx.conn(), &merged).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(ids: &[&str], vulnerability: Option<i64>) -> Member {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        Member { id: Uuid::nil(), ids, vulnerability, is_stale: false }
    }

    /// The home of each, as a text: the world's row, or the own vulnerability's name with the row that it keeps.
    fn homes(members: &[Member], world: &[(&str, i64, &str)], held: &[(&str, i64)]) -> Vec<String> {
        let world = world.iter().map(|(alias, row, name)| ((*alias).into(), (*row, (*name).into()))).collect();
        let held = held.iter().map(|(name, row)| ((*name).into(), *row)).collect();
        let grouping = grouped(members, &world, &held);
        let name = |place: usize| match &grouping.groups[place] {
            Group { row: Some(row), name, .. } => format!("{name} keeps {row}"),
            Group { name, .. } => name.clone(),
        };
        let home = |home: &Home| match home {
            Home::World(row) => format!("world {row}"),
            Home::Own(place) => name(*place),
        };
        grouping.of.iter().map(home).collect()
    }

    #[test]
    fn an_advisory_is_of_what_the_world_knows_else_of_what_shares_an_id() {
        let world = [("CVE-2024-1", 1, "CVE-2024-1"), ("GHSA-1", 1, "CVE-2024-1"), ("CVE-2024-2", 2, "CVE-2024-2")];
        let cases: &[(&[&[&str]], &[&str])] = &[
            (&[&["ACME-1"], &["ACME-2"]], &["ACME-1", "ACME-2"]),
            (&[&["ACME-1", "X-1"], &["ACME-2", "X-1"]], &["ACME-1", "ACME-1"]),
            (&[&["ACME-1", "CVE-2025-9"]], &["CVE-2025-9"]),
            (&[&["ACME-1", "GHSA-1"], &["CVE-2024-1"]], &["world 1", "world 1"]),
            (&[&["ACME-1", "CVE-2024-2", "CVE-2024-1"]], &["world 1"]),
            // By way of another of its own; what it names itself comes first.
            (&[&["ACME-1", "CVE-2024-2"], &["ACME-2", "ACME-1"]], &["world 2", "world 2"]),
            (&[&["ACME-1", "CVE-2024-2"], &["ACME-2", "ACME-1", "GHSA-1"]], &["world 2", "world 1"]),
        ];
        for (members, expected) in cases {
            let members: Vec<Member> = members.iter().map(|ids| member(ids, None)).collect();
            assert_eq!(homes(&members, &world, &[]), *expected);
        }
    }

    #[test]
    fn an_own_vulnerability_keeps_its_row_under_another_name_and_no_two_keep_the_same() {
        let held = [("ACME-1", 7), ("ACME-2", 8)];
        let named = [member(&["ACME-1", "CVE-2025-9"], Some(7)), member(&["ACME-2"], Some(8))];
        assert_eq!(homes(&named, &[], &held), ["CVE-2025-9 keeps 7", "ACME-2 keeps 8"]);
        let parted = [member(&["ACME-1"], Some(7)), member(&["ACME-3"], Some(7))];
        assert_eq!(homes(&parted, &[], &held), ["ACME-1 keeps 7", "ACME-3"]);
        let joined = [member(&["ACME-1", "ACME-2"], Some(7)), member(&["ACME-2"], Some(8))];
        assert_eq!(homes(&joined, &[], &held), ["ACME-1 keeps 7", "ACME-1 keeps 7"]);
        assert_eq!(homes(&[member(&["ACME-9"], Some(3))], &[], &held), ["ACME-9"], "the world's row is not kept");
    }
}
