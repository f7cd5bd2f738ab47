//! Reading a database.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use plimsoll_advisories::{AdvisorySource, Candidate, ExploitScore, KnownExploited, SourceError, Vulnerability, merge};
use plimsoll_model::{Advisory, Affected, Ecosystem, PackageKey, SupportPeriod};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Row};

use crate::codec::Unpacker;
use crate::document::Read;
use crate::schema::{APPLICATION_ID, FORMAT, OLDEST_FORMAT, marks};
use crate::{DbError, Origin, StoredDocument};

/// A database, opened for reading. Lookups are short reads of a local file; they block.
pub struct AdvisoryDb {
    inner: Mutex<Inner>,
    format: i64,
    built_at: DateTime<Utc>,
    origin: Option<Origin>,
}

pub struct Inner {
    pub connection: Connection,
    pub unpacker: Unpacker,
    /// Whether what is affected lies by advisory too, outside the file.
    pub is_by_advisory: bool,
}

impl AdvisoryDb {
    /// Opens the database at `path`. One that is replaced meanwhile is read on as it was.
    ///
    /// # Errors
    /// [`DbError::Absent`], [`DbError::NotADatabase`], [`DbError::Format`]; a damaged file.
    pub fn open(path: &Path) -> Result<Self, DbError> {
        if !path.try_exists().map_err(|source| DbError::Io { path: path.to_owned(), source })? {
            return Err(DbError::Absent(path.to_owned()));
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        let format = match marks(&connection) {
            Ok((APPLICATION_ID, found @ OLDEST_FORMAT..=FORMAT)) => found,
            Ok((APPLICATION_ID, found)) => return Err(DbError::Format { path: path.to_owned(), found }),
            Ok(_) => return Err(DbError::NotADatabase(path.to_owned())),
            Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
                return Err(DbError::NotADatabase(path.to_owned()));
            }
            Err(error) => return Err(error.into()),
        };
        // One reading for all lookups: SQLite locks the file and looks for a journal at each otherwise.
        connection.execute_batch("BEGIN")?;
        let sql = "SELECT value FROM meta WHERE key = 'built_at'";
        let built_at: Option<String> = connection.query_row(sql, (), |row| row.get(0)).optional()?;
        let built_at = date(built_at.as_deref().unwrap_or_default())?;
        let origin = Origin::of(&connection)?;
        let inner = Inner { connection, unpacker: Unpacker::new()?, is_by_advisory: false };
        Ok(Self { inner: Mutex::new(inner), format, built_at, origin })
    }

    /// Its format.
    pub const fn format(&self) -> i64 {
        self.format
    }

    /// The bundle that it came in; `None` where it was built on this machine, or changed here since.
    pub const fn origin(&self) -> Option<&Origin> {
        self.origin.as_ref()
    }

    /// When it was built.
    pub const fn built_at(&self) -> DateTime<Utc> {
        self.built_at
    }

    /// How old it is; zero for one from the future.
    pub fn age(&self, now: DateTime<Utc>) -> TimeDelta {
        (now - self.built_at).max(TimeDelta::zero())
    }

