//! A connection with a queue for events, and a second one that hears when the first was too full.

use futures::StreamExt as _;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable, ShortString};
use lapin::{Channel, Connection, Consumer};
use plimsoll_model::OrgId;

use crate::BrokerError;
use crate::connection::{close, open, within};
use crate::topology::{EVENTS_EXCHANGE, EventTopic};

const PREFETCH: u16 = 16;

/// Both queues are exclusive: they end with the connection.
pub(super) struct Line {
    connection: Connection,
    channel: Channel,
    queue: ShortString,
    events: Consumer,
    dropped: Consumer,
}

/// What is heard on a line.
pub(super) enum Heard {
    Event(Box<Delivery>),
    /// The queue was full, and its oldest message was dropped.
    Overflow,
    Broken(BrokerError),
}

impl Line {
    /// A line with a queue that holds at most so many messages, of so many bytes.
    pub(super) async fn open(amqp_url: &str, (messages, bytes): (i32, i32)) -> Result<Self, BrokerError> {
        let (connection, channel) = open(amqp_url, "plimsoll events").await?;
        // A full queue says nothing of what it drops, but passes it on: to a queue of one message, which tells that there was one.
        let mut one = FieldTable::default();
        one.insert("x-max-length".into(), AMQPValue::LongInt(1));
        let dropped = exclusive_queue(&channel, one).await?;
        let mut bounded = FieldTable::default();
        bounded.insert("x-max-length".into(), AMQPValue::LongInt(messages));
        bounded.insert("x-max-length-bytes".into(), AMQPValue::LongInt(bytes));
        bounded.insert("x-overflow".into(), AMQPValue::LongString("drop-head".into()));
        bounded.insert("x-dead-letter-exchange".into(), AMQPValue::LongString("".into()));
        bounded.insert("x-dead-letter-routing-key".into(), AMQPValue::LongString(dropped.as_str().into()));
        let queue = exclusive_queue(&channel, bounded).await?;
        within("setting prefetch", channel.basic_qos(PREFETCH, BasicQosOptions::default())).await?;
        let events = consume(&channel, &queue).await?;
        let dropped = consume(&channel, &dropped).await?;
        Ok(Self { connection, channel, queue, events, dropped })
    }

    /// Begins to hear an organization's events.
    pub(super) async fn bind(&self, topic: EventTopic, org: OrgId) -> Result<(), BrokerError> {
        let (queue, key) = (self.queue.clone(), topic.routing_key(org));
        let options = QueueBindOptions::default();
        let binding =
            self.channel.queue_bind(queue, EVENTS_EXCHANGE.into(), key.into(), options, FieldTable::default());
        within("binding a queue", binding).await
    }

    /// Hears them no more.
    pub(super) async fn unbind(&self, topic: EventTopic, org: OrgId) -> Result<(), BrokerError> {
        let (queue, key) = (self.queue.clone(), topic.routing_key(org));
        let unbinding = self.channel.queue_unbind(queue, EVENTS_EXCHANGE.into(), key.into(), FieldTable::default());
        within("unbinding a queue", unbinding).await
    }

    /// Waits for what comes next.
    pub(super) async fn next(&mut self) -> Heard {
        tokio::select! {
            // First, so that nothing is passed on as if nothing was missing before it.
            biased;
            dropped = self.dropped.next() => match dropped {
                Some(Ok(_)) => Heard::Overflow,
                Some(Err(error)) => Heard::Broken(error.into()),
                None => Heard::Broken(BrokerError::Ended),
            },
            event = self.events.next() => match event {
                Some(Ok(event)) => Heard::Event(Box::new(event)),
                Some(Err(error)) => Heard::Broken(error.into()),
                None => Heard::Broken(BrokerError::Ended),
            },
        }
    }

    /// Ends it, with its queues.
    pub(super) async fn close(self) {
        close(self.connection).await;
    }
}

/// Tells the broker that an event was heard.
pub(super) async fn answer(delivery: &Delivery) -> Result<(), BrokerError> {
    within("acknowledging", async { delivery.ack(BasicAckOptions::default()).await.map(|_| ()) }).await
}

async fn exclusive_queue(channel: &Channel, arguments: FieldTable) -> Result<ShortString, BrokerError> {
    let options = QueueDeclareOptions { exclusive: true, auto_delete: true, ..Default::default() };
    let declaring = channel.queue_declare("".into(), options, arguments);
    Ok(within("declaring a queue", declaring).await?.name().clone())
}

async fn consume(channel: &Channel, queue: &ShortString) -> Result<Consumer, BrokerError> {
    let options = BasicConsumeOptions::default();
    let consuming = channel.basic_consume(queue.clone(), "".into(), options, FieldTable::default());
    within("subscribing", consuming).await
}
