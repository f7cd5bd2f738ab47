//! The one place of this program that reads the clock.

use chrono::{DateTime, Utc};

/// Now.
#[expect(clippy::disallowed_methods, reason = "the runtime crate's clock would bring a web server into this program")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}
