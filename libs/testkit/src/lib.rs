//! For tests: a database, vhost and key prefix of their own on the real servers, the shared corpus, and a stand-in for ClamAV.
//!
//! The servers are those that the environment names (`DATABASE_URL`, `AMQP_URL`, `AMQP_MANAGEMENT_URL`, `REDIS_URL`), as
//! `infra/test` sets them. A test that needs one fails with that hint when it is not named: it never passes by not running.

pub mod clamd;
pub mod corpus;
mod database;
mod deadline;
mod rabbit;

pub use database::Database;
pub use deadline::eventually;
pub use rabbit::Vhost;
/// For tests that look at rows which no function of the store gives.
pub use sqlx;

/// The address of a server, from the environment.
fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| panic!("{variable} is not set: run the tests by infra/test"))
}

/// The address of the Redis server.
pub fn redis_url() -> String {
    server("REDIS_URL")
}

/// A key prefix that no other test has.
pub fn key_prefix() -> String {
    format!("test:{}", uuid::Uuid::now_v7())
}
