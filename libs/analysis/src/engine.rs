//! What an analysis is made with: its analysers, its limits, and the memory that passes share.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use plimsoll_model::{Digest, Problem, ProblemCode};

use crate::analyser::Analyser;
use crate::budget::{self, Pool};
use crate::contents::FileAnalysis;
use crate::layer::{LayerAnalysis, LayerError};
use crate::limits::Limits;
use crate::pace::{Clock, Work};
use crate::reservoir::Reservoir;
use crate::selection::{Selection, Wanting};
use crate::tree::{TreeAnalysis, TreeError};
use crate::{analysers, inspection, layer, tree};

/// Analyses layers and folders. Cheap to clone; passes of clones share the memory in which files are held.
#[derive(Clone)]
pub struct Engine {
    selection: Arc<Selection>,
    limits: Limits,
    memory: Arc<Reservoir>,
    clock: Option<Clock>,
    image: Option<ImageShare>,
}

/// What the layers of one image share.
#[derive(Clone)]
pub(crate) struct ImageShare {
    /// What may be kept of them.
    pub(crate) kept: Arc<Pool>,
    /// What was done for them.
    pub(crate) work: Arc<Work>,
}

impl ImageShare {
    fn new(limits: &Limits) -> Self {
        Self { kept: Pool::new(limits.image_kept_bytes), work: Arc::default() }
    }
}

impl Engine {
    /// With the built-in analysers.
    pub fn new(limits: Limits) -> Self {
        Self::of_selection(Selection::all(), limits)
    }

    /// With the built-in analysers and others, whose answers [`crate::analysis_version`] does not cover.
    pub fn with_analysers(limits: Limits, others: Vec<Box<dyn Analyser>>) -> Self {
        let all = analysers::all().into_iter().chain(others).collect();
        Self::of_selection(Arc::new(Selection::new(all)), limits)
    }

    /// With these analysers alone.
    pub fn of_analysers(limits: Limits, analysers: Vec<Box<dyn Analyser>>) -> Self {
        Self::of_selection(Arc::new(Selection::new(analysers)), limits)
    }

    fn of_selection(selection: Arc<Selection>, limits: Limits) -> Self {
        let memory = Reservoir::new(limits.held_bytes, limits.member_bytes);
        Self { selection, memory, limits, clock: None, image: None }
    }

    /// Whose passes share their memory with those of `other`.
    #[must_use]
    pub fn beside(self, other: &Self) -> Self {
        Self { memory: Arc::clone(&other.memory), ..self }
    }

    /// With a clock. Without one, inspecting a file counts as done in no time: see [`Limits::time`].
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// For the layers of one image, which then share [`Limits::image_kept_bytes`] and the image's time. A layer that is read without it is an
    /// image of its own.
    #[must_use]
    pub fn for_image(&self) -> Self {
        Self { image: Some(ImageShare::new(&self.limits)), ..self.clone() }
    }

    /// Counts an analysis that was made before among what is kept of the image.
    ///
    /// # Errors
    /// With what to tell of the layer, where the others left no room for it.
    pub fn admit(&self, analysis: LayerAnalysis) -> Result<LayerAnalysis, Problem> {
        if self.image.as_ref().is_none_or(|image| image.kept.take(budget::cost_of_layer(&analysis))) {
            return Ok(analysis);
        }
        let most = self.limits.image_kept_bytes;
        let detail = format!("what is to be kept of all layers takes more than {most} bytes; this one was left out");
        Err(Problem::new(ProblemCode::LayerTooLarge, detail))
    }

    /// Reads a layer front to back, once: hashes the blob, inflates it, hashes the tar, walks it, and inspects its files.
    ///
    /// `expected` is the digest that the blob was asked for by; where it differs, that is a problem `digest_mismatch`. Three threads
    /// and [`Limits::inspection_threads`] work at it, this one reading. Memory is bounded by [`Limits`] and does not grow with the layer.
    ///
    /// # Errors
    /// Only when `blob` fails or does not end within the limit.
    pub fn layer(&self, blob: impl Read, expected: Option<&Digest>) -> Result<LayerAnalysis, LayerError> {
        layer::analyse(self, blob, expected)
    }

    /// Walks a folder as if it were an image's root, or reads one file by its name. Links are not followed.
    ///
    /// # Errors
    /// When `root` itself cannot be read. What cannot be read below it is a problem.
    pub fn tree(&self, root: &Path) -> Result<TreeAnalysis, TreeError> {
        tree::analyse(self, root)
    }

    /// Reads one file as if it lay at `path` in a layer, archives in it included, in this thread: what it says, and what is wrong with it.
    pub fn file(&self, path: &str, bytes: &[u8]) -> (FileAnalysis, Vec<Problem>) {
        inspection::alone(self, path, bytes)
    }

    /// The names of the analysers that want a file at `path`, whatever is in it.
    pub fn wanted_by(&self, path: &str) -> Vec<&'static str> {
        let mut wanting = Wanting::new();
        self.selection().wanting(path, &mut wanting);
        wanting.iter().filter_map(|position| Some(self.selection().analyser(*position)?.name())).collect()
    }

    /// The bounds.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn selection(&self) -> &Selection {
        &self.selection
    }

    pub(crate) fn memory(&self) -> &Arc<Reservoir> {
        &self.memory
    }

    pub(crate) fn clock(&self) -> Option<&Clock> {
        self.clock.as_ref()
    }

    /// What the passes for the image at hand share.
    pub(crate) fn image(&self) -> ImageShare {
        self.image.clone().unwrap_or_else(|| ImageShare::new(&self.limits))
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// [`Engine::layer`] with the built-in analysers.
///
/// # Errors
/// As those of [`Engine::layer`].
pub fn analyse_layer(blob: impl Read, expected: Option<&Digest>, limits: &Limits) -> Result<LayerAnalysis, LayerError> {
    Engine::new(limits.clone()).layer(blob, expected)
}

/// [`Engine::tree`] with the built-in analysers.
///
/// # Errors
/// As those of [`Engine::tree`].
pub fn analyse_tree(root: &Path, limits: &Limits) -> Result<TreeAnalysis, TreeError> {
    Engine::new(limits.clone()).tree(root)
}
