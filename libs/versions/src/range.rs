//! Whether an advisory's ranges hold a version, and what fixes it.
//!
//! Source: OSV schema, "Evaluation": a version is affected if it is listed or any range holds it. The events of a range
//! are sorted by version, whatever their order in the record; `"0"` stands before every version.

use std::cmp::Ordering;

use plimsoll_model::{Affected, Event, Range};

use crate::{Scheme, Unknown, Version};

/// What an advisory says of one version of its package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Judgement {
    /// Whether the version is a finding: listed or in a range, and of a state that counts.
    pub is_affected: bool,
    /// For an affected version: the lowest fix above it that is not itself affected, as the advisory writes it. Where ranges
    /// have several branches, that is the fix of the version's own branch, or the next one's where its own has none.
    pub fixed_in: Option<String>,
}

/// Judges `version` by what `affected` says.
///
/// A listed version matches by the scheme's equality (in PEP 440 `1.0` lists `1.0.0`) and by equal text. A `state` that does
/// not count ([`plimsoll_model::AffectedState::is_affected`]) affects nothing. Costs one parse for each event and, if no range
/// holds the version, for each listed one.
///
/// # Errors
/// [`Unknown`] when the answer hangs on a text that cannot be read: the version itself (unless listed by its text, or every
/// version is affected or none), or an event (unless the list or another range affects the version anyhow).
pub fn judge(scheme: Scheme, affected: &Affected, version: &str) -> Result<Judgement, Unknown> {
    if !affected.state.is_affected() {
        return Ok(Judgement::default());
    }
    let version = version.trim();
    let is_listed_by_text = affected.versions.iter().any(|listed| listed.trim() == version);
    if is_listed_by_text && Version::parse(scheme, version).is_err() {
        return Ok(Judgement { is_affected: true, fixed_in: None });
    }

    let mut timelines = Vec::new();
    let mut unreadable = None;
    for range in &affected.ranges {
        match Timeline::read(scheme, range) {
            Ok(timeline) => timelines.push(timeline),
            Err(unknown) => unreadable = unreadable.or(Some(unknown)),
        }
    }
    let parsed = match Version::parse(scheme, version) {
        Ok(parsed) => parsed,
        Err(unknown) => return judge_without_order(affected, &timelines).ok_or(unknown),
    };
    let is_affected = is_listed_by_text
        || timelines.iter().any(|timeline| timeline.holds(&parsed))
        || is_listed(scheme, affected, &parsed);
    match unreadable {
        _ if is_affected => Ok(Judgement {
            is_affected,
            fixed_in: lowest_fix(scheme, affected, &timelines, &parsed).map(str::to_owned),
        }),
        Some(unknown) => Err(unknown),
        None => Ok(Judgement::default()),
    }
}

/// What can be said of a version that has no place in the order: that ranges without any bound hold it, or that nothing is said
/// of any version.
fn judge_without_order(affected: &Affected, timelines: &[Timeline]) -> Option<Judgement> {
    if timelines.iter().any(|timeline| timeline.always() == Some(true)) {
        return Some(Judgement { is_affected: true, fixed_in: None });
    }
    let all_say_no = timelines.iter().all(|timeline| timeline.always() == Some(false));
    (all_say_no && timelines.len() == affected.ranges.len() && affected.versions.is_empty()).then(Judgement::default)
}

fn is_listed(scheme: Scheme, affected: &Affected, version: &Version) -> bool {
    affected.versions.iter().any(|listed| Version::parse(scheme, listed).is_ok_and(|listed| listed == *version))
}

fn lowest_fix<'a>(
    scheme: Scheme,
    affected: &Affected,
    timelines: &[Timeline<'a>],
    version: &Version,
) -> Option<&'a str> {
    // Fixes that other ranges affect again are rare; a record with hundreds of them is not worth quadratic time.
    const TRIED: usize = 64;
    let mut fixes: Vec<_> = timelines.iter().flat_map(|timeline| timeline.fixes_above(version)).collect();
    fixes.sort_by(|(a, _), (b, _)| order(a, b));
    fixes.dedup_by(|(a, _), (b, _)| a == b);
    fixes
        .into_iter()
        .take(TRIED)
        .find(|(fix, _)| !timelines.iter().any(|timeline| timeline.holds(fix)) && !is_listed(scheme, affected, fix))
        .map(|(_, text)| text)
}

/// The order of two versions of one scheme, which always have one.
fn order(a: &Version, b: &Version) -> Ordering {
    a.partial_cmp(b).unwrap_or(Ordering::Equal)
}

