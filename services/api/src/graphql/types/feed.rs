//! Where knowledge comes from and how fresh it is.

use async_graphql::{Enum, Object, SimpleObject};
use chrono::{DateTime, Utc};
use plimsoll_advisories::feeds;
use plimsoll_store::views::feeds::FeedDocument;

/// A document of a feed, as it was last read.
pub struct Feed(pub FeedDocument);

/// A document of a feed, as it was last read.
#[Object]
impl Feed {
    /// The feed: `osv`, `debian`, `alpine`, `kev`, `epss`.
    async fn name(&self) -> &str {
        &self.0.feed
    }

    /// The document in the feed: `PyPI/all.zip`, `v3.18/main.json`.
    async fn document(&self) -> &str {
        &self.0.document
    }

    /// When its server last answered; null: never yet.
    async fn checked_at(&self) -> Option<DateTime<Utc>> {
        self.0.checked_at
    }

    /// When its content last changed.
    async fn changed_at(&self) -> Option<DateTime<Utc>> {
        self.0.changed_at
    }

    /// When it is asked for next, as far as that is settled; what is past is asked for in its turn, now. Null where nothing is settled: before the first sync, and
    /// of what is not asked for by itself, as it comes with a bundle or its feed's index names it.
    async fn next_due_at(&self) -> Option<DateTime<Utc>> {
        let feed = feeds::by_name(&self.0.feed);
        let is_named_by_index =
            feed.is_some_and(|feed| feed.has_index() && feed.document(&*self.0.document).index().is_none());
        self.0.due_at.filter(|_| !is_named_by_index)
    }

    /// How the last sync of it went; null before the first.
    async fn last_run(&self) -> Option<FeedRun> {
        let run = &self.0;
        Some(FeedRun {
            started_at: run.started_at?,
            finished_at: run.finished_at,
            outcome: run.outcome.as_deref().and_then(FeedOutcome::of_word),
            size_bytes: run.size_bytes.unwrap_or(0),
            records: run.records.unwrap_or(0),
            added: run.added.unwrap_or(0),
            changed: run.changed.unwrap_or(0),
            withdrawn: run.withdrawn.unwrap_or(0),
            unchanged: run.unchanged.unwrap_or(0),
            unmatchable: run.unmatchable.unwrap_or(0),
            problem_count: run.problem_count.unwrap_or(0),
            problems: run.problems.clone(),
            error: run.error.clone(),
        })
    }
}

/// A sync of a document.
#[derive(SimpleObject)]
pub struct FeedRun {
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it ended; null while it runs.
    finished_at: Option<DateTime<Utc>>,
    /// How it ended; null while it runs.
    outcome: Option<FeedOutcome>,
    /// Bytes fetched; 0 where the server had nothing new.
    size_bytes: i64,
    /// Records read.
    records: i64,
    /// Records that were new. Each record counts in one of `added`, `changed`, `withdrawn` and `unchanged`.
    added: i64,
    /// Records that differed from what we had.
    changed: i64,
    /// Records that were no longer there, that their source withdrew, or that no longer speak of any package. A sync with which more than a set share
    /// of what we hold would go is refused.
    withdrawn: i64,
    /// Records that were as we had them.
    unchanged: i64,
    /// Affected packages that are kept but that no version can be matched with: of an ecosystem whose versions cannot be ordered, without a range, or with one
    /// that cannot be read. They are never told as not affected.
    unmatchable: i64,
    /// Records, or parts of them, that were not understood.
    problem_count: i64,
    /// The first 20 of those, each as `place: what was wrong`.
    problems: Vec<String>,
    /// Why it failed or was refused.
    error: Option<String>,
}

/// How a sync ended.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedOutcome {
    /// The document was read and applied.
    Changed,
    /// The server said that it is the one we have.
    Unchanged,
    /// It could not be fetched or read; nothing was applied.
    Failed,
    /// It would have withdrawn too much; nothing was applied, the operator decides.
    Refused,
}

impl FeedOutcome {
    fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "changed" => Self::Changed,
            "unchanged" => Self::Unchanged,
            "failed" => Self::Failed,
            "refused" => Self::Refused,
            _ => return None,
        })
    }
}
