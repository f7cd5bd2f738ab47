//! An index of a feed: what it names is brought in by what is held, told as one line.

use std::fs::File;

use plimsoll_advisories::feeds::{Document, Index, Listing, ParseReport, Plan};
use plimsoll_advisory_db::{Builder, DbError};
use plimsoll_fetch::{KnownFiles, Together};

use super::{DocumentOutcome, Unhad, Update, refused};
use crate::clock;
use crate::quantity::counted;

/// How many documents that could not be had are told one by one.
const MOST_TOLD: usize = 10;

/// What came of the documents that changed.
#[derive(Default)]
struct Brought {
    report: ParseReport,
    had: usize,
    failures: Vec<String>,
    /// Whether the archive, where it is another one, is not among what was brought in.
    lacks_archive: bool,
}

impl Update {
    /// Brings in what an index says has changed. Only the database itself can fail.
    pub(super) async fn index(&self, builder: &mut Builder, index: &Index) -> Result<DocumentOutcome, DbError> {
        let (feed, folder) = (index.changes.feed.name, index.folder());
        let held = builder.held_below(feed, folder)?;
        let is_kept = !held.is_empty();
        // Of what is not known how new it is, and where the user takes withdrawals, all is looked at.
        let is_settled = self.most_withdrawn < 1.0 && held.iter().all(|held| held.at.is_some());
        let known = if is_settled { builder.known_files(&index.changes)? } else { None };
        let known = known.and_then(|known| serde_json::from_str(&known).ok()).unwrap_or_default();
        let (plan, known) = match self.listing(index, &known).await {
            Ok(Some((listing, known))) => (listing.plan(&held), known),
            Ok(None) => {
                checked(builder, index)?;
                return Ok(DocumentOutcome::Unchanged);
            }
            Err(Unhad::NotFound(_)) if !is_kept => return Ok(DocumentOutcome::Absent),
            Err(unhad) => return Ok(DocumentOutcome::Failed { why: unhad.why(), is_kept }),
        };
        // They are not known again before all that they name is there.
        builder.know_files(&index.changes, None)?;
        let Brought { report, had, failures, lacks_archive } = self.bring_in(builder, &plan).await?;
        let superseded = plan.superseded.iter().filter(|_| !lacks_archive);
        let going: Vec<&Document> = superseded.chain(&plan.gone).collect();
        let withdrawal = builder.withdrawal(feed, folder, &going, &plan.gone_records)?;
        if !withdrawal.is_within(self.most_withdrawn) {
            return Ok(DocumentOutcome::Failed { why: refused(withdrawal), is_kept });
        }
        for document in going {
            builder.forget(document)?;
        }
        let gone = builder.forget_records(feed, &plan.gone_records, clock::now())?;
        for failure in failures.iter().take(MOST_TOLD) {
            self.progress.note(failure);
        }
        let planned = plan.documents.len() + usize::from(plan.archive.is_some());
        if let Some(first) = failures.first() {
            let why = format!("{} of the {planned} documents that it names could not be had: {first}", planned - had);
            let is_part = had > 0;
            return Ok(if is_part {
                DocumentOutcome::Partly { report, why }
            } else {
                DocumentOutcome::Failed { why, is_kept }
            });
        }
        if plan.left > 0 {
            let left = counted(plan.left as u64, "document");
            self.progress.note(format!("{}: left to the next update: {left} that changed", index.changes));
            return Ok(DocumentOutcome::Changed(report));
        }
        // Nothing failed and nothing is left: what is held is as its server has it.
        checked(builder, index)?;
        builder.know_files(&index.changes, serde_json::to_string(&known).ok().as_deref())?;
        Ok(if planned == 0 && gone == 0 { DocumentOutcome::Unchanged } else { DocumentOutcome::Changed(report) })
    }

    /// Brings in the archive and the documents, until the server asks to be left alone: the rest then waits, too.
    async fn bring_in(&self, builder: &mut Builder, plan: &Plan) -> Result<Brought, DbError> {
        let mut brought = Brought::default();
        let archive = plan.archive.as_ref().map(|listed| listed.document.path.as_str());
        for listed in plan.archive.iter().chain(&plan.documents) {
            match self.listed(builder, listed).await? {
                Ok(report) => {
                    brought.had += 1;
                    brought.report.records += report.records;
                    brought.report.unmatchable += report.unmatchable;
                    brought.report.problems += report.problems;
                }
                Err(unhad) => {
                    brought.lacks_archive |= archive == Some(listed.document.path.as_str());
                    let is_busy = matches!(unhad, Unhad::Busy(_));
                    brought.failures.push(format!("{}: {}", listed.document, unhad.why()));
                    if is_busy {
                        break;
                    }
                }
            }
        }
        Ok(brought)
    }

    /// What the index tells; `None` where its files are those that `known` tells of.
    async fn listing(&self, index: &Index, known: &KnownFiles) -> Result<Option<(Listing, KnownFiles)>, Unhad> {
        self.progress.step(format!("fetching {}", index.changes), 0);
        let files = [&index.changes, &index.deletions, &index.archive_latest];
        let addresses = files.map(|document| self.address(document));
        let together = self.fetcher.fetch_together(&addresses, known, &|event| self.tell(event)).await?;
        let Some(Together { files, known, .. }) = together else { return Ok(None) };
        let Ok([changes, deletions, archive_latest]) = <[File; 3]>::try_from(files) else {
            return Err(Unhad::Failed(format!("{}: not all of its files came", index.changes)));
        };
        Ok(Some((index.listing(archive_latest, changes, deletions)?, known)))
    }
}

/// What is held of an index is as its server has it.
fn checked(builder: &mut Builder, index: &Index) -> Result<(), DbError> {
    for held in builder.held_below(index.changes.feed.name, index.folder())? {
        builder.unchanged(&index.changes.feed.document(held.path), clock::now())?;
    }
    Ok(())
}
