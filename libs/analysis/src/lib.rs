//! Layer bytes to observations to a squashed inventory; one file an ecosystem. No network, no database.
//!
//! In: a layer's blob as the registry serves it ([`analyse_layer`]), or a folder on disk ([`analyse_tree`]).
//! Out: a [`LayerAnalysis`], which depends on the layer's bytes and on [`analysis_version`] alone, so that it is made once and
//! kept for every image that has the layer; and, of an image's layers in order, its [`Inventory`](plimsoll_model::Inventory)
//! ([`squash()`]).
//!
//! The bytes are hostile. What cannot be read becomes a [`Problem`](plimsoll_model::Problem); memory is bounded by [`Limits`].

pub mod analyser;
pub mod analysers;
pub(crate) mod archive;
mod budget;
mod content_kind;
pub mod contents;
mod dependencies;
pub mod engine;
mod executable;
mod facts;
mod file_sizes;
mod inspection;
mod json;
mod jsonc;
pub mod layer;
pub mod limits;
mod observer;
mod pace;
mod packing;
mod pass;
mod path;
mod path_hashes;
mod problems;
mod reservoir;
mod selection;
pub mod squash;
mod tar;
mod toml;
pub mod tree;
mod xml;
mod yaml;

pub use analyser::{Analyser, File, Inspection, Malformed, Observations, PastLimit};
pub use analysers::runtime::program_names;
pub use analysers::{all, analysis_version, packages};
pub use content_kind::ContentKind;
pub use contents::{Contents, FileAnalysis, Owner};
pub use dependencies::Dependencies;
pub use engine::{Engine, analyse_layer, analyse_tree};
pub use file_sizes::FileSizes;
pub use layer::{LayerAnalysis, LayerError};
pub use limits::{ArchiveLimits, Limits};
pub use pace::{Clock, TimeLimits};
pub use path_hashes::PathHashes;
pub use squash::{SquashLayer, squash};
pub use tree::{TreeAnalysis, TreeError};
