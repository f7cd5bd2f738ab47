//! Findings.

use std::sync::Arc;

use async_graphql::{ID, Object, Result, SimpleObject};
use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_model::ImageId;
use plimsoll_store::views::findings;
use plimsoll_store::views::installed::Location;

use super::layer::Introduction;
use super::vex::VexStatement;
use super::words::{AffectedState, CloseReason, Severity};
use super::{Image, Package, Vulnerability};
use crate::graphql::complaint::internal;
use crate::graphql::global_id::GlobalId;
use crate::graphql::loaders::{
    BaseOf, ImageOf, LayersOf, LocationsOf, PackageOf, VexRemarkOf, VexStatementOf, VulnerabilityOf,
};
use crate::graphql::tenant::Tenant;

/// An image has a vulnerability through a package.
pub struct Finding {
    /// Whose it is.
    pub tenant: Arc<Tenant>,
    /// The row.
    pub row: findings::Finding,
}

/// FIRST's estimate of exploitation.
#[derive(SimpleObject)]
pub struct Epss {
    /// How likely the vulnerability is exploited within 30 days, 0 to 1.
    score: f64,
    /// The share of all vulnerabilities with a lower score, 0 to 1.
    percentile: f64,
}

impl Epss {
    /// Of a score and its percentile, where there are both.
    pub fn of(score: Option<f64>, percentile: Option<f64>) -> Option<Self> {
        Some(Self { score: score?, percentile: percentile? })
    }
}

/// Where in an image a package lies.
#[derive(SimpleObject)]
pub struct PackageLocation {
    /// The file that shows the package, without a leading slash.
    path: String,
    /// The layer and build step that brought it there.
    introduced_by: Option<Introduction>,
}

impl PackageLocation {
    /// Every place in an image where a package version lies, by path.
    pub async fn all(tenant: &Tenant, image: ImageId, package: i64) -> Result<Vec<Self>> {
        let (places, layers) =
            futures::try_join!(tenant.load(LocationsOf((image, package))), tenant.load(LayersOf(image)))?;
        let layers = layers.unwrap_or_default();
        let location =
            |place: Location| Self { introduced_by: Introduction::by(&layers, place.layer), path: place.path };
        Ok(places.unwrap_or_default().into_iter().map(location).collect())
    }
}

impl Finding {
    async fn places(&self) -> Result<Vec<Location>> {
        Ok(self.tenant.load(LocationsOf((self.row.image, self.row.package))).await?.unwrap_or_default())
    }
}

/// An image has a vulnerability through a package.
#[Object]
impl Finding {
    /// Global id.
    pub async fn id(&self) -> ID {
        GlobalId::Finding(self.row.id).encode()
    }

    /// The vulnerability.
    async fn vulnerability(&self) -> Result<Vulnerability> {
        let row = self.tenant.load(VulnerabilityOf(self.row.vulnerability)).await?;
        let row = row.ok_or_else(|| internal(&"a finding without its vulnerability"))?;
        Ok(Vulnerability { tenant: Arc::clone(&self.tenant), row })
    }

    /// The severity that counts: the distribution's own for its packages, else that of the vulnerability.
    async fn severity(&self) -> Severity {
        Severity::of_rank(self.row.severity)
    }

    /// Whose rating that is: a feed's, or a distribution's that its own record in OSV gives (`ubuntu`); empty where nobody rates it.
    async fn severity_source(&self) -> &str {
        &self.row.severity_source
    }

    /// FIRST's estimate of exploitation; null where there is none.
    async fn epss(&self) -> Option<Epss> {
        Epss::of(self.row.epss_score, self.row.epss_percentile)
    }

    /// Whether CISA lists the vulnerability as exploited.
    async fn known_exploited(&self) -> bool {
        self.row.known_exploited_since.is_some()
    }

    /// Since when it does.
    async fn known_exploited_since(&self) -> Option<NaiveDate> {
        self.row.known_exploited_since
    }

    /// The package.
    async fn package(&self) -> Result<Package> {
        let row = self.tenant.load(PackageOf(self.row.package)).await?;
        row.map(Package).ok_or_else(|| internal(&"a finding without its package"))
    }

    /// The file in the image that shows the package: the first of `locations`. Null where the package is no longer there.
    async fn path(&self) -> Result<Option<String>> {
        Ok(self.places().await?.into_iter().next().map(|place| place.path))
    }

    /// The layer and build step that brought the package to `path`.
    async fn introduced_by(&self) -> Result<Option<Introduction>> {
        let (places, layers) = futures::try_join!(self.places(), self.tenant.load(LayersOf(self.row.image)))?;
        let layers = layers.unwrap_or_default();
        Ok(places.first().and_then(|place| Introduction::by(&layers, place.layer)))
    }

    /// Whether the base image brought the package to `path`; null where the base is not known, or the package is no longer there.
    async fn is_from_base_image(&self) -> Result<Option<bool>> {
        let (places, base) = futures::try_join!(self.places(), self.tenant.load(BaseOf(self.row.image)))?;
        Ok(places.first().zip(base).map(|(place, base)| place.layer < base.layers))
    }

    /// Every place in the image where this package version lies, by path.
    async fn locations(&self) -> Result<Vec<PackageLocation>> {
        PackageLocation::all(&self.tenant, self.row.image, self.row.package).await
    }

    /// The lowest version with a fix; null where there is none.
    async fn fixed_in(&self) -> Option<&str> {
        self.row.fixed_in.as_deref()
    }

    /// What the source says of the package; null where no source says it any more.
    async fn state(&self) -> Option<AffectedState> {
        self.row.state.as_deref().and_then(plimsoll_model::AffectedState::parse).map(AffectedState::from)
    }

    /// The feeds that say so.
    async fn sources(&self) -> &[String] {
        self.row.sources.as_deref().unwrap_or_default()
    }

    /// Their advisories, by the ids that people know them by.
    async fn advisories(&self) -> &[String] {
        self.row.advisories.as_deref().unwrap_or_default()
    }

    /// Since when the image has it, as far as is known here.
    async fn opened_at(&self) -> DateTime<Utc> {
        self.row.opened_at
    }

    /// Until when; null while it is open.
    async fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.row.closed_at
    }

    /// Why it is no longer open.
    async fn close_reason(&self) -> Option<CloseReason> {
        self.row.close_reason.as_deref().and_then(CloseReason::of_word)
    }

    /// The VEX statement that counts for it: which hides it, or hid it, where its status is `NOT_AFFECTED` or `FIXED`; null where none does. A hidden
    /// finding is not counted. When a finding is hidden, or shown again, it closes with the reason `VEX` and another opens.
    async fn vex(&self) -> Result<Option<VexStatement>> {
        let remark =
            VexRemarkOf { image: self.row.image, package: self.row.package, vulnerability: self.row.vulnerability };
        let statement = match self.row.hidden_by {
            Some(hiding) => Some(hiding),
            // What counts now was not said of what is closed.
            None if self.row.closed_at.is_some() => None,
            None => self.tenant.load(remark).await?,
        };
        let Some(statement) = statement else { return Ok(None) };
        Ok(self.tenant.load(VexStatementOf(statement)).await?.map(VexStatement))
    }

    /// The image.
    async fn image(&self) -> Result<Image> {
        let row = self.tenant.load(ImageOf(self.row.image)).await?;
        let row = row.ok_or_else(|| internal(&"a finding without its image"))?;
        Ok(Image { tenant: Arc::clone(&self.tenant), row })
    }
}
