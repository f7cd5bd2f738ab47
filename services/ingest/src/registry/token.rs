//! `/v2/token`: an API key is exchanged for a short-lived token that does no more than was asked for, nor than the key may.
//!
//! Source: Docker's token authentication specification (GET with Basic) and its OAuth 2.0 form (POST, password grant). No
//! refresh tokens are given: the key itself is what a client keeps.

use actix_web::http::{Method, StatusCode};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use futures::StreamExt as _;
use plimsoll_identity::{Access, Action, ApiKey, Claims, TokenError};
use plimsoll_runtime::clock;
use serde_json::json;

use super::error::RegistryError;
use super::query::Query;
use crate::caller::{Caller, NotAccepted, authenticate, by_key};
use crate::ingest::Ingest;
use crate::pace;

/// Clients ask again when it is over. A long upload is checked when it begins.
const LIFETIME_SECONDS: i64 = 300;
/// The largest form: credentials and eight scopes fit many times.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// Issues a token.
pub(super) async fn serve(
    ingest: &Ingest,
    http: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, RegistryError> {
    let (caller, query) = match *http.method() {
        Method::GET => {
            let caller = authenticate(ingest, http.headers()).await.map_err(refused)?;
            (caller, Query::parse(http.query_string()))
        }
        Method::POST => by_form(ingest, payload).await?,
        _ => return Err(RegistryError::method_not_allowed()),
    };
    tracing::Span::current().record("org", tracing::field::display(&caller.org_slug));
    if let Some(seconds) = pace::seconds_to_wait(ingest, &caller).await {
        return Err(RegistryError::too_many_requests(seconds));
    }
    // A token is no way to a longer-lived one.
    if caller.has_token() {
        return Err(refused(NotAccepted::Key));
    }
    let now = clock::now();
    let access = granted(&caller, &query);
    let claims = Claims {
        org: caller.org,
        api_key: caller.key,
        access: access.clone(),
        expires_at: now.timestamp() + LIFETIME_SECONDS,
    };
    let token = ingest.token_key.issue(&claims).map_err(|error| match error {
        TokenError::TooMuch => {
            RegistryError::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", format!("{error}; ask for fewer"))
        }
        other => RegistryError::new(StatusCode::INTERNAL_SERVER_ERROR, "UNKNOWN", other.to_string()),
    })?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(json!({
        "token": token, "access_token": token, "token_type": "Bearer", "expires_in": LIFETIME_SECONDS,
        "issued_at": now.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        "scope": access.iter().map(written).collect::<Vec<_>>().join(" "),
    })))
}

/// Signs in by an OAuth 2.0 form (RFC 6749, section 4.3).
async fn by_form(ingest: &Ingest, mut payload: Payload) -> Result<(Caller, Query), RegistryError> {
    let invalid = |text: &str| RegistryError::new(StatusCode::BAD_REQUEST, "UNSUPPORTED", text);
    let mut form = Vec::new();
    while let Some(chunk) = payload.next().await {
        form.extend_from_slice(&chunk.map_err(|_| invalid("the form broke off"))?);
        if form.len() > MAX_FORM_BYTES {
            return Err(RegistryError::too_large("form", MAX_FORM_BYTES as u64));
        }
    }
    let form = Query::parse(&String::from_utf8_lossy(&form));
    if form.get("grant_type") != Some("password") {
        return Err(invalid("grant_type must be 'password', with the API key as the password"));
    }
    let key = form.get("password").and_then(|password| ApiKey::parse(password).ok());
    let key = key.ok_or(NotAccepted::Key).map_err(refused)?;
    let caller = by_key(&ingest.store, &key.hash()).await.map_err(refused)?;
    Ok((caller, form))
}

/// What of the scopes that were asked for the key may do. What it may not is left out, as the specification wants.
fn granted(caller: &Caller, query: &Query) -> Vec<Access> {
    let mut granted: Vec<Access> = Vec::new();
    for scope in query.all("scope").flat_map(str::split_ascii_whitespace) {
        // skopeo's way to ask for whatever deleting takes.
        let scope =
            scope.strip_suffix(":*").map_or_else(|| scope.to_owned(), |name| format!("{name}:pull,push,delete"));
        let Ok(Access { repository, actions }) = scope.parse::<Access>() else { continue };
        let is_own = repository.split_once('/').is_some_and(|(slug, _)| slug == caller.org_slug);
        let actions: Vec<Action> = actions.into_iter().filter(|action| is_own && caller.key_may(*action)).collect();
        match granted.iter_mut().find(|known| known.repository == repository) {
            Some(known) => {
                let more: Vec<Action> = actions.into_iter().filter(|action| !known.actions.contains(action)).collect();
                known.actions.extend(more);
            }
            None if actions.is_empty() => {}
            None => granted.push(Access { repository, actions }),
        }
    }
    granted
}

fn written(access: &Access) -> String {
    let actions = access.actions.iter().map(|action| match action {
        Action::Pull => "pull",
        Action::Push => "push",
        Action::Delete => "delete",
    });
    format!("repository:{}:{}", access.repository, actions.collect::<Vec<_>>().join(","))
}

fn refused(why: NotAccepted) -> RegistryError {
    match why {
        NotAccepted::Store(error) => error.into(),
        NotAccepted::Missing | NotAccepted::Key | NotAccepted::Token => RegistryError::unauthorized(
            "an API key is needed, and this one does not work or there is none; make one in the organization's settings",
            "Basic realm=\"plimsoll\"".into(),
        ),
    }
}
