//! From a request's cookie or key to who asks.
//!
//! A person's memberships are read anew for every request: who is removed, or given another role, is so at once. Every way of
//! having no valid credentials gives the same answer.

use actix_web::HttpRequest;
use actix_web::http::header;
use chrono::{DateTime, Utc};
use plimsoll_identity::{ApiKey, Role, Scope};
use plimsoll_runtime::{Problem, clock};
use plimsoll_store::{accounts, api_keys};
use plimsoll_volatile::SessionToken;
use url::Url;

use crate::server::State;
use crate::viewer::{Access, Identity, Standing, Viewer};

/// The name of the session's cookie.
pub const COOKIE: &str = "plimsoll_session";

/// What a request shows of who it is. Kept for as long as a socket is open, to ask again.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A session.
    Session(SessionToken),
    /// The hash of an API key.
    Key([u8; 32]),
}

impl Credentials {
    /// What a request shows: an `Authorization` header counts before a cookie. `None` where it shows nothing at all.
    ///
    /// # Errors
    /// When the key or cookie is not of the form of one, or the cookie came with a request of another site.
    pub fn of(request: &HttpRequest, public_url: &Url) -> Result<Option<Self>, Problem> {
        if let Some(value) = request.headers().get(header::AUTHORIZATION) {
            let text = value.to_str().map_err(|_| Problem::unauthorized())?;
            return Self::of_authorization(text).map(Some);
        }
        let Some(cookie) = request.cookie(COOKIE) else { return Ok(None) };
        if !is_same_site(request, public_url) {
            return Err(Problem::new(
                actix_web::http::StatusCode::FORBIDDEN,
                "wrong_origin",
                "A session's cookie counts only in requests that come from this service's own pages.",
            ));
        }
        SessionToken::parse(cookie.value()).map(|token| Some(Self::Session(token))).ok_or_else(Problem::unauthorized)
    }

    /// The key in an `Authorization` header, `Bearer plim_...`.
    ///
    /// # Errors
    /// When it is not of the form of one.
    pub fn of_authorization(text: &str) -> Result<Self, Problem> {
        let (scheme, key) = text.split_once(' ').ok_or_else(Problem::unauthorized)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(Problem::unauthorized());
        }
        Self::of_key(key)
    }

    /// An API key.
    ///
    /// # Errors
    /// When it is not of the form of one.
    pub fn of_key(text: &str) -> Result<Self, Problem> {
        ApiKey::parse(text).map(|key| Self::Key(key.hash())).map_err(|_| Problem::unauthorized())
    }

    /// Who that is now.
    ///
    /// # Errors
    /// When it is nobody (any more), or an engine does not answer.
    pub async fn viewer(&self, state: &State) -> Result<Viewer, Problem> {
        match self {
            Self::Session(token) => member(state, token).await,
            Self::Key(hash) => machine(state, hash, clock::now()).await,
        }
    }
}

/// Whether a request with a cookie comes from this service's own pages, as far as the browser says where it comes from.
fn is_same_site(request: &HttpRequest, public_url: &Url) -> bool {
    let Some(origin) = request.headers().get(header::ORIGIN) else { return true };
    let Some(origin) = origin.to_str().ok().and_then(|text| text.parse::<Url>().ok()) else { return false };
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // By its public name, or by whatever name the browser used: a page of another site has neither.
    let authority = origin.as_str().split_once("://").map(|(_, rest)| rest.trim_end_matches('/'));
    origin.origin() == public_url.origin() || (authority.is_some() && authority == host)
}

async fn member(state: &State, token: &SessionToken) -> Result<Viewer, Problem> {
    let session = state.volatile.session(token).await.map_err(|error| Problem::internal(&error))?;
    let session = session.ok_or_else(Problem::unauthorized)?;
    let mut tx = state.store.catalog_tx().await.map_err(|error| Problem::internal(&error))?;
    let memberships = accounts::memberships(&mut tx, session.account).await;
    let memberships = memberships.map_err(|error| Problem::internal(&error))?;
    let mut accesses: Vec<Access> = memberships
        .into_iter()
        .filter_map(|membership| {
            let role: Role = membership.role.parse().ok()?;
            Some(Access { org: membership.org, slug: membership.slug, standing: Standing::Member(role) })
        })
        .collect();
    accesses.sort_by_key(|access| access.org != session.org);
    // Who no longer belongs to the organization of the session is no longer signed in.
    if accesses.first().is_none_or(|access| access.org != session.org) {
        return Err(Problem::unauthorized());
    }
    Ok(Viewer { identity: Identity::Account(session.account), accesses })
}

async fn machine(state: &State, hash: &[u8; 32], now: DateTime<Utc>) -> Result<Viewer, Problem> {
    let internal = |error: plimsoll_store::StoreError| Problem::internal(&error);
    let mut tx = state.store.catalog_tx().await.map_err(internal)?;
    let key = api_keys::by_hash(&mut tx, hash).await.map_err(internal)?;
    drop(tx);
    let works =
        |key: &api_keys::ApiKey| key.revoked_at.is_none() && key.expires_at.is_none_or(|expires_at| expires_at > now);
    let key = key.filter(works).ok_or_else(Problem::unauthorized)?;
    // To the minute: most requests write nothing.
    if key.last_used_at.is_none_or(|used| (now - used).num_seconds() > 60) {
        let mut tx = state.store.org_tx(key.org).await.map_err(internal)?;
        api_keys::touch(&mut tx, key.id).await.map_err(internal)?;
        tx.commit().await.map_err(internal)?;
    }
    // A scope of a later release gives nothing here.
    let scopes: Vec<Scope> = key.scopes.iter().filter_map(|scope| scope.parse().ok()).collect();
    let access = Access { org: key.org, slug: key.org_slug, standing: Standing::Key(scopes) };
    Ok(Viewer { identity: Identity::Key { id: key.id, name: key.name }, accesses: vec![access] })
}
