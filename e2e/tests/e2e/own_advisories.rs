//! What only an organization knows: its advisories by the command line, in images that are there already.

use std::process::Command;

use plimsoll_e2e::mirror::osv;
use plimsoll_e2e::process::output;
use plimsoll_testkit::eventually;
use serde_json::{Value, json};

use crate::{Small, pair};

impl Small {
    /// Waits until this is all that is found in an image.
    async fn comes_to(&self, image: &Value, expected: &[(String, String)]) {
        eventually("the findings follow", std::time::Duration::from_secs(60), async || {
            (self.found(image).await == expected).then_some(())
        })
        .await;
    }

    /// The command line, with a key that may write advisories.
    fn advising(&self, arguments: &[&str]) -> Command {
        let scopes = ["--scope", "read", "--scope", "advise"];
        let mut create = self.platform.admin();
        let key = output(
            create.args(["api-key", "create", "--organization", &self.demo.slug, "--name", "advise"]).args(scopes),
        );
        let mut command = self.platform.cli(&self.demo);
        command.env("PLIMSOLL_API_KEY", key.trim()).arg("advisory").args(arguments);
        command
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn own_advisories_from_a_folder_and_an_address_open_findings_and_close_them_when_deleted() {
    let small = Small::start(None).await;
    let image = small.push("app:1", &[("other", "2.0")]).await;
    let base = small.found(&image).await;
    let with = |own: &[&str]| {
        let mut all = base.clone();
        all.extend(own.iter().map(|id| pair(id, "other")));
        all.sort();
        all
    };
    let folder = small.mirror.path().join("own");
    std::fs::create_dir(&folder).unwrap();
    for id in ["ACME-2026-1", "ACME-2026-2"] {
        let mut document = osv(id, "", "other", "2.1");
        document["aliases"] = json!([]);
        std::fs::write(folder.join(format!("{id}.json")), document.to_string()).unwrap();
    }
    let address = format!("{}/own/ACME-2026-1.json", small.server.address());
    let told = output(&mut small.advising(&["push", &address]));
    assert_eq!(told, format!("saved ACME-2026-1 from {address}\n"));
    small.comes_to(&image, &with(&["ACME-2026-1"])).await;

    let told = output(&mut small.advising(&["push", "--format", "json", folder.to_str().unwrap()]));
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told[0]["id"], &told[1]["id"]), (&json!("ACME-2026-1"), &json!("ACME-2026-2")), "{told}");
    small.comes_to(&image, &with(&["ACME-2026-1", "ACME-2026-2"])).await;

    let listed: Value = serde_json::from_str(&output(&mut small.advising(&["list", "--format", "json"]))).unwrap();
    let listed: Vec<_> = listed.as_array().unwrap().iter().map(|own| (&own["name"], &own["open_findings"])).collect();
    assert_eq!(listed, [(&json!("ACME-2026-1"), &json!(1)), (&json!("ACME-2026-2"), &json!(1))]);

    let done = small.advising(&["delete", "ACME-2026-1", "ACME-2026-2", "ACME-2026-3"]).output().unwrap();
    assert_eq!(done.status.code(), Some(1), "the third is not there");
    assert!(String::from_utf8_lossy(&done.stderr).contains("there is no advisory ACME-2026-3"));
    small.comes_to(&image, &base).await;

    // A key that may not says what it lacks.
    let done = small.platform.cli(&small.demo).args(["advisory", "push", &address]).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.code() == Some(3) && said.contains("a key needs the scope `advise`"), "{said}");

    // What cannot be had or read is told, and nothing is saved.
    std::fs::write(folder.join("wrong.json"), "{\"id\": 3}").unwrap();
    for (source, code, what) in [
        (format!("{}/own/none.json", small.server.address()), 3, "404"),
        (format!("{}/own/wrong.json", small.server.address()), 1, "own/wrong.json: "),
        (folder.join("wrong.json").display().to_string(), 1, "own/wrong.json: "),
    ] {
        let done = small.advising(&["push", &source]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.code() == Some(code) && said.contains(what) && done.stdout.is_empty(), "{source}: {said}");
    }
}
