//! What the checks look at: plain facts of an image, borrowed from whoever found them.

use chrono::{DateTime, Utc};
use plimsoll_model::{ExecutionConfig, FileFact, InstalledPackage, Observation};

/// An image as the checks see it. What is `None` was not looked at, and what depends on it is not judged.
#[derive(Debug, Clone, Copy)]
pub struct ImageFacts<'a> {
    /// How it is run.
    pub execution: &'a ExecutionConfig,
    /// The build's steps, oldest first.
    pub history: &'a [HistoryStep<'a>],
    /// Every package in the topmost layer's view.
    pub packages: Option<&'a [InstalledPackage]>,
    /// What its files show. Of a path in several layers, each layer's; [`FileFact::removed_in`] says which are hidden.
    pub files: Option<&'a [FileFact]>,
    /// The layers, lowest first.
    pub layers: &'a [LayerSize],
    /// How many of the layers, from the bottom, are the base image's, where it was recognised.
    pub base_layers: Option<u32>,
    /// The secrets that were found in it.
    pub secrets: Option<&'a [Observation]>,
    /// Today: what a date is in the future of.
    pub now: DateTime<Utc>,
}

/// A step of the build history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryStep<'a> {
    /// Its position among all history entries, from 0.
    pub index: u32,
    /// The command as the builder wrote it.
    pub created_by: &'a str,
    /// Whether it made no layer.
    pub empty_layer: bool,
}

/// How much a layer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayerSize {
    /// The bytes of its files.
    pub bytes: u64,
    /// How many of them later layers delete or replace. `None` where nobody counted.
    pub hidden_bytes: Option<u64>,
}
