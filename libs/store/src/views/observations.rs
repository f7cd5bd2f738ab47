//! What is wrong in images without an advisory: what the organization's own rules say first, each the most severe first.
//!
//! Images are judged without their base, which differs from organization to organization. Here, where the base is known, what is told of its files
//! apart ([`OF_THE_BASE`]) is of the check that says so.

use plimsoll_checks::checks::OF_THE_BASE;
use plimsoll_model::{ImageId, Place, Severity};
use sqlx::types::Json;
use uuid::Uuid;

use crate::{OrgTx, Result};

/// An observation in an image.
#[derive(Debug, Clone)]
pub struct Observation {
    /// The image.
    pub image: ImageId,
    /// Its place in the image's list.
    pub place_in_list: i64,
    /// `malware`, `secret`, `misconfiguration` or `end_of_life`.
    pub kind: String,
    /// The rule's or check's name.
    pub rule: String,
    /// What others call it.
    pub references: Vec<String>,
    /// What it is.
    pub title: String,
    /// 0 unknown to 5 critical.
    pub severity: i16,
    /// The malware's family.
    pub family: Option<String>,
    /// Where it is.
    pub place: Json<Place>,
    /// The layer that brought it.
    pub layer: Option<i32>,
    /// The layer that deletes it again.
    pub removed_in: Option<i32>,
    /// What was seen, redacted.
    pub evidence: String,
    /// What to do.
    pub advice: String,
}

/// Which observations; what is `None` does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ObservationFilter {
    /// Of these kinds.
    pub kinds: Option<Vec<String>>,
    /// At least as severe.
    pub min_severity: Option<Severity>,
    /// By this rule.
    pub rule: Option<String>,
    /// Whether it is in a file that a later layer deletes.
    pub is_removed: Option<bool>,
    /// Brought by the image's base, or by what is built on it; where the base is not known, or no layer brought it, it is neither.
    pub is_from_base: Option<bool>,
}

/// A statement over what is observed in images, as it is shown, given by what stands before the tables and after the conditions. Parameters 1 to 10
/// are the organization, the images, the filter and the check of what the base brought. The base is recognised as `images::bases` does.
macro_rules! over_observations {
    ($before:literal, $after:literal, $tx:expr, $images:expr, $filter:expr, [$($argument:expr),* $(,)?]) => {
        sqlx::query!(
            $before + r#"
            FROM image i
            LEFT JOIN LATERAL (
                SELECT l.position + 1 AS layers FROM image_layer l
                JOIN image_content c ON c.chain_id = l.chain_id AND c.id <> i.image_content_id
                JOIN image j ON j.org_id = i.org_id AND j.image_content_id = c.id
                WHERE l.image_content_id = i.image_content_id
                  AND l.position < (SELECT max(m.position) FROM image_layer m WHERE m.image_content_id = i.image_content_id)
                ORDER BY l.position DESC LIMIT 1
            ) base ON true
            CROSS JOIN LATERAL (
                SELECT position, kind, rule, rule_references, title, severity, family, place, layer, removed_in, evidence, advice
                FROM org_image_observation WHERE org_id = i.org_id AND image_id = i.id
                UNION ALL
                SELECT position, kind, rule, rule_references, title, severity, family, place, layer, removed_in, evidence, advice
                FROM image_observation WHERE image_content_id = i.image_content_id
            ) o
            CROSS JOIN LATERAL (SELECT coalesce(o.rule = $8::text AND o.layer < base.layers, false) AS of_base) told
            CROSS JOIN LATERAL (
                SELECT CASE WHEN told.of_base THEN $9::text ELSE o.rule END AS rule,
                       CASE WHEN told.of_base THEN $10::smallint ELSE o.severity END AS severity
            ) s
            WHERE i.org_id = $1 AND i.id = ANY($2)
              AND ($3::text[] IS NULL OR o.kind = ANY($3)) AND ($4::smallint IS NULL OR s.severity >= $4)
              AND ($5::text IS NULL OR s.rule = $5) AND ($6::bool IS NULL OR (o.removed_in IS NOT NULL) = $6)
              AND ($7::bool IS NULL OR (o.layer < base.layers) = $7)"# + $after,
            $tx.org().0,
            $images,
            $filter.kinds.as_deref(),
            $filter.min_severity.map(Severity::rank),
            $filter.rule.as_deref(),
            $filter.is_removed,
            $filter.is_from_base,
            OF_THE_BASE.0,
            OF_THE_BASE.1.rule,
            OF_THE_BASE.1.severity.rank(),
            $($argument),*
        )
    };
}

/// For each of these images, up to `limit` observations after the place `after`.
#[tracing::instrument(skip_all)]
pub async fn pages(
    tx: &mut OrgTx,
    images: &[Uuid],
    filter: &ObservationFilter,
    after: Option<i64>,
    limit: i64,
) -> Result<Vec<Observation>> {
    // The organization's own are numbered below 0. A place holds the severity and, among as severe ones, the position.
    let rows = over_observations!(
        r#"SELECT x.image AS "image!", x.place_in_list AS "place_in_list!", x.kind AS "kind!", x.rule AS "rule!",
                  x.rule_references AS "references!", x.title AS "title!", x.severity AS "severity!", x.family,
                  x.place AS "place!: Json<Place>", x.layer, x.removed_in, x.evidence AS "evidence!", x.advice AS "advice!"
           FROM (SELECT y.*, row_number() OVER (PARTITION BY y.image ORDER BY y.place_in_list) AS number
           FROM (SELECT i.id AS image, o.kind, s.rule, o.rule_references, s.severity, o.family, o.place, o.layer, o.removed_in, o.evidence,
                        CASE WHEN o.position < 0 THEN o.position ELSE (5 - s.severity) * 2147483648 + o.position END AS place_in_list,
                        CASE WHEN told.of_base THEN $11::text ELSE o.title END AS title,
                        CASE WHEN told.of_base THEN $12::text ELSE o.advice END AS advice"#,
        r#") y WHERE $13::bigint IS NULL OR y.place_in_list > $13) x
           WHERE x.number <= $14 ORDER BY x.image, x.place_in_list"#,
        tx,
        images,
        filter,
        [OF_THE_BASE.1.title, OF_THE_BASE.1.advice, after, limit]
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Observation {
            image: ImageId(row.image),
            place_in_list: row.place_in_list,
            kind: row.kind,
            rule: row.rule,
            references: row.references,
            title: row.title,
            severity: row.severity,
            family: row.family,
            place: row.place,
            layer: row.layer,
            removed_in: row.removed_in,
            evidence: row.evidence,
            advice: row.advice,
        })
        .collect())
}

/// How many observations each of these images has; those without any are left out.
pub async fn counts(tx: &mut OrgTx, images: &[Uuid], filter: &ObservationFilter) -> Result<Vec<(ImageId, i64)>> {
    let rows = over_observations!(r#"SELECT i.id, count(*) AS "count!""#, " GROUP BY i.id", tx, images, filter, [])
        .fetch_all(tx.conn())
        .await?;
    Ok(rows.into_iter().map(|row| (ImageId(row.id), row.count)).collect())
}
