//! Sending a request: authorization, redirects, repetition.

use backon::{ExponentialBuilder, Retryable as _};
use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION, RANGE};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::answer::{shown, status_error, transport};
use super::challenge::challenges;
use super::{RegistryClient, RegistryError};
use crate::RepositoryName;

/// A request that can be sent again.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) scope: Scope,
    pub(super) accept: Option<HeaderValue>,
    /// The first byte wanted.
    pub(super) range_from: Option<u64>,
    /// With its Content-Type.
    pub(super) body: Option<(Bytes, HeaderValue)>,
}

/// What a token must allow: scopes of the token protocol, separated by spaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope(pub(super) String);

impl Scope {
    pub(super) fn none() -> Self {
        Self(String::new())
    }

    pub(super) fn pull(repository: &RepositoryName) -> Self {
        Self(format!("repository:{repository}:pull"))
    }

    pub(super) fn push(repository: &RepositoryName) -> Self {
        Self(format!("repository:{repository}:pull,push"))
    }

    /// To push to one repository what another has.
    pub(super) fn mount(repository: &RepositoryName, from: &RepositoryName) -> Self {
        Self(format!("repository:{repository}:pull,push repository:{from}:pull"))
    }
}

impl Request {
    pub(super) fn new(method: Method, url: Url, scope: Scope) -> Self {
        Self { method, url, scope, accept: None, range_from: None, body: None }
    }

    /// Method and URL, for messages.
    pub(super) fn what(&self) -> String {
        format!("{} {}", self.method, shown(&self.url))
    }
}

impl RegistryClient {
    /// Sends a request, again where that may help; any answer but 429, 408 and 5xx is returned.
    pub(super) async fn send(&self, request: &Request) -> Result<Response, RegistryError> {
        let attempt = || async {
            let response = self.send_once(request).await?;
            let status = response.status();
            if status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
            {
                return Err(status_error(response, &request.what(), self.shared.options.answer_timeout).await);
            }
            Ok(response)
        };
        self.retrying(attempt).await
    }

    /// Runs `attempt` again after a wait, as [`super::RetryPolicy`] says.
    pub(super) async fn retrying<T, F, A>(&self, attempt: A) -> Result<T, RegistryError>
    where
        A: FnMut() -> F,
        F: Future<Output = Result<T, RegistryError>>,
    {
        let policy = self.shared.options.retry;
        let backoff = ExponentialBuilder::new()
            .with_max_times(policy.retries)
            .with_min_delay(policy.min_delay)
            .with_max_delay(policy.max_delay)
            .with_jitter();
        attempt
            .retry(backoff)
            .when(RegistryError::is_transient)
            .adjust(|error, delay| delay.map(|delay| error.retry_after().unwrap_or(delay).min(policy.max_delay)))
            .notify(
                |error, delay| tracing::warn!(%error, delay_ms = delay.as_millis(), "registry request is sent again"),
            )
            .await
    }

    /// Sends a request once, following redirects (of GET and HEAD) and answering one challenge.
    async fn send_once(&self, request: &Request) -> Result<Response, RegistryError> {
        let what = request.what();
        let mut url = request.url.clone();
        let mut may_authorize = true;
        let mut redirects = 0;
        loop {
            let response = self.exchange(request, &url).await?;
            let status = response.status();
            if status == StatusCode::UNAUTHORIZED && may_authorize && self.is_own(&url) {
                may_authorize = false;
                self.answer_challenge(response, &request.scope, &what).await?;
                continue;
            }
            let is_followed = status.is_redirection()
                && status != StatusCode::NOT_MODIFIED
                && matches!(request.method, Method::GET | Method::HEAD);
            if !is_followed {
                return Ok(response);
            }
            redirects += 1;
            if redirects > self.shared.options.max_redirects {
                return Err(RegistryError::TooManyRedirects { what, limit: self.shared.options.max_redirects });
            }
            url = location(&response, &url, &what)?;
        }
    }

