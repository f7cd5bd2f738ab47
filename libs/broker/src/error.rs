//! What can go wrong between us and RabbitMQ.

/// A broker that does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum BrokerError {
    /// RabbitMQ or the way to it: the text says which.
    #[error("message broker: {0}")]
    Broker(#[from] lapin::Error),
    /// It did not answer in time.
    #[error("message broker: no answer within {0} s while {1}")]
    Timeout(u64, &'static str),
    /// It did not take a message.
    #[error("message broker: did not confirm a message for {0}")]
    NotConfirmed(String),
    /// It ended what was asked of it.
    #[error("message broker: ended the subscription")]
    Ended,
    /// More came than could be heard.
    #[error("message broker: dropped events, as more came than were heard")]
    Overflow,
    /// The outbox.
    #[error(transparent)]
    Store(#[from] plimsoll_store::StoreError),
    /// A message that is not JSON.
    #[error("message: {0}")]
    Json(#[from] serde_json::Error),
}
