//! Which organizations a change concerns, and with what.

use std::collections::BTreeMap;

use plimsoll_model::{Digest, Ecosystem, InstalledPackage, Inventory, OrgId, Package, PackageType};
use plimsoll_store::packages;

use crate::platform::{Platform, advisory, key, osv, rematch, write_osv};

fn inventory(name: &str, versions: usize) -> Inventory {
    let installed = |n: usize| InstalledPackage {
        package: Package::new(PackageType::Pypi, name, format!("1.0.{n}")),
        ecosystem: Some(Ecosystem::new("PyPI")),
        purl: None,
        layer: 0,
        path: format!("{n}/METADATA"),
    };
    Inventory { packages: (0..versions).map(installed).collect(), ..Inventory::default() }
}

#[tokio::test]
async fn each_organization_follows_a_change_by_what_it_has_be_that_few_versions_or_many() {
    for versions in [3, 1_001] {
        let platform = Platform::new().await;
        let mirror = tempfile::tempdir().unwrap();
        let (all, _) = platform.image_of("all", Inventory::default()).await;
        let (more, _) = platform.image_of("more", Inventory::default()).await;
        let (none, _) = platform.image_of("none", Inventory::default()).await;
        for org in [all, more] {
            platform.hold(org, Digest::from_sha256([2; 32]), inventory("demo", versions)).await;
        }
        platform.hold(more, Digest::from_sha256([3; 32]), inventory("demo", 1)).await;
        platform.hold(none, Digest::from_sha256([4; 32]), inventory("other", 1)).await;
        write_osv(mirror.path(), &[advisory("PYSEC-2024-1", &[], "demo", "2")]);
        platform.sync(mirror.path(), &osv("PyPI/all.zip")).await;
        rematch(&platform).await;
        let mut told: BTreeMap<OrgId, usize> = BTreeMap::new();
        for event in platform.told().await {
            *told.entry(event.org).or_default() += event.changes.len();
        }
        assert_eq!(told, BTreeMap::from([(all, versions), (more, versions + 1)]), "{versions}");
    }
}

#[tokio::test]
async fn of_package_versions_each_organization_is_told_with_its_own() {
    let platform = Platform::new().await;
    let (ours, _) = platform.image_of("ours", Inventory::default()).await;
    let (theirs, _) = platform.image_of("theirs", Inventory::default()).await;
    platform.hold(ours, Digest::from_sha256([2; 32]), inventory("demo", 3)).await;
    platform.hold(theirs, Digest::from_sha256([3; 32]), inventory("demo", 1)).await;
    platform.hold(theirs, Digest::from_sha256([4; 32]), inventory("other", 1)).await;
    let mut tx = platform.store.catalog_tx().await.unwrap();
    let ids = packages::under_keys(&mut tx, &[key("demo")]).await.unwrap();
    let by_org = packages::by_org(&mut tx, &ids).await.unwrap();
    let counted: BTreeMap<OrgId, usize> = by_org.iter().map(|(org, its)| (*org, its.len())).collect();
    assert_eq!((by_org.len(), counted), (2, BTreeMap::from([(ours, 3), (theirs, 1)])));
    assert_eq!(packages::by_org(&mut tx, &[]).await.unwrap(), []);
}
