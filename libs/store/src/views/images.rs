//! The images that an organization holds, each with its content and the state of its scan.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use plimsoll_advisories::all_own_sources;
use plimsoll_model::{Digest, ImageId, OsRelease, PackageSource, Problem};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::image_contents::UnjudgedCheck;
use crate::malware_bundles::UsedBundle;
use crate::{OrgTx, Result};

/// An image.
#[derive(Debug, Clone)]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// Its manifest.
    pub digest: String,
    /// Its config.
    pub config_digest: String,
    /// `push` or `archive`.
    pub source: String,
    /// `queued`, `running`, `retrying`, `done` or `failed`.
    pub scan_state: String,
    /// Why the scan failed, for people.
    pub scan_error: Option<String>,
    /// Why the scan failed, for programs.
    pub scan_error_code: Option<String>,
    /// When the scan was asked for.
    pub scan_requested_at: DateTime<Utc>,
    /// When it last began.
    pub scan_started_at: Option<DateTime<Utc>>,
    /// When it last ended.
    pub scan_finished_at: Option<DateTime<Utc>>,
    /// Layers that the last scan read.
    pub layers_analysed: Option<i32>,
    /// Layers that the last scan knew.
    pub layers_reused: Option<i32>,
    /// When the organization first showed that it has it.
    pub first_seen: DateTime<Utc>,
    /// When it last did.
    pub last_seen: DateTime<Utc>,
    /// `linux`.
    pub os: Option<String>,
    /// `amd64`.
    pub architecture: Option<String>,
    /// `v8`.
    pub variant: Option<String>,
    /// When it was built, as its config says.
    pub created: Option<DateTime<Utc>>,
    /// Its labels.
    pub labels: Json<BTreeMap<String, String>>,
    /// Sum of its layers' blobs.
    pub size_bytes: i64,
    /// The operating system in it.
    pub os_release: Option<Json<OsRelease>>,
    /// What could not be read.
    pub problems: Json<Vec<Problem>>,
    /// What packages were read from.
    pub sources: Json<Vec<PackageSource>>,
    /// Checks that could not be judged.
    pub unjudged_checks: Json<Vec<UnjudgedCheck>>,
    /// The analysers that read it.
    pub analysis_version: Option<String>,
    /// When they did.
    pub analysed_at: Option<DateTime<Utc>>,
}

/// Which images; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ImageFilter {
    /// In the repository of this name.
    pub repository: Option<String>,
    /// Named by this tag now.
    pub tag: Option<String>,
    /// With a scan in one of these states.
    pub states: Option<Vec<String>>,
    /// Whose manifest digest begins so, with or without the algorithm.
    pub digest_prefix: Option<String>,
}

/// The order of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageOrder {
    /// Those that came in last first.
    Newest,
    /// Those that came in first first.
    Oldest,
    /// Those that were pushed or uploaded again most recently first.
    LastSeen,
}

/// A place in a list of images: the time that the order goes by, and the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ImageKey(pub DateTime<Utc>, pub Uuid);

impl Image {
    /// Its place in a list of this order.
    pub const fn key(&self, order: ImageOrder) -> ImageKey {
        match order {
            ImageOrder::Newest | ImageOrder::Oldest => ImageKey(self.first_seen, self.id.0),
            ImageOrder::LastSeen => ImageKey(self.last_seen, self.id.0),
        }
    }
}

macro_rules! images {
    ($tx:expr, [$($condition:literal)+], [$($argument:expr),* $(,)?]) => {
        sqlx::query_as!(
            Image,
            r#"SELECT i.id, i.manifest_digest AS digest, c.config_digest, i.source, i.scan_state, i.scan_error, i.scan_error_code,
                      i.scan_requested_at, i.scan_started_at, i.scan_finished_at, i.layers_analysed, i.layers_reused,
                      i.first_seen, i.last_seen, c.os, c.architecture, c.variant, c.created,
                      c.labels AS "labels: Json<BTreeMap<String, String>>", c.size_bytes,
                      c.os_release AS "os_release: Json<OsRelease>", c.problems || i.own_problems AS "problems!: Json<Vec<Problem>>",
                      c.sources AS "sources: Json<Vec<PackageSource>>",
                      c.unjudged_checks AS "unjudged_checks: Json<Vec<UnjudgedCheck>>",
                      c.analysis_version, c.analysed_at
               FROM image i JOIN image_content c ON c.id = i.image_content_id
               WHERE i.org_id = $1 AND "# $(+ $condition)+,
            $tx.org().0,
            $($argument),*
        )
        .fetch_all($tx.conn())
        .await
    };
}

