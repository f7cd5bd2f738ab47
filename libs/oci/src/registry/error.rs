//! Why a registry did not give or take what it was asked to.

use std::time::Duration;

use plimsoll_model::Digest;
use reqwest::StatusCode;

use super::CredentialError;
use crate::ManifestError;

/// A request to a registry that failed. URLs in it have lost their query, which may be a signature.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The connection could not be made, or broke.
    #[error("{what}: {source}")]
    Transport {
        /// Method and URL.
        what: String,
        /// The HTTP client's error, without its URL.
        source: reqwest::Error,
    },
    /// The answer, or its body, came too slowly.
    #[error("{what}: timed out, the registry sent or took too little in {} s", after.as_secs())]
    Timeout {
        /// Method and URL.
        what: String,
        /// How long was waited.
        after: Duration,
    },
    /// A URL that the operator's rules do not allow.
    #[error("{url} is not allowed: {why}")]
    AddressNotAllowed {
        /// The URL.
        url: String,
        /// The rule's words.
        why: String,
    },
    /// https led to http.
    #[error("{from} leads to {to}, which is not encrypted: refused")]
    Downgrade {
        /// Where from.
        from: String,
        /// Where to.
        to: String,
    },
    /// Redirects without end.
    #[error("{what}: more than {limit} redirects")]
    TooManyRedirects {
        /// Method and URL of the first request.
        what: String,
        /// The limit.
        limit: usize,
    },
    /// The registry wants other credentials, or some.
    #[error("{what}: not authorized{}", because(message))]
    Unauthorized {
        /// Method and URL.
        what: String,
        /// The registry's words; may be empty.
        message: String,
    },
    /// These credentials may not do this.
    #[error("{what}: denied{}", because(message))]
    Denied {
        /// Method and URL.
        what: String,
        /// The registry's words; may be empty.
        message: String,
    },
    /// No such repository, tag, manifest or blob, or none that these credentials may see.
    #[error("{what}: not found{}", because(message))]
    NotFound {
        /// Method and URL.
        what: String,
        /// The registry's words; may be empty.
        message: String,
    },
    /// Any other status.
    #[error("{what}: the registry answered {status}{}", because(message))]
    Status {
        /// Method and URL.
        what: String,
        /// The status.
        status: StatusCode,
        /// The registry's words; may be empty.
        message: String,
        /// What its `Retry-After` says.
        retry_after: Option<Duration>,
    },
    /// An answer past its limit.
    #[error("{what}: the answer is longer than {limit} bytes")]
    TooLarge {
        /// What was read.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Bytes that do not hash to what was asked for. Not trusted.
    #[error("digest mismatch: {what} gave {computed} instead of {expected}")]
    DigestMismatch {
        /// What was read.
        what: String,
        /// The digest asked for.
        expected: Digest,
        /// The digest of what came.
        computed: Digest,
    },
    /// A manifest that is none, or under another media type than it says.
    #[error("{what}: {source}")]
    Manifest {
        /// What was read.
        what: String,
        /// What is wrong.
        source: ManifestError,
    },
    /// An answer that the protocol does not have.
    #[error("{what}: {why}")]
    Protocol {
        /// What was asked.
        what: String,
        /// What is wrong.
        why: String,
    },
    /// The registry's host name makes no URL.
    #[error("'{0}' is not a registry host")]
    InvalidHost(String),
    /// What was to be uploaded could not be read.
    #[error("blob {digest} could not be read for its upload: {source}")]
    Source {
        /// The blob.
        digest: Digest,
        /// Why.
        source: std::io::Error,
    },
    /// Stored credentials could not be read.
    #[error(transparent)]
    Credentials(#[from] CredentialError),
}

impl RegistryError {
    /// Whether the same request may succeed later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Transport { source, .. } => !source.is_builder(),
            Self::Timeout { .. } => true,
            Self::Status { status, .. } => {
                // 401 is here only for a token that ran out within an upload: see `upload.rs`.
                status.is_server_error()
                    || matches!(
                        *status,
                        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::UNAUTHORIZED
                    )
            }
            _ => false,
        }
    }

    /// What the registry asks to wait, if anything.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

fn because(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(": {message}") }
}
