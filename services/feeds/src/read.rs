//! From a document's records, wherever they are read from, to what we know: staged as they come, applied once they were read to their end.

use plimsoll_advisories::feeds::{Document, FeedKind, ParseReport, Record, Sink};
use plimsoll_advisories::{ExploitScore, KnownExploited, content_hash};
use plimsoll_model::{Advisory, SupportPeriod};
use plimsoll_store::StoreError;
use plimsoll_store::feeds::{self, DocumentState, RunCounts};
use plimsoll_store::malware_bundles::BundleKind;
use tokio::sync::mpsc;

use crate::sync::{SyncError, Syncer, refuse_if_too_many};
use crate::{apply, bundles, tables};

/// Records per statement of staging.
const BATCH: usize = 500;

/// A batch of advisories, each with the hash of what it says.
type Batch = Vec<(Advisory, [u8; 32])>;

/// A document that was read to its end.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Its counts.
    pub report: ParseReport,
    /// Rows of CISA's catalogue.
    pub known_exploited: Vec<KnownExploited>,
    /// Rows of EPSS.
    pub exploit_scores: Vec<ExploitScore>,
    /// Periods of support.
    pub support_periods: Vec<SupportPeriod>,
}

/// What is applied in a run, and by which word.
#[derive(Debug)]
pub(crate) struct Applying<'a> {
    /// The document.
    pub document: &'a Document,
    /// The run.
    pub run: i64,
    /// The share of what we hold (0 to 1) that may be withdrawn.
    pub most_withdrawn: f64,
    /// How many records of the document are not among those that are read, as a bundle leaves out what serves nobody: so many are not missed.
    pub left_out: u64,
    /// How the document is known again.
    pub state: &'a DocumentState,
}

impl Syncer {
    /// Has a thread of its own hand on a document's records; advisories are staged as they come, small tables are kept.
    pub(crate) async fn read<R>(&self, run: i64, reader: R) -> Result<Parsed, SyncError>
    where
        R: FnOnce(&mut dyn Sink) -> Result<ParseReport, SyncError> + Send + 'static,
    {
        let (sender, mut receiver) = mpsc::channel::<Batch>(2);
        let reading = tokio::task::spawn_blocking(move || read_records(reader, &sender));
        let mut staged = Ok(());
        while let Some(batch) = receiver.recv().await {
            staged = self.stage(run, &batch).await;
            if staged.is_err() {
                // The reader's next batch finds nobody and it ends.
                break;
            }
        }
        drop(receiver);
        let parsed = reading.await.map_err(|_| SyncError::Interrupted)?;
        staged?;
        parsed
    }

    async fn stage(&self, run: i64, batch: &[(Advisory, [u8; 32])]) -> Result<(), StoreError> {
        let mut tx = self.store.catalog_tx().await?;
        feeds::stage(&mut tx, run, batch).await?;
        tx.commit().await
    }

    /// Makes what was read, or is kept as it is, what we know.
    pub(crate) async fn apply(
        &self,
        applying: &Applying<'_>,
        parsed: &Parsed,
        kept: Option<Vec<u8>>,
        counts: &mut RunCounts,
    ) -> Result<(), SyncError> {
        tell(counts, &parsed.report);
        match applying.document.feed.kind {
            FeedKind::Advisories => self.apply_advisories(applying, &parsed.report.unread, counts).await,
            FeedKind::KnownExploited | FeedKind::ExploitScores | FeedKind::SupportPeriods => {
                tables::replace(&self.store, applying, parsed, counts).await
            }
            FeedKind::YaraRules => {
                bundles::keep(&self.store, applying, BundleKind::YaraRules, kept.unwrap_or_default(), counts).await
            }
            FeedKind::FileHashes => {
                bundles::keep(&self.store, applying, BundleKind::FileHashes, kept.unwrap_or_default(), counts).await
            }
        }
    }

    async fn apply_advisories(
        &self,
        applying: &Applying<'_>,
        unread: &[String],
        counts: &mut RunCounts,
    ) -> Result<(), SyncError> {
        let Applying { document, run, most_withdrawn, left_out, state } = *applying;
        let feed = document.feed.name;
        let newest_only = document.feed.has_index();
        let mut tx = self.store.catalog_tx().await?;
        let staged = feeds::staged_counts(&mut tx, run, feed, &document.path, unread, newest_only).await?;
        drop(tx);
        let withdrawn = staged.withdrawn.unsigned_abs();
        let missed = staged.gone.unsigned_abs().saturating_sub(left_out);
        refuse_if_too_many(document, missed + withdrawn, staged.held.unsigned_abs(), most_withdrawn)?;
        let applied = apply::apply_staged(&self.store, run, feed, newest_only).await?;
        counts.added = applied.added;
        counts.changed = applied.changed.saturating_sub(withdrawn);
        counts.unchanged = staged.unchanged.unsigned_abs();

        let mut tx = self.store.catalog_tx().await?;
        // The document's row before its records, which refer to it.
        feeds::document_checked(&mut tx, feed, &document.path, state, true).await?;
        let gone = feeds::replace_records(&mut tx, run, feed, &document.path, unread).await?;
        counts.withdrawn = withdrawn + gone.len() as u64;
        apply::withdraw(&mut tx, feed, &gone).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// What a run tells of what was read.
pub(crate) fn tell(counts: &mut RunCounts, report: &ParseReport) {
    counts.records = report.statements;
    counts.unmatchable = report.unmatchable;
    counts.problem_count = report.problems;
    counts.problems =
        report.problem_texts.iter().map(|problem| format!("{}: {}", problem.place, problem.what)).collect();
}

fn read_records<R>(reader: R, sender: &mpsc::Sender<Batch>) -> Result<Parsed, SyncError>
where
    R: FnOnce(&mut dyn Sink) -> Result<ParseReport, SyncError>,
{
    let mut parsed = Parsed::default();
    let mut batch = Vec::with_capacity(BATCH);
    let mut sink = |record: Record| {
        match record {
            Record::Advisory(advisory) => {
                let hash = content_hash(&advisory);
                batch.push((*advisory, hash));
            }
            Record::KnownExploited(row) => parsed.known_exploited.push(row),
            Record::ExploitScore(row) => parsed.exploit_scores.push(row),
            Record::SupportPeriod(row) => parsed.support_periods.push(row),
        }
        if batch.len() >= BATCH {
            sender.blocking_send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))?;
        }
        Ok(())
    };
    let report = reader(&mut sink)?;
    if !batch.is_empty() {
        // Where nobody receives any more, the receiver knows why.
        let _ = sender.blocking_send(batch);
    }
    parsed.report = report;
    Ok(parsed)
}
