//! Checks of an image's configuration, history and files, and of its operating system's age.
//!
//! Pure: the caller brings the facts ([`ImageFacts`]) and today's date; [`judge_all`] puts every check of [`checks::all`] to them.
//! [`judgement::judge_image`] does that for a whole
//! inventory. [`end_of_life`] says until when an operating system is mended. [`paths`], [`accounts`] and [`capabilities`] read facts from what layers hold.

pub mod accounts;
pub mod capabilities;
pub mod checks;
pub mod end_of_life;
pub mod judgement;
pub mod paths;

mod check;
mod facts;
mod history;
mod shell;

#[cfg(test)]
mod sample;

pub use check::{Check, CheckOutcome, MOST_OBSERVATIONS};
pub use end_of_life::EndOfLifeTable;
pub use facts::{HistoryStep, ImageFacts, LayerSize};

/// What every check says of an image, in the list's order.
pub fn judge_all(facts: &ImageFacts<'_>) -> Vec<(&'static Check, CheckOutcome)> {
    let image = check::Image { facts, history: history::History::read(facts.history) };
    checks::all().iter().map(|check| (*check, (check.judge)(check, &image))).collect()
}
