//! Findings in lists: of an organization, or of an image.

use std::sync::Arc;

use async_graphql::{Enum, InputObject, Result};
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use plimsoll_model::ImageId;
use plimsoll_store::views::findings::{self, FindingFilter, FindingKey, FindingOrder};

use super::Finding;
use super::words::Severity;
use crate::graphql::complaint::of_store;
use crate::graphql::loaders::{FindingCounts, FindingPage};
use crate::graphql::paging::{Page, Total, Window};
use crate::graphql::tenant::Tenant;

/// Which findings; what is not given does not matter, except that only open ones that are not hidden are meant.
#[derive(InputObject)]
pub struct FindingFilterInput {
    /// Of one of these severities.
    severities: Option<Vec<Severity>>,
    /// Of this severity or a higher one.
    min_severity: Option<Severity>,
    /// Of a vulnerability that CISA lists as exploited, or of one that it does not.
    known_exploited: Option<bool>,
    /// With a version that fixes it, or without.
    fixable: Option<bool>,
    /// Through the package of this name, its own or its source package's.
    package: Option<String>,
    /// Of the vulnerability with this id, whichever of its ids: `CVE-2024-1`, `GHSA-...`.
    vulnerability: Option<String>,
    /// In an image of the repository of this name, without the organization's slug.
    repository: Option<String>,
    /// In this image: its id, its digest or a reference to it.
    pub image: Option<String>,
    /// Through a package of this ecosystem, with or without the release: `Debian:12`, `Debian`.
    ecosystem: Option<String>,
    /// Open, or closed; null: either.
    #[graphql(default_with = "Some(true)")]
    is_open: Option<bool>,
    /// As it was at this moment: what was opened later is not there, and `isOpen` means then.
    as_of: Option<DateTime<Utc>>,
    /// Hidden by a VEX statement, or not; null: either.
    #[graphql(default_with = "Some(false)")]
    hidden: Option<bool>,
    /// Brought by the image's base, or by what is built on it: as `isFromBaseImage` says. What it says nothing of is neither.
    from_base_image: Option<bool>,
    /// Of a package that is itself malicious, as `isMalware` of the vulnerability says, or not.
    is_malware: Option<bool>,
}

impl Default for FindingFilterInput {
    fn default() -> Self {
        Self {
            severities: None,
            min_severity: None,
            known_exploited: None,
            fixable: None,
            package: None,
            vulnerability: None,
            repository: None,
            image: None,
            ecosystem: None,
            is_open: Some(true),
            as_of: None,
            hidden: Some(false),
            from_base_image: None,
            is_malware: None,
        }
    }
}

impl FindingFilterInput {
    /// The filter, without the image.
    pub fn filter(self) -> FindingFilter {
        FindingFilter {
            severities: self.severities.map(|severities| severities.into_iter().map(Severity::rank).collect()),
            min_severity: self.min_severity.map(Severity::rank),
            known_exploited: self.known_exploited,
            fixable: self.fixable,
            package: self.package,
            vulnerability: self.vulnerability,
            repository: self.repository,
            ecosystem: self.ecosystem,
            is_open: self.is_open,
            as_of: self.as_of.map(within_history),
            is_hidden: self.hidden,
            is_from_base: self.from_base_image,
            is_malware: self.is_malware,
        }
    }
}

/// The moment, if PostgreSQL can tell it, else the nearest that it can: there were no findings before, and the same after.
fn within_history(moment: DateTime<Utc>) -> DateTime<Utc> {
    let (first, last) = (DateTime::from_timestamp(0, 0), DateTime::from_timestamp(253_402_300_799, 0));
    moment.clamp(first.unwrap_or(moment), last.unwrap_or(moment))
}

/// The order of findings. Ties are broken by package, version and vulnerability.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FindingOrderInput {
    /// The most urgent first: known to be exploited, then the higher severity, then the higher EPSS score, then those with a fix.
    #[default]
    Urgency,
    /// The highest severity first.
    Severity,
    /// The highest EPSS score first.
    Epss,
    /// The newest first.
    OpenedAt,
    /// By package.
    Package,
}

impl From<FindingOrderInput> for FindingOrder {
    fn from(order: FindingOrderInput) -> Self {
        match order {
            FindingOrderInput::Urgency => Self::Urgency,
            FindingOrderInput::Severity => Self::Severity,
            FindingOrderInput::Epss => Self::Epss,
            FindingOrderInput::OpenedAt => Self::OpenedAt,
            FindingOrderInput::Package => Self::Package,
        }
    }
}

fn window(order: FindingOrderInput, first: Option<i32>, after: Option<String>) -> Result<Window<FindingKey>> {
    Window::of(format!("findings {order:?}"), first, after)
}

fn page(
    tenant: &Arc<Tenant>,
    window: &Window<FindingKey>,
    rows: Vec<findings::Finding>,
    total: Total,
) -> Result<Page<Finding>> {
    window.page(rows.into_iter().map(|row| (row.place(), Finding { tenant: Arc::clone(tenant), row })), total)
}

/// The findings of an organization.
pub async fn of_organization(
    tenant: &Arc<Tenant>,
    filter: FindingFilter,
    order: FindingOrderInput,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<Finding>> {
    let window = window(order, first, after)?;
    let mut tx = tenant.tx().await?;
    let rows = findings::page(&mut tx, &filter, order.into(), window.after.as_ref(), window.limit()).await;
    drop(tx);
    let counting = Arc::clone(tenant);
    let total = Total::new(move || {
        let (tenant, filter) = (Arc::clone(&counting), filter.clone());
        async move { findings::count(&mut tenant.tx().await?, &filter).await.map_err(of_store) }.boxed()
    });
    page(tenant, &window, rows.map_err(of_store)?, total)
}

/// The findings of an image: for several images that are asked alike, one statement.
pub async fn of_image(
    tenant: &Arc<Tenant>,
    image: ImageId,
    filter: FindingFilter,
    order: FindingOrderInput,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<Finding>> {
    let window = window(order, first, after)?;
    let (after, limit) = (window.after.clone(), window.limit());
    let key = FindingPage { image, filter: filter.clone(), order: order.into(), after, limit };
    let rows = tenant.load(key).await?.unwrap_or_default();
    let counting = Arc::clone(tenant);
    let total = Total::new(move || {
        let (tenant, key) = (Arc::clone(&counting), FindingCounts { image, filter: filter.clone() });
        async move {
            let counts = tenant.load(key).await?.unwrap_or_default();
            Ok(counts.into_iter().map(|(_, count)| count).sum())
        }
        .boxed()
    });
    page(tenant, &window, rows, total)
}
