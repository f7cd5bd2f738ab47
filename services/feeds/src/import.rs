//! A bundle of feeds in place of their upstreams: fetched where it has changed, believed by a trusted key alone, and then each document in it
//! brought in as a sync would. How old the knowledge is goes by the bundle, never by the import.

mod documents;

use std::fs::File;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use plimsoll_bundle::{Bundle, BundleError, MOST_BYTES, TrustedKey};
use plimsoll_fetch::{Fetched, Fetcher, Limits, Options, Validators, shown};
use plimsoll_store::feed_bundles::{self, TakenBundle};
use plimsoll_store::feeds::{Outcome, RunCounts};
use plimsoll_store::{Store, StoreError};
use tempfile::TempPath;
use url::Url;

use crate::sync::{SyncError, Syncer};
use documents::{Opened, Taken};

/// What the runs of bundles stand under, in place of a feed and its document.
pub const BUNDLE: (&str, &str) = ("bundle", "feeds.bundle");

/// Where bundles come from, and whose are believed.
#[derive(Debug)]
pub struct BundleSource {
    /// A file or an address. Looked up with each import: a disk that carries it may come later.
    bundle: String,
    keys: Vec<TrustedKey>,
    fetcher: Fetcher,
}

/// What an operator may decide about an import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Only this feed.
    pub feed: Option<String>,
    /// Documents may lack more of what we hold than one import may withdraw by itself.
    pub accept_withdrawals: bool,
    /// A bundle may be older than what we hold.
    pub allow_older: bool,
}

impl BundleSource {
    /// Bundles of this file or `http(s)://` or `file://` address, signed by one of these keys: each its text (`RW...`) or a file with it.
    ///
    /// # Errors
    /// A key is none, or there is none.
    pub fn new<'k>(bundle: &str, keys: impl IntoIterator<Item = &'k str>) -> Result<Self, BundleError> {
        let keys = keys.into_iter().map(str::trim).filter(|key| !key.is_empty());
        let keys = keys.map(TrustedKey::read).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(BundleError::NoKeys);
        }
        let limits = Limits { size: MOST_BYTES, ..Limits::default() };
        let fetcher = Fetcher::new(Options { limits, ..Options::default() });
        Ok(Self { bundle: bundle.to_owned(), keys, fetcher })
    }

    fn trusts(&self, signed_by: &str) -> bool {
        self.keys.iter().any(|key| key.id().to_string() == signed_by)
    }
}

impl Syncer {
    /// Takes what a bundle says, document by document; gives how it ended. Its own run is followed by one of each document.
    ///
    /// Whoever calls this has the turn ([`turn`](crate::turn)).
    ///
    /// # Errors
    /// Only when the runs themselves cannot be recorded.
    #[tracing::instrument(skip_all)]
    pub async fn import(&self, source: &BundleSource, options: &ImportOptions) -> Result<Outcome, StoreError> {
        let (feed, document) = BUNDLE;
        let run = self.begin(feed, document).await?;
        let mut counts = RunCounts::default();
        let ended = self.try_import(source, options, &mut counts).await;
        Ok(self.end(run, ended, &counts).await?.outcome)
    }

    async fn try_import(
        &self,
        source: &BundleSource,
        options: &ImportOptions,
        counts: &mut RunCounts,
    ) -> Result<Outcome, SyncError> {
        let address = plimsoll_fetch::address(&source.bundle)?;
        let known = known(&self.store, source, &address, options).await?;
        let (file, validators) = match source.fetcher.fetch(address.as_str(), &known, &|_| {}).await? {
            Fetched::Unchanged => return Ok(Outcome::Unchanged),
            Fetched::Changed { file, size, validators } => {
                counts.size_bytes = size;
                (file, validators)
            }
        };
        let keys = source.keys.clone();
        let bundle = blocking(move || Ok(Bundle::open(file, &keys)?)).await?;
        let built_at = bundle.header().built_at;
        refuse_older(&self.store, built_at, options.allow_older).await?;
        let signed_by = bundle.signed_by().to_string();
        let opened = blocking(move || opened(&bundle)).await?;
        let taken = self.take_documents(&Arc::new(opened), &shown(&address), options, counts).await?;
        if options.feed.is_none() {
            // What could not be taken is tried again with the next import, so the same bundle has to come again.
            let validators = if taken.failed == 0 { validators } else { Validators::default() };
            let bundle = TakenBundle {
                address: address.into(),
                etag: validators.etag,
                last_modified: validators.last_modified,
                signed_by,
                built_at,
            };
            let mut tx = self.store.catalog_tx().await?;
            feed_bundles::put(&mut tx, &bundle).await?;
            tx.commit().await?;
        }
        match taken {
            Taken { changed, failed: failed @ 1.., .. } => {
                Err(SyncError::Listed { failed, listed: changed + failed, wait: None })
            }
            Taken { changed: 0, withdrawn: 0, .. } => Ok(Outcome::Unchanged),
            Taken { .. } => Ok(Outcome::Changed),
        }
    }
}

/// What the server said of the bundle that was taken last, where that need not come again: it came by the same address, whole, signed by a key that is
/// trusted still, and the operator asks for no more of it than was taken.
async fn known(
    store: &Store,
    source: &BundleSource,
    address: &Url,
    options: &ImportOptions,
) -> Result<Validators, StoreError> {
    if *options != ImportOptions::default() {
        return Ok(Validators::default());
    }
    let mut tx = store.catalog_tx().await?;
    let last = feed_bundles::last(&mut tx).await?;
    tx.commit().await?;
    let last = last.filter(|last| last.address == address.as_str() && source.trusts(&last.signed_by));
    Ok(last.map(|last| Validators { etag: last.etag, last_modified: last.last_modified }).unwrap_or_default())
}

async fn refuse_older(store: &Store, built_at: DateTime<Utc>, is_allowed: bool) -> Result<(), SyncError> {
    let mut tx = store.catalog_tx().await?;
    let held = feed_bundles::newest_held(&mut tx).await?;
    tx.commit().await?;
    match held.filter(|held| *held > built_at && !is_allowed) {
        Some(held) => Err(SyncError::OlderBundle { built_at, held }),
        None => Ok(()),
    }
}

/// The bundle's database, in a file of its own that goes with it.
fn opened(bundle: &Bundle) -> Result<Opened, SyncError> {
    let kept = |source| SyncError::Kept { source };
    let path: TempPath = tempfile::Builder::new().prefix("plimsoll-bundle-").tempfile().map_err(kept)?.into_temp_path();
    let mut file = File::create(&path).map_err(kept)?;
    bundle.unpack(&mut file)?;
    drop(file);
    Ok(Opened::open(path)?)
}

/// Runs what reads files on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SyncError> + Send + 'static,
) -> Result<T, SyncError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| SyncError::Interrupted)?
}
