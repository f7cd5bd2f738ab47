//! Knowledge changes, images do not: findings follow, and no image is opened again.

use std::time::Duration;

use plimsoll_e2e::mirror::{osv, write_small_mirror};
use plimsoll_testkit::eventually;

use crate::{Small, pair};

#[tokio::test(flavor = "multi_thread")]
async fn an_advisory_opens_a_finding_and_its_withdrawal_closes_it_although_the_blobs_are_gone() {
    let small = Small::start(None).await;
    let image = small.push("app:1", &[("demo_package", "1.0"), ("other", "2.0")]).await;
    assert_eq!(image["scan"]["state"], "DONE", "{image:#}");
    let before = [pair("CVE-2026-1", "demo-package"), pair("CVE-2026-2", "libpcre2-8-0")];
    assert_eq!(small.found(&image).await, before);
    std::fs::remove_dir_all(small.platform.blobs().join("blobs")).unwrap();

    let known = osv("PYSEC-2026-1", "CVE-2026-1", "demo-package", "1.1");
    let mut new = osv("PYSEC-2026-3", "CVE-2026-3", "other", "2.1");
    write_small_mirror(small.mirror.path(), &[known.clone(), new.clone()]);
    small.platform.sync_feeds();
    let wait = Duration::from_secs(30);
    eventually("the finding opens", wait, async || {
        let found = small.found(&image).await;
        found.contains(&pair("CVE-2026-3", "other")).then_some(())
    })
    .await;
    new["withdrawn"] = "2026-02-01T00:00:00Z".into();
    write_small_mirror(small.mirror.path(), &[known, new]);
    small.platform.sync_feeds();
    eventually("the finding closes", wait, async || (small.found(&image).await == before).then_some(())).await;
}
