//! What advisories say of packages in an image that is no finding.

use std::sync::Arc;

use async_graphql::{Enum, Object, Result};
use chrono::NaiveDate;
use futures::FutureExt as _;
use plimsoll_model::ImageId;
use plimsoll_store::views::uncounted::Uncounted;

use super::finding::{Epss, PackageLocation};
use super::words::{AffectedState, Severity};
use super::{Package, Vulnerability};
use crate::graphql::complaint::internal;
use crate::graphql::loaders::{PackageOf, UncountedCount, UncountedPage, VulnerabilityOf};
use crate::graphql::paging::{Page, Total, Window};
use crate::graphql::tenant::Tenant;

/// A vulnerability that an advisory says a package in an image has, and that no count, gate or event takes for a finding.
pub struct UncountedMatch {
    tenant: Arc<Tenant>,
    row: Uncounted,
}

/// A vulnerability that an advisory says a package in an image has, and that no count, gate or event takes for a finding.
#[Object]
impl UncountedMatch {
    /// Why it is no finding.
    async fn state(&self) -> Option<AffectedState> {
        plimsoll_model::AffectedState::parse(&self.row.state).map(AffectedState::from)
    }

    /// The vulnerability.
    async fn vulnerability(&self) -> Result<Vulnerability> {
        let row = self.tenant.load(VulnerabilityOf(self.row.vulnerability)).await?;
        let row = row.ok_or_else(|| internal(&"a match without its vulnerability"))?;
        Ok(Vulnerability { tenant: Arc::clone(&self.tenant), row })
    }

    /// The package.
    async fn package(&self) -> Result<Package> {
        let row = self.tenant.load(PackageOf(self.row.package)).await?;
        row.map(Package).ok_or_else(|| internal(&"a match without its package"))
    }

    /// Every place in the image where this package version lies, by path.
    async fn locations(&self) -> Result<Vec<PackageLocation>> {
        PackageLocation::all(&self.tenant, self.row.image, self.row.package).await
    }

    /// The severity that would count: the distribution's own for its packages, else that of the vulnerability.
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

    /// Since when CISA lists the vulnerability as exploited; null where it does not.
    async fn known_exploited_since(&self) -> Option<NaiveDate> {
        self.row.known_exploited_since
    }

    /// The lowest version with a fix; null where there is none.
    async fn fixed_in(&self) -> Option<&str> {
        self.row.fixed_in.as_deref()
    }

    /// The feeds that say so.
    async fn sources(&self) -> &[String] {
        &self.row.sources
    }

    /// Their advisories, by the ids that people know them by.
    async fn advisories(&self) -> &[String] {
        &self.row.advisories
    }
}

/// Why a match is no finding.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UncountedState {
    /// Its source still looks into it.
    UnderInvestigation,
    /// What is affected does not run from this package: a kernel's headers or tools, documentation.
    NotRunning,
}

impl UncountedState {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnderInvestigation => plimsoll_model::AffectedState::UnderInvestigation.as_str(),
            Self::NotRunning => plimsoll_model::AffectedState::NotRunning.as_str(),
        }
    }
}

/// The uncounted matches of an image by package, version and vulnerability.
pub async fn of_image(
    tenant: &Arc<Tenant>,
    image: ImageId,
    state: Option<UncountedState>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<UncountedMatch>> {
    let window = Window::of("uncounted matches", first, after)?;
    let key = UncountedPage { image, state, after: window.after.clone(), limit: window.limit() };
    let rows = tenant.load(key).await?.unwrap_or_default();
    let total = {
        let tenant = Arc::clone(tenant);
        Total::new(move || {
            let tenant = Arc::clone(&tenant);
            async move { Ok(tenant.load(UncountedCount { image, state }).await?.unwrap_or(0)) }.boxed()
        })
    };
    let nodes = rows.into_iter().map(|row| (row.place(), UncountedMatch { tenant: Arc::clone(tenant), row }));
    window.page(nodes, total)
}
