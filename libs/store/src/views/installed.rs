//! Packages as they lie in images: at a path, since a layer.

use plimsoll_model::ImageId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::views::packages::Package;
use crate::{OrgTx, Result};

/// A package in an image.
#[derive(Debug, Clone)]
pub struct Installed {
    /// The image.
    pub image: ImageId,
    /// The package.
    pub package: Package,
    /// The file that shows it.
    pub path: String,
    /// The layer that brought it.
    pub layer: i32,
}

/// A place in a list of an image's packages: name, version, path, row.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InstalledKey(pub String, pub String, pub String, pub i64);

impl Installed {
    /// Its place in the list.
    pub fn place(&self) -> InstalledKey {
        InstalledKey(self.package.name.clone(), self.package.version.clone(), self.path.clone(), self.package.id)
    }
}

/// Which packages; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct InstalledFilter {
    /// Of this name, its own or its source package's.
    pub name: Option<String>,
    /// In this ecosystem, with or without the release.
    pub ecosystem: Option<String>,
}

/// For each of these images, up to `limit` packages after the place `after`, by name, version and path.
#[tracing::instrument(skip_all)]
pub async fn pages(
    tx: &mut OrgTx,
    images: &[Uuid],
    filter: &InstalledFilter,
    after: Option<&InstalledKey>,
    limit: i64,
) -> Result<Vec<Installed>> {
    let rows = sqlx::query!(
        r#"SELECT i.id AS image, x.id, encode(x.key, 'hex') AS "key!", x.type AS kind, x.ecosystem, x.name, x.version,
                  x.source_name, x.source_version, x.architecture, x.license, x.purl,
                  coalesce(x.unknown_reason, u.reason) AS unknown_reason, x.path, x.layer
           FROM image i
           CROSS JOIN LATERAL (
               SELECT p.*, ip.path, ip.layer FROM image_package ip JOIN package_version p ON p.id = ip.package_version_id
               WHERE ip.image_content_id = i.image_content_id
                 AND ($3::text IS NULL OR p.name = $3 OR p.source_name = $3)
                 AND ($4::text IS NULL OR p.ecosystem = $4 OR split_part(p.ecosystem, ':', 1) = $4)
                 AND ($5::text IS NULL OR (p.name COLLATE "C", p.version COLLATE "C", ip.path COLLATE "C", p.id)
                                          > ($5, $6::text, $7::text, $8::bigint))
               ORDER BY p.name COLLATE "C", p.version COLLATE "C", ip.path COLLATE "C", p.id LIMIT $9
           ) x
           LEFT JOIN own_unjudged u ON u.org_id = i.org_id AND u.package_version_id = x.id
           WHERE i.org_id = $1 AND i.id = ANY($2)
           ORDER BY i.id, x.name COLLATE "C", x.version COLLATE "C", x.path COLLATE "C", x.id"#,
        tx.org().0,
        images,
        filter.name.as_deref(),
        filter.ecosystem.as_deref(),
        after.map(|place| place.0.as_str()),
        after.map(|place| place.1.as_str()),
        after.map(|place| place.2.as_str()),
        after.map(|place| place.3),
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Installed {
            image: ImageId(row.image),
            package: Package {
                id: row.id,
                key: row.key,
                kind: row.kind,
                ecosystem: row.ecosystem,
                name: row.name,
                version: row.version,
                source_name: row.source_name,
                source_version: row.source_version,
                architecture: row.architecture,
                license: row.license,
                purl: row.purl,
                unknown_reason: row.unknown_reason,
            },
            path: row.path,
            layer: row.layer,
        })
        .collect())
}

/// How many packages each of these images holds; those without any are left out.
pub async fn counts(tx: &mut OrgTx, images: &[Uuid], filter: &InstalledFilter) -> Result<Vec<(ImageId, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT i.id, count(*) AS "count!"
           FROM image i
           JOIN image_package ip ON ip.image_content_id = i.image_content_id
           JOIN package_version p ON p.id = ip.package_version_id
           WHERE i.org_id = $1 AND i.id = ANY($2)
             AND ($3::text IS NULL OR p.name = $3 OR p.source_name = $3)
             AND ($4::text IS NULL OR p.ecosystem = $4 OR split_part(p.ecosystem, ':', 1) = $4)
           GROUP BY i.id"#,
        tx.org().0,
        images,
        filter.name.as_deref(),
        filter.ecosystem.as_deref()
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (ImageId(row.id), row.count)).collect())
}

/// Packages of an image that state the same licence.
#[derive(Debug, Clone)]
pub struct StatedLicense {
    /// The image.
    pub image: ImageId,
    /// The packages' type: it says how licences are written.
    pub kind: String,
    /// The licence as stated; `None` where none is.
    pub license: Option<String>,
    /// How many packages, by name and version.
    pub packages: i64,
}

/// The licences that the packages of these images state.
pub async fn licenses(tx: &mut OrgTx, images: &[Uuid]) -> Result<Vec<StatedLicense>> {
    let rows = sqlx::query!(
        r#"SELECT i.id, p.type AS kind, p.license, count(DISTINCT p.id) AS "packages!"
           FROM image i
           JOIN image_package ip ON ip.image_content_id = i.image_content_id
           JOIN package_version p ON p.id = ip.package_version_id
           WHERE i.org_id = $1 AND i.id = ANY($2)
           GROUP BY i.id, p.type, p.license"#,
        tx.org().0,
        images
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StatedLicense {
            image: ImageId(row.id),
            kind: row.kind,
            license: row.license,
            packages: row.packages,
        })
        .collect())
}

/// Where a package version lies in an image.
#[derive(Debug, Clone)]
pub struct Location {
    /// The image.
    pub image: ImageId,
    /// The package version's row.
    pub package: i64,
    /// The file that shows it.
    pub path: String,
    /// The layer that brought it.
    pub layer: i32,
}

/// Where each of these (image, package version) lies, by path.
pub async fn locations(tx: &mut OrgTx, wanted: &[(Uuid, i64)]) -> Result<Vec<Location>> {
    let (images, packages): (Vec<Uuid>, Vec<i64>) = wanted.iter().copied().unzip();
    Ok(sqlx::query_as!(
        Location,
        r#"SELECT i.id AS image, ip.package_version_id AS package, ip.path, ip.layer
           FROM unnest($2::uuid[], $3::bigint[]) AS w (image, package)
           JOIN image i ON i.org_id = $1 AND i.id = w.image
           JOIN image_package ip ON ip.image_content_id = i.image_content_id AND ip.package_version_id = w.package
           ORDER BY ip.path COLLATE "C""#,
        tx.org().0,
        &images,
        &packages
    )
    .fetch_all(tx.conn())
    .await?)
}
