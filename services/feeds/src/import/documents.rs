//! The documents of a bundle: those that are as we hold them in one statement, each other one as a sync would bring it in.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use plimsoll_advisories::feeds::{self as formats, Document, Index, ParseReport, Sink, parse};
use plimsoll_advisory_db::{AdvisoryDb, DbError, StoredDocument};
use plimsoll_runtime::clock;
use plimsoll_store::StoreError;
use plimsoll_store::feed_bundles::{self, BundledDocument};
use plimsoll_store::feeds::{self, DocumentState, Outcome, RunCounts};
use tempfile::TempPath;

use super::{ImportOptions, blocking};
use crate::read::Applying;
use crate::sync::{SyncError, Syncer};

/// Why a document of a bundle is passed over.
const UNKNOWN: &str = "of a feed that this release does not know: update plimsoll";

/// A bundle's database, and the file that it is in.
pub struct Opened {
    db: AdvisoryDb,
    _file: TempPath,
}

impl Opened {
    /// Opens it.
    pub fn open(file: TempPath) -> Result<Self, DbError> {
        Ok(Self { db: AdvisoryDb::open(&file)?, _file: file })
    }
}

/// What became of a bundle's documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Documents that were brought in, as they are not as we held them.
    pub changed: u64,
    /// Documents that could not be brought in; each has a run with its reason.
    pub failed: u64,
    /// Records that went with documents that an index no longer names.
    pub withdrawn: u64,
}

/// A document that this release knows, as the bundle has it.
#[derive(Debug, Clone)]
struct Bundled {
    document: Document,
    stored: StoredDocument,
}

impl Bundled {
    fn of(stored: StoredDocument) -> Option<Self> {
        let document = formats::by_name(&stored.feed)?.document(stored.path.clone());
        Some(Self { document, stored })
    }

    /// Names its content, in place of what a server would say: no server says this, so that none is asked by it.
    fn etag(&self) -> String {
        format!("bundle {}", self.stored.changed_at.to_rfc3339())
    }

    /// A clock that is ahead makes nothing newer than now.
    fn checked_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.stored.checked_at.min(now)
    }

    /// By when its index lists it.
    fn listed_at(&self) -> Option<DateTime<Utc>> {
        let listed_at = self.stored.validators.as_deref().filter(|_| self.document.feed.has_index())?;
        DateTime::parse_from_rfc3339(listed_at).ok().map(|at| at.to_utc())
    }

    fn state(&self, address: &str, now: DateTime<Utc>) -> DocumentState {
        DocumentState {
            url: address.to_owned(),
            etag: Some(self.etag()),
            // An upstream that is asked later is asked only for what its index says has changed since.
            last_modified: self.listed_at().map(|at| at.to_rfc3339()),
            checked_at: Some(self.checked_at(now)),
            changed_at: Some(self.stored.changed_at.min(now)),
        }
    }

    fn compared(&self, now: DateTime<Utc>) -> BundledDocument {
        BundledDocument {
            feed: self.stored.feed.clone(),
            document: self.stored.path.clone(),
            etag: self.etag(),
            checked_at: self.checked_at(now),
            is_told: !self.document.feed.has_index(),
        }
    }
}

impl Syncer {
    /// Brings in every document that the operator wants and that is not as we hold it. `address` is told as where they came from.
    pub(super) async fn take_documents(
        &self,
        opened: &Arc<Opened>,
        address: &str,
        options: &ImportOptions,
        counts: &mut RunCounts,
    ) -> Result<Taken, SyncError> {
        let reading = Arc::clone(opened);
        let mut stored = blocking(move || Ok(reading.db.documents()?)).await?;
        stored.retain(|stored| options.feed.as_deref().is_none_or(|feed| feed == stored.feed));
        let of_unknown = stored.iter().filter(|stored| formats::by_name(&stored.feed).is_none());
        counts.problems = of_unknown.map(|stored| format!("{}/{}: {UNKNOWN}", stored.feed, stored.path)).collect();
        counts.problem_count = counts.problems.len() as u64;
        let mut documents: Vec<Bundled> = stored.into_iter().filter_map(Bundled::of).collect();
        // As an index is read: its archive, then what changed since.
        documents.sort_by_key(Bundled::listed_at);
        counts.records = documents.len() as u64;
        let unchanged = self.unchanged(&documents).await?;
        counts.unchanged = unchanged.len() as u64;
        let mut taken = Taken::default();
        let mut failed = BTreeSet::new();
        for (place, bundled) in documents.iter().enumerate().filter(|(place, _)| !unchanged.contains(place)) {
            match self.take(opened, bundled, address, options).await? {
                Outcome::Changed | Outcome::Unchanged => taken.changed += 1,
                Outcome::Failed | Outcome::Refused => {
                    failed.insert(place);
                }
            }
        }
        counts.changed = taken.changed;
        taken.failed = failed.len() as u64;
        for feed in formats::all().iter().filter(|feed| feed.has_index()) {
            let of_feed = documents.iter().zip(0..).filter(|(of, _)| of.document.feed.name == feed.name);
            let names: Vec<(&str, bool)> =
                of_feed.map(|(of, place)| (of.document.path.as_str(), failed.contains(&place))).collect();
            for index in feed.documents().iter().filter_map(Document::index) {
                taken.withdrawn += self.forget_absent(&index, &names, options.accept_withdrawals).await?;
            }
        }
        counts.withdrawn = taken.withdrawn;
        Ok(taken)
    }

