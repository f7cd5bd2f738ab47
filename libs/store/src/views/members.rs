//! The people of an organization.

use chrono::{DateTime, Utc};
use plimsoll_model::AccountId;

use crate::{OrgTx, Result};

/// A person with their role in the organization.
#[derive(Debug, Clone)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// Its mail address.
    pub email: String,
    /// The role.
    pub role: String,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Up to `limit` members after the mail address `after`, in byte order.
pub async fn page(tx: &mut OrgTx, after: Option<&str>, limit: i64) -> Result<Vec<Member>> {
    Ok(sqlx::query_as!(
        Member,
        r#"SELECT a.id AS account, a.email, m.role, m.created_at AS since
           FROM membership m JOIN account a ON a.id = m.account_id
           WHERE m.org_id = $1 AND ($2::text IS NULL OR a.email COLLATE "C" > $2)
           ORDER BY a.email COLLATE "C" LIMIT $3"#,
        tx.org().0,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many members there are.
pub async fn count(tx: &mut OrgTx) -> Result<i64> {
    Ok(sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM membership WHERE org_id = $1"#, tx.org().0)
        .fetch_one(tx.conn())
        .await?)
}
