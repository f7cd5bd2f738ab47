//! Signing in and out by mail address and password.
//!
//! Whether an account exists is told by nothing: unknown accounts cost the same hash, the same limits and get the same text.

use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload, Query};
use actix_web::{HttpRequest, HttpResponse};
use plimsoll_identity::{Role, verify_password};
use plimsoll_runtime::Problem;
use plimsoll_store::accounts::{self, Account, Membership};
use plimsoll_volatile::{Decision, Lifetime, Limit, Session, SessionToken};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::body::{self, ProblemDocument};
use crate::authentication::{COOKIE, Credentials};
use crate::server::State;

/// A mail address and a password are shorter.
const BODY_LIMIT: usize = 4 * 1024;
/// What a person mistypes, not what a program tries. Refused tries do not count: the true owner gets in once the wait is over.
const PER_ACCOUNT: Limit = Limit { burst: 10, per: Duration::from_secs(600) };
/// An office behind one address signs in; one password tried on many accounts does not get far.
const PER_ADDRESS: Limit = Limit { burst: 60, per: Duration::from_secs(600) };

/// Who signs in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The account's mail address.
    #[schema(example = "demo@example.org")]
    email: String,
    /// Its password.
    #[schema(value_type = String, format = Password)]
    password: SecretString,
}

/// Where they sign in.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Where {
    /// The slug of the organization that the session works in; without it, the account's first by slug.
    organization: Option<String>,
}

/// Who has signed in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SignedIn {
    /// The account.
    account: SignedInAccount,
    /// The organization that the session works in, its slug.
    organization: String,
    /// All that the account belongs to.
    organizations: Vec<SignedInOrganization>,
}

/// An account.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SignedInAccount {
    /// Its id.
    id: Uuid,
    /// Its mail address.
    email: String,
}

/// An organization that the account belongs to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SignedInOrganization {
    /// Its name in addresses.
    slug: String,
    /// Its name for people.
    name: String,
    /// The account's role in it.
    role: String,
}

/// Signs in and sets the session's cookie. A session that the request brings ends.
#[utoipa::path(post, path = "/v1/sign-in", tag = "sign-in", params(Where), request_body = SignIn, responses(
    (status = 200, description = "Signed in; `Set-Cookie` holds the session", body = SignedIn),
    (status = 400, description = "Not the JSON or query expected", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 401, description = "Wrong, whatever of it", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 403, description = "The request comes from another site's page", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 413, description = "The body is too long", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 415, description = "The body is not JSON", body = ProblemDocument, content_type = "application/problem+json"),
    (status = 429, description = "Too many tries; `Retry-After` says how long to wait", body = ProblemDocument, content_type = "application/problem+json"),
))]
#[tracing::instrument(skip_all)]
pub async fn sign_in(request: HttpRequest, state: Data<State>, payload: Payload) -> Result<HttpResponse, Problem> {
    let place = Query::<Where>::from_query(request.query_string())
        .map_err(|error| Problem::bad_request("query_invalid", format!("The query of the address: {error}")))?;
    // A page of another site must not sign anybody in either.
    let before = Credentials::of(&request, &state.public_url);
    if let Err(problem) = before.as_ref()
        && actix_web::ResponseError::status_code(problem) == StatusCode::FORBIDDEN
    {
        return before.map(|_| HttpResponse::Forbidden().finish());
    }
    let body = body::json(&request, payload, BODY_LIMIT).await?;
    let given: SignIn = serde_json::from_slice(&body)
        .map_err(|error| Problem::bad_request("body_invalid", format!("The body: {error}")))?;
    let email = given.email.trim().to_lowercase();
    limit(&state, &request, &email).await?;
    let account = checked(&state, &email, given.password).await?;
    let memberships = memberships(&state, &account).await?;
    let chosen = match &place.organization {
        Some(slug) => memberships.iter().find(|membership| membership.slug == *slug),
        None => memberships.first(),
    };
    // A password that is right, for an organization that is not theirs, is as wrong as any other.
    let (chosen, role) = chosen.and_then(|m| Some((m, m.role.parse::<Role>().ok()?))).ok_or_else(wrong)?;
    if let Ok(Some(Credentials::Session(token))) = before {
        end(&state, &token).await?;
    }
    let session = Session { account: account.id, org: chosen.org, role };
    let lifetime = Lifetime::default();
    let token = state.volatile.create_session(&session, lifetime).await.map_err(|error| Problem::internal(&error))?;
    Ok(HttpResponse::Ok().cookie(cookie(&state, token.expose())).json(SignedIn {
        account: SignedInAccount { id: account.id.0, email: account.email },
        organization: chosen.slug.clone(),
        organizations: memberships
            .into_iter()
            .map(|m| SignedInOrganization { slug: m.slug, name: m.name, role: m.role })
            .collect(),
    }))
}

