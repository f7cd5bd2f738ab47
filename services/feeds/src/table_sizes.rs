//! The sizes of the large tables, as metrics: what an operator plans disks by, and where it shows first that something is never deleted.

use std::time::Duration;

use anyhow::Context as _;
use plimsoll_store::{Result, Store, table_sizes};
use prometheus::{IntGaugeVec, Opts, Registry};
use tokio_util::sync::CancellationToken;

/// How often they are read: a fresh figure for about every scrape.
const INTERVAL: Duration = Duration::from_secs(60);

/// The gauges `plimsoll_table_rows` and `plimsoll_table_bytes`, by table.
#[derive(Debug, Clone)]
pub struct TableSizes {
    rows: IntGaugeVec,
    bytes: IntGaugeVec,
}

impl TableSizes {
    /// Registers the gauges.
    ///
    /// # Errors
    /// When the registry has metrics of these names.
    pub fn new(registry: &Registry) -> anyhow::Result<Self> {
        let gauge = |name: &str, help: &str| -> anyhow::Result<IntGaugeVec> {
            let gauge = IntGaugeVec::new(Opts::new(name, help), &["table"]).context("a gauge")?;
            registry.register(Box::new(gauge.clone())).with_context(|| format!("the metric {name}"))?;
            Ok(gauge)
        };
        Ok(Self {
            rows: gauge("plimsoll_table_rows", "Rows of a large table, as PostgreSQL last estimated them")?,
            bytes: gauge("plimsoll_table_bytes", "Bytes of a large table on disk, with its indexes")?,
        })
    }

    /// Reads the sizes, now.
    ///
    /// # Errors
    /// When the database fails; the gauges then stay as they are.
    pub async fn read(&self, store: &Store) -> Result<()> {
        let mut tx = store.catalog_tx().await?;
        let sizes = table_sizes::read(&mut tx).await?;
        tx.commit().await?;
        for size in sizes {
            self.rows.with_label_values(&[&size.table]).set(size.rows);
            self.bytes.with_label_values(&[&size.table]).set(size.bytes);
        }
        Ok(())
    }

    /// Reads the sizes at an interval until `shutdown`.
    pub async fn run(&self, store: Store, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            if let Err(error) = self.read(&store).await {
                tracing::warn!(%error, "the sizes of tables could not be read");
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }
}
