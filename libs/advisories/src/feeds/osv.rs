//! OSV: one archive of advisories an ecosystem, `<ecosystem>/all.zip`.
//!
//! In: a zip of `<id>.json` documents of the OSV schema 1.x. Out: one advisory a document, whole: an advisory of several
//! ecosystems lies in each of their archives with all its packages, and applying it twice is applying it once.
//! Entry names are only told in problems and of records that cannot be read; nothing is written anywhere.
//! Source: <https://ossf.github.io/osv-schema/>, <https://google.github.io/osv.dev/data/>.

mod lists;
mod modules;
mod notices;
mod products;
mod schema;

pub(crate) use schema::advisory;

use std::io::{BufReader, Read};

use plimsoll_model::Advisory;
use zip::ZipReadOptions;
use zip::read::Config;
use zip::result::ZipError;
// Walks the archive's directory instead of holding it: a directory of ten million entries costs no memory.
use zip::unstable::read::ZipIterable;

use super::admission::Intake;
use super::{Document, DocumentBytes, Feed, FeedKind, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "osv",
    title: "OSV",
    kind: FeedKind::Advisories,
    upstream: "https://osv-vulnerabilities.storage.googleapis.com",
    upstream_path: str::to_owned,
    default_paths: || DEFAULT_ECOSYSTEMS.into_iter().map(path).collect(),
    later: super::none_later,
    // Each archive is written anew some times an hour, with what its databases brought; it comes as a whole.
    interval: super::minutes(30),
    index: None,
    parser: read,
};

/// The ecosystems that are read unless the operator names others: those that packages are found in and whose versions can be ordered.
///
/// Left out are Debian, Alpine, Wolfi, Chainguard and Red Hat, whose own feeds say more and sooner, and those that no package
/// is of here (GHC, GitHub Actions, Julia, OSS-Fuzz, Root).
pub const DEFAULT_ECOSYSTEMS: [&str; 21] = [
    "PyPI",
    "npm",
    "crates.io",
    "Go",
    "Maven",
    "NuGet",
    "Packagist",
    "RubyGems",
    "Hex",
    "Pub",
    "SwiftURL",
    "Hackage",
    "CRAN",
    "Bitnami",
    "AlmaLinux",
    "Rocky Linux",
    "Ubuntu",
    "SUSE",
    "openSUSE",
    "Mageia",
    "openEuler",
];

/// Bounds on an archive.
#[derive(Debug, Clone, Copy)]
struct Limits {
    entries: u64,
    entry_bytes: u64,
    total_bytes: u64,
}

/// npm's archive, the largest, has some 220,000 entries and 1 GiB; the longest document of the mirror has 48 KiB. A document takes
/// up to ten times its length in memory.
const LIMITS: Limits = Limits { entries: 2_000_000, entry_bytes: 8 << 20, total_bytes: 8 << 30 };

/// The archive of an ecosystem by OSV's name for it, such as `Rocky Linux`.
pub fn document(ecosystem: &str) -> Document {
    FEED.document(path(ecosystem))
}

/// Whether it can be OSV's name for an ecosystem, which is a folder's.
pub fn is_ecosystem(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && !name.starts_with('.')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" .:_-".contains(&byte))
}

fn path(ecosystem: &str) -> String {
    format!("{ecosystem}/all.zip")
}

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    read_within(LIMITS, bytes, intake)
}

fn read_within(limits: Limits, bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let mut archive = ZipIterable::try_new(BufReader::new(bytes), Config::default()).map_err(zip_refusal)?;
    if archive.is_empty() {
        return Err(Refusal::Malformed("the archive is empty".into()));
    }
    if archive.len() as u64 > limits.entries {
        return Err(Refusal::PastLimit { what: "the number of entries", limit: limits.entries });
    }
    let entries = archive.files().map_err(zip_refusal)?;
    let mut total_left = limits.total_bytes;
    let mut json = Vec::new();
    while let Some(entry) = entries.next() {
        let entry = entry.map_err(zip_refusal)?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if !name.ends_with(".json") {
            continue;
        }
        let mut file = entry.with_reader(entries.reader_mut(), ZipReadOptions::new()).map_err(zip_refusal)?;
        json.clear();
        let allowed = limits.entry_bytes.min(total_left);
        // The size that the entry claims is not believed: it is read up to one byte past what it may be.
        let length = file.by_ref().take(allowed + 1).read_to_end(&mut json).map_err(entry_refusal)? as u64;
        if length > limits.entry_bytes {
            return Err(Refusal::PastLimit { what: "an entry's size in bytes", limit: limits.entry_bytes });
        }
        if length > total_left {
            return Err(Refusal::PastLimit { what: "the archive's size in bytes", limit: limits.total_bytes });
        }
        total_left -= length;
        intake.statement();
        match schema::advisory(&json, intake.source()) {
            Ok((advisory, doubts)) => take(&name, advisory, doubts, intake)?,
            Err(error) => intake.unread(&name, record_of(&name), error.to_string()),
        }
    }
    Ok(())
}

/// Reads the record of this id, which lies alone.
pub(super) fn read_record(id: &str, bytes: impl Read, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let mut json = Vec::new();
    let length = bytes.take(LIMITS.entry_bytes + 1).read_to_end(&mut json).map_err(entry_refusal)? as u64;
    if length > LIMITS.entry_bytes {
        return Err(Refusal::PastLimit { what: "a record's size in bytes", limit: LIMITS.entry_bytes });
    }
    intake.statement();
    let (advisory, doubts) =
        schema::advisory(&json, intake.source()).map_err(|error| Refusal::Malformed(error.to_string()))?;
    if advisory.id != id {
        return Err(Refusal::Malformed(format!("it is the record of {}", advisory.id)));
    }
    take(id, advisory, doubts, intake)
}

/// The record that a file of this name has: `PYSEC-2024-1` of `PYSEC-2024-1.json`.
fn record_of(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.strip_suffix(".json").unwrap_or(name)
}

fn take(place: &str, advisory: Advisory, doubts: Vec<String>, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    for doubt in doubts {
        intake.problem(place, doubt);
    }
    intake.advisory(advisory).map_err(|stopped| Refusal::Malformed(stopped.to_string()))
}

pub(super) fn zip_refusal(error: ZipError) -> Refusal {
    match error {
        ZipError::Io(error) => entry_refusal(error),
        other => Refusal::Malformed(other.to_string()),
    }
}

/// Inflating reports broken data as an I/O error too; both mean that the document is not whole.
pub(super) fn entry_refusal(error: std::io::Error) -> Refusal {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
            Refusal::Malformed(error.to_string())
        }
        _ => Refusal::Read(error),
    }
}

#[cfg(test)]
mod tests;
