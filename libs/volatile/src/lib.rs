//! Redis: what may be lost. Sessions, rate limits, and live news of work in progress.
//!
//! Every key and channel begins with a prefix of the installation's own. Every wait has an end: without Redis each call gives
//! an error within seconds, subscriptions fall silent and go on when it is back. One Redis or a primary with replicas, not
//! Redis Cluster: some scripts touch keys that they look up.

mod connection;
mod error;
mod hub;
mod live;
mod progress;
mod rate_limit;
mod session;

pub use connection::Volatile;
pub use error::VolatileError;
pub use progress::{ScanProgress, ScanState};
pub use rate_limit::{Decision, Limit};
pub use session::{Lifetime, Session, SessionToken};
