//! Object storage: blobs by content digest, staged uploads, analysis documents. S3 in production, a local folder by default.
//!
//! ```text
//! blobs/sha256/<first two hex>/<hex>   content whose digest was verified before it stood there; never changed
//! staged/<upload>/<part>               parts of uploads in progress
//! documents/<key>                      analysis documents, replaced as a whole
//! ```
//!
//! Nothing here knows of organizations: who may see a blob, the store says.

mod commit;
mod document;
mod error;
mod open;
mod read;
mod stage;
mod stale;
mod upload;

pub use document::MAX_DOCUMENT_BYTES;
pub use error::BlobError;
pub use open::Blobs;
pub use read::{BlobReader, OpenBlob};
pub use stage::Staged;
