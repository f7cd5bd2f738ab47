//! Red Hat's security data: its VEX documents, one a CVE, and its advisories, as [CSAF](super::csaf).
//!
//! In: a document (`csaf/v2/vex/2024/cve-2024-0727.json`) or an archive of them (`csaf/v2/vex/csaf_vex_2025-12-31.tar.zst`). Out: one advisory a
//! CVE and document, with what is said of the packages of Red Hat Enterprise Linux. A document of an archive that cannot be read is a problem with
//! its place; a loose one is refused.
//! States are kept as said: no fix planned is *won't fix*, or *end of life* where the release is out of support; what has no fix yet stays affected.
//! Names in an archive are only told in problems and of documents that cannot be read; nothing is written anywhere.
//! Source: <https://redhatproductsecurity.github.io/security-data-guidelines/csaf-vex/>.

mod advisory;
mod products;

use std::io::{Read, SeekFrom};

use serde::de::Error as _;

use super::admission::{Intake, Stopped};
use super::csaf::{CsafDocument, Vulnerability};
use super::metered::{self, Meter};
use super::{DocumentBytes, Feed, FeedKind, Refusal};
use products::Products;

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "redhat",
    title: "Red Hat's VEX documents and advisories",
    kind: FeedKind::Advisories,
    upstream: "https://security.access.redhat.com/data",
    upstream_path: str::to_owned,
    default_paths: || ["vex", "advisories"].map(|folder| format!("csaf/v2/{folder}/changes.csv")).into(),
    later: super::none_later,
    // Documents change all day; the index tells which.
    interval: super::hours(1),
    index: Some(record_of),
    parser: read,
};

/// What the keys of a document's records begin with: `CVE-2024-0727` of `2024/cve-2024-0727.json`, `RHSA-2024:0010` of `2024/rhsa-2024_0010.json`.
fn record_of(path: &str) -> Option<String> {
    let stem = path.rsplit_once('/').map_or(path, |(_, name)| name).strip_suffix(".json")?;
    Some(stem.replace('_', ":").to_ascii_uppercase())
}

/// Bounds on what is read.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Of an archive.
    entries: u64,
    /// Of a document, which is held whole while its lists are read; the longest of the mirror has 23 MB.
    document_bytes: u64,
    /// Of an archive, inflated.
    total_bytes: u64,
}

const LIMITS: Limits = Limits { entries: 2_000_000, document_bytes: 128 << 20, total_bytes: 256 << 30 };
/// How every zstd frame begins (RFC 8878).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The largest window that is granted, as a power of two: what `zstd` itself grants.
const MAX_WINDOW_LOG: u32 = 27;

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    read_within(LIMITS, bytes, intake)
}

fn read_within(limits: Limits, bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let mut magic = Vec::with_capacity(ZSTD_MAGIC.len());
    (&mut *bytes).take(ZSTD_MAGIC.len() as u64).read_to_end(&mut magic).map_err(Refusal::Read)?;
    bytes.seek(SeekFrom::Start(0)).map_err(Refusal::Read)?;
    if magic == ZSTD_MAGIC {
        return read_archive(limits, bytes, intake);
    }
    let mut json = Vec::new();
    let length = bytes.take(limits.document_bytes + 1).read_to_end(&mut json).map_err(Refusal::Read)? as u64;
    if length > limits.document_bytes {
        return Err(Refusal::PastLimit { what: "the document's size in bytes", limit: limits.document_bytes });
    }
    read_document(&json, intake)
}

