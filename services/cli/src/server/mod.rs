//! A Plimsoll server's API, as a client sees it.

mod access;
mod advisories;
mod answers;
mod client;
mod coverage;
mod observation;
mod queries;
mod report;
mod vex_documents;

pub use access::connect;
pub use advisories::{OwnAdvisory, Written};
pub use answers::ScanState;
pub use client::{Server, ServerFacts};
pub use vex_documents::VexDocument;
