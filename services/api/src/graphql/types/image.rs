//! Images.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use plimsoll_checks::checks::OF_THE_BASE;
use plimsoll_model::{CoverageEvidence, JudgedPackages, OsSupport};
use plimsoll_runtime::clock;
use plimsoll_store::views::findings::FindingFilter;
use plimsoll_store::views::images;

use super::Repository;
use super::coverage::Coverage;
use super::finding::Finding;
use super::finding_list::{self, FindingFilterInput, FindingOrderInput};
use super::installed::{self, InstalledPackage, InstalledPackageFilter};
use super::layer::Layer;
use super::license::{self, ImageLicense};
use super::observation::{self, Observation, ObservationFilterInput};
use super::repository::Tag;
use super::scan::{ImageProblem, Scan};
use super::uncounted::{self, UncountedMatch, UncountedState};
use super::words::Severity;
use crate::graphql::global_id::GlobalId;
use crate::graphql::loaders::{
    BaseOf, EndOfLife, ExaminedWith, FindingCounts, HiddenInImage, ImageOf, JudgedPackagesOf, KnowledgeOf, LayersOf,
    RepositoriesOf, TagsOf,
};
use crate::graphql::paging::{Page, cost};
use crate::graphql::tenant::Tenant;

/// An image that the organization holds.
pub struct Image {
    /// Whose it is.
    pub tenant: Arc<Tenant>,
    /// The row.
    pub row: images::Image,
}

/// What an image runs on.
#[derive(SimpleObject)]
pub struct Platform {
    /// The operating system's kind: `linux`.
    os: Option<String>,
    /// The processor: `amd64`.
    architecture: Option<String>,
    /// The processor's variant: `v8`.
    variant: Option<String>,
}

impl Platform {
    /// Of these parts.
    pub const fn new(os: Option<String>, architecture: Option<String>, variant: Option<String>) -> Self {
        Self { os, architecture, variant }
    }
}

/// The image that another is built on.
pub struct BaseImage {
    tenant: Arc<Tenant>,
    recognised: Option<images::BaseImage>,
    name: Option<String>,
    digest: Option<String>,
}

/// The image that another is built on.
#[Object]
impl BaseImage {
    /// The image, where the organization has it and its layers are the first of this one's.
    async fn image(&self) -> Result<Option<Image>> {
        let Some(base) = self.recognised else { return Ok(None) };
        let row = self.tenant.load(ImageOf(base.base)).await?;
        Ok(row.map(|row| Image { tenant: Arc::clone(&self.tenant), row }))
    }

    /// How many of the lowest layers are the base's; null where the image is not known.
    async fn layer_count(&self) -> Option<i32> {
        self.recognised.map(|base| base.layers)
    }

    /// The reference that the label `org.opencontainers.image.base.name` names; anybody can write a label.
    async fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The digest that the label `org.opencontainers.image.base.digest` names.
    async fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }
}

/// The operating system in an image, as its os-release names it.
#[derive(SimpleObject)]
pub struct OperatingSystem {
    /// The distribution: `debian`.
    distribution: String,
    /// Its version: `12`; null in rolling and testing releases.
    version: Option<String>,
    /// The version's name: `bookworm`.
    codename: Option<String>,
    /// The name for people.
    pretty_name: Option<String>,
}

/// A label of an image.
#[derive(SimpleObject)]
pub struct Label {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
}

/// How many findings have a severity.
#[derive(SimpleObject)]
pub struct SeverityCount {
    /// The severity.
    severity: Severity,
    /// How many.
    count: i64,
}

impl SeverityCount {
    /// So many of a severity.
    pub const fn new(severity: Severity, count: i64) -> Self {
        Self { severity, count }
    }
}

/// An image that the organization holds.
#[Object]
impl Image {
    /// Global id.
    pub async fn id(&self) -> ID {
        GlobalId::Image(self.row.id.0).encode()
    }

    /// The digest of its manifest.
    async fn digest(&self) -> &str {
        &self.row.digest
    }

    /// The digest of its config.
    async fn config_digest(&self) -> &str {
        &self.row.config_digest
    }

    /// The repositories that hold it, by name.
    async fn repositories(&self) -> Result<Vec<Repository>> {
        let rows = self.tenant.load(RepositoriesOf(self.row.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| Repository { tenant: Arc::clone(&self.tenant), row }).collect())
    }

