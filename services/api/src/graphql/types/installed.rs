//! Packages as they lie in an image.

use std::sync::Arc;

use async_graphql::{InputObject, Object, Result};
use futures::FutureExt as _;
use plimsoll_model::ImageId;
use plimsoll_store::views::installed::{Installed, InstalledFilter};

use super::Package;
use super::layer::Introduction;
use crate::graphql::loaders::{InstalledCount, InstalledPage, LayersOf};
use crate::graphql::paging::{Page, Total, Window};
use crate::graphql::tenant::Tenant;

/// A package in an image: at a path, since a layer.
pub struct InstalledPackage {
    tenant: Arc<Tenant>,
    row: Installed,
}

/// A package in an image: at a path, since a layer.
#[Object]
impl InstalledPackage {
    /// The package.
    async fn package(&self) -> Package {
        Package(self.row.package.clone())
    }

    /// The file in the image that shows it, without a leading slash.
    async fn path(&self) -> &str {
        &self.row.path
    }

    /// The layer and build step that brought it.
    async fn introduced_by(&self) -> Result<Option<Introduction>> {
        let layers = self.tenant.load(LayersOf(self.row.image)).await?;
        Ok(layers.and_then(|layers| Introduction::by(&layers, self.row.layer)))
    }
}

/// Which packages of an image; what is not given does not matter.
#[derive(InputObject, Default)]
pub struct InstalledPackageFilter {
    /// Of this name, its own or its source package's.
    name: Option<String>,
    /// In this ecosystem, with or without the release: `Debian:12`, `Debian`.
    ecosystem: Option<String>,
}

/// The packages of an image by name, version and path.
pub async fn of_image(
    tenant: &Arc<Tenant>,
    image: ImageId,
    filter: Option<InstalledPackageFilter>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<InstalledPackage>> {
    let filter = filter.unwrap_or_default();
    let filter = InstalledFilter { name: filter.name, ecosystem: filter.ecosystem };
    let window = Window::of("installed packages", first, after)?;
    let key = InstalledPage { image, filter: filter.clone(), after: window.after.clone(), limit: window.limit() };
    let rows = tenant.load(key).await?.unwrap_or_default();
    let total = {
        let tenant = Arc::clone(tenant);
        Total::new(move || {
            let (tenant, key) = (Arc::clone(&tenant), InstalledCount { image, filter: filter.clone() });
            async move { Ok(tenant.load(key).await?.unwrap_or(0)) }.boxed()
        })
    };
    let nodes = rows.into_iter().map(|row| (row.place(), InstalledPackage { tenant: Arc::clone(tenant), row }));
    window.page(nodes, total)
}
