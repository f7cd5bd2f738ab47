//! Fetching a document: conditional, bounded, resumable.
//!
//! In: an address (`https://`, `http://`, or `file://` of a mirror on disk) and the [`Validators`] of what the caller has.
//! Out: [`Fetched::Unchanged`], or the document in a file without a name, whole. What it says is for a parser to find out.
//! Source: RFC 9110 (conditional requests, ranges, `Retry-After`, content codings).

mod encoding;
mod error;
mod fetcher;
mod file_address;
mod options;
mod pace;
mod progress;
mod request;
mod retry_after;
mod together;
mod transfer;
mod validators;

pub use error::FetchError;
pub use fetcher::{Fetched, Fetcher};
pub use file_address::address;
pub use options::{Limits, Options, Retries};
pub use progress::Progress;
pub use request::shown;
pub use together::{KnownFiles, Together};
pub use validators::Validators;
