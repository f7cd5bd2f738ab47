//! Feeds that are a table each: CISA's catalogue, EPSS, end-of-life dates. Read whole, then put in one transaction.

use plimsoll_advisories::feeds::{Document, FeedKind};
use plimsoll_runtime::clock;
use plimsoll_store::feeds::{self, RunCounts};
use plimsoll_store::vulnerabilities::{self, KnownExploited, Replaced};
use plimsoll_store::{CatalogTx, Result, Store, support_periods};

use crate::read::{Applying, Parsed};
use crate::support;
use crate::sync::{SyncError, refuse_if_too_many};

/// Rows per statement.
const BATCH: usize = 20_000;

/// Puts the rows of a table's document.
///
/// # Errors
/// When the database fails, or more rows are gone than may be.
pub async fn replace(
    store: &Store,
    applying: &Applying<'_>,
    parsed: &Parsed,
    counts: &mut RunCounts,
) -> Result<(), SyncError> {
    let Applying { document, most_withdrawn, state, .. } = *applying;
    let mut tx = store.catalog_tx().await?;
    let replaced = match document.feed.kind {
        FeedKind::KnownExploited => put_known_exploited(&mut tx, document, parsed, most_withdrawn, counts).await?,
        FeedKind::SupportPeriods => put_support_periods(&mut tx, document, parsed, most_withdrawn, counts).await?,
        _ => put_exploit_scores(&mut tx, parsed).await?,
    };
    counts.added = replaced.added;
    counts.changed = replaced.changed;
    counts.unchanged = counts.records.saturating_sub(replaced.added + replaced.changed);
    feeds::document_checked(&mut tx, document.feed.name, &document.path, state, true).await?;
    tx.commit().await?;
    Ok(())
}

async fn put_known_exploited(
    tx: &mut CatalogTx,
    document: &Document,
    parsed: &Parsed,
    most_withdrawn: f64,
    counts: &mut RunCounts,
) -> Result<Replaced, SyncError> {
    let rows: Vec<KnownExploited> = parsed
        .known_exploited
        .iter()
        .map(|row| KnownExploited {
            cve: row.cve.clone(),
            added: row.date_added,
            due: row.due_date,
            ransomware: row.is_used_by_ransomware,
            name: row.name.clone(),
        })
        .collect();
    let cves: Vec<String> = rows.iter().map(|row| row.cve.clone()).collect();
    let (gone, held) = vulnerabilities::known_exploited_gone(tx, &cves).await?;
    refuse_if_too_many(document, gone, held, most_withdrawn)?;
    counts.withdrawn = gone;
    let replaced = vulnerabilities::replace_known_exploited(tx, &rows).await?;
    follow_cves(tx).await?;
    Ok(replaced)
}

async fn put_support_periods(
    tx: &mut CatalogTx,
    document: &Document,
    parsed: &Parsed,
    most_withdrawn: f64,
    counts: &mut RunCounts,
) -> Result<Replaced, SyncError> {
    let periods = &parsed.support_periods;
    let (gone, held) = support_periods::gone(tx, periods).await?;
    refuse_if_too_many(document, gone, held, most_withdrawn)?;
    counts.withdrawn = gone;
    let replaced = support_periods::replace(tx, periods).await?;
    support::judge(tx).await?;
    Ok(replaced)
}

/// Scores or the catalogue changed: what has several CVEs may be told by another of them.
async fn follow_cves(tx: &mut CatalogTx) -> Result<()> {
    let several = vulnerabilities::with_several_cves(tx).await?;
    vulnerabilities::follow_cves(tx, &several).await?;
    Ok(())
}

/// A score that is no longer published keeps its last value: EPSS drops only CVEs that were rejected.
async fn put_exploit_scores(tx: &mut CatalogTx, parsed: &Parsed) -> Result<Replaced> {
    let scored_on = parsed.report.as_of.unwrap_or_else(clock::now).date_naive();
    let mut total = Replaced::default();
    let row = |row: &plimsoll_advisories::ExploitScore| (row.cve.clone(), row.score, row.percentile);
    for batch in parsed.exploit_scores.chunks(BATCH) {
        let rows: Vec<_> = batch.iter().map(row).collect();
        let replaced = vulnerabilities::put_exploit_scores(tx, &rows, scored_on).await?;
        total.added += replaced.added;
        total.changed += replaced.changed;
    }
    follow_cves(tx).await?;
    Ok(total)
}