/// Signs out: the session ends and its cookie goes. Without a session nothing happens.
#[utoipa::path(post, path = "/v1/sign-out", tag = "sign-in", responses(
    (status = 204, description = "Signed out"),
    (status = 403, description = "The request comes from another site's page", body = ProblemDocument, content_type = "application/problem+json"),
))]
pub async fn sign_out(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Problem> {
    match Credentials::of(&request, &state.public_url) {
        Ok(Some(Credentials::Session(token))) => end(&state, &token).await?,
        Err(problem) if actix_web::ResponseError::status_code(&problem) == StatusCode::FORBIDDEN => {
            return Err(problem);
        }
        _ => {}
    }
    let mut gone = cookie(&state, "");
    gone.make_removal();
    Ok(HttpResponse::NoContent().cookie(gone).finish())
}

fn cookie<'a>(state: &State, token: &'a str) -> Cookie<'a> {
    Cookie::build(COOKIE, token)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(state.public_url.scheme() == "https")
        .finish()
}

fn wrong() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "wrong_credentials", "The mail address or the password is wrong.")
}

async fn end(state: &State, token: &SessionToken) -> Result<(), Problem> {
    state.volatile.end_session(token).await.map_err(|error| Problem::internal(&error))
}

/// Counts a try against the account's and the address's limit. An account that does not exist has one just so.
async fn limit(state: &State, request: &HttpRequest, email: &str) -> Result<(), Problem> {
    let address = request.peer_addr().map(|peer| peer.ip().to_string()).unwrap_or_default();
    for (bucket, key, limit) in
        [("sign-in-address", address.as_str(), PER_ADDRESS), ("sign-in-account", email, PER_ACCOUNT)]
    {
        let decision = state.volatile.allow(bucket, key, limit).await.map_err(|error| Problem::internal(&error))?;
        if let Decision { allowed: false, retry_after } = decision {
            let seconds = retry_after.as_secs() + 1;
            let detail = format!("Too many tries to sign in. Wait {seconds} seconds and try again.");
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_tries", detail).retry_after(seconds));
        }
    }
    Ok(())
}

/// The account, if the password is its own.
async fn checked(state: &State, email: &str, password: SecretString) -> Result<Account, Problem> {
    let mut tx = state.store.catalog_tx().await.map_err(|error| Problem::internal(&error))?;
    let account = accounts::by_email(&mut tx, email).await.map_err(|error| Problem::internal(&error))?;
    drop(tx);
    // The hash takes 19 MiB and a core: so many at once, the others wait.
    let permit = state.hashing.clone().acquire_owned().await.map_err(|error| Problem::internal(&error))?;
    let phc = account.as_ref().map(|account| account.password_hash.clone());
    let is_right = tokio::task::spawn_blocking(move || {
        let is_right = verify_password(&password, phc.as_deref());
        drop(permit);
        is_right
    });
    let is_right = is_right.await.map_err(|error| Problem::internal(&error))?;
    account.filter(|_| is_right).ok_or_else(wrong)
}

async fn memberships(state: &State, account: &Account) -> Result<Vec<Membership>, Problem> {
    let mut tx = state.store.catalog_tx().await.map_err(|error| Problem::internal(&error))?;
    accounts::memberships(&mut tx, account.id).await.map_err(|error| Problem::internal(&error))
}