macro_rules! filtered {
    ($tx:expr, $filter:expr, $after:expr, $limit:expr, $order:literal) => {
        images!(
            $tx,
            [r#"($2::text IS NULL OR EXISTS (
                   SELECT FROM repository r JOIN manifest m ON m.org_id = r.org_id AND m.repository_id = r.id
                   WHERE r.org_id = $1 AND r.name = $2 AND m.digest = i.manifest_digest))
               AND ($3::text IS NULL OR EXISTS (
                   SELECT FROM image_tag t JOIN repository r ON r.org_id = t.org_id AND r.id = t.repository_id
                   WHERE t.org_id = $1 AND t.tag = $3 AND t.until IS NULL AND t.digest = i.manifest_digest
                     AND ($2 IS NULL OR r.name = $2)))
               AND ($4::text[] IS NULL OR i.scan_state = ANY($4))
               AND ($5::text IS NULL OR starts_with(i.manifest_digest, $5) OR starts_with(i.manifest_digest, 'sha256:' || $5))"#
             $order],
            [
                $filter.repository.as_deref(),
                $filter.tag.as_deref(),
                $filter.states.as_deref(),
                $filter.digest_prefix.as_deref(),
                $after.map(|key| key.0),
                $after.map(|key| key.1),
                $limit
            ]
        )
    };
}

/// Up to `limit` images after the place `after`.
#[tracing::instrument(skip_all)]
pub async fn page(
    tx: &mut OrgTx,
    filter: &ImageFilter,
    order: ImageOrder,
    after: Option<ImageKey>,
    limit: i64,
) -> Result<Vec<Image>> {
    Ok(match order {
        ImageOrder::Newest => filtered!(
            tx,
            filter,
            after,
            limit,
            " AND ($6::timestamptz IS NULL OR (i.first_seen, i.id) < ($6, $7::uuid))
              ORDER BY i.first_seen DESC, i.id DESC LIMIT $8"
        ),
        ImageOrder::Oldest => filtered!(
            tx,
            filter,
            after,
            limit,
            " AND ($6::timestamptz IS NULL OR (i.first_seen, i.id) > ($6, $7::uuid))
              ORDER BY i.first_seen, i.id LIMIT $8"
        ),
        ImageOrder::LastSeen => filtered!(
            tx,
            filter,
            after,
            limit,
            " AND ($6::timestamptz IS NULL OR (i.last_seen, i.id) < ($6, $7::uuid))
              ORDER BY i.last_seen DESC, i.id DESC LIMIT $8"
        ),
    }?)
}

/// How many images there are.
pub async fn count(tx: &mut OrgTx, filter: &ImageFilter) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM image i
           WHERE i.org_id = $1 AND ($2::text IS NULL OR EXISTS (
                   SELECT FROM repository r JOIN manifest m ON m.org_id = r.org_id AND m.repository_id = r.id
                   WHERE r.org_id = $1 AND r.name = $2 AND m.digest = i.manifest_digest))
               AND ($3::text IS NULL OR EXISTS (
                   SELECT FROM image_tag t JOIN repository r ON r.org_id = t.org_id AND r.id = t.repository_id
                   WHERE t.org_id = $1 AND t.tag = $3 AND t.until IS NULL AND t.digest = i.manifest_digest
                     AND ($2 IS NULL OR r.name = $2)))
               AND ($4::text[] IS NULL OR i.scan_state = ANY($4))
               AND ($5::text IS NULL OR starts_with(i.manifest_digest, $5) OR starts_with(i.manifest_digest, 'sha256:' || $5))"#,
        tx.org().0,
        filter.repository.as_deref(),
        filter.tag.as_deref(),
        filter.states.as_deref(),
        filter.digest_prefix.as_deref()
    )
    .fetch_one(tx.conn())
    .await?)
}

