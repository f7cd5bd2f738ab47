//! The command line, online and offline: the same libraries, the same findings.

use plimsoll_e2e::process::{output, program};
use serde_json::Value;

use crate::Small;

/// What must be the same whoever judged: all but when knowledge was had, and what only one of the two knows.
fn comparable(report: &str) -> (Vec<Value>, Value) {
    let report: Value = serde_json::from_str(report).unwrap();
    let findings = report["findings"].as_array().unwrap().clone();
    let same = ["os", "package_count", "problems", "observations", "coverage"];
    (findings, same.into_iter().map(|field| (field.to_owned(), report[field].clone())).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offline_scan_finds_what_the_platform_finds() {
    let small = Small::start(None).await;
    small.image("compared", &[("demo_package", "1.0"), ("other", "2.0")]);
    let layout = small.images.path().join("compared");
    let database = small.images.path().join("advisories.db");
    let base = format!("file://{}", small.mirror.path().display());
    output(program("plimsoll").args(["db", "update", "--base", &base, "--db"]).arg(&database));

    let online = output(small.platform.cli(&small.demo).args(["scan", "--format", "json"]).arg(&layout));
    let offline =
        output(program("plimsoll").args(["scan", "--offline", "--format", "json", "--db"]).arg(&database).arg(&layout));
    let (online, offline) = (comparable(&online), comparable(&offline));
    assert_eq!(online.0.len(), 2, "{online:#?}");
    assert_eq!(online, offline);

    let table = output(small.platform.cli(&small.demo).arg("scan").arg(&layout));
    assert!(table.contains("CVE-2026-1") && table.contains("demo-package"), "{table}");
    let gated = small.platform.cli(&small.demo).args(["scan", "--fail-on", "critical"]).arg(&layout).output().unwrap();
    assert_eq!(gated.status.code(), Some(1), "a critical finding fails the gate");
    let refused = small.platform.cli(&small.demo).arg("scan").arg("/nowhere.tar").output().unwrap();
    assert_eq!(refused.status.code(), Some(3), "{}", String::from_utf8_lossy(&refused.stderr));
}
