//! Time and ids. Everything else takes them as arguments, so that it can be tested by tables.
#![expect(clippy::disallowed_methods, reason = "this is the place that reads them")]

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Now.
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A new UUIDv7: it sorts by when it was made.
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
