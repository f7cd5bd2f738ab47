//! API keys.

use async_graphql::{ID, Object};
use chrono::{DateTime, Utc};
use plimsoll_store::views::api_keys;

use super::words::Scope;
use crate::graphql::global_id::GlobalId;

/// A machine's key. The key itself is shown once, when it is made.
pub struct ApiKey(pub api_keys::ApiKey);

/// A machine's key. The key itself is shown once, when it is made.
#[Object]
impl ApiKey {
    /// Global id.
    pub async fn id(&self) -> ID {
        GlobalId::ApiKey(self.0.id.0).encode()
    }

    /// Its name for people.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it may be used for.
    async fn scopes(&self) -> Vec<Scope> {
        let scopes = self.0.scopes.iter().filter_map(|scope| scope.parse::<plimsoll_identity::Scope>().ok());
        scopes.map(Scope::from).collect()
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// From when on it no longer works; null: never.
    async fn expires_at(&self) -> Option<DateTime<Utc>> {
        self.0.expires_at
    }

    /// Since when it no longer works, because somebody revoked it.
    async fn revoked_at(&self) -> Option<DateTime<Utc>> {
        self.0.revoked_at
    }

    /// When it was last used, to the minute; null: never.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }
}
