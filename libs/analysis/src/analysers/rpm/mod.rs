//! RPM's package database, in each of its three forms.
//!
//! In: `rpmdb.sqlite` (SQLite), `Packages.db` (NDB, SUSE's) or `Packages` (BerkeleyDB, until 2020), in any of the
//! three folders that distributions keep it in. What it is, its first bytes say; its name does not count. All three
//! hold the same thing: a package header a record.
//! Out: a package a header, with its source package and module stream; the paths that packages own.
//! Source: rpm, `lib/backend/` and `lib/header.c`; the readers of each form name theirs.
//!
//! The readers are our own. They need one table of a database each, so they are short; they read from memory, where
//! the libraries want files; and no SQL of an image is run: a view or a trigger named `Packages` is only a row that
//! is no table. Every page is read once and all headers together take hardly more bytes than the file has, so time
//! and memory are linear in the file whatever it says.
//!
//! Not read: what lies only in SQLite's write-ahead log. That a log with something in it lies beside the database is
//! a problem on the log.

mod berkeley;
mod header;
mod ndb;
mod numbers;
mod package;
mod pages;
mod sqlite;
mod vendor;

use crate::{Analyser, File, Malformed, Observations};

/// The longest header that is read. Those of packages with a hundred thousand files have half of it.
const HEADER_BYTES: usize = 32 << 20;
/// What a record costs at least of the bytes that the file has: more of them than that are not packages.
const RECORD_BYTES: usize = 64;
/// What records may take beyond the file's bytes, so that one page of rubbish does not end the reading of a small file.
const SLACK_BYTES: usize = 256 << 10;
/// What SQLite's write-ahead log has before its first page.
const LOG_HEADER_BYTES: usize = 32;

/// Takes what a database holds, one by one: a header's bytes, or why one cannot be had. Its error ends the reading.
type Taker<'t> = dyn FnMut(Result<&[u8], Malformed>) -> Result<(), Malformed> + 't;

/// Reads RPM's package database.
pub struct Rpm;

impl Analyser for Rpm {
    fn name(&self) -> &'static str {
        "rpm"
    }

    fn version(&self) -> u32 {
        2
    }

    fn globs(&self) -> &'static [&'static str] {
        &[
            "var/lib/rpm/rpmdb.sqlite",
            "var/lib/rpm/rpmdb.sqlite-wal",
            "var/lib/rpm/Packages",
            "var/lib/rpm/Packages.db",
            "usr/lib/sysimage/rpm/rpmdb.sqlite",
            "usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
            "usr/lib/sysimage/rpm/Packages",
            "usr/lib/sysimage/rpm/Packages.db",
            "usr/share/rpm/rpmdb.sqlite",
            "usr/share/rpm/rpmdb.sqlite-wal",
            "usr/share/rpm/Packages",
            "usr/share/rpm/Packages.db",
        ]
    }

    fn max_bytes(&self) -> usize {
        64 << 20
    }

    fn working_bytes(&self, _size: usize) -> usize {
        0
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        if file.path.ends_with("-wal") {
            return log(file.bytes);
        }
        let mut bytes_left = file.bytes.len() + SLACK_BYTES;
        let mut path_bytes_left = package::PATH_BYTES;
        headers(file.bytes, &mut |header| {
            let cost = header.as_ref().map_or(0, |bytes| bytes.len()).max(RECORD_BYTES);
            bytes_left = bytes_left
                .checked_sub(cost)
                .ok_or_else(|| Malformed::new("its records lie over each other: the rest of them is not read"))?;
            if let Err(complaint) = header.and_then(|bytes| package::observe(bytes, seen, &mut path_bytes_left)) {
                seen.malformed(complaint);
            }
            Ok(())
        })
    }
}

fn headers(bytes: &[u8], take: &mut Taker<'_>) -> Result<(), Malformed> {
    if bytes.is_empty() {
        Ok(())
    } else if sqlite::is_it(bytes) {
        sqlite::headers(bytes, take)
    } else if ndb::is_it(bytes) {
        ndb::headers(bytes, take)
    } else if berkeley::is_it(bytes) {
        berkeley::headers(bytes, take)
    } else {
        Err(Malformed::new("neither SQLite nor NDB nor a hash of BerkeleyDB"))
    }
}

/// SQLite leaves an empty log behind, or none, once all of it is in the database.
fn log(bytes: &[u8]) -> Result<(), Malformed> {
    if bytes.len() <= LOG_HEADER_BYTES {
        return Ok(());
    }
    let length = bytes.len();
    Err(Malformed::new(format!(
        "a write-ahead log of {length} bytes, which is not read: what was installed or removed last may be missing"
    )))
}
