//! Layers and the build steps that made them.

use async_graphql::{ComplexObject, SimpleObject};
use chrono::{DateTime, Utc};
use plimsoll_store::views::layers;

/// A layer of an image.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub struct Layer {
    /// Its position, 0 at the bottom.
    pub index: i32,
    /// The digest of its blob, as the manifest names it.
    digest: String,
    /// The digest of its uncompressed tar, as computed.
    diff_id: String,
    /// Its blob's size in bytes.
    size: i64,
    #[graphql(skip)]
    build_step: Option<BuildStep>,
}

#[ComplexObject]
impl Layer {
    /// The entry of the image's build history that made it; null where the image tells none.
    async fn build_step(&self) -> Option<BuildStep> {
        self.build_step.clone()
    }
}

/// An entry of an image's build history.
#[derive(SimpleObject, Clone)]
pub struct BuildStep {
    /// Its position among all entries, those that made no layer included.
    index: i32,
    /// The command, `RUN pip install ...`.
    command: String,
    /// When it ran.
    created: Option<DateTime<Utc>>,
}

impl From<&layers::Layer> for Layer {
    fn from(row: &layers::Layer) -> Self {
        let build_step = row.build_step.map(|index| BuildStep {
            index,
            command: row.created_by.clone().unwrap_or_default(),
            created: row.created,
        });
        Self {
            index: row.position,
            digest: row.digest.clone(),
            diff_id: row.diff_id.clone(),
            size: row.size_bytes,
            build_step,
        }
    }
}

/// What brought a package into an image.
#[derive(SimpleObject, Clone)]
pub struct Introduction {
    /// The first layer since which the package has been there unchanged.
    layer: Layer,
    /// The build step that made that layer; null where the image tells none.
    build_step: Option<BuildStep>,
}

impl Introduction {
    /// By the layer at `position`; `None` where the image has no such layer (any more).
    pub fn by(layers: &[layers::Layer], position: i32) -> Option<Self> {
        let layer: Layer = layers.iter().find(|layer| layer.position == position)?.into();
        let build_step = layer.build_step.clone();
        Some(Self { layer, build_step })
    }
}
