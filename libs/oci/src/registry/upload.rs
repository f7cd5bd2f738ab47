//! Uploading blobs: POST opens, PATCH streams, PUT closes; or the registry mounts what another repository has.
//!
//! This is the sequence that Docker's and containers' clients use, so registries take it whatever the size.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use plimsoll_model::Digest;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::answer::{status_error, transport};
use super::request::{Request, Scope, location, no_own_redirect};
use super::{RegistryClient, RegistryError};
use crate::RepositoryName;

/// Bytes to upload, as they are read.
pub(crate) type UploadStream = BoxStream<'static, io::Result<Bytes>>;

impl RegistryClient {
    /// Uploads a blob of `size` bytes. `open` gives its bytes, from the start each time it is called: once, and again after a
    /// failure that may pass. `on_bytes` is told how many bytes went out; negative where an attempt starts over.
    ///
    /// # Errors
    /// [`RegistryError::Source`] where `open`'s stream fails; others as the registry has it.
    pub async fn push_blob<O>(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        size: u64,
        open: O,
        on_bytes: Arc<dyn Fn(i64) + Send + Sync>,
    ) -> Result<(), RegistryError>
    where
        O: Fn() -> UploadStream,
    {
        let attempt = || async {
            let sent = Arc::new(AtomicU64::new(0));
            let outcome = self.upload_once(repository, digest, size, open(), (&sent, &on_bytes)).await;
            if outcome.is_err() {
                on_bytes(i64::try_from(sent.load(Ordering::Relaxed)).map_or(i64::MIN, |sent| -sent));
            }
            outcome
        };
        self.retrying(attempt).await
    }

    /// Asks the registry to take a blob from another of its repositories. `false` where it has to be uploaded instead.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn mount(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        from: &RepositoryName,
    ) -> Result<bool, RegistryError> {
        let mut url = self.url(repository, format_args!("blobs/uploads/"))?;
        url.query_pairs_mut().append_pair("mount", &digest.to_string()).append_pair("from", from.as_str());
        let scope = Scope::mount(repository, from);
        let request = Request::new(Method::POST, url, scope.clone());
        let response = self.send(&request).await?;
        match response.status() {
            StatusCode::CREATED => Ok(true),
            StatusCode::ACCEPTED => {
                // The registry opened an upload instead; it is closed so that it does not linger. Not to be able to is no failure.
                if let Ok(url) = location(&response, &request.url, &request.what()) {
                    let _ = self.send(&Request::new(Method::DELETE, url, scope)).await;
                }
                Ok(false)
            }
            _ => Err(self.status(response, &request.what()).await),
        }
    }

    async fn upload_once(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        size: u64,
        bytes: UploadStream,
        progress: (&Arc<AtomicU64>, &Arc<dyn Fn(i64) + Send + Sync>),
    ) -> Result<(), RegistryError> {
        let scope = Scope::push(repository);
        let url = self.url(repository, format_args!("blobs/uploads/"))?;
        let opening = Request::new(Method::POST, url, scope.clone());
        let response = self.send(&opening).await?;
        if response.status() != StatusCode::ACCEPTED {
            return Err(self.status(response, &opening.what()).await);
        }
        let url = location(&response, &opening.url, &opening.what())?;
        let mut url = self.patch(url, &scope, digest, size, bytes, progress).await?;
        url.query_pairs_mut().append_pair("digest", &digest.to_string());
        let closing = Request::new(Method::PUT, url, scope);
        let response = self.send(&closing).await?;
        if response.status() != StatusCode::CREATED {
            return Err(self.status(response, &closing.what()).await);
        }
        Ok(())
    }

    /// Streams the bytes; returns where to go on.
    async fn patch(
        &self,
        url: Url,
        scope: &Scope,
        digest: &Digest,
        size: u64,
        bytes: UploadStream,
        (sent, on_bytes): (&Arc<AtomicU64>, &Arc<dyn Fn(i64) + Send + Sync>),
    ) -> Result<Url, RegistryError> {
        let what = Request::new(Method::PATCH, url.clone(), scope.clone()).what();
        let (counter, told) = (Arc::clone(sent), Arc::clone(on_bytes));
        let failure: Arc<std::sync::Mutex<Option<io::Error>>> = Arc::default();
        let kept = Arc::clone(&failure);
        let counted = held_back(bytes).map(move |chunk| match chunk {
            Ok(chunk) => {
                counter.fetch_add(chunk.len() as u64, Ordering::Relaxed);
                told(i64::try_from(chunk.len()).unwrap_or(i64::MAX));
                Ok(chunk)
            }
            Err(error) => {
                let shown = io::Error::new(error.kind(), "the blob could not be read");
                *kept.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error);
                Err(shown)
            }
        });
        let request = self
            .prepare(Method::PATCH, &url, scope)?
            .header(CONTENT_TYPE, "application/octet-stream")
            .header(CONTENT_LENGTH, size)
            .body(reqwest::Body::wrap_stream(counted));
        let outcome = tokio::select! {
            outcome = request.send() => outcome.map_err(|error| transport(&what, error)),
            after = self.stall(sent, size) => Err(RegistryError::Timeout { what: what.clone(), after }),
        };
        // A connection that breaks since its body does is not the registry's fault.
        if let Some(source) = failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take() {
            return Err(RegistryError::Source { digest: *digest, source });
        }
        let response = outcome?;
        no_own_redirect(&response, &url, &what)?;
        match response.status() {
            // 201 and 204 are what older registries answer.
            StatusCode::ACCEPTED | StatusCode::CREATED | StatusCode::NO_CONTENT => location(&response, &url, &what),
            StatusCode::UNAUTHORIZED => {
                // The token ran out; the stream is spent, so the upload starts over with a new one.
                self.forget_authorization(&scope.0);
                Err(RegistryError::Status {
                    what,
                    status: response.status(),
                    message: String::new(),
                    retry_after: None,
                })
            }
            _ => Err(self.status(response, &what).await),
        }
    }

    /// Ends when nothing has gone out for a while; once all has, when the answer does not come.
    async fn stall(&self, sent: &AtomicU64, size: u64) -> Duration {
        let options = &self.shared.options;
        loop {
            let before = sent.load(Ordering::Relaxed);
            let patience = if before >= size { options.answer_timeout } else { options.progress_timeout };
            tokio::time::sleep(patience).await;
            if sent.load(Ordering::Relaxed) == before {
                return patience;
            }
        }
    }

    async fn status(&self, response: Response, what: &str) -> RegistryError {
        status_error(response, what, self.shared.options.answer_timeout).await
    }
}

/// Gives each chunk only when the next is known, the last only when the end is: an HTTP client that has its Content-Length does not ask
/// for more, and so would never see the error that a blob's end may hold.
fn held_back(bytes: UploadStream) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    futures::stream::unfold((bytes.fuse(), None), |(mut bytes, mut held)| async move {
        loop {
            match bytes.next().await {
                Some(Ok(chunk)) => {
                    if let Some(ready) = held.replace(chunk) {
                        return Some((Ok(ready), (bytes, held)));
                    }
                }
                Some(Err(error)) => return Some((Err(error), (bytes, None))),
                None => return held.take().map(|last| (Ok(last), (bytes, None))),
            }
        }
    })
}
