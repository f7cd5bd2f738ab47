//! The people of an organization.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};

use super::words::MemberRole;

/// A person in an organization.
#[derive(SimpleObject)]
pub struct Member {
    /// Their mail address.
    pub email: String,
    /// Their role.
    pub role: MemberRole,
    /// Since when.
    pub since: DateTime<Utc>,
}
