//! What is wrong in images without an advisory: malware, secrets, misconfiguration. Written with the content that shows it.

use plimsoll_model::Observation;

use crate::{CatalogTx, Result};

/// Replaces what was observed in an image's content, the most severe first.
pub(crate) async fn replace(tx: &mut CatalogTx, content_id: i64, observations: &[Observation]) -> Result<()> {
    let mut ordered: Vec<&Observation> = observations.iter().collect();
    ordered.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| a.cmp(b)));
    let texts = |of: fn(&Observation) -> &str| ordered.iter().map(|seen| of(seen).to_owned()).collect::<Vec<String>>();
    let layers = |of: fn(&Observation) -> Option<u32>| {
        ordered.iter().map(|seen| of(seen).and_then(|layer| i32::try_from(layer).ok())).collect::<Vec<Option<i32>>>()
    };
    let severities: Vec<i16> = ordered.iter().map(|seen| seen.severity.rank()).collect();
    let families: Vec<Option<String>> = ordered.iter().map(|seen| seen.family.clone()).collect();
    let json = |value: serde_json::Result<serde_json::Value>| Ok::<_, crate::StoreError>(value?);
    let places: Vec<serde_json::Value> =
        ordered.iter().map(|seen| json(serde_json::to_value(&seen.place))).collect::<Result<_>>()?;
    // PostgreSQL has no arrays of arrays of different lengths.
    let references: Vec<serde_json::Value> =
        ordered.iter().map(|seen| json(serde_json::to_value(&seen.references))).collect::<Result<_>>()?;
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
        &texts(|seen| seen.kind.as_str()),
        &texts(|seen| &seen.rule),
        &references,
        &texts(|seen| &seen.title),
        &severities,
        &families as &[Option<String>],
        &places,
        &layers(|seen| seen.layer) as &[Option<i32>],
        &layers(|seen| seen.removed_in) as &[Option<i32>],
        &texts(|seen| &seen.evidence),
        &texts(|seen| &seen.advice)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
