//! Time and ids. Everything else takes them as arguments, so that it can be tested by tables.
#![expect(clippy::disallowed_methods, reason = "this is the place that reads them")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Now.
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Tells the time since it was made.
pub fn stopwatch() -> Arc<dyn Fn() -> Duration + Send + Sync> {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}

/// A new UUIDv7: it sorts by when it was made.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
