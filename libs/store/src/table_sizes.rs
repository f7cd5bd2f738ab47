//! How large tables are, as the server keeps account of it: nothing is counted, so it costs as little whatever their size.

use crate::{CatalogTx, Result};

/// The tables that grow with what is known and with what organizations hold.
pub const LARGE: [&str; 8] =
    ["advisory", "affected", "match", "finding", "package_version", "image_package", "layer_analysis", "outbox"];

/// A table's size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSize {
    /// Its name.
    pub table: String,
    /// Its rows as they were when the server last looked (VACUUM, ANALYZE): roughly; none before the first time.
    pub rows: i64,
    /// Its bytes on disk, with its indexes and what is stored beside it.
    pub bytes: i64,
}

/// The sizes of [`LARGE`], in that order; of a partitioned table that of its partitions together.
pub async fn read(tx: &mut CatalogTx) -> Result<Vec<TableSize>> {
    let names = LARGE.map(str::to_owned);
    Ok(sqlx::query_as!(
        TableSize,
        r#"SELECT t.name AS "table!", coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint AS "rows!",
                  coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint AS "bytes!"
           FROM unnest($1::text[]) WITH ORDINALITY AS t (name, place)
           LEFT JOIN pg_class c ON c.relkind = 'r'
                AND (c.oid = to_regclass(t.name)
                     OR c.oid IN (SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = to_regclass(t.name)))
           GROUP BY t.name, t.place ORDER BY t.place"#,
        &names
    )
    .fetch_all(tx.conn())
    .await?)
}
