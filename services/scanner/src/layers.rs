//! The layers of an image: those that were read before are taken from their kept analysis, the others are read, once.

use std::collections::HashMap;
use std::io::{Read, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::TimeDelta;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use plimsoll_analysis::{Engine, LayerAnalysis};
use plimsoll_blobs::{BlobError, Blobs};
use plimsoll_model::{DiffId, Digest, OrgId, Problem, ProblemCode};
use plimsoll_oci::media_type;
use plimsoll_runtime::clock;
use plimsoll_store::Store;
use plimsoll_store::layers::{self, Analysed, KnownLayer};

use crate::error::ScanError;
use crate::image::LayerPart;
use crate::malware::Analysers;

/// How strongly kept analyses are compressed: they are read far more often than written.
const ZSTD_LEVEL: i32 = 3;
/// The largest kept analysis that is read back, in bytes of JSON: what a layer may keep, written out.
const MAX_DOCUMENT: u64 = 128 << 20;
/// How long what other versions of the analysers read of a layer is kept once this one has read it: scanners of two releases may be at work at once.
const OLDER_KEPT: TimeDelta = TimeDelta::days(7);

/// What reads layers.
#[derive(Debug, Clone)]
pub struct LayerReader {
    /// Where it is recorded that a layer was read.
    pub store: Store,
    /// Where blobs and kept analyses are.
    pub blobs: Blobs,
    /// What analyses them.
    pub analysers: Analysers,
    /// For whom what is found is kept.
    pub kept_for: KeptFor,
    /// How many layers of one image are read at a time.
    pub parallel: usize,
    /// Held by who reads back what was kept of a layer.
    pub reading_back: Arc<tokio::sync::Mutex<()>>,
}

/// For whom the analysis of a layer is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptFor {
    /// For all who show that they have the layer.
    All,
    /// For this organization alone: its own rules made it.
    Org(OrgId),
}

/// What a layer holds, or why it was not read. One that stands in several places of an image is held once.
pub type LayerOutcome = Result<Arc<LayerAnalysis>, Problem>;

/// An image's layers, read.
#[derive(Debug)]
pub struct ReadLayers {
    /// Of each layer, in order: what it holds, or why it was not read.
    pub analyses: Vec<LayerOutcome>,
    /// How many were read from their blobs.
    pub analysed: u32,
    /// How many were known.
    pub reused: u32,
    /// Whether something that was asked of a layer did not answer: asked again later, it may say more.
    pub is_provisional: bool,
    /// Whether a layer's blob is gone, so that what an earlier version read of it counts.
    pub lacks_blobs: bool,
}

/// One layer, read.
#[derive(Debug)]
struct ReadLayer {
    outcome: LayerOutcome,
    origin: Origin,
}

/// Where what is known of a layer comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Its blob.
    Blob,
    /// What was kept of it.
    Kept,
    /// What an earlier version of the analysers read, as its blob is gone.
    Earlier,
}

impl ReadLayer {
    const fn of_blob(outcome: LayerOutcome) -> Self {
        Self { outcome, origin: Origin::Blob }
    }
}

impl LayerReader {
    /// Reads the layers of an image. `bytes_read` grows as blobs are read.
    ///
    /// # Errors
    /// When a blob or a kept analysis cannot be had. Layers that were read by then are kept.
    #[tracing::instrument(skip_all, fields(layers = parts.len()))]
    pub async fn read(&self, parts: &[LayerPart], bytes_read: &Arc<AtomicU64>) -> Result<ReadLayers, ScanError> {
        let digests: Vec<Digest> = parts.iter().map(|part| part.blob.digest).collect();
        let known = self.known(&digests).await?;
        let known: HashMap<Digest, KnownLayer> = known.into_iter().map(|layer| (layer.digest, layer)).collect();
        // A layer that stands twice in one image is read once.
        let mut distinct = parts.to_vec();
        distinct.sort_by_key(|part| part.blob.digest);
        distinct.dedup_by_key(|part| part.blob.digest);
        let engine = self.analysers.engine.for_image();
        let reading = distinct.into_iter().map(|part| {
            let (reader, engine, bytes_read) = (self.clone(), engine.clone(), Arc::clone(bytes_read));
            let known = known.get(&part.blob.digest).cloned();
            async move {
                Ok::<_, ScanError>((part.blob.digest, reader.read_layer(&part, known, engine, &bytes_read).await?))
            }
        });
        let read: HashMap<Digest, ReadLayer> =
            stream::iter(reading).buffer_unordered(self.parallel).try_collect().await?;
        let outcome = |part: &LayerPart| {
            let read = read.get(&part.blob.digest).map(|read| read.outcome.clone());
            read.unwrap_or_else(|| Err(unreadable("it was not read")))
        };
        let analysed = read.values().filter(|read| read.origin == Origin::Blob).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(ReadLayers {
            analyses: parts.iter().map(outcome).collect(),
            analysed: number(analysed),
            reused: number(read.len() - analysed),
            is_provisional: read.values().any(|read| read.outcome.as_ref().is_ok_and(|layer| layer.is_provisional)),
            lacks_blobs: read.values().any(|read| read.origin == Origin::Earlier),
        })
    }

