//! A document's records as they were taken: what fills another database from this one.

use plimsoll_advisories::feeds::{Document, FeedKind, Record, Sink, SinkError};
use plimsoll_advisories::{ExploitScore, KnownExploited};
use plimsoll_model::{Advisory, Affected, Ecosystem, SupportPeriod};
use rusqlite::OptionalExtension as _;

use crate::db::{Inner, blob, day};
use crate::{AdvisoryDb, DbError};

/// `affected` lies by package, as it is looked up. To read it by advisory, an index is made once, outside the file and outside memory.
const BY_ADVISORY: &str = "
    CREATE TEMP TABLE affected_by (
        advisory INTEGER NOT NULL, position INTEGER NOT NULL, package INTEGER NOT NULL, PRIMARY KEY (advisory, position)
    ) WITHOUT ROWID;
    INSERT INTO temp.affected_by SELECT advisory, position, package FROM affected ORDER BY advisory, position;";

/// Why records could not be handed on.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Whoever takes them.
    #[error("a record could not be stored: {0}")]
    Sink(#[source] SinkError),
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Db(error.into())
    }
}

impl AdvisoryDb {
    /// Hands on every record of a document, in the order in which it had them; gives how many. Scores are there of known CVEs only.
    ///
    /// # Errors
    /// The file cannot be read, or the sink refused one.
    pub fn read(&self, document: &Document, sink: &mut dyn Sink) -> Result<u64, ReadError> {
        self.with(|inner| {
            let Some(id) = inner.document(document)? else { return Ok(0) };
            match document.feed.kind {
                FeedKind::Advisories => inner.read_advisories(id, document.feed.name, sink),
                FeedKind::KnownExploited => inner.read_known_exploited(id, sink),
                FeedKind::ExploitScores => inner.read_exploit_scores(id, sink),
                FeedKind::SupportPeriods => inner.read_support_periods(id, sink),
                FeedKind::YaraRules | FeedKind::FileHashes => Ok(0),
            }
        })
    }

    /// A document that is kept as it is.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn kept(&self, document: &Document) -> Result<Option<Vec<u8>>, DbError> {
        if self.format() < 4 {
            return Ok(None);
        }
        self.with(|inner| {
            let Some(id) = inner.document(document)? else { return Ok(None) };
            let sql = "SELECT content FROM kept WHERE document = ?1";
            Ok(inner.connection.query_row(sql, [id], |row| row.get(0)).optional()?)
        })
    }
}

impl Inner {
    fn document(&self, document: &Document) -> Result<Option<i64>, DbError> {
        let sql = "SELECT id FROM document WHERE feed = ?1 AND path = ?2";
        Ok(self.connection.query_row(sql, (document.feed.name, &document.path), |row| row.get(0)).optional()?)
    }

    fn read_advisories(&mut self, document: i64, feed: &str, sink: &mut dyn Sink) -> Result<u64, ReadError> {
        if !self.is_by_advisory {
            self.connection.execute_batch(BY_ADVISORY)?;
            self.is_by_advisory = true;
        }
        let mut advisories =
            self.connection.prepare("SELECT id, key, content FROM advisory WHERE document = ?1 ORDER BY id")?;
        let mut affected = self.connection.prepare(
            "SELECT p.ecosystem, p.name, f.content FROM temp.affected_by b
             JOIN affected f ON f.package = b.package AND f.advisory = b.advisory AND f.position = b.position
             JOIN package p ON p.id = b.package WHERE b.advisory = ?1 ORDER BY b.position",
        )?;
        let mut rows = advisories.query([document])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            let advisory: Advisory = self.unpacker.unpack(blob(row, 2)?)?;
            let mut advisory = Advisory { source: feed.to_owned(), key: row.get(1)?, ..advisory };
            let mut packages = affected.query([row.get::<_, i64>(0)?])?;
            while let Some(package) = packages.next()? {
                let said: Affected = self.unpacker.unpack(blob(package, 2)?)?;
                let ecosystem: String = package.get(0)?;
                let ecosystem: Ecosystem =
                    ecosystem.parse().map_err(|_| DbError::Damaged(format!("'{ecosystem}' is no ecosystem")))?;
                advisory.affected.push(Affected { ecosystem, package: package.get(1)?, ..said });
            }
            sink.take(Record::Advisory(Box::new(advisory))).map_err(ReadError::Sink)?;
            count += 1;
        }
        Ok(count)
    }

    fn read_known_exploited(&self, document: i64, sink: &mut dyn Sink) -> Result<u64, ReadError> {
        let mut statement = self.connection.prepare(
            "SELECT cve, name, date_added, due_date, is_used_by_ransomware FROM known_exploited WHERE document = ?1",
        )?;
        let mut rows = statement.query([document])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            let record = KnownExploited {
                cve: row.get(0)?,
                name: row.get(1)?,
                date_added: day(&row.get::<_, String>(2)?)?,
                due_date: row.get::<_, Option<String>>(3)?.as_deref().map(day).transpose()?,
                is_used_by_ransomware: row.get(4)?,
            };
            sink.take(Record::KnownExploited(record)).map_err(ReadError::Sink)?;
            count += 1;
        }
        Ok(count)
    }

    fn read_exploit_scores(&self, document: i64, sink: &mut dyn Sink) -> Result<u64, ReadError> {
        let mut statement =
            self.connection.prepare("SELECT cve, score, percentile FROM exploit_score WHERE document = ?1")?;
        let mut rows = statement.query([document])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            let record = ExploitScore { cve: row.get(0)?, score: row.get(1)?, percentile: row.get(2)? };
            sink.take(Record::ExploitScore(record)).map_err(ReadError::Sink)?;
            count += 1;
        }
        Ok(count)
    }

    fn read_support_periods(&self, document: i64, sink: &mut dyn Sink) -> Result<u64, ReadError> {
        let mut statement = self
            .connection
            .prepare("SELECT product, release, codename, standard, extended FROM support_period WHERE document = ?1")?;
        let mut rows = statement.query([document])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            let until = |at| Ok::<_, ReadError>(row.get::<_, Option<String>>(at)?.as_deref().map(day).transpose()?);
            let record = SupportPeriod {
                product: row.get(0)?,
                release: row.get(1)?,
                codename: row.get(2)?,
                standard: until(3)?,
                extended: until(4)?,
            };
            sink.take(Record::SupportPeriod(record)).map_err(ReadError::Sink)?;
            count += 1;
        }
        Ok(count)
    }
}
