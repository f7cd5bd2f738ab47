//! The layers of images, with the build step that made each.

use chrono::{DateTime, Utc};
use plimsoll_model::ImageId;
use uuid::Uuid;

use crate::{OrgTx, Result};

/// A layer of an image.
#[derive(Debug, Clone)]
pub struct Layer {
    /// The image.
    pub image: ImageId,
    /// Its position, 0 at the bottom.
    pub position: i32,
    /// The blob.
    pub digest: String,
    /// The uncompressed tar.
    pub diff_id: String,
    /// The blob's size.
    pub size_bytes: i64,
    /// Position among the history entries.
    pub build_step: Option<i32>,
    /// The command of that entry.
    pub created_by: Option<String>,
    /// When it ran.
    pub created: Option<DateTime<Utc>>,
}

/// The layers of these images, lowest first.
pub async fn of_images(tx: &mut OrgTx, images: &[Uuid]) -> Result<Vec<Layer>> {
    Ok(sqlx::query_as!(
        Layer,
        "SELECT i.id AS image, l.position, l.digest, l.diff_id, l.size_bytes, l.build_step, l.created_by, l.created
         FROM image i JOIN image_layer l ON l.image_content_id = i.image_content_id
         WHERE i.org_id = $1 AND i.id = ANY($2) ORDER BY i.id, l.position",
        tx.org().0,
        images
    )
    .fetch_all(tx.conn())
    .await?)
}
