//! A document on its way into the database.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use plimsoll_advisories::feeds::{Document, FeedKind, ParseReport, Record, Sink, SinkError, Withdrawal};
use plimsoll_advisories::{ExploitScore, KnownExploited};
use plimsoll_model::{Advisory, Affected, Ecosystem, SupportPeriod};
use rusqlite::{Connection, OptionalExtension as _, Transaction};

use crate::codec::Packer;
use crate::document::Read;
use crate::{DbError, aside, changes};

/// The largest document that is kept as it is, as in the services: a million hashes are 65 MB.
pub const MAX_KEPT: usize = 128 << 20;

/// Takes a document's records. They count once it is committed; dropped before, the document stays as it was.
pub struct StagedDocument<'b> {
    transaction: Transaction<'b>,
    packer: &'b mut Packer,
    id: i64,
    document: Document,
    /// How many records the document had; of one that is kept as it is, how many upstream counted in it.
    held: u64,
    changed: Option<&'b mut bool>,
    /// The records taken so far, where they are taken in place of their earlier selves alone.
    amended: Option<BTreeSet<String>>,
    /// The rows of advisories that were taken and stand, but speak of no package.
    silent: Vec<i64>,
}

/// The table of a kind's rows, and what names one of them; advisories are set aside instead, and documents that are kept as they are have none.
const fn rows(kind: FeedKind) -> Option<(&'static str, &'static str)> {
    match kind {
        FeedKind::KnownExploited => Some(("known_exploited", "cve")),
        FeedKind::ExploitScores => Some(("exploit_score", "cve")),
        FeedKind::SupportPeriods => Some(("support_period", "product || ' ' || release")),
        FeedKind::Advisories | FeedKind::YaraRules | FeedKind::FileHashes => None,
    }
}

impl<'b> StagedDocument<'b> {
    pub(crate) fn begin(
        connection: &'b mut Connection,
        packer: &'b mut Packer,
        document: &Document,
        changed: Option<&'b mut bool>,
    ) -> Result<Self, DbError> {
        let transaction = connection.transaction()?;
        let (feed, path) = (document.feed.name, document.path.as_str());
        transaction.execute(
            "INSERT INTO document (feed, path, kind, changed_at, checked_at, counts) VALUES (?1, ?2, ?3, '', '', '')
             ON CONFLICT (feed, path) DO NOTHING",
            (feed, path, document.feed.kind.as_str()),
        )?;
        let sql = "SELECT id, counts FROM document WHERE feed = ?1 AND path = ?2";
        let (id, counts): (i64, String) =
            transaction.query_row(sql, (feed, path), |row| Ok((row.get(0)?, row.get(1)?)))?;
        // Without counts it was not there before.
        let before: Read = serde_json::from_str(&counts).unwrap_or_default();
        let kind = document.feed.kind;
        let mut held =
            if kind == FeedKind::Advisories { advisories(&transaction, id)? } else { before.counts.statements };
        if let Some((table, name)) = rows(kind) {
            transaction.execute_batch(
                "CREATE TEMP TABLE IF NOT EXISTS held (name TEXT PRIMARY KEY) WITHOUT ROWID; DELETE FROM held;",
            )?;
            let sql = format!("INSERT OR IGNORE INTO held SELECT {name} FROM {table} WHERE document = ?1");
            held = transaction.execute(&sql, [id])? as u64;
        }
        aside::set_all_aside(&transaction, id)?;
        for table in ["known_exploited", "exploit_score", "support_period", "kept", "left_out"] {
            transaction.execute(&format!("DELETE FROM {table} WHERE document = ?1"), [id])?;
        }
        let document = document.clone();
        Ok(Self { transaction, packer, id, document, held, changed, amended: None, silent: Vec::new() })
    }

