//! A Plimsoll server's API, as a client sees it.

mod advisories;
mod answers;
mod client;
mod coverage;
mod observation;
mod queries;
mod report;

pub use advisories::{OwnAdvisory, Written};
pub use answers::ScanState;
pub use client::{Server, ServerFacts};
