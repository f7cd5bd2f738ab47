//! Out of a queue: manual acknowledgements, prefetch as back-pressure, retries with a pause, and an end to them.

use std::collections::BTreeMap;
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use lapin::Channel;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions, BasicRejectOptions};
use lapin::types::{AMQPValue, FieldTable};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::connection::{close, open, within};
use crate::topology::ATTEMPTS;
use crate::{BrokerError, Message};

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its effect is stored: forget it.
    Done,
    /// Something around it failed: deliver it again, after a pause.
    Retry,
    /// It can never be handled: to the dead letters.
    GiveUp,
}

/// Which delivery of a message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
}

impl Attempt {
    /// Whether [`Outcome::Retry`] would give it up.
    pub const fn is_last(self) -> bool {
        self.number >= ATTEMPTS
    }
}

/// Takes messages `M` of one queue and handles several at a time.
#[derive(Debug, Clone)]
pub struct Consumer<M> {
    amqp_url: String,
    queue: String,
    prefetch: u16,
    message: PhantomData<fn() -> M>,
}

impl<M: Message> Consumer<M> {
    /// Of the topic's own queue; at most `prefetch` messages are taken and not yet answered.
    pub fn new(amqp_url: impl Into<String>, prefetch: u16) -> Self {
        Self { amqp_url: amqp_url.into(), queue: M::TOPIC.name().into(), prefetch, message: PhantomData }
    }

    /// Of the queue that tells what could not be handled, if the topic has one.
    pub fn of_failed(amqp_url: impl Into<String>) -> Option<Self> {
        let queue = M::TOPIC.failed_queue()?;
        Some(Self { amqp_url: amqp_url.into(), queue, prefetch: 1, message: PhantomData })
    }

    /// Handles messages until `shutdown`, then waits for those under way. Broken connections are made anew; what was under way
    /// then is delivered again.
    pub async fn run<H, F>(self, shutdown: CancellationToken, handle: H)
    where
        H: Fn(M, Attempt) -> F + Send + Sync + 'static,
        F: Future<Output = Outcome> + Send + 'static,
    {
        let handle = Arc::new(handle);
        let mut pause = Duration::from_millis(200);
        while !shutdown.is_cancelled() {
            match self.consume(&shutdown, &handle).await {
                Ok(()) if shutdown.is_cancelled() => return,
                Ok(()) => tracing::warn!(queue = self.queue, "the broker ended the subscription"),
                Err(error) => tracing::warn!(queue = self.queue, %error, "the consumer begins anew"),
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(Duration::from_secs(10)),
                () = shutdown.cancelled() => {}
            }
        }
    }

    async fn consume<H, F>(&self, shutdown: &CancellationToken, handle: &Arc<H>) -> Result<(), BrokerError>
    where
        H: Fn(M, Attempt) -> F + Send + Sync + 'static,
        F: Future<Output = Outcome> + Send + 'static,
    {
        let (connection, channel) = open(&self.amqp_url, &format!("plimsoll consumer of {}", self.queue)).await?;
        within("setting prefetch", channel.basic_qos(self.prefetch, BasicQosOptions::default())).await?;
        let subscribing = channel.basic_consume(
            self.queue.as_str().into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        );
        let mut deliveries = within("subscribing", subscribing).await?;
        let mut under_way = JoinSet::new();
        let ended = loop {
            tokio::select! {
                delivery = deliveries.next() => match delivery {
                    Some(Ok(delivery)) => { under_way.spawn(answer(delivery, Arc::clone(handle), shutdown.clone())); }
                    Some(Err(error)) => break Err(error.into()),
                    None => break Ok(()),
                },
                Some(_) = under_way.join_next() => {}
                () = shutdown.cancelled() => break Ok(()),
            }
        };
        stop(&channel, under_way).await;
        close(connection).await;
        ended
    }
}

/// Waits for what is under way. What is not answered when the connection closes is delivered again.
async fn stop(channel: &Channel, mut under_way: JoinSet<()>) {
    if channel.status().connected() {
        let _ = within("pausing", channel.basic_qos(1, BasicQosOptions::default())).await;
    }
    while under_way.join_next().await.is_some() {}
}

/// Handles one delivery and tells the broker.
async fn answer<M, H, F>(delivery: Delivery, handle: Arc<H>, shutdown: CancellationToken)
where
    M: Message,
    H: Fn(M, Attempt) -> F + Send + Sync + 'static,
    F: Future<Output = Outcome> + Send + 'static,
{
    let attempt = Attempt { number: redeliveries(&delivery) + 1 };
    let outcome = match serde_json::from_slice::<M>(&delivery.data) {
        Ok(message) => {
            let span = tracing::info_span!("message", queue = %delivery.routing_key, attempt = attempt.number);
            plimsoll_runtime::trace::continue_from(&span, &trace_context(&delivery));
            handle(message, attempt).instrument(span).await
        }
        Err(error) => {
            tracing::error!(queue = %delivery.routing_key, %error, "a message that is not {}", M::NAME);
            Outcome::GiveUp
        }
    };
    let told = match outcome {
        Outcome::Done => delivery.ack(BasicAckOptions::default()).await,
        Outcome::Retry if !attempt.is_last() => {
            // RabbitMQ delivers a returned message at once: the pause is ours. A shutdown does not wait for it.
            let pause = Duration::from_millis(250) * 2u32.saturating_pow(attempt.number).min(240);
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.cancelled() => {}
            }
            delivery.nack(BasicNackOptions { requeue: true, ..Default::default() }).await
        }
        Outcome::Retry | Outcome::GiveUp => delivery.reject(BasicRejectOptions { requeue: false }).await,
    };
    if let Err(error) = told {
        tracing::warn!(queue = %delivery.routing_key, %error, "the broker was not told the outcome: it delivers again");
    }
}

/// How often a quorum queue delivered the message before.
fn redeliveries(delivery: &Delivery) -> u32 {
    let headers = delivery.properties.headers().as_ref();
    let count = headers.and_then(|headers| headers.inner().get("x-delivery-count"));
    match count {
        Some(AMQPValue::LongLongInt(count)) => u32::try_from(*count).unwrap_or(0),
        Some(AMQPValue::LongInt(count)) => u32::try_from(*count).unwrap_or(0),
        Some(AMQPValue::LongUInt(count)) => *count,
        _ => 0,
    }
}

fn trace_context(delivery: &Delivery) -> BTreeMap<String, String> {
    let headers = delivery.properties.headers().as_ref();
    let headers = headers.into_iter().flat_map(|headers| headers.inner());
    headers
        .filter_map(|(name, value)| match value {
            AMQPValue::LongString(text) => Some((name.to_string(), text.to_string())),
            _ => None,
        })
        .collect()
}
