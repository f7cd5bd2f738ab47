//! Blobs: getting them, checked and resumed, and asking for them.

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt as _};
use plimsoll_model::Digest;
use reqwest::header::{CONTENT_LENGTH, CONTENT_RANGE};
use reqwest::{Method, Response, StatusCode};
use sha2::{Digest as _, Sha256};

use super::answer::{status_error, transport};
use super::pace::Pace;
use super::request::{Request, Scope};
use super::{RegistryClient, RegistryError};
use crate::RepositoryName;

/// How often a blob is asked for again after its connection broke.
const RESUMES: usize = 8;

/// A blob's bytes. The last item is an error where they do not hash to the digest: nothing before its end is to be trusted.
pub type BlobStream = BoxStream<'static, Result<Bytes, RegistryError>>;

impl RegistryClient {
    /// Gets a blob. `size` is what its descriptor says, in bytes: a longer answer is cut off.
    ///
    /// A connection that breaks or stalls is taken up again where it ended, up to eight times.
    ///
    /// # Errors
    /// [`RegistryError::NotFound`] and others before the first byte; the same, [`RegistryError::TooLarge`] and [`RegistryError::DigestMismatch`] within the stream.
    pub async fn get_blob(
        &self,
        repository: &RepositoryName,
        digest: &Digest,
        size: Option<u64>,
    ) -> Result<BlobStream, RegistryError> {
        let url = self.url(repository, format_args!("blobs/{digest}"))?;
        let request = Request::new(Method::GET, url, Scope::pull(repository));
        let what = request.what();
        let mut download = Download {
            client: self.clone(),
            request,
            what,
            digest: *digest,
            size,
            hasher: Sha256::new(),
            received: 0,
            skip: 0,
            resumes: 0,
            pace: self.pace(),
            response: None,
        };
        download.connect().await?;
        Ok(download.into_stream().boxed())
    }

    /// Whether a repository has a blob.
    ///
    /// # Errors
    /// See [`RegistryError`].
    pub async fn has_blob(&self, repository: &RepositoryName, digest: &Digest) -> Result<bool, RegistryError> {
        let url = self.url(repository, format_args!("blobs/{digest}"))?;
        let request = Request::new(Method::HEAD, url, Scope::pull(repository));
        let response = self.send(&request).await?;
        match response.status() {
            status if status.is_success() => Ok(true),
            StatusCode::NOT_FOUND => Ok(false),
            _ => Err(status_error(response, &request.what(), self.shared.options.answer_timeout).await),
        }
    }

    fn pace(&self) -> Pace {
        Pace::new(self.shared.options.progress_timeout, self.shared.options.min_progress_bytes)
    }
}

struct Download {
    client: RegistryClient,
    request: Request,
    what: String,
    digest: Digest,
    size: Option<u64>,
    hasher: Sha256,
    received: u64,
    /// Bytes that a registry without ranges sends a second time.
    skip: u64,
    resumes: usize,
    pace: Pace,
    response: Option<Response>,
}

impl Download {
    fn into_stream(self) -> impl Stream<Item = Result<Bytes, RegistryError>> + Send + 'static {
        futures::stream::unfold(Some(self), |download| async move {
            let mut download = download?;
            match download.next_chunk().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(download))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
    }

    /// Asks for what has not come yet.
    async fn connect(&mut self) -> Result<(), RegistryError> {
        self.request.range_from = (self.received > 0).then_some(self.received);
        let response = self.client.send(&self.request).await?;
        self.skip = match response.status() {
            StatusCode::OK => self.received,
            StatusCode::PARTIAL_CONTENT if starts_at(&response) == Some(self.received) => 0,
            StatusCode::PARTIAL_CONTENT => {
                let why = "the answer is another range than was asked for".to_owned();
                return Err(RegistryError::Protocol { what: self.what.clone(), why });
            }
            _ => {
                let timeout = self.client.shared.options.answer_timeout;
                return Err(status_error(response, &self.what, timeout).await);
            }
        };
        let announced =
            response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if let (Some(announced), Some(size)) = (announced, self.size) {
            let start = self.received - self.skip;
            if start.saturating_add(announced) > size {
                return Err(RegistryError::TooLarge { what: self.what.clone(), limit: size });
            }
        }
        self.pace = self.client.pace();
        self.response = Some(response);
        Ok(())
    }

    async fn next_chunk(&mut self) -> Result<Option<Bytes>, RegistryError> {
        loop {
            let broken = match self.read().await {
                Ok(Some(chunk)) => match self.take(chunk)? {
                    Some(chunk) => return Ok(Some(chunk)),
                    None => continue,
                },
                // Ended early without saying so: a proxy that closed.
                Ok(None) if self.size.is_some_and(|size| self.received < size) && self.resumes < RESUMES => None,
                Ok(None) => return self.finish(),
                Err(error) if error.is_transient() && self.resumes < RESUMES => Some(error),
                Err(error) => return Err(error),
            };
            self.resumes += 1;
            let error = broken.map(|error| error.to_string());
            tracing::warn!(digest = %self.digest, received = self.received, error, "blob download is resumed");
            self.connect().await?;
        }
    }

    async fn read(&mut self) -> Result<Option<Bytes>, RegistryError> {
        let Some(response) = &mut self.response else { return Ok(None) };
        match self.pace.wait(response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| transport(&self.what, error)),
            Err(_) => {
                let after = self.client.shared.options.progress_timeout;
                Err(RegistryError::Timeout { what: self.what.clone(), after })
            }
        }
    }

    /// Accounts for a chunk; `None` if all of it had come before.
    fn take(&mut self, mut chunk: Bytes) -> Result<Option<Bytes>, RegistryError> {
        self.pace.arrived(chunk.len());
        let skipped = self.skip.min(chunk.len() as u64);
        self.skip -= skipped;
        let chunk = chunk.split_off(usize::try_from(skipped).unwrap_or(usize::MAX).min(chunk.len()));
        if chunk.is_empty() {
            return Ok(None);
        }
        self.received = self.received.saturating_add(chunk.len() as u64);
        if let Some(limit) = self.size.filter(|size| self.received > *size) {
            return Err(RegistryError::TooLarge { what: self.what.clone(), limit });
        }
        self.hasher.update(&chunk);
        Ok(Some(chunk))
    }

    fn finish(&mut self) -> Result<Option<Bytes>, RegistryError> {
        let computed = Digest::from_sha256(std::mem::take(&mut self.hasher).finalize().into());
        if computed == self.digest {
            return Ok(None);
        }
        Err(RegistryError::DigestMismatch { what: self.what.clone(), expected: self.digest, computed })
    }
}

/// The first byte of `Content-Range: bytes 10-19/20`.
fn starts_at(response: &Response) -> Option<u64> {
    let range = response.headers().get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?;
    range.split('-').next()?.trim().parse().ok()
}
