//! Repositories and their tags.

use std::sync::Arc;

use async_graphql::{ID, Object, Result};
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use plimsoll_store::views::findings::FindingFilter;
use plimsoll_store::views::{repositories, tags};

use super::image::{Image, Platform, SeverityCount};
use crate::graphql::global_id::GlobalId;
use crate::graphql::loaders::{FindingCounts, ImageByDigest, PlatformsOf, RepositoryOf, TagCount, TagPage};
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

    /// The images that it names, one a platform: the image itself, or those of an index. Each is analysed by itself. 1000 at most.
    #[graphql(complexity = "cost(Some(20), child_complexity)")]
    async fn platforms(&self) -> Result<Vec<TagPlatform>> {
        let named = self.tenant.load(PlatformsOf((self.row.repository, self.row.digest.clone()))).await?;
        Ok(named
            .unwrap_or_default()
            .into_iter()
            .map(|row| TagPlatform { tenant: Arc::clone(&self.tenant), row })
            .collect())
    }

    /// How many open findings the images of all its platforms have of each severity, the highest first: their sum.
    async fn finding_counts(&self) -> Result<Vec<SeverityCount>> {
        let named = self.tenant.load(PlatformsOf((self.row.repository, self.row.digest.clone()))).await?;
        let mut sums = std::collections::HashMap::<i16, i64>::new();
        for platform in named.unwrap_or_default() {
            let Some(image) = self.tenant.load(ImageByDigest(platform.digest)).await? else { continue };
            let key = FindingCounts { image: image.id, filter: FindingFilter::default() };
            for (rank, count) in self.tenant.load(key).await?.unwrap_or_default() {
                *sums.entry(rank).or_default() += count;
            }
        }
        let count = |severity: plimsoll_model::Severity| {
            SeverityCount::new(severity.into(), sums.get(&severity.rank()).copied().unwrap_or(0))
        };
        Ok(plimsoll_model::Severity::ALL.into_iter().map(count).collect())
    }
}

/// One platform of what a tag names.
pub struct TagPlatform {
    tenant: Arc<Tenant>,
    row: tags::TagPlatform,
}

/// One platform of what a tag names.
#[Object]
impl TagPlatform {
    /// The digest of the image's manifest.
    async fn digest(&self) -> &str {
        &self.row.digest
    }

    /// The platform, as the index names it, else as the image's config does.
    async fn platform(&self) -> Result<Platform> {
        if self.row.os.is_some() {
            return Ok(Platform::new(self.row.os.clone(), self.row.architecture.clone(), self.row.variant.clone()));
        }
        let image = self.tenant.load(ImageByDigest(self.row.digest.clone())).await?;
        Ok(image.map_or_else(
            || Platform::new(None, None, None),
            |row| Platform::new(row.os, row.architecture, row.variant),
        ))
    }

    /// The image; null where the index names one that the organization has not pushed.
    async fn image(&self) -> Result<Option<Image>> {
        let row = self.tenant.load(ImageByDigest(self.row.digest.clone())).await?;
        Ok(row.map(|row| Image { tenant: Arc::clone(&self.tenant), row }))
    }

    /// Why it is not judged; null where it is, or will be when its scan has ended.
    async fn not_judged(&self) -> Result<Option<String>> {
        let image = self.tenant.load(ImageByDigest(self.row.digest.clone())).await?;
        let os = self.row.os.clone().or_else(|| image.as_ref()?.os.clone()).unwrap_or_default();
        Ok(match image {
            None => Some("not judged, because the index names it but it was not pushed".to_owned()),
            Some(_) if !os.is_empty() && os != "linux" => {
                Some(format!("not judged, because images of {os} are not supported"))
            }
            Some(_) => None,
        })
    }
}
