//! Distinct package versions, as far as an organization has them.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{OrgTx, Result};

/// A package version.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its row, for joins.
    pub id: i64,
    /// Its key, hexadecimal: its name to the outside.
    pub key: String,
    /// The purl type.
    pub kind: String,
    /// The ecosystem with its release.
    pub ecosystem: Option<String>,
    /// The name as installed.
    pub name: String,
    /// The version as installed.
    pub version: String,
    /// The source package.
    pub source_name: Option<String>,
    /// Its version.
    pub source_version: Option<String>,
    /// The architecture.
    pub architecture: Option<String>,
    /// The licence as stated.
    pub license: Option<String>,
    /// The package URL.
    pub purl: Option<String>,
    /// Why it could not be judged.
    pub unknown_reason: Option<String>,
}

/// Which packages; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct PackageFilter {
    /// Of this name, its own or its source package's.
    pub name: Option<String>,
    /// Of this version.
    pub version: Option<String>,
    /// In this ecosystem, with or without the release.
    pub ecosystem: Option<String>,
    /// In this image.
    pub image: Option<Uuid>,
}

/// A place in a list of packages: name, version, row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PackageKey(pub String, pub String, pub i64);

impl Package {
    /// Its place in the list.
    pub fn place(&self) -> PackageKey {
        PackageKey(self.name.clone(), self.version.clone(), self.id)
    }
}

macro_rules! packages {
    ($tx:expr, $condition:literal, [$($argument:expr),* $(,)?]) => {
        sqlx::query_as!(
            Package,
            r#"SELECT p.id, encode(p.key, 'hex') AS "key!", p.type AS kind, p.ecosystem, p.name, p.version, p.source_name,
                      p.source_version, p.architecture, p.license, p.purl,
                      coalesce(p.unknown_reason, u.reason) AS unknown_reason
               FROM package_version p LEFT JOIN own_unjudged u ON u.org_id = $1 AND u.package_version_id = p.id
               WHERE "# + $condition,
            $tx.org().0,
            $($argument),*
        )
        .fetch_all($tx.conn())
        .await
    };
}

/// Up to `limit` distinct packages in the organization's images after the place `after`, by name and version.
#[tracing::instrument(skip_all)]
pub async fn page(
    tx: &mut OrgTx,
    filter: &PackageFilter,
    after: Option<&PackageKey>,
    limit: i64,
) -> Result<Vec<Package>> {
    Ok(packages!(
        tx,
        r#"p.id IN (SELECT ip.package_version_id FROM image i JOIN image_package ip ON ip.image_content_id = i.image_content_id
                    WHERE i.org_id = $1 AND ($2::uuid IS NULL OR i.id = $2))
           AND ($3::text IS NULL OR p.name = $3 OR p.source_name = $3)
           AND ($4::text IS NULL OR p.version = $4)
           AND ($5::text IS NULL OR p.ecosystem = $5 OR split_part(p.ecosystem, ':', 1) = $5)
           AND ($6::text IS NULL OR (p.name COLLATE "C", p.version COLLATE "C", p.id) > ($6, $7::text, $8::bigint))
           ORDER BY p.name COLLATE "C", p.version COLLATE "C", p.id LIMIT $9"#,
        [
            filter.image,
            filter.name.as_deref(),
            filter.version.as_deref(),
            filter.ecosystem.as_deref(),
            after.map(|place| place.0.as_str()),
            after.map(|place| place.1.as_str()),
            after.map(|place| place.2),
            limit
        ]
    )?)
}

/// How many distinct packages there are in the organization's images.
pub async fn count(tx: &mut OrgTx, filter: &PackageFilter) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM package_version p
           WHERE p.id IN (SELECT ip.package_version_id FROM image i
                          JOIN image_package ip ON ip.image_content_id = i.image_content_id
                          WHERE i.org_id = $1 AND ($2::uuid IS NULL OR i.id = $2))
           AND ($3::text IS NULL OR p.name = $3 OR p.source_name = $3)
           AND ($4::text IS NULL OR p.version = $4)
           AND ($5::text IS NULL OR p.ecosystem = $5 OR split_part(p.ecosystem, ':', 1) = $5)"#,
        tx.org().0,
        filter.image,
        filter.name.as_deref(),
        filter.version.as_deref(),
        filter.ecosystem.as_deref()
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Of these packages, those that one of the organization's images holds or that it has or had a finding through.
pub async fn by_ids(tx: &mut OrgTx, ids: &[i64]) -> Result<Vec<Package>> {
    Ok(packages!(
        tx,
        "p.id = ANY($2) AND (EXISTS (SELECT FROM finding f WHERE f.org_id = $1 AND f.package_version_id = p.id)
                             OR EXISTS (SELECT FROM image i JOIN image_package ip ON ip.image_content_id = i.image_content_id
                                        WHERE i.org_id = $1 AND ip.package_version_id = p.id))",
        [ids]
    )?)
}

/// The package with this key, if one of the organization's images holds it or it has or had a finding through it.
pub async fn by_key(tx: &mut OrgTx, key: &[u8]) -> Result<Option<Package>> {
    let found = packages!(
        tx,
        "p.key = $2 AND (EXISTS (SELECT FROM finding f WHERE f.org_id = $1 AND f.package_version_id = p.id)
                         OR EXISTS (SELECT FROM image i JOIN image_package ip ON ip.image_content_id = i.image_content_id
                                    WHERE i.org_id = $1 AND ip.package_version_id = p.id))",
        [key]
    )?;
    Ok(found.into_iter().next())
}
