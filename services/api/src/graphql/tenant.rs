//! An organization, for one request: whose transaction a field reads in, and what the fields of that request load together.

use std::any::TypeId;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::dataloader::{DataLoader, HashMapCache, Loader};
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest};
use async_graphql::{Context, Error, Request, Result, ServerResult};
use futures::future::BoxFuture;
use plimsoll_identity::Permission;
use plimsoll_store::{OrgTx, Store};

use super::complaint::{complaint, forbidden, of_store};
use super::loaders::Reads;
use crate::server::State;
use crate::viewer::{Access, Identity, Viewer};

/// An organization that who asks belongs to.
pub struct Tenant {
    /// What they are in it.
    pub access: Access,
    store: Store,
    loader: DataLoader<Reads, HashMapCache>,
}

/// How often the fields of a request get their turn before what they asked for is loaded. A list of more than thirty is resolved a
/// few elements at a turn, and each of a page's 200 shall ask first; nobody waits for a clock.
const TURNS: usize = 128;

async fn after_all_have_asked(load: BoxFuture<'static, ()>) {
    for _ in 0..TURNS {
        tokio::task::yield_now().await;
    }
    load.await;
}

impl Tenant {
    fn new(access: Access, store: Store) -> Arc<Self> {
        let reads = Reads { store: store.clone(), org: access.org };
        let patient = |load: BoxFuture<'static, ()>| tokio::spawn(after_all_have_asked(load));
        let loader = DataLoader::with_cache(reads, patient, HashMapCache::default()).delay(Duration::ZERO);
        Arc::new(Self { access, store, loader })
    }

    /// The same, with nothing loaded yet: for what lasts longer than a request.
    pub fn anew(&self) -> Arc<Self> {
        Self::new(self.access.clone(), self.store.clone())
    }

    /// A transaction that sees this organization's rows and no others.
    pub async fn tx(&self) -> Result<OrgTx> {
        self.store.org_tx(self.access.org).await.map_err(of_store)
    }

    /// What hangs on a key, read together with what the request's other fields want of the kind.
    pub async fn load<K>(&self, key: K) -> Result<Option<<Reads as Loader<K>>::Value>>
    where
        K: Send + Sync + std::hash::Hash + Eq + Clone + 'static,
        Reads: Loader<K, Error = Error>,
    {
        self.loader.load_one(key).await
    }

    /// Nothing, if they may do this here.
    ///
    /// # Errors
    /// When they may not; `what` says what.
    pub fn require(&self, permission: Permission, what: &str) -> Result<()> {
        if self.access.allows(permission) { Ok(()) } else { Err(forbidden(what, permission)) }
    }

    /// Nothing, if they may read here.
    ///
    /// # Errors
    /// When they may not.
    pub fn require_reading(&self) -> Result<()> {
        self.require(Permission::ReadFindings, "read")
    }
}

/// Who asks, with their organizations, for one request.
pub struct Asking {
    /// The person or the key.
    pub identity: Identity,
    /// Their organizations, the session's first.
    pub tenants: Vec<Arc<Tenant>>,
}

impl Asking {
    /// Who asks, with nothing loaded yet.
    fn new(viewer: Viewer, store: &Store) -> Self {
        let tenants = viewer.accesses.into_iter().map(|access| Tenant::new(access, store.clone())).collect();
        Self { identity: viewer.identity, tenants }
    }

    /// Who asks.
    ///
    /// # Errors
    /// When nobody is signed in.
    pub fn of<'a>(context: &Context<'a>) -> Result<&'a Self> {
        context
            .data_opt::<Self>()
            .ok_or_else(|| complaint("UNAUTHENTICATED", "Sign in, or send an API key: Authorization: Bearer plim_..."))
    }

    /// The organization of this slug, if they belong to it.
    pub fn tenant(&self, slug: &str) -> Option<&Arc<Tenant>> {
        self.tenants.iter().find(|tenant| tenant.access.slug == slug)
    }

    /// The organization that the session works in, or the key belongs to.
    ///
    /// # Errors
    /// When there is none, which does not happen.
    pub fn current(&self) -> Result<&Arc<Tenant>> {
        self.tenants.first().ok_or_else(|| complaint("UNAUTHENTICATED", "You belong to no organization."))
    }
}

/// Gives each operation its own [`Asking`], of the [`Viewer`] that came with its request or speaks on its socket: what one
/// operation has loaded is old for the next.
pub struct AskingOfViewer;

impl ExtensionFactory for AskingOfViewer {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait::async_trait]
impl Extension for AskingOfViewer {
    async fn prepare_request(
        &self,
        context: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let of_request = request.data.get(&TypeId::of::<Viewer>()).and_then(|viewer| viewer.downcast_ref::<Viewer>());
        let asking = of_request
            .or_else(|| context.data_opt::<Viewer>())
            .zip(context.data_opt::<State>())
            .map(|(viewer, state)| Asking::new(viewer.clone(), &state.store));
        let request = match asking {
            Some(asking) => request.data(asking),
            None => request,
        };
        next.run(context, request).await
    }
}
