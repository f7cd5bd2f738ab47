//! Images in lists, and by reference.

use std::sync::Arc;

use async_graphql::{Enum, ID, InputObject, Result};
use futures::FutureExt as _;
use plimsoll_model::{Digest, ImageId};
use plimsoll_store::views::images::{self, ImageFilter, ImageOrder};

use super::Image;
use super::words::ScanState;
use crate::graphql::complaint::{complaint, of_store};
use crate::graphql::global_id::GlobalId;
use crate::graphql::loaders::{ImageByDigest, ImageOf};
use crate::graphql::paging::{Page, Total, Window};
use crate::graphql::tenant::Tenant;

/// Which images; what is not given does not matter.
#[derive(InputObject, Default)]
pub struct ImageFilterInput {
    /// In the repository of this name, without the organization's slug.
    repository: Option<String>,
    /// Named by this tag now.
    tag: Option<String>,
    /// With a scan in one of these states.
    states: Option<Vec<ScanState>>,
    /// Whose manifest's digest begins so, with or without `sha256:`.
    digest_prefix: Option<String>,
}

/// The order of images.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImageOrderInput {
    /// Those that came in last first.
    #[default]
    Newest,
    /// Those that came in first first.
    Oldest,
    /// Those that were pushed or uploaded again most recently first.
    LastSeen,
}

impl From<ImageOrderInput> for ImageOrder {
    fn from(order: ImageOrderInput) -> Self {
        match order {
            ImageOrderInput::Newest => Self::Newest,
            ImageOrderInput::Oldest => Self::Oldest,
            ImageOrderInput::LastSeen => Self::LastSeen,
        }
    }
}

/// An organization's images.
pub async fn of_organization(
    tenant: &Arc<Tenant>,
    filter: Option<ImageFilterInput>,
    order: ImageOrderInput,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<Image>> {
    let filter = filter.unwrap_or_default();
    let filter = ImageFilter {
        repository: filter.repository,
        tag: filter.tag,
        states: filter.states.map(|states| states.into_iter().map(|state| state.as_str().to_owned()).collect()),
        digest_prefix: filter.digest_prefix,
    };
    let window = Window::of(format!("images {order:?}"), first, after)?;
    let order = ImageOrder::from(order);
    let mut tx = tenant.tx().await?;
    let rows = images::page(&mut tx, &filter, order, window.after, window.limit()).await.map_err(of_store)?;
    drop(tx);
    let counting = Arc::clone(tenant);
    let total = Total::new(move || {
        let (tenant, filter) = (Arc::clone(&counting), filter.clone());
        async move { images::count(&mut tenant.tx().await?, &filter).await.map_err(of_store) }.boxed()
    });
    window.page(rows.into_iter().map(|row| (row.key(order), Image { tenant: Arc::clone(tenant), row })), total)
}

/// The image that a text names: its global id, its digest, `repository:tag` or `repository@digest`. A repository may be written with
/// the organization's slug before it; a reference without a tag means `latest`.
pub async fn named(tenant: &Tenant, text: &str) -> Result<Option<ImageId>> {
    if let Ok(GlobalId::Image(id)) = GlobalId::decode(&ID(text.to_owned())) {
        return Ok(tenant.load(ImageOf(ImageId(id))).await?.map(|row| row.id));
    }
    if text.len() > 512 {
        return Err(bad_reference(text));
    }
    if let Ok(digest) = text.parse::<Digest>() {
        if let Some(row) = tenant.load(ImageByDigest(digest.to_string())).await? {
            return Ok(Some(row.id));
        }
        let mut tx = tenant.tx().await?;
        return images::referred(&mut tx, None, None, Some(digest)).await.map_err(of_store);
    }
    let (repository, tag, digest) = match text.split_once('@') {
        Some((repository, digest)) => {
            (repository.split_once(':').map_or(repository, |(name, _)| name), None, Some(digest.parse::<Digest>()))
        }
        None => match text.rsplit_once(':') {
            Some((repository, tag)) if !tag.contains('/') => (repository, Some(tag), None),
            _ => (text, Some("latest"), None),
        },
    };
    let digest = digest.transpose().map_err(|_| bad_reference(text))?;
    if repository.is_empty() {
        return Err(bad_reference(text));
    }
    let within = repository.strip_prefix(&tenant.access.slug).and_then(|rest| rest.strip_prefix('/'));
    let repositories: Vec<String> = std::iter::once(repository).chain(within).map(str::to_owned).collect();
    let mut tx = tenant.tx().await?;
    images::referred(&mut tx, Some(&repositories), tag, digest).await.map_err(of_store)
}

fn bad_reference(text: &str) -> async_graphql::Error {
    let shown: String = text.chars().take(80).collect();
    complaint(
        "BAD_REFERENCE",
        format!("'{shown}' names no image: give repository:tag, repository@sha256:..., sha256:... or an image's id."),
    )
}
