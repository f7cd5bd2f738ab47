//! An index and the documents that it names: the archive where it is another one, then what changed since, then what is gone.
//! Each document has a run of its own; one that fails keeps no other from being read, and is tried again with the next run. Once all is there, the
//! index is read again where one of its files changed.

use std::fs::File;

use chrono::DateTime;
use plimsoll_advisories::feeds::{Document, Held, Index, Listing, Plan};
use plimsoll_fetch::{Fetched, KnownFiles, Together, Validators};
use plimsoll_store::StoreError;
use plimsoll_store::feeds::{self, Outcome, RunCounts, increments as followed};

use crate::apply;
use crate::sync::{Ended, SyncError, Syncer, document_state, refuse_if_too_many};

impl Syncer {
    /// Reads an index and syncs what it says has changed. Its counts are documents.
    pub(crate) async fn try_sync_index(
        &self,
        index: &Index,
        accept_withdrawals: bool,
        counts: &mut RunCounts,
    ) -> Result<Outcome, SyncError> {
        let held = self.held(index).await?;
        // Of what is not known how new it is, and by an operator's word, all is looked at.
        let is_settled = !accept_withdrawals && held.iter().all(|held| held.at.is_some());
        let known = if is_settled { self.known_files(&index.changes).await? } else { KnownFiles::default() };
        let Some((listing, known)) = self.listing(index, &known, counts).await? else {
            self.index_checked(index, None, false).await?;
            return Ok(Outcome::Unchanged);
        };
        counts.problem_count = listing.problems;
        let plan = listing.plan(&held);
        let (mut synced, mut failed) = (0, 0);
        let (mut is_archive_there, mut wait) = (true, None);
        for listed in plan.archive.iter().chain(&plan.documents) {
            match self.sync_listed(listed, accept_withdrawals).await? {
                Ended { outcome: Outcome::Changed | Outcome::Unchanged, .. } => synced += 1,
                ended => {
                    failed += 1;
                    is_archive_there &=
                        plan.archive.as_ref().is_none_or(|archive| archive.document.path != listed.document.path);
                    wait = ended.wait;
                }
            }
            // It has been asked to leave the server alone: the rest waits with it.
            if wait.is_some() {
                break;
            }
        }
        if plan.left > 0 {
            tracing::info!(left = plan.left, "documents of the index are left to the next run");
        }
        counts.records = synced + failed;
        counts.changed = synced;
        counts.withdrawn = self.forget(index, &plan, is_archive_there, accept_withdrawals).await?;
        let has_changed = synced > 0 || counts.withdrawn > 0;
        // What could not be had, or is left to the next run, may say otherwise of what is held: that is as old as it was.
        if failed == 0 && plan.left == 0 {
            self.index_checked(index, Some(&known), has_changed).await?;
        }
        if failed > 0 {
            return Err(SyncError::Listed { failed, listed: synced + failed, wait });
        }
        Ok(if has_changed { Outcome::Changed } else { Outcome::Unchanged })
    }

    /// What the index tells; `None` where its files are those that `known` tells of. Once read, they are not known again before all that they name is there.
    async fn listing(
        &self,
        index: &Index,
        known: &KnownFiles,
        counts: &mut RunCounts,
    ) -> Result<Option<(Listing, KnownFiles)>, SyncError> {
        let files = [&index.changes, &index.deletions, &index.archive_latest];
        let addresses = files.map(|document| self.address(document));
        let Some(Together { files, size, known }) = self.fetcher.fetch_together(&addresses, known, &|_| {}).await?
        else {
            return Ok(None);
        };
        counts.size_bytes += size;
        self.know_files(&index.changes, None).await?;
        let Ok([changes, deletions, archive_latest]) = <[File; 3]>::try_from(files) else {
            return Err(SyncError::Interrupted);
        };
        let read = index.clone();
        let listing = tokio::task::spawn_blocking(move || read.listing(archive_latest, changes, deletions));
        Ok(Some((listing.await.map_err(|_| SyncError::Interrupted)??, known)))
    }

