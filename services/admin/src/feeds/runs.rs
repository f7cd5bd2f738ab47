//! Runs in words, and those that a wish led to as they end.

use chrono::{DateTime, Utc};
use plimsoll_store::Store;
use plimsoll_store::feeds::{self, FinishedRun};
use uuid::Uuid;

/// How many problems of a run are told while somebody waits; `feeds runs` tells more.
const PROBLEMS: usize = 3;
/// The longest text that is told, in characters.
const MOST_SHOWN: usize = 500;

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
            println!("{}", told(run, PROBLEMS));
            self.last = Some(run.finished_at);
            self.had += usize::from(run.outcome == "changed" || run.outcome == "unchanged");
        }
        Ok(News { told: runs.len(), is_done })
    }
}

/// A run in a line, and below it the first of its problems.
pub fn told(run: &FinishedRun, most_problems: usize) -> String {
    let document = format!("{}/{}", run.feed, run.document);
    let tail = match run.outcome.as_str() {
        "changed" => format!(
            "{} bytes, {} records, {} new, {} changed, {} withdrawn, {} unchanged, {} unmatchable, {} problems",
            run.size_bytes,
            run.records,
            run.added,
            run.changed,
            run.withdrawn,
            run.unchanged,
            run.unmatchable,
            run.problem_count
        ),
        _ => shown(run.error.as_deref().unwrap_or_default()),
    };
    let mut told = format!("{:6.1} s  {document:45} {:9} {tail}", run.seconds, run.outcome).trim_end().to_owned();
    let problems = run.problems.iter().take(most_problems);
    let count = problems.len();
    for problem in problems {
        told.push_str("\n            ");
        told.push_str(&shown(problem));
    }
    let more = u64::try_from(run.problem_count).unwrap_or_default().saturating_sub(count as u64);
    if more > 0 && count > 0 {
        told.push_str(&format!("\n            and {more} more"));
    }
    told
}

/// What a server or a document said, for a terminal.
pub fn shown(text: &str) -> String {
    text.chars()
        .take(MOST_SHOWN)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>()
        .trim_end()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(outcome: &str, problems: &[&str], problem_count: i64, error: Option<&str>) -> FinishedRun {
        FinishedRun {
            id: 1,
            feed: "osv".into(),
            document: "PyPI/all.zip".into(),
            seconds: 1.5,
            outcome: outcome.into(),
            size_bytes: 1_000,
            records: 10,
            added: 1,
            changed: 2,
            withdrawn: 3,
            unchanged: 4,
            unmatchable: 5,
            problem_count,
            problems: problems.iter().map(|problem| (*problem).to_owned()).collect(),
            error: error.map(str::to_owned),
            finished_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_run_tells_its_bytes_its_counts_and_the_first_problems_with_their_place() {
        let problems = ["PYSEC-1: no range", "PYSEC-2: a\u{7}bell", "PYSEC-3: x"];
        let told = told(&run("changed", &problems, 40, None), 2);
        let lines: Vec<&str> = told.lines().map(str::trim).collect();
        let counts = "1000 bytes, 10 records, 1 new, 2 changed, 3 withdrawn, 4 unchanged, 5 unmatchable, 40 problems";
        assert!(lines[0].starts_with("1.5 s  osv/PyPI/all.zip") && lines[0].ends_with(counts), "{told}");
        assert_eq!(&lines[1..], ["PYSEC-1: no range", "PYSEC-2: a bell", "and 38 more"]);
    }

    #[test]
    fn a_run_that_failed_tells_why_in_one_line() {
        let told = told(&run("failed", &[], 0, Some("it\nis <html>\u{1b}[2J")), 3);
        assert!(told.ends_with("failed    it is <html> [2J"), "{told}");
        assert_eq!(told.lines().count(), 1);
    }
}
