//! An index and the documents that it names: the archive where it is another one, then what changed since, then what is gone.
//! Each document has a run of its own; one that fails keeps no other from being read, and is tried again with the next run.

use std::fs::File;

use chrono::DateTime;
use plimsoll_advisories::feeds::{Document, Held, Index, Plan};
use plimsoll_fetch::{Fetched, Validators};
use plimsoll_store::feeds::{self, Outcome, RunCounts};

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
        let feed = index.changes.feed.name;
        let archive_latest = self.fetch_file(&index.archive_latest, counts).await?;
        let changes = self.fetch_file(&index.changes, counts).await?;
        let deletions = self.fetch_file(&index.deletions, counts).await?;
        let read = index.clone();
        let listing = tokio::task::spawn_blocking(move || read.listing(archive_latest, changes, deletions));
        let listing = listing.await.map_err(|_| SyncError::Interrupted)??;
        counts.problem_count = listing.problems;
        let plan = listing.plan(&self.held(index).await?);
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
        let state = document_state(self.address(&index.changes), Validators::default());
        let has_changed = synced > 0 || counts.withdrawn > 0;
        // What could not be had, or is left to the next run, may say otherwise of what is held: that is as old as it was.
        if failed == 0 && plan.left == 0 {
            let mut tx = self.store.catalog_tx().await?;
            feeds::documents_checked_below(&mut tx, feed, index.folder()).await?;
            feeds::document_checked(&mut tx, feed, &index.changes.path, &state, has_changed).await?;
            tx.commit().await?;
        }
        if failed > 0 {
            return Err(SyncError::Listed { failed, listed: synced + failed, wait });
        }
        Ok(if has_changed { Outcome::Changed } else { Outcome::Unchanged })
    }

    /// Fetches a document whatever we hold of it.
    pub(crate) async fn fetch_file(&self, document: &Document, counts: &mut RunCounts) -> Result<File, SyncError> {
        match self.fetcher.fetch(&self.address(document), &Validators::default(), &|_| {}).await? {
            Fetched::Changed { file, size, .. } => {
                counts.size_bytes += size;
                Ok(file)
            }
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
