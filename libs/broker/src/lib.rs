//! RabbitMQ: which queues there are, what the messages in them say, how they get in (the outbox relay) and out (consumers).
//!
//! A message becomes true in a PostgreSQL transaction that also writes it to the outbox; [`relay`] publishes it with a publisher
//! confirm and only then forgets it. [`consumer`] takes it with a manual acknowledgement, so whatever dies, it is handled at
//! least once: every handler is idempotent. One that cannot be handled ends in its dead-letter queue, see [`dead_letters`].
//! An event is no work: [`listeners`] tell it to whoever wants to know now.

mod connection;
pub mod consumer;
pub mod contracts;
pub mod dead_letters;
mod error;
pub mod listeners;
pub mod relay;
pub mod topology;

pub use connection::ping;
pub use consumer::{Attempt, Consumer, Outcome};
pub use contracts::{Event, Message};
pub use error::BrokerError;
pub use listeners::{Listener, Listeners, News};
