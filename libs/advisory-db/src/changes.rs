//! Records of a document that changed alone: taken beside those that it has, each in place of its earlier self.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use plimsoll_advisories::feeds::{Document, ParseReport};
use plimsoll_model::Advisory;
use rusqlite::{OptionalExtension as _, Transaction};

use crate::codec::Unpacker;
use crate::document::Read;
use crate::{Builder, DbError, StagedDocument};

impl Builder {
    /// When those of these records that a document has changed, as their source says.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn modified<'a>(
        &self,
        document: &Document,
        keys: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, DateTime<Utc>>, DbError> {
        let mut unpacker = Unpacker::new()?;
        let mut statement = self.connection.prepare(
            "SELECT a.content FROM document d JOIN advisory a ON a.document = d.id WHERE d.feed = ?1 AND d.path = ?2 AND a.key = ?3",
        )?;
        let mut modified = BTreeMap::new();
        for key in keys {
            let content: Option<Vec<u8>> =
                statement.query_row((document.feed.name, &document.path, key), |row| row.get(0)).optional()?;
            let Some(content) = content else { continue };
            let advisory: Advisory = unpacker.unpack(&content)?;
            modified.extend(advisory.modified.map(|at| (key.to_owned(), at)));
        }
        Ok(modified)
    }

    /// Replaces what is given back by [`Builder::validators`] with this document.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn validate(&mut self, document: &Document, validators: &str) -> Result<(), DbError> {
        let sql = "UPDATE document SET validators = ?3 WHERE feed = ?1 AND path = ?2";
        self.connection.execute(sql, (document.feed.name, &document.path, validators))?;
        Ok(())
    }

    /// Takes records of a document of advisories that changed, in place of their earlier selves; the others stay.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn amend(&mut self, document: &Document) -> Result<StagedDocument<'_>, DbError> {
        let changed = Some(&mut self.has_new_advisories);
        StagedDocument::begin_amending(&mut self.connection, &mut self.packer, document, changed)
    }
}

/// What came of reading a document, and since then some records of it again.
pub fn amended(transaction: &Transaction<'_>, document: i64, report: &ParseReport) -> Result<Read, DbError> {
    let sql = "SELECT counts FROM document WHERE id = ?1";
    let counts: String = transaction.query_row(sql, [document], |row| row.get(0))?;
    let read: Read = serde_json::from_str(&counts).map_err(|error| DbError::Damaged(error.to_string()))?;
    let sql = "SELECT count(*) FROM advisory WHERE document = ?1";
    let records: i64 = transaction.query_row(sql, [document], |row| row.get(0))?;
    let records = records.unsigned_abs();
    // Of the earlier selves of what is read again it is not known how they were counted.
    let mut whole = ParseReport {
        statements: read.counts.statements + records.saturating_sub(read.counts.records),
        unmatchable: read.counts.unmatchable,
        problems: read.counts.problems,
        problem_texts: read.problem_texts,
        ..ParseReport::default()
    };
    whole.add(ParseReport { statements: 0, records, ..report.clone() });
    Ok(Read::from(&whole))
}
