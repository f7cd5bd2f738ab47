//! How a fetch is getting on.

use std::time::Duration;

use crate::FetchError;

/// Told to the caller as it happens.
#[derive(Debug)]
pub enum Progress<'a> {
    /// Bytes are there. Goes back where a download has to start over.
    Received {
        /// How many, of the document as sent.
        bytes: u64,
        /// How many it will be, where the server says.
        of: Option<u64>,
    },
    /// An attempt failed; the next one comes.
    Retrying {
        /// Why.
        error: &'a FetchError,
        /// After how long.
        after: Duration,
    },
}
