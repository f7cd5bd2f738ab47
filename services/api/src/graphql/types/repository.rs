//! Repositories and their tags.

use std::sync::Arc;

use async_graphql::{ID, Object, Result};
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use plimsoll_store::views::{repositories, tags};

use super::Image;
use crate::graphql::global_id::GlobalId;
use crate::graphql::loaders::{ImageByDigest, RepositoryOf, TagCount, TagPage};
use crate::graphql::paging::{Page, Total, Window, cost};
use crate::graphql::tenant::Tenant;

/// A repository of images.
pub struct Repository {
    /// Whose it is.
    pub tenant: Arc<Tenant>,
    /// The row.
    pub row: repositories::Repository,
}

/// A repository of images.
#[Object]
impl Repository {
    /// Global id.
    pub async fn id(&self) -> ID {
        GlobalId::Repository(self.row.id.0).encode()
    }

    /// Its name, without the organization's slug.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// When the first push made it.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// Its tags as they are now, by name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn tags(
        &self,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<Tag>> {
        let window = Window::<String>::of("tags", first, after)?;
        let repository = self.row.id;
        let key = TagPage { repository, after: window.after.clone(), limit: window.limit() };
        let rows = self.tenant.load(key).await?.unwrap_or_default();
        let tenant = Arc::clone(&self.tenant);
        let total = Total::new(move || {
            let tenant = Arc::clone(&tenant);
            async move { Ok(tenant.load(TagCount(repository)).await?.unwrap_or(0)) }.boxed()
        });
        window.page(rows.into_iter().map(|row| (row.tag.clone(), Tag { tenant: Arc::clone(&self.tenant), row })), total)
    }
}

/// What a tag means now.
pub struct Tag {
    /// Whose it is.
    pub tenant: Arc<Tenant>,
    /// The row.
    pub row: tags::Tag,
}

/// What a tag means now.
#[Object]
impl Tag {
    /// The tag: `latest`.
    async fn name(&self) -> &str {
        &self.row.tag
    }

    /// Repository and tag: `web/shop:latest`.
    async fn reference(&self) -> String {
        format!("{}:{}", self.row.repository_name, self.row.tag)
    }

    /// The manifest or index that it names.
    async fn digest(&self) -> &str {
        &self.row.digest
    }

    /// Since when it names that.
    async fn since(&self) -> DateTime<Utc> {
        self.row.since
    }

    /// The repository that it is in.
    async fn repository(&self) -> Result<Option<Repository>> {
        let row = self.tenant.load(RepositoryOf(self.row.repository)).await?;
        Ok(row.map(|row| Repository { tenant: Arc::clone(&self.tenant), row }))
    }

    /// The image, where the tag names one; null for an index of several.
    async fn image(&self) -> Result<Option<Image>> {
        let row = self.tenant.load(ImageByDigest(self.row.digest.clone())).await?;
        Ok(row.map(|row| Image { tenant: Arc::clone(&self.tenant), row }))
    }
}
