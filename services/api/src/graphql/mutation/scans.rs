//! Asking for scans.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use plimsoll_broker::Message as _;
use plimsoll_broker::contracts::ScanImageV1;
use plimsoll_identity::Permission;
use plimsoll_model::{Digest, ImageId};
use plimsoll_runtime::{clock, trace};
use plimsoll_store::views::images::{self, Image as ImageRow};
use plimsoll_store::{images as held, outbox};
use plimsoll_volatile::{ScanProgress, ScanState};

use super::{UserError, not_found, wrong_kind};
use crate::graphql::complaint::{internal, of_store};
use crate::graphql::global_id::GlobalId;
use crate::graphql::tenant::{Asking, Tenant};
use crate::graphql::types::Image;
use crate::server::State;

/// What became of asking for a scan.
#[derive(SimpleObject, Default)]
pub struct RescanImagePayload {
    /// The image, whose scan is queued; null where there is none.
    image: Option<Image>,
    /// What to mend; empty where it was done.
    user_errors: Vec<UserError>,
}

/// Scans.
#[derive(Default)]
pub struct ScanMutation;

/// Scans.
#[Object]
impl ScanMutation {
    /// Scans an image again. Its findings stay as they are until the scan has ended.
    async fn rescan_image(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The image's id.")] id: ID,
    ) -> Result<RescanImagePayload> {
        let asking = Asking::of(context)?;
        let GlobalId::Image(id) = GlobalId::decode(&id)? else { return Err(wrong_kind("an image")) };
        asking.current()?.require(Permission::PushImages, "have images scanned")?;
        for tenant in asking.tenants.iter().filter(|tenant| tenant.access.allows(Permission::PushImages)) {
            if let Some(row) = rescan(tenant, ImageId(id)).await? {
                announce(context.data::<State>()?, tenant, &row).await?;
                let image = Image { tenant: Arc::clone(tenant), row };
                return Ok(RescanImagePayload { image: Some(image), user_errors: Vec::new() });
            }
        }
        Ok(RescanImagePayload { user_errors: vec![not_found("id")], ..Default::default() })
    }
}

/// Queues a scan and its message in one transaction; the image as it then is, or `None` where this organization has no such.
#[tracing::instrument(skip_all, fields(image = %id))]
async fn rescan(tenant: &Tenant, id: ImageId) -> Result<Option<ImageRow>> {
    let mut tx = tenant.tx().await?;
    held::queue_scan(&mut tx, id).await.map_err(of_store)?;
    let Some(row) = images::by_ids(&mut tx, &[id.0]).await.map_err(of_store)?.into_iter().next() else {
        return Ok(None);
    };
    let message = ScanImageV1 { org: tenant.access.org, image: id, digest: digest(&row)? };
    outbox::write(&mut tx, ScanImageV1::TOPIC.name(), &message, &trace::current()).await.map_err(of_store)?;
    tx.commit().await.map_err(of_store)?;
    Ok(Some(row))
}

fn digest(row: &ImageRow) -> Result<Digest> {
    row.digest.parse().map_err(|error| internal(&error))
}

/// Tells who watches the image. News may be lost: the row is what counts.
async fn announce(state: &State, tenant: &Tenant, row: &ImageRow) -> Result<()> {
    let progress = ScanProgress {
        image: row.id,
        digest: digest(row)?,
        state: ScanState::Queued,
        layers_total: 0,
        layers_done: 0,
        bytes_total: 0,
        bytes_done: 0,
        message: "waits for a worker".into(),
        at: clock::now(),
    };
    if let Err(error) = state.volatile.publish(tenant.access.org, &row.digest, &progress).await {
        tracing::warn!(%error, "who watches this image does not hear that its scan is queued");
    }
    Ok(())
}
