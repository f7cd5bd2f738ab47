//! The command line, online and offline: the same libraries, the same findings.

use plimsoll_e2e::process::{output, program};
use serde_json::{Value, json};

use crate::Small;

/// What must be the same whoever judged: all but when knowledge was had, and what only one of the two knows.
fn comparable(report: &str) -> (Vec<Value>, Value) {
    let report: Value = serde_json::from_str(report).unwrap();
    let findings = report["findings"].as_array().unwrap().clone();
    let same = ["os", "package_count", "problems", "observations", "coverage"];
    (findings, same.into_iter().map(|field| (field.to_owned(), report[field].clone())).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_in_a_registry_is_told_and_judged_as_its_layout_is() {
    let small = Small::start(None).await;
    let pushed = small.push("shop:1", &[("demo_package", "1.0"), ("other", "2.0")]).await;
    let layout = small.images.path().join("shop-1").display().to_string();
    let registry = small.platform.registry();
    let reference = format!("{registry}/demo/shop:1");
    let credentials = small.images.path().join("auth.json");
    let auths = json!({ "auths": { &registry: { "username": "robot", "password": small.demo.key } } });
    std::fs::write(&credentials, auths.to_string()).unwrap();
    let database = small.images.path().join("advisories.db").display().to_string();
    let base = format!("file://{}", small.mirror.path().display());
    output(program("plimsoll").args(["db", "update", "--base", &base, "--db", &database]));
    let plimsoll = |arguments: &[&str]| {
        let mut command = program("plimsoll");
        command.args(arguments).env("REGISTRY_AUTH_FILE", &credentials);
        command
    };
    let told = |arguments: &[&str]| -> Value { serde_json::from_str(&output(&mut plimsoll(arguments))).unwrap() };

    let of_registry = told(&["inventory", "--format", "json", "--plain-http", &reference]);
    let of_layout = told(&["inventory", "--format", "json", &layout]);
    assert_eq!(of_registry["packages"].as_array().unwrap().len(), 3, "{of_registry:#}");
    assert_eq!((&of_registry["packages"], &of_registry["layers"]), (&of_layout["packages"], &of_layout["layers"]));
    assert_eq!(of_registry["image"]["digest"], pushed["digest"]);

    let offline = ["scan", "--offline", "--format", "json", "--db", database.as_str()];
    let of_registry = told(&[&offline[..], &["--plain-http", reference.as_str()]].concat());
    let of_layout = told(&[&offline[..], &[layout.as_str()]].concat());
    assert_eq!(of_registry["findings"].as_array().unwrap().len(), 2, "{of_registry:#}");
    assert_eq!(comparable(&of_registry.to_string()), comparable(&of_layout.to_string()));

    let anonymous = plimsoll(&["inventory", "--plain-http", &reference])
        .env("REGISTRY_AUTH_FILE", small.images.path().join("none.json"))
        .output()
        .unwrap();
    assert_eq!((anonymous.status.code(), anonymous.stdout.is_empty()), (Some(3), true), "{anonymous:?}");
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
