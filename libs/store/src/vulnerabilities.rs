//! Vulnerabilities: what the advisories about one thing, under all its ids, say together.

mod exploitation;
pub mod parting;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use plimsoll_advisories::{Match, merge, own_raters, rating};
use plimsoll_model::{Advisory, AffectedState, CvssVector, PackageKey, Severity};
use sqlx::types::Json;

use crate::{CatalogTx, PgConnection, Result, advisories};

pub use exploitation::{
    KnownExploited, Replaced, follow_cves, known_exploited_gone, put_exploit_scores, replace_known_exploited,
    with_several_cves,
};

/// A vulnerability's ids as they are known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownIds {
    /// Its row.
    pub id: i64,
    /// Its canonical id.
    pub name: String,
    /// Every id, the canonical one among them.
    pub aliases: Vec<String>,
}

/// A vulnerability's ids as they shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIds {
    /// The row that it keeps, or `None` for a new one.
    pub id: Option<i64>,
    /// Its canonical id.
    pub name: String,
    /// Every id, the canonical one among them.
    pub aliases: Vec<String>,
    /// Rows that turned out to be the same vulnerability: they become history.
    pub absorbs: Vec<i64>,
}

/// What a vulnerability's advisories say together.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// Its row.
    pub id: i64,
    /// One line.
    pub title: String,
    /// The description.
    pub description: String,
    /// The severity where no distribution rates its own package.
    pub severity: Severity,
    /// Whose that is.
    pub severity_source: String,
    /// The vector that counts.
    pub cvss_vector: Option<String>,
    /// Its score.
    pub cvss_score: Option<f64>,
    /// All vectors.
    pub cvss: Vec<CvssVector>,
    /// `CWE-79` and the like.
    pub cwes: Vec<String>,
    /// Addresses.
    pub references: Vec<String>,
    /// First published.
    pub published: Option<DateTime<Utc>>,
    /// Last changed.
    pub modified: Option<DateTime<Utc>>,
    /// Taken back by every source.
    pub withdrawn: Option<DateTime<Utc>>,
}

impl Merged {
    /// What these advisories, all about the vulnerability of this row, say together. The canonical id and the aliases are stored apart.
    pub fn of(id: i64, advisories: &[Advisory]) -> Self {
        let vulnerability = merge("", advisories);
        // The rating that holds where no source rates the package itself.
        let unrated = Match {
            vulnerability: String::new(),
            fixed_in: None,
            state: AffectedState::Affected,
            severity: None,
            severity_source: None,
            sources: Vec::new(),
            advisories: Vec::new(),
        };
        let rating = rating(&unrated, &vulnerability);
        Self {
            id,
            title: vulnerability.title,
            description: vulnerability.description,
            severity: rating.severity,
            severity_source: rating.source,
            cvss_vector: rating.cvss_vector,
            cvss_score: rating.cvss_score,
            cvss: vulnerability.cvss,
            cwes: vulnerability.cwes,
            references: vulnerability.references,
            published: vulnerability.published,
            modified: vulnerability.modified,
            withdrawn: vulnerability.withdrawn,
        }
    }
}

/// The vulnerabilities that are known under any of these ids.
pub async fn known_under(tx: &mut CatalogTx, ids: &[String]) -> Result<Vec<KnownIds>> {
    let rows = sqlx::query!(
        r#"SELECT v.id, v.name, array_agg(a.alias ORDER BY a.alias) AS "aliases!"
           FROM vulnerability v JOIN vulnerability_alias a ON a.vulnerability_id = v.id
           WHERE v.id IN (SELECT vulnerability_id FROM vulnerability_alias WHERE alias = ANY($1))
           GROUP BY v.id"#,
        ids
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| KnownIds { id: row.id, name: row.name, aliases: row.aliases }).collect())
}

