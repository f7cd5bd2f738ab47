//! An organization's own advisories and banned packages. Whenever one changes, what its images have of its packages is matched again.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use plimsoll_advisories::content_hash;
use plimsoll_advisories::own::{self, Ban};
use plimsoll_broker::Message as _;
use plimsoll_broker::contracts::OwnAdvisoriesChangedV1;
use plimsoll_identity::Permission;
use plimsoll_model::{Advisory, Ecosystem, PackageKey};
use plimsoll_runtime::{clock, trace};
use plimsoll_store::own_advisories::{self, Changed, Holding, NewOwnAdvisory, Origin};
use plimsoll_store::{OrgTx, StoreError, outbox};
use uuid::Uuid;

use super::{UserError, not_found, tenant_named, wrong_kind};
use crate::graphql::complaint::of_store;
use crate::graphql::global_id::GlobalId;
use crate::graphql::tenant::{Asking, Tenant};
use crate::graphql::types::{OwnAdvisory, SeverityWord};

/// What an organization may hold: some hundred times what one maintains by hand, and little to match at the end of a scan.
const MOST: Holding = Holding { advisories: 5_000, affected: 50_000, bytes: 32 << 20 };
/// Complaints about one document that are told.
const MOST_COMPLAINTS: usize = 20;
/// The longest reason of a ban, in bytes.
const MAX_REASON: usize = 4_000;
const WHAT: &str = "write advisories";

/// What became of writing an own advisory.
#[derive(SimpleObject, Default)]
pub struct OwnAdvisoryPayload {
    /// The advisory as it is now, or as it was before it was deleted; null where nothing was done.
    own_advisory: Option<OwnAdvisory>,
    /// What to mend; empty where it was done.
    user_errors: Vec<UserError>,
}

impl OwnAdvisoryPayload {
    fn done(tenant: &Arc<Tenant>, row: own_advisories::OwnAdvisory) -> Self {
        let own_advisory = Some(OwnAdvisory { tenant: Arc::clone(tenant), row });
        Self { own_advisory, user_errors: Vec::new() }
    }

    fn refused(user_errors: Vec<UserError>) -> Self {
        Self { own_advisory: None, user_errors }
    }
}

/// A package that shall not be in an image.
#[derive(async_graphql::InputObject)]
pub struct BanInput {
    /// The ecosystem as OSV names it, a distribution with its release: `PyPI`, `Debian:12`.
    ecosystem: String,
    /// The package; a distribution's by its source package.
    package: String,
    /// Which of its versions, `>=2.0, <2.17.1 || 3.0`; all where not given.
    versions: Option<String>,
    /// Why, for those who have it.
    reason: String,
    /// How bad it is to have it.
    #[graphql(default_with = "SeverityWord::Critical")]
    severity: SeverityWord,
}

/// Own advisories.
#[derive(Default)]
pub struct OwnAdvisoryMutation;

/// Own advisories.
#[Object]
impl OwnAdvisoryMutation {
    /// Saves an advisory of the organization's own, in place of the one with its id. It is matched like a feed's, and seen by this organization
    /// alone. Needs the role of an owner, admin or security, or a key with the scope `ADVISE`.
    async fn save_advisory(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The advisory, JSON of the OSV schema, 128 KiB at most.")] document: String,
        #[graphql(desc = "The slug of the organization; the one that you signed in to where not given.")]
        organization: Option<String>,
    ) -> Result<OwnAdvisoryPayload> {
        let asking = Asking::of(context)?;
        let Some(tenant) = tenant_named(asking, organization.as_deref())? else {
            return Ok(OwnAdvisoryPayload::refused(vec![not_found("organization")]));
        };
        tenant.require(Permission::ManageAdvisories, WHAT)?;
        match own::read(&document) {
            Ok(advisory) => save(tenant, &advisory, &document, Origin::Document, "document").await,
            Err(wrong) => Ok(OwnAdvisoryPayload::refused(complaints("document", wrong))),
        }
    }

