//! Findings in the order in which people should see them, for an organization or for some of its images.

use chrono::{DateTime, NaiveDate, Utc};
use plimsoll_model::ImageId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use super::finding_filter::FindingFilter;
use crate::{OrgTx, Result};

/// A finding, with what its match and the catalogue say of it.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Its row.
    pub id: i64,
    /// The image.
    pub image: ImageId,
    /// The package version's row.
    pub package: i64,
    /// The vulnerability's row.
    pub vulnerability: i64,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// Until when.
    pub closed_at: Option<DateTime<Utc>>,
    /// Why it ended.
    pub close_reason: Option<String>,
    /// The VEX statement that hides it.
    pub hidden_by: Option<Uuid>,
    /// The severity that counts.
    pub severity: i16,
    /// Whose that is.
    pub severity_source: String,
    /// EPSS: likelihood of exploitation within 30 days.
    pub epss_score: Option<f64>,
    /// Its percentile.
    pub epss_percentile: Option<f64>,
    /// When CISA listed it.
    pub known_exploited_since: Option<NaiveDate>,
    /// The lowest version with a fix.
    pub fixed_in: Option<String>,
    /// What the source says; null where the match is gone.
    pub state: Option<String>,
    /// The feeds that say so.
    pub sources: Option<Vec<String>>,
    /// Their advisories.
    pub advisories: Option<Vec<String>>,
    /// First number of the order, and so on: their meaning is the order's.
    pub n1: f64,
    /// Second.
    pub n2: f64,
    /// Third.
    pub n3: f64,
    /// Fourth.
    pub n4: f64,
    /// The package's name.
    pub package_name: String,
    /// The package's version.
    pub package_version: String,
    /// The vulnerability's canonical id.
    pub vulnerability_name: String,
}

/// The order of findings. Ties are broken by package, version, vulnerability and row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FindingOrder {
    /// As `plimsoll_advisories::urgency`: known to be exploited; severity; EPSS; with a fix.
    Urgency,
    /// The highest severity first.
    Severity,
    /// The likeliest to be exploited first.
    Epss,
    /// The newest first.
    OpenedAt,
    /// By package.
    Package,
}

impl FindingOrder {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Urgency => "urgency",
            Self::Severity => "severity",
            Self::Epss => "epss",
            Self::OpenedAt => "opened_at",
            Self::Package => "package",
        }
    }
}

/// A place in a list of findings. The numbers are kept bit by bit: a rounded one would be another place.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FindingKey {
    numbers: [u64; 4],
    package: String,
    version: String,
    vulnerability: String,
    id: i64,
}

impl Finding {
    /// Its place in the list that it was read from.
    pub fn place(&self) -> FindingKey {
        FindingKey {
            numbers: [self.n1, self.n2, self.n3, self.n4].map(f64::to_bits),
            package: self.package_name.clone(),
            version: self.package_version.clone(),
            vulnerability: self.vulnerability_name.clone(),
            id: self.id,
        }
    }
}

// The base is recognised as `images::bases` does, where the filter asks for it alone; what counts is the first of the package's places.

// What an organization's own advisories say comes before what all know: it names a fix of its own choice, and rates for itself.

