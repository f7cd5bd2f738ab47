//! Making and ending API keys.

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use plimsoll_identity::Permission;
use plimsoll_model::ApiKeyId;
use plimsoll_runtime::clock;
use plimsoll_store::api_keys;
use plimsoll_store::views::api_keys as keys_shown;

use super::{UserError, not_found, tenant_named, wrong_kind};
use crate::graphql::complaint::of_store;
use crate::graphql::global_id::GlobalId;
use crate::graphql::tenant::Asking;
use crate::graphql::types::{ApiKey, Scope};

/// What became of making an API key.
#[derive(SimpleObject, Default)]
pub struct CreateApiKeyPayload {
    /// The key as it will be listed; null where none was made.
    api_key: Option<ApiKey>,
    /// The key itself: shown now and never again.
    secret: Option<String>,
    /// What to mend; empty where it was done.
    user_errors: Vec<UserError>,
}

/// What became of revoking an API key.
#[derive(SimpleObject, Default)]
pub struct RevokeApiKeyPayload {
    /// The key, which no longer works; null where there is none.
    api_key: Option<ApiKey>,
    /// What to mend; empty where it was done.
    user_errors: Vec<UserError>,
}

/// API keys.
#[derive(Default)]
pub struct ApiKeyMutation;

/// API keys.
#[Object]
impl ApiKeyMutation {
    /// Makes an API key. Needs the role of an owner or admin; a key can make none.
    async fn create_api_key(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its name for people, 1 to 200 characters.")] name: String,
        #[graphql(desc = "What it may be used for.")] scopes: Vec<Scope>,
        #[graphql(desc = "From when on it no longer works; never where not given.")] expires_at: Option<DateTime<Utc>>,
        #[graphql(desc = "The slug of the organization; the one that you signed in to where not given.")]
        organization: Option<String>,
    ) -> Result<CreateApiKeyPayload> {
        let asking = Asking::of(context)?;
        let Some(tenant) = tenant_named(asking, organization.as_deref())? else {
            return Ok(CreateApiKeyPayload { user_errors: vec![not_found("organization")], ..Default::default() });
        };
        tenant.require(Permission::ManageKeys, "manage API keys")?;
        let user_errors = objections(&name, &scopes, expires_at, clock::now());
        if !user_errors.is_empty() {
            return Ok(CreateApiKeyPayload { user_errors, ..Default::default() });
        }
        let (id, key) = (ApiKeyId(clock::new_id()), plimsoll_identity::ApiKey::generate(&mut plimsoll_identity::rng()));
        let words = scopes.into_iter().map(|scope| plimsoll_identity::Scope::from(scope).to_string());
        let mut words: Vec<String> = words.collect();
        words.sort_unstable();
        words.dedup();
        let mut tx = tenant.tx().await?;
        api_keys::create(&mut tx, id, name.trim(), &key.hash(), &words, expires_at).await.map_err(of_store)?;
        let row = keys_shown::by_id(&mut tx, id).await.map_err(of_store)?;
        tx.commit().await.map_err(of_store)?;
        Ok(CreateApiKeyPayload {
            api_key: row.map(ApiKey),
            secret: Some(key.expose().to_owned()),
            user_errors: Vec::new(),
        })
    }

    /// Ends an API key at once. One that no longer works stays so.
    async fn revoke_api_key(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The key's id.")] id: ID,
    ) -> Result<RevokeApiKeyPayload> {
        let asking = Asking::of(context)?;
        let GlobalId::ApiKey(id) = GlobalId::decode(&id)? else { return Err(wrong_kind("an API key")) };
        asking.current()?.require(Permission::ManageKeys, "manage API keys")?;
        for tenant in asking.tenants.iter().filter(|tenant| tenant.access.allows(Permission::ManageKeys)) {
            let mut tx = tenant.tx().await?;
            api_keys::revoke(&mut tx, ApiKeyId(id)).await.map_err(of_store)?;
            let row = keys_shown::by_id(&mut tx, ApiKeyId(id)).await.map_err(of_store)?;
            tx.commit().await.map_err(of_store)?;
            if let Some(row) = row {
                return Ok(RevokeApiKeyPayload { api_key: Some(ApiKey(row)), user_errors: Vec::new() });
            }
        }
        Ok(RevokeApiKeyPayload { user_errors: vec![not_found("id")], ..Default::default() })
    }
}

/// What is wrong with the arguments of a new key.
fn objections(name: &str, scopes: &[Scope], expires_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Vec<UserError> {
    let mut errors = Vec::new();
    let mut object = |code, field, message: &str| errors.push(UserError { code, field, message: message.to_owned() });
    if !(1..=200).contains(&name.trim().chars().count()) || name.chars().any(char::is_control) {
        object("NAME_INVALID", "name", "Give the key a name of 1 to 200 characters, without control characters.");
    }
    if scopes.is_empty() {
        object("SCOPES_EMPTY", "scopes", "A key without scopes can do nothing: give READ, PUSH or both.");
    }
    if expires_at.is_some_and(|at| at <= now) {
        object("EXPIRY_PAST", "expiresAt", "This moment has passed: the key would never work.");
    }
    errors
}
