//! VEX: what somebody who knows says of a vulnerability in a product, and why.
//!
//! In: the bytes of an OpenVEX (also in an in-toto statement), CSAF or CycloneDX document, possibly hostile ([`read`]). Out: [`Statement`]s; which of them counts for a
//! package in an image ([`Decisions`]); and documents of our own in each of the formats ([`write`]).
//! Pure: the clock and ids of documents come in as arguments.

mod decisions;
mod document;
mod image;
mod package;
mod product;
pub mod read;
pub mod write;

pub use decisions::{Decisions, Said, Subject};
pub use document::{Attachment, Document, Format, Justification, Statement, Status, attached_name};
pub use image::{ImageIdentity, ImagePattern, Repository};
pub use package::{PackagePattern, package_url};
pub use product::{Claim, Meaning, Product};
pub use read::{Limits, VexError, read};