/// The images with these ids.
pub async fn by_ids(tx: &mut OrgTx, ids: &[Uuid]) -> Result<Vec<Image>> {
    Ok(images!(tx, ["i.id = ANY($2)"], [ids])?)
}

/// The images with these manifest digests.
pub async fn by_digests(tx: &mut OrgTx, digests: &[String]) -> Result<Vec<Image>> {
    Ok(images!(tx, ["i.manifest_digest = ANY($2)"], [digests])?)
}

/// What a reference names: in one of `repositories` (in any, where that is `None`), by tag or by digest. Where that is an
/// index, the image in it for linux/amd64, else its first.
pub async fn referred(
    tx: &mut OrgTx,
    repositories: Option<&[String]>,
    tag: Option<&str>,
    digest: Option<Digest>,
) -> Result<Option<ImageId>> {
    let id = sqlx::query_scalar!(
        r#"WITH named AS (
               SELECT r.id AS repository_id, coalesce(array_position($2::text[], r.name), 1) AS place, t.digest
               FROM repository r JOIN image_tag t ON t.org_id = r.org_id AND t.repository_id = r.id
               WHERE r.org_id = $1 AND ($2::text[] IS NULL OR r.name = ANY($2)) AND t.tag = $3 AND t.until IS NULL
               UNION ALL
               SELECT r.id, coalesce(array_position($2::text[], r.name), 1), m.digest
               FROM repository r JOIN manifest m ON m.org_id = r.org_id AND m.repository_id = r.id
               WHERE r.org_id = $1 AND ($2::text[] IS NULL OR r.name = ANY($2)) AND m.digest = $4
           ), candidate AS (
               SELECT place, digest, true AS is_itself FROM named
               UNION ALL
               SELECT n.place, m.child_digest, false FROM named n
               JOIN manifest_child m ON m.org_id = $1 AND m.repository_id = n.repository_id AND m.digest = n.digest
           )
           SELECT i.id FROM candidate
           JOIN image i ON i.org_id = $1 AND i.manifest_digest = candidate.digest
           JOIN image_content c ON c.id = i.image_content_id
           ORDER BY place, is_itself DESC, (c.os = 'linux' AND c.architecture = 'amd64') DESC NULLS LAST, i.id LIMIT 1"#,
        tx.org().0,
        repositories,
        tag,
        digest.map(|digest| digest.to_string())
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(id.map(ImageId))
}

/// The image that another is built on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseImage {
    /// The image that is built on it.
    pub image: ImageId,
    /// The base.
    pub base: ImageId,
    /// How many of the lowest layers are the base's.
    pub layers: i32,
}

/// Of each of these images, the largest of the organization's images whose layers it begins with; those built on none are left out.
pub async fn bases(tx: &mut OrgTx, images: &[Uuid]) -> Result<Vec<BaseImage>> {
    Ok(sqlx::query_as!(
        BaseImage,
        r#"SELECT DISTINCT ON (i.id) i.id AS image, j.id AS base, l.position + 1 AS "layers!"
           FROM image i
           JOIN image_layer l ON l.image_content_id = i.image_content_id
           JOIN image_content c ON c.chain_id = l.chain_id AND c.id <> i.image_content_id
           JOIN image j ON j.org_id = i.org_id AND j.image_content_id = c.id
           WHERE i.org_id = $1 AND i.id = ANY($2)
             AND l.position < (SELECT max(m.position) FROM image_layer m WHERE m.image_content_id = i.image_content_id)
           ORDER BY i.id, l.position DESC, j.first_seen, j.id"#,
        tx.org().0,
        images
    )
    .fetch_all(tx.conn())
    .await?)
}

