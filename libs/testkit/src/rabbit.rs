//! A RabbitMQ vhost of a test's own, made by the management API and removed when dropped.

use std::time::{Duration, Instant};

use url::Url;

/// A vhost of a test's own.
#[derive(Debug)]
pub struct Vhost {
    name: String,
    management: Url,
    amqp: Url,
}

impl Vhost {
    /// Makes a vhost.
    ///
    /// # Panics
    /// When the servers are not named by the environment or refuse.
    pub async fn create() -> Self {
        let name = format!("plimsoll-test-{}", uuid::Uuid::now_v7());
        let management: Url = crate::server("AMQP_MANAGEMENT_URL").parse().expect("AMQP_MANAGEMENT_URL is an address");
        let amqp: Url = crate::server("AMQP_URL").parse().expect("AMQP_URL is an address");
        let vhost = Self { name, management, amqp };
        let client = reqwest::Client::new();
        let made = client.put(vhost.api("vhosts")).send().await.expect("the management API answers");
        assert!(made.status().is_success(), "making a vhost: {}", made.status());
        vhost
    }

    /// Its address for AMQP clients.
    pub fn url(&self) -> String {
        let mut url = self.amqp.clone();
        url.set_path(&self.name);
        url.to_string()
    }

    /// Closes every connection of the vhost whose name begins with `name`, as a network or a broker that fails does; waits until
    /// there was one (the management API knows of connections with a delay).
    ///
    /// # Panics
    /// When there is none within thirty seconds.
    pub async fn close_connections(&self, name: &str) {
        let client = reqwest::Client::new();
        let connections = format!("{}/connections", self.api("vhosts"));
        crate::eventually("a connection to close", Duration::from_secs(30), async || {
            let all: Vec<serde_json::Value> = client.get(&connections).send().await.ok()?.json().await.ok()?;
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            let named = all.iter().filter(|one| text(&one["user_provided_name"]).starts_with(name));
            let mut closed = 0;
            for connection in named {
                let mut url = self.management.clone();
                url.path_segments_mut().expect("an HTTP address").clear().extend([
                    "api",
                    "connections",
                    &text(&connection["name"]),
                ]);
                closed += usize::from(client.delete(url).send().await.is_ok_and(|answer| answer.status().is_success()));
            }
            (closed > 0).then_some(())
        })
        .await;
    }

    /// Has a queue refuse what is published for it, as a full one does.
    ///
    /// # Panics
    /// When the management API refuses, or the queue does not within thirty seconds.
    pub async fn refuse_messages(&self, queue: &str) {
        let url = format!("{}/full", self.api("policies"));
        let policy = serde_json::json!({
            "pattern": format!("^{}$", queue.replace('.', "\\.")), "apply-to": "queues",
            "definition": { "max-length": 0, "overflow": "reject-publish" },
        });
        let done = reqwest::Client::new().put(url).json(&policy).send().await.expect("the management API answers");
        assert!(done.status().is_success(), "filling {queue}: {}", done.status());
        // Set at once, in force a moment later.
        let queue = format!("{}/{queue}", self.api("queues"));
        crate::eventually("the queue refuses messages", Duration::from_secs(30), async || {
            let known: serde_json::Value = reqwest::Client::new().get(&queue).send().await.ok()?.json().await.ok()?;
            (known["policy"] == "full").then_some(())
        })
        .await;
    }

    /// Waits until no queue holds a message, handed out or not. The management API counts every five seconds: it is asked until two counts agree.
    ///
    /// # Panics
    /// When some are left after `limit`.
    pub async fn settled(&self, limit: Duration) {
        const BETWEEN_COUNTS: Duration = Duration::from_secs(6);
        let queues = self.api("queues");
        let mut empty_since: Option<Instant> = None;
        crate::eventually("the queues are empty", limit, async || {
            let all: Vec<serde_json::Value> =
                reqwest::Client::new().get(&queues).send().await.ok()?.json().await.ok()?;
            let are_empty = all.iter().all(|queue| queue["messages"].as_u64().unwrap_or_default() == 0);
            empty_since = empty_since.filter(|_| are_empty).or(are_empty.then(Instant::now));
            empty_since.filter(|since| since.elapsed() >= BETWEEN_COUNTS).map(|_| ())
        })
        .await;
    }

    fn api(&self, what: &str) -> String {
        let mut url = self.management.clone();
        url.set_path(&format!("/api/{what}/{}", self.name));
        url.to_string()
    }
}

impl Drop for Vhost {
    fn drop(&mut self) {
        let url = self.api("vhosts");
        // Dropped inside a runtime, which a blocking wait would stop: a thread with a runtime of its own does it.
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let _ = runtime.block_on(reqwest::Client::new().delete(url).send());
        });
        let _ = removal.join();
    }
}