/// Stores ids, in the order given: the row of each, and the packages of those that were absorbed or got another id, as what is said of that id (in
/// an organization's VEX documents) is now said of them.
pub async fn put_ids(tx: &mut CatalogTx, groups: &[NewIds]) -> Result<(Vec<i64>, Vec<PackageKey>)> {
    let mut touched = Vec::new();
    let absorbing: Vec<&NewIds> = groups.iter().filter(|group| !group.absorbs.is_empty()).collect();
    for group in absorbing {
        touched.extend(absorb(tx, group).await?);
    }
    let kept: Vec<&NewIds> = groups.iter().filter(|group| group.id.is_some()).collect();
    touched.extend(newly_named(tx, &kept).await?);
    let kept_ids: Vec<i64> = kept.iter().filter_map(|group| group.id).collect();
    let kept_names: Vec<String> = kept.iter().map(|group| group.name.clone()).collect();
    sqlx::query!(
        "UPDATE vulnerability v SET name = n.name FROM unnest($1::bigint[], $2::text[]) AS n (id, name)
         WHERE v.id = n.id AND v.name <> n.name",
        &kept_ids,
        &kept_names
    )
    .execute(tx.conn())
    .await?;
    let new_names: Vec<String> =
        groups.iter().filter(|group| group.id.is_none()).map(|group| group.name.clone()).collect();
    let made =
        sqlx::query!("INSERT INTO vulnerability (name) SELECT unnest($1::text[]) RETURNING id, name", &new_names)
            .fetch_all(tx.conn())
            .await?;
    let made: std::collections::HashMap<String, i64> = made.into_iter().map(|row| (row.name, row.id)).collect();
    let ids: Vec<i64> = groups.iter().filter_map(|group| group.id.or_else(|| made.get(&group.name).copied())).collect();
    put_aliases(tx, groups, &ids).await?;
    Ok((ids, touched))
}

/// The packages of the vulnerabilities among these that are to have an id that they do not have.
async fn newly_named(tx: &mut CatalogTx, groups: &[&NewIds]) -> Result<Vec<PackageKey>> {
    let (aliases, owners): (Vec<String>, Vec<i64>) = groups
        .iter()
        .flat_map(|group| group.aliases.iter().filter_map(move |alias| Some((alias.clone(), group.id?))))
        .unzip();
    let grown = sqlx::query_scalar!(
        r#"SELECT DISTINCT n.id AS "id!" FROM unnest($1::text[], $2::bigint[]) AS n (alias, id)
           WHERE n.id IS DISTINCT FROM (SELECT a.vulnerability_id FROM vulnerability_alias a WHERE a.alias = n.alias)"#,
        &aliases,
        &owners
    )
    .fetch_all(tx.conn())
    .await?;
    packages_of(tx, &grown).await
}

/// The packages that advisories on these vulnerabilities speak of.
pub async fn packages_of(tx: &mut CatalogTx, vulnerabilities: &[i64]) -> Result<Vec<PackageKey>> {
    if vulnerabilities.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        "SELECT DISTINCT f.ecosystem, f.package FROM affected f
         JOIN advisory_vulnerability a ON a.advisory_id = f.advisory_id WHERE a.vulnerability_id = ANY($1)",
        vulnerabilities
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| advisories::key(&row.ecosystem, row.package)).collect())
}

/// Makes rows that turned out to be the same vulnerability history: their advisories, aliases and matches go to the row that stays.
async fn absorb(tx: &mut CatalogTx, group: &NewIds) -> Result<Vec<PackageKey>> {
    let Some(into) = group.id else { return Ok(Vec::new()) };
    let touched = packages_of(tx, &group.absorbs).await?;
    sqlx::query!("DELETE FROM \"match\" WHERE vulnerability_id = ANY($1)", &group.absorbs).execute(tx.conn()).await?;
    sqlx::query!(
        "INSERT INTO advisory_vulnerability (advisory_id, vulnerability_id)
         SELECT DISTINCT advisory_id, $2::bigint FROM advisory_vulnerability WHERE vulnerability_id = ANY($1) ON CONFLICT DO NOTHING",
        &group.absorbs,
        into
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!("DELETE FROM advisory_vulnerability WHERE vulnerability_id = ANY($1)", &group.absorbs)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "UPDATE vulnerability_alias SET vulnerability_id = $2 WHERE vulnerability_id = ANY($1)",
        &group.absorbs,
        into
    )
    .execute(tx.conn())
    .await?;
    // The name is given free, as the row that stays may take it.
    sqlx::query!(
        "UPDATE vulnerability SET merged_into = $2, name = 'merged:' || id || ':' || name WHERE id = ANY($1)",
        &group.absorbs,
        into
    )
    .execute(tx.conn())
    .await?;
    Ok(touched)
}

