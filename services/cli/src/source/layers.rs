//! Reading an image's layers in this process.

use std::io;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use plimsoll_analysis::{Engine, LayerAnalysis, LayerError, SquashLayer, squash};
use plimsoll_model::{Inventory, Problem, ProblemCode};
use plimsoll_oci::source::ImageSource;
use plimsoll_oci::{Descriptor, ImageConfig, Manifest, build_steps, media_type};

use crate::exit::Failure;
use crate::progress::Progress;
use crate::quantity::counted;
use crate::source::image::OpenedImage;

/// Layers read at the same time; each takes three threads.
const CONCURRENT: usize = 2;

/// What the image holds.
pub async fn inventory(
    opened: &OpenedImage,
    config: &ImageConfig,
    engine: &Engine,
    progress: &Progress,
) -> Result<Inventory, Failure> {
    let manifest = opened.image.manifest.parse().map_err(Failure::undone)?;
    let Manifest::Image(manifest) = manifest else {
        return Err(Failure::undone(format!("{} is an index, not an image", opened.image.name)));
    };
    let bytes = manifest.layers.iter().map(|layer| layer.size).sum();
    progress.step(format!("reading {}", counted(manifest.layers.len() as u64, "layer")), bytes);
    let engine = engine.for_image();
    // The futures are made first: a lazy iterator's closure would have to outlive the stream.
    let readings: Vec<_> = manifest
        .layers
        .iter()
        .map(|layer| read(opened.source.clone(), layer.clone(), engine.clone(), progress.clone()))
        .collect();
    let analyses: Vec<Result<LayerAnalysis, Problem>> =
        stream::iter(readings).buffered(CONCURRENT).try_collect().await?;
    let steps = build_steps(&config.history, manifest.layers.len());
    let layers: Vec<SquashLayer<'_>> = manifest
        .layers
        .iter()
        .zip(&analyses)
        .zip(steps)
        .zip(0..)
        .map(|(((layer, analysis), build_step), index)| SquashLayer {
            index,
            digest: layer.digest,
            size: layer.size,
            diff_id: usize::try_from(index).ok().and_then(|index| config.diff_ids.get(index)).copied(),
            build_step,
            analysis: analysis.as_ref().map_err(Clone::clone),
        })
        .collect();
    Ok(squash(&layers))
}

/// One layer. What is wrong with its bytes is a problem of the image, unless they are not the image's: then what it holds is not known.
async fn read(
    source: ImageSource,
    layer: Descriptor,
    engine: Engine,
    progress: Progress,
) -> Result<Result<LayerAnalysis, Problem>, Failure> {
    if !media_type::is_layer(&layer.media_type) {
        let detail = format!("its media type '{}' is none of a layer that is read", layer.media_type);
        return Ok(Err(Problem::new(ProblemCode::LayerUnreadable, detail)));
    }
    let digest = layer.digest;
    let reading = tokio::task::spawn_blocking(move || {
        let blob = source.open(&layer)?;
        engine.layer(progress.reading(blob), None)
    });
    match reading.await {
        Ok(Ok(analysis)) if analysis.digest == digest => Ok(Ok(analysis)),
        Ok(Ok(analysis)) => Err(other_bytes(format!("layer {digest}: its bytes have the digest {}", analysis.digest))),
        Ok(Err(LayerError::Source(error))) => match error.kind() {
            io::ErrorKind::InvalidData => Err(other_bytes(format!("layer {digest}: {error}"))),
            io::ErrorKind::NotFound => Ok(Err(Problem::new(ProblemCode::LayerUnreadable, error.to_string()))),
            io::ErrorKind::UnexpectedEof => Ok(Err(Problem::new(ProblemCode::LayerTruncated, error.to_string()))),
            _ => Err(Failure::undone(format!("layer {digest}: {error}"))),
        },
        Ok(Err(error @ LayerError::TooLong { .. })) => {
            Ok(Err(Problem::new(ProblemCode::LayerTooLarge, error.to_string())))
        }
        Err(_) => Err(Failure::undone(format!("layer {digest}: its analysis was interrupted"))),
    }
}

fn other_bytes(message: String) -> Failure {
    Failure::curable(message, "the copy is damaged, or was changed: save or pull the image again")
}