    async fn known(&self, digests: &[Digest]) -> Result<Vec<KnownLayer>, ScanError> {
        let version = &self.analysers.version;
        Ok(match self.kept_for {
            KeptFor::All => layers::known(&mut self.store.catalog_tx().await?, digests, version).await?,
            KeptFor::Org(org) => layers::known_to_org(&mut self.store.org_tx(org).await?, digests, version).await?,
        })
    }

    async fn read_layer(
        &self,
        part: &LayerPart,
        known: Option<KnownLayer>,
        engine: Engine,
        bytes_read: &Arc<AtomicU64>,
    ) -> Result<ReadLayer, ScanError> {
        let Some(known) = known else { return self.analysed(part, engine, bytes_read).await };
        bytes_read.fetch_add(part.blob.size, Ordering::Relaxed);
        Ok(ReadLayer { outcome: self.kept(&known, engine, None).await?, origin: Origin::Kept })
    }

    /// What was kept of a layer, and what is to be told besides. One is read back at a time: only then is it known whether the image has room for it.
    async fn kept(
        &self,
        layer: &KnownLayer,
        engine: Engine,
        besides: Option<Problem>,
    ) -> Result<LayerOutcome, ScanError> {
        let _one = self.reading_back.lock().await;
        let key = layer.document_key.clone();
        let compressed = self.blobs.get_document(&key).await?;
        let parse = move || -> Result<LayerOutcome, String> {
            let json = zstd::Decoder::new(compressed.as_ref()).map_err(|error| error.to_string())?.take(MAX_DOCUMENT);
            let mut analysis: LayerAnalysis =
                serde_json::from_reader(std::io::BufReader::new(json)).map_err(|error| error.to_string())?;
            analysis.problems.extend(besides);
            Ok(engine.admit(analysis).map(Arc::new))
        };
        let parsed = tokio::task::spawn_blocking(parse).await.map_err(|_| ScanError::Interrupted)?;
        parsed.map_err(|reason| ScanError::Document { key: layer.document_key.clone(), reason })
    }

