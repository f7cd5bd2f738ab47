//! Vulnerabilities that an organization has or had a finding of, or that advisories say of what its images hold.

use chrono::{DateTime, Utc};
use plimsoll_model::CvssVector;
use sqlx::types::Json;

use crate::{OrgTx, Result};

/// A vulnerability.
#[derive(Debug, Clone)]
pub struct Vulnerability {
    /// Its row, for joins.
    pub id: i64,
    /// Its canonical id: the CVE where one exists.
    pub name: String,
    /// Its other ids.
    pub aliases: Vec<String>,
    /// One line.
    pub title: String,
    /// The description.
    pub description: String,
    /// Its severity where no distribution rates its own package.
    pub severity: i16,
    /// Whose that is.
    pub severity_source: String,
    /// The vector that counts.
    pub cvss_vector: Option<String>,
    /// Its score.
    pub cvss_score: Option<f64>,
    /// All vectors.
    pub cvss: Json<Vec<CvssVector>>,
    /// `CWE-79` and the like.
    pub cwes: Vec<String>,
    /// Addresses.
    pub references: Vec<String>,
    /// First published.
    pub published: Option<DateTime<Utc>>,
    /// Last changed.
    pub modified: Option<DateTime<Utc>>,
    /// Taken back.
    pub withdrawn: Option<DateTime<Utc>>,
}

macro_rules! vulnerabilities {
    ($tx:expr, $condition:literal, $argument:expr) => {
        sqlx::query_as!(
            Vulnerability,
            r#"SELECT v.id, v.name, v.aliases, v.title, v.description, v.severity, v.severity_source, v.cvss_vector,
                      v.cvss_score, v.cvss AS "cvss: Json<Vec<CvssVector>>", v.cwes, v."references", v.published,
                      v.modified, v.withdrawn
               FROM vulnerability v
               WHERE (EXISTS (SELECT FROM finding f WHERE f.org_id = $1 AND f.vulnerability_id = v.id)
                      OR EXISTS (SELECT FROM "match" m JOIN image_package ip ON ip.package_version_id = m.package_version_id
                                 JOIN image i ON i.image_content_id = ip.image_content_id
                                 WHERE m.vulnerability_id = v.id AND i.org_id = $1)) AND "#
                + $condition,
            $tx.org().0,
            $argument
        )
    };
}

/// Of these vulnerabilities, those that the organization may see.
pub async fn by_ids(tx: &mut OrgTx, ids: &[i64]) -> Result<Vec<Vulnerability>> {
    Ok(vulnerabilities!(tx, "v.id = ANY($2)", ids).fetch_all(tx.conn()).await?)
}

/// The vulnerability with this canonical id, if the organization may see it.
pub async fn by_name(tx: &mut OrgTx, name: &str) -> Result<Option<Vulnerability>> {
    // One of its own may have a name that the world knows since: the world's is the one that stays.
    Ok(vulnerabilities!(tx, "v.name = $2 ORDER BY v.org_id NULLS FIRST LIMIT 1", name)
        .fetch_optional(tx.conn())
        .await?)
}
