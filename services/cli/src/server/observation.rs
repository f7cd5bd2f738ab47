//! What the API says is wrong in an image without an advisory, in the shape of the report.

use plimsoll_model::{ObservationKind, Place, Severity};
use serde::Deserialize;

use crate::exit::Failure;

/// One observation, as the API answers it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observation {
    kind: Option<String>,
    rule: String,
    references: Vec<String>,
    title: String,
    severity: Severity,
    family: Option<String>,
    place: ObservationPlace,
    introduced_by: Option<IntroducedBy>,
    removed_in: Option<LayerIndex>,
    evidence: String,
    advice: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObservationPlace {
    subject: String,
    path: Option<String>,
    line: Option<u32>,
    offset: Option<u64>,
    name: Option<String>,
    history_step: Option<u32>,
}

#[derive(Debug, Deserialize)]
struct IntroducedBy {
    layer: LayerIndex,
}

#[derive(Debug, Deserialize)]
struct LayerIndex {
    index: u32,
}

/// A server newer than this program may observe what this program has no word for: that is told, not left out.
pub fn unknown_word(what: &str, word: &str) -> Failure {
    Failure::curable(
        format!("the server tells of {what} '{word}', which this program does not know"),
        "is this program older than the server?",
    )
}

/// The observation, as the offline scan tells it.
pub fn observation(seen: Observation) -> Result<plimsoll_model::Observation, Failure> {
    let word = seen.kind.unwrap_or_default();
    let kind = ObservationKind::parse(&word.to_ascii_lowercase())
        .ok_or_else(|| unknown_word("an observation of the kind", &word))?;
    Ok(plimsoll_model::Observation {
        kind,
        rule: seen.rule,
        references: seen.references,
        title: seen.title,
        severity: seen.severity,
        family: seen.family,
        place: place(seen.place)?,
        layer: seen.introduced_by.map(|by| by.layer.index),
        removed_in: seen.removed_in.map(|layer| layer.index),
        evidence: seen.evidence,
        advice: seen.advice,
    })
}

fn place(place: ObservationPlace) -> Result<Place, Failure> {
    let name = place.name.unwrap_or_default();
    Ok(match place.subject.as_str() {
        "FILE" => Place::File { path: place.path.unwrap_or_default(), line: place.line, offset: place.offset },
        "ENVIRONMENT" => Place::Environment { name },
        "LABEL" => Place::Label { name },
        "HISTORY" => Place::History { step: place.history_step.unwrap_or_default() },
        "CONFIG" => Place::Config { field: name },
        "IMAGE" => Place::Image,
        other => return Err(unknown_word("an observation in", other)),
    })
}
