//! An organization's own YARA rules. Whenever they change, all its images are scanned by them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Result, SimpleObject};
use plimsoll_broker::Message as _;
use plimsoll_broker::contracts::ScanImageV1;
use plimsoll_identity::Permission;
use plimsoll_malware::{RuleSet, RuleSetError, RuleSources, SourceLimits};
use plimsoll_runtime::{clock, trace};
use plimsoll_store::{OrgTx, StoreError, images, outbox, yara_rule_sets};

use super::{UserError, not_found, tenant_named, wrong_kind};
use crate::graphql::complaint::{internal, of_store};
use crate::graphql::global_id::GlobalId;
use crate::graphql::tenant::{Asking, Tenant};
use crate::graphql::types::YaraRuleSet;

/// How many sets an organization may have: each file of its images is held against all of them.
const MOST_SETS: usize = 20;
/// Complaints about one set that are told.
const MOST_COMPLAINTS: usize = 20;

/// What became of saving a set of rules.
#[derive(SimpleObject, Default)]
pub struct SaveYaraRuleSetPayload {
    /// The set as it is now; null where nothing was saved.
    yara_rule_set: Option<YaraRuleSet>,
    /// How many images are scanned again for it.
    rescanned_images: u32,
    /// What to mend, each rule that does not compile; empty where it was done.
    user_errors: Vec<UserError>,
}

/// What became of deleting a set of rules.
#[derive(SimpleObject, Default)]
pub struct DeleteYaraRuleSetPayload {
    /// The set as it was; null where there is none.
    yara_rule_set: Option<YaraRuleSet>,
    /// How many images are scanned again: what it found goes with it.
    rescanned_images: u32,
    /// What to mend; empty where it was done.
    user_errors: Vec<UserError>,
}

/// YARA rules.
#[derive(Default)]
pub struct YaraRuleSetMutation;

/// YARA rules.
#[Object]
impl YaraRuleSetMutation {
    /// Saves a set of the organization's own YARA rules, in place of the one with this name, and has all its images scanned by them. What they find is
    /// seen by this organization alone. Needs the role of an owner, admin or security.
    async fn save_yara_rule_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "Its name: 1 to 60 letters, digits, '-', '_' and '.'.")] name: String,
        #[graphql(desc = "The rules, in YARA's language. Each must compile; none may include another file.")]
        source: String,
        #[graphql(desc = "The slug of the organization; the one that you signed in to where not given.")]
        organization: Option<String>,
    ) -> Result<SaveYaraRuleSetPayload> {
        let asking = Asking::of(context)?;
        let Some(tenant) = tenant_named(asking, organization.as_deref())? else {
            return Ok(SaveYaraRuleSetPayload { user_errors: vec![not_found("organization")], ..Default::default() });
        };
        tenant.require(Permission::ManageRules, "change malware rules")?;
        let (of_name, text) = (name.clone(), source.clone());
        let checked = tokio::task::spawn_blocking(move || compiled(&of_name, &text)).await;
        let rule_count = match checked.map_err(|error| internal(&error))? {
            Ok(rules) => i32::try_from(rules).unwrap_or(i32::MAX),
            Err(user_errors) => return Ok(SaveYaraRuleSetPayload { user_errors, ..Default::default() }),
        };
        let mut tx = tenant.tx().await?;
        let held = yara_rule_sets::all(&mut tx).await.map_err(of_store)?;
        if held.len() >= MOST_SETS && held.iter().all(|set| set.name != name) {
            let message = format!("An organization has at most {MOST_SETS} sets: delete one, or join two.");
            let user_errors = vec![UserError { code: "TOO_MANY", field: "name", message }];
            return Ok(SaveYaraRuleSetPayload { user_errors, ..Default::default() });
        }
        // A pipeline may save what it has again and again: what is the same needs no scan.
        if let Some(same) = held.into_iter().find(|set| set.name == name && set.source == source) {
            return Ok(SaveYaraRuleSetPayload { yara_rule_set: Some(YaraRuleSet(same)), ..Default::default() });
        }
        let saved =
            yara_rule_sets::save(&mut tx, clock::new_id(), &name, &source, rule_count).await.map_err(of_store)?;
        let rescanned_images = rescan_all(&mut tx).await.map_err(of_store)?;
        tx.commit().await.map_err(of_store)?;
        Ok(SaveYaraRuleSetPayload {
            yara_rule_set: Some(YaraRuleSet(saved)),
            rescanned_images,
            user_errors: Vec::new(),
        })
    }

    /// Deletes a set of the organization's own YARA rules, with what they found. Needs the role of an owner, admin or security.
    async fn delete_yara_rule_set(
        &self,
        context: &Context<'_>,
        #[graphql(desc = "The set's id.")] id: ID,
    ) -> Result<DeleteYaraRuleSetPayload> {
        let asking = Asking::of(context)?;
        let GlobalId::YaraRuleSet(id) = GlobalId::decode(&id)? else { return Err(wrong_kind("a set of YARA rules")) };
        asking.current()?.require(Permission::ManageRules, "change malware rules")?;
        let may = |tenant: &&Arc<Tenant>| tenant.access.allows(Permission::ManageRules);
        for tenant in asking.tenants.iter().filter(may) {
            let mut tx = tenant.tx().await?;
            let Some(deleted) = yara_rule_sets::delete(&mut tx, id).await.map_err(of_store)? else { continue };
            let rescanned_images = rescan_all(&mut tx).await.map_err(of_store)?;
            tx.commit().await.map_err(of_store)?;
            let yara_rule_set = Some(YaraRuleSet(deleted));
            return Ok(DeleteYaraRuleSetPayload { yara_rule_set, rescanned_images, user_errors: Vec::new() });
        }
        Ok(DeleteYaraRuleSetPayload { user_errors: vec![not_found("id")], ..Default::default() })
    }
}

/// How many rules there are, or what is wrong with them.
fn compiled(name: &str, source: &str) -> Result<usize, Vec<UserError>> {
    let limits = SourceLimits::organization();
    let wrong = |message: String| vec![UserError { code: "RULES_INVALID", field: "source", message }];
    let sources = RuleSources::of_text(name, source, &limits).map_err(|error| wrong(error.to_string()))?;
    let rules = match RuleSet::compile(name, sources, &limits) {
        Ok(rules) => rules,
        Err(error @ RuleSetError::Name) => {
            return Err(vec![UserError { code: "NAME_INVALID", field: "name", message: error.to_string() }]);
        }
        Err(RuleSetError::NoRules(skipped)) if !skipped.is_empty() => {
            return Err(skipped.iter().take(MOST_COMPLAINTS).flat_map(|rule| wrong(rule.to_string())).collect());
        }
        Err(error) => return Err(wrong(error.to_string())),
    };
    let skipped = &rules.report().skipped;
    if skipped.is_empty() {
        return Ok(rules.report().rules);
    }
    Err(skipped.iter().take(MOST_COMPLAINTS).flat_map(|rule| wrong(rule.to_string())).collect())
}

/// Queues a scan of each of the organization's images; how many.
async fn rescan_all(tx: &mut OrgTx) -> Result<u32, StoreError> {
    let org = tx.org();
    let queued = images::queue_all_scans(tx).await?;
    let messages: Vec<ScanImageV1> =
        queued.into_iter().map(|(image, digest)| ScanImageV1 { org, image, digest }).collect();
    outbox::write_all(tx, ScanImageV1::TOPIC.name(), &messages, &trace::current()).await?;
    Ok(u32::try_from(messages.len()).unwrap_or(u32::MAX))
}
