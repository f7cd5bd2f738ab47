//! The running platform, as its users meet it: what tests and benchmarks start, send and ask.
//!
//! [`Platform`] starts every service as a process of its own, on a database, vhost, key prefix and folder of its own. [`debian`]
//! builds the real image that the main job is judged on; [`mirror`] serves advisory feeds over loopback HTTP.

pub mod collector;
pub mod debian;
pub mod docker;
pub mod layout;
pub mod mirror;
pub mod platform;
pub mod process;
pub mod tools;
pub mod watching;

pub use platform::Platform;
