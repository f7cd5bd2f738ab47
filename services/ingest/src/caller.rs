//! Who asks: an API key's organization, and what the key, or a token that was issued for it, may do there.

use actix_web::http::header::HeaderMap;
use chrono::TimeDelta;
use plimsoll_identity::{Action, Actor, Claims, Permission, Scope, allows};
use plimsoll_model::{ApiKeyId, OrgId};
use plimsoll_runtime::clock;
use plimsoll_store::{Store, StoreError, api_keys};

use crate::credentials::Credentials;
use crate::ingest::Ingest;

/// Who asks, known to be who they say.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) org: OrgId,
    /// The first part of every repository name of the organization.
    pub(crate) org_slug: String,
    pub(crate) key: ApiKeyId,
    scopes: Vec<Scope>,
    /// What a token limits the key to; `None` where the key itself was shown.
    token: Option<Claims>,
}

/// Why a request's credentials are not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAccepted {
    /// There are none.
    #[error("no credentials")]
    Missing,
    /// A key that is not one of ours, or no longer. Nobody is told which.
    #[error("an API key that does not work")]
    Key,
    /// A token that is not one of ours, or no longer.
    #[error("a registry token that does not work")]
    Token,
    /// It could not be found out.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Caller {
    /// Whether the API key may do this in its organization.
    pub(crate) fn key_may(&self, action: Action) -> bool {
        let permission = match action {
            Action::Pull => Permission::ReadFindings,
            // Who may replace what a tag means may remove it, too.
            Action::Push | Action::Delete => Permission::PushImages,
        };
        allows(Actor::Key(&self.scopes), permission)
    }

    /// Whether this may be done to a repository, named as in the URL: by the key, and by the token if there is one.
    pub(crate) fn may(&self, action: Action, full_name: &str) -> bool {
        self.key_may(action) && self.token.as_ref().is_none_or(|token| token.allows(full_name, action))
    }

    /// Whether a token was shown, which could be exchanged for one that opens more.
    pub(crate) const fn has_token(&self) -> bool {
        self.token.is_some()
    }
}

/// Finds out who asks.
#[tracing::instrument(level = "debug", skip_all)]
pub(crate) async fn authenticate(ingest: &Ingest, headers: &HeaderMap) -> Result<Caller, NotAccepted> {
    let caller = match Credentials::of(headers) {
        Credentials::Missing => return Err(NotAccepted::Missing),
        Credentials::Malformed => return Err(NotAccepted::Key),
        Credentials::Key(key) => by_key(&ingest.store, &key.hash()).await?,
        Credentials::Token(token) => {
            let now = clock::now().timestamp();
            let claims = ingest.token_key.verify(&token, now).map_err(|error| {
                tracing::debug!(%error, "a token was refused");
                NotAccepted::Token
            })?;
            by_token(&ingest.store, claims).await?
        }
    };
    Ok(caller)
}

/// The caller whose key has this hash.
pub(crate) async fn by_key(store: &Store, hash: &[u8; 32]) -> Result<Caller, NotAccepted> {
    let mut tx = store.catalog_tx().await?;
    let key = api_keys::by_hash(&mut tx, hash).await?;
    tx.commit().await?;
    let key = key.filter(works).ok_or(NotAccepted::Key)?;
    if was_not_used_lately(&key) {
        let mut tx = store.org_tx(key.org).await?;
        api_keys::touch(&mut tx, key.id).await?;
        tx.commit().await?;
    }
    Ok(caller(key, None))
}

/// The key behind a token is looked up each time: once it is revoked, its tokens end too.
async fn by_token(store: &Store, claims: Claims) -> Result<Caller, NotAccepted> {
    let mut tx = store.org_tx(claims.org).await?;
    let key = api_keys::by_id(&mut tx, claims.api_key).await?.filter(works).ok_or(NotAccepted::Token)?;
    if was_not_used_lately(&key) {
        api_keys::touch(&mut tx, key.id).await?;
    }
    tx.commit().await?;
    Ok(caller(key, Some(claims)))
}

fn works(key: &api_keys::ApiKey) -> bool {
    key.revoked_at.is_none() && key.expires_at.is_none_or(|end| end > clock::now())
}

fn was_not_used_lately(key: &api_keys::ApiKey) -> bool {
    key.last_used_at.is_none_or(|used| used < clock::now() - TimeDelta::minutes(1))
}

fn caller(key: api_keys::ApiKey, token: Option<Claims>) -> Caller {
    // A scope that this release does not know allows nothing.
    let scopes = key.scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
    Caller { org: key.org, org_slug: key.org_slug, key: key.id, scopes, token }
}
