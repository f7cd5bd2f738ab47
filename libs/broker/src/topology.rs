//! Exchanges and queues. Every process declares all of them before it uses one: the order in which services start is free.
//!
//! ```text
//! exchange plimsoll (direct) ──scan.image──> queue scan.image ──(rejected, or delivered too often)──┐
//!                                                                                                   v
//! queue scan.image.dead (kept for the operator) <──scan.image── exchange plimsoll.dead (direct) ──> queue scan.image.failed
//!                                                                                          (read by scanners: the image is told)
//!
//! exchange plimsoll.events (topic) ──findings.changed.<organization>──> a queue of each who listens: bound for the organizations that it
//!                                                                       wants (`#`: all), its own, gone with it; nobody listens: dropped
//! ```

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use plimsoll_model::OrgId;

use crate::BrokerError;
use crate::connection::within;

/// Where messages are published.
pub const EXCHANGE: &str = "plimsoll";
/// Where messages go that could not be handled.
pub const DEAD_EXCHANGE: &str = "plimsoll.dead";

/// Where events are published: to every queue that is bound, and to none where nobody listens.
pub const EVENTS_EXCHANGE: &str = "plimsoll.events";

/// How often a message is delivered before it is given up.
pub const ATTEMPTS: u32 = 5;

/// A kind of work: the routing key of its messages and the name of their queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// An image waits for its scan.
    ScanImage,
    /// Advisories changed: package versions must be matched again.
    AdvisoriesChanged,
    /// Feeds shall be synced now.
    SyncFeeds,
    /// An organization's own advisories changed: its package versions must be matched again.
    OwnAdvisoriesChanged,
    /// What an organization's VEX documents say changed: which of its findings they hide must be decided again.
    VexChanged,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::ScanImage, Self::AdvisoriesChanged, Self::SyncFeeds, Self::OwnAdvisoriesChanged, Self::VexChanged];

    /// The routing key, which is also the queue's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ScanImage => "scan.image",
            Self::AdvisoriesChanged => "advisories.changed",
            Self::SyncFeeds => "feeds.sync",
            Self::OwnAdvisoriesChanged => "own_advisories.changed",
            Self::VexChanged => "vex.changed",
        }
    }

    /// The topic of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }

    /// The queue that keeps what could not be handled, until an operator looks at it.
    pub fn dead_queue(self) -> String {
        format!("{}.dead", self.name())
    }

    /// The queue that tells the service what could not be handled, where it wants to know.
    pub fn failed_queue(self) -> Option<String> {
        (self == Self::ScanImage).then(|| format!("{}.failed", self.name()))
    }
}

/// A kind of event: told to all who listen for its organization, and kept by nobody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventTopic {
    /// Findings opened or closed.
    FindingsChanged,
}

impl EventTopic {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::FindingsChanged];

    /// Its name in the outbox, and the first part of its routing keys.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FindingsChanged => plimsoll_store::finding_events::TOPIC,
        }
    }

    /// The topic of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }

    /// The routing key of an organization's events.
    pub fn routing_key(self, org: OrgId) -> String {
        format!("{}.{org}", self.name())
    }
}

/// Declares every exchange and lasting queue. All are durable; queues are quorum queues.
pub(crate) async fn declare(channel: &Channel) -> Result<(), BrokerError> {
    let exchanges = [
        (EXCHANGE, ExchangeKind::Direct),
        (DEAD_EXCHANGE, ExchangeKind::Direct),
        (EVENTS_EXCHANGE, ExchangeKind::Topic),
    ];
    for (exchange, kind) in exchanges {
        let options = ExchangeDeclareOptions { durable: true, ..Default::default() };
        within(
            "declaring an exchange",
            channel.exchange_declare(exchange.into(), kind, options, FieldTable::default()),
        )
        .await?;
    }
    for topic in Topic::ALL {
        let mut arguments = quorum();
        // The limit counts deliveries that ended without an answer, as when a worker dies; a handler gives up by itself before.
        arguments.insert("x-delivery-limit".into(), AMQPValue::LongInt(i32::try_from(ATTEMPTS).unwrap_or(i32::MAX)));
        arguments.insert("x-dead-letter-exchange".into(), AMQPValue::LongString(DEAD_EXCHANGE.into()));
        arguments.insert("x-dead-letter-routing-key".into(), AMQPValue::LongString(topic.name().into()));
        queue(channel, topic.name(), EXCHANGE, topic, arguments).await?;
        for name in std::iter::once(topic.dead_queue()).chain(topic.failed_queue()) {
            queue(channel, &name, DEAD_EXCHANGE, topic, quorum()).await?;
        }
    }
    Ok(())
}

fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
    arguments
}

async fn queue(
    channel: &Channel,
    name: &str,
    exchange: &str,
    topic: Topic,
    arguments: FieldTable,
) -> Result<(), BrokerError> {
    within("declaring a queue", channel.queue_declare(name.into(), QueueDeclareOptions::durable(), arguments)).await?;
    let binding = channel.queue_bind(
        name.into(),
        exchange.into(),
        topic.name().into(),
        QueueBindOptions::default(),
        FieldTable::default(),
    );
    within("binding a queue", binding).await
}
