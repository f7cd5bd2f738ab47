//! Until when releases of operating systems are mended, and what follows for images that have them.

use chrono::NaiveDate;
use plimsoll_model::{Observation, OsRelease, SupportPeriod};
use sqlx::types::Json;

use crate::vulnerabilities::Replaced;
use crate::{CatalogTx, Result};

/// All periods.
pub async fn all(tx: &mut CatalogTx) -> Result<Vec<SupportPeriod>> {
    Ok(sqlx::query_as!(SupportPeriod, "SELECT product, release, codename, standard, extended FROM support_period")
        .fetch_all(tx.conn())
        .await?)
}

/// How many periods we hold that are not among these, and how many we hold.
pub async fn gone(tx: &mut CatalogTx, periods: &[SupportPeriod]) -> Result<(u64, u64)> {
    let names = Names::of(periods);
    let row = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE (product, release) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))) AS "gone!",
                  count(*) AS "held!"
           FROM support_period"#,
        &names.products,
        &names.releases
    )
    .fetch_one(tx.conn())
    .await?;
    Ok((row.gone.unsigned_abs(), row.held.unsigned_abs()))
}

/// Puts these in place of what was there.
pub async fn replace(tx: &mut CatalogTx, periods: &[SupportPeriod]) -> Result<Replaced> {
    let Names { products, releases } = Names::of(periods);
    let codenames: Vec<Option<String>> = periods.iter().map(|period| period.codename.clone()).collect();
    let standard: Vec<Option<NaiveDate>> = periods.iter().map(|period| period.standard).collect();
    let extended: Vec<Option<NaiveDate>> = periods.iter().map(|period| period.extended).collect();
    sqlx::query!(
        "DELETE FROM support_period WHERE (product, release) NOT IN (SELECT * FROM unnest($1::text[], $2::text[]))",
        &products,
        &releases
    )
    .execute(tx.conn())
    .await?;
    let row = sqlx::query!(
        r#"WITH put AS (
               INSERT INTO support_period AS p (product, release, codename, standard, extended)
               SELECT DISTINCT ON (product, release) *
               FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::date[]) AS n (product, release, codename, standard, extended)
               ORDER BY product, release
               ON CONFLICT (product, release) DO UPDATE
                   SET codename = excluded.codename, standard = excluded.standard, extended = excluded.extended
               WHERE (p.codename, p.standard, p.extended) IS DISTINCT FROM (excluded.codename, excluded.standard, excluded.extended)
               RETURNING (xmax = 0) AS is_new
           )
           SELECT count(*) FILTER (WHERE is_new) AS "added!", count(*) FILTER (WHERE NOT is_new) AS "changed!" FROM put"#,
        &products,
        &releases,
        &codenames as &[Option<String>],
        &standard as &[Option<NaiveDate>],
        &extended as &[Option<NaiveDate>]
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(Replaced { added: row.added.unsigned_abs(), changed: row.changed.unsigned_abs() })
}

struct Names {
    products: Vec<String>,
    releases: Vec<String>,
}

impl Names {
    fn of(periods: &[SupportPeriod]) -> Self {
        Self {
            products: periods.iter().map(|period| period.product.clone()).collect(),
            releases: periods.iter().map(|period| period.release.clone()).collect(),
        }
    }
}

/// The operating systems that images have, each once.
pub async fn systems(tx: &mut CatalogTx) -> Result<Vec<OsRelease>> {
    let rows = sqlx::query_scalar!(
        r#"SELECT DISTINCT os_release AS "os_release!: Json<OsRelease>" FROM image_content WHERE os_release IS NOT NULL"#
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(rows.into_iter().map(|Json(os)| os).collect())
}

/// Brings what is observed of an operating system's end in line with `observed`, in every image that has the system; in how many that was
/// to be done.
pub async fn observe_end(tx: &mut CatalogTx, os: &OsRelease, observed: Option<&Observation>) -> Result<u64> {
    let place = observed.map(|observed| serde_json::to_value(&observed.place)).transpose()?;
    let count = sqlx::query_scalar!(
        r#"WITH outdated AS (
               SELECT c.id FROM image_content c
               LEFT JOIN image_observation o ON o.image_content_id = c.id AND o.kind = 'end_of_life'
               WHERE c.os_release = $1 AND o.evidence IS DISTINCT FROM $2
           ), gone AS (
               DELETE FROM image_observation o USING outdated WHERE o.image_content_id = outdated.id RETURNING o.*
           ), kept AS (
               SELECT image_content_id, position, kind, rule, rule_references, title, severity, family, place, layer, removed_in,
                      evidence, advice
               FROM gone WHERE kind <> 'end_of_life'
               UNION ALL
               SELECT id, NULL, 'end_of_life', $3, '{}', $4, $5, NULL, $6, NULL, NULL, $2, $7 FROM outdated WHERE $2 IS NOT NULL
           ), put AS (
               INSERT INTO image_observation (image_content_id, position, kind, rule, rule_references, title, severity, family, place,
                                              layer, removed_in, evidence, advice)
               SELECT image_content_id, row_number() OVER (PARTITION BY image_content_id ORDER BY severity DESC, position) - 1,
                      kind, rule, rule_references, title, severity, family, place, layer, removed_in, evidence, advice
               FROM kept
           )
           SELECT count(*) AS "count!" FROM outdated"#,
        serde_json::to_value(os)?,
        observed.map(|observed| &*observed.evidence),
        observed.map(|observed| &*observed.rule),
        observed.map(|observed| &*observed.title),
        observed.map(|observed| observed.severity.rank()),
        place,
        observed.map(|observed| &*observed.advice)
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(count.unsigned_abs())
}
