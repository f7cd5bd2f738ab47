//! What a check is, and what it says of an image.

use plimsoll_model::{Observation, ObservationKind, Place, Severity};
use serde::Serialize;

use crate::{
    facts::ImageFacts,
    history::{History, Step},
};

/// Observations of one check that are kept; the last then says how many there are.
pub const MOST_OBSERVATIONS: usize = 100;
/// Characters of an image's own text in an observation.
const LONGEST_QUOTE: usize = 200;

/// A question that is put to every image.
#[derive(Debug)]
pub struct Check {
    /// Short name, never changed: `root-user`.
    pub rule: &'static str,
    /// What others call it.
    pub references: &'static [&'static str],
    /// What is wrong where it fails, in a few words.
    pub title: &'static str,
    /// How bad, unless an observation says otherwise.
    pub severity: Severity,
    /// Which fact it looks at.
    pub looks_at: &'static str,
    /// What makes it fail.
    pub fails_when: &'static str,
    /// What to do about it.
    pub advice: &'static str,
    pub(crate) judge: fn(&Check, &Image<'_>) -> CheckOutcome,
}

/// What a check says of an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "snake_case")]
pub enum CheckOutcome {
    /// Nothing is wrong.
    Passed,
    /// What is wrong; one at least.
    Failed(Vec<Observation>),
    /// It cannot be told, and why. Never to be shown as passed.
    NotJudged(&'static str),
}

/// An image with what several checks need, made once.
pub(crate) struct Image<'a> {
    pub(crate) facts: &'a ImageFacts<'a>,
    pub(crate) history: History,
}

impl Check {
    pub(crate) fn observe(&self, place: Place, evidence: impl Into<String>) -> Observation {
        Observation {
            kind: ObservationKind::Misconfiguration,
            rule: self.rule.to_owned(),
            references: self.references.iter().map(|reference| (*reference).to_owned()).collect(),
            title: self.title.to_owned(),
            severity: self.severity,
            family: None,
            place,
            layer: None,
            removed_in: None,
            evidence: evidence.into(),
            advice: self.advice.to_owned(),
        }
    }

    /// In a field of the image's config.
    pub(crate) fn observe_config(&self, field: &str, evidence: impl Into<String>) -> Observation {
        self.observe(Place::Config { field: field.to_owned() }, evidence)
    }

    /// In a build step, in the layer that it made.
    pub(crate) fn observe_step(&self, step: &Step, evidence: impl Into<String>) -> Observation {
        Observation { layer: step.layer, ..self.observe(Place::History { step: step.index }, evidence) }
    }

    /// Failed if anything was observed.
    pub(crate) fn outcome(&self, observations: impl IntoIterator<Item = Observation>) -> CheckOutcome {
        let mut all = observations.into_iter();
        let mut kept: Vec<_> = all.by_ref().take(MOST_OBSERVATIONS).collect();
        let more = all.count();
        if more > 0 {
            kept.push(self.observe(Place::Image, format!("and {more} more")));
        }
        if kept.is_empty() { CheckOutcome::Passed } else { CheckOutcome::Failed(kept) }
    }

    /// As [`Check::outcome`] of what the history shows: one that was not read whole does not pass.
    pub(crate) fn outcome_of_history(&self, image: &Image<'_>, observations: Vec<Observation>) -> CheckOutcome {
        match self.outcome(observations) {
            CheckOutcome::Passed if image.facts.history.is_empty() => {
                CheckOutcome::NotJudged("the image has no history")
            }
            CheckOutcome::Passed if !image.history.is_complete => {
                CheckOutcome::NotJudged("the image's history is too long to be read whole")
            }
            outcome => outcome,
        }
    }
}

/// An image's own text, fit to be shown: escaped, and clipped.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted: String = text.chars().take(LONGEST_QUOTE).flat_map(char::escape_debug).collect();
    if text.chars().nth(LONGEST_QUOTE).is_some() {
        quoted.push('…');
    }
    quoted
}

/// Bytes for people: `18.2 MiB`.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut tenths = bytes.saturating_mul(10);
    let mut unit = "bytes";
    for larger in UNITS {
        if tenths < 10_240 {
            break;
        }
        tenths /= 1024;
        unit = larger;
    }
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{}.{} {unit}", tenths / 10, tenths % 10) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_for_people() {
        let table = [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1.0 KiB"),
            (19_083_755, "18.1 MiB"),
            (3 << 30, "3.0 GiB"),
            (u64::MAX, "1677721.5 TiB"),
        ];
        for (bytes, expected) in table {
            assert_eq!(size(bytes), expected);
        }
    }

    #[test]
    fn an_images_own_text_is_escaped_and_clipped() {
        assert_eq!(quote("a\n\u{202e}b"), "a\\n\\u{202e}b");
        assert_eq!(quote(&"x".repeat(10_000)).chars().count(), LONGEST_QUOTE + 1);
    }
}
