//! What each source says of a vulnerability: every advisory's word on each of its packages, the organization's own advisories among them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use plimsoll_advisories::own::SOURCE;
use plimsoll_model::{Advisory, Affected, AffectedState, Range, Severity};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use crate::advisories::key;
use crate::{OrgTx, Result, StoreError};

/// The most versions that are read of those that a statement lists one by one. Some list thousands.
pub const MOST_VERSIONS: i32 = 100;

/// An advisory's word on a package, or on none where it names none.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The vulnerability's row.
    pub vulnerability: i64,
    /// The feed, or [`SOURCE`] for an own advisory.
    pub source: String,
    /// The advisory's id.
    pub advisory: String,
    /// The advisory, without its description and what it affects.
    pub document: Json<Advisory>,
    /// When the source took it back.
    pub withdrawn: Option<DateTime<Utc>>,
    /// The package, with the first [`MOST_VERSIONS`] of its versions.
    pub affected: Option<Affected>,
    /// How many versions it lists one by one.
    pub version_count: i32,
    place: i64,
}

/// A place in a vulnerability's list of statements: source, advisory, ecosystem, package, and the statement's number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StatementKey(String, String, String, String, i64);

impl Statement {
    /// Its place in the list.
    pub fn key(&self) -> StatementKey {
        let ecosystem = self.affected.as_ref().map(|affected| affected.ecosystem.to_string());
        let package = self.affected.as_ref().map(|affected| affected.package.clone());
        let (source, advisory) = (self.source.clone(), self.advisory.clone());
        StatementKey(source, advisory, ecosystem.unwrap_or_default(), package.unwrap_or_default(), self.place)
    }
}

/// For each of these vulnerabilities, which the organization may see, up to `limit` statements after the place `after`.
///
/// # Errors
/// When the database fails, or holds what no release wrote.
#[tracing::instrument(skip_all)]
pub async fn pages(
    tx: &mut OrgTx,
    vulnerabilities: &[i64],
    after: Option<&StatementKey>,
    limit: i64,
) -> Result<Vec<Statement>> {
    // Which ones first, by short columns; then what they say.
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT w.id AS "vulnerability!", k.source AS "source!", k.advisory AS "advisory!", k.place AS "place!", k.ecosystem AS "ecosystem!",
                  k.package AS "package!", coalesce(a.document, o.document) - 'description' AS "document!: Json<Advisory>",
                  coalesce(a.withdrawn, o.withdrawn) AS "withdrawn?", coalesce(f.state, g.state) AS "state?",
                  coalesce(f.module, g.module) AS "module?", coalesce(f.ranges, g.ranges) AS "ranges?: Json<Vec<Range>>",
                  (coalesce(f.versions, g.versions))[1:$8] AS "versions?", coalesce(cardinality(f.versions), cardinality(g.versions), 0) AS "version_count!",
                  coalesce(f.severity, g.severity) AS "severity?"
           FROM unnest($2::bigint[]) AS w (id)
           CROSS JOIN LATERAL (
               SELECT * FROM (
                   SELECT a.source, a.external_id AS advisory, coalesce(f.ecosystem, '') AS ecosystem, coalesce(f.package, '') AS package,
                          coalesce(f.id, -a.id) AS place, a.id AS advisory_id, f.id AS affected_id, NULL::uuid AS own_id, NULL::int AS position
                   FROM advisory_vulnerability av
                   JOIN advisory a ON a.id = av.advisory_id
                   LEFT JOIN affected f ON f.advisory_id = a.id
                   WHERE av.vulnerability_id = w.id
                   UNION ALL
                   SELECT $9::text, o.name, coalesce(g.ecosystem, ''), coalesce(g.package, ''), coalesce(g.position, -1), NULL, NULL, o.id, g.position
                   FROM own_advisory o
                   LEFT JOIN own_affected g ON g.org_id = o.org_id AND g.advisory_id = o.id
                   WHERE o.org_id = $1 AND o.vulnerability_id = w.id
               ) said
               WHERE $3::text IS NULL
                  OR (said.source COLLATE "C", said.advisory COLLATE "C", said.ecosystem COLLATE "C", said.package COLLATE "C", said.place)
                     > ($3, $4::text, $5::text, $6::text, $7::bigint)
               ORDER BY said.source COLLATE "C", said.advisory COLLATE "C", said.ecosystem COLLATE "C", said.package COLLATE "C", said.place
               LIMIT $10
           ) k
           LEFT JOIN advisory a ON a.id = k.advisory_id
           LEFT JOIN affected f ON f.id = k.affected_id
           LEFT JOIN own_advisory o ON o.org_id = $1 AND o.id = k.own_id
           LEFT JOIN own_affected g ON g.org_id = $1 AND g.advisory_id = k.own_id AND g.position = k.position
           ORDER BY w.id, k.source COLLATE "C", k.advisory COLLATE "C", k.ecosystem COLLATE "C", k.package COLLATE "C", k.place"#,
        tx.org().0,
        vulnerabilities,
        after.map(|place| place.0.as_str()),
        after.map(|place| place.1.as_str()),
        after.map(|place| place.2.as_str()),
        after.map(|place| place.3.as_str()),
        after.map(|place| place.4),
        MOST_VERSIONS,
        SOURCE,
        limit
    )
    .fetch_all(tx.conn())
    .await?;
    rows.into_iter().map(statement).collect()
}

/// A statement as it is read. Of one that names no package, the columns from `state` on are null.
struct Row {
    vulnerability: i64,
    source: String,
    advisory: String,
    place: i64,
    ecosystem: String,
    package: String,
    document: Json<Advisory>,
    withdrawn: Option<DateTime<Utc>>,
    state: Option<String>,
    module: Option<String>,
    ranges: Option<Json<Vec<Range>>>,
    versions: Option<Vec<String>>,
    version_count: i32,
    severity: Option<i16>,
}

fn statement(row: Row) -> Result<Statement> {
    let key = key(&row.ecosystem, row.package);
    let affected = |state: String| {
        Ok::<_, StoreError>(Affected {
            ecosystem: key.ecosystem,
            package: key.package,
            module: row.module,
            state: AffectedState::parse(&state).ok_or_else(|| StoreError::corrupt("affected.state", &state))?,
            ranges: row.ranges.map(|ranges| ranges.0).unwrap_or_default(),
            versions: row.versions.unwrap_or_default(),
            severity: row.severity.map(Severity::from_rank),
        })
    };
    Ok(Statement {
        vulnerability: row.vulnerability,
        source: row.source,
        advisory: row.advisory,
        document: row.document,
        withdrawn: row.withdrawn,
        affected: row.state.map(affected).transpose()?,
        version_count: row.version_count,
        place: row.place,
    })
}

/// How many statements there are on each of these vulnerabilities.
pub async fn counts(tx: &mut OrgTx, vulnerabilities: &[i64]) -> Result<HashMap<i64, i64>> {
    let rows = sqlx::query!(
        r#"SELECT w.id AS "vulnerability!",
                  (SELECT count(*) FROM advisory_vulnerability av LEFT JOIN affected f ON f.advisory_id = av.advisory_id
                   WHERE av.vulnerability_id = w.id)
                  + (SELECT count(*) FROM own_advisory o
                     LEFT JOIN own_affected g ON g.org_id = o.org_id AND g.advisory_id = o.id
                     WHERE o.org_id = $1 AND o.vulnerability_id = w.id) AS "count!"
           FROM unnest($2::bigint[]) AS w (id)"#,
        tx.org().0,
        vulnerabilities
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.vulnerability, row.count)).collect())
}
