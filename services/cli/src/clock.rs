//! The one place of this program that reads the clock.

use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use plimsoll_analysis::Clock;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the runtime crate's clock would bring a web server into this program")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// Tells the time since it was made.
pub fn stopwatch() -> Clock {
    let start = Instant::now();
    Arc::new(move || start.elapsed())
}
