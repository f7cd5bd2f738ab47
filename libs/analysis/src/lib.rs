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
pub mod contents;
pub mod layer;
pub mod limits;
mod observer;
mod pass;
mod path;
mod path_hashes;
mod selection;
pub mod squash;
mod tar;
pub mod tree;

pub use analyser::{Analyser, File, Malformed, Observations, PastLimit};
pub use analysers::{all, analysis_version};
pub use contents::{Contents, FileAnalysis};
pub use layer::{LayerAnalysis, LayerError, analyse_layer};
pub use limits::Limits;
pub use path_hashes::PathHashes;
pub use squash::{SquashLayer, squash};
pub use tree::{TreeAnalysis, TreeError, analyse_tree};