    /// One request to one URL, up to the answer's head.
    async fn exchange(&self, request: &Request, url: &Url) -> Result<Response, RegistryError> {
        let mut builder = self.prepare(request.method.clone(), url, &request.scope)?;
        if let Some(accept) = &request.accept {
            builder = builder.header(ACCEPT, accept);
        }
        if let Some(from) = request.range_from {
            builder = builder.header(RANGE, format!("bytes={from}-"));
        }
        if let Some((body, content_type)) = &request.body {
            builder = builder.header(CONTENT_TYPE, content_type).body(body.clone());
        }
        let what = request.what();
        let after = self.shared.options.answer_timeout;
        let sent = tokio::time::timeout(after, builder.send()).await;
        let response = sent
            .map_err(|_| RegistryError::Timeout { what: what.clone(), after })?
            .map_err(|error| transport(&what, error))?;
        no_own_redirect(&response, url, &what)?;
        Ok(response)
    }

    /// A request to a URL that is allowed, with credentials only for the registry's own origin.
    pub(super) fn prepare(
        &self,
        method: Method,
        url: &Url,
        scope: &Scope,
    ) -> Result<reqwest::RequestBuilder, RegistryError> {
        self.check(url)?;
        let builder = self.shared.http.request(method, url.clone());
        match self.authorization(&scope.0).filter(|_| self.is_own(url)) {
            Some(authorization) => Ok(builder.header(AUTHORIZATION, authorization)),
            None => Ok(builder),
        }
    }

    pub(super) fn is_own(&self, url: &Url) -> bool {
        url.origin() == self.shared.base.origin()
    }

    /// Whether a URL may be asked at all.
    pub(super) fn check(&self, url: &Url) -> Result<(), RegistryError> {
        let refused = |why: String| Err(RegistryError::AddressNotAllowed { url: shown(url), why });
        match url.scheme() {
            "https" => {}
            "http" if self.shared.base.scheme() == "http" => {}
            "http" => return Err(RegistryError::Downgrade { from: shown(&self.shared.base), to: shown(url) }),
            _ => return refused("only http and https are".into()),
        }
        match self.shared.options.url_rule.as_ref().map(|rule| rule(url)) {
            Some(Err(why)) => refused(why),
            _ => Ok(()),
        }
    }

    async fn answer_challenge(&self, response: Response, scope: &Scope, what: &str) -> Result<(), RegistryError> {
        self.forget_authorization(&scope.0);
        let offered = challenges(response.headers());
        let of = |scheme: &str| offered.iter().find(|challenge| challenge.scheme == scheme);
        let authorization = match (of("bearer"), of("basic")) {
            (Some(bearer), _) => self.fetch_token(bearer, scope).await?,
            (None, Some(_)) => match self.shared.credentials.basic_header() {
                Some(header) => header,
                None => return Err(status_error(response, what, self.shared.options.answer_timeout).await),
            },
            (None, None) => return Err(status_error(response, what, self.shared.options.answer_timeout).await),
        };
        self.remember_authorization(&scope.0, authorization);
        Ok(())
    }
}

/// Where an answer's `Location` leads, from `base`; never from https to http.
pub(super) fn location(response: &Response, base: &Url, what: &str) -> Result<Url, RegistryError> {
    let protocol = |why: &str| RegistryError::Protocol { what: what.to_owned(), why: why.to_owned() };
    let text = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let url = base
        .join(text.ok_or_else(|| protocol("the answer has no Location"))?)
        .map_err(|_| protocol("the answer's Location is not a URL"))?;
    if base.scheme() == "https" && url.scheme() == "http" {
        return Err(RegistryError::Downgrade { from: shown(base), to: shown(&url) });
    }
    Ok(url)
}

/// The caller's HTTP client must leave redirects to us: it does not know where credentials may go.
pub(super) fn no_own_redirect(response: &Response, asked: &Url, what: &str) -> Result<(), RegistryError> {
    if response.url() == asked {
        return Ok(());
    }
    let why =
        "the HTTP client follows redirects by itself; make it with plimsoll_oci::registry::http_client".to_owned();
    Err(RegistryError::Protocol { what: what.to_owned(), why })
}
