//! The file's tables.

use rusqlite::Connection;

use crate::DbError;

/// The format of the file. Raised when tables, their meaning or the codec's dictionary change. 4: documents that are kept as they are. 5: what is left
/// out of documents.
pub const FORMAT: i64 = 5;
/// The oldest format that is still read; the next update makes it one of [`FORMAT`]. Files before it, which knew no notices, are built anew.
pub const OLDEST_FORMAT: i64 = 3;
/// How a feed's documents are read. Raised when more is read of the same document: what a file has of the feed is then read anew, though it did not
/// change. OSV's 2: a distribution's word of its own packages. NVD's 2: which versions of programs are affected. Oracle's 2: streams of modules.
const READINGS: [(&str, i64); 3] = [("osv", 2), ("nvd", 2), ("oracle", 2)];
/// "PLIM": SQLite's mark for whose file it is.
pub const APPLICATION_ID: i64 = 0x504c_494d;

/// `advisory.content` and `affected.content` are JSON in the codec's compression. `advisory.vulnerability` is set when the file is
/// finished, or rows of `notice` where it is about several; a record that several documents hold has them in one of them only, the others
/// do not count.
const TABLES: &str = "
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE document (
        id INTEGER PRIMARY KEY, feed TEXT NOT NULL, path TEXT NOT NULL, kind TEXT NOT NULL,
        validators TEXT, changed_at TEXT NOT NULL, checked_at TEXT NOT NULL, as_of TEXT, edition TEXT, counts TEXT NOT NULL,
        UNIQUE (feed, path)
    );
    CREATE TABLE vulnerability (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE advisory (
        id INTEGER PRIMARY KEY, document INTEGER NOT NULL, key TEXT NOT NULL, name TEXT, is_withdrawn INTEGER NOT NULL,
        vulnerability INTEGER, content BLOB NOT NULL,
        UNIQUE (document, key)
    );
    CREATE INDEX advisory_by_vulnerability ON advisory (vulnerability);
    CREATE TABLE notice (
        advisory INTEGER NOT NULL, vulnerability INTEGER NOT NULL, PRIMARY KEY (advisory, vulnerability)
    ) WITHOUT ROWID;
    CREATE INDEX notice_by_vulnerability ON notice (vulnerability);
    CREATE TABLE package (id INTEGER PRIMARY KEY, ecosystem TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (ecosystem, name));
    CREATE TABLE affected (
        package INTEGER NOT NULL, advisory INTEGER NOT NULL, position INTEGER NOT NULL, content BLOB NOT NULL,
        PRIMARY KEY (package, advisory, position)
    ) WITHOUT ROWID;
    CREATE TABLE known_exploited (
        document INTEGER NOT NULL, cve TEXT NOT NULL, name TEXT NOT NULL, date_added TEXT NOT NULL, due_date TEXT,
        is_used_by_ransomware INTEGER NOT NULL, PRIMARY KEY (cve, document)
    ) WITHOUT ROWID;
    CREATE TABLE exploit_score (
        document INTEGER NOT NULL, cve TEXT NOT NULL, score REAL NOT NULL, percentile REAL NOT NULL,
        PRIMARY KEY (cve, document)
    ) WITHOUT ROWID;
    CREATE TABLE support_period (
        document INTEGER NOT NULL, product TEXT NOT NULL, release TEXT NOT NULL, codename TEXT, standard TEXT, extended TEXT,
        PRIMARY KEY (product, release, document)
    ) WITHOUT ROWID;
";

/// New in format 4: documents that are kept as they are, of feeds that are not read into records.
const KEPT: &str = "CREATE TABLE kept (document INTEGER PRIMARY KEY, content BLOB NOT NULL);";

/// New in format 5: records that are not kept ([`crate::left_out`]), as numbers.
const LEFT_OUT: &str = "CREATE TABLE left_out (document INTEGER NOT NULL, cve INTEGER NOT NULL, PRIMARY KEY (document, cve)) WITHOUT ROWID;";

/// Makes the tables in an empty file.
pub fn create(connection: &Connection) -> Result<(), DbError> {
    connection.execute_batch(TABLES)?;
    connection.execute_batch(KEPT)?;
    connection.execute_batch(LEFT_OUT)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    Ok(connection.pragma_update(None, "user_version", FORMAT)?)
}

/// Makes a file of a format that is read one of [`FORMAT`].
pub fn upgrade(connection: &Connection, from: i64) -> Result<(), DbError> {
    if from < 4 {
        connection.execute_batch(KEPT)?;
    }
    if from < 5 {
        connection.execute_batch(LEFT_OUT)?;
    }
    Ok(connection.pragma_update(None, "user_version", FORMAT)?)
}

/// Has the documents read anew that were read otherwise than they are by this release, the next time that they are had.
pub fn read_anew(connection: &Connection) -> Result<(), rusqlite::Error> {
    for (feed, reading) in READINGS {
        let sql = "SELECT EXISTS (SELECT 1 FROM meta WHERE key = 'reading of ' || ?1 AND value = ?2)";
        if !connection.query_row(sql, (feed, reading.to_string()), |row| row.get::<_, bool>(0))? {
            connection.execute("UPDATE document SET validators = NULL WHERE feed = ?1", [feed])?;
        }
    }
    Ok(())
}

/// Says how this release reads documents.
pub fn mark_readings(connection: &Connection) -> Result<(), rusqlite::Error> {
    for (feed, reading) in READINGS {
        let sql = "INSERT OR REPLACE INTO meta (key, value) VALUES ('reading of ' || ?1, ?2)";
        connection.execute(sql, (feed, reading.to_string()))?;
    }
    Ok(())
}

/// Whose file it is, and its format.
pub fn marks(connection: &Connection) -> Result<(i64, i64), rusqlite::Error> {
    let mark = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((mark("application_id")?, mark("user_version")?))
}
