//! Re-matching what a change touches: the package versions under its keys once for all, then each organization's findings by sets.
//! No image is opened again.

use plimsoll_broker::contracts::AdvisoriesChangedV1;
use plimsoll_broker::{Attempt, Outcome};
use plimsoll_store::findings::{self, Changes};
use plimsoll_store::matching::match_package_versions;
use plimsoll_store::{Result, Store, orgs, packages};

/// Handles one change; doing it twice changes nothing.
#[tracing::instrument(skip_all, fields(feed = message.feed, keys = message.keys.len()))]
pub async fn handle(store: Store, message: AdvisoriesChangedV1, attempt: Attempt) -> Outcome {
    match rematch(&store, &message).await {
        Ok(changes) => {
            if changes != Changes::default() {
                tracing::info!(
                    opened = changes.opened,
                    closed = changes.closed,
                    "findings follow a change of advisories"
                );
            }
            Outcome::Done
        }
        Err(error) => {
            tracing::error!(%error, attempt = attempt.number, "re-matching failed");
            Outcome::Retry
        }
    }
}

async fn rematch(store: &Store, message: &AdvisoriesChangedV1) -> Result<Changes> {
    let mut tx = store.catalog_tx().await?;
    let touched = packages::under_keys(&mut tx, &message.keys).await?;
    let orgs = orgs::all(&mut tx).await?;
    tx.commit().await?;
    let mut total = Changes::default();
    if touched.is_empty() {
        return Ok(total);
    }
    match_package_versions(store, &touched).await?;
    for org in orgs {
        let mut tx = store.org_tx(org).await?;
        let changes = findings::refresh_packages(&mut tx, &touched).await?;
        tx.commit().await?;
        total.opened += changes.opened;
        total.closed += changes.closed;
    }
    Ok(total)
}
