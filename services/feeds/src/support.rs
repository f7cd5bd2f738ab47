//! Images whose operating system comes to its end, by a day that passes or by what a feed says: told without a scan.

use plimsoll_checks::EndOfLifeTable;
use plimsoll_runtime::clock;
use plimsoll_store::{CatalogTx, Result, support_periods};

/// Brings what is observed of every image's operating system in line with the periods that we hold, as of today.
///
/// # Errors
/// When the database fails.
#[tracing::instrument(skip_all)]
pub async fn judge(tx: &mut CatalogTx) -> Result<()> {
    let table = EndOfLifeTable::updated(&support_periods::all(tx).await?);
    let today = clock::now().date_naive();
    let mut images = 0;
    for os in support_periods::systems(tx).await? {
        images += support_periods::observe_end(tx, &os, table.observation(&os, today).as_ref()).await?;
    }
    if images > 0 {
        tracing::info!(images, "operating systems have come to their end, or are mended for longer");
    }
    Ok(())
}