    /// Bans a package: whatever image has it has a finding of it, as of a malicious package. Bans it anew where it is banned already. Needs the role
    /// of an owner, admin or security, or a key with the scope `ADVISE`.
    async fn ban_package(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The package.")] ban: BanInput,
        #[graphql(desc = "The slug of the organization; the one that you signed in to where not given.")]
        organization: Option<String>,
    ) -> Result<OwnAdvisoryPayload> {
        let asking = Asking::of(context)?;
        let Some(tenant) = tenant_named(asking, organization.as_deref())? else {
            return Ok(OwnAdvisoryPayload::refused(vec![not_found("organization")]));
        };
        tenant.require(Permission::ManageAdvisories, WHAT)?;
        let (advisory, document) = match banned(&ban) {
            Ok(made) => made,
            Err(user_errors) => return Ok(OwnAdvisoryPayload::refused(user_errors)),
        };
        save(tenant, &advisory, &document, Origin::Ban, "package").await
    }

    /// Takes a package's ban back: its advisory is withdrawn, and its findings close. Needs the role of an owner, admin or security, or a key with
    /// the scope `ADVISE`.
    async fn unban_package(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The ecosystem as OSV names it, a distribution with its release.")] ecosystem: String,
        #[graphql(desc = "The package.")] package: String,
        #[graphql(desc = "The slug of the organization; the one that you signed in to where not given.")]
        organization: Option<String>,
    ) -> Result<OwnAdvisoryPayload> {
        let asking = Asking::of(context)?;
        let Some(tenant) = tenant_named(asking, organization.as_deref())? else {
            return Ok(OwnAdvisoryPayload::refused(vec![not_found("organization")]));
        };
        tenant.require(Permission::ManageAdvisories, WHAT)?;
        let name = Ban::id(&parsed(&ecosystem), &package);
        let mut tx = tenant.tx().await?;
        let held = own_advisories::by_name(&mut tx, &name).await.map_err(of_store)?;
        let Some(held) = held.filter(|held| Origin::parse(&held.origin) == Some(Origin::Ban)) else {
            return Ok(OwnAdvisoryPayload::refused(vec![not_found("package")]));
        };
        let withdrawn = own_advisories::withdraw(&mut tx, held.id).await.map_err(of_store)?;
        let Some(changed) = withdrawn else { return Ok(OwnAdvisoryPayload::refused(vec![not_found("package")])) };
        finish(tenant, tx, changed).await
    }

    /// Withdraws an own advisory: it stays to be seen, matches nothing, and its findings close. Needs the role of an owner, admin or security, or a
    /// key with the scope `ADVISE`.
    async fn withdraw_advisory(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The advisory's id.")] id: ID,
    ) -> Result<OwnAdvisoryPayload> {
        change(context, &id, Change::Withdraw).await
    }

    /// Deletes an own advisory. Its findings close, and stay to be seen. Needs the role of an owner, admin or security, or a key with the scope
    /// `ADVISE`.
    async fn delete_advisory(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The advisory's id.")] id: ID,
    ) -> Result<OwnAdvisoryPayload> {
        change(context, &id, Change::Delete).await
    }
}

#[derive(Clone, Copy)]
enum Change {
    Withdraw,
    Delete,
}

impl Change {
    async fn make(self, tx: &mut OrgTx, id: Uuid) -> Result<Option<Changed>, StoreError> {
        match self {
            Self::Withdraw => own_advisories::withdraw(tx, id).await,
            Self::Delete => own_advisories::delete(tx, id).await,
        }
    }
}

/// Changes an advisory of whichever of their organizations has it and lets them.
async fn change(context: &Context<'_>, id: &ID, change: Change) -> Result<OwnAdvisoryPayload> {
    let asking = Asking::of(context)?;
    let GlobalId::OwnAdvisory(id) = GlobalId::decode(id)? else { return Err(wrong_kind("an own advisory")) };
    asking.current()?.require(Permission::ManageAdvisories, WHAT)?;
    let may = |tenant: &&Arc<Tenant>| tenant.access.allows(Permission::ManageAdvisories);
    for tenant in asking.tenants.iter().filter(may) {
        let mut tx = tenant.tx().await?;
        if let Some(changed) = change.make(&mut tx, id).await.map_err(of_store)? {
            return finish(tenant, tx, changed).await;
        }
    }
    Ok(OwnAdvisoryPayload::refused(vec![not_found("id")]))
}

