//! Why a document could not be fetched.

use std::io;
use std::time::Duration;

use reqwest::StatusCode;

/// A fetch that failed. The caller keeps what it had. Addresses in it have lost user and query, which may be secrets.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// An address that is none, or of another scheme.
    #[error("'{address}' is not an address that documents are fetched from: {why}")]
    Address {
        /// The address.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// The HTTP client could not be made.
    #[error("the HTTP client could not be set up: {0}")]
    Client(#[source] reqwest::Error),
    /// The connection could not be made, or broke.
    #[error("{address}: {}", innermost(source))]
    Transport {
        /// The address.
        address: String,
        /// The HTTP client's error, without its address.
        source: reqwest::Error,
    },
    /// No answer in time.
    #[error("{address}: no answer in {} s", after.as_secs_f32())]
    NoAnswer {
        /// The address.
        address: String,
        /// How long was waited.
        after: Duration,
    },
    /// The answer's body came too slowly.
    #[error("{address}: no progress for {} s, after {received} bytes", after.as_secs_f32())]
    Stalled {
        /// The address.
        address: String,
        /// Bytes that had arrived.
        received: u64,
        /// How long was waited.
        after: Duration,
    },
    /// A status that brings no document.
    #[error("{address}: the server answered {status}{}", wished(*retry_after))]
    Status {
        /// The address.
        address: String,
        /// The status.
        status: StatusCode,
        /// What its `Retry-After` says.
        retry_after: Option<Duration>,
    },
    /// More than the limit, by what the server says or by what came.
    #[error("{address}: the document is larger than {limit} bytes, which is the limit")]
    TooLarge {
        /// The address.
        address: String,
        /// The limit.
        limit: u64,
    },
    /// Fewer bytes than the server said.
    #[error("{address}: the document ended after {received} of {expected} bytes")]
    Truncated {
        /// The address.
        address: String,
        /// Bytes that came.
        received: u64,
        /// Bytes that the server announced.
        expected: u64,
    },
    /// A content coding that was not asked for and that is not read.
    #[error("{address}: the server sent it in the content coding '{encoding}', which was not asked for")]
    Encoding {
        /// The address.
        address: String,
        /// `Content-Encoding`.
        encoding: String,
    },
    /// The content coding does not decode.
    #[error("{address}: the server's gzip coding of it does not decode: {source}")]
    Decoding {
        /// The address.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// Redirects without end.
    #[error("{address}: more than {limit} redirects")]
    TooManyRedirects {
        /// The address.
        address: String,
        /// The limit.
        limit: usize,
    },
    /// A redirect that is not followed.
    #[error("{address}: redirected to '{to}', which is not followed: {why}")]
    Redirect {
        /// The address.
        address: String,
        /// Where to.
        to: String,
        /// Why not.
        why: &'static str,
    },
    /// An answer that does not fit the question.
    #[error("{address}: {why}")]
    Protocol {
        /// The address.
        address: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A file of a mirror that does not open or is none.
    #[error("{address}: {source}")]
    File {
        /// The address.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The disk where documents lie while they are read.
    #[error("the document could not be kept in a temporary file: {0}")]
    Temporary(#[source] io::Error),
}

impl FetchError {
    /// Whether the same fetch may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport { source, .. } => !source.is_builder(),
            Self::NoAnswer { .. } | Self::Stalled { .. } | Self::Truncated { .. } => true,
            Self::Status { status, .. } => {
                status.is_server_error()
                    || matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
            }
            _ => false,
        }
    }

    /// Whether the server says that there is no such document.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Status { status, .. } => matches!(*status, StatusCode::NOT_FOUND | StatusCode::GONE),
            Self::File { source, .. } => source.kind() == io::ErrorKind::NotFound,
            _ => false,
        }
    }

    /// What the server asks to wait (`Retry-After`), if anything.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

/// How long the server asks to be left alone.
fn wished(retry_after: Option<Duration>) -> String {
    retry_after.map(|wait| format!(", and asks to wait for {} s", wait.as_secs())).unwrap_or_default()
}

/// The cause that tells something: the client's own words are "error sending request".
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
