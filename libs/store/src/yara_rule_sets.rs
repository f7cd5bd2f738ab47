//! Organizations' own YARA rules.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::{OrgTx, Result};

/// A set of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YaraRuleSet {
    /// Its id.
    pub id: Uuid,
    /// Its name, unique in its organization.
    pub name: String,
    /// The rules, as they were written.
    pub source: String,
    /// How many rules.
    pub rule_count: i32,
    /// When it was first saved.
    pub created_at: DateTime<Utc>,
    /// When its rules last changed.
    pub updated_at: DateTime<Utc>,
}

/// The sets of the transaction's organization, by name.
pub async fn all(tx: &mut OrgTx) -> Result<Vec<YaraRuleSet>> {
    Ok(sqlx::query_as!(
        YaraRuleSet,
        "SELECT id, name, source, rule_count, created_at, updated_at FROM yara_rule_set WHERE org_id = $1 ORDER BY name",
        tx.org().0
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The set with this id.
pub async fn by_id(tx: &mut OrgTx, id: Uuid) -> Result<Option<YaraRuleSet>> {
    Ok(sqlx::query_as!(
        YaraRuleSet,
        "SELECT id, name, source, rule_count, created_at, updated_at FROM yara_rule_set WHERE org_id = $1 AND id = $2",
        tx.org().0,
        id
    )
    .fetch_optional(tx.conn())
    .await?)
}

/// Saves a set, in place of the one with this name if there is one; `new` is its id if there is none.
pub async fn save(tx: &mut OrgTx, new: Uuid, name: &str, source: &str, rule_count: i32) -> Result<YaraRuleSet> {
    Ok(sqlx::query_as!(
        YaraRuleSet,
        "INSERT INTO yara_rule_set (org_id, id, name, source, rule_count) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (org_id, name) DO UPDATE SET source = $4, rule_count = $5, updated_at = now()
         RETURNING id, name, source, rule_count, created_at, updated_at",
        tx.org().0,
        new,
        name,
        source,
        rule_count
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Deletes a set; the set as it was, or `None` where there is none.
pub async fn delete(tx: &mut OrgTx, id: Uuid) -> Result<Option<YaraRuleSet>> {
    Ok(sqlx::query_as!(
        YaraRuleSet,
        "DELETE FROM yara_rule_set WHERE org_id = $1 AND id = $2
         RETURNING id, name, source, rule_count, created_at, updated_at",
        tx.org().0,
        id
    )
    .fetch_optional(tx.conn())
    .await?)
}
