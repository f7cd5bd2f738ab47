//! What a caller decides about a registry client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

/// Says whether a URL may be asked; the error says why not, in the user's words.
pub type UrlRule = Arc<dyn Fn(&Url) -> Result<(), String> + Send + Sync>;

/// How a client behaves. The default suits a command line; a service adds its [`ClientOptions::url_rule`].
#[derive(Clone)]
pub struct ClientOptions {
    /// Speak http to a registry that is not on this machine's loopback.
    pub is_plain_http: bool,
    /// Asked about every URL before a request is sent to it.
    pub url_rule: Option<UrlRule>,
    /// How long the head of an answer, or a small answer as a whole, may take.
    pub answer_timeout: Duration,
    /// How long less than [`ClientOptions::min_progress_bytes`] may arrive of a blob before the connection is given up.
    pub progress_timeout: Duration,
    /// See [`ClientOptions::progress_timeout`].
    pub min_progress_bytes: u64,
    /// Redirects followed from one request.
    pub max_redirects: usize,
    /// When a request is sent again.
    pub retry: RetryPolicy,
}

/// When a request is sent again after 429, 5xx or a broken connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Times a request is sent again after it failed.
    pub retries: usize,
    /// The first wait; it doubles each time.
    pub min_delay: Duration,
    /// The longest wait, whatever `Retry-After` says.
    pub max_delay: Duration,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            is_plain_http: false,
            url_rule: None,
            answer_timeout: Duration::from_secs(60),
            progress_timeout: Duration::from_secs(30),
            min_progress_bytes: 4 << 10,
            max_redirects: 5,
            retry: RetryPolicy {
                retries: 4,
                min_delay: Duration::from_millis(500),
                max_delay: Duration::from_secs(60),
            },
        }
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("is_plain_http", &self.is_plain_http)
            .field("answer_timeout", &self.answer_timeout)
            .field("progress_timeout", &self.progress_timeout)
            .field("min_progress_bytes", &self.min_progress_bytes)
            .field("max_redirects", &self.max_redirects)
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}

/// Finishes an HTTP client for [`super::RegistryClient`]: no redirects of its own, no retries of its own, bounded headers.
///
/// # Errors
/// Those of [`reqwest::ClientBuilder::build`].
pub fn http_client(builder: reqwest::ClientBuilder) -> reqwest::Result<reqwest::Client> {
    builder
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .connect_timeout(Duration::from_secs(15))
        .http2_max_header_list_size(64 << 10)
        .build()
}
