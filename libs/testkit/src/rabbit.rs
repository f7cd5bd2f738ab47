//! A RabbitMQ vhost of a test's own, made by the management API and removed when dropped.

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

    /// How many messages are ready in a queue, or `None` where there is no such queue (yet).
    ///
    /// The management API knows it with a delay of some seconds.
    pub async fn queue(&self, queue: &str) -> Option<serde_json::Value> {
        let url = format!("{}/{queue}", self.api("queues"));
        let answer = reqwest::Client::new().get(url).send().await.expect("the management API answers");
        answer.status().is_success().then_some(())?;
        answer.json().await.ok()
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