/// A statement over an organization's findings, given by what stands before the tables and after the conditions. Parameters 1 to
/// 16 are the organization, the filter and the order.
macro_rules! over_findings {
    ($macro:ident, [$($as:path)?], [$($before:literal)+], [$($after:literal)+],
     $tx:expr, $filter:expr, $order:expr, [$($argument:expr),* $(,)?]) => {
        sqlx::$macro!(
            $($as,)?
            $($before +)+ r#"
            FROM finding f
            JOIN vulnerability v ON v.id = f.vulnerability_id
            JOIN package_version p ON p.id = f.package_version_id
            LEFT JOIN "match" ma ON ma.package_version_id = f.package_version_id AND ma.vulnerability_id = f.vulnerability_id
            LEFT JOIN own_match ow ON ow.org_id = $1 AND ow.package_version_id = f.package_version_id
                                  AND ow.vulnerability_id = f.vulnerability_id
            CROSS JOIN LATERAL (
                SELECT coalesce(ow.fixed_in, ma.fixed_in) AS fixed_in, coalesce(ow.state, ma.state) AS state,
                       coalesce(nullif(ow.severity, 0), ma.severity) AS severity,
                       CASE WHEN nullif(ow.severity, 0) IS NULL THEN ma.severity_source ELSE ow.severity_source END AS severity_source,
                       ma.sources || ow.sources AS sources, ma.advisories || ow.advisories AS advisories
            ) m
            LEFT JOIN known_exploited k ON k.cve = coalesce(v.exploited_as, v.name)
            LEFT JOIN exploit_score e ON e.cve = coalesce(v.scored_as, v.name)
            LEFT JOIN LATERAL (
                SELECT i.image_content_id, l.position FROM image i
                JOIN image_layer l ON l.image_content_id = i.image_content_id
                JOIN image_content c ON c.chain_id = l.chain_id AND c.id <> i.image_content_id
                JOIN image j ON j.org_id = i.org_id AND j.image_content_id = c.id
                WHERE $15::bool IS NOT NULL AND i.org_id = $1 AND i.id = f.image_id
                  AND l.position < (SELECT max(m.position) FROM image_layer m WHERE m.image_content_id = i.image_content_id)
                ORDER BY l.position DESC LIMIT 1
            ) base ON true
            CROSS JOIN LATERAL (SELECT coalesce(nullif(m.severity, 0), v.severity) AS severity) s
            CROSS JOIN LATERAL (
                SELECT CASE $13::text WHEN 'urgency' THEN (CASE WHEN k.cve IS NULL THEN 1 ELSE 0 END)::float8
                                      WHEN 'severity' THEN -s.severity::float8
                                      WHEN 'epss' THEN -coalesce(e.score, 0)::float8
                                      WHEN 'opened_at' THEN -extract(epoch FROM f.opened_at)::float8
                                      ELSE 0 END AS n1,
                       CASE $13 WHEN 'urgency' THEN -s.severity::float8 ELSE 0 END AS n2,
                       CASE $13 WHEN 'urgency' THEN -coalesce(e.score, 0)::float8 ELSE 0 END AS n3,
                       CASE $13 WHEN 'urgency' THEN (CASE WHEN m.fixed_in IS NULL THEN 1 ELSE 0 END)::float8 ELSE 0 END AS n4
            ) o
            WHERE f.org_id = $1
              AND (NOT $2::bool OR f.closed_at IS NULL)
              AND ($3::timestamptz IS NULL OR f.opened_at <= $3)
              AND ($4::bool IS NULL OR (f.closed_at IS NULL OR f.closed_at > coalesce($3, 'infinity')) = $4)
              AND ($5::smallint[] IS NULL OR s.severity = ANY($5))
              AND ($6::smallint IS NULL OR s.severity >= $6)
              AND ($7::bool IS NULL OR (k.cve IS NOT NULL) = $7)
              AND ($8::bool IS NULL OR (m.fixed_in IS NOT NULL) = $8)
              AND ($9::text IS NULL OR p.name = $9 OR p.source_name = $9)
              AND ($10::text IS NULL
                   OR f.vulnerability_id = (SELECT a.vulnerability_id FROM known_alias a
                                            WHERE a.alias IN ($10, upper($10)) ORDER BY a.alias <> $10 LIMIT 1))
              AND ($11::text IS NULL OR EXISTS (
                   SELECT FROM image i
                   JOIN manifest mf ON mf.org_id = i.org_id AND mf.digest = i.manifest_digest
                   JOIN repository r ON r.org_id = mf.org_id AND r.id = mf.repository_id
                   WHERE i.org_id = $1 AND i.id = f.image_id AND r.name = $11))
              AND ($12::text IS NULL OR p.ecosystem = $12 OR split_part(p.ecosystem, ':', 1) = $12)
              AND ($14::bool IS NULL OR (f.hidden_by IS NOT NULL) = $14)
              AND ($15::bool IS NULL OR $15 = (
                   (SELECT ip.layer FROM image_package ip
                    WHERE ip.image_content_id = base.image_content_id AND ip.package_version_id = f.package_version_id
                    ORDER BY ip.path COLLATE "C" LIMIT 1) <= base.position))
              AND ($16::bool IS NULL OR $16 = (
                   SELECT bool_or(starts_with(id, 'MAL-')) FROM unnest(v.aliases || v.name) AS id))"# $(+ $after)+,
            $tx.org().0,
            $filter.is_current(),
            $filter.as_of,
            $filter.is_open,
            $filter.severities.as_deref(),
            $filter.min_severity,
            $filter.known_exploited,
            $filter.fixable,
            $filter.package.as_deref(),
            $filter.vulnerability.as_deref(),
            $filter.repository.as_deref(),
            $filter.ecosystem.as_deref(),
            $order.as_str(),
            $filter.is_hidden,
            $filter.is_from_base,
            $filter.is_malware,
            $($argument),*
        )
    };
}

