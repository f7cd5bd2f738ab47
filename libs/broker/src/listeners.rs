//! Events for those who listen now: one connection and one queue for all of a process's listeners, bound for their organizations alone.
//!
//! A task owns it. It connects with the first listener, binds with the first of an organization and unbinds with its last. Nothing
//! grows with a listener who is slow or a process that stands still: a listener may be [`BEHIND`] messages behind, and the queue holds
//! [`MOST_WAITING`]. Whatever was lost, to a full queue, a slow listener or a broken connection, ends in [`News::Missed`], which is the
//! last that a listener hears: it reads again what there is, and then listens anew.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use lapin::message::Delivery;
use plimsoll_model::OrgId;
use tokio::sync::{broadcast, mpsc, oneshot};

use crate::{BrokerError, Event};

mod line;
use line::{Heard, Line};

/// How many messages a listener may be behind before it is told that it missed some.
const BEHIND: usize = 128;
/// How many messages may wait in the process's queue before the oldest is dropped, and how many bytes they may have.
const MOST_WAITING: (i32, i32) = (1_000, 64 * 1024 * 1024);
/// A relay that died publishes again what it had published: of so many messages it is known which were heard.
const REMEMBERED: usize = 4_096;
/// Connecting and binding may take this long.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a listener hears.
#[derive(Debug)]
pub enum News<T> {
    /// An event, as it is kept.
    Event(Arc<T>),
    /// Something may have been lost. Nothing comes after.
    Missed,
}

// Derived, it would ask T to be Clone.
impl<T> Clone for News<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Event(event) => Self::Event(Arc::clone(event)),
            Self::Missed => Self::Missed,
        }
    }
}

type Answer<T> = Result<broadcast::Receiver<News<T>>, BrokerError>;

enum Wish<T> {
    Listen(OrgId, oneshot::Sender<Answer<T>>),
    Leave(OrgId),
}

/// Where listeners come in. The task ends with the last clone of this and the last listener.
#[derive(Debug)]
pub struct Listeners<T> {
    wishes: mpsc::UnboundedSender<Wish<T>>,
}

impl<T> Clone for Listeners<T> {
    fn clone(&self) -> Self {
        Self { wishes: self.wishes.clone() }
    }
}

/// Somebody who listens to an organization's events, until dropped.
#[derive(Debug)]
pub struct Listener<T> {
    // Dropped in this order: who leaves must no longer count as a listener.
    news: broadcast::Receiver<News<T>>,
    _leaving: Leaving<T>,
}

#[derive(Debug)]
struct Leaving<T> {
    org: OrgId,
    wishes: mpsc::UnboundedSender<Wish<T>>,
}

impl<T> Drop for Leaving<T> {
    fn drop(&mut self) {
        let _ = self.wishes.send(Wish::Leave(self.org));
    }
}

impl<T> Listener<T> {
    /// Waits for news.
    pub async fn next(&mut self) -> News<T> {
        // Too slow, or the task is gone with the runtime.
        self.news.recv().await.unwrap_or(News::Missed)
    }
}

impl<T: Send + Sync + 'static> Listeners<T> {
    /// Starts the task for events `E`, of which it keeps what `keep` makes of them. It connects when the first listener comes.
    pub fn start<E: Event>(amqp_url: String, keep: fn(E) -> T) -> Self {
        let (wishes, inbox) = mpsc::unbounded_channel();
        tokio::spawn(Switchboard { amqp_url, keep, orgs: HashMap::new(), heard: Recent::default() }.run(inbox));
        Self { wishes }
    }

    /// Begins to listen to an organization's events; what is published after this has returned is heard.
    ///
    /// # Errors
    /// When the broker does not answer.
    pub async fn listen(&self, org: OrgId) -> Result<Listener<T>, BrokerError> {
        let gone = || BrokerError::Timeout(PATIENCE.as_secs(), "beginning to listen");
        let (reply, answer) = oneshot::channel();
        self.wishes.send(Wish::Listen(org, reply)).map_err(|_| gone())?;
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        let news = answer.map_err(|_| gone())?.map_err(|_| gone())??;
        Ok(Listener { news, _leaving: Leaving { org, wishes: self.wishes.clone() } })
    }
}

struct Switchboard<E, T> {
    amqp_url: String,
    keep: fn(E) -> T,
    orgs: HashMap<OrgId, broadcast::Sender<News<T>>>,
    heard: Recent,
}

