//! A document whose changes its feed tells by a list: the records that changed are fetched one by one, where they are few. Else, where the list or the
//! records do not lie there, and once a week, as no list tells what is gone, the document is read whole.

use chrono::TimeDelta;
use plimsoll_advisories::feeds::{ChangedRecord, Followed, Increments, ParseReport, Record, Sink as _};
use plimsoll_advisory_db::{Builder, DbError};
use plimsoll_fetch::{Fetched, Validators};

use super::{DocumentOutcome, Known, Unhad, Update, refused};
use crate::clock;

/// How often a document is read whole though its changes are told: who updates once a day fetches little on most of them.
const WHOLE_EVERY: TimeDelta = TimeDelta::days(7);
/// The most bytes of records that are fetched one by one: all are in memory before the first is taken. One has some 5 KB.
const MOST_BYTES: u64 = 32 << 20;

/// What a list of changes came to.
enum Told {
    /// The document is up to date.
    Done(DocumentOutcome),
    /// The whole document is to be read.
    Whole,
}

impl Update {
    /// Brings a document up to date by what is told of its changes, or reads it whole. Only the database itself can fail.
    pub(super) async fn increments(
        &self,
        builder: &mut Builder,
        increments: &Increments,
    ) -> Result<DocumentOutcome, DbError> {
        let known = Known::of(builder, &increments.whole)?;
        let followed = known.followed.clone().filter(|followed| {
            followed.address == self.address(&increments.changes) && clock::now() - followed.whole_at < WHOLE_EVERY
        });
        let is_told = followed.is_some();
        if let Some(followed) = followed
            && let Told::Done(outcome) = self.changes(builder, increments, followed, &known.validators).await?
        {
            return Ok(outcome);
        }
        let outcome = self.document(builder, &increments.whole).await?;
        match &outcome {
            // Where more is told than a whole document that did not change yet has, it is asked for again.
            DocumentOutcome::Unchanged if is_told => {}
            DocumentOutcome::Changed(_) | DocumentOutcome::Unchanged => self.follow(builder, increments).await?,
            _ => {}
        }
        Ok(outcome)
    }

    /// Fetches and takes what changed.
    async fn changes(
        &self,
        builder: &mut Builder,
        increments: &Increments,
        followed: Followed,
        validators: &Validators,
    ) -> Result<Told, DbError> {
        let whole = &increments.whole;
        let failed = |why: String| Ok(Told::Done(DocumentOutcome::Failed { why, is_kept: true }));
        let list = Validators { etag: followed.etag.clone(), last_modified: followed.last_modified.clone() };
        let (file, list) = match self.fetch(&increments.changes, &list).await {
            Ok(Fetched::Changed { file, validators, .. }) => (file, validators),
            Ok(Fetched::Unchanged) => {
                builder.unchanged(whole, clock::now())?;
                return Ok(Told::Done(DocumentOutcome::Unchanged));
            }
            Err(error) if error.is_not_found() => return Ok(Told::Whole),
            Err(error) => return failed(error.to_string()),
        };
        let recent = match increments.recent(file, followed.newest, clock::now()) {
            Ok(recent) => recent,
            Err(error) => {
                self.progress.note(format!("{error}; {whole} is read whole"));
                return Ok(Told::Whole);
            }
        };
        let Some(changed) = recent.changed(&builder.modified(whole, recent.ids())?, followed.rows) else {
            return Ok(Told::Whole);
        };
        let mut report = ParseReport::default();
        let (mut records, mut bytes): (Vec<Record>, u64) = (Vec::new(), 0);
        for ChangedRecord { id, .. } in &changed {
            let file = match self.fetch_anew(&increments.record(id)).await {
                Ok((file, size)) if bytes + size <= MOST_BYTES => {
                    bytes += size;
                    file
                }
                Ok(_) | Err(Unhad::NotFound(_)) => return Ok(Told::Whole),
                Err(unhad) => return failed(unhad.why()),
            };
            match increments.parse(id, file, &mut records) {
                Ok(part) => report.add(part),
                Err(error) => return failed(error.to_string()),
            }
        }
        let is_unchanged = changed.is_empty();
        let Validators { etag, last_modified } = list;
        let followed = Followed { etag, last_modified, newest: recent.newest, rows: Some(recent.rows), ..followed };
        let known = Known { validators: validators.clone(), followed: Some(followed), ..Known::default() };
        let kept = known.text()?.unwrap_or_default();
        if is_unchanged {
            builder.validate(whole, &kept)?;
            builder.unchanged(whole, clock::now())?;
            return Ok(Told::Done(DocumentOutcome::Unchanged));
        }
        let mut staged = builder.amend(whole)?;
        for record in records {
            if let Err(error) = staged.take(record) {
                return failed(error.to_string());
            }
        }
        let withdrawal = staged.withdrawal(&report)?;
        if !withdrawal.is_within(self.most_withdrawn) {
            return failed(refused(withdrawal));
        }
        staged.commit(&report, Some(&kept), clock::now())?;
        Ok(Told::Done(DocumentOutcome::Amended(report)))
    }

    /// Follows a document from now on, which is as its server has it; not where no list of its changes can be had.
    async fn follow(&self, builder: &mut Builder, increments: &Increments) -> Result<(), DbError> {
        let Ok((list, _)) = self.fetch_anew(&increments.changes).await else { return Ok(()) };
        let now = clock::now();
        let Ok(recent) = increments.recent(list, now, now) else { return Ok(()) };
        let mut known = Known::of(builder, &increments.whole)?;
        // Its validators are left out: it is looked at once more, as it may have been written after the document.
        known.followed = Some(Followed {
            address: self.address(&increments.changes),
            etag: None,
            last_modified: None,
            newest: recent.newest,
            rows: Some(recent.rows),
            whole_at: now,
        });
        builder.validate(&increments.whole, &known.text()?.unwrap_or_default())
    }
}