/// [`over_findings`] that gives [`Finding`]s.
macro_rules! findings {
    ($before:literal, [$($after:literal)+], $tx:expr, $filter:expr, $order:expr, [$($argument:expr),* $(,)?]) => {
        over_findings!(
            query_as,
            [Finding],
            [$before r#"
            SELECT f.id AS "id!", f.image_id AS "image!", f.package_version_id AS "package!",
                   f.vulnerability_id AS "vulnerability!", f.opened_at AS "opened_at!", f.closed_at AS "closed_at?",
                   f.close_reason AS "close_reason?", f.hidden_by AS "hidden_by?", s.severity AS "severity!",
                   CASE WHEN nullif(m.severity, 0) IS NULL THEN v.severity_source ELSE m.severity_source END
                       AS "severity_source!",
                   e.score AS "epss_score?", e.percentile AS "epss_percentile?",
                   k.added AS "known_exploited_since?", m.fixed_in AS "fixed_in?", m.state AS "state?",
                   m.sources AS "sources?", m.advisories AS "advisories?",
                   o.n1 AS "n1!", o.n2 AS "n2!", o.n3 AS "n3!", o.n4 AS "n4!", p.name AS "package_name!",
                   p.version AS "package_version!", v.name AS "vulnerability_name!""#],
            [$($after)+],
            $tx,
            $filter,
            $order,
            [$($argument),*]
        )
        .fetch_all($tx.conn())
        .await
    };
}

/// [`findings`] after a place, in order: parameters 17 to 24 are the place, 25 is how many at most.
macro_rules! pages {
    ($before:literal, $scope:literal, $after:literal, $tx:expr, $filter:expr, $order:expr, $place:expr, $limit:expr
     $(, $argument:expr)*) => {{
        let number = |n: usize| $place.and_then(|place| place.numbers.get(n).copied().map(f64::from_bits));
        findings!(
            $before,
            [$scope
             r#" AND ($17::float8 IS NULL
                      OR (o.n1, o.n2, o.n3, o.n4, p.name COLLATE "C", p.version COLLATE "C", v.name COLLATE "C", f.id)
                         > ($17, $18::float8, $19::float8, $20::float8, $21::text, $22::text, $23::text, $24::bigint))
                 ORDER BY o.n1, o.n2, o.n3, o.n4, p.name COLLATE "C", p.version COLLATE "C", v.name COLLATE "C", f.id
                 LIMIT $25"#
             $after],
            $tx,
            $filter,
            $order,
            [
                number(0),
                number(1),
                number(2),
                number(3),
                $place.map(|place| place.package.as_str()),
                $place.map(|place| place.version.as_str()),
                $place.map(|place| place.vulnerability.as_str()),
                $place.map(|place| place.id),
                $limit
                $(, $argument)*
            ]
        )
    }};
}

/// Up to `limit` findings of the organization after the place `after`.
#[tracing::instrument(skip_all)]
pub async fn page(
    tx: &mut OrgTx,
    filter: &FindingFilter,
    order: FindingOrder,
    after: Option<&FindingKey>,
    limit: i64,
) -> Result<Vec<Finding>> {
    Ok(pages!("", "", "", tx, filter, order, after, limit)?)
}

/// For each of these images, up to `limit` findings after the place `after`.
#[tracing::instrument(skip_all)]
pub async fn pages_of_images(
    tx: &mut OrgTx,
    images: &[Uuid],
    filter: &FindingFilter,
    order: FindingOrder,
    after: Option<&FindingKey>,
    limit: i64,
) -> Result<Vec<Finding>> {
    Ok(pages!(
        "SELECT x.* FROM unnest($26::uuid[]) AS scope (image_id) CROSS JOIN LATERAL (",
        " AND f.image_id = scope.image_id",
        r#") x ORDER BY x."image!", x."n1!", x."n2!", x."n3!", x."n4!", x."package_name!" COLLATE "C",
                        x."package_version!" COLLATE "C", x."vulnerability_name!" COLLATE "C", x."id!""#,
        tx,
        filter,
        order,
        after,
        limit,
        images
    )?)
}

/// How many findings the organization has.
pub async fn count(tx: &mut OrgTx, filter: &FindingFilter) -> Result<i64> {
    let row = over_findings!(
        query_scalar,
        [],
        [r#"SELECT count(*) AS "count!""#],
        [""],
        tx,
        filter,
        FindingOrder::Package,
        []
    );
    Ok(row.fetch_one(tx.conn()).await?)
}

/// How many findings of one severity (rank) an image has.
#[derive(Debug, Clone, Copy)]
pub struct SeverityCount {
    /// The image.
    pub image: ImageId,
    /// The severity.
    pub severity: i16,
    /// How many.
    pub count: i64,
}

/// How many findings of each severity each of these images has; what has none is left out.
pub async fn counts_of_images(tx: &mut OrgTx, images: &[Uuid], filter: &FindingFilter) -> Result<Vec<SeverityCount>> {
    let rows = over_findings!(
        query_as,
        [SeverityCount],
        [r#"SELECT f.image_id AS "image!", s.severity AS "severity!", count(*) AS "count!""#],
        [" AND f.image_id = ANY($17) GROUP BY f.image_id, s.severity"],
        tx,
        filter,
        FindingOrder::Package,
        [images]
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Of the findings with these ids, those that the organization has, open or not, hidden or not.
pub async fn by_ids(tx: &mut OrgTx, ids: &[i64]) -> Result<Vec<Finding>> {
    let any = FindingFilter { is_open: None, is_hidden: None, ..FindingFilter::default() };
    among(tx, ids, None, &any).await
}

/// Of the findings with these ids, those that the organization has, in this image where one is given, and that the filter lets through.
pub async fn among(
    tx: &mut OrgTx,
    ids: &[i64],
    image: Option<ImageId>,
    filter: &FindingFilter,
) -> Result<Vec<Finding>> {
    Ok(findings!(
        "",
        [" AND f.id = ANY($17) AND ($18::uuid IS NULL OR f.image_id = $18)"],
        tx,
        filter,
        FindingOrder::Urgency,
        [ids, image.map(|image| image.0)]
    )?)
}