/// Saves what was read of a document; `field` is the argument that it came by.
async fn save(
    tenant: &Arc<Tenant>,
    advisory: &Advisory,
    source: &str,
    origin: Origin,
    field: &'static str,
) -> Result<OwnAdvisoryPayload> {
    let mut tx = tenant.tx().await?;
    let beside = own_advisories::holding_beside(&mut tx, &advisory.id).await.map_err(of_store)?;
    if let Some(message) = past_limit(&beside, advisory, source) {
        return Ok(OwnAdvisoryPayload::refused(vec![UserError { code: "TOO_MANY", field, message }]));
    }
    let new = NewOwnAdvisory { advisory, content_hash: content_hash(advisory), source, origin };
    let changed = own_advisories::save(&mut tx, clock::new_id(), &new).await.map_err(of_store)?;
    finish(tenant, tx, changed).await
}

/// Why an organization may not hold this one too.
fn past_limit(beside: &Holding, advisory: &Advisory, source: &str) -> Option<String> {
    let count = |of: usize| i64::try_from(of).unwrap_or(i64::MAX);
    [
        (beside.advisories + 1, MOST.advisories, "advisories"),
        (beside.affected + count(advisory.affected.len()), MOST.affected, "packages in all its advisories together"),
        (beside.bytes + count(source.len()), MOST.bytes, "bytes of documents"),
    ]
    .into_iter()
    .find(|(wanted, most, _)| wanted > most)
    .map(|(_, most, of)| format!("An organization has at most {most} {of}: delete what is no longer needed."))
}

/// Commits a change with the message that has it matched.
async fn finish(tenant: &Arc<Tenant>, mut tx: OrgTx, changed: Changed) -> Result<OwnAdvisoryPayload> {
    if changed.is_changed {
        let org = tx.org();
        let mut messages: Vec<OwnAdvisoriesChangedV1> = changed
            .touched
            .chunks(OwnAdvisoriesChangedV1::MOST_KEYS)
            .map(|keys: &[PackageKey]| OwnAdvisoriesChangedV1 { org, keys: keys.to_vec() })
            .collect();
        if messages.is_empty() {
            messages.push(OwnAdvisoriesChangedV1 { org, keys: Vec::new() });
        }
        let topic = OwnAdvisoriesChangedV1::TOPIC.name();
        outbox::write_all(&mut tx, topic, &messages, &trace::current()).await.map_err(of_store)?;
    }
    tx.commit().await.map_err(of_store)?;
    Ok(OwnAdvisoryPayload::done(tenant, changed.advisory))
}

/// The advisory that a ban is, with its document.
fn banned(ban: &BanInput) -> Result<(Advisory, String), Vec<UserError>> {
    let wrong = |field, message: String| vec![UserError { code: "BAN_INVALID", field, message }];
    let reason = ban.reason.trim();
    if reason.is_empty() || reason.len() > MAX_REASON {
        return Err(wrong("reason", format!("A reason has 1 to {MAX_REASON} bytes.")));
    }
    let ecosystem = parsed(&ban.ecosystem);
    let ban = Ban {
        ecosystem: &ecosystem,
        package: &ban.package,
        versions: ban.versions.as_deref(),
        reason,
        severity: ban.severity.into(),
    };
    let document = ban.document(clock::now()).map_err(|error| wrong("versions", error.to_string()))?;
    match own::read(&document) {
        Ok(advisory) => Ok((advisory, document)),
        Err(why) => Err(why.into_iter().take(MOST_COMPLAINTS).flat_map(|why| wrong("ban", why.to_string())).collect()),
    }
}

fn parsed(ecosystem: &str) -> Ecosystem {
    ecosystem.trim().parse().unwrap_or_else(|never: std::convert::Infallible| match never {})
}

fn complaints(field: &'static str, wrong: Vec<own::Wrong>) -> Vec<UserError> {
    let error = |wrong: own::Wrong| UserError { code: "ADVISORY_INVALID", field, message: wrong.to_string() };
    wrong.into_iter().take(MOST_COMPLAINTS).map(error).collect()
}
