//! What can be asked.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use plimsoll_identity::Permission;
use plimsoll_model::{ApiKeyId, ImageId, RepositoryId};
use plimsoll_store::views::{api_keys, feeds, packages, vulnerabilities};
use plimsoll_store::{accounts, own_advisories, vex_documents, yara_rule_sets};

use super::complaint::{internal, of_store};
use super::global_id::GlobalId;
use super::loaders::{FindingOf, ImageOf, RepositoryOf};
use super::tenant::{Asking, Tenant};
use super::types::{
    ApiKey, Feed, Finding, Image, MemberRole, Node, Organization, OwnAdvisory, Package, Repository, Scope, VexDocument,
    Vulnerability, YaraRuleSet,
};
use crate::server::State;
use crate::viewer::{Identity, Standing};

/// What can be asked.
pub struct Query;

/// Who asks.
pub struct Viewer;

/// A person.
#[derive(SimpleObject)]
pub struct Account {
    /// Their mail address.
    email: String,
}

/// An API key that asks.
#[derive(SimpleObject)]
pub struct ViewerKey {
    /// Global id.
    id: ID,
    /// Its name for people.
    name: String,
    /// What it may be used for.
    scopes: Vec<Scope>,
}

/// An organization that you belong to, with your role there.
#[derive(SimpleObject)]
pub struct Belonging {
    /// The organization.
    organization: Organization,
    /// Your role in it; null for an API key.
    role: Option<MemberRole>,
}

/// Who asks.
#[Object]
impl Viewer {
    /// The person who is signed in; null for an API key.
    async fn account(&self, context: &Context<'_>) -> Result<Option<Account>> {
        let Identity::Account(id) = Asking::of(context)?.identity else { return Ok(None) };
        let state = context.data::<State>()?;
        let mut tx = state.store.catalog_tx().await.map_err(of_store)?;
        let account = accounts::by_id(&mut tx, id).await.map_err(of_store)?;
        Ok(account.map(|account| Account { email: account.email }))
    }

    /// The API key that asks; null for a person.
    async fn api_key(&self, context: &Context<'_>) -> Result<Option<ViewerKey>> {
        let asking = Asking::of(context)?;
        let Identity::Key { id, name } = &asking.identity else { return Ok(None) };
        let scopes = match &asking.current()?.access.standing {
            Standing::Key(scopes) => scopes.iter().copied().map(Scope::from).collect(),
            Standing::Member(_) => Vec::new(),
        };
        Ok(Some(ViewerKey { id: GlobalId::ApiKey(id.0).encode(), name: name.clone(), scopes }))
    }

    /// The organizations that you belong to, the one that you signed in to first.
    async fn organizations(&self, context: &Context<'_>) -> Result<Vec<Belonging>> {
        let belonging = |tenant: &Arc<Tenant>| Belonging {
            organization: Organization(Arc::clone(tenant)),
            role: match &tenant.access.standing {
                Standing::Member(role) => Some((*role).into()),
                Standing::Key(_) => None,
            },
        };
        Ok(Asking::of(context)?.tenants.iter().map(belonging).collect())
    }
}

/// What can be asked.
#[Object]
impl Query {
    /// You; null where nobody is signed in.
    async fn viewer(&self, context: &Context<'_>) -> Option<Viewer> {
        Asking::of(context).is_ok().then_some(Viewer)
    }

    /// The organization of this slug; null where there is none that you belong to.
    async fn organization(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its slug.")] slug: String,
    ) -> Result<Option<Organization>> {
        Ok(Asking::of(context)?.tenant(&slug).map(|tenant| Organization(Arc::clone(tenant))))
    }

    /// The object with this global id; null where there is none that you may see.
    async fn node(&self, context: &Context<'_>, #[graphql(desc = "Its id.")] id: ID) -> Result<Option<Node>> {
        let asking = Asking::of(context)?;
        let id = GlobalId::decode(&id)?;
        for tenant in &asking.tenants {
            if let Some(found) = node(tenant, &id).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Where knowledge of vulnerabilities comes from and how fresh it is: each document of each feed.
    #[graphql(complexity = "200usize.saturating_mul(child_complexity)")]
    async fn feeds(&self, context: &Context<'_>) -> Result<Vec<Feed>> {
        Asking::of(context)?;
        let state = context.data::<State>()?;
        let mut tx = state.store.catalog_tx().await.map_err(of_store)?;
        Ok(feeds::all(&mut tx).await.map_err(of_store)?.into_iter().map(Feed).collect())
    }
}

/// The object, as far as who asks may see it in this organization.
async fn node(tenant: &Arc<Tenant>, id: &GlobalId) -> Result<Option<Node>> {
    if let GlobalId::Organization(id) = id {
        return Ok((tenant.access.org.0 == *id).then(|| Node::from(Organization(Arc::clone(tenant)))));
    }
    let needed = if matches!(id, GlobalId::ApiKey(_)) { Permission::ManageKeys } else { Permission::ReadFindings };
    if !tenant.access.allows(needed) {
        return Ok(None);
    }
    let here = || Arc::clone(tenant);
    Ok(match id {
        GlobalId::Organization(_) => return Err(internal(&"an organization's id after all")),
        GlobalId::Repository(id) => {
            let row = tenant.load(RepositoryOf(RepositoryId(*id))).await?;
            row.map(|row| Repository { tenant: here(), row }.into())
        }
        GlobalId::Image(id) => {
            tenant.load(ImageOf(ImageId(*id))).await?.map(|row| Box::new(Image { tenant: here(), row }).into())
        }
        GlobalId::Package(key) => {
            let row = packages::by_key(&mut tenant.tx().await?, key).await.map_err(of_store)?;
            row.map(|row| Package(row).into())
        }
        GlobalId::Vulnerability(name) => {
            let row = vulnerabilities::by_name(&mut tenant.tx().await?, name).await.map_err(of_store)?;
            row.map(|row| Box::new(Vulnerability { tenant: here(), row }).into())
        }
        GlobalId::Finding(id) => {
            let row = tenant.load(FindingOf(*id)).await?;
            row.map(|row| Box::new(Finding { tenant: here(), row }).into())
        }
        GlobalId::ApiKey(id) => {
            let row = api_keys::by_id(&mut tenant.tx().await?, ApiKeyId(*id)).await.map_err(of_store)?;
            row.map(|row| ApiKey(row).into())
        }
        GlobalId::YaraRuleSet(id) => {
            let row = yara_rule_sets::by_id(&mut tenant.tx().await?, *id).await.map_err(of_store)?;
            row.map(|row| YaraRuleSet(row).into())
        }
        GlobalId::OwnAdvisory(id) => {
            let row = own_advisories::by_id(&mut tenant.tx().await?, *id).await.map_err(of_store)?;
            row.map(|row| Box::new(OwnAdvisory { tenant: here(), row }).into())
        }
        GlobalId::VexDocument(id) => {
            let row = vex_documents::by_id(&mut tenant.tx().await?, *id).await.map_err(of_store)?;
            row.map(|row| Box::new(VexDocument { tenant: here(), row }).into())
        }
    })
}
