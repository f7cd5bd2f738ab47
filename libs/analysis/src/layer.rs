//! One layer, read once: its digests, and what its tar holds.

use std::io::{self, BufRead, Read};
use std::thread;

use plimsoll_model::{DiffId, Digest, Problem, ProblemCode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::Contents;
use crate::engine::Engine;
use crate::inspection::{self, Inspections};
use crate::observer::{Observed, Observer};
use crate::pass::Pass;
use crate::pass::chunks::{ChunkReader, ChunkWriter, pipe};
use crate::pass::compression::{Inflated, inflate};
use crate::tar::{TarError, walk};

/// What one layer's bytes say. The same for every image that has the layer, as long as [`crate::analysis_version`] is the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerAnalysis {
    /// SHA-256 of the blob as it was read.
    pub digest: Digest,
    /// SHA-256 of the tar, where it could be read to its end.
    pub diff_id: Option<DiffId>,
    /// Bytes of the blob.
    pub compressed_size: u64,
    /// Bytes of the tar, as far as it was read.
    pub uncompressed_size: u64,
    /// What the tar holds.
    pub contents: Contents,
    /// What could not be read or believed, without the layer's position, which differs from image to image.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
    /// Whether it was cut by what is not in its bytes: the room that other layers of the image took, or the time. It is then not what the
    /// layer says, and must not be kept for other images.
    #[serde(skip)]
    pub is_cut_short: bool,
    /// Whether something that was asked of a file failed in a way that passes, as a daemon that does not answer: asked again later, it may say
    /// more, so this must not be kept.
    #[serde(skip)]
    pub is_provisional: bool,
}

/// Why a layer's bytes could not be had. Nothing that the bytes say is an error: that is a [`Problem`].
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// Where the bytes come from failed.
    #[error("reading the layer's bytes: {0}")]
    Source(#[from] io::Error),
    /// The blob is longer than the limit, so that its digest cannot be checked.
    #[error("the layer's blob is longer than {limit} bytes, which is the limit")]
    TooLong {
        /// The limit in bytes.
        limit: u64,
    },
}

/// See [`Engine::layer`].
pub(crate) fn analyse(
    engine: &Engine,
    blob: impl Read,
    expected: Option<&Digest>,
) -> Result<LayerAnalysis, LayerError> {
    let (blob_in, blob_out) = pipe();
    let (tar_in, tar_out) = pipe();
    let pass = &Pass::new(engine);
    let (read, inflated, walked) = thread::scope(|scope| {
        let inflating = scope.spawn(move || inflate(blob_out, &tar_in, pass));
        let walking =
            scope.spawn(move || inspection::beside(pass, |inspections| walk_and_hash(tar_out, pass, inspections)));
        let read = read_and_hash(blob, blob_in, pass);
        (read, joined(inflating), joined(walking))
    });
    let (digest, compressed_size) = read?;
    let mut layer = LayerAnalysis {
        digest,
        diff_id: inflated.is_whole().then_some(DiffId(walked.digest)),
        compressed_size,
        uncompressed_size: inflated.size,
        contents: walked.contents,
        problems: walked.problems,
        is_cut_short: walked.is_crowded_out || pass.pace.is_over(),
        is_provisional: walked.is_provisional,
    };
    if pass.pace.is_over() {
        layer.contents.is_complete = false;
        layer.problems.push(Problem::new(ProblemCode::LayerTooLarge, pass.pace.told()));
    } else {
        layer.add_problem_of_stream(inflated, walked.failure);
    }
    if let Some(expected) = expected.filter(|expected| **expected != digest) {
        layer.problems.push(Problem::new(
            ProblemCode::DigestMismatch,
            format!("the blob's bytes hash to {digest}, not to {expected}"),
        ));
    }
    Ok(layer)
}

impl LayerAnalysis {
    /// A stream that breaks off takes the archive with it: only the cause is told.
    fn add_problem_of_stream(&mut self, inflated: Inflated, failure: Option<TarError>) {
        let cause = match (inflated.problem, failure) {
            (None, None) => return,
            (Some(cause), Some(TarError::EndsEarly { .. }) | None) => Some(cause),
            (cause, Some(failure)) => {
                self.problems.push(Problem::new(failure.code(), failure.to_string()));
                cause
            }
        };
        self.problems.extend(cause.map(|(code, detail)| Problem::new(code, detail)));
        self.contents.is_complete = false;
    }
}

impl TarError {
    fn code(&self) -> ProblemCode {
        match self {
            Self::EndsEarly { .. } | Self::Corrupt { .. } => ProblemCode::TarCorrupt,
            Self::HeaderTooLarge { .. } => ProblemCode::TarHeaderTooLarge,
            Self::TooManyEntries { .. } | Self::Left { .. } => ProblemCode::LayerTooLarge,
        }
    }
}

/// First stage. Goes on to the blob's end even where no later stage listens: the digest must be right.
fn read_and_hash(mut blob: impl Read, out: ChunkWriter, pass: &Pass<'_>) -> Result<(Digest, u64), LayerError> {
    let limits = pass.engine.limits();
    let mut sha = Sha256::new();
    let mut size = 0;
    loop {
        let (count, failure) = out.fill(&mut blob, |bytes| sha.update(bytes));
        size += count as u64;
        pass.pace.read(count);
        if let Some(error) = failure {
            return Err(error.into());
        }
        if size > limits.compressed_bytes {
            return Err(LayerError::TooLong { limit: limits.compressed_bytes });
        }
        if count == 0 {
            return Ok((Digest::from_sha256(sha.finalize().into()), size));
        }
    }
}

/// What the last stage gives.
struct Walked {
    digest: Digest,
    contents: Contents,
    problems: Vec<Problem>,
    is_crowded_out: bool,
    is_provisional: bool,
    failure: Option<TarError>,
}

/// Last stage. Goes on to the tar's end even where the archive is broken or over: what follows belongs to the diffID.
fn walk_and_hash(tar: ChunkReader, pass: &Pass<'_>, inspections: Inspections) -> Walked {
    let mut tar = HashedTar { tar, sha: Sha256::new() };
    let mut observer = Observer::new(pass, inspections);
    let failure = walk(&mut tar, pass.engine.limits(), &mut observer).err();
    while tar.next_chunk() {}
    let Observed { contents, problems, is_crowded_out, is_provisional } = observer.finish();
    let digest = Digest::from_sha256(tar.sha.finalize().into());
    Walked { digest, contents, problems, is_crowded_out, is_provisional, failure }
}

/// The tar, each chunk of it hashed as it comes.
struct HashedTar {
    tar: ChunkReader,
    sha: Sha256,
}

impl HashedTar {
    fn next_chunk(&mut self) -> bool {
        self.tar.next_chunk(|bytes| self.sha.update(bytes))
    }
}

impl Read for HashedTar {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let count = available.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for HashedTar {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.tar.rest().is_empty() && self.next_chunk() {}
        Ok(self.tar.rest())
    }

    fn consume(&mut self, count: usize) {
        self.tar.pass(count);
    }
}

/// A stage's result; a panic in it is passed on, not swallowed.
fn joined<T>(stage: thread::ScopedJoinHandle<'_, T>) -> T {
    stage.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
