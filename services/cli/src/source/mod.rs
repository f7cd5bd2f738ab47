//! What the user names, where it lies: an image, a folder, a lock file; and what it holds, read in this process.

pub mod image;
mod layers;
mod tree;

use plimsoll_analysis::Engine;
use plimsoll_checks::judgement::redact;
use plimsoll_model::Inventory;
use plimsoll_oci::ImageConfig;

use crate::arguments::ImageArguments;
use crate::exit::Failure;
use crate::progress::Progress;
use crate::report::ScannedImage;

/// A source that was read.
pub struct ReadSource {
    /// What it is.
    pub image: ScannedImage,
    /// The image's config; none for a folder or file.
    pub config: Option<ImageConfig>,
    /// What it holds. The commands of its build steps show no secret.
    pub inventory: Inventory,
}

/// Reads what the user wrote with these analysers; nothing leaves the machine.
pub async fn read(
    text: &str,
    arguments: &ImageArguments,
    engine: &Engine,
    progress: &Progress,
) -> Result<ReadSource, Failure> {
    if let Some((path, inventory)) = tree::inventory(text, engine).await? {
        let image = ScannedImage {
            name: path.display().to_string(),
            digest: None,
            platform: None,
            other_platforms: vec![],
            references: vec![],
            index: None,
        };
        return Ok(ReadSource { image, config: None, inventory });
    }
    let opened = image::open(text, arguments, progress).await?;
    let config = opened.source.config(&opened.image).await.map_err(Failure::undone)?;
    let mut inventory = layers::inventory(&opened, &config, engine, progress).await?;
    redact(&mut inventory);
    let platform = config.platform().as_ref().or(opened.image.platform.as_ref()).map(ToString::to_string);
    let image = ScannedImage { platform, ..ScannedImage::from(opened.image) };
    Ok(ReadSource { image, config: Some(config), inventory })
}
