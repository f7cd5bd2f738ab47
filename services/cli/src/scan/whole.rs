//! What is wrong with a source as a whole: its configuration, its build steps, its operating system's age.

use chrono::{DateTime, Utc};
use plimsoll_checks::judgement::{ImageDescription, Unjudged, judge_image};
use plimsoll_checks::{EndOfLifeTable, HistoryStep};
use plimsoll_oci::ImageConfig;

use crate::report::UnjudgedCheck;
use crate::source::ReadSource;

/// Adds it to the source's observations; gives the checks that could not be judged. A folder says nothing of how it is run: its system's age alone is
/// judged.
pub fn judge(source: &mut ReadSource, end_of_life: &EndOfLifeTable, now: DateTime<Utc>) -> Vec<UnjudgedCheck> {
    let inventory = &mut source.inventory;
    let Some(ImageConfig { execution, history, .. }) = &source.config else {
        let os = inventory.os.as_ref();
        inventory.observations.extend(os.and_then(|os| end_of_life.observation(os, now.date_naive())));
        return Vec::new();
    };
    let history: Vec<HistoryStep<'_>> = (0..)
        .zip(history)
        .map(|(index, step)| HistoryStep { index, created_by: &step.created_by, empty_layer: step.empty_layer })
        .collect();
    let unjudged = judge_image(inventory, &ImageDescription { execution, history: &history }, end_of_life, now);
    unjudged
        .into_iter()
        .map(|Unjudged { check, reason }| UnjudgedCheck { check: check.into(), reason: reason.into() })
        .collect()
}
