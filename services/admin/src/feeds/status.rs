//! `feeds status`: how old what is known is, how it was last asked for, and when it is again.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use plimsoll_feeds::{BUNDLE, Intervals, documents};
use plimsoll_runtime::clock;
use plimsoll_store::feeds::{self, LastAttempt};

use super::runs::shown;
use crate::Server;

/// What is told.
#[derive(Debug, Args)]
#[command(after_help = "\
A line for each document: how long ago its server last answered for what is held, when it is asked next, and how the last run ended. The intervals are those that
the feeds service last began with, unless the options or their variables say others.

Examples:
  plimsoll-admin feeds status
  plimsoll-admin feeds status --feed nvd")]
pub struct Status {
    /// Only this feed.
    #[arg(long)]
    feed: Option<String>,
    /// Seconds between two syncs of a document of any feed, where they are to be others than the feeds service has.
    #[arg(long, env = "PLIMSOLL_FEEDS_INTERVAL", value_name = "SECONDS")]
    interval: Option<u32>,
    /// The same of some feeds.
    #[arg(long, env = "PLIMSOLL_FEEDS_INTERVALS", default_value = "", value_name = "FEED=SECONDS,...")]
    intervals: String,
    /// The bundle that the feeds service takes instead of asking upstreams.
    #[arg(long, env = "PLIMSOLL_FEEDS_BUNDLE", default_value = "", value_name = "FILE|URL")]
    bundle: String,
}

impl Status {
    pub async fn run(self, server: &Server) -> anyhow::Result<()> {
        let said = Intervals::new(self.interval, &self.intervals)?;
        let is_wanted = |feed: &str| self.feed.as_deref().is_none_or(|wanted| wanted == feed);
        let documents: Vec<_> = documents().filter(|document| is_wanted(document.feed.name)).collect();
        anyhow::ensure!(!documents.is_empty(), "there is no such feed");
        let store = server.store().await?;
        let mut tx = store.catalog_tx().await?;
        let written = feeds::intervals(&mut tx).await?;
        let has_bundle = !self.bundle.is_empty() || written.contains_key(BUNDLE.0);
        let intervals = if said == Intervals::default() { Intervals::written(written) } else { said };
        let names = documents.iter().map(|document| (document.feed.name, document.path.as_str()));
        let names: Vec<(&str, &str)> = std::iter::once(BUNDLE).filter(|_| has_bundle).chain(names).collect();
        let attempts = feeds::last_attempts(&mut tx, &names).await?;
        tx.commit().await?;
        let now = clock::now();
        for attempt in &attempts {
            let is_asked = !has_bundle || attempt.feed == BUNDLE.0;
            println!("{}", line(attempt, is_asked.then_some(&intervals), now));
        }
        Ok(())
    }
}

/// What is asked for by itself goes by `intervals`.
fn line(attempt: &LastAttempt, intervals: Option<&Intervals>, now: DateTime<Utc>) -> String {
    let document = format!("{}/{}", attempt.feed, attempt.document);
    let checked = attempt.checked_at.map_or_else(|| "never".into(), |at| format!("{} ago", span(now - at)));
    let due = |intervals: &Intervals| {
        let due = attempt.started_at.map(|at| intervals.due(&attempt.feed, at, attempt.not_before));
        due.filter(|due| *due > now).map_or_else(|| "now".into(), |due| format!("in {}", span(due - now)))
    };
    let next = intervals.map_or_else(|| "with the bundle".into(), due);
    let outcome = match (attempt.started_at, attempt.outcome.as_deref()) {
        (None, _) => "",
        (Some(_), outcome) => outcome.unwrap_or("runs"),
    };
    let line = format!("{document:45} checked {checked:13} next {next:15} {outcome:9} ");
    format!("{line}{}", shown(attempt.error.as_deref().unwrap_or_default())).trim_end().to_owned()
}

/// A time in its largest unit.
fn span(time: TimeDelta) -> String {
    match (time.num_days(), time.num_hours(), time.num_minutes()) {
        (days @ 2.., ..) => format!("{days} d"),
        (_, hours @ 2.., _) => format!("{hours} h"),
        (_, _, minutes @ 2..) => format!("{minutes} min"),
        _ => format!("{} s", time.num_seconds().max(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_old_a_document_is_and_when_it_is_asked_for_again() {
        let now: DateTime<Utc> = "2026-08-20T12:00:00Z".parse().unwrap();
        let ago = |minutes: i64| Some(now - TimeDelta::minutes(minutes));
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let told = |attempt: &LastAttempt| words(&line(attempt, Some(&Intervals::default()), now));
        let never = LastAttempt {
            feed: "nvd".into(),
            document: "a".into(),
            checked_at: None,
            started_at: None,
            not_before: None,
            outcome: None,
            error: None,
        };
        assert_eq!(told(&never), "nvd/a checked never next now");
        let outcome = Some("unchanged".to_owned());
        let fresh = LastAttempt { checked_at: ago(90), started_at: ago(90), outcome, ..never.clone() };
        assert_eq!(told(&fresh), "nvd/a checked 90 min ago next in 30 min unchanged");
        assert_eq!(words(&line(&fresh, None, now)), "nvd/a checked 90 min ago next with the bundle unchanged");
        let busy = LastAttempt {
            checked_at: ago(3 * 1_440),
            started_at: ago(1),
            not_before: ago(-300),
            outcome: Some("failed".into()),
            error: Some("429\u{1b}[2J\n".into()),
            ..never.clone()
        };
        assert_eq!(told(&busy), "nvd/a checked 3 d ago next in 5 h failed 429 [2J");
        assert_eq!(told(&LastAttempt { started_at: ago(0), ..never }), "nvd/a checked never next in 2 h runs");
    }
}
