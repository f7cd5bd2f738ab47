//! The door: an address to a document.

use std::fs::File;
use std::io::Seek as _;
use std::sync::OnceLock;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use url::Url;

use crate::encoding::{Coding, decode};
use crate::request::shown;
use crate::transfer::{Outcome, Transfer};
use crate::{FetchError, Options, Progress, Retries, Validators, file_address};

/// Fetches documents. Its connections are kept between fetches.
#[derive(Debug, Default)]
pub struct Fetcher {
    options: Options,
    /// Made when first needed: a mirror on disk needs no TLS roots.
    client: OnceLock<reqwest::Client>,
}

/// What a fetch came to.
#[derive(Debug)]
pub enum Fetched {
    /// The server says that the caller has the document already.
    Unchanged,
    /// The document, whole.
    Changed {
        /// Its bytes, from the beginning. A temporary file without a name, or a mirror's own file, opened for reading.
        file: File,
        /// Bytes in the file.
        size: u64,
        /// To be given back at the next fetch.
        validators: Validators,
    },
}

impl Fetcher {
    /// A fetcher with these options.
    pub fn new(options: Options) -> Self {
        Self { options, client: OnceLock::new() }
    }

    /// Fetches the document at `address`, unless `known` says that it is the one that the caller has. `progress` is told often.
    ///
    /// https is never left for http. What breaks off is resumed where the server can, else started over, as [`Retries`] say.
    ///
    /// # Errors
    /// See [`FetchError`]. Nothing of the document is then given.
    #[tracing::instrument(skip_all, fields(address))]
    pub async fn fetch(
        &self,
        address: &str,
        known: &Validators,
        progress: &(dyn Fn(Progress<'_>) + Send + Sync),
    ) -> Result<Fetched, FetchError> {
        let refused = |why: String| FetchError::Address { address: address.to_owned(), why };
        let url = Url::parse(address).map_err(|error| refused(error.to_string()))?;
        tracing::Span::current().record("address", shown(&url));
        match url.scheme() {
            "file" => file_address::fetch(&url, known, &self.options.limits),
            "http" | "https" => self.download(&url, known, progress).await,
            scheme => Err(refused(format!("'{scheme}' is none of https, http and file"))),
        }
    }

    async fn download(
        &self,
        url: &Url,
        known: &Validators,
        progress: &(dyn Fn(Progress<'_>) + Send + Sync),
    ) -> Result<Fetched, FetchError> {
        let retries = self.options.retries;
        let mut transfer = Transfer::new(self.client()?, url, known, &self.options.limits, self.temporary()?);
        let mut waits = delays(retries);
        loop {
            let before = transfer.furthest;
            let error = match transfer.attempt(progress).await {
                Ok(Outcome::Unchanged) => return Ok(Fetched::Unchanged),
                Ok(Outcome::Complete { validators, coding }) => {
                    let (file, size) = self.finished(transfer, coding, url).await?;
                    return Ok(Fetched::Changed { file, size, validators });
                }
                Err(error) => error,
            };
            // Progress is finite, so this ends.
            if transfer.furthest >= before + self.options.limits.min_progress {
                waits = delays(retries);
            }
            let Some(wait) = waits.next().filter(|_| error.is_transient()) else { return Err(error) };
            let after = error.retry_after().unwrap_or(wait);
            // It will not answer before: to ask all the same is what gets clients locked out.
            if after > retries.max_delay {
                return Err(error);
            }
            tracing::warn!(%error, delay_ms = after.as_millis(), "the fetch is tried again");
            progress(Progress::Retrying { error: &error, after });
            tokio::time::sleep(after).await;
        }
    }

    /// The transfer's file, decoded and at its beginning.
    async fn finished(&self, transfer: Transfer<'_>, coding: Coding, url: &Url) -> Result<(File, u64), FetchError> {
        let size = transfer.received;
        let mut file = transfer.file.into_std().await;
        if coding == Coding::Identity {
            file.rewind().map_err(FetchError::Temporary)?;
            return Ok((file, size));
        }
        let (into, limit, address) = (self.temporary()?, self.options.limits.size, shown(url));
        let decoding = tokio::task::spawn_blocking(move || decode(file, into, limit, &address));
        decoding.await.unwrap_or_else(|error| Err(FetchError::Temporary(std::io::Error::other(error))))
    }

    fn temporary(&self) -> Result<File, FetchError> {
        let made = match &self.options.temporary_folder {
            Some(folder) => tempfile::tempfile_in(folder),
            None => tempfile::tempfile(),
        };
        made.map_err(FetchError::Temporary)
    }

    fn client(&self) -> Result<&reqwest::Client, FetchError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = reqwest::Client::builder()
            .user_agent(concat!("plimsoll/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.options.limits.answer)
            .http2_max_header_list_size(64 << 10)
            .build()
            .map_err(FetchError::Client)?;
        Ok(self.client.get_or_init(|| client))
    }
}

fn delays(retries: Retries) -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_max_times(retries.count)
        .with_min_delay(retries.min_delay)
        .with_max_delay(retries.max_delay)
        .with_jitter()
        .build()
}