    /// The tags that name it now, directly or by an index that it is in; by repository and tag.
    async fn tags(&self) -> Result<Vec<Tag>> {
        let rows = self.tenant.load(TagsOf(self.row.id)).await?.unwrap_or_default();
        Ok(rows.into_iter().map(|row| Tag { tenant: Arc::clone(&self.tenant), row }).collect())
    }

    /// What it runs on, as its config says.
    async fn platform(&self) -> Platform {
        let row = &self.row;
        Platform { os: row.os.clone(), architecture: row.architecture.clone(), variant: row.variant.clone() }
    }

    /// The operating system in it; null where it has none, or before the first scan has ended.
    async fn os(&self) -> Option<OperatingSystem> {
        let release = self.row.os_release.as_ref()?;
        Some(OperatingSystem {
            distribution: release.id.clone(),
            version: release.version_id.clone(),
            codename: release.codename.clone(),
            pretty_name: release.pretty_name.clone(),
        })
    }

    /// The sum of its layers' blobs, in bytes.
    async fn size(&self) -> i64 {
        self.row.size_bytes
    }

    /// When it was built, as its config says.
    async fn created(&self) -> Option<DateTime<Utc>> {
        self.row.created
    }

    /// Its labels, by name.
    async fn labels(&self) -> Vec<Label> {
        let labels: &BTreeMap<String, String> = &self.row.labels;
        labels.iter().map(|(name, value)| Label { name: name.clone(), value: value.clone() }).collect()
    }

    /// When the organization first pushed or uploaded it.
    async fn first_seen(&self) -> DateTime<Utc> {
        self.row.first_seen
    }

    /// When it last did.
    async fn last_seen(&self) -> DateTime<Utc> {
        self.row.last_seen
    }

    /// Its last scan.
    async fn scan(&self) -> Scan {
        (&self.row).into()
    }

    /// What in it could not be read or believed.
    async fn problems(&self) -> Vec<ImageProblem> {
        self.row.problems.iter().map(ImageProblem::from).collect()
    }

    /// Its layers, lowest first.
    async fn layers(&self) -> Result<Vec<Layer>> {
        let rows = self.tenant.load(LayersOf(self.row.id)).await?.unwrap_or_default();
        Ok(rows.iter().map(Layer::from).collect())
    }

