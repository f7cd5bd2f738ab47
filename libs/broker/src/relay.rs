//! From the outbox to the broker: a row is removed once the broker has confirmed its message, in the same transaction that took it.
//!
//! A relay that dies in between publishes again later: consumers see a message at least once.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation};
use plimsoll_store::Store;
use plimsoll_store::outbox::{self, Waiting};
use tokio_util::sync::CancellationToken;

use crate::BrokerError;
use crate::connection::{close, open, within};
use crate::topology::{EVENTS_EXCHANGE, EXCHANGE, EventTopic};

const BATCH: i64 = 100;
/// The listener tells of new rows at once; this is for those that it missed.
const LOOK_ANYWAY: Duration = Duration::from_secs(2);
const PERSISTENT: u8 = 2;

/// Publishes what enters the outbox until `shutdown`. Broken connections are made anew.
pub async fn run(store: Store, amqp_url: String, shutdown: CancellationToken) {
    let mut pause = Duration::from_millis(200);
    while !shutdown.is_cancelled() {
        match relay(&store, &amqp_url, &shutdown).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "the outbox relay begins anew"),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(10)),
            () = shutdown.cancelled() => {}
        }
    }
}

async fn relay(store: &Store, amqp_url: &str, shutdown: &CancellationToken) -> Result<(), BrokerError> {
    let (connection, channel) = open(amqp_url, "plimsoll outbox relay").await?;
    within("asking for confirms", channel.confirm_select(ConfirmSelectOptions::default())).await?;
    let mut listener = store.outbox_listener().await?;
    while !shutdown.is_cancelled() {
        if publish_batch(store, &channel).await? > 0 {
            continue;
        }
        tokio::select! {
            heard = tokio::time::timeout(LOOK_ANYWAY, listener.recv()) => {
                if let Ok(heard) = heard {
                    heard.map_err(plimsoll_store::StoreError::from)?;
                }
            }
            () = shutdown.cancelled() => {}
        }
    }
    close(connection).await;
    Ok(())
}

/// Publishes one batch; gives how many messages it was.
async fn publish_batch(store: &Store, channel: &Channel) -> Result<usize, BrokerError> {
    let mut tx = store.catalog_tx().await?;
    let waiting = outbox::take(&mut tx, BATCH).await?;
    let mut confirms = Vec::with_capacity(waiting.len());
    for message in &waiting {
        let payload = serde_json::to_vec(&message.payload)?;
        let to = Address::of(message);
        confirms.push(publish(channel, &to, &payload, &message.trace_context, message.id).await?);
    }
    for (confirm, message) in confirms.into_iter().zip(&waiting) {
        confirmed(&message.topic, confirm).await?;
    }
    let ids: Vec<i64> = waiting.iter().map(|Waiting { id, .. }| *id).collect();
    if !ids.is_empty() {
        outbox::remove(&mut tx, &ids).await?;
        tx.commit().await?;
    }
    Ok(ids.len())
}

/// Where a message is published.
pub(crate) struct Address {
    exchange: &'static str,
    routing_key: String,
    /// Whether it comes back where no queue would take it: work must not be lost, an event that nobody listens for is.
    is_mandatory: bool,
}

impl Address {
    /// The queue of a topic.
    pub(crate) fn of_queue(topic: &str) -> Self {
        Self { exchange: EXCHANGE, routing_key: topic.to_owned(), is_mandatory: true }
    }

    fn of(waiting: &Waiting) -> Self {
        match (EventTopic::parse(&waiting.topic), waiting.org) {
            (Some(topic), Some(org)) => {
                Self { exchange: EVENTS_EXCHANGE, routing_key: topic.routing_key(org), is_mandatory: false }
            }
            _ => Self::of_queue(&waiting.topic),
        }
    }
}

/// Waits until the broker has taken a message: neither refused nor returned for want of a queue.
pub(crate) async fn confirmed(
    topic: &str,
    confirm: impl Future<Output = Result<Confirmation, lapin::Error>>,
) -> Result<(), BrokerError> {
    match within("waiting for a confirm", confirm).await? {
        Confirmation::Ack(None) => Ok(()),
        _ => Err(BrokerError::NotConfirmed(topic.to_owned())),
    }
}

/// Publishes a message: persistent, with the row's number to know it again by.
pub(crate) async fn publish(
    channel: &Channel,
    to: &Address,
    payload: &[u8],
    trace_context: &BTreeMap<String, String>,
    id: i64,
) -> Result<impl Future<Output = Result<Confirmation, lapin::Error>> + use<>, BrokerError> {
    let mut headers = FieldTable::default();
    for (name, value) in trace_context {
        headers.insert(name.as_str().into(), AMQPValue::LongString(value.as_str().into()));
    }
    let properties = BasicProperties::default()
        .with_delivery_mode(PERSISTENT)
        .with_content_type("application/json".into())
        .with_message_id(id.to_string().into())
        .with_headers(headers);
    let options = BasicPublishOptions { mandatory: to.is_mandatory, ..Default::default() };
    let publishing =
        channel.basic_publish(to.exchange.into(), to.routing_key.as_str().into(), options, payload, properties);
    within("publishing", publishing).await
}
