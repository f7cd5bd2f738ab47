//! The stages of the one pass over a layer, each on a thread of its own: read and hash the blob, inflate, hash and walk the tar.
//!
//! Chunks of fixed size go from one to the next over bounded channels and come back empty, so that memory does not grow with
//! the layer, and the wall time is that of the slowest stage.

pub(crate) mod chunks;
pub(crate) mod compression;
pub(crate) mod gzip;
mod zstd_frame;

use std::sync::Arc;
use std::sync::OnceLock;

use crate::budget::{Budget, Pool};
use crate::engine::Engine;
use crate::pace::Pace;

/// One pass: what its stages share.
pub(crate) struct Pass<'e> {
    pub(crate) engine: &'e Engine,
    pub(crate) pace: Pace,
    kept: Arc<Pool>,
    /// Bytes of the reservoir that the layer's window takes; set before the first byte of tar is there.
    window: OnceLock<usize>,
}

impl<'e> Pass<'e> {
    pub(crate) fn new(engine: &'e Engine) -> Self {
        let image = engine.image();
        let pace = Pace::new(engine.clock().cloned(), engine.limits().time, image.work);
        Self { engine, pace, kept: image.kept, window: OnceLock::new() }
    }

    /// For what may be kept up to so many bytes.
    pub(crate) fn budget(&self, bytes: usize) -> Budget {
        Budget::new(bytes, Arc::clone(&self.kept))
    }

    /// What the layer's window takes of the reservoir.
    pub(crate) fn window(&self) -> usize {
        self.window.get().copied().unwrap_or_default()
    }

    pub(crate) fn has_window(&self, bytes: usize) {
        // One layer has one stream.
        let _ = self.window.set(bytes);
    }
}