    /// The packages in it, by name, version and path.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn packages(
        &self,
        #[graphql(desc = "Which packages.")] filter: Option<InstalledPackageFilter>,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<InstalledPackage>> {
        installed::of_image(&self.tenant, self.row.id, filter, first, after).await
    }

    /// Its findings: those that are open, where the filter says nothing else.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn findings(
        &self,
        #[graphql(desc = "Which findings; `repository` and `image` do not matter here.")] filter: Option<
            FindingFilterInput,
        >,
        #[graphql(desc = "In which order; the most urgent first where not given.")] order_by: Option<FindingOrderInput>,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<Finding>> {
        let filter = FindingFilter { repository: None, ..filter.unwrap_or_default().filter() };
        finding_list::of_image(&self.tenant, self.row.id, filter, order_by.unwrap_or_default(), first, after).await
    }

    /// What advisories say of its packages that is no finding: what is still looked into, and what does not run where it lies.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn uncounted_matches(
        &self,
        #[graphql(desc = "Of this state alone.")] state: Option<UncountedState>,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<UncountedMatch>> {
        uncounted::of_image(&self.tenant, self.row.id, state, first, after).await
    }

    /// What is wrong in it without an advisory: malware, secrets, misconfiguration; the most severe first.
    #[graphql(complexity = "cost(first, child_complexity)")]
    async fn observations(
        &self,
        #[graphql(desc = "Which observations.")] filter: Option<ObservationFilterInput>,
        #[graphql(desc = "How many, 200 at most; 50 where not given.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which the page begins.")] after: Option<String>,
    ) -> Result<Page<Observation>> {
        observation::of_image(&self.tenant, self.row.id, filter, first, after).await
    }

    /// The licences of its packages, the most frequent first; those that state none count under one without expression and text.
    async fn licenses(&self) -> Result<Vec<ImageLicense>> {
        license::of_image(&self.tenant, self.row.id).await
    }

    /// The image that it is built on: the largest of the organization's images whose layers it begins with, else what its labels name. Null
    /// where neither tells.
    async fn base_image(&self) -> Result<Option<BaseImage>> {
        let label = |name: &str| self.row.labels.get(name).cloned();
        let base = BaseImage {
            tenant: Arc::clone(&self.tenant),
            recognised: self.tenant.load(BaseOf(self.row.id)).await?,
            name: label("org.opencontainers.image.base.name"),
            digest: label("org.opencontainers.image.base.digest"),
        };
        let is_known = base.recognised.is_some() || base.name.is_some() || base.digest.is_some();
        Ok(is_known.then_some(base))
    }

    /// What of it was judged and what was not; null before its first scan has ended.
    async fn coverage(&self) -> Result<Option<Coverage>> {
        if self.row.analysed_at.is_none() {
            return Ok(None);
        }
        let packages = self.tenant.load(JudgedPackagesOf(self.row.id)).await?.unwrap_or_default();
        let knowledge = self.knowledge(&packages).await?;
        let os = self.row.os_release.as_deref();
        let end_of_life = self.tenant.load(EndOfLife).await?.unwrap_or_default();
        let coverage = plimsoll_model::Coverage::of(&CoverageEvidence {
            platform: self.row.os.as_deref(),
            os,
            support: os.map_or(OsSupport::Absent, |os| end_of_life.support_state(os, clock::now().date_naive())),
            sources: &self.row.sources,
            problems: &self.row.problems,
            packages: &packages,
            knowledge: oldest(&knowledge),
        });
        // What is told of the base's files apart was judged where the base is known.
        let has_base = self.tenant.load(BaseOf(self.row.id)).await?.is_some();
        let checks = self.row.unjudged_checks.iter().filter(|check| !has_base || check.check != OF_THE_BASE.1.rule);
        let examined_with = self.tenant.load(ExaminedWith(self.row.id)).await?;
        Ok(Some(Coverage::new(coverage, checks, knowledge, examined_with.as_deref().map(Vec::as_slice))))
    }

    /// How many open findings it has of each severity, the highest first; every severity is there.
    async fn finding_counts(
        &self,
        #[graphql(
            desc = "Those that the base image brought alone, or those that what is built on it did: as the filter of findings."
        )]
        from_base_image: Option<bool>,
    ) -> Result<Vec<SeverityCount>> {
        let filter = FindingFilter { is_from_base: from_base_image, ..FindingFilter::default() };
        let key = FindingCounts { image: self.row.id, filter };
        let found = self.tenant.load(key).await?.unwrap_or_default();
        let count = |severity: plimsoll_model::Severity| {
            let count = found.iter().find(|(rank, _)| *rank == severity.rank()).map_or(0, |(_, count)| *count);
            SeverityCount { severity: severity.into(), count }
        };
        Ok(plimsoll_model::Severity::ALL.into_iter().map(count).collect())
    }

    /// How many more it has that VEX statements hide: see the filter `hidden` of its findings.
    async fn hidden_findings(&self) -> Result<i64> {
        Ok(self.tenant.load(HiddenInImage(self.row.id)).await?.unwrap_or(0))
    }

    /// How old what it is judged by may be: the oldest of the last answers of those feeds that speak of its packages. Null where
    /// one has never answered, or none speaks of them.
    async fn known_as_of(&self) -> Result<Option<DateTime<Utc>>> {
        let packages = self.tenant.load(JudgedPackagesOf(self.row.id)).await?.unwrap_or_default();
        Ok(oldest(&self.knowledge(&packages).await?))
    }
}

impl Image {
    /// How old what it is judged by is, by feed; of one that its packages wait for, nothing.
    async fn knowledge(&self, packages: &[JudgedPackages]) -> Result<Vec<images::FeedKnowledge>> {
        let known = self.tenant.load(KnowledgeOf(self.row.id)).await?.unwrap_or_default();
        let mut by_feed: BTreeMap<String, images::FeedKnowledge> =
            known.into_iter().map(|known| (known.feed.clone(), known)).collect();
        for feed in packages.iter().filter_map(|packages| packages.awaits.clone()) {
            by_feed.insert(feed.clone(), images::FeedKnowledge { feed, checked_at: None });
        }
        Ok(by_feed.into_values().collect())
    }
}

/// The oldest of the feeds' answers; none where one has never answered, or there are none.
fn oldest(knowledge: &[images::FeedKnowledge]) -> Option<DateTime<Utc>> {
    let answers: Option<Vec<DateTime<Utc>>> = knowledge.iter().map(|known| known.checked_at).collect();
    answers?.into_iter().min()
}
