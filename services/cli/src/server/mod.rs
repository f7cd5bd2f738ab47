//! A Plimsoll server's API, as a client sees it.

mod access;
mod answers;
mod client;
mod coverage;
mod documents;
mod observation;
mod queries;
mod report;

pub use access::connect;
pub use answers::ScanState;
pub use client::{Server, ServerFacts};
pub use documents::{ADVISORIES, DocumentKind, OwnAdvisory, VEX_DOCUMENTS, VexDocument, Written};
