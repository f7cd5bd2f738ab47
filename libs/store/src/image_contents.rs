//! What images hold: written whole at the end of an analysis.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use plimsoll_model::{Digest, InstalledPackage, Inventory, Layer};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::malware_bundles::UsedBundle;
use crate::{CatalogTx, Result, observations, packages};

/// What an image's config says of it.
#[derive(Debug, Clone, Default)]
pub struct Platform {
    /// `linux`.
    pub os: Option<String>,
    /// `amd64`.
    pub architecture: Option<String>,
    /// `v8`.
    pub variant: Option<String>,
    /// When it was made.
    pub created: Option<DateTime<Utc>>,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// A check that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnjudgedCheck {
    /// Its short name: `content-trust`.
    pub check: String,
    /// Why not.
    pub reason: String,
}

/// Replaces what is known of an image's content: layers, packages, observations, problems. Gives its package versions that were never
/// matched.
pub async fn replace(
    tx: &mut CatalogTx,
    content_id: i64,
    platform: &Platform,
    inventory: &Inventory,
    unjudged: &[UnjudgedCheck],
    analysis_version: &str,
) -> Result<Vec<i64>> {
    // Two scans of one content at the same time: the second waits and writes the same again.
    sqlx::query!("SELECT id FROM image_content WHERE id = $1 FOR UPDATE", content_id).fetch_one(tx.conn()).await?;
    sqlx::query!(
        "UPDATE image_content SET os = $2, architecture = $3, variant = $4, created = $5, labels = $6, os_release = $7,
                problems = $8, size_bytes = $9, analysis_version = $10, sources = $11, unjudged_checks = $12, chain_id = $13,
                analysed_at = now()
         WHERE id = $1",
        content_id,
        platform.os,
        platform.architecture,
        platform.variant,
        platform.created,
        serde_json::to_value(&platform.labels)?,
        inventory.os.as_ref().map(serde_json::to_value).transpose()?,
        serde_json::to_value(&inventory.problems)?,
        i64::try_from(inventory.layers.iter().map(|layer| layer.size).sum::<u64>()).unwrap_or(i64::MAX),
        analysis_version,
        serde_json::to_value(&inventory.sources)?,
        serde_json::to_value(unjudged)?,
        chain_ids(&inventory.layers).pop()
    )
    .execute(tx.conn())
    .await?;
    observations::replace(tx, content_id, &inventory.observations).await?;
    replace_layers(tx, content_id, inventory).await?;
    replace_packages(tx, content_id, &inventory.packages).await
}

/// Records with which rules and hashes of feeds an image's content was examined last.
pub async fn examined_with(tx: &mut CatalogTx, content_id: i64, bundles: &[UsedBundle]) -> Result<()> {
    sqlx::query!(
        "UPDATE image_content SET malware_bundles = $2 WHERE id = $1 AND malware_bundles IS DISTINCT FROM $2",
        content_id,
        serde_json::to_value(bundles)?
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Records that what [`replace`] put there is not the last word: the next scan reads the layers again that were not kept.
pub async fn provisional(tx: &mut CatalogTx, content_id: i64) -> Result<()> {
    sqlx::query!("UPDATE image_content SET analysis_version = NULL WHERE id = $1", content_id)
        .execute(tx.conn())
        .await?;
    Ok(())
}

async fn replace_layers(tx: &mut CatalogTx, content_id: i64, inventory: &Inventory) -> Result<()> {
    let layers = &inventory.layers;
    let positions: Vec<i32> = layers.iter().map(|layer| i32::try_from(layer.index).unwrap_or(i32::MAX)).collect();
    let digests: Vec<String> = layers.iter().map(|layer| layer.digest.to_string()).collect();
    let diff_ids: Vec<String> = layers.iter().map(|layer| layer.diff_id.to_string()).collect();
    let sizes: Vec<i64> = layers.iter().map(|layer| i64::try_from(layer.size).unwrap_or(i64::MAX)).collect();
    let steps = || layers.iter().map(|layer| layer.build_step.as_ref());
    let indexes: Vec<Option<i32>> = steps().map(|step| step.and_then(|step| i32::try_from(step.index).ok())).collect();
    let commands: Vec<Option<String>> = steps().map(|step| step.map(|step| step.created_by.clone())).collect();
    let created: Vec<Option<DateTime<Utc>>> = steps().map(|step| step.and_then(|step| step.created)).collect();
    sqlx::query!("DELETE FROM image_layer WHERE image_content_id = $1", content_id).execute(tx.conn()).await?;
    sqlx::query!(
        "INSERT INTO image_layer (image_content_id, position, digest, diff_id, size_bytes, build_step, created_by, created, chain_id)
         SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::bigint[], $6::int[], $7::text[], $8::timestamptz[],
                                  $9::text[])",
        content_id,
        &positions,
        &digests,
        &diff_ids,
        &sizes,
        &indexes as &[Option<i32>],
        &commands as &[Option<String>],
        &created as &[Option<DateTime<Utc>>],
        &chain_ids(layers)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// For each layer, what names it with all below it. Source: OCI image specification, `config.md`, "Layer ChainID".
fn chain_ids(layers: &[Layer]) -> Vec<String> {
    let mut chain: Option<String> = None;
    let chained = layers.iter().map(|layer| {
        let next = match chain.take() {
            None => layer.diff_id.to_string(),
            Some(below) => {
                let hash = Sha256::digest(format!("{below} {}", layer.diff_id));
                Digest::from_sha256(hash.into()).to_string()
            }
        };
        chain = Some(next.clone());
        next
    });
    chained.collect()
}

async fn replace_packages(tx: &mut CatalogTx, content_id: i64, installed: &[InstalledPackage]) -> Result<Vec<i64>> {
    let ids = packages::ensure(tx, installed).await?;
    let paths: Vec<String> = installed.iter().map(|package| package.path.clone()).collect();
    let layers: Vec<i32> = installed.iter().map(|package| i32::try_from(package.layer).unwrap_or(i32::MAX)).collect();
    sqlx::query!("DELETE FROM image_package WHERE image_content_id = $1", content_id).execute(tx.conn()).await?;
    sqlx::query!(
        "INSERT INTO image_package (image_content_id, package_version_id, path, layer)
         SELECT $1, id, path, min(layer) FROM unnest($2::bigint[], $3::text[], $4::int[]) AS p (id, path, layer)
         GROUP BY id, path",
        content_id,
        &ids,
        &paths,
        &layers
    )
    .execute(tx.conn())
    .await?;
    Ok(sqlx::query_scalar!(
        "SELECT id FROM package_version WHERE id = ANY($1) AND matched_at IS NULL ORDER BY id",
        &ids
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Package versions of an image's content that were never matched.
pub async fn unmatched_packages(tx: &mut CatalogTx, content_id: i64) -> Result<Vec<i64>> {
    Ok(sqlx::query_scalar!(
        "SELECT DISTINCT p.id FROM image_package i JOIN package_version p ON p.id = i.package_version_id
         WHERE i.image_content_id = $1 AND p.matched_at IS NULL ORDER BY p.id",
        content_id
    )
    .fetch_all(tx.conn())
    .await?)
}
