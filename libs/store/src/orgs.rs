//! Organizations and who belongs to them.

use plimsoll_model::{AccountId, OrgId};

use crate::{CatalogTx, OrgTx, Result};

/// An organization.
#[derive(Debug, Clone)]
pub struct Org {
    /// Its id.
    pub id: OrgId,
    /// Its name in addresses and repository names.
    pub slug: String,
    /// Its name for people.
    pub name: String,
}

/// The transaction's organization, if it exists.
pub async fn current(tx: &mut OrgTx) -> Result<Option<Org>> {
    let row =
        sqlx::query!("SELECT id, slug, name FROM org WHERE id = $1", tx.org().0).fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| Org { id: OrgId(row.id), slug: row.slug, name: row.name }))
}

/// Every organization's id. For the roles that re-match and scan; others see none.
pub async fn all(tx: &mut CatalogTx) -> Result<Vec<OrgId>> {
    Ok(sqlx::query_scalar!("SELECT id FROM org ORDER BY id")
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(OrgId)
        .collect())
}

/// Creates the transaction's organization, or gives the one that has its slug. Only the owner's role may.
pub async fn create(tx: &mut CatalogTx, org: &Org) -> Result<OrgId> {
    sqlx::query!(
        "INSERT INTO org (id, slug, name) VALUES ($1, $2, $3) ON CONFLICT (slug) DO NOTHING",
        org.id.0,
        org.slug,
        org.name
    )
    .execute(tx.conn())
    .await?;
    Ok(OrgId(sqlx::query_scalar!("SELECT id FROM org WHERE slug = $1", org.slug).fetch_one(tx.conn()).await?))
}

/// The id of the organization with this slug. Only the owner's role may ask.
pub async fn by_slug(tx: &mut CatalogTx, slug: &str) -> Result<Option<OrgId>> {
    Ok(sqlx::query_scalar!("SELECT id FROM org WHERE slug = $1", slug).fetch_optional(tx.conn()).await?.map(OrgId))
}

/// Gives an account a role in an organization. Only the owner's role may.
pub async fn set_membership(tx: &mut CatalogTx, org: OrgId, account: AccountId, role: &str) -> Result<()> {
    sqlx::query!(
        "INSERT INTO membership (org_id, account_id, role) VALUES ($1, $2, $3)
         ON CONFLICT (org_id, account_id) DO UPDATE SET role = excluded.role",
        org.0,
        account.0,
        role
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
