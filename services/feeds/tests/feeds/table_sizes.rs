//! The sizes of tables, as metrics.

use plimsoll_feeds::TableSizes;
use plimsoll_model::{Package, PackageType};
use prometheus::Registry;

use crate::platform::{Platform, advisory, osv, write_osv};

/// The gauge's value for a table.
fn value(registry: &Registry, name: &str, table: &str) -> Option<f64> {
    let families = registry.gather();
    let family = families.iter().find(|family| family.name() == name)?;
    let is_of = |metric: &&prometheus::proto::Metric| metric.get_label().iter().any(|label| label.value() == table);
    family.get_metric().iter().find(is_of).map(|metric| metric.get_gauge().get_value())
}

#[tokio::test]
async fn each_large_table_has_its_rows_and_bytes_those_of_partitions_together() {
    let platform = Platform::new().await;
    let mirror = tempfile::tempdir().unwrap();
    write_osv(
        mirror.path(),
        &[advisory("PYSEC-2024-1", &[], "demo", "1.1"), advisory("PYSEC-2024-2", &[], "demo", "2")],
    );
    platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
    platform.image_with("ours", Package::new(PackageType::Pypi, "demo", "1.0")).await;
    let registry = Registry::new();
    let sizes = TableSizes::new(&registry).unwrap();
    platform.database.execute("ANALYZE").await;
    sizes.read(&platform.store).await.unwrap();
    for (table, rows) in [
        ("advisory", 2.0),
        ("affected", 2.0),
        ("match", 2.0),
        ("finding", 2.0),
        ("package_version", 1.0),
        ("image_package", 1.0),
        ("layer_analysis", 0.0),
        ("outbox", 2.0),
    ] {
        assert_eq!(value(&registry, "plimsoll_table_rows", table), Some(rows), "{table}");
        assert!(value(&registry, "plimsoll_table_bytes", table).is_some_and(|bytes| bytes >= 8192.0), "{table}");
    }
    assert!(TableSizes::new(&registry).is_err(), "one of a name");
}