impl<E: Event, T: Send + Sync + 'static> Switchboard<E, T> {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Wish<T>>) {
        let mut line: Option<Line> = None;
        loop {
            let went = tokio::select! {
                wish = inbox.recv() => match wish {
                    Some(wish) => self.grant(wish, &mut line).await,
                    None => break,
                },
                heard = hear(&mut line) => match heard {
                    Heard::Event(delivery) => self.tell(*delivery).await,
                    Heard::Overflow => Err(BrokerError::Overflow),
                    Heard::Broken(error) => Err(error),
                },
            };
            if let Err(error) = went {
                tracing::warn!(%error, listened_for = self.orgs.len(), "events were missed: who listens is told");
                self.lose_all();
                if let Some(line) = line.take() {
                    line.close().await;
                }
            }
        }
        if let Some(line) = line {
            line.close().await;
        }
    }

    /// Does as wished.
    ///
    /// # Errors
    /// When the line turned out to be broken.
    async fn grant(&mut self, wish: Wish<T>, line: &mut Option<Line>) -> Result<(), BrokerError> {
        match wish {
            Wish::Listen(org, reply) => {
                let unsent = reply.send(self.listen(org, line).await);
                match unsent {
                    // Who wished has given up meanwhile, so no Leave will come.
                    Err(Ok(unwanted)) => {
                        drop(unwanted);
                        self.leave(org, line).await
                    }
                    _ => Ok(()),
                }
            }
            Wish::Leave(org) => self.leave(org, line).await,
        }
    }

    async fn listen(&mut self, org: OrgId, line: &mut Option<Line>) -> Answer<T> {
        if let Some(sender) = self.orgs.get(&org) {
            return Ok(sender.subscribe());
        }
        let open = match line {
            Some(open) => open,
            None => line.insert(Line::open(&self.amqp_url, MOST_WAITING).await?),
        };
        open.bind(E::TOPIC, org).await?;
        let (sender, receiver) = broadcast::channel(BEHIND);
        self.orgs.insert(org, sender);
        Ok(receiver)
    }

    /// Unbinds an organization that nobody listens to any more.
    async fn leave(&mut self, org: OrgId, line: &mut Option<Line>) -> Result<(), BrokerError> {
        if self.orgs.get(&org).is_none_or(|sender| sender.receiver_count() > 0) {
            return Ok(());
        }
        self.orgs.remove(&org);
        match line {
            Some(line) => line.unbind(E::TOPIC, org).await,
            None => Ok(()),
        }
    }

    /// Passes an event on, once.
    async fn tell(&mut self, delivery: Delivery) -> Result<(), BrokerError> {
        let is_new = delivery.properties.message_id().as_ref().is_none_or(|id| self.heard.is_new(id.as_str()));
        if is_new {
            let event: E = serde_json::from_slice(&delivery.data)?;
            if let Some(sender) = self.orgs.get(&event.org()) {
                // Nobody there: the wish to leave is on its way.
                drop(sender.send(News::Event(Arc::new((self.keep)(event)))));
            }
        }
        line::answer(&delivery).await
    }

    fn lose_all(&mut self) {
        for (_, sender) in self.orgs.drain() {
            drop(sender.send(News::Missed));
        }
    }
}

/// What comes next on the line; for ever nothing without one.
async fn hear(line: &mut Option<Line>) -> Heard {
    match line {
        Some(line) => line.next().await,
        None => std::future::pending().await,
    }
}

/// The ids of the last messages.
#[derive(Debug, Default)]
struct Recent {
    in_order: VecDeque<String>,
    all: HashSet<String>,
}

impl Recent {
    /// Whether it is not among them; it is then.
    fn is_new(&mut self, id: &str) -> bool {
        if !self.all.insert(id.to_owned()) {
            return false;
        }
        self.in_order.push_back(id.to_owned());
        if self.in_order.len() > REMEMBERED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.all.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{REMEMBERED, Recent};

    #[test]
    fn a_message_is_new_once_and_the_oldest_are_forgotten() {
        let mut recent = Recent::default();
        assert!(recent.is_new("first"));
        assert!(!recent.is_new("first"));
        for n in 0..REMEMBERED {
            assert!(recent.is_new(&n.to_string()));
        }
        assert_eq!((recent.in_order.len(), recent.all.len()), (REMEMBERED, REMEMBERED));
        assert!(recent.is_new("first"));
    }
}
