//! A document whose changes its feed tells by a list: the records that changed are fetched one by one, where they are few. Else, where the list or the
//! records do not lie there, and once a day, as no list tells what is gone, the document is read whole.

use std::collections::BTreeMap;
use std::fs::File;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_advisories::feeds::{ChangedRecord, Document, Followed, Increments, ParseReport, Recent};
use plimsoll_fetch::{FetchError, Fetched, Validators};
use plimsoll_runtime::clock;
use plimsoll_store::StoreError;
use plimsoll_store::feeds::increments as stored;
use plimsoll_store::feeds::{self, DocumentState, Outcome, RunCounts};

use crate::apply;
use crate::read::tell;
use crate::sync::{SyncError, Syncer, refuse_if_too_many};

/// How often a document is read whole though its changes are told.
const WHOLE_EVERY: TimeDelta = TimeDelta::days(1);

/// A document that is followed, as we hold it.
struct Held {
    state: DocumentState,
    followed: Followed,
}

impl Syncer {
    /// Brings a document up to date by what is told of its changes, or reads it whole.
    pub(crate) async fn try_sync_increments(
        &self,
        increments: &Increments,
        run: i64,
        accept_withdrawals: bool,
        counts: &mut RunCounts,
    ) -> Result<Outcome, SyncError> {
        let held = if accept_withdrawals { None } else { self.held_followed(increments).await? };
        let is_told = held.is_some();
        if let Some(held) = held
            && let Some(outcome) = self.try_changes(increments, held, run, counts).await?
        {
            return Ok(outcome);
        }
        let outcome = self.try_sync(&increments.whole, None, run, accept_withdrawals, counts).await?;
        // Where more is told than a whole document that did not change yet has, it is asked for again.
        if outcome == Outcome::Changed || !is_told {
            self.follow(increments).await?;
        }
        Ok(outcome)
    }

    /// The document as we hold it, where it need not be read whole.
    async fn held_followed(&self, increments: &Increments) -> Result<Option<Held>, StoreError> {
        let Document { feed, path, .. } = &increments.whole;
        let mut tx = self.store.catalog_tx().await?;
        let state = feeds::document(&mut tx, feed.name, path).await?;
        let followed = stored::followed(&mut tx, feed.name, path).await?;
        tx.commit().await?;
        let state = state.filter(|state| state.url == self.address(&increments.whole));
        let followed = followed.and_then(|followed| serde_json::from_value::<Followed>(followed).ok());
        let followed = followed.filter(|followed| {
            followed.address == self.address(&increments.changes) && clock::now() - followed.whole_at < WHOLE_EVERY
        });
        Ok(state.zip(followed).map(|(state, followed)| Held { state, followed }))
    }

    /// Fetches and applies what changed; `None` where the whole document is to be read for it.
    async fn try_changes(
        &self,
        increments: &Increments,
        held: Held,
        run: i64,
        counts: &mut RunCounts,
    ) -> Result<Option<Outcome>, SyncError> {
        let Held { state, mut followed } = held;
        let known = Validators { etag: followed.etag.take(), last_modified: followed.last_modified.take() };
        let (list, validators) = match self.fetcher.fetch(&followed.address, &known, &|_| {}).await {
            Ok(Fetched::Changed { file, size, validators }) => {
                counts.size_bytes = size;
                (file, validators)
            }
            Ok(Fetched::Unchanged) => {
                self.checked(increments, state, None).await?;
                return Ok(Some(Outcome::Unchanged));
            }
            Err(error) => return absent(error),
        };
        let (reading, since, now) = (increments.clone(), followed.newest, clock::now());
        let recent = tokio::task::spawn_blocking(move || reading.recent(list, since, now));
        let recent = match recent.await.map_err(|_| SyncError::Interrupted)? {
            Ok(recent) => recent,
            Err(error) => {
                tracing::warn!(%error, "the list of changes is of no use: the document is read whole");
                return Ok(None);
            }
        };
        let ids: Vec<String> = recent.ids().map(str::to_owned).collect();
        let held = self.modified(increments, &ids).await?;
        let Some(changed) = recent.changed(&held, followed.rows) else { return Ok(None) };
        let Some(report) = self.stage_changes(increments, changed, run, counts).await? else { return Ok(None) };
        let has_changed = self.apply_changes(increments, run, &report, counts).await?;
        let Validators { etag, last_modified } = validators;
        followed = Followed { etag, last_modified, newest: recent.newest, rows: Some(recent.rows), ..followed };
        self.checked(increments, state, Some((run, followed, has_changed))).await?;
        Ok(Some(if has_changed { Outcome::Changed } else { Outcome::Unchanged }))
    }

