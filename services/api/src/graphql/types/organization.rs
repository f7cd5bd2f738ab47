//! Organizations: where everything of a tenant hangs.

use std::sync::Arc;

use async_graphql::{ID, Object, Result};
use futures::FutureExt as _;
use plimsoll_identity::{Permission, Role};
use plimsoll_store::views::{api_keys, members, packages, repositories};
use plimsoll_store::{orgs, own_advisories, vex_documents, yara_rule_sets};

use super::finding_list::{self, FindingFilterInput, FindingOrderInput};
use super::image_list::{self, ImageFilterInput, ImageOrderInput};
use super::member::Member;
use super::package::PackageFilterInput;
use super::place::{self, Place, WhereIsInput};
use super::{ApiKey, Finding, Image, OwnAdvisory, Package, Repository, VexDocument, YaraRuleSet};
use crate::graphql::complaint::of_store;
use crate::graphql::global_id::GlobalId;
use crate::graphql::loaders::ImageOf;
use crate::graphql::paging::{Page, Total, Window, cost};
use crate::graphql::tenant::Tenant;

/// An organization that you belong to.
pub struct Organization(pub Arc<Tenant>);

/// The total that a store function counts in a transaction of the organization.
macro_rules! total {
    ($tenant:expr, |$tx:ident| $count:expr) => {{
        let tenant = Arc::clone($tenant);
        Total::new(move || {
            let tenant = Arc::clone(&tenant);
            async move {
                let mut tx = tenant.tx().await?;
                let $tx = &mut tx;
                $count.await.map_err(of_store)
            }
            .boxed()
        })
    }};
}

/// An organization that you belong to.
#[Object]
impl Organization {
    /// Global id.
    pub async fn id(&self) -> ID {
        GlobalId::Organization(self.0.access.org.0).encode()
    }

    /// Its name in addresses, and the first part of its repositories' names in the registry.
    async fn slug(&self) -> &str {
        &self.0.access.slug
    }

    /// Its name for people.
    async fn name(&self) -> Result<String> {
        let row = orgs::current(&mut self.0.tx().await?).await.map_err(of_store)?;
        Ok(row.map(|row| row.name).unwrap_or_default())
    }

