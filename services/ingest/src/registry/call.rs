//! A request whose sender is known, and the repository that it is about.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::Data;
use plimsoll_identity::Action;
use plimsoll_model::RepositoryId;
use plimsoll_oci::RepositoryName;
use plimsoll_store::{OrgTx, repositories};

use super::challenge::bearer;
use super::error::RegistryError;
use super::query::Query;
use super::route::Route;
use crate::caller::{Caller, NotAccepted, authenticate};
use crate::ingest::Ingest;
use crate::pace;

/// A request whose sender is known.
pub(super) struct Call<'a> {
    pub(super) ingest: &'a Data<Ingest>,
    pub(super) http: &'a HttpRequest,
    pub(super) caller: Caller,
    pub(super) query: Query,
}

/// A repository as a request names it: it need not exist.
pub(super) struct Target {
    /// As in the URL, the organization's part first.
    pub(super) full_name: String,
    /// As the organization calls it.
    pub(super) name: String,
}

impl<'a> Call<'a> {
    /// Finds out who asks, and whether they may ask any more now.
    pub(super) async fn begin(
        ingest: &'a Data<Ingest>,
        http: &'a HttpRequest,
        route: &Route<'_>,
    ) -> Result<Self, RegistryError> {
        let caller = authenticate(ingest, http.headers()).await.map_err(|why| refused(ingest, http, route, why))?;
        tracing::Span::current().record("org", tracing::field::display(&caller.org_slug));
        if let Some(seconds) = pace::seconds_to_wait(ingest, &caller).await {
            return Err(RegistryError::too_many_requests(seconds));
        }
        Ok(Self { ingest, http, caller, query: Query::parse(http.query_string()) })
    }

    /// Refuses unless the caller may do one of `actions` to the repository. `needed` is what a token is asked for, as in a scope.
    pub(super) fn require(&self, target: &Target, actions: &[Action], needed: &str) -> Result<(), RegistryError> {
        if actions.iter().any(|action| self.caller.may(*action, &target.full_name)) {
            return Ok(());
        }
        let text = format!(
            "not allowed to {needed} in {}: this takes an API key with the scope '{}'",
            target.full_name,
            if needed == PULL { "read" } else { "push" },
        );
        if self.caller.has_token() {
            // The token may be narrower than its key: a client asks for a wider one.
            let scope = Some((target.full_name.as_str(), needed));
            let challenge = bearer(&self.ingest.public_url, scope, Some("insufficient_scope"));
            return Err(RegistryError::unauthorized(text, challenge));
        }
        Err(RegistryError::denied(text))
    }

    /// Refuses unless the caller may read the repository.
    pub(super) fn require_pull(&self, target: &Target) -> Result<(), RegistryError> {
        // Who pushes asks first what is there already.
        let may_look = self.http.method() == Method::HEAD;
        self.require(target, if may_look { &[Action::Pull, Action::Push] } else { &[Action::Pull] }, PULL)
    }

    /// Refuses unless the caller may write to the repository.
    pub(super) fn require_push(&self, target: &Target) -> Result<(), RegistryError> {
        self.require(target, &[Action::Push], PUSH)
    }

    /// Refuses unless the caller may remove from the repository.
    pub(super) fn require_delete(&self, target: &Target) -> Result<(), RegistryError> {
        self.require(target, &[Action::Delete], DELETE)
    }

    /// A transaction for the caller's organization.
    pub(super) async fn tx(&self) -> Result<OrgTx, RegistryError> {
        Ok(self.ingest.store.org_tx(self.caller.org).await?)
    }
}

const PULL: &str = "pull";
const PUSH: &str = "pull,push";
const DELETE: &str = "delete";

impl Target {
    /// The repository of this name, in the caller's organization. Below another organization's name nothing is known.
    pub(super) fn of(call: &Call<'_>, full_name: &str) -> Result<Self, RegistryError> {
        let parsed: RepositoryName = full_name.parse().map_err(|error| RegistryError::name_invalid(&error))?;
        match parsed.as_str().split_once('/') {
            Some((slug, name)) if slug == call.caller.org_slug => {
                Ok(Self { full_name: full_name.to_owned(), name: name.to_owned() })
            }
            _ => Err(RegistryError::name_unknown()),
        }
    }

    /// Its id, where it exists.
    pub(super) async fn find(&self, tx: &mut OrgTx) -> Result<Option<RepositoryId>, RegistryError> {
        Ok(repositories::find(tx, &self.name).await?)
    }

    /// Its id.
    pub(super) async fn get(&self, tx: &mut OrgTx) -> Result<RepositoryId, RegistryError> {
        self.find(tx).await?.ok_or_else(RegistryError::name_unknown)
    }
}

/// The answer to somebody who is not known.
fn refused(ingest: &Ingest, http: &HttpRequest, route: &Route<'_>, why: NotAccepted) -> RegistryError {
    let (text, error) = match why {
        NotAccepted::Store(error) => return error.into(),
        NotAccepted::Missing => ("sign in: an API key is the password, the user name is not looked at", None),
        NotAccepted::Key => ("this API key does not work; make a new one in the organization's settings", None),
        NotAccepted::Token => ("this token does not work, or no longer; ask for a new one", Some("invalid_token")),
    };
    // A name goes into the header only if it is one.
    let name = match route {
        Route::Repository(name, _) => name.parse::<RepositoryName>().ok(),
        _ => None,
    };
    let actions = match *http.method() {
        Method::GET | Method::HEAD => PULL,
        Method::DELETE => DELETE,
        _ => PUSH,
    };
    let scope = name.as_ref().map(|name| (name.as_str(), actions));
    RegistryError::unauthorized(text, bearer(&ingest.public_url, scope, error))
}
