//! People.

use plimsoll_model::{AccountId, OrgId};

use crate::{CatalogTx, Result};

/// What a sign-in needs of an account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its mail address, lower case.
    pub email: String,
    /// argon2id, PHC string format.
    pub password_hash: String,
}

/// An organization that an account belongs to.
#[derive(Debug, Clone)]
pub struct Membership {
    /// The organization.
    pub org: OrgId,
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The account's role in it.
    pub role: String,
}

/// The account with this mail address (lower case).
pub async fn by_email(tx: &mut CatalogTx, email: &str) -> Result<Option<Account>> {
    let row = sqlx::query!("SELECT id, email, password_hash FROM account WHERE email = $1", email)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.map(|row| Account { id: AccountId(row.id), email: row.email, password_hash: row.password_hash }))
}

/// The account with this id.
pub async fn by_id(tx: &mut CatalogTx, id: AccountId) -> Result<Option<Account>> {
    let row = sqlx::query!("SELECT id, email, password_hash FROM account WHERE id = $1", id.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(row.map(|row| Account { id: AccountId(row.id), email: row.email, password_hash: row.password_hash }))
}

/// Creates an account, or sets the password of the one that has its mail address. Only the owner's role may.
pub async fn create(tx: &mut CatalogTx, account: &Account) -> Result<AccountId> {
    let id = sqlx::query_scalar!(
        "INSERT INTO account (id, email, password_hash) VALUES ($1, $2, $3)
         ON CONFLICT (email) DO UPDATE SET password_hash = excluded.password_hash RETURNING id",
        account.id.0,
        account.email,
        account.password_hash
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(AccountId(id))
}

/// The organizations of an account, by slug.
pub async fn memberships(tx: &mut CatalogTx, account: AccountId) -> Result<Vec<Membership>> {
    let rows = sqlx::query!(
        r#"SELECT org_id AS "org_id!", slug AS "slug!", name AS "name!", role AS "role!" FROM memberships_of($1)"#,
        account.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Membership { org: OrgId(row.org_id), slug: row.slug, name: row.name, role: row.role })
        .collect())
}
