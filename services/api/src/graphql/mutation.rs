//! What can be changed. Each answer holds the object and, where nothing was done, what the person can mend.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use plimsoll_broker::Message as _;
use plimsoll_broker::contracts::ScanImageV1;
use plimsoll_identity::Permission;
use plimsoll_model::{ApiKeyId, Digest, ImageId};
use plimsoll_runtime::{clock, trace};
use plimsoll_store::views::api_keys as keys_shown;
use plimsoll_store::views::images::{self, Image as ImageRow};
use plimsoll_store::{api_keys, images as held, outbox};
use plimsoll_volatile::{ScanProgress, ScanState};

use super::complaint::{complaint, internal, of_store};
use super::global_id::GlobalId;
use super::tenant::{Asking, Tenant};
use super::types::{ApiKey, Image, Scope};
use crate::server::State;

/// What can be changed.
pub struct Mutation;

/// Something that the person who asked can mend; nothing was done.
#[derive(SimpleObject)]
pub struct UserError {
    /// For programs: `NOT_FOUND`, `NAME_INVALID`, ...
    code: &'static str,
    /// The argument that it is about.
    field: &'static str,
    /// For people.
    message: String,
}

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

/// What became of asking for a scan.
#[derive(SimpleObject, Default)]
pub struct RescanImagePayload {
    /// The image, whose scan is queued; null where there is none.
    image: Option<Image>,
    /// What to mend; empty where it was done.
    user_errors: Vec<UserError>,
}

/// What can be changed.
#[Object]
impl Mutation {
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
        let tenant = match &organization {
            None => Some(asking.current()?),
            Some(slug) => asking.tenant(slug),
        };
        let Some(tenant) = tenant else {
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

    /// Scans an image again. Its findings stay as they are until the scan has ended.
    async fn rescan_image(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The image's id.")] id: ID,
    ) -> Result<RescanImagePayload> {
        let asking = Asking::of(context)?;
        let GlobalId::Image(id) = GlobalId::decode(&id)? else { return Err(wrong_kind("an image")) };
        asking.current()?.require(Permission::PushImages, "have images scanned")?;
        for tenant in asking.tenants.iter().filter(|tenant| tenant.access.allows(Permission::PushImages)) {
            if let Some(row) = rescan(tenant, ImageId(id)).await? {
                announce(context.data::<State>()?, tenant, &row).await?;
                let image = Image { tenant: Arc::clone(tenant), row };
                return Ok(RescanImagePayload { image: Some(image), user_errors: Vec::new() });
            }
        }
        Ok(RescanImagePayload { user_errors: vec![not_found("id")], ..Default::default() })
    }
}

fn wrong_kind(what: &str) -> async_graphql::Error {
    complaint("BAD_ID", format!("id is not the id of {what}."))
}

fn not_found(field: &'static str) -> UserError {
    UserError { code: "NOT_FOUND", field, message: format!("There is nothing with this {field} that you may see.") }
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

/// Queues a scan and its message in one transaction; the image as it then is, or `None` where this organization has no such.
#[tracing::instrument(skip_all, fields(image = %id))]
async fn rescan(tenant: &Tenant, id: ImageId) -> Result<Option<ImageRow>> {
    let mut tx = tenant.tx().await?;
    held::queue_scan(&mut tx, id).await.map_err(of_store)?;
    let Some(row) = images::by_ids(&mut tx, &[id.0]).await.map_err(of_store)?.into_iter().next() else {
        return Ok(None);
    };
    let message = ScanImageV1 { org: tenant.access.org, image: id, digest: digest(&row)? };
    outbox::write(&mut tx, ScanImageV1::TOPIC.name(), &message, &trace::current()).await.map_err(of_store)?;
    tx.commit().await.map_err(of_store)?;
    Ok(Some(row))
}

fn digest(row: &ImageRow) -> Result<Digest> {
    row.digest.parse().map_err(|error| internal(&error))
}

/// Tells who watches the image. News may be lost: the row is what counts.
async fn announce(state: &State, tenant: &Tenant, row: &ImageRow) -> Result<()> {
    let progress = ScanProgress {
        image: row.id,
        digest: digest(row)?,
        state: ScanState::Queued,
        layers_total: 0,
        layers_done: 0,
        bytes_total: 0,
        bytes_done: 0,
        message: "waits for a worker".into(),
        at: clock::now(),
    };
    if let Err(error) = state.volatile.publish(tenant.access.org, &row.digest, &progress).await {
        tracing::warn!(%error, "who watches this image does not hear that its scan is queued");
    }
    Ok(())
}