/// A range with its events read and sorted.
struct Timeline<'a> {
    /// What holds before the first point: "0" was introduced and not fixed there.
    starts_affected: bool,
    /// Ascending, each version once.
    points: Vec<Point<'a>>,
    /// The highest of the range's limits; none is no limit.
    limit: Option<Version>,
}

/// All that happens at one version.
struct Point<'a> {
    version: Version,
    introduces: bool,
    /// The fix as written.
    fixes: Option<&'a str>,
    is_last_affected: bool,
    /// Whether the version itself is affected, and versions above it up to the next point.
    affected_at: bool,
    affected_above: bool,
}

impl<'a> Timeline<'a> {
    fn read(scheme: Scheme, range: &'a Range) -> Result<Self, Unknown> {
        let (mut introduced_at_start, mut fixed_at_start) = (false, false);
        let (mut limit, mut is_unlimited) = (None::<Version>, false);
        let mut points = Vec::new();
        for event in &range.events {
            match event {
                Event::Introduced(text) if text == "0" => introduced_at_start = true,
                Event::Fixed(text) if text == "0" => fixed_at_start = true,
                Event::Limit(text) if text == "*" => is_unlimited = true,
                Event::Introduced(text) => {
                    points.push(Point { introduces: true, ..Point::at(Version::parse(scheme, text)?) });
                }
                Event::Fixed(text) => {
                    points.push(Point { fixes: Some(text), ..Point::at(Version::parse(scheme, text)?) });
                }
                Event::LastAffected(text) => {
                    points.push(Point { is_last_affected: true, ..Point::at(Version::parse(scheme, text)?) });
                }
                // Below any of the limits is enough: the highest counts.
                Event::Limit(text) => {
                    let read = Version::parse(scheme, text)?;
                    limit = Some(limit.take().filter(|highest| *highest >= read).unwrap_or(read));
                }
            }
        }
        points.sort_by(|a, b| order(&a.version, &b.version));
        points.dedup_by(|later, kept| kept.absorbs(later));
        let starts_affected = introduced_at_start && !fixed_at_start;
        let mut is_affected = starts_affected;
        for point in &mut points {
            point.settle(is_affected);
            is_affected = point.affected_above;
        }
        Ok(Self { starts_affected, points, limit: limit.filter(|_| !is_unlimited) })
    }

    /// The answer, where it is the same for every version.
    fn always(&self) -> Option<bool> {
        let is_bound = !self.points.is_empty() || (self.starts_affected && self.limit.is_some());
        (!is_bound).then_some(self.starts_affected)
    }

    fn holds(&self, version: &Version) -> bool {
        if self.limit.as_ref().is_some_and(|limit| version >= limit) {
            return false;
        }
        let reached = self.points.partition_point(|point| point.version <= *version);
        match reached.checked_sub(1).and_then(|last| self.points.get(last)) {
            None => self.starts_affected,
            Some(point) if point.version == *version => point.affected_at,
            Some(point) => point.affected_above,
        }
    }

    fn fixes_above(&self, version: &Version) -> impl Iterator<Item = (Version, &'a str)> {
        let reached = self.points.partition_point(|point| point.version <= *version);
        self.points.iter().skip(reached).filter_map(|point| Some((point.version.clone(), point.fixes?)))
    }
}

impl<'a> Point<'a> {
    fn at(version: Version) -> Self {
        Self {
            version,
            introduces: false,
            fixes: None,
            is_last_affected: false,
            affected_at: false,
            affected_above: false,
        }
    }

    /// Takes over what happens at `other`, if that is the same version.
    fn absorbs(&mut self, other: &Self) -> bool {
        let is_same = self.version == other.version;
        if is_same {
            self.introduces |= other.introduces;
            self.is_last_affected |= other.is_last_affected;
            self.fixes = self.fixes.or(other.fixes);
        }
        is_same
    }

    /// Decides what holds at the version and above, from what holds below.
    ///
    /// A beginning and an end at one version have no order in the record that could be trusted. Below an affected branch they
    /// are its end and the next one's beginning, which leaves things as they were; else they are a branch of no length
    /// (of one version, for `last_affected`), which leaves things as they were too.
    fn settle(&mut self, affected_below: bool) {
        self.affected_at = match (self.introduces, self.fixes.is_some()) {
            (true, false) => true,
            (false, true) => false,
            _ => affected_below,
        };
        self.affected_above = match (self.is_last_affected, self.introduces) {
            (true, true) => affected_below,
            (true, false) => false,
            (false, _) => self.affected_at,
        };
    }
}

#[cfg(test)]
mod tests;
