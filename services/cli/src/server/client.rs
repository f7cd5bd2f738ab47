//! Asking the server: bounded, repeated where that may help.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::answers::{Answer, ImageScan, OrganizationData, Scan, ViewerData};
use super::queries;
use crate::exit::Failure;

/// The largest answer that is read: a page of 200 findings has some hundred KiB.
const MAX_ANSWER: usize = 32 << 20;

/// A server and our key to it.
pub struct Server {
    http: reqwest::Client,
    address: Url,
    key: SecretString,
    facts: ServerFacts,
}

/// What a server says of itself.
#[derive(Debug, Deserialize)]
pub struct ServerFacts {
    /// Where images are pushed to.
    pub registry: Url,
    /// The path of its GraphQL endpoint.
    pub graphql: String,
}

/// A request that failed.
enum Refusal {
    /// It may succeed later.
    Passing(String),
    Final(Failure),
}

impl Server {
    /// Asks the server at `address` where its parts are.
    pub async fn connect(address: Url, key: SecretString) -> Result<Self, Failure> {
        if !matches!(address.scheme(), "http" | "https") || address.host_str().is_none() {
            return Err(Failure::Usage(format!(
                "'{address}' is no server's address, as in https://plimsoll.example.org"
            )));
        }
        let http = reqwest::Client::builder()
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(15))
            .timeout(Duration::from_secs(60))
            .build()
            .map_err(Failure::undone)?;
        let url = joined(&address, "v1/server")?;
        let facts = repeated(|| answer(http.get(url.clone()), &url)).await?;
        Ok(Self { http, address, key, facts })
    }

    /// What the server says of itself.
    pub const fn facts(&self) -> &ServerFacts {
        &self.facts
    }

    /// The slug of the organization that the key belongs to.
    pub async fn organization(&self) -> Result<String, Failure> {
        let data: ViewerData = self.ask(queries::VIEWER, &json!({})).await?;
        let belongings = data.viewer.map(|viewer| viewer.organizations).unwrap_or_default();
        belongings.into_iter().next().map(|belonging| belonging.organization.slug).ok_or_else(not_accepted)
    }

    /// Where the scan of an image stands; `None` where the server does not know the image (yet).
    pub async fn scan(&self, slug: &str, digest: &str) -> Result<Option<Scan>, Failure> {
        let image: Option<ImageScan> = self.of_image(queries::SCAN, slug, digest, None).await?;
        Ok(image.map(|image| image.scan))
    }

    /// What a query asks of an image.
    pub(super) async fn of_image<T: DeserializeOwned>(
        &self,
        query: &str,
        slug: &str,
        digest: &str,
        after: Option<&str>,
    ) -> Result<Option<T>, Failure> {
        let variables = match after {
            Some(after) => json!({ "slug": slug, "image": digest, "after": after }),
            None => json!({ "slug": slug, "image": digest }),
        };
        let data: OrganizationData<T> = self.ask(query, &variables).await?;
        Ok(data.organization.and_then(|organization| organization.image))
    }

    /// Asks the GraphQL API. All that is asked here can be asked again.
    pub(super) async fn ask<T: DeserializeOwned>(&self, query: &str, variables: &Value) -> Result<T, Failure> {
        let url = joined(&self.address, self.facts.graphql.trim_start_matches('/'))?;
        let body = json!({ "query": query, "variables": variables });
        let attempt = || {
            let request = self.http.post(url.clone()).bearer_auth(self.key.expose_secret()).json(&body);
            answer::<Answer<T>>(request, &url)
        };
        let answer = repeated(attempt).await?;
        if let Some(error) = answer.errors.first() {
            return Err(Failure::undone(format!("the server refused the question: {}", error.message)));
        }
        answer.data.ok_or_else(|| Failure::undone("the server answered with nothing"))
    }

    /// Puts JSON at a path; what the server says of it, or why it did not take it. Done again it is as done once.
    pub(super) async fn put<T: DeserializeOwned>(&self, path: &str, json: &str) -> Result<Result<T, String>, Failure> {
        let url = joined(&self.address, path)?;
        let attempt = || async {
            let request = self.http.put(url.clone()).bearer_auth(self.key.expose_secret());
            let request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(json.to_owned());
            let (status, body) = sent(request, &url).await?;
            if status.is_success() {
                return read(&body, &url).map(Ok);
            }
            let problem = serde_json::from_slice::<Problem>(&body).map(|problem| problem.detail);
            problem.map(Err).map_err(|_| unlike_a_server(&url, status))
        };
        repeated(attempt).await
    }
}

/// What a server tells of a request that it refused.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

/// A path below the server's address, which may have a path of its own.
fn joined(address: &Url, path: &str) -> Result<Url, Failure> {
    let base = address.as_str().trim_end_matches('/');
    format!("{base}/{path}").parse().map_err(|error| Failure::undone(format!("'{base}/{path}': {error}")))
}

async fn repeated<T, F: Future<Output = Result<T, Refusal>>>(attempt: impl FnMut() -> F) -> Result<T, Failure> {
    let waits = ExponentialBuilder::new().with_max_times(4).with_min_delay(Duration::from_millis(300)).with_jitter();
    let outcome = attempt.retry(waits).when(|refusal| matches!(refusal, Refusal::Passing(_))).await;
    outcome.map_err(|refusal| match refusal {
        Refusal::Passing(why) => Failure::curable(why, "is the server's address right, and is it running?"),
        Refusal::Final(failure) => failure,
    })
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder, url: &Url) -> Result<T, Refusal> {
    let (status, body) = sent(request, url).await?;
    if !status.is_success() && status != StatusCode::BAD_REQUEST {
        return Err(unlike_a_server(url, status));
    }
    read(&body, url)
}

/// The answer to a request, whatever it is but one that another time may be another, or one that our key is not for.
async fn sent(request: reqwest::RequestBuilder, url: &Url) -> Result<(StatusCode, Vec<u8>), Refusal> {
    let passing = |error: reqwest::Error| Refusal::Passing(format!("{url}: {}", innermost(&error)));
    let mut response = request.send().await.map_err(passing)?;
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Refusal::Passing(format!("{url}: the server answered {status}")));
    }
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return Err(Refusal::Final(not_accepted()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(passing)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_ANSWER {
            return Err(undone(url, "the answer is too long"));
        }
    }
    Ok((status, body))
}

fn read<T: DeserializeOwned>(body: &[u8], url: &Url) -> Result<T, Refusal> {
    let known = serde_json::from_slice(body);
    known.map_err(|error| undone(url, &format!("the answer is not what this release knows: {error}")))
}

fn unlike_a_server(url: &Url, status: StatusCode) -> Refusal {
    undone(url, &format!("the server answered {status}: is this the address of a Plimsoll server?"))
}

fn undone(url: &Url, why: &str) -> Refusal {
    Refusal::Final(Failure::undone(format!("{url}: {why}")))
}

fn not_accepted() -> Failure {
    Failure::curable("the server does not accept the API key", "is it right, not expired, and of this server?")
}

fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
