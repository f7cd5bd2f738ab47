//! How often each feed is asked, as the service that asks has it.

use std::collections::BTreeMap;

use crate::{CatalogTx, Result};

/// Makes these the seconds between two syncs of a document, by feed; what is not among them is not asked by itself.
pub async fn put_intervals(tx: &mut CatalogTx, intervals: &[(&str, i64)]) -> Result<()> {
    let (feeds, seconds): (Vec<String>, Vec<i64>) =
        intervals.iter().map(|(feed, seconds)| ((*feed).to_owned(), *seconds)).unzip();
    sqlx::query!("DELETE FROM feed_interval WHERE feed <> ALL($1)", &feeds).execute(tx.conn()).await?;
    sqlx::query!(
        "INSERT INTO feed_interval (feed, seconds) SELECT * FROM unnest($1::text[], $2::bigint[])
         ON CONFLICT (feed) DO UPDATE SET seconds = excluded.seconds",
        &feeds,
        &seconds
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The seconds between two syncs of a document, by feed; empty before the feeds service first ran.
pub async fn intervals(tx: &mut CatalogTx) -> Result<BTreeMap<String, i64>> {
    let rows = sqlx::query!("SELECT feed, seconds FROM feed_interval").fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(|row| (row.feed, row.seconds)).collect())
}
