//! NVD's records that are not kept: of the CVEs that nobody else names and that affect no program.
//!
//! NVD has some 300,000 CVEs, and an image's packages can have those alone that another source speaks of, or that affect a program without a package. The rest
//! would be two thirds of the file. What is left out is remembered as a number each, so that the document is asked for anew once somebody names one.

use std::collections::{BTreeSet, HashSet};

use plimsoll_advisories::feeds::Document;
use plimsoll_advisories::{AliasGroups, programs};
use rusqlite::Transaction;

use crate::derive::Standing;
use crate::{AdvisoryDb, DbError};

/// What a year is multiplied by in a CVE's number.
const YEAR: i64 = 10_000_000_000;

/// `CVE-2024-1` as a number; none of what is not written so.
fn number(cve: &str) -> Option<i64> {
    let (year, number) = cve.strip_prefix("CVE-")?.split_once('-')?;
    let (year, number): (u16, u32) = (year.parse().ok()?, number.parse().ok()?);
    let read = i64::from(year) * YEAR + i64::from(number);
    (text(read) == cve).then_some(read)
}

/// The CVE of that number.
fn text(number: i64) -> String {
    format!("CVE-{}-{:04}", number / YEAR, number % YEAR)
}

/// Leaves out what serves nobody, of the advisories that count.
pub fn leave_out(
    transaction: &Transaction<'_>,
    standing: &mut Vec<Standing>,
    groups: &AliasGroups,
) -> Result<(), DbError> {
    let judging = judging(transaction)?;
    let others = standing.iter().filter(|advisory| !advisory.is_nvd);
    let named: HashSet<&str> = others.flat_map(|advisory| &advisory.names).map(|name| groups.canonical(name)).collect();
    let mut gone = BTreeSet::new();
    for advisory in standing.iter().filter(|advisory| advisory.is_nvd && !judging.contains(&advisory.row)) {
        let [name] = advisory.names.as_slice() else { continue };
        let Some(cve) = number(name).filter(|_| !named.contains(groups.canonical(name))) else { continue };
        transaction
            .prepare_cached("INSERT OR IGNORE INTO left_out (document, cve) VALUES (?1, ?2)")?
            .execute((advisory.document, cve))?;
        transaction.prepare_cached("DELETE FROM advisory WHERE id = ?1")?.execute([advisory.row])?;
        gone.insert(advisory.row);
    }
    standing.retain(|advisory| !gone.contains(&advisory.row));
    Ok(())
}

/// The advisories that affect a program.
fn judging(transaction: &Transaction<'_>) -> Result<HashSet<i64>, DbError> {
    let sql = "SELECT DISTINCT f.advisory FROM package p JOIN affected f ON f.package = p.id WHERE p.ecosystem = ?1";
    let mut statement = transaction.prepare(sql)?;
    let rows = statement.query_map([programs::ecosystem().to_string()], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Has the documents read anew, the next time that they are had, of whose records one was left out that is `wanted` now.
pub fn ask_for(transaction: &Transaction<'_>, wanted: impl Fn(&str) -> bool) -> Result<(), DbError> {
    let mut statement = transaction.prepare("SELECT document, cve FROM left_out ORDER BY document")?;
    let mut rows = statement.query(())?;
    let mut documents: BTreeSet<i64> = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let (document, cve): (i64, i64) = (row.get(0)?, row.get(1)?);
        if !documents.contains(&document) && wanted(&text(cve)) {
            documents.insert(document);
        }
    }
    for document in documents {
        transaction.execute("UPDATE document SET validators = NULL WHERE id = ?1", [document])?;
    }
    Ok(())
}

impl AdvisoryDb {
    /// How many records of a document are not kept, as no other advisory names their CVE and they affect nothing.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn left_out(&self, document: &Document) -> Result<u64, DbError> {
        if self.format() < 5 {
            return Ok(0);
        }
        self.with(|inner| {
            let sql = "SELECT count(*) FROM left_out WHERE document = (SELECT id FROM document WHERE feed = ?1 AND path = ?2)";
            let count: i64 = inner.connection.query_row(sql, (document.feed.name, &document.path), |row| row.get(0))?;
            Ok(count.unsigned_abs())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cve_is_a_number_and_back() {
        for cve in ["CVE-1999-0001", "CVE-2024-1234", "CVE-2026-1234567", "CVE-2024-4294967295"] {
            assert_eq!(number(cve).map(text).as_deref(), Some(cve));
        }
        // What a number would not give back is kept.
        for odd in [
            "CVE-2024-1",
            "CVE-2024-00001",
            "CVE-2024-",
            "CVE-2024-1-2",
            "CVE-99999-1234",
            "CVE-2024-99999999999",
            "GHSA-x",
        ] {
            assert_eq!(number(odd), None, "{odd}");
        }
    }
}