    /// Its repositories, by name.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn repositories(
        &self,
        #[graphql(desc = "Only those whose name begins so.")] name_prefix: Option<String>,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<Repository>> {
        self.0.require_reading()?;
        let window = Window::<String>::of("repositories", first, after)?;
        let mut tx = self.0.tx().await?;
        let prefix = name_prefix.as_deref();
        let rows = repositories::page(&mut tx, prefix, window.after.as_deref(), window.limit()).await;
        let row = |row: repositories::Repository| (row.name.clone(), Repository { tenant: Arc::clone(&self.0), row });
        let counted = name_prefix.clone();
        let tenant = Arc::clone(&self.0);
        let total = Total::new(move || {
            let (tenant, prefix) = (Arc::clone(&tenant), counted.clone());
            async move { repositories::count(&mut tenant.tx().await?, prefix.as_deref()).await.map_err(of_store) }
                .boxed()
        });
        window.page(rows.map_err(of_store)?.into_iter().map(row), total)
    }

    /// Its images.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn images(
        &self,
        #[graphql(desc = "Which images.")] filter: Option<ImageFilterInput>,
        #[graphql(desc = "In which order; the newest first where not given.")] order_by: Option<ImageOrderInput>,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<Image>> {
        self.0.require_reading()?;
        image_list::of_organization(&self.0, filter, order_by.unwrap_or_default(), first, after).await
    }

    /// The image that a reference names: `repository:tag`, `repository@sha256:...`, `sha256:...` or its id. Of an index, the image
    /// for linux/amd64, else its first.
    async fn image(
        &self,
        #[graphql(desc = "The reference; without a tag, `latest` is meant.")] reference: String,
    ) -> Result<Option<Image>> {
        self.0.require_reading()?;
        let Some(id) = image_list::named(&self.0, &reference).await? else { return Ok(None) };
        let row = self.0.load(ImageOf(id)).await?;
        Ok(row.map(|row| Image { tenant: Arc::clone(&self.0), row }))
    }

    /// The distinct packages in its images, by name and version.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn packages(
        &self,
        #[graphql(desc = "Which packages.")] filter: Option<PackageFilterInput>,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<Package>> {
        self.0.require_reading()?;
        let window = Window::of("packages", first, after)?;
        let filter = filter.unwrap_or_default();
        let image = match &filter.image {
            None => None,
            Some(text) => match image_list::named(&self.0, text).await? {
                Some(id) => Some(id.0),
                None => return window.page([], Total::new(|| async { Ok(0) }.boxed())),
            },
        };
        let filter = filter.filter(image);
        let mut tx = self.0.tx().await?;
        let rows = packages::page(&mut tx, &filter, window.after.as_ref(), window.limit()).await.map_err(of_store)?;
        let tenant = Arc::clone(&self.0);
        let total = Total::new(move || {
            let (tenant, filter) = (Arc::clone(&tenant), filter.clone());
            async move { packages::count(&mut tenant.tx().await?, &filter).await.map_err(of_store) }.boxed()
        });
        window.page(rows.into_iter().map(|row| (row.place(), Package(row))), total)
    }

    /// Its findings: those that are open, where the filter says nothing else.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn findings(
        &self,
        #[graphql(desc = "Which findings.")] filter: Option<FindingFilterInput>,
        #[graphql(desc = "In which order; the most urgent first where not given.")] order_by: Option<FindingOrderInput>,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<Finding>> {
        self.0.require_reading()?;
        let (mut filter, order) = (filter.unwrap_or_default(), order_by.unwrap_or_default());
        let Some(text) = filter.image.take() else {
            return finding_list::of_organization(&self.0, filter.filter(), order, first, after).await;
        };
        match image_list::named(&self.0, &text).await? {
            Some(image) => finding_list::of_image(&self.0, image, filter.filter(), order, first, after).await,
            None => Window::<()>::of("", first, None)?.page([], Total::new(|| async { Ok(0) }.boxed())),
        }
    }

    /// Where a vulnerability or a package is, also one that no advisory names: every image with every package version that it is there by, the
    /// newest image first.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn where_is(
        &self,
        #[graphql(desc = "What is looked for.")] what: WhereIsInput,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<Place>> {
        self.0.require_reading()?;
        place::of_organization(&self.0, what, first, after).await
    }

    /// Its API keys, in the order of their making. For those who manage keys.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn api_keys(
        &self,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<ApiKey>> {
        self.0.require(Permission::ManageKeys, "manage API keys")?;
        let window = Window::of("API keys", first, after)?;
        let rows = api_keys::page(&mut self.0.tx().await?, window.after, window.limit()).await.map_err(of_store)?;
        let total = total!(&self.0, |tx| api_keys::count(tx));
        window.page(rows.into_iter().map(|row| (row.id.0, ApiKey(row))), total)
    }

    /// Its own YARA rules, by name: its images are scanned by them, and it alone sees what they find.
    async fn yara_rule_sets(&self) -> Result<Vec<YaraRuleSet>> {
        self.0.require_reading()?;
        let rows = yara_rule_sets::all(&mut self.0.tx().await?).await.map_err(of_store)?;
        Ok(rows.into_iter().map(YaraRuleSet).collect())
    }

    /// Its own advisories and banned packages, by their ids: matched like a feed's, and seen by it alone.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn own_advisories(
        &self,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<OwnAdvisory>> {
        self.0.require_reading()?;
        let window = Window::<String>::of("own advisories", first, after)?;
        let rows = own_advisories::page(&mut self.0.tx().await?, window.after.as_deref(), window.limit()).await;
        let total = total!(&self.0, |tx| own_advisories::count(tx));
        let node =
            |row: own_advisories::OwnAdvisory| (row.name.clone(), OwnAdvisory { tenant: Arc::clone(&self.0), row });
        window.page(rows.map_err(of_store)?.into_iter().map(node), total)
    }

    /// Its own advisory with this id, as it names it itself; null where there is none.
    async fn own_advisory(&self, #[graphql(desc = "The id.")] name: String) -> Result<Option<OwnAdvisory>> {
        self.0.require_reading()?;
        let row = own_advisories::by_name(&mut self.0.tx().await?, &name).await.map_err(of_store)?;
        Ok(row.map(|row| OwnAdvisory { tenant: Arc::clone(&self.0), row }))
    }

    /// Its VEX documents, by their names: what they say nothing needs to be done about is hidden in its images.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn vex_documents(
        &self,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<VexDocument>> {
        self.0.require_reading()?;
        let window = Window::<String>::of("VEX documents", first, after)?;
        let rows = vex_documents::page(&mut self.0.tx().await?, window.after.as_deref(), window.limit()).await;
        let total = total!(&self.0, |tx| vex_documents::count(tx));
        let node =
            |row: vex_documents::VexDocument| (row.name.clone(), VexDocument { tenant: Arc::clone(&self.0), row });
        window.page(rows.map_err(of_store)?.into_iter().map(node), total)
    }

    /// Its VEX document of this name; null where there is none.
    async fn vex_document(&self, #[graphql(desc = "The name.")] name: String) -> Result<Option<VexDocument>> {
        self.0.require_reading()?;
        let row = vex_documents::by_name(&mut self.0.tx().await?, &name).await.map_err(of_store)?;
        Ok(row.map(|row| VexDocument { tenant: Arc::clone(&self.0), row }))
    }

    /// The people who belong to it, by mail address.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn members(
        &self,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<Member>> {
        self.0.require_reading()?;
        let window = Window::<String>::of("members", first, after)?;
        let rows = members::page(&mut self.0.tx().await?, window.after.as_deref(), window.limit()).await;
        let total = total!(&self.0, |tx| members::count(tx));
        let nodes = rows.map_err(of_store)?.into_iter().filter_map(|row| {
            let role: Role = row.role.parse().ok()?;
            Some((row.email.clone(), Member { email: row.email, role: role.into(), since: row.since }))
        });
        window.page(nodes, total)
    }
}
