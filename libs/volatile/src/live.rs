//! Live news: published to whoever listens now, and the last of each topic kept for who comes late.
//!
//! A topic belongs to an organization, and its id stands in the name of key and channel; nobody listens by pattern. So no
//! tenant hears another, whatever the topic is called.

use std::collections::VecDeque;
use std::sync::LazyLock;

use futures::stream::{self, Stream};
use plimsoll_model::OrgId;
use redis::Script;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::connection::Volatile;
use crate::error::VolatileError;
use crate::hub::{Listener, News};

/// How long the last news of a topic is kept, in milliseconds: an hour.
const KEPT_MS: u64 = 3_600_000;

// KEYS: the topic's key. ARGV: channel, JSON, how long to keep. What is sent and kept is the number, a space, the JSON.
// The number grows with every publication, also after the kept one is gone: it begins at the time.
static PUBLISH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local time = redis.call('TIME')
        local number = time[1] * 1000000 + time[2]
        local last = redis.call('GET', KEYS[1])
        if last then number = math.max(number, tonumber(string.match(last, '^%d+')) + 1) end
        local numbered = string.format('%.0f', number) .. ' ' .. ARGV[2]
        redis.call('SET', KEYS[1], numbered, 'PX', ARGV[3])
        return redis.call('PUBLISH', ARGV[1], numbered)
        ",
    )
});

impl Volatile {
    /// Tells who listens to the organization's topic (an image's digest, say), and keeps it for an hour for who comes later.
    ///
    /// # Errors
    /// When Redis is away. The news is then lost, which must do no harm.
    pub async fn publish<T: Serialize + Sync>(&self, org: OrgId, topic: &str, news: &T) -> Result<(), VolatileError> {
        let doing = "publishing live news";
        let json = serde_json::to_string(news).map_err(|source| VolatileError::Json { doing, source })?;
        let mut script = PUBLISH.prepare_invoke();
        script
            .key(self.key(&["last", &org.to_string(), topic]))
            .arg(self.key(&["live", &org.to_string(), topic]))
            .arg(json)
            .arg(KEPT_MS);
        self.invoke(doing, &script).await
    }

    /// The news of the organization's topic: first the last that was published, if any in the past hour, then each as it
    /// comes, never an older after a newer. The stream does not end. Who reads slowly, and everybody after Redis was
    /// away, skips to the newest.
    ///
    /// # Errors
    /// When Redis is away at the beginning.
    pub async fn subscribe<T: DeserializeOwned + Send + 'static>(
        &self,
        org: OrgId,
        topic: &str,
    ) -> Result<impl Stream<Item = T> + Send + use<T>, VolatileError> {
        let org = org.to_string();
        // Listens first and looks second, so that nothing falls between.
        let listener = self.hub.listen(self.key(&["live", &org, topic])).await?;
        let mut subscription = Subscription {
            redis: self.clone(),
            last_key: self.key(&["last", &org, topic]),
            listener,
            seen: 0,
            ready: VecDeque::new(),
        };
        let last = subscription.last().await?;
        subscription.ready.extend(last);
        Ok(stream::unfold(subscription, |mut subscription| async move {
            subscription.next().await.map(|news| (news, subscription))
        }))
    }
}

struct Subscription {
    redis: Volatile,
    last_key: String,
    listener: Listener,
    /// The number of the newest that was given out.
    seen: u64,
    ready: VecDeque<String>,
}

impl Subscription {
    async fn last(&self) -> Result<Option<String>, VolatileError> {
        self.redis.run("looking the last live news up", redis::cmd("GET").arg(&self.last_key)).await
    }

    async fn next<T: DeserializeOwned>(&mut self) -> Option<T> {
        loop {
            while let Some(numbered) = self.ready.pop_front() {
                if let Some(news) = self.unseen(&numbered) {
                    return Some(news);
                }
            }
            match self.listener.next().await? {
                News::Message(numbered) => self.ready.push_back(numbered),
                News::Missed => match self.last().await {
                    Ok(last) => self.ready.extend(last),
                    Err(error) => tracing::warn!(%error, "live news may be missing until the next"),
                },
            }
        }
    }

    /// The news, if it is newer than what was given out and of the shape we know.
    fn unseen<T: DeserializeOwned>(&mut self, numbered: &str) -> Option<T> {
        let (number, json) = numbered.split_once(' ')?;
        let number: u64 = number.parse().ok().filter(|number| *number > self.seen)?;
        self.seen = number;
        serde_json::from_str(json).inspect_err(|error| tracing::warn!(%error, "live news of an unknown shape")).ok()
    }
}
