//! What every service's `main` needs, and the one place that reads the clock, the environment and the random source.

pub mod clock;
pub mod config;
pub mod health;
pub mod http;
pub mod problem;
pub mod shutdown;
pub mod telemetry;
pub mod trace;
pub mod worker;

pub use problem::Problem;
pub use telemetry::Telemetry;

/// Installs the one TLS provider. rustls has no default of its own when several are compiled in.
pub fn install_tls() {
    // Fails only where one is installed already, which is just as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
