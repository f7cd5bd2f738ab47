//! What advisories say of packages in an image that is no finding: what is still looked into, and what does not run where it lies.

use chrono::NaiveDate;
use plimsoll_model::ImageId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{OrgTx, Result};

/// A match that is not counted, in an image.
#[derive(Debug, Clone)]
pub struct Uncounted {
    /// The image.
    pub image: ImageId,
    /// The package version's row.
    pub package: i64,
    /// The vulnerability's row.
    pub vulnerability: i64,
    /// Why it is not counted.
    pub state: String,
    /// The severity that would count.
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
    /// The feeds that say so.
    pub sources: Vec<String>,
    /// Their advisories.
    pub advisories: Vec<String>,
    /// The package's name.
    pub package_name: String,
    /// The package's version.
    pub package_version: String,
    /// The vulnerability's canonical id.
    pub vulnerability_name: String,
}

/// A place in the list: package, version, vulnerability, and the rows of package version and vulnerability.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UncountedKey(pub String, pub String, pub String, pub i64, pub i64);

impl Uncounted {
    /// Its place in the list.
    pub fn place(&self) -> UncountedKey {
        UncountedKey(
            self.package_name.clone(),
            self.package_version.clone(),
            self.vulnerability_name.clone(),
            self.package,
            self.vulnerability,
        )
    }
}

/// For each of these images, up to `limit` matches of `state` (any where it is `None`) after the place `after`.
#[tracing::instrument(skip_all)]
pub async fn pages(
    tx: &mut OrgTx,
    images: &[Uuid],
    state: Option<&str>,
    after: Option<&UncountedKey>,
    limit: i64,
) -> Result<Vec<Uncounted>> {
    Ok(sqlx::query_as!(
        Uncounted,
        r#"SELECT i.id AS image, x.package AS "package!", x.vulnerability AS "vulnerability!", x.state AS "state!", x.severity AS "severity!",
                  x.severity_source AS "severity_source!", x.epss_score AS "epss_score?", x.epss_percentile AS "epss_percentile?",
                  x.known_exploited_since AS "known_exploited_since?", x.fixed_in, x.sources AS "sources!", x.advisories AS "advisories!",
                  x.package_name AS "package_name!", x.package_version AS "package_version!", x.vulnerability_name AS "vulnerability_name!"
           FROM image i
           CROSS JOIN LATERAL (
               SELECT m.package_version_id AS package, m.vulnerability_id AS vulnerability, m.state, m.fixed_in, m.sources, m.advisories,
                      coalesce(nullif(m.severity, 0), v.severity) AS severity,
                      CASE WHEN nullif(m.severity, 0) IS NULL THEN v.severity_source ELSE m.severity_source END AS severity_source,
                      e.score AS epss_score, e.percentile AS epss_percentile, k.added AS known_exploited_since,
                      p.name AS package_name, p.version AS package_version, v.name AS vulnerability_name
               FROM (SELECT DISTINCT ip.package_version_id FROM image_package ip WHERE ip.image_content_id = i.image_content_id) held
               JOIN package_version p ON p.id = held.package_version_id
               JOIN "match" m ON m.package_version_id = p.id
               JOIN vulnerability v ON v.id = m.vulnerability_id
               LEFT JOIN known_exploited k ON k.cve = coalesce(v.exploited_as, v.name)
               LEFT JOIN exploit_score e ON e.cve = coalesce(v.scored_as, v.name)
               WHERE m.state IN ('under_investigation', 'not_running') AND ($3::text IS NULL OR m.state = $3)
                 AND ($4::text IS NULL OR (p.name COLLATE "C", p.version COLLATE "C", v.name COLLATE "C", p.id, v.id)
                                          > ($4, $5::text, $6::text, $7::bigint, $8::bigint))
               ORDER BY p.name COLLATE "C", p.version COLLATE "C", v.name COLLATE "C", p.id, v.id LIMIT $9
           ) x
           WHERE i.org_id = $1 AND i.id = ANY($2)
           ORDER BY i.id, x.package_name COLLATE "C", x.package_version COLLATE "C", x.vulnerability_name COLLATE "C", x.package,
                    x.vulnerability"#,
        tx.org().0,
        images,
        state,
        after.map(|place| place.0.as_str()),
        after.map(|place| place.1.as_str()),
        after.map(|place| place.2.as_str()),
        after.map(|place| place.3),
        after.map(|place| place.4),
        limit
    )
    .fetch_all(tx.conn())
    .await?)
}

/// How many matches of `state` (any where it is `None`) each of these images has; those without any are left out.
pub async fn counts(tx: &mut OrgTx, images: &[Uuid], state: Option<&str>) -> Result<Vec<(ImageId, i64)>> {
    let rows = sqlx::query!(
        r#"SELECT i.id, count(*) AS "count!"
           FROM image i
           CROSS JOIN LATERAL (SELECT DISTINCT ip.package_version_id FROM image_package ip
                               WHERE ip.image_content_id = i.image_content_id) held
           JOIN "match" m ON m.package_version_id = held.package_version_id
           WHERE i.org_id = $1 AND i.id = ANY($2) AND m.state IN ('under_investigation', 'not_running')
             AND ($3::text IS NULL OR m.state = $3)
           GROUP BY i.id"#,
        tx.org().0,
        images,
        state
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (ImageId(row.id), row.count)).collect())
}