    /// When those of these records that we hold from the document changed.
    async fn modified(
        &self,
        increments: &Increments,
        ids: &[String],
    ) -> Result<BTreeMap<String, DateTime<Utc>>, StoreError> {
        let Document { feed, path, .. } = &increments.whole;
        let mut tx = self.store.catalog_tx().await?;
        let held = stored::modified(&mut tx, feed.name, path, ids).await?;
        tx.commit().await?;
        let at = |text: String| DateTime::parse_from_rfc3339(&text).ok().map(|at| at.to_utc());
        Ok(held.into_iter().filter_map(|(id, modified)| Some((id, modified.and_then(at)?))).collect())
    }

    /// Fetches each record and stages it; `None` where one does not lie there.
    async fn stage_changes(
        &self,
        increments: &Increments,
        changed: Vec<ChangedRecord>,
        run: i64,
        counts: &mut RunCounts,
    ) -> Result<Option<ParseReport>, SyncError> {
        let mut report = ParseReport::default();
        for ChangedRecord { id, .. } in changed {
            let file = match self.fetch_file(&increments.record(&id), counts).await {
                Ok(file) => file,
                Err(SyncError::Fetch(error)) if error.is_not_found() => {
                    let mut tx = self.store.catalog_tx().await?;
                    stored::unstage(&mut tx, run).await?;
                    tx.commit().await?;
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            report.add(self.stage_record(increments, id, file, run).await?);
        }
        Ok(Some(report))
    }

    async fn stage_record(
        &self,
        increments: &Increments,
        id: String,
        file: File,
        run: i64,
    ) -> Result<ParseReport, SyncError> {
        let increments = increments.clone();
        Ok(self.read(run, move |sink| Ok(increments.parse(&id, file, sink)?)).await?.report)
    }

    /// Applies what is staged, within the share that one sync may withdraw: by an operator's word the whole document is read. Gives whether anything
    /// changed by it.
    async fn apply_changes(
        &self,
        increments: &Increments,
        run: i64,
        report: &ParseReport,
        counts: &mut RunCounts,
    ) -> Result<bool, SyncError> {
        tell(counts, report);
        let (whole, feed) = (&increments.whole, increments.whole.feed.name);
        let mut tx = self.store.catalog_tx().await?;
        let staged = feeds::staged_counts(&mut tx, run, feed, &whole.path, &[], false).await?;
        drop(tx);
        let withdrawn = staged.withdrawn.unsigned_abs();
        refuse_if_too_many(whole, withdrawn, staged.held.unsigned_abs(), self.most_withdrawn(false))?;
        let applied = apply::apply_staged(&self.store, run, feed, false).await?;
        counts.added = applied.added;
        counts.changed = applied.changed.saturating_sub(withdrawn);
        counts.withdrawn = withdrawn;
        counts.unchanged = staged.unchanged.unsigned_abs();
        Ok(applied.added + applied.changed > 0)
    }

    /// Records that the list's server answered: by its list's next version, with what was staged of it, or by none.
    async fn checked(
        &self,
        increments: &Increments,
        state: DocumentState,
        changes: Option<(i64, Followed, bool)>,
    ) -> Result<(), SyncError> {
        let Document { feed, path, .. } = &increments.whole;
        let state = DocumentState { checked_at: None, changed_at: None, ..state };
        let has_changed = changes.as_ref().is_some_and(|(.., has_changed)| *has_changed);
        let mut tx = self.store.catalog_tx().await?;
        feeds::document_checked(&mut tx, feed.name, path, &state, has_changed).await?;
        if let Some((run, followed, _)) = changes {
            stored::add_records(&mut tx, run, feed.name, path).await?;
            let followed = serde_json::to_value(&followed).map_err(StoreError::from)?;
            stored::follow(&mut tx, feed.name, path, Some(&followed)).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Follows a document from now on, of which we hold what its server has; not where no list of its changes can be had.
    async fn follow(&self, increments: &Increments) -> Result<(), SyncError> {
        let address = self.address(&increments.changes);
        let followed = match self.fetch_file(&increments.changes, &mut RunCounts::default()).await {
            Ok(list) => {
                let (reading, now) = (increments.clone(), clock::now());
                let read = tokio::task::spawn_blocking(move || reading.recent(list, now, now));
                let recent = read.await.map_err(|_| SyncError::Interrupted)?;
                // Its validators are left out: it is looked at once more, as it may have been written after the document.
                recent.ok().map(|Recent { newest, rows, .. }| Followed {
                    address,
                    etag: None,
                    last_modified: None,
                    newest,
                    rows: Some(rows),
                    whole_at: now,
                })
            }
            Err(error) => {
                tracing::debug!(%error, "no list of changes: the document is read whole each time");
                None
            }
        };
        let Document { feed, path, .. } = &increments.whole;
        let followed = followed.map(serde_json::to_value).transpose().map_err(StoreError::from)?;
        let mut tx = self.store.catalog_tx().await?;
        stored::follow(&mut tx, feed.name, path, followed.as_ref()).await?;
        Ok(tx.commit().await?)
    }
}

/// What does not lie there is had otherwise; any other failure is one.
fn absent(error: FetchError) -> Result<Option<Outcome>, SyncError> {
    if error.is_not_found() { Ok(None) } else { Err(error.into()) }
}
