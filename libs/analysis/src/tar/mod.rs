//! A tar walker of our own: one pass, nothing unpacked, nothing believed.
//!
//! It reads archives as Go's `archive/tar` does, since that is what docker, containerd and podman unpack layers with: whoever
//! reads another size or another name than they do can be shown another image (CVE-2025-62518).
//! Sources: POSIX.1-2024 `pax`; GNU tar manual, "Basic Tar Format"; Go, `src/archive/tar/reader.go`.

mod header;
mod pax;
mod walk;

pub(crate) use walk::{BEGINNING, Entry, Kind, Visitor, walk};

/// Why an archive was not walked to its end. Offsets are bytes from the beginning of the tar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TarError {
    /// The bytes end within a header or a file.
    #[error("the archive ends at byte {offset}, within {within}")]
    EndsEarly { offset: u64, within: &'static str },
    /// A header that cannot be believed.
    #[error("the header at byte {offset}: {why}")]
    Corrupt { offset: u64, why: &'static str },
    /// A PAX or long-name header past the limit.
    #[error("the header at byte {offset} claims {size} bytes of extended header; at most {limit} are read")]
    HeaderTooLarge { offset: u64, size: u64, limit: u64 },
    /// Its visitor has no time left.
    #[error("the archive was left at byte {offset}")]
    Left { offset: u64 },
    /// More headers than the limit.
    #[error("more than {limit} entries")]
    TooManyEntries { limit: u64 },
}