    /// Records that what is held of an index is as its server has it: by these files of it, or by those that are known.
    async fn index_checked(
        &self,
        index: &Index,
        known: Option<&KnownFiles>,
        has_changed: bool,
    ) -> Result<(), StoreError> {
        let (feed, path) = (index.changes.feed.name, &index.changes.path);
        let state = document_state(self.address(&index.changes), Validators::default());
        let mut tx = self.store.catalog_tx().await?;
        feeds::documents_checked_below(&mut tx, feed, index.folder()).await?;
        feeds::document_checked(&mut tx, feed, path, &state, has_changed).await?;
        if let Some(known) = known {
            followed::follow(&mut tx, feed, path, Some(&serde_json::to_value(known)?)).await?;
        }
        tx.commit().await
    }

    /// What servers said of the files that were read for a document.
    pub(crate) async fn known_files(&self, document: &Document) -> Result<KnownFiles, StoreError> {
        let mut tx = self.store.catalog_tx().await?;
        let known = followed::followed(&mut tx, document.feed.name, &document.path).await?;
        tx.commit().await?;
        Ok(known.and_then(|known| serde_json::from_value(known).ok()).unwrap_or_default())
    }

    /// Keeps that with a document that we hold.
    pub(crate) async fn know_files(&self, document: &Document, known: Option<&KnownFiles>) -> Result<(), StoreError> {
        let known = known.map(serde_json::to_value).transpose()?;
        let mut tx = self.store.catalog_tx().await?;
        followed::follow(&mut tx, document.feed.name, &document.path, known.as_ref()).await?;
        tx.commit().await
    }

    /// Fetches a document whatever we hold of it.
    pub(crate) async fn fetch_file(&self, document: &Document, counts: &mut RunCounts) -> Result<File, SyncError> {
        let (file, size, _) = self.fetch_anew(document).await?;
        counts.size_bytes += size;
        Ok(file)
    }

    /// The same, with its size and what its server said of it.
    pub(crate) async fn fetch_anew(&self, document: &Document) -> Result<(File, u64, Validators), SyncError> {
        match self.fetcher.fetch(&self.address(document), &Validators::default(), &|_| {}).await? {
            Fetched::Changed { file, size, validators } => Ok((file, size, validators)),
            // Nothing was told that it could be unchanged from.
            Fetched::Unchanged => Err(SyncError::Interrupted),
        }
    }

    async fn held(&self, index: &Index) -> Result<Vec<Held>, SyncError> {
        let mut tx = self.store.catalog_tx().await?;
        let held = feeds::documents_below(&mut tx, index.changes.feed.name, index.folder()).await?;
        let at = |text: String| DateTime::parse_from_rfc3339(&text).ok().map(|at| at.to_utc());
        let is_listed = |path: &String| *path != index.changes.path;
        let held = held.into_iter().filter(|(path, _)| is_listed(path));
        Ok(held.map(|(path, listed_at)| Held { path, at: listed_at.and_then(at) }).collect())
    }

    /// Forgets what is superseded, once its archive is there, and what is gone; gives how many records were withdrawn by it.
    async fn forget(
        &self,
        index: &Index,
        plan: &Plan,
        is_archive_there: bool,
        accept_withdrawals: bool,
    ) -> Result<u64, SyncError> {
        let superseded = plan.superseded.iter().filter(|_| is_archive_there);
        let documents: Vec<String> = superseded.chain(&plan.gone).map(|document| document.path.clone()).collect();
        self.forget_below(index, &documents, &plan.gone_records, accept_withdrawals).await
    }

    /// Forgets documents of an index and records; gives how many records no document holds any more: they are withdrawn.
    pub(crate) async fn forget_below(
        &self,
        index: &Index,
        documents: &[String],
        records: &[String],
        accept_withdrawals: bool,
    ) -> Result<u64, SyncError> {
        let feed = index.changes.feed.name;
        let mut tx = self.store.catalog_tx().await?;
        let held = feeds::records_below(&mut tx, feed, index.folder()).await?;
        let mut gone = Vec::new();
        if !documents.is_empty() {
            gone.extend(feeds::forget_documents(&mut tx, feed, documents).await?);
        }
        if !records.is_empty() {
            gone.extend(feeds::forget_records(&mut tx, feed, records).await?);
        }
        gone.sort_unstable();
        gone.dedup();
        // Refused, the transaction ends without a trace.
        refuse_if_too_many(&index.changes, gone.len() as u64, held, self.most_withdrawn(accept_withdrawals))?;
        apply::withdraw(&mut tx, feed, &gone).await?;
        tx.commit().await?;
        Ok(gone.len() as u64)
    }
}