/// What a feed knows of an image's packages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedKnowledge {
    /// The feed.
    pub feed: String,
    /// The oldest answer of a server among those of its documents that the packages are judged by, or `None` where one of them never answered.
    pub checked_at: Option<DateTime<Utc>>,
}

/// Of these images, the rules and hashes of feeds that each was examined with, by feed and path; of one that no longer is what it was, when it was
/// last known to be up to date before. Images of which that is not known are left out.
pub async fn examined_with(tx: &mut OrgTx, images: &[Uuid]) -> Result<Vec<(ImageId, Vec<UsedBundle>)>> {
    let rows = sqlx::query!(
        r#"SELECT i.id, coalesce(jsonb_agg(jsonb_set(u.bundle, '{checked_at}', coalesce(to_jsonb(d.checked_at), u.bundle->'checked_at'))
                                           ORDER BY u.number) FILTER (WHERE u.bundle IS NOT NULL), '[]') AS "bundles!: Json<Vec<UsedBundle>>"
           FROM image i JOIN image_content c ON c.id = i.image_content_id
           LEFT JOIN LATERAL jsonb_array_elements(c.malware_bundles) WITH ORDINALITY AS u (bundle, number) ON true
           LEFT JOIN malware_bundle b ON b.feed = u.bundle->>'feed' AND b.path = u.bundle->>'path'
                                     AND 'sha256:' || encode(b.hash, 'hex') = u.bundle->>'hash'
           LEFT JOIN feed_document d ON d.feed = b.feed AND d.document = b.path
           WHERE i.org_id = $1 AND i.id = ANY($2) AND c.malware_bundles IS NOT NULL
           GROUP BY i.id"#,
        tx.org().0,
        images
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (ImageId(row.id), row.bundles.0)).collect())
}

/// For each of these images, the feeds that its packages are judged by, by name; those of which no feed speaks are left out.
#[tracing::instrument(skip_all)]
pub async fn known_by_feed(tx: &mut OrgTx, images: &[Uuid]) -> Result<Vec<(ImageId, FeedKnowledge)>> {
    let (distributions, feeds): (Vec<String>, Vec<String>) =
        all_own_sources().into_iter().map(|(distribution, feed)| (distribution.to_owned(), feed.to_owned())).unzip();
    let rows = sqlx::query!(
        r#"WITH ecosystems AS (
               SELECT DISTINCT i.id, p.ecosystem FROM image i
               JOIN image_package ip ON ip.image_content_id = i.image_content_id
               JOIN package_version p ON p.id = ip.package_version_id
               WHERE i.org_id = $1 AND i.id = ANY($2) AND p.ecosystem IS NOT NULL
           )
           SELECT e.id, d.feed, CASE WHEN bool_and(d.checked_at IS NOT NULL) THEN min(d.checked_at) END AS checked_at
           FROM ecosystems e
           JOIN feed_document d
             ON d.feed IN ('kev', 'epss')
             OR (EXISTS (SELECT FROM unnest($3::text[], $4::text[]) AS own (ecosystem, feed)
                        WHERE own.feed = d.feed AND own.ecosystem = split_part(e.ecosystem, ':', 1))
                 AND (d.feed <> 'alpine' OR split_part(d.document, '/', 1) = split_part(e.ecosystem, ':', 2)))
             OR (d.feed = 'nvd' AND e.ecosystem = 'generic')
             OR (d.feed = 'osv' AND split_part(d.document, '/', 1) IN (e.ecosystem, split_part(e.ecosystem, ':', 1)))
           GROUP BY e.id, d.feed ORDER BY e.id, d.feed"#,
        tx.org().0,
        images,
        &distributions,
        &feeds
    )
    .fetch_all(tx.conn())
    .await?;
    let known = rows.into_iter().map(|row| {
        let known = FeedKnowledge { feed: row.feed, checked_at: row.checked_at };
        (ImageId(row.id), known)
    });
    Ok(known.collect())
}
