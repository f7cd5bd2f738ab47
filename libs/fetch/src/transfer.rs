//! A document on its way into a temporary file, over as many requests as it takes.

use std::io::SeekFrom;

use reqwest::header::{CONTENT_RANGE, HeaderMap};
use reqwest::{Response, StatusCode};
use tokio::fs::File;
use tokio::io::{AsyncSeekExt as _, AsyncWriteExt as _};
use url::Url;

use crate::encoding::{Coding, coding};
use crate::pace::Pace;
use crate::request::{conditional, from_byte, send, shown};
use crate::retry_after::retry_after;
use crate::validators::strong_validator;
use crate::{FetchError, Limits, Progress, Validators};

/// A transfer: what has arrived, and how to ask for the rest.
pub struct Transfer<'a> {
    pub client: &'a reqwest::Client,
    pub url: &'a Url,
    pub known: &'a Validators,
    pub limits: &'a Limits,
    pub file: File,
    /// Bytes in the file.
    pub received: u64,
    /// The most that was ever in it: what tells progress from going round in circles.
    pub furthest: u64,
    /// What the whole document is said to be, in bytes.
    expected: Option<u64>,
    /// Names the document whose beginning is in the file, if the rest of it may be asked for.
    resumable: Option<String>,
    validators: Validators,
    coding: Coding,
}

/// What an attempt came to.
pub enum Outcome {
    Unchanged,
    Complete { validators: Validators, coding: Coding },
}

impl<'a> Transfer<'a> {
    pub fn new(
        client: &'a reqwest::Client,
        url: &'a Url,
        known: &'a Validators,
        limits: &'a Limits,
        file: std::fs::File,
    ) -> Self {
        Self {
            client,
            url,
            known,
            limits,
            file: File::from_std(file),
            received: 0,
            furthest: 0,
            expected: None,
            resumable: None,
            validators: Validators::default(),
            coding: Coding::Identity,
        }
    }

    /// One request, from where the last one broke off if the server can.
    pub async fn attempt(&mut self, progress: &(dyn Fn(Progress<'_>) + Send + Sync)) -> Result<Outcome, FetchError> {
        let resumed = self.resumable.take().filter(|_| self.received > 0);
        let headers = match &resumed {
            Some(validator) => from_byte(self.received, validator),
            None => conditional(self.known),
        };
        let response = send(self.client, self.url, &headers, self.limits).await?;
        match response.status() {
            StatusCode::OK => self.start(&response).await?,
            StatusCode::PARTIAL_CONTENT if resumed.is_some() => {
                self.resume(&response)?;
                self.resumable = resumed;
            }
            StatusCode::NOT_MODIFIED if resumed.is_none() && !self.known.is_empty() => return Ok(Outcome::Unchanged),
            StatusCode::NOT_MODIFIED | StatusCode::PARTIAL_CONTENT => {
                return Err(self.protocol("the server answered a question that was not asked"));
            }
            // What the range named is gone: the next attempt asks for the whole.
            StatusCode::RANGE_NOT_SATISFIABLE if resumed.is_some() => return Err(self.truncated()),
            status => {
                let retry_after = retry_after(response.headers());
                self.resumable = resumed;
                return Err(FetchError::Status { address: shown(self.url), status, retry_after });
            }
        }
        self.receive(response, progress).await?;
        Ok(Outcome::Complete { validators: self.validators.clone(), coding: self.coding })
    }

    /// The document from its beginning.
    async fn start(&mut self, response: &Response) -> Result<(), FetchError> {
        self.coding = coding(response.headers(), self.url)?;
        self.expected = response.content_length();
        if self.expected.is_some_and(|size| size > self.limits.size) {
            return Err(self.too_large());
        }
        self.validators = Validators::of(response.headers());
        self.resumable = strong_validator(response.headers());
        self.received = 0;
        self.file.seek(SeekFrom::Start(0)).await.map_err(FetchError::Temporary)?;
        self.file.set_len(0).await.map_err(FetchError::Temporary)
    }

    /// The document from where we are: it must really start there.
    fn resume(&mut self, response: &Response) -> Result<(), FetchError> {
        let (start, size) = content_range(response.headers())
            .ok_or_else(|| self.protocol("the server sent a part without a readable Content-Range"))?;
        if start != self.received {
            return Err(self.protocol("the server sent another part than was asked for"));
        }
        if size.is_some_and(|size| self.expected.is_some_and(|expected| expected != size)) {
            return Err(self.protocol("the document's size changed while it was fetched"));
        }
        self.expected = self.expected.or(size);
        Ok(())
    }

    async fn receive(
        &mut self,
        mut response: Response,
        progress: &(dyn Fn(Progress<'_>) + Send + Sync),
    ) -> Result<(), FetchError> {
        let mut pace = Pace::new(self.limits.progress, self.limits.min_progress);
        let outcome = loop {
            let chunk = match pace.wait(response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) => break Ok(()),
                Ok(Err(error)) => break Err(self.broken(error)),
                Err(_) => break Err(self.stalled()),
            };
            pace.arrived(chunk.len());
            if self.received + chunk.len() as u64 > self.limits.size {
                return Err(self.too_large());
            }
            self.file.write_all(&chunk).await.map_err(FetchError::Temporary)?;
            self.received += chunk.len() as u64;
            self.furthest = self.furthest.max(self.received);
            progress(Progress::Received { bytes: self.received, of: self.expected });
        };
        // Bytes still on their way to the disk would be missed by whoever goes on from here.
        self.file.flush().await.map_err(FetchError::Temporary)?;
        outcome?;
        match self.expected {
            Some(expected) if expected > self.received => Err(self.truncated()),
            _ => Ok(()),
        }
    }

    fn broken(&self, error: reqwest::Error) -> FetchError {
        match self.expected {
            Some(expected) if expected > self.received => self.truncated(),
            _ => FetchError::Transport { address: shown(self.url), source: error.without_url() },
        }
    }

    fn stalled(&self) -> FetchError {
        FetchError::Stalled { address: shown(self.url), received: self.received, after: self.limits.progress }
    }

    fn truncated(&self) -> FetchError {
        let expected = self.expected.unwrap_or(self.received);
        FetchError::Truncated { address: shown(self.url), received: self.received, expected }
    }

    fn too_large(&self) -> FetchError {
        FetchError::TooLarge { address: shown(self.url), limit: self.limits.size }
    }

    fn protocol(&self, why: &'static str) -> FetchError {
        FetchError::Protocol { address: shown(self.url), why }
    }
}

/// `Content-Range: bytes <start>-<end>/<size or *>`.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let start = range.split_once('-')?.0.trim().parse().ok()?;
    match size.trim() {
        "*" => Some((start, None)),
        size => Some((start, Some(size.parse().ok()?))),
    }
}
