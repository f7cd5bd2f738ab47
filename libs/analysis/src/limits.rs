//! How much of a hostile layer is read and kept.

pub use crate::archive::ArchiveLimits;

/// The bounds of one analysis. The defaults keep a worker under 256 MiB, whatever the layer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the blob as stored. A longer one is refused: its digest could not be checked.
    pub compressed_bytes: u64,
    /// Bytes of the tar. Past it the layer is `layer_too_large`; what was read before is kept.
    pub uncompressed_bytes: u64,
    /// Tar headers of any kind, or files and folders of a tree.
    pub entries: u64,
    /// Bytes of one PAX or GNU long-name header. 1 MiB is what Go's `archive/tar` takes, so what container runtimes take.
    pub tar_header_bytes: u64,
    /// Bytes of all that is kept: packages, paths, whiteouts.
    pub kept_bytes: usize,
    /// Bytes of files that are held at one time to be inspected, beside the one that is being read from the archive.
    pub inspected_bytes: usize,
    /// How far archives in it are followed.
    pub archives: ArchiveLimits,
    /// Threads that inspect files, beside those that read, inflate and walk. At least one.
    pub inspection_threads: usize,
    /// The largest zstd window, as a power of two: 27 is what the `zstd` tool takes unless asked for more.
    pub zstd_window_log: u32,
    /// Problems told one by one; the rest is counted.
    pub problems: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            compressed_bytes: 32 << 30,
            uncompressed_bytes: 32 << 30,
            entries: 2_000_000,
            tar_header_bytes: 1 << 20,
            kept_bytes: 32 << 20,
            inspected_bytes: 112 << 20,
            archives: ArchiveLimits::default(),
            inspection_threads: 2,
            zstd_window_log: 27,
            problems: 200,
        }
    }
}

/// The longest path that is followed, in bytes: Linux's `PATH_MAX`. Nothing longer can be unpacked.
pub(crate) const PATH_BYTES: usize = 4096;