    /// The documents that it was made of, by feed and path.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn documents(&self) -> Result<Vec<StoredDocument>, DbError> {
        self.with(|inner| documents(&inner.connection))
    }

    /// How many vulnerabilities it knows.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn vulnerability_count(&self) -> Result<u64, DbError> {
        self.with(|inner| {
            Ok(inner
                .connection
                .query_row("SELECT count(*) FROM vulnerability", (), |row| row.get::<_, i64>(0))?
                .unsigned_abs())
        })
    }

    /// A vulnerability by its canonical id, merged from all that its advisories say.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn vulnerability(&self, id: &str) -> Result<Option<Vulnerability>, DbError> {
        self.with(|inner| {
            let advisories = inner.advisories(id)?;
            Ok((!advisories.is_empty()).then(|| merge(id, &advisories)))
        })
    }

    /// Of these ids, those of vulnerabilities and of advisories on one, each with the vulnerability's canonical id. It reads the whole table of advisories.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn known_under(&self, ids: &[&str]) -> Result<Vec<(String, String)>, DbError> {
        let ids = serde_json::to_string(ids).map_err(|error| DbError::Damaged(error.to_string()))?;
        self.with(|inner| {
            let sql = "SELECT name, name FROM vulnerability WHERE name IN (SELECT value FROM json_each(?1))
                       UNION SELECT coalesce(a.name, a.key), v.name FROM advisory a JOIN vulnerability v ON v.id = a.vulnerability
                       WHERE coalesce(a.name, a.key) IN (SELECT value FROM json_each(?1))";
            let mut statement = inner.connection.prepare_cached(sql)?;
            let rows = statement.query_map([ids], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// The estimate of a vulnerability's exploitation, by its CVE.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn exploit_score(&self, cve: &str) -> Result<Option<ExploitScore>, DbError> {
        self.with(|inner| {
            let sql = "SELECT score, percentile FROM exploit_score WHERE cve = ?1";
            let mut statement = inner.connection.prepare_cached(sql)?;
            let read =
                |row: &Row<'_>| Ok(ExploitScore { cve: cve.to_owned(), score: row.get(0)?, percentile: row.get(1)? });
            Ok(statement.query_row([cve], read).optional()?)
        })
    }

    /// What CISA says of a vulnerability's exploitation, by its CVE.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn known_exploited(&self, cve: &str) -> Result<Option<KnownExploited>, DbError> {
        self.with(|inner| {
            let sql = "SELECT name, date_added, due_date, is_used_by_ransomware FROM known_exploited WHERE cve = ?1";
            let mut statement = inner.connection.prepare_cached(sql)?;
            let row = statement
                .query_row([cve], |row| {
                    Ok((row.get(0)?, row.get::<_, String>(1)?, row.get::<_, Option<String>>(2)?, row.get(3)?))
                })
                .optional()?;
            let Some((name, added, due, is_used_by_ransomware)) = row else { return Ok(None) };
            let due_date = due.as_deref().map(day).transpose()?;
            Ok(Some(KnownExploited {
                cve: cve.to_owned(),
                name,
                date_added: day(&added)?,
                due_date,
                is_used_by_ransomware,
            }))
        })
    }

    /// Of the estimates of its CVEs' exploitation the highest; of equal ones that of its canonical id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn highest_score(&self, vulnerability: &Vulnerability) -> Result<Option<ExploitScore>, DbError> {
        let mut highest: Option<ExploitScore> = None;
        for cve in cves(vulnerability) {
            if let Some(score) = self.exploit_score(cve)?
                && highest.as_ref().is_none_or(|highest| score.score > highest.score)
            {
                highest = Some(score);
            }
        }
        Ok(highest)
    }

    /// Of what CISA says of its CVEs what it said first; of one day what it says of its canonical id.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn first_exploited(&self, vulnerability: &Vulnerability) -> Result<Option<KnownExploited>, DbError> {
        let mut first: Option<KnownExploited> = None;
        for cve in cves(vulnerability) {
            if let Some(row) = self.known_exploited(cve)?
                && first.as_ref().is_none_or(|first| row.date_added < first.date_added)
            {
                first = Some(row);
            }
        }
        Ok(first)
    }

    /// Until when releases are mended.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn support_periods(&self) -> Result<Vec<SupportPeriod>, DbError> {
        self.with(|inner| {
            let sql = "SELECT product, release, codename, standard, extended FROM support_period";
            let mut statement = inner.connection.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| {
                let day = |at| row.get::<_, Option<String>>(at).map(|text| text.and_then(|text| text.parse().ok()));
                Ok(SupportPeriod {
                    product: row.get(0)?,
                    release: row.get(1)?,
                    codename: row.get(2)?,
                    standard: day(3)?,
                    extended: day(4)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Whether any advisory in it speaks of packages of this ecosystem.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn has_ecosystem(&self, ecosystem: &Ecosystem) -> Result<bool, DbError> {
        self.with(|inner| {
            let sql = "SELECT EXISTS (SELECT 1 FROM package WHERE ecosystem = ?1)";
            let mut statement = inner.connection.prepare_cached(sql)?;
            Ok(statement.query_row([ecosystem.to_string()], |row| row.get(0))?)
        })
    }

    /// Every ecosystem that an advisory in it speaks of, by name.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn ecosystems(&self) -> Result<Vec<Ecosystem>, DbError> {
        self.with(|inner| {
            // From one to the next by the index, not over all packages.
            let sql = "WITH RECURSIVE e (name) AS (
                           SELECT min(ecosystem) FROM package
                           UNION ALL SELECT (SELECT min(p.ecosystem) FROM package p WHERE p.ecosystem > e.name) FROM e WHERE e.name IS NOT NULL)
                       SELECT name FROM e WHERE name IS NOT NULL";
            let mut statement = inner.connection.prepare_cached(sql)?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            let names: Vec<String> = rows.collect::<Result<_, _>>()?;
            Ok(names.into_iter().filter_map(|name| name.parse().ok()).collect())
        })
    }

    pub(crate) fn with<T, E>(&self, read: impl FnOnce(&mut Inner) -> Result<T, E>) -> Result<T, E> {
        read(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AdvisorySource for AdvisoryDb {
    async fn affecting(&self, keys: &[PackageKey]) -> Result<Vec<Candidate>, SourceError> {
        let found = self.with(|inner| {
            let mut candidates = Vec::new();
            for key in keys {
                inner.affecting(key, &mut candidates)?;
            }
            Ok(candidates)
        });
        found.map_err(|error: DbError| SourceError(Box::new(error)))
    }
}

impl Inner {
    /// The advisories of a vulnerability, without what they affect.
    fn advisories(&mut self, id: &str) -> Result<Vec<Advisory>, DbError> {
        let mut statement = self.connection.prepare_cached(
            "WITH v AS MATERIALIZED (SELECT id FROM vulnerability WHERE name = ?1)
             SELECT d.feed, a.key, a.content
             FROM (SELECT a.id FROM v JOIN advisory a ON a.vulnerability = v.id
                   UNION ALL SELECT n.advisory FROM v JOIN notice n ON n.vulnerability = v.id) of_it
             JOIN advisory a ON a.id = of_it.id JOIN document d ON d.id = a.document",
        )?;
        let mut rows = statement.query([id])?;
        let mut advisories = Vec::new();
        while let Some(row) = rows.next()? {
            let advisory: Advisory = self.unpacker.unpack(blob(row, 2)?)?;
            advisories.push(Advisory { source: row.get(0)?, key: row.get(1)?, ..advisory });
        }
        Ok(advisories)
    }

    fn affecting(&mut self, key: &PackageKey, candidates: &mut Vec<Candidate>) -> Result<(), DbError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT v.name, d.feed, coalesce(a.name, a.key), a.is_withdrawn, f.content, a.id
             FROM package p JOIN affected f ON f.package = p.id JOIN advisory a ON a.id = f.advisory
             LEFT JOIN vulnerability v ON v.id = a.vulnerability JOIN document d ON d.id = a.document
             WHERE p.ecosystem = ?1 AND p.name = ?2",
        )?;
        let mut rows = statement.query((key.ecosystem.to_string(), &key.package))?;
        while let Some(row) = rows.next()? {
            // Without a vulnerability of its own it is a notice on several, or does not count and is on none.
            let about = match row.get(0)? {
                Some(own) => vec![own],
                None => about(&self.connection, row.get(5)?)?,
            };
            if about.is_empty() {
                continue;
            }
            let affected: Affected = self.unpacker.unpack(blob(row, 4)?)?;
            let affected = Affected { ecosystem: key.ecosystem.clone(), package: key.package.clone(), ..affected };
            for vulnerability in about {
                candidates.push(Candidate {
                    vulnerability,
                    source: row.get(1)?,
                    advisory: row.get(2)?,
                    is_withdrawn: row.get(3)?,
                    affected: affected.clone(),
                });
            }
        }
        Ok(())
    }
}

/// The ids by which exploitation is told of a vulnerability: its canonical one, then the other CVEs.
fn cves(vulnerability: &Vulnerability) -> impl Iterator<Item = &str> {
    let others = vulnerability.aliases.iter().filter(|alias| alias.starts_with("CVE-"));
    std::iter::once(&vulnerability.id).chain(others).map(String::as_str)
}

/// What a notice is about.
fn about(connection: &Connection, advisory: i64) -> Result<Vec<String>, DbError> {
    let sql = "SELECT v.name FROM notice n JOIN vulnerability v ON v.id = n.vulnerability WHERE n.advisory = ?1";
    let mut statement = connection.prepare_cached(sql)?;
    let names = statement.query_map([advisory], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

pub fn blob<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r [u8], DbError> {
    Ok(row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?)
}

pub fn documents(connection: &Connection) -> Result<Vec<StoredDocument>, DbError> {
    let sql = "SELECT feed, path, changed_at, checked_at, as_of, edition, counts, validators FROM document ORDER BY feed, path";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(())?;
    let mut documents = Vec::new();
    while let Some(row) = rows.next()? {
        let read: String = row.get(6)?;
        let read: Read = serde_json::from_str(&read).map_err(|error| DbError::Damaged(error.to_string()))?;
        documents.push(StoredDocument {
            feed: row.get(0)?,
            path: row.get(1)?,
            changed_at: date(&row.get::<_, String>(2)?)?,
            checked_at: date(&row.get::<_, String>(3)?)?,
            as_of: row.get::<_, Option<String>>(4)?.as_deref().map(date).transpose()?,
            edition: row.get(5)?,
            counts: read.counts,
            validators: row.get(7)?,
            problem_texts: read.problem_texts,
        });
    }
    Ok(documents)
}

pub fn day(text: &str) -> Result<NaiveDate, DbError> {
    text.parse().map_err(|_| DbError::Damaged(format!("'{text}' is no date")))
}

fn date(text: &str) -> Result<DateTime<Utc>, DbError> {
    let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| DbError::Damaged(format!("'{text}' is no date")))?;
    Ok(parsed.to_utc())
}
