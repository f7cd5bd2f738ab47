//! What each source says of a vulnerability, kept as it says it.

use std::sync::Arc;

use async_graphql::{Enum, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use futures::FutureExt as _;
use plimsoll_advisories::{fixes, own, page};
use plimsoll_model::{Affected, Event, Range};
use plimsoll_store::views::statements::{self, Statement, StatementKey};

use super::vulnerability::Cvss;
use super::words::Severity;
use crate::graphql::loaders::{StatementCount, StatementPage};
use crate::graphql::paging::{Page, Total, Window};
use crate::graphql::tenant::Tenant;

/// The most ranges that are told of a statement.
const MOST_RANGES: usize = 100;

/// What a source says of a package with regard to a vulnerability.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "plimsoll_advisories::StatementState")]
pub enum StatementState {
    /// Versions of it are affected, and not all of them have a fix.
    Affected,
    /// Versions of it were affected, up to a fix.
    Fixed,
    /// It never was affected: the source says so, or names version 0 as the fix.
    NotAffected,
    /// It is affected, and the source will not fix it.
    WontFix,
    /// It is affected, and its release gets no more fixes.
    EndOfLife,
    /// The source does not know yet.
    UnderInvestigation,
}

/// What happens at a version in a range: one of these is given.
#[derive(SimpleObject, Default)]
pub struct RangeEvent {
    /// Affected from this version on; `0` is before every version.
    introduced: Option<String>,
    /// No longer affected from this version on.
    fixed: Option<String>,
    /// Affected up to and including this version.
    last_affected: Option<String>,
    /// Nothing is said of this version and later.
    limit: Option<String>,
}

/// Versions that are affected, by events in the source's order.
#[derive(SimpleObject)]
pub struct AffectedRange {
    /// What happens at which version.
    events: Vec<RangeEvent>,
}

impl From<Event> for RangeEvent {
    fn from(event: Event) -> Self {
        match event {
            Event::Introduced(version) => Self { introduced: Some(version), ..Self::default() },
            Event::Fixed(version) => Self { fixed: Some(version), ..Self::default() },
            Event::LastAffected(version) => Self { last_affected: Some(version), ..Self::default() },
            Event::Limit(version) => Self { limit: Some(version), ..Self::default() },
        }
    }
}

impl From<&Range> for AffectedRange {
    fn from(range: &Range) -> Self {
        Self { events: range.events.iter().cloned().map(RangeEvent::from).collect() }
    }
}

/// A source's own word on a vulnerability in a package, whether or not it is the one that counts.
pub struct VulnerabilityStatement(Statement);

impl VulnerabilityStatement {
    const fn affected(&self) -> Option<&Affected> {
        self.0.affected.as_ref()
    }
}

/// A source's own word on a vulnerability in a package, whether or not it is the one that counts.
#[Object]
impl VulnerabilityStatement {
    /// The feed, `osv`, `debian`; `own` for an advisory of the organization's own, which it alone sees.
    async fn source(&self) -> &str {
        &self.0.source
    }

    /// The advisory's id there: `GHSA-jfh8-c2jp-5v3q`, `RHSA-2024:1`, or the CVE where the source goes by those.
    async fn advisory(&self) -> &str {
        &self.0.advisory
    }

    /// Whether it is an advisory of the organization's own.
    async fn is_own(&self) -> bool {
        self.0.source == own::SOURCE
    }

    /// The advisory's title; may be empty.
    async fn title(&self) -> &str {
        &self.0.document.title
    }

    /// Where people read on: the advisory's own page where it is known.
    async fn url(&self) -> Option<String> {
        page(&self.0.source, &self.0.advisory, &self.0.document.references)
    }

    /// The ecosystem, with the release of a distribution: `Debian:12`. Null where it names no package, as of a source that only rates.
    async fn ecosystem(&self) -> Option<String> {
        self.affected().map(|affected| affected.ecosystem.to_string())
    }

    /// The package; of most distributions, the source package. Null where it names none.
    async fn package(&self) -> Option<&str> {
        self.affected().map(|affected| affected.package.as_str())
    }

    /// The module and stream whose builds it speaks of (`nodejs:18`), where the source tells streams.
    async fn module(&self) -> Option<&str> {
        self.affected()?.module.as_deref()
    }

    /// What it says; null where it names no package.
    async fn state(&self) -> Option<StatementState> {
        self.affected().map(|affected| plimsoll_advisories::StatementState::of(affected).into())
    }

    /// The versions that it names as fixes, each once.
    async fn fixed_in(&self) -> Vec<&str> {
        self.affected().map(fixes).unwrap_or_default()
    }

    /// The versions that it speaks of, as ranges; the first 100.
    async fn ranges(&self) -> Vec<AffectedRange> {
        let ranges = self.affected().map(|affected| affected.ranges.as_slice()).unwrap_or_default();
        ranges.iter().take(MOST_RANGES).map(AffectedRange::from).collect()
    }

    /// How many ranges there are.
    async fn range_count(&self) -> usize {
        self.affected().map_or(0, |affected| affected.ranges.len())
    }

    /// The versions that it lists one by one; the first 100.
    async fn versions(&self) -> &[String] {
        self.affected().map(|affected| affected.versions.as_slice()).unwrap_or_default()
    }

    /// How many versions it lists one by one.
    async fn version_count(&self) -> i32 {
        self.0.version_count
    }

    /// The source's own word for the severity: for the package, else for the whole advisory.
    async fn severity(&self) -> Severity {
        let of_package = self.affected().and_then(|affected| affected.severity);
        of_package.or(self.0.document.severity).unwrap_or(plimsoll_model::Severity::Unknown).into()
    }

    /// The CVSS vectors that the advisory gives, each with whose it is.
    async fn cvss(&self) -> Vec<Cvss> {
        self.0.document.cvss.iter().map(Cvss::from).collect()
    }

    /// When the advisory was first published.
    async fn published(&self) -> Option<DateTime<Utc>> {
        self.0.document.published
    }

    /// When the source last changed it.
    async fn modified(&self) -> Option<DateTime<Utc>> {
        self.0.document.modified
    }

    /// When the source took it back: it then says nothing any more. Null while it stands.
    async fn withdrawn(&self) -> Option<DateTime<Utc>> {
        self.0.withdrawn
    }
}

/// The statements on a vulnerability: for several that are asked for alike, one statement to the database.
pub async fn of_vulnerability(
    tenant: &Arc<Tenant>,
    vulnerability: i64,
    first: Option<i32>,
    after: Option<String>,
) -> Result<Page<VulnerabilityStatement>> {
    let window = Window::<StatementKey>::of("statements", first, after)?;
    let key = StatementPage { vulnerability, after: window.after.clone(), limit: window.limit() };
    let rows = tenant.load(key).await?.unwrap_or_default();
    let counting = Arc::clone(tenant);
    let total = Total::new(move || {
        let tenant = Arc::clone(&counting);
        async move { Ok(tenant.load(StatementCount(vulnerability)).await?.unwrap_or(0)) }.boxed()
    });
    let node = |row: statements::Statement| (row.key(), VulnerabilityStatement(row));
    window.page(rows.into_iter().map(node), total)
}
