//! What could not be handled, as an operator sees it: listed with its reason, and tried again on request.

use std::collections::BTreeMap;

use lapin::message::BasicGetMessage;
use lapin::options::{BasicAckOptions, BasicGetOptions, ConfirmSelectOptions};
use lapin::types::AMQPValue;
use serde::Serialize;

use crate::BrokerError;
use crate::connection::{close, open, within};
use crate::relay::{self, Address};
use crate::topology::Topic;

/// A message that could not be handled.
#[derive(Debug, Clone, Serialize)]
pub struct DeadLetter {
    /// Which topic's.
    pub topic: String,
    /// The message.
    pub message: serde_json::Value,
    /// Why the broker has it here: `rejected` by a handler, or `delivery_limit`.
    pub reason: String,
    /// How often it came here.
    pub times: i64,
}

/// Up to `most` dead letters of a topic, oldest first. They stay where they are.
///
/// # Errors
/// When the broker does not answer.
pub async fn list(amqp_url: &str, topic: Topic, most: usize) -> Result<Vec<DeadLetter>, BrokerError> {
    let (connection, channel) = open(amqp_url, "plimsoll dead letters").await?;
    let mut letters = Vec::new();
    while letters.len() < most {
        // Not answered: they go back when the connection closes.
        let getting = channel.basic_get(topic.dead_queue().into(), BasicGetOptions::default());
        let Some(message) = within("reading a dead letter", getting).await? else { break };
        letters.push(dead_letter(topic, &message));
    }
    close(connection).await;
    Ok(letters)
}

/// Publishes up to `most` dead letters of a topic again; gives how many.
///
/// # Errors
/// When the broker does not answer; what was published by then is published.
pub async fn retry(amqp_url: &str, topic: Topic, most: usize) -> Result<usize, BrokerError> {
    let (connection, channel) = open(amqp_url, "plimsoll dead letters").await?;
    within("asking for confirms", channel.confirm_select(ConfirmSelectOptions::default())).await?;
    let mut retried = 0;
    while retried < most {
        let getting = channel.basic_get(topic.dead_queue().into(), BasicGetOptions::default());
        let Some(message) = within("reading a dead letter", getting).await? else { break };
        let to = Address::of_queue(topic.name());
        let confirm = relay::publish(&channel, &to, &message.data, &BTreeMap::new(), 0).await?;
        relay::confirmed(topic.name(), confirm).await?;
        within("removing a dead letter", message.ack(BasicAckOptions::default())).await?;
        retried += 1;
    }
    close(connection).await;
    Ok(retried)
}

fn dead_letter(topic: Topic, message: &BasicGetMessage) -> DeadLetter {
    let deaths = message.properties.headers().as_ref().and_then(|headers| headers.inner().get("x-death"));
    let latest = match deaths {
        Some(AMQPValue::FieldArray(deaths)) => deaths.as_slice().first(),
        _ => None,
    };
    let field = |name: &str| match latest {
        Some(AMQPValue::FieldTable(death)) => death.inner().get(name),
        _ => None,
    };
    let reason = match field("reason") {
        Some(AMQPValue::LongString(reason)) => reason.to_string(),
        _ => "unknown".into(),
    };
    let times = match field("count") {
        Some(AMQPValue::LongLongInt(times)) => *times,
        _ => 1,
    };
    let message = serde_json::from_slice(&message.data).unwrap_or_else(|_| {
        serde_json::Value::String(String::from_utf8_lossy(&message.data).chars().take(200).collect())
    });
    DeadLetter { topic: topic.name().into(), message, reason, times }
}