fn read_archive(limits: Limits, bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let mut inflated = zstd::Decoder::new(bytes).map_err(Refusal::Read)?;
    inflated.window_log_max(MAX_WINDOW_LOG).map_err(Refusal::Read)?;
    let meter = Meter::new(metered::Limits { document_bytes: limits.total_bytes, record_bytes: u64::MAX });
    let broken = |error| meter.refusal().unwrap_or_else(|| archive_refusal(error));
    let mut archive = tar::Archive::new(meter.reader(inflated));
    let mut json = Vec::new();
    let mut entries = 0;
    // Raw, so that long names and extended headers are skipped and not gathered in memory.
    for entry in archive.entries().map_err(broken)?.raw(true) {
        let mut entry = entry.map_err(broken)?;
        entries += 1;
        if entries > limits.entries {
            return Err(Refusal::PastLimit { what: "the number of entries", limit: limits.entries });
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if !entry.header().entry_type().is_file() || !name.ends_with(".json") {
            continue;
        }
        intake.statement();
        json.clear();
        // The size that the entry claims is not believed: it is read up to one byte past what it may be.
        let length = entry.by_ref().take(limits.document_bytes + 1).read_to_end(&mut json).map_err(broken)? as u64;
        if length > limits.document_bytes {
            let why = format!("it is longer than {} bytes", limits.document_bytes);
            intake.unread(&name, record_of(&name).unwrap_or_default(), why);
            continue;
        }
        if length < entry.size() {
            return Err(Refusal::Malformed(format!("{name:.200} is cut off")));
        }
        match advisories(&json, intake) {
            Ok(()) => {}
            Err(Failure::Unread(error)) => {
                intake.unread(&name, record_of(&name).unwrap_or_default(), error.to_string());
            }
            Err(Failure::Stopped(stopped)) => return Err(Refusal::Malformed(stopped.to_string())),
        }
    }
    if entries == 0 {
        return Err(Refusal::Malformed("the archive is empty".into()));
    }
    Ok(())
}

/// What breaks in an archive that lies on disk is its content, but where the system itself says otherwise.
fn archive_refusal(error: std::io::Error) -> Refusal {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof | ErrorKind::Other => {
            Refusal::Malformed(error.to_string())
        }
        _ => Refusal::Read(error),
    }
}

fn read_document(json: &[u8], intake: &mut Intake<'_>) -> Result<(), Refusal> {
    intake.statement();
    advisories(json, intake).map_err(|failure| match failure {
        Failure::Unread(error) => Refusal::Malformed(error.to_string()),
        Failure::Stopped(stopped) => Refusal::Malformed(stopped.to_string()),
    })
}

/// Why a document's advisories were not all handed on.
enum Failure {
    /// It is not as specified.
    Unread(serde_json::Error),
    /// One could not be stored.
    Stopped(Stopped),
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Unread(error)
    }
}

/// Hands on what a document says of each of its vulnerabilities.
fn advisories(json: &[u8], intake: &mut Intake<'_>) -> Result<(), Failure> {
    let document = CsafDocument::read(json)?;
    let head = &document.document;
    let products = Products::of(&document)?;
    if products.missing() > 0 {
        intake
            .problem(&head.tracking.id, format!("{} relationships with products that are missing", products.missing()));
    }
    let mut stopped = None;
    let read = document.vulnerabilities(|vulnerability| {
        let told = Vulnerability::read(vulnerability)
            .and_then(|vulnerability| advisory::told(intake.source(), head, &products, &vulnerability));
        let told = match told {
            Ok(Some(told)) => told,
            Ok(None) => {
                intake.skipped();
                return Ok(());
            }
            Err(error) => {
                intake.unread(&head.tracking.id, &*head.tracking.id, error.to_string());
                return Ok(());
            }
        };
        for doubt in told.doubts {
            intake.problem(&told.advisory.key, doubt);
        }
        // An advisory's texts are those of the CVE's own document: without packages it says nothing more.
        if told.advisory.affected.is_empty() && told.advisory.key != told.advisory.id {
            intake.skipped();
            return Ok(());
        }
        intake.advisory(told.advisory).map_err(|reason| {
            stopped = Some(reason);
            serde_json::Error::custom("stopped")
        })
    });
    match stopped {
        Some(stopped) => Err(Failure::Stopped(stopped)),
        None => Ok(read?),
    }
}

#[cfg(test)]
mod tests;
