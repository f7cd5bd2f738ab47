//! What follows from all documents together: which advisories are one vulnerability, and which scores and records of NVD's are wanted.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use plimsoll_advisories::AliasGroups;
use plimsoll_advisories::feeds::nvd;
use plimsoll_model::Advisory;
use rusqlite::{Connection, Transaction};

use crate::codec::Unpacker;
use crate::{DbError, left_out};

/// Sets every advisory's vulnerability, and leaves out what no longer serves.
pub fn derive(connection: &mut Connection) -> Result<(), DbError> {
    let transaction = connection.transaction()?;
    let mut groups = AliasGroups::new();
    let mut kept = standing(&transaction, &mut groups)?;
    left_out::leave_out(&transaction, &mut kept, &groups)?;
    transaction
        .execute_batch("UPDATE advisory SET vulnerability = NULL; DELETE FROM notice; DELETE FROM vulnerability;")?;
    let names: BTreeSet<&str> = kept.iter().flat_map(|kept| &kept.names).map(|name| groups.canonical(name)).collect();
    let mut ids: HashMap<&str, i64> = HashMap::with_capacity(names.len());
    for (name, id) in names.into_iter().zip(1_i64..) {
        transaction.prepare_cached("INSERT INTO vulnerability (id, name) VALUES (?1, ?2)")?.execute((id, name))?;
        ids.insert(name, id);
    }
    left_out::ask_for(&transaction, |cve| ids.contains_key(groups.canonical(cve)))?;
    for advisory in &kept {
        let sql = if advisory.is_notice {
            "INSERT OR IGNORE INTO notice (advisory, vulnerability) VALUES (?1, ?2)"
        } else {
            "UPDATE advisory SET vulnerability = ?2 WHERE id = ?1"
        };
        for name in &advisory.names {
            transaction.prepare_cached(sql)?.execute((advisory.row, ids.get(groups.canonical(name))))?;
        }
    }
    // Of a vulnerability with several CVEs the score of each is wanted.
    let others: Vec<&str> =
        groups.other_cves().filter(|(_, name)| ids.contains_key(name)).map(|(cve, _)| cve).collect();
    let others = serde_json::to_string(&others).map_err(|error| DbError::Damaged(error.to_string()))?;
    transaction.execute(
        "DELETE FROM exploit_score WHERE cve NOT IN (SELECT name FROM vulnerability UNION ALL SELECT value FROM json_each(?1))",
        [others],
    )?;
    transaction.execute_batch("DELETE FROM package WHERE id NOT IN (SELECT package FROM affected);")?;
    Ok(transaction.commit()?)
}

/// An advisory that counts.
pub struct Standing {
    pub row: i64,
    pub document: i64,
    /// Whether it is NVD's.
    pub is_nvd: bool,
    /// Whether its names are what it is about ([`Advisory::is_notice`]).
    pub is_notice: bool,
    pub names: Vec<String>,
}

/// The advisories that count, by row. Of a record that several documents of a feed hold, the one changed last does; of equal ones,
/// the one of the first document.
fn standing(transaction: &Transaction<'_>, groups: &mut AliasGroups) -> Result<Vec<Standing>, DbError> {
    type Newest = (Option<DateTime<Utc>>, Standing);
    let mut unpacker = Unpacker::new()?;
    let mut newest: HashMap<(String, String), Newest> = HashMap::new();
    let mut statement = transaction.prepare(
        "SELECT a.id, d.feed, a.key, a.content, d.id FROM advisory a JOIN document d ON d.id = a.document ORDER BY d.path, a.id",
    )?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let advisory: Advisory = unpacker.unpack(row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?)?;
        let record: (String, String) = (row.get(1)?, row.get(2)?);
        if newest.get(&record).is_some_and(|(modified, ..)| *modified >= advisory.modified) {
            continue;
        }
        groups.add(&advisory);
        let standing = Standing {
            row: row.get(0)?,
            document: row.get(4)?,
            is_nvd: record.0 == nvd::FEED.name,
            is_notice: advisory.is_notice(),
            names: advisory.vulnerabilities().map(str::to_owned).collect(),
        };
        newest.insert(record, (advisory.modified, standing));
    }
    let mut kept: Vec<Standing> = newest.into_values().map(|(_, standing)| standing).collect();
    kept.sort_unstable_by_key(|standing| standing.row);
    Ok(kept)
}
