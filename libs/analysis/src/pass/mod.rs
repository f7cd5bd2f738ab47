//! The stages of the one pass over a layer, each on a thread of its own: read and hash the blob, inflate, hash and walk the tar.
//!
//! Chunks of fixed size go from one to the next over bounded channels and come back empty, so that memory does not grow with
//! the layer, and the wall time is that of the slowest stage.

pub(crate) mod chunks;
pub(crate) mod compression;
pub(crate) mod gzip;
