//! Analyses layer blobs, lowest first, as one image, and says what came of it: `cargo run --example layer -- BLOB...`.

use std::fs::File;

use plimsoll_analysis::{LayerAnalysis, LayerError, Limits, SquashLayer, analyse_layer, squash};

fn main() -> Result<(), LayerError> {
    let analyses: Vec<LayerAnalysis> = std::env::args_os()
        .skip(1)
        .map(|blob| analyse_layer(File::open(blob)?, None, &Limits::default()))
        .collect::<Result<_, _>>()?;
    for layer in &analyses {
        let (contents, stored) = (&layer.contents, serde_json::to_vec(layer).unwrap_or_default().len());
        println!("{}: {} bytes, {} of tar", layer.digest, layer.compressed_size, layer.uncompressed_size);
        println!("  {} entries, {} files read, {stored} bytes to keep", contents.entry_count, contents.files.len());
    }
    let layers: Vec<SquashLayer<'_>> = (0..).zip(&analyses).map(|(index, analysis)| layer(index, analysis)).collect();
    let inventory = squash(&layers);
    println!("{:?}, {} packages, {} problems", inventory.os, inventory.packages.len(), inventory.problems.len());
    for problem in inventory.problems.iter().take(20) {
        println!("  {problem:?}");
    }
    Ok(())
}

fn layer(index: u32, analysis: &LayerAnalysis) -> SquashLayer<'_> {
    SquashLayer {
        index,
        digest: analysis.digest,
        size: analysis.compressed_size,
        diff_id: analysis.diff_id,
        build_step: None,
        analysis: Ok(analysis),
    }
}
