//! From staged records to knowledge: in chunks that are each one transaction, with the message that says what changed.
//!
//! A crash between two chunks leaves a part applied that is consistent in itself; the next run finds it unchanged and goes on.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_broker::Message as _;
use plimsoll_broker::contracts::AdvisoriesChangedV1;
use plimsoll_model::{Advisory, PackageKey};
use plimsoll_store::advisories::{self, NewAdvisory};
use plimsoll_store::vulnerabilities::{self, Merged};
use plimsoll_store::{CatalogTx, Result, Store, feeds, outbox};

use crate::groups::{Grouped, put_groups};

/// Advisories per transaction, where they are small: each has the findings of all who have their packages brought in line once.
const CHUNK: i64 = 5_000;

/// What applying a run did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Applied {
    /// Advisories that are new.
    pub added: u64,
    /// Advisories that changed.
    pub changed: u64,
}

/// Applies every staged advisory of `run` that differs from what we hold; with `newest_only` none that is older.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(skip_all, fields(feed, run))]
pub async fn apply_staged(store: &Store, run: i64, feed: &str, newest_only: bool) -> Result<Applied> {
    let mut applied = Applied::default();
    let mut after = String::new();
    loop {
        let mut tx = store.catalog_tx().await?;
        let chunk = feeds::staged_changes(&mut tx, run, feed, &after, newest_only, CHUNK).await?;
        let Some((last, _)) = chunk.last() else { return Ok(applied) };
        after.clone_from(&last.key);
        let put = apply_chunk(&mut tx, feed, chunk).await?;
        tx.commit().await?;
        applied.added += put.added;
        applied.changed += put.changed;
    }
}

async fn apply_chunk(tx: &mut CatalogTx, feed: &str, chunk: Vec<(Advisory, [u8; 32])>) -> Result<advisories::Put> {
    let advisories: Vec<&Advisory> = chunk.iter().map(|(advisory, _)| advisory).collect();
    let Grouped { groups, rows, mut touched, parted } = put_groups(tx, feed, &advisories).await?;
    let new: Vec<NewAdvisory> = chunk
        .into_iter()
        .map(|(advisory, content_hash)| {
            let vulnerabilities = groups.of(&advisory).into_iter().filter_map(|id| rows.get(id).copied()).collect();
            NewAdvisory { advisory, content_hash, vulnerabilities }
        })
        .collect();
    let mut put = advisories::put(tx, feed, &new).await?;
    let mut vulnerabilities: BTreeSet<i64> = new.iter().flat_map(|new| new.vulnerabilities.iter().copied()).collect();
    vulnerabilities.extend(parted);
    merge_vulnerabilities(tx, &vulnerabilities.into_iter().collect::<Vec<_>>()).await?;
    touched.append(&mut put.touched);
    tell_changed(tx, feed, touched.into_iter().collect()).await?;
    Ok(put)
}

/// Brings vulnerabilities in line with all their advisories.
pub async fn merge_vulnerabilities(tx: &mut CatalogTx, ids: &[i64]) -> Result<()> {
    let mut by_vulnerability: BTreeMap<i64, Vec<Advisory>> = BTreeMap::new();
    for (id, advisory) in vulnerabilities::advisories_of(tx, ids).await? {
        by_vulnerability.entry(id).or_default().push(advisory);
    }
    let merged: Vec<Merged> = by_vulnerability.iter().map(|(id, advisories)| Merged::of(*id, advisories)).collect();
    vulnerabilities::put_merged(tx, &merged).await?;
    vulnerabilities::follow_cves(tx, ids).await?;
    Ok(())
}

/// Withdraws advisories that no document of their feed holds any more.
///
/// # Errors
/// When the database fails.
pub async fn withdraw(tx: &mut CatalogTx, feed: &str, gone: &[String]) -> Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    let touched = advisories::withdraw(tx, feed, gone).await?;
    let vulnerabilities = vulnerabilities::of_advisories(tx, feed, gone).await?;
    merge_vulnerabilities(tx, &vulnerabilities).await?;
    tell_changed(tx, feed, touched.into_iter().collect()).await
}

/// Writes the messages that have these packages matched again.
pub async fn tell_changed(tx: &mut CatalogTx, feed: &str, keys: BTreeSet<PackageKey>) -> Result<()> {
    let keys: Vec<PackageKey> = keys.into_iter().collect();
    let trace_context = plimsoll_runtime::trace::current();
    for part in keys.chunks(AdvisoriesChangedV1::MOST_KEYS) {
        let message = AdvisoriesChangedV1 { feed: feed.to_owned(), keys: part.to_vec() };
        outbox::write_global(tx, AdvisoriesChangedV1::TOPIC.name(), &message, &trace_context).await?;
    }
    Ok(())
}