async fn put_aliases(tx: &mut CatalogTx, groups: &[NewIds], ids: &[i64]) -> Result<()> {
    let (aliases, owners): (Vec<String>, Vec<i64>) = groups
        .iter()
        .zip(ids)
        .flat_map(|(group, id)| group.aliases.iter().map(move |alias| (alias.clone(), *id)))
        .unzip();
    sqlx::query!(
        "INSERT INTO vulnerability_alias (alias, vulnerability_id)
         SELECT DISTINCT ON (alias) alias, id FROM unnest($1::text[], $2::bigint[]) AS a (alias, id) ORDER BY alias
         ON CONFLICT (alias) DO UPDATE SET vulnerability_id = excluded.vulnerability_id",
        &aliases,
        &owners
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "UPDATE vulnerability v SET aliases = coalesce(
             (SELECT array_agg(a.alias ORDER BY a.alias) FROM vulnerability_alias a
              WHERE a.vulnerability_id = v.id AND a.alias <> v.name), '{}')
         WHERE v.id = ANY($1)",
        ids
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Every advisory (without what it affects) about these vulnerabilities, with the vulnerability's row.
pub async fn advisories_of(tx: &mut CatalogTx, vulnerabilities: &[i64]) -> Result<Vec<(i64, Advisory)>> {
    let rows = sqlx::query!(
        r#"SELECT av.vulnerability_id, a.document AS "document: Json<Advisory>"
           FROM advisory_vulnerability av JOIN advisory a ON a.id = av.advisory_id
           WHERE av.vulnerability_id = ANY($1) ORDER BY av.vulnerability_id, a.source, a.key"#,
        vulnerabilities
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|row| (row.vulnerability_id, row.document.0)).collect())
}

/// The vulnerabilities that these advisories of a source are about.
pub async fn of_advisories(tx: &mut CatalogTx, source: &str, keys: &[String]) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "SELECT DISTINCT av.vulnerability_id FROM advisory a JOIN advisory_vulnerability av ON av.advisory_id = a.id
         WHERE a.source = $1 AND a.key = ANY($2)",
        source,
        keys
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Of these vulnerabilities, those that a CVSS vector rates.
pub async fn with_vector(tx: &mut CatalogTx, vulnerabilities: &[i64]) -> Result<BTreeSet<i64>> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM vulnerability WHERE id = ANY($1) AND cvss_score IS NOT NULL",
        vulnerabilities
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(ids.into_iter().collect())
}

/// Stores the texts and ratings of vulnerabilities that the connection's transaction may write.
pub(crate) async fn put_contents(connection: &mut PgConnection, merged: &[Merged]) -> Result<()> {
    let rows = merged
        .iter()
        .map(|v| {
            Ok(serde_json::json!({
                "id": v.id, "title": v.title, "description": v.description, "severity": v.severity.rank(),
                "severity_source": v.severity_source, "cvss_vector": v.cvss_vector, "cvss_score": v.cvss_score,
                "cvss": serde_json::to_value(&v.cvss)?, "cwes": v.cwes, "refs": v.references,
                "published": v.published, "modified": v.modified, "withdrawn": v.withdrawn,
            }))
        })
        .collect::<Result<Vec<_>>>()?;
    sqlx::query!(
        r#"UPDATE vulnerability v SET title = n.title, description = n.description, severity = n.severity,
                  severity_source = n.severity_source, cvss_vector = n.cvss_vector, cvss_score = n.cvss_score, cvss = n.cvss,
                  cwes = n.cwes, "references" = n.refs, published = n.published, modified = n.modified, withdrawn = n.withdrawn
           FROM jsonb_to_recordset($1) AS n (id bigint, title text, description text, severity smallint, severity_source text,
                cvss_vector text, cvss_score float8, cvss jsonb, cwes text[], refs text[], published timestamptz,
                modified timestamptz, withdrawn timestamptz)
           WHERE v.id = n.id"#,
        serde_json::Value::Array(rows)
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores what vulnerabilities' advisories say together.
pub async fn put_merged(tx: &mut CatalogTx, merged: &[Merged]) -> Result<()> {
    put_contents(tx.conn(), merged).await?;
    // A vector outranks a word on the package, but for the distribution's own: matches that were made before it came give way.
    let scored: Vec<i64> = merged.iter().filter(|v| v.cvss_score.is_some()).map(|v| v.id).collect();
    let own: Vec<String> = own_raters().map(str::to_owned).collect();
    sqlx::query!(
        r#"UPDATE "match" SET severity = NULL, severity_source = ''
           WHERE vulnerability_id = ANY($1) AND severity IS NOT NULL AND severity_source <> ALL($2)"#,
        &scored,
        &own
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
