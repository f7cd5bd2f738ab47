//! What is wrong in images without an advisory: what the organization's own rules say first, each the most severe first.

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
    pub position: i32,
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
}

/// For each of these images, up to `limit` observations after the position `after`.
#[tracing::instrument(skip_all)]
pub async fn pages(
    tx: &mut OrgTx,
    images: &[Uuid],
    filter: &ObservationFilter,
    after: Option<i32>,
    limit: i64,
) -> Result<Vec<Observation>> {
    Ok(sqlx::query_as!(
        Observation,
        r#"SELECT i.id AS image, x.position AS "position!", x.kind AS "kind!", x.rule AS "rule!", x.rule_references AS "references!",
                  x.title AS "title!", x.severity AS "severity!", x.family, x.place AS "place!: Json<Place>", x.layer, x.removed_in,
                  x.evidence AS "evidence!", x.advice AS "advice!"
           FROM image i
           CROSS JOIN LATERAL (
               SELECT o.* FROM (
                   SELECT position, kind, rule, rule_references, title, severity, family, place, layer, removed_in, evidence, advice
                   FROM org_image_observation WHERE org_id = i.org_id AND image_id = i.id
                   UNION ALL
                   SELECT position, kind, rule, rule_references, title, severity, family, place, layer, removed_in, evidence, advice
                   FROM image_observation WHERE image_content_id = i.image_content_id
               ) o
               WHERE ($3::text[] IS NULL OR o.kind = ANY($3)) AND ($4::smallint IS NULL OR o.severity >= $4)
                 AND ($5::text IS NULL OR o.rule = $5) AND ($6::bool IS NULL OR (o.removed_in IS NOT NULL) = $6)
                 AND ($7::int IS NULL OR o.position > $7)
               ORDER BY o.position LIMIT $8
           ) x
           WHERE i.org_id = $1 AND i.id = ANY($2)
           ORDER BY i.id, x.position"#,
        tx.org().0,
        images,
        filter.kinds.as_deref(),
        filter.min_severity.map(Severity::rank),
        filter.rule.as_deref(),
        filter.is_removed,
        after,
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many observations each of these images has; those without any are left out.
pub async fn counts(tx: &mut OrgTx, images: &[Uuid], filter: &ObservationFilter) -> Result<Vec<(ImageId, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT i.id, count(*) AS "count!" FROM image i
           CROSS JOIN LATERAL (
               SELECT kind, severity, rule, removed_in FROM org_image_observation WHERE org_id = i.org_id AND image_id = i.id
               UNION ALL
               SELECT kind, severity, rule, removed_in FROM image_observation WHERE image_content_id = i.image_content_id
           ) o
           WHERE i.org_id = $1 AND i.id = ANY($2)
             AND ($3::text[] IS NULL OR o.kind = ANY($3)) AND ($4::smallint IS NULL OR o.severity >= $4)
             AND ($5::text IS NULL OR o.rule = $5) AND ($6::bool IS NULL OR (o.removed_in IS NOT NULL) = $6)
           GROUP BY i.id"#,
        tx.org().0,
        images,
        filter.kinds.as_deref(),
        filter.min_severity.map(Severity::rank),
        filter.rule.as_deref(),
        filter.is_removed
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (ImageId(row.id), row.count)).collect())
}
