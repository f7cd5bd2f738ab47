//! The runs that a wish led to, told as they end.

use chrono::{DateTime, Utc};
use plimsoll_store::Store;
use plimsoll_store::feeds::{self, FinishedRun};
use uuid::Uuid;

/// What was told of a wish so far.
#[derive(Debug)]
pub struct Runs {
    request: Uuid,
    last: Option<DateTime<Utc>>,
    had: usize,
}

/// What was told at once.
#[derive(Debug)]
pub struct News {
    /// Runs.
    pub told: usize,
    /// Whether the wish is done.
    pub is_done: bool,
}

impl Runs {
    /// Of this wish.
    pub const fn of(request: Uuid) -> Self {
        Self { request, last: None, had: 0 }
    }

    /// How many documents could be had.
    pub const fn had(&self) -> usize {
        self.had
    }

    /// Prints a line of each run that ended since.
    pub async fn tell(&mut self, store: &Store) -> anyhow::Result<News> {
        let mut tx = store.catalog_tx().await?;
        let (runs, is_done) = feeds::requested_runs(&mut tx, self.request, self.last).await?;
        tx.commit().await?;
        for run in &runs {
            println!("{}", line(run));
            self.last = Some(run.finished_at);
            self.had += usize::from(run.outcome == "changed" || run.outcome == "unchanged");
        }
        Ok(News { told: runs.len(), is_done })
    }
}

fn line(run: &FinishedRun) -> String {
    let document = format!("{}/{}", run.feed, run.document);
    let tail = match run.outcome.as_str() {
        "changed" => format!(
            "{} records, {} new, {} changed, {} withdrawn, {} problems",
            run.records, run.added, run.changed, run.withdrawn, run.problem_count
        ),
        _ => run.error.clone().unwrap_or_default(),
    };
    format!("{:6.1} s  {document:45} {:9} {tail}", run.seconds, run.outcome)
}
