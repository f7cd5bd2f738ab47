//! What a caller decides about a fetch.

use std::path::PathBuf;
use std::time::Duration;

/// How a [`Fetcher`](crate::Fetcher) behaves. The default suits both a service and the command line.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// How much, how long.
    pub limits: Limits,
    /// When a request is sent again.
    pub retries: Retries,
    /// Where documents lie while they are read; the system's temporary folder where absent.
    pub temporary_folder: Option<PathBuf>,
}

/// The bounds of one fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the document, as sent and as decoded.
    pub size: u64,
    /// How long a connection and the head of an answer may take.
    pub answer: Duration,
    /// How long less than [`Limits::min_progress`] bytes may arrive before the connection is given up.
    pub progress: Duration,
    /// See [`Limits::progress`].
    pub min_progress: u64,
    /// Redirects followed from one request.
    pub redirects: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // OSV's largest archive has some hundred MB, Debian's tracker 70 MB: room for years, and for any usual disk.
            size: 4 << 30,
            answer: Duration::from_secs(60),
            progress: Duration::from_secs(30),
            min_progress: 16 << 10,
            redirects: 5,
        }
    }
}

/// When a request is sent again after 408, 429, 5xx, a broken connection or a stalled one. Progress starts the count anew: a large
/// document over a bad line arrives in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Times a request is sent again without any more of the document.
    pub count: usize,
    /// The first wait; it doubles each time.
    pub min_delay: Duration,
    /// The longest wait; a server whose `Retry-After` asks for a longer one is not asked again in this fetch.
    pub max_delay: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self { count: 4, min_delay: Duration::from_millis(500), max_delay: Duration::from_secs(60) }
    }
}
