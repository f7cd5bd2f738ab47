//! The client: which registry, with which credentials, and what it has learnt of both.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::HeaderValue;
use url::Url;

use super::{ClientOptions, Credentials, RegistryError};
use crate::reference::excerpt;
use crate::{Reference, RepositoryName};

/// A client of one registry. Cheap to clone; clones share tokens and connections.
#[derive(Clone)]
pub struct RegistryClient {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) http: reqwest::Client,
    pub(super) base: Url,
    pub(super) credentials: Credentials,
    pub(super) options: ClientOptions,
    /// `Authorization` by scope, as the registry last wanted it.
    authorizations: Mutex<HashMap<String, HeaderValue>>,
}

impl RegistryClient {
    /// A client of the registry at `host` (`registry-1.docker.io`, `localhost:5000`). `http` is best made by [`super::http_client`]: one that
    /// follows redirects by itself is noticed and refused.
    ///
    /// https is spoken, but to the loopback (`localhost`, `127.0.0.0/8`, `[::1]`) and where [`ClientOptions::is_plain_http`] says otherwise.
    ///
    /// # Errors
    /// [`RegistryError::InvalidHost`].
    pub fn new(
        http: reqwest::Client,
        host: &str,
        credentials: Credentials,
        options: ClientOptions,
    ) -> Result<Self, RegistryError> {
        let invalid = || RegistryError::InvalidHost(excerpt(host));
        if host.contains(['/', '@', '?', '#', '\\']) {
            return Err(invalid());
        }
        let parsed = Url::parse(&format!("https://{host}/v2/")).map_err(|_| invalid())?;
        if parsed.path() != "/v2/" {
            // Without a host, the path's first part would be taken for one.
            return Err(invalid());
        }
        let is_plain = options.is_plain_http || is_loopback(&parsed);
        let base = if is_plain { Url::parse(&format!("http://{host}/v2/")).map_err(|_| invalid())? } else { parsed };
        let shared = Shared { http, base, credentials, options, authorizations: Mutex::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A client of the registry that a reference names.
    ///
    /// # Errors
    /// As [`RegistryClient::new`].
    pub fn for_reference(
        http: reqwest::Client,
        reference: &Reference,
        credentials: Credentials,
        options: ClientOptions,
    ) -> Result<Self, RegistryError> {
        Self::new(http, reference.registry_host(), credentials, options)
    }

    /// `<base>/<repository>/<rest>`. The parts come from types whose grammar needs no escaping.
    pub(super) fn url(&self, repository: &RepositoryName, rest: fmt::Arguments<'_>) -> Result<Url, RegistryError> {
        let joined = self.shared.base.join(&format!("{repository}/{rest}"));
        joined.map_err(|_| RegistryError::InvalidHost(excerpt(self.shared.base.as_str())))
    }

    pub(super) fn authorization(&self, scope: &str) -> Option<HeaderValue> {
        let known = self.shared.authorizations.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(scope).cloned()
    }

    pub(super) fn remember_authorization(&self, scope: &str, value: HeaderValue) {
        let mut known = self.shared.authorizations.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(scope.to_owned(), value);
    }

    pub(super) fn forget_authorization(&self, scope: &str) {
        self.shared.authorizations.lock().unwrap_or_else(PoisonError::into_inner).remove(scope);
    }
}

impl fmt::Debug for RegistryClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RegistryClient").field("base", &self.shared.base.as_str()).finish_non_exhaustive()
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}
