//! Where in an organization a vulnerability or a package is: its images, newest first, each with the package version that it is by.

use plimsoll_model::ImageId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::views::packages::Package;
use crate::{OrgTx, Result};

/// A package version in an image.
#[derive(Debug, Clone)]
pub struct Place {
    /// The image.
    pub image: ImageId,
    /// The package version.
    pub package: Package,
    /// The open finding by which it is one, where a vulnerability was looked for.
    pub finding: Option<i64>,
}

/// A place in a list of places: image and package version. Ids of images grow with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PlaceKey(pub Uuid, pub i64);

impl Place {
    /// Its place in the list.
    pub const fn key(&self) -> PlaceKey {
        PlaceKey(self.image.0, self.package.id)
    }
}

/// A package version that one of the organization's images holds.
#[derive(Debug, Clone)]
pub struct HeldVersion {
    /// Its row.
    pub id: i64,
    /// The purl type.
    pub kind: String,
    /// The ecosystem with its release.
    pub ecosystem: Option<String>,
    /// The package's version, or its source's where that is what has the name.
    pub version: String,
}

/// Up to `limit` package versions of this name, their own or their source's, that the organization's images hold. A PyPI name may be written in
/// any of its spellings, the ecosystem with or without its release and in any case.
///
/// Whoever else holds a package of the name has no part in the answer, nor in what the limit cuts off.
#[tracing::instrument(skip_all)]
pub async fn held_versions(
    tx: &mut OrgTx,
    name: &str,
    ecosystem: Option<&str>,
    limit: i64,
) -> Result<Vec<HeldVersion>> {
    // OFFSET 0 keeps the planner from joining what every organization holds of these packages.
    Ok(sqlx::query_as!(
        HeldVersion,
        r#"WITH named AS MATERIALIZED (
               SELECT id, type, ecosystem, version FROM package_version WHERE name = $2
               UNION ALL
               SELECT id, type, ecosystem, coalesce(source_version, version) FROM package_version
               WHERE source_name = $2 AND name <> $2
               UNION ALL
               SELECT id, type, ecosystem, version FROM package_version
               WHERE name = regexp_replace(lower($2), '[-_.]+', '-', 'g') AND name <> $2 AND type = 'pypi'
           )
           SELECT n.id AS "id!", n.type AS "kind!", n.ecosystem, n.version AS "version!" FROM named n
           WHERE ($3::text IS NULL OR lower($3) IN (lower(n.ecosystem), lower(split_part(n.ecosystem, ':', 1))))
             AND EXISTS (SELECT FROM image_package ip
                         JOIN image i ON i.org_id = $1 AND i.image_content_id = ip.image_content_id
                         WHERE ip.package_version_id = n.id OFFSET 0)
           ORDER BY n.id LIMIT $4"#,
        tx.org().0,
        name,
        ecosystem,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// The places that a part of a statement gives as `image`, `package` and `finding`.
macro_rules! places {
    ($tx:expr, $places:literal, [$($argument:expr),* $(,)?]) => {{
        let rows = sqlx::query!(
            "WITH place AS MATERIALIZED (" + $places + r#")
             SELECT l.image AS "image!", l.finding AS "finding?", p.id, encode(p.key, 'hex') AS "key!", p.type AS kind, p.ecosystem, p.name,
                    p.version, p.source_name, p.source_version, p.architecture, p.license, p.purl,
                    coalesce(p.unknown_reason, u.reason) AS unknown_reason
             FROM place l JOIN package_version p ON p.id = l.package
             LEFT JOIN own_unjudged u ON u.org_id = $1 AND u.package_version_id = p.id
             ORDER BY l.image DESC, l.package DESC"#,
            $tx.org().0,
            $($argument),*
        )
        .fetch_all($tx.conn())
        .await?;
        Ok(rows
            .into_iter()
            .map(|row| Place {
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
                finding: row.finding,
            })
            .collect())
    }};
}

/// Up to `limit` places of these package versions after the place `after`.
#[tracing::instrument(skip_all)]
pub async fn of_packages(tx: &mut OrgTx, packages: &[i64], after: Option<PlaceKey>, limit: i64) -> Result<Vec<Place>> {
    places!(
        tx,
        "SELECT image, package, NULL::bigint AS finding FROM (
             SELECT DISTINCT i.id AS image, ip.package_version_id AS package
             FROM image i JOIN image_package ip ON ip.image_content_id = i.image_content_id
             WHERE i.org_id = $1 AND ip.package_version_id = ANY($2)
               AND ($3::uuid IS NULL OR (i.id, ip.package_version_id) < ($3, $4::bigint)) OFFSET 0) held
         ORDER BY image DESC, package DESC LIMIT $5",
        [packages, after.map(|place| place.0), after.map(|place| place.1), limit]
    )
}

/// How many places these package versions have.
pub async fn count_of_packages(tx: &mut OrgTx, packages: &[i64]) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM (
               SELECT DISTINCT i.id, ip.package_version_id
               FROM image i JOIN image_package ip ON ip.image_content_id = i.image_content_id
               WHERE i.org_id = $1 AND ip.package_version_id = ANY($2)) places"#,
        tx.org().0,
        packages
    )
    .fetch_one(tx.conn())
    .await?)
}

