//! An organization's own advisories.

use std::sync::Arc;

use async_graphql::{Enum, ID, Object, Result};
use chrono::{DateTime, Utc};
use plimsoll_store::own_advisories;
use plimsoll_store::vulnerabilities::Merged;

use super::words::Severity;
use crate::graphql::global_id::GlobalId;
use crate::graphql::loaders::OwnFindingsOf;
use crate::graphql::tenant::Tenant;

/// An advisory of an organization's own, or a package that it banned: matched like a feed's, and seen by it alone.
pub struct OwnAdvisory {
    /// Whose it is.
    pub tenant: Arc<Tenant>,
    /// The row.
    pub row: own_advisories::OwnAdvisory,
}

/// How an own advisory came in.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnAdvisoryOrigin {
    /// As an OSV document.
    Document,
    /// By banning a package.
    Ban,
}

/// An advisory of an organization's own, or a package that it banned: matched like a feed's, and seen by it alone.
#[Object]
impl OwnAdvisory {
    /// Global id.
    pub async fn id(&self) -> ID {
        GlobalId::OwnAdvisory(self.row.id).encode()
    }

    /// Its id as the organization names it, unique there: what findings name among their advisories.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// Other ids of the same vulnerability. Where the world knows one of them, the advisory's findings are of the world's vulnerability.
    async fn aliases(&self) -> &[String] {
        &self.row.document.aliases
    }

    /// One line; may be empty.
    async fn title(&self) -> &str {
        &self.row.document.title
    }

    /// The severity that it gives; that of one of its packages may be another.
    async fn severity(&self) -> Severity {
        Merged::of(0, std::slice::from_ref(&self.row.document.0)).severity.into()
    }

    /// How it came in.
    async fn origin(&self) -> OwnAdvisoryOrigin {
        match own_advisories::Origin::parse(&self.row.origin) {
            Some(own_advisories::Origin::Ban) => OwnAdvisoryOrigin::Ban,
            _ => OwnAdvisoryOrigin::Document,
        }
    }

    /// The OSV document, as it was saved.
    async fn document(&self) -> &str {
        &self.row.source
    }

    /// When it was withdrawn: it then matches nothing.
    async fn withdrawn(&self) -> Option<DateTime<Utc>> {
        self.row.withdrawn
    }

    /// How many open findings it has a part in. They follow a change within moments.
    async fn open_findings(&self) -> Result<i64> {
        Ok(self.tenant.load(OwnFindingsOf(self.row.id)).await?.unwrap_or(0))
    }

    /// When it was first saved.
    async fn created_at(&self) -> DateTime<Utc> {
        self.row.created_at
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.row.updated_at
    }
}
