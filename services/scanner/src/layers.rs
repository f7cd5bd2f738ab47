//! The layers of an image: those that were read before are taken from their kept analysis, the others are read, once.

use std::collections::HashMap;
use std::io::{Read, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use plimsoll_analysis::{Engine, LayerAnalysis};
use plimsoll_blobs::{BlobError, Blobs};
use plimsoll_model::{DiffId, Digest, OrgId, Problem, ProblemCode};
use plimsoll_oci::media_type;
use plimsoll_store::Store;
use plimsoll_store::layers::{self, Analysed, KnownLayer};

use crate::error::ScanError;
use crate::image::LayerPart;
use crate::malware::Analysers;

/// How strongly kept analyses are compressed: they are read far more often than written.
const ZSTD_LEVEL: i32 = 3;
/// The largest kept analysis that is read back, in bytes of JSON: what a layer may keep, written out.
const MAX_DOCUMENT: u64 = 128 << 20;

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
        let read: HashMap<Digest, LayerOutcome> =
            stream::iter(reading).buffer_unordered(self.parallel).try_collect().await?;
        let reused = read.keys().filter(|digest| known.contains_key(digest)).count();
        let analyses = parts
            .iter()
            .map(|part| read.get(&part.blob.digest).cloned().unwrap_or_else(|| Err(unreadable("it was not read"))))
            .collect();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(ReadLayers { analyses, analysed: number(read.len() - reused), reused: number(reused) })
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
    ) -> Result<LayerOutcome, ScanError> {
        let Some(known) = known else { return self.analysed(part, engine, bytes_read).await };
        bytes_read.fetch_add(part.blob.size, Ordering::Relaxed);
        self.kept(&known, engine).await
    }

    /// What was kept of a layer. One is read back at a time: only then is it known whether the image has room for it.
    async fn kept(&self, layer: &KnownLayer, engine: Engine) -> Result<LayerOutcome, ScanError> {
        let _one = self.reading_back.lock().await;
        let key = layer.document_key.clone();
        let compressed = self.blobs.get_document(&key).await?;
        let parse = move || -> Result<LayerOutcome, String> {
            let json = zstd::Decoder::new(compressed.as_ref()).map_err(|error| error.to_string())?.take(MAX_DOCUMENT);
            let analysis: LayerAnalysis =
                serde_json::from_reader(std::io::BufReader::new(json)).map_err(|error| error.to_string())?;
            Ok(engine.admit(analysis).map(Arc::new))
        };
        let parsed = tokio::task::spawn_blocking(parse).await.map_err(|_| ScanError::Interrupted)?;
        parsed.map_err(|reason| ScanError::Document { key: layer.document_key.clone(), reason })
    }

    /// Reads a layer from its blob and keeps what it holds.
    async fn analysed(
        &self,
        part: &LayerPart,
        engine: Engine,
        bytes_read: &Arc<AtomicU64>,
    ) -> Result<LayerOutcome, ScanError> {
        let digest = part.blob.digest;
        if !media_type::is_layer(&part.blob.media_type) {
            let what = part.blob.media_type.chars().take(100).collect::<String>();
            return Ok(Err(unreadable(format!("its media type '{}' is not one of a layer", what.escape_default()))));
        }
        let blob = match self.blobs.reader(&digest).await {
            Ok(blob) => blob,
            Err(BlobError::NotFound { .. }) => {
                return Ok(Err(unreadable("its blob is not here: it was never uploaded")));
            }
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
        // A layer that does not decode to its end has no diffID to keep it by, and one that its neighbours cut says less than it could: they are
        // read again with the next image that has them.
        if let Some(diff_id) = analysis.diff_id.filter(|_| !analysis.is_cut_short) {
            self.keep(&analysis, diff_id).await?;
        }
        Ok(Ok(Arc::new(analysis)))
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
        tx.commit().await?;
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