/// Up to `limit` places of the vulnerability of this row after the place `after`: those with an open finding that is not hidden, and where one of the package
/// versions `unjudged` lies without an open one.
#[tracing::instrument(skip_all)]
pub async fn of_vulnerability(
    tx: &mut OrgTx,
    vulnerability: i64,
    unjudged: &[i64],
    after: Option<PlaceKey>,
    limit: i64,
) -> Result<Vec<Place>> {
    places!(
        tx,
        "SELECT image, package, finding FROM (
             (SELECT f.image_id AS image, f.package_version_id AS package, f.id AS finding FROM finding f
              WHERE f.org_id = $1 AND f.closed_at IS NULL AND f.hidden_by IS NULL AND f.vulnerability_id = $2
                AND ($3::uuid IS NULL OR (f.image_id, f.package_version_id) < ($3, $4::bigint))
              ORDER BY f.image_id DESC, f.package_version_id DESC LIMIT $5)
             UNION ALL
             (SELECT held.image, held.package, NULL::bigint FROM (
                  SELECT DISTINCT i.id AS image, ip.package_version_id AS package
                  FROM image i JOIN image_package ip ON ip.image_content_id = i.image_content_id
                  WHERE i.org_id = $1 AND ip.package_version_id = ANY($6)
                    AND ($3 IS NULL OR (i.id, ip.package_version_id) < ($3, $4))
                    AND NOT EXISTS (SELECT FROM finding f
                                    WHERE f.org_id = $1 AND f.image_id = i.id AND f.package_version_id = ip.package_version_id
                                      AND f.vulnerability_id = $2 AND f.closed_at IS NULL) OFFSET 0) held
              ORDER BY held.image DESC, held.package DESC LIMIT $5)) found
         ORDER BY image DESC, package DESC LIMIT $5",
        [vulnerability, after.map(|place| place.0), after.map(|place| place.1), limit, unjudged]
    )
}

/// How many places the vulnerability of this row has, those of the package versions `unjudged` among them.
pub async fn count_of_vulnerability(tx: &mut OrgTx, vulnerability: i64, unjudged: &[i64]) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT (SELECT count(*) FROM finding f
                   WHERE f.org_id = $1 AND f.closed_at IS NULL AND f.hidden_by IS NULL AND f.vulnerability_id = $2)
                + (SELECT count(*) FROM (
                       SELECT DISTINCT i.id, ip.package_version_id
                       FROM image i JOIN image_package ip ON ip.image_content_id = i.image_content_id
                       WHERE i.org_id = $1 AND ip.package_version_id = ANY($3)
                         AND NOT EXISTS (SELECT FROM finding f
                                         WHERE f.org_id = $1 AND f.image_id = i.id AND f.package_version_id = ip.package_version_id
                                           AND f.vulnerability_id = $2 AND f.closed_at IS NULL)) held) AS "count!""#,
        tx.org().0,
        vulnerability,
        unjudged
    )
    .fetch_one(tx.conn())
    .await?)
}
