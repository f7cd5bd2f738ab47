//! An organization's own YARA rules.

use async_graphql::{ID, Object};
use chrono::{DateTime, Utc};
use plimsoll_store::yara_rule_sets;

use crate::graphql::global_id::GlobalId;

/// A set of an organization's own YARA rules: its images are scanned by them, and it alone sees what they find.
pub struct YaraRuleSet(pub yara_rule_sets::YaraRuleSet);

/// A set of an organization's own YARA rules: its images are scanned by them, and it alone sees what they find.
#[Object]
impl YaraRuleSet {
    /// Global id.
    pub async fn id(&self) -> ID {
        GlobalId::YaraRuleSet(self.0.id).encode()
    }

    /// Its name, unique in the organization. What it finds says `NAME:RULE` as its rule.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The rules, as they were saved.
    async fn source(&self) -> &str {
        &self.0.source
    }

    /// How many rules it has.
    async fn rule_count(&self) -> i32 {
        self.0.rule_count
    }

    /// When it was first saved.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }

    /// When its rules last changed.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}