    /// A layer whose blob is not here: what was read of it when it was, by whatever version.
    async fn without_blob(&self, digest: &Digest, engine: Engine) -> Result<ReadLayer, ScanError> {
        let earlier = match self.kept_for {
            KeptFor::All => layers::last_known(&mut self.store.catalog_tx().await?, digest).await?,
            // What an organization's older rules found is of no use.
            KeptFor::Org(_) => None,
        };
        let Some(earlier) = earlier else {
            return Ok(ReadLayer::of_blob(Err(unreadable("its blob is not here: it was never uploaded"))));
        };
        let besides = unreadable("its blob is not here any more; what was read of it before counts");
        match self.kept(&earlier, engine, Some(besides)).await {
            Ok(outcome) => Ok(ReadLayer { outcome, origin: Origin::Earlier }),
            Err(ScanError::Document { key, reason }) => {
                tracing::warn!(key, reason, "what was kept of a layer whose blob is gone cannot be read");
                Ok(ReadLayer::of_blob(Err(unreadable("its blob is not here any more"))))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads a layer from its blob and keeps what it holds.
    async fn analysed(
        &self,
        part: &LayerPart,
        engine: Engine,
        bytes_read: &Arc<AtomicU64>,
    ) -> Result<ReadLayer, ScanError> {
        let digest = part.blob.digest;
        if !media_type::is_layer(&part.blob.media_type) {
            let what = part.blob.media_type.chars().take(100).collect::<String>();
            let told = format!("its media type '{}' is not one of a layer", what.escape_default());
            return Ok(ReadLayer::of_blob(Err(unreadable(told))));
        }
        let blob = match self.blobs.reader(&digest).await {
            Ok(blob) => blob,
            Err(BlobError::NotFound { .. }) => return self.without_blob(&digest, engine).await,
            Err(error) => return Err(error.into()),
        };
        let counted = Counted { inner: blob, count: Arc::clone(bytes_read) };
        let span = tracing::info_span!("analyse_layer", %digest);
        let analysing = move || span.in_scope(|| engine.layer(counted, Some(&digest)));
        let analysis = tokio::task::spawn_blocking(analysing).await.map_err(|_| ScanError::Interrupted)?;
        let analysis = analysis.map_err(|reason| ScanError::Layer { digest, reason })?;
        if analysis.digest != digest {
            return Err(ScanError::DigestMismatch { expected: digest, actual: analysis.digest });
        }
        // A layer that does not decode to its end has no diffID to keep it by; one that its neighbours cut, or that a daemon was not there to
        // examine, says less than it could: they are read again with the next image that has them.
        let is_last_word = !analysis.is_cut_short && !analysis.is_provisional;
        if let Some(diff_id) = analysis.diff_id.filter(|_| is_last_word) {
            self.keep(&analysis, diff_id).await?;
        }
        Ok(ReadLayer::of_blob(Ok(Arc::new(analysis))))
    }

    async fn keep(&self, analysis: &LayerAnalysis, diff_id: DiffId) -> Result<(), ScanError> {
        let version = &self.analysers.version;
        let hex = diff_id.0.hex();
        let document_key = match self.kept_for {
            KeptFor::All => format!("analysis/{version}/{hex}.json.zst"),
            // One for each layer: older rules' answers are of no use.
            KeptFor::Org(org) => format!("org-analysis/{org}/{hex}.json.zst"),
        };
        let failed = |reason: String| ScanError::Document { key: document_key.clone(), reason };
        let compressed = compressed(analysis).map_err(|error| failed(error.to_string()))?;
        self.blobs.put_document(&document_key, compressed.into()).await?;
        if let KeptFor::Org(org) = self.kept_for {
            let mut tx = self.store.org_tx(org).await?;
            layers::record_for_org(&mut tx, diff_id, version, &document_key).await?;
            tx.commit().await?;
            return Ok(());
        }
        let mut tx = self.store.catalog_tx().await?;
        let analysed = Analysed {
            digest: analysis.digest,
            diff_id,
            size_bytes: analysis.compressed_size,
            analysis_version: version,
            document_key: &document_key,
            packages: analysis.contents.files.values().map(|file| file.packages.len()).sum(),
            problems: analysis.problems.len(),
        };
        layers::record(&mut tx, &analysed).await?;
        let forgotten = layers::forget_older(&mut tx, diff_id, version, clock::now() - OLDER_KEPT).await?;
        tx.commit().await?;
        // After the commit: nobody finds them any more. One that stays takes room and does nothing else.
        for key in forgotten {
            if let Err(error) = self.blobs.remove_document(&key).await {
                tracing::warn!(key, %error, "an old analysis is not removed");
            }
        }
        Ok(())
    }
}

/// An analysis as it is kept; it is never held written out.
fn compressed(analysis: &LayerAnalysis) -> std::io::Result<Vec<u8>> {
    let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
    // Serde writes a few bytes at a time.
    let mut buffered = std::io::BufWriter::new(&mut encoder);
    serde_json::to_writer(&mut buffered, analysis)?;
    buffered.flush()?;
    drop(buffered);
    encoder.finish()
}

fn unreadable(detail: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::LayerUnreadable, detail.into())
}

/// Counts bytes as they are read.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}