    pub(crate) fn begin_amending(
        connection: &'b mut Connection,
        packer: &'b mut Packer,
        document: &Document,
        changed: Option<&'b mut bool>,
    ) -> Result<Self, DbError> {
        let transaction = connection.transaction()?;
        let sql = "SELECT id FROM document WHERE feed = ?1 AND path = ?2";
        let id = transaction.query_row(sql, (document.feed.name, &document.path), |row| row.get(0))?;
        let held = advisories(&transaction, id)?;
        let (document, amended) = (document.clone(), Some(BTreeSet::new()));
        Ok(Self { transaction, packer, id, document, held, changed, amended, silent: Vec::new() })
    }

    /// What goes with the document, read to its end, of what was held of it before. Of one that is kept as it is only their numbers are known; of
    /// one that is amended, nothing goes that it does not name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn withdrawal(&self, report: &ParseReport) -> Result<Withdrawal, DbError> {
        let (id, held) = (self.id, self.held);
        if self.document.feed.kind == FeedKind::Advisories {
            let unread = self.amended.is_none().then_some(report.unread.as_slice());
            let gone = aside::going(&self.transaction, id, &self.silent, unread)?;
            let feed = self.document.feed;
            if !feed.has_index() {
                return Ok(Withdrawal { gone, held });
            }
            let elsewhere = aside::going_elsewhere(&self.transaction, feed.name, id, &self.silent)?;
            return Ok(Withdrawal { gone: gone + elsewhere.gone, held: held + elsewhere.held });
        }
        let Some((table, name)) = rows(self.document.feed.kind) else {
            return Ok(Withdrawal { gone: held.saturating_sub(report.statements), held });
        };
        let sql = format!(
            "SELECT count(*) FROM held h WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE document = ?1 AND {name} = h.name)"
        );
        let gone: i64 = self.transaction.query_row(&sql, [id], |row| row.get(0))?;
        Ok(Withdrawal { gone: gone.unsigned_abs(), held })
    }

    /// The document was read to its end. `validators` are given back by [`Builder::validators`](crate::Builder::validators) as they are.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn commit(self, report: &ParseReport, validators: Option<&str>, at: DateTime<Utc>) -> Result<(), DbError> {
        if self.amended.is_none() {
            aside::keep_unread(&self.transaction, &self.document, self.id, &report.unread)?;
        }
        aside::drop_aside(&self.transaction, self.id)?;
        let read = match &self.amended {
            Some(_) => changes::amended(&self.transaction, self.id, report)?,
            None => Read::from(report),
        };
        let counts = serde_json::to_string(&read).map_err(|error| DbError::Damaged(error.to_string()))?;
        self.transaction.execute(
            "UPDATE document SET validators = ?2, changed_at = ?3, checked_at = ?3, as_of = ?4, edition = ?5, counts = ?6 WHERE id = ?1",
            (
                self.id,
                validators,
                at.to_rfc3339(),
                report.as_of.map(|date| date.to_rfc3339()),
                &report.edition,
                counts,
            ),
        )?;
        self.transaction.commit()?;
        if let Some(changed) = self.changed {
            *changed = true;
        }
        Ok(())
    }

    /// Keeps the document as it is: for feeds that are not read into records.
    ///
    /// # Errors
    /// The file cannot be written, or the document is larger than one may be.
    pub fn keep(&mut self, content: &[u8]) -> Result<(), DbError> {
        if content.len() > MAX_KEPT {
            return Err(DbError::TooLarge { what: "a document", bytes: content.len() });
        }
        self.transaction.execute("INSERT INTO kept (document, content) VALUES (?1, ?2)", (self.id, content))?;
        Ok(())
    }

    fn advisory(&mut self, mut advisory: Advisory) -> Result<(), DbError> {
        let affected = std::mem::take(&mut advisory.affected);
        let key = std::mem::take(&mut advisory.key);
        advisory.source.clear();
        let name = (advisory.id != key).then(|| advisory.id.clone());
        let content = self.packer.pack("an advisory", &advisory)?;
        let is_silent = affected.is_empty() && !advisory.is_withdrawn();
        if self.amended.as_mut().is_some_and(|amended| amended.insert(key.clone())) {
            aside::set_aside(&self.transaction, self.id, &key)?;
        }
        let inserted = self
            .transaction
            .prepare_cached(
                "INSERT INTO advisory (document, key, name, is_withdrawn, content) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (document, key) DO NOTHING RETURNING id",
            )?
            .query_row((self.id, &key, name, advisory.is_withdrawn(), content), |row| row.get::<_, i64>(0))
            .optional()?;
        // A document that names a record twice: the first counts.
        let Some(id) = inserted else { return Ok(()) };
        self.silent.extend(is_silent.then_some(id));
        for (affected, position) in affected.into_iter().zip(0_i64..) {
            self.affected(id, position, affected)?;
        }
        Ok(())
    }

    fn affected(&mut self, advisory: i64, position: i64, mut affected: Affected) -> Result<(), DbError> {
        let ecosystem = std::mem::replace(&mut affected.ecosystem, Ecosystem::new("")).to_string();
        let package = self.package(&ecosystem, &std::mem::take(&mut affected.package))?;
        let content = self.packer.pack("an affected package", &affected)?;
        self.transaction
            .prepare_cached("INSERT INTO affected (package, advisory, position, content) VALUES (?1, ?2, ?3, ?4)")?
            .execute((package, advisory, position, content))?;
        Ok(())
    }

    fn package(&self, ecosystem: &str, name: &str) -> Result<i64, DbError> {
        let known = self
            .transaction
            .prepare_cached("SELECT id FROM package WHERE ecosystem = ?1 AND name = ?2")?
            .query_row((ecosystem, name), |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok(id);
        }
        self.transaction
            .prepare_cached("INSERT INTO package (ecosystem, name) VALUES (?1, ?2)")?
            .execute((ecosystem, name))?;
        Ok(self.transaction.last_insert_rowid())
    }

    fn known_exploited(&self, row: &KnownExploited) -> Result<(), DbError> {
        let due_date = row.due_date.map(|date| date.to_string());
        self.transaction
            .prepare_cached("INSERT OR REPLACE INTO known_exploited VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute((self.id, &row.cve, &row.name, row.date_added.to_string(), due_date, row.is_used_by_ransomware))?;
        Ok(())
    }

    fn exploit_score(&self, row: &ExploitScore) -> Result<(), DbError> {
        self.transaction.prepare_cached("INSERT OR REPLACE INTO exploit_score VALUES (?1, ?2, ?3, ?4)")?.execute((
            self.id,
            &row.cve,
            row.score,
            row.percentile,
        ))?;
        Ok(())
    }

    fn support_period(&self, row: &SupportPeriod) -> Result<(), DbError> {
        let (standard, extended) = (row.standard.map(|day| day.to_string()), row.extended.map(|day| day.to_string()));
        self.transaction
            .prepare_cached("INSERT OR REPLACE INTO support_period VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
            .execute((self.id, &row.product, &row.release, &row.codename, standard, extended))?;
        Ok(())
    }
}

/// How many advisories a document has.
fn advisories(transaction: &Transaction<'_>, document: i64) -> Result<u64, DbError> {
    let sql = "SELECT count(*) FROM advisory WHERE document = ?1";
    Ok(transaction.query_row(sql, [document], |row| row.get::<_, i64>(0))?.unsigned_abs())
}

impl Sink for StagedDocument<'_> {
    fn take(&mut self, record: Record) -> Result<(), SinkError> {
        match record {
            Record::Advisory(advisory) => self.advisory(*advisory)?,
            Record::KnownExploited(row) => self.known_exploited(&row)?,
            Record::ExploitScore(row) => self.exploit_score(&row)?,
            Record::SupportPeriod(row) => self.support_period(&row)?,
        }
        Ok(())
    }
}
