//! How often each feed is asked: as its upstream publishes, unless the operator says otherwise.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use plimsoll_advisories::feeds as formats;

use crate::import::BUNDLE;

/// The time between two bundles, where nothing is said of it.
const OF_BUNDLE: TimeDelta = TimeDelta::hours(1);

/// The time between two syncs of a document, by its feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Intervals {
    of_all: Option<TimeDelta>,
    of_some: BTreeMap<String, TimeDelta>,
}

/// What an operator says of intervals cannot be followed.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{0}' is not a feed and its seconds, as osv=900 is; feeds are {feeds}, and bundle", feeds = names())]
pub struct IntervalError(String);

impl Intervals {
    /// The same for every feed.
    pub const fn every(interval: TimeDelta) -> Self {
        Self { of_all: Some(interval), of_some: BTreeMap::new() }
    }

    /// Seconds for every feed, and for some of them (`osv=900,nvd=7200`), which counts first; each feed's usual ones where nothing is said. `bundle` is
    /// the bundle of feeds.
    ///
    /// # Errors
    /// A part names no feed, or no seconds.
    pub fn new(of_all: Option<u32>, of_some: &str) -> Result<Self, IntervalError> {
        let seconds = |count: u32| TimeDelta::seconds(i64::from(count));
        let parts = of_some.split(',').map(str::trim).filter(|part| !part.is_empty());
        let of_some = parts.map(|part| {
            let told = part.split_once('=').map(|(feed, count)| (feed.trim(), count.trim().parse::<u32>()));
            match told {
                Some((feed, Ok(count))) if feed == BUNDLE.0 || formats::by_name(feed).is_some() => {
                    Ok((feed.to_owned(), seconds(count)))
                }
                _ => Err(IntervalError(part.to_owned())),
            }
        });
        Ok(Self { of_all: of_all.map(seconds), of_some: of_some.collect::<Result<_, _>>()? })
    }

    /// Those that the feeds service wrote down.
    pub fn written(seconds: BTreeMap<String, i64>) -> Self {
        let of_some = seconds.into_iter().filter_map(|(feed, count)| Some((feed, TimeDelta::try_seconds(count)?)));
        Self { of_all: None, of_some: of_some.collect() }
    }

    /// The time between two syncs of a document of this feed.
    pub fn of(&self, feed: &str) -> TimeDelta {
        let usual = || {
            let interval = formats::by_name(feed).and_then(|feed| TimeDelta::from_std(feed.interval).ok());
            interval.unwrap_or(OF_BUNDLE)
        };
        self.of_some.get(feed).copied().or(self.of_all).unwrap_or_else(usual)
    }

    /// When a document is to be tried again that was last tried then, and whose server asked to be left alone for longer.
    pub fn due(&self, feed: &str, started_at: DateTime<Utc>, not_before: Option<DateTime<Utc>>) -> DateTime<Utc> {
        let due = started_at + self.of(feed);
        not_before.map_or(due, |until| due.max(until))
    }
}

fn names() -> String {
    formats::all().iter().map(|feed| feed.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_feed_counts_first_then_what_is_said_of_all_then_what_is_usual() {
        let seconds = |intervals: &Intervals, feed: &str| intervals.of(feed).num_seconds();
        let usual = Intervals::new(None, "").unwrap();
        assert_eq!(usual, Intervals::default());
        for feed in formats::all() {
            let interval = seconds(&usual, feed.name);
            assert!((900..=86_400).contains(&interval), "{}: {interval} s", feed.name);
        }
        assert_eq!(
            (seconds(&usual, "nvd"), seconds(&usual, "yara"), seconds(&usual, "bundle")),
            (7_200, 86_400, 3_600)
        );
        let some = Intervals::new(None, " osv=900, nvd = 60,,bundle=5").unwrap();
        let told = ["osv", "nvd", "bundle", "yara"].map(|feed| seconds(&some, feed));
        assert_eq!(told, [900, 60, 5, 86_400]);
        let all = Intervals::new(Some(120), "osv=900").unwrap();
        assert_eq!(["osv", "nvd", "bundle"].map(|feed| seconds(&all, feed)), [900, 120, 120]);
        assert_eq!(Intervals::new(Some(120), "").unwrap(), Intervals::every(TimeDelta::minutes(2)));
    }

    #[test]
    fn the_readme_has_each_feeds_interval() {
        let mut feeds: BTreeMap<TimeDelta, Vec<String>> = BTreeMap::new();
        for feed in formats::all() {
            feeds.entry(Intervals::default().of(feed.name)).or_default().push(format!("`{}`", feed.name));
        }
        let every = |interval: TimeDelta| match (interval.num_hours(), interval.num_minutes()) {
            (0, minutes) => format!("{minutes} minutes"),
            (1, _) => "hour".to_owned(),
            (24, _) => "day".to_owned(),
            (hours, _) => format!("{hours} hours"),
        };
        let rows: Vec<String> =
            feeds.iter().map(|(interval, feeds)| format!("| {} | {} |", every(*interval), feeds.join(", "))).collect();
        let (_, table) = include_str!("../README.md").split_once("| every | feeds |\n| --- | --- |\n").unwrap();
        assert_eq!(table.lines().take_while(|line| !line.is_empty()).collect::<Vec<_>>(), rows);
    }

    #[test]
    fn what_names_no_feed_or_no_seconds_is_told() {
        for said in ["klingon=5", "osv", "osv=", "osv=-1", "osv=soon", "=5", "osv=99999999999"] {
            let error = Intervals::new(None, &format!("nvd=60,{said}")).unwrap_err();
            assert_eq!(error, IntervalError(said.to_owned()));
            assert!(error.to_string().contains("feeds are osv, debian, "), "{error}");
        }
    }

    #[test]
    fn a_document_is_due_after_its_interval_and_not_before_its_server_says() {
        let at = |minute: u32| format!("2026-08-20T12:{minute:02}:00Z").parse::<DateTime<Utc>>().unwrap();
        let intervals = Intervals::new(None, "osv=900").unwrap();
        for (not_before, due) in [(None, 15), (Some(at(10)), 15), (Some(at(40)), 40)] {
            assert_eq!(intervals.due("osv", at(0), not_before), at(due));
        }
    }
}
