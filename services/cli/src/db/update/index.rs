//! An index of a feed: what it names is brought in by what is held, told as one line.

use plimsoll_advisories::feeds::{Document, Index, ParseReport};
use plimsoll_advisory_db::{Builder, DbError};

use super::{DocumentOutcome, Unhad, Update, refused};
use crate::clock;

/// How many documents that could not be had are told one by one; all count as problems.
const MOST_TOLD: usize = 10;

impl Update {
    /// Brings in what an index says has changed. Only the database itself can fail.
    pub(super) async fn index(&self, builder: &mut Builder, index: &Index) -> Result<DocumentOutcome, DbError> {
        let feed = index.changes.feed.name;
        let held = builder.held_below(feed, index.folder())?;
        let is_kept = !held.is_empty();
        let plan = match self.listing(index).await {
            Ok(listing) => listing.plan(&held),
            Err(Unhad::NotFound(_)) if !is_kept => return Ok(DocumentOutcome::Absent),
            Err(Unhad::NotFound(why) | Unhad::Failed(why)) => return Ok(DocumentOutcome::Failed { why, is_kept }),
        };
        let (mut total, mut failures) = (ParseReport::default(), Vec::new());
        let mut is_archive_there = true;
        for listed in plan.archive.iter().chain(&plan.documents) {
            match self.listed(builder, listed).await? {
                DocumentOutcome::Changed(report) => {
                    total.records += report.records;
                    total.unmatchable += report.unmatchable;
                    total.problems += report.problems;
                }
                DocumentOutcome::Failed { why, .. } => {
                    let is_archive =
                        plan.archive.as_ref().is_some_and(|archive| archive.document.path == listed.document.path);
                    is_archive_there &= !is_archive;
                    failures.push(format!("{}: {why}", listed.document));
                }
                DocumentOutcome::Unchanged | DocumentOutcome::Absent => {}
            }
        }
        let superseded = plan.superseded.iter().filter(|_| is_archive_there);
        let going: Vec<&Document> = superseded.chain(&plan.gone).collect();
        let withdrawal = builder.withdrawal(feed, index.folder(), &going, &plan.gone_records)?;
        if !withdrawal.is_within(self.most_withdrawn) {
            return Ok(DocumentOutcome::Failed { why: refused(withdrawal), is_kept });
        }
        for document in going {
            builder.forget(document)?;
        }
        let gone = builder.forget_records(feed, &plan.gone_records, clock::now())?;
        for held in builder.held_below(feed, index.folder())? {
            builder.unchanged(&index.changes.feed.document(held.path), clock::now())?;
        }
        let is_unchanged = plan.archive.is_none() && plan.documents.is_empty() && gone == 0;
        for failure in failures.iter().take(MOST_TOLD) {
            self.progress.note(failure);
        }
        total.problems += failures.len() as u64;
        Ok(match failures.into_iter().next() {
            Some(why) if builder.held_below(feed, index.folder())?.is_empty() => {
                DocumentOutcome::Failed { why, is_kept }
            }
            None if is_unchanged => DocumentOutcome::Unchanged,
            _ => DocumentOutcome::Changed(total),
        })
    }

    async fn listing(&self, index: &Index) -> Result<plimsoll_advisories::feeds::Listing, Unhad> {
        let (archive_latest, _) = self.fetch_anew(&index.archive_latest).await?;
        let (changes, _) = self.fetch_anew(&index.changes).await?;
        let (deletions, _) = self.fetch_anew(&index.deletions).await?;
        Ok(index.listing(archive_latest, changes, deletions)?)
    }
}
