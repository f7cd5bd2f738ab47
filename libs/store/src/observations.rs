//! What is wrong in images without an advisory: malware, secrets, misconfiguration. Written with the content that shows it; what an
//! organization's own rules find, for its image alone.

use plimsoll_model::{ImageId, Observation, Problem};

use crate::{CatalogTx, OrgTx, Result};

/// Observations as columns, the most severe first.
struct Columns {
    kinds: Vec<String>,
    rules: Vec<String>,
    // PostgreSQL has no arrays of arrays of different lengths.
    references: Vec<serde_json::Value>,
    titles: Vec<String>,
    severities: Vec<i16>,
    families: Vec<Option<String>>,
    places: Vec<serde_json::Value>,
    layers: Vec<Option<i32>>,
    removed_in: Vec<Option<i32>>,
    evidence: Vec<String>,
    advice: Vec<String>,
}

impl Columns {
    fn of(observations: &[Observation]) -> Result<Self> {
        let mut ordered: Vec<&Observation> = observations.iter().collect();
        ordered.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
        let texts = |of: fn(&Observation) -> &str| ordered.iter().map(|seen| of(seen).to_owned()).collect();
        let layers = |of: fn(&Observation) -> Option<u32>| {
            ordered.iter().map(|seen| of(seen).and_then(|layer| i32::try_from(layer).ok())).collect()
        };
        let json = |of: fn(&Observation) -> serde_json::Result<serde_json::Value>| {
            ordered.iter().map(|seen| Ok(of(seen)?)).collect::<Result<Vec<_>>>()
        };
        Ok(Self {
            kinds: texts(|seen| seen.kind.as_str()),
            rules: texts(|seen| &seen.rule),
            references: json(|seen| serde_json::to_value(&seen.references))?,
            titles: texts(|seen| &seen.title),
            severities: ordered.iter().map(|seen| seen.severity.rank()).collect(),
            families: ordered.iter().map(|seen| seen.family.clone()).collect(),
            places: json(|seen| serde_json::to_value(&seen.place))?,
            layers: layers(|seen| seen.layer),
            removed_in: layers(|seen| seen.removed_in),
            evidence: texts(|seen| &seen.evidence),
            advice: texts(|seen| &seen.advice),
        })
    }
}

/// Replaces what was observed in an image's content.
pub(crate) async fn replace(tx: &mut CatalogTx, content_id: i64, observations: &[Observation]) -> Result<()> {
    let columns = Columns::of(observations)?;
    sqlx::query!("DELETE FROM image_observation WHERE image_content_id = $1", content_id).execute(tx.conn()).await?;
    sqlx::query!(
        "INSERT INTO image_observation (image_content_id, position, kind, rule, rule_references, title, severity, family, place,
                                        layer, removed_in, evidence, advice)
         SELECT $1, o.number - 1, o.kind, o.rule, ARRAY(SELECT jsonb_array_elements_text(o.refs)), o.title, o.severity, o.family,
                o.place, o.layer, o.removed_in, o.evidence, o.advice
         FROM unnest($2::text[], $3::text[], $4::jsonb[], $5::text[], $6::smallint[], $7::text[], $8::jsonb[], $9::int[],
                     $10::int[], $11::text[], $12::text[])
              WITH ORDINALITY AS o (kind, rule, refs, title, severity, family, place, layer, removed_in, evidence, advice, number)",
        content_id,
        &columns.kinds,
        &columns.rules,
        &columns.references,
        &columns.titles,
        &columns.severities,
        &columns.families as &[Option<String>],
        &columns.places,
        &columns.layers as &[Option<i32>],
        &columns.removed_in as &[Option<i32>],
        &columns.evidence,
        &columns.advice
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Replaces what the transaction's organization's own rules found in its image, and what they did not examine.
pub async fn replace_own(
    tx: &mut OrgTx,
    image: ImageId,
    observations: &[Observation],
    problems: &[Problem],
) -> Result<()> {
    let columns = Columns::of(observations)?;
    let count = i32::try_from(observations.len()).unwrap_or(i32::MAX);
    let org = tx.org().0;
    sqlx::query!("DELETE FROM org_image_observation WHERE org_id = $1 AND image_id = $2", org, image.0)
        .execute(tx.conn())
        .await?;
    sqlx::query!(
        "UPDATE image SET own_problems = $3 WHERE org_id = $1 AND id = $2 AND own_problems <> $3",
        org,
        image.0,
        serde_json::to_value(problems)?
    )
    .execute(tx.conn())
    .await?;
    if observations.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO org_image_observation (org_id, image_id, position, kind, rule, rule_references, title, severity, family,
                                            place, layer, removed_in, evidence, advice)
         SELECT $1, $2, o.number - 1 - $3::int, o.kind, o.rule, ARRAY(SELECT jsonb_array_elements_text(o.refs)), o.title, o.severity,
                o.family, o.place, o.layer, o.removed_in, o.evidence, o.advice
         FROM unnest($4::text[], $5::text[], $6::jsonb[], $7::text[], $8::smallint[], $9::text[], $10::jsonb[], $11::int[],
                     $12::int[], $13::text[], $14::text[])
              WITH ORDINALITY AS o (kind, rule, refs, title, severity, family, place, layer, removed_in, evidence, advice, number)",
        org,
        image.0,
        count,
        &columns.kinds,
        &columns.rules,
        &columns.references,
        &columns.titles,
        &columns.severities,
        &columns.families as &[Option<String>],
        &columns.places,
        &columns.layers as &[Option<i32>],
        &columns.removed_in as &[Option<i32>],
        &columns.evidence,
        &columns.advice
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
