//! Re-matching what a change touches: the package versions under its keys once for all, then each organization's findings by sets.
//! No image is opened again.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use plimsoll_broker::contracts::{AdvisoriesChangedV1, OwnAdvisoriesChangedV1, VexChangedV1};
use plimsoll_broker::{Attempt, Outcome};
use plimsoll_model::{OrgId, PackageKey};
use plimsoll_store::findings::{self, Changes};
use plimsoll_store::matching::match_package_versions;
use plimsoll_store::{Result, Store, orgs, own_matching, own_vulnerabilities, packages, vex_decisions};

/// Organizations whose findings are brought in line at one time: each is a transaction of its own, and a connection.
const ORGS_AT_A_TIME: usize = 3;
/// Package versions of which it is asked which organization has them. Of more, each has some: asking would take longer than it spares.
const FEW: usize = 1_000;

/// Handles one change; doing it twice changes nothing.
#[tracing::instrument(skip_all, fields(feed = message.feed, keys = message.keys.len()))]
pub async fn handle(store: Store, message: AdvisoriesChangedV1, attempt: Attempt) -> Outcome {
    outcome(rematch(&store, &message).await, attempt)
}

/// Handles a change of an organization's own advisories; doing it twice changes nothing.
#[tracing::instrument(skip_all, fields(org = %message.org, keys = message.keys.len()))]
pub async fn handle_own(store: Store, message: OwnAdvisoriesChangedV1, attempt: Attempt) -> Outcome {
    outcome(rematch_own(&store, message.org, &message.keys).await, attempt)
}

/// Handles a change of what an organization's VEX documents say; doing it twice changes nothing.
#[tracing::instrument(skip_all, fields(org = %message.org, vulnerabilities = message.vulnerabilities.len()))]
pub async fn handle_vex(store: Store, message: VexChangedV1, attempt: Attempt) -> Outcome {
    outcome(follow_vex(&store, &message).await, attempt)
}

fn outcome(done: Result<Changes>, attempt: Attempt) -> Outcome {
    match done {
        Ok(changes) => {
            if changes != Changes::default() {
                tracing::info!(
                    opened = changes.opened,
                    closed = changes.closed,
                    "findings follow a change of advisories or VEX documents"
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

async fn rematch_own(store: &Store, org: OrgId, keys: &[PackageKey]) -> Result<Changes> {
    let mut tx = store.org_tx(org).await?;
    let changes = own_matching::rematch(&mut tx, keys).await?;
    tx.commit().await?;
    Ok(changes)
}

async fn follow_vex(store: &Store, message: &VexChangedV1) -> Result<Changes> {
    let mut tx = store.org_tx(message.org).await?;
    let mut total = vex_decisions::follow(&mut tx, &message.vulnerabilities).await?;
    for image in &message.images {
        add(&mut total, findings::refresh_image(&mut tx, *image).await?);
    }
    tx.commit().await?;
    Ok(total)
}

async fn rematch(store: &Store, message: &AdvisoriesChangedV1) -> Result<Changes> {
    let mut tx = store.catalog_tx().await?;
    let touched = packages::under_keys(&mut tx, &message.keys).await?;
    let overtaken = own_vulnerabilities::overtaken_by_feeds(&mut tx).await?;
    tx.commit().await?;
    let mut total = Changes::default();
    // What an organization knew alone, and the world knows since, is the world's from now on.
    for org in overtaken {
        add(&mut total, rematch_own(store, org, &[]).await?);
    }
    if touched.is_empty() {
        return Ok(total);
    }
    match_package_versions(store, &touched).await?;
    let mut refreshed = stream::iter(concerned(store, touched).await?)
        .map(|(org, touched)| refresh(store, org, touched))
        .buffer_unordered(ORGS_AT_A_TIME);
    while let Some(changes) = refreshed.next().await {
        add(&mut total, changes?);
    }
    Ok(total)
}

/// The organizations to be brought in line, each with the package versions that it is to look at. An image that is scanned meanwhile is matched as
/// they are now.
async fn concerned(store: &Store, touched: Vec<i64>) -> Result<Vec<(OrgId, Arc<[i64]>)>> {
    let mut tx = store.catalog_tx().await?;
    let concerned = if touched.len() <= FEW {
        let by_org = packages::by_org(&mut tx, &touched).await?;
        by_org.into_iter().map(|(org, its)| (org, its.into())).collect()
    } else {
        let touched: Arc<[i64]> = touched.into();
        orgs::all(&mut tx).await?.into_iter().map(|org| (org, Arc::clone(&touched))).collect()
    };
    tx.commit().await?;
    Ok(concerned)
}

async fn refresh(store: &Store, org: OrgId, touched: Arc<[i64]>) -> Result<Changes> {
    let mut tx = store.org_tx(org).await?;
    let changes = findings::refresh_packages(&mut tx, &touched).await?;
    tx.commit().await?;
    Ok(changes)
}

fn add(total: &mut Changes, changes: Changes) {
    total.opened += changes.opened;
    total.closed += changes.closed;
}