    /// The places of the documents that are as we hold them; we hold them as fresh as the bundle does from now on.
    async fn unchanged(&self, documents: &[Bundled]) -> Result<BTreeSet<usize>, StoreError> {
        let now = clock::now();
        let compared: Vec<BundledDocument> = documents.iter().map(|bundled| bundled.compared(now)).collect();
        let mut tx = self.store.catalog_tx().await?;
        let unchanged = feed_bundles::unchanged(&mut tx, &compared, now).await?;
        tx.commit().await?;
        Ok(unchanged.into_iter().collect())
    }

    /// Forgets what we hold of an index that the bundle does not have: its other documents have those records, or they are gone. Nothing, where one of those
    /// (each with whether it failed) could not be brought in, or there is none.
    async fn forget_absent(
        &self,
        index: &Index,
        documents: &[(&str, bool)],
        accept_withdrawals: bool,
    ) -> Result<u64, SyncError> {
        let below: Vec<&(&str, bool)> = documents.iter().filter(|(path, _)| path.starts_with(index.folder())).collect();
        if below.is_empty() || below.iter().any(|(_, has_failed)| *has_failed) {
            return Ok(0);
        }
        let names: BTreeSet<&str> = below.into_iter().map(|(path, _)| *path).collect();
        let mut tx = self.store.catalog_tx().await?;
        let held = feeds::documents_below(&mut tx, index.changes.feed.name, index.folder()).await?;
        tx.commit().await?;
        let absent: Vec<String> =
            held.into_iter().map(|(path, _)| path).filter(|path| !names.contains(path.as_str())).collect();
        if absent.is_empty() {
            return Ok(0);
        }
        self.forget_below(index, &absent, &[], accept_withdrawals).await
    }

    /// Brings one document in and records the run.
    #[tracing::instrument(skip_all, fields(document = %bundled.document))]
    async fn take(
        &self,
        opened: &Arc<Opened>,
        bundled: &Bundled,
        address: &str,
        options: &ImportOptions,
    ) -> Result<Outcome, StoreError> {
        let run = self.begin(bundled.document.feed.name, &bundled.document.path).await?;
        let mut counts = RunCounts::default();
        let state = bundled.state(address, clock::now());
        let most_withdrawn = self.most_withdrawn(options.accept_withdrawals);
        let applying = Applying { document: &bundled.document, run, most_withdrawn, left_out: 0, state: &state };
        let ended = self.try_take(opened, bundled, applying, &mut counts).await;
        Ok(self.end(run, ended, &counts).await?.outcome)
    }

    async fn try_take(
        &self,
        opened: &Arc<Opened>,
        bundled: &Bundled,
        applying: Applying<'_>,
        counts: &mut RunCounts,
    ) -> Result<Outcome, SyncError> {
        let (reading, of) = (Arc::clone(opened), bundled.clone());
        let left_out = blocking(move || Ok(reading.db.left_out(&of.document)?)).await?;
        let applying = &Applying { left_out, ..applying };
        let (reading, of) = (Arc::clone(opened), bundled.clone());
        if bundled.document.feed.kind.has_records() {
            let parsed = self.read(applying.run, move |sink| records(&reading.db, &of, sink)).await?;
            self.apply(applying, &parsed, None, counts).await?;
        } else {
            let content = Arc::new(blocking(move || kept(&reading.db, &of)).await?);
            let (document, bytes) = (bundled.document.clone(), Arc::clone(&content));
            // Read as its server's would be: it has to be what its feed serves.
            let read = move |sink: &mut dyn Sink| Ok(parse(&document, &mut Cursor::new(bytes.as_slice()), sink)?);
            let parsed = self.read(applying.run, read).await?;
            self.apply(applying, &parsed, Some(Arc::unwrap_or_clone(content)), counts).await?;
        }
        Ok(Outcome::Changed)
    }
}

/// Hands on the records of a document; what came of reading it was told when the bundle's database read it.
fn records(db: &AdvisoryDb, bundled: &Bundled, sink: &mut dyn Sink) -> Result<ParseReport, SyncError> {
    let records = db.read(&bundled.document, sink)?;
    let counts = bundled.stored.counts;
    // Databases of earlier releases do not tell what upstream counts.
    let statements = if counts.statements == 0 { records } else { counts.statements };
    Ok(ParseReport {
        statements,
        records,
        unmatchable: counts.unmatchable,
        problems: counts.problems,
        problem_texts: bundled.stored.problem_texts.clone(),
        as_of: bundled.stored.as_of,
        edition: bundled.stored.edition.clone(),
        ..ParseReport::default()
    })
}

fn kept(db: &AdvisoryDb, bundled: &Bundled) -> Result<Vec<u8>, SyncError> {
    let content = db.kept(&bundled.document)?;
    content.ok_or_else(|| DbError::Damaged(format!("{} is not in it", bundled.document)).into())
}
