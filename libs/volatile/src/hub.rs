//! One connection for all that this process listens to, however many listen: Redis would run out of connections first.
//!
//! A task owns it. It subscribes to a channel with the first listener and unsubscribes with the last, asks for a sign of
//! life now and then (a connection can die in silence), and after a loss connects again, subscribes again and tells every
//! listener that it may have missed something.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt as _;
use redis::aio::{PubSubSink, PubSubStream};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior};

use crate::connection::in_time;
use crate::error::VolatileError;

/// How much a listener may be behind before it is told that it missed something.
const BEHIND: usize = 64;
/// How often the connection is asked for a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What a listener hears.
#[derive(Debug, Clone)]
pub(crate) enum News {
    /// Something was published.
    Message(String),
    /// Something may have been: the connection was away, or the listener too slow.
    Missed,
}

enum Wish {
    Listen(String, oneshot::Sender<Result<broadcast::Receiver<News>, VolatileError>>),
    Leave(String),
}

/// Where listeners come in. The task ends with the last clone of this and the last listener.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    wishes: mpsc::UnboundedSender<Wish>,
}

/// Somebody who listens to a channel, until dropped.
pub(crate) struct Listener {
    // Dropped in this order: who leaves must no longer count as a listener.
    news: broadcast::Receiver<News>,
    _leaving: Leaving,
}

struct Leaving {
    channel: String,
    wishes: mpsc::UnboundedSender<Wish>,
}

impl Listener {
    /// Waits for news; `None` only when the runtime shuts down.
    pub(crate) async fn next(&mut self) -> Option<News> {
        match self.news.recv().await {
            Ok(news) => Some(news),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(News::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let _ = self.wishes.send(Wish::Leave(std::mem::take(&mut self.channel)));
    }
}

impl Hub {
    /// Starts the task. It connects when the first listener comes.
    pub(crate) fn start(client: redis::Client) -> Self {
        let (wishes, inbox) = mpsc::unbounded_channel();
        tokio::spawn(Switchboard { client, channels: HashMap::new() }.run(inbox));
        Self { wishes }
    }

    /// Begins to listen to a channel; what is published after this has returned is heard.
    pub(crate) async fn listen(&self, channel: String) -> Result<Listener, VolatileError> {
        let doing = "subscribing to live news";
        let (reply, answer) = oneshot::channel();
        let gone = || VolatileError::TimedOut { doing };
        self.wishes.send(Wish::Listen(channel.clone(), reply)).map_err(|_| gone())?;
        let answer = tokio::time::timeout(Duration::from_secs(5), answer).await;
        let news = answer.map_err(|_| gone())?.map_err(|_| gone())??;
        Ok(Listener { news, _leaving: Leaving { channel, wishes: self.wishes.clone() } })
    }
}

struct Connection {
    sink: PubSubSink,
    stream: PubSubStream,
}

struct Switchboard {
    client: redis::Client,
    channels: HashMap<String, broadcast::Sender<News>>,
}

impl Switchboard {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Wish>) {
        let mut connection: Option<Connection> = None;
        let mut heartbeat = tokio::time::interval(HEARTBEAT);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pause = FIRST_PAUSE;
        let mut retry_at = Instant::now();
        loop {
            let is_wanted = connection.is_none() && !self.channels.is_empty();
            tokio::select! {
                wish = inbox.recv() => match wish {
                    None => return,
                    Some(wish) => if !self.grant(wish, &mut connection).await { connection = None },
                },
                message = next_message(&mut connection) => match message {
                    Some(message) => self.deliver(&message),
                    None => connection = None,
                },
                _ = heartbeat.tick(), if connection.is_some() => {
                    if !is_alive(&mut connection).await { connection = None }
                }
                () = tokio::time::sleep_until(retry_at), if is_wanted => {
                    match self.reconnect().await {
                        Ok(new) => { connection = Some(new); pause = FIRST_PAUSE }
                        Err(error) => {
                            tracing::warn!(%error, "live news are silent until Redis is back");
                            pause = (pause * 2).min(LONGEST_PAUSE);
                        }
                    }
                    retry_at = Instant::now() + pause;
                }
            }
        }
    }

    /// Does as wished; false when the connection turned out to be lost.
    async fn grant(&mut self, wish: Wish, connection: &mut Option<Connection>) -> bool {
        match wish {
            Wish::Listen(channel, reply) => {
                let (answer, is_good) = self.listen(channel.clone(), connection).await;
                match reply.send(answer) {
                    // Who wished has given up meanwhile, so no Leave will come.
                    Err(Ok(unwanted)) => {
                        drop(unwanted);
                        self.leave(&channel, connection).await
                    }
                    _ => is_good,
                }
            }
            Wish::Leave(channel) => self.leave(&channel, connection).await,
        }
    }

    async fn listen(
        &mut self,
        channel: String,
        connection: &mut Option<Connection>,
    ) -> (Result<broadcast::Receiver<News>, VolatileError>, bool) {
        let doing = "subscribing to live news";
        if connection.is_none() {
            match self.reconnect().await {
                Ok(new) => *connection = Some(new),
                Err(error) => return (Err(error), true),
            }
        }
        if let Some(sender) = self.channels.get(&channel) {
            return (Ok(sender.subscribe()), true);
        }
        let Some(open) = connection.as_mut() else { return (Err(VolatileError::TimedOut { doing }), true) };
        match in_time(doing, open.sink.subscribe(&channel)).await {
            Ok(()) => {
                let (sender, receiver) = broadcast::channel(BEHIND);
                self.channels.insert(channel, sender);
                (Ok(receiver), true)
            }
            Err(error) => (Err(error), false),
        }
    }

    /// Unsubscribes from a channel that nobody listens to any more; false when the connection turned out to be lost.
    async fn leave(&mut self, channel: &str, connection: &mut Option<Connection>) -> bool {
        if self.channels.get(channel).is_none_or(|sender| sender.receiver_count() > 0) {
            return true;
        }
        self.channels.remove(channel);
        match connection.as_mut() {
            Some(open) => in_time("leaving live news", open.sink.unsubscribe(channel)).await.is_ok(),
            None => true,
        }
    }

    fn deliver(&self, message: &redis::Msg) {
        let Some(sender) = self.channels.get(message.get_channel_name()) else { return };
        match message.get_payload::<String>() {
            // Nobody there: the wish to leave is on its way.
            Ok(text) => drop(sender.send(News::Message(text))),
            Err(error) => tracing::warn!(%error, "live news that is not text"),
        }
    }

    async fn reconnect(&self) -> Result<Connection, VolatileError> {
        let doing = "connecting to Redis for live news";
        let (mut sink, stream) = in_time(doing, self.client.get_async_pubsub()).await?.split();
        if !self.channels.is_empty() {
            let names: Vec<&String> = self.channels.keys().collect();
            in_time(doing, sink.subscribe(&names)).await?;
        }
        for sender in self.channels.values() {
            let _ = sender.send(News::Missed);
        }
        Ok(Connection { sink, stream })
    }
}

/// The next message; for ever none without a connection.
async fn next_message(connection: &mut Option<Connection>) -> Option<redis::Msg> {
    match connection.as_mut() {
        Some(open) => open.stream.next().await,
        None => std::future::pending().await,
    }
}

async fn is_alive(connection: &mut Option<Connection>) -> bool {
    let Some(open) = connection.as_mut() else { return true };
    in_time::<redis::Value>("asking for a sign of life", open.sink.ping()).await.is_ok()
}
