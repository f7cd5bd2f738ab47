//! Records in place of their earlier selves: all of a document's, or those alone that changed. The earlier ones are set aside, under their document's
//! negative number, until it is sure that they go.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use plimsoll_advisories::feeds::{Document, Withdrawal};
use plimsoll_model::Advisory;
use rusqlite::Transaction;

use crate::DbError;
use crate::builder::{RECORD, listed};
use crate::codec::Unpacker;
use crate::db::blob;

/// Sets a record of a document aside, to be taken away by [`drop_aside`].
pub fn set_aside(transaction: &Transaction<'_>, document: i64, key: &str) -> Result<(), DbError> {
    transaction
        .prepare_cached("UPDATE advisory SET document = -document WHERE document = ?1 AND key = ?2")?
        .execute((document, key))?;
    Ok(())
}

/// Sets all records of a document aside.
pub fn set_all_aside(transaction: &Transaction<'_>, document: i64) -> Result<(), DbError> {
    transaction.execute("UPDATE advisory SET document = -document WHERE document = ?1", [document])?;
    Ok(())
}

/// How many records go with what is taken: withdrawn now, or among the `silent` rows, which speak of no package, where the earlier self stood and
/// spoke; and of a document that is read whole what did not come again, but for what was `unread`.
pub fn going(
    transaction: &Transaction<'_>,
    document: i64,
    silent: &[i64],
    unread: Option<&[String]>,
) -> Result<u64, DbError> {
    let sql = "SELECT count(*) FROM advisory o JOIN advisory n ON n.document = ?1 AND n.key = o.key
               WHERE o.document = -?1 AND NOT o.is_withdrawn
                 AND (n.is_withdrawn
                      OR n.id IN (SELECT value FROM json_each(?2)) AND o.id IN (SELECT advisory FROM affected))";
    let withdrawn: i64 = transaction.query_row(sql, (document, listed(silent)?), |row| row.get(0))?;
    let sql = format!(
        "SELECT count(*) FROM advisory o WHERE o.document = -?1 AND o.key NOT IN (SELECT value FROM json_each(?2))
           AND {RECORD} NOT IN (SELECT value FROM json_each(?2))
           AND NOT EXISTS (SELECT 1 FROM advisory n WHERE n.document = ?1 AND n.key = o.key)"
    );
    let gone: i64 = match unread {
        Some(unread) => transaction.query_row(&sql, (document, listed(unread)?), |row| row.get(0))?,
        None => 0,
    };
    Ok(gone.unsigned_abs() + withdrawn.unsigned_abs())
}

/// The same of records that the feed holds from other documents alone, as an index names another archive each time; and how many of what is taken are such.
pub fn going_elsewhere(
    transaction: &Transaction<'_>,
    feed: &str,
    document: i64,
    silent: &[i64],
) -> Result<Withdrawal, DbError> {
    let sql = "SELECT count(*) FROM advisory WHERE document = ?1 AND is_withdrawn";
    let withdrawn: i64 = transaction.query_row(sql, [document], |row| row.get(0))?;
    // So few may go in any case: most documents of an index have one record, and all that is held is not looked through for each.
    let most = Withdrawal { gone: withdrawn.unsigned_abs() + silent.len() as u64, held: 0 };
    if most.is_within(0.0) {
        return Ok(Withdrawal::default());
    }
    let (of_others, of_none) = (
        "SELECT o.key FROM advisory o WHERE o.document IN (SELECT id FROM document WHERE feed = ?2 AND id <> ?1)",
        "NOT EXISTS (SELECT 1 FROM advisory o WHERE o.document = -?1 AND o.key = n.key)",
    );
    let sql = format!(
        "SELECT count(*) FILTER (WHERE n.is_withdrawn AND n.key IN ({of_others} AND NOT o.is_withdrawn)
                                    OR n.id IN (SELECT value FROM json_each(?3))
                                       AND n.key IN ({of_others} AND NOT o.is_withdrawn AND o.id IN (SELECT advisory FROM affected))),
                count(*)
         FROM advisory n WHERE n.document = ?1 AND {of_none} AND n.key IN ({of_others})"
    );
    let values = (document, feed, listed(silent)?);
    let (gone, held): (i64, i64) = transaction.query_row(&sql, values, |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Withdrawal { gone: gone.unsigned_abs(), held: held.unsigned_abs() })
}

/// Takes back what could not be read now and was set aside. As an index names another archive each time, it is else taken from the feed's other
/// documents, of several the newest.
pub fn keep_unread(
    transaction: &Transaction<'_>,
    document: &Document,
    id: i64,
    unread: &[String],
) -> Result<(), DbError> {
    if unread.is_empty() {
        return Ok(());
    }
    let names = listed(unread)?;
    let which = format!("(key IN (SELECT value FROM json_each(?2)) OR {RECORD} IN (SELECT value FROM json_each(?2)))");
    transaction.execute(
        &format!("UPDATE OR IGNORE advisory SET document = ?1 WHERE document = -?1 AND {which}"),
        (id, &names),
    )?;
    if !document.feed.has_index() {
        return Ok(());
    }
    let mut unpacker = Unpacker::new()?;
    let mut newest: BTreeMap<String, (Option<DateTime<Utc>>, i64)> = BTreeMap::new();
    let sql = format!(
        "SELECT id, key, content FROM advisory WHERE document IN (SELECT id FROM document WHERE feed = ?1) AND {which}
           AND NOT EXISTS (SELECT 1 FROM advisory n WHERE n.document = ?3 AND n.key = advisory.key)"
    );
    let mut statement = transaction.prepare(&sql)?;
    let mut rows = statement.query((document.feed.name, &names, id))?;
    while let Some(row) = rows.next()? {
        let advisory: Advisory = unpacker.unpack(blob(row, 2)?)?;
        let found: (Option<DateTime<Utc>>, i64) = (advisory.modified, row.get(0)?);
        newest.entry(row.get(1)?).and_modify(|known| *known = found.max(*known)).or_insert(found);
    }
    for (_, row) in newest.into_values() {
        transaction.prepare_cached("UPDATE advisory SET document = ?1 WHERE id = ?2")?.execute((id, row))?;
    }
    Ok(())
}

/// Takes away what was set aside, at one time: what a record affects lies by package, and is only found by looking at all of it.
pub fn drop_aside(transaction: &Transaction<'_>, document: i64) -> Result<(), DbError> {
    transaction
        .execute("DELETE FROM affected WHERE advisory IN (SELECT id FROM advisory WHERE document = -?1)", [document])?;
    transaction.execute("DELETE FROM advisory WHERE document = -?1", [document])?;
    Ok(())
}
