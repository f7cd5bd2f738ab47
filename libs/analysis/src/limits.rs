//! How much of a hostile layer is read and kept.

pub use crate::archive::ArchiveLimits;
pub use crate::pace::TimeLimits;

/// The bounds of one analysis. The defaults keep a worker that reads an image under 256 MiB, whatever its layers hold.
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
    /// Bytes of all that is kept of a layer: packages, paths, whiteouts.
    pub kept_bytes: usize,
    /// Bytes of all that is kept of an image's layers. One that is cut as its neighbours took the room says so.
    pub image_kept_bytes: usize,
    /// Bytes that are held at one time, in all passes that share an engine: files, what reading them takes, members of archives, zstd windows over
    /// [`SMALL_WINDOW`]. A larger file than there is room for beside its own layer's window is not read.
    pub held_bytes: usize,
    /// Of these, bytes of members of archives.
    pub member_bytes: usize,
    /// How far archives in it are followed.
    pub archives: ArchiveLimits,
    /// Threads that inspect files, beside those that read, inflate and walk. At least one.
    pub inspection_threads: usize,
    /// The largest zstd window, as a power of two. Those who write layers use 8 MiB at most; `zstd --ultra -21` uses 64 MiB.
    pub zstd_window_log: u32,
    /// How long it may take.
    pub time: TimeLimits,
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
            image_kept_bytes: 48 << 20,
            held_bytes: 112 << 20,
            member_bytes: 24 << 20,
            archives: ArchiveLimits::default(),
            inspection_threads: 2,
            zstd_window_log: 26,
            time: TimeLimits::default(),
            problems: 200,
        }
    }
}

/// Bytes of a zstd window that every layer may have; larger ones are held one at a time. The format asks decoders for as much.
pub const SMALL_WINDOW: usize = 8 << 20;

/// The longest path that is followed, in bytes: Linux's `PATH_MAX`. Nothing longer can be unpacked.
pub(crate) const PATH_BYTES: usize = 4096;
