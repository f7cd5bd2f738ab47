//! VEX documents: what somebody who knows says hides findings on the platform, opens gates, and is told on.

use std::path::Path;
use std::time::Duration;

use plimsoll_e2e::platform::Tenant;
use plimsoll_e2e::process::output;
use plimsoll_testkit::eventually;
use serde_json::{Value, json};

use crate::{Small, pair, text};

const SOON: Duration = Duration::from_secs(60);

impl Small {
    /// The demo organization with a key that may save VEX documents, too.
    fn adviser(&self) -> Tenant {
        let scopes = ["--scope", "read", "--scope", "push", "--scope", "advise"];
        let create = ["api-key", "create", "--organization", "demo", "--name", "adviser"];
        let key = output(self.platform.admin().args(create).args(scopes));
        Tenant { key: key.trim().into(), ..self.demo.clone() }
    }

    /// What is hidden in the image, as soon as it is as many findings.
    async fn hidden(&self, image: &Value, count: usize) -> Vec<Value> {
        let query = "query ($slug: String!, $image: String!) { organization(slug: $slug) { image(reference: $image) {
            findings(filter: { hidden: true }) { nodes { vulnerability { name } vex { status justification impact document author } } } } } }";
        let variables = json!({ "slug": self.demo.slug, "image": image["digest"] });
        eventually(&format!("{count} findings are hidden"), SOON, async || {
            let data = self.platform.graphql(&self.demo, query, variables.clone()).await;
            let nodes = data["organization"]["image"]["findings"]["nodes"].as_array().unwrap().clone();
            (nodes.len() == count).then_some(nodes)
        })
        .await
    }

    /// What the gate says of the image: the exit code.
    fn gate(&self, tenant: &Tenant, layout: &Path) -> Option<i32> {
        let scan = ["scan", "--fail-on", "critical", "--repository", "app", "--tag", "1"];
        self.platform.cli(tenant).args(scan).arg(layout).output().unwrap().status.code()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_attached_to_an_image_hides_nothing_in_another() {
    let small = Small::start(None).await;
    let adviser = small.adviser();
    let one = small.push("app:1", &[("demo_package", "1.0")]).await;
    let other = small.push("app:2", &[("demo_package", "1.0"), ("another", "1.0")]).await;
    let document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/vex/1", "author": "Acme", "version": 1,
        "timestamp": "2026-01-01T00:00:00Z",
        "statements": [{ "vulnerability": { "name": "CVE-2026-1" }, "status": "not_affected",
                         "products": [{ "@id": "Unknown Product", "subcomponents": [{ "@id": "pkg:pypi/demo-package" }] }],
                         "justification": "vulnerable_code_not_in_execute_path" }],
    });
    let file = small.images.path().join("acme.openvex.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let digest = text(&one, "/digest");
    let pushed = output(small.platform.cli(&adviser).args(["vex", "push", "--image", digest]).arg(&file));
    let name = format!("https://acme.example/vex/1@{digest}");
    assert!(pushed.starts_with(&format!("saved {name} from ")), "{pushed}");
    small.hidden(&one, 1).await;
    small.hidden(&other, 0).await;
    assert!(small.found(&other).await.contains(&pair("CVE-2026-1", "demo-package")));
    let listed = output(small.platform.cli(&adviser).args(["vex", "list"]));
    assert!(listed.contains(&name), "{listed}");
    output(small.platform.cli(&adviser).args(["vex", "delete", &name]));
    small.hidden(&one, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_hides_a_finding_opens_the_gate_and_is_exported_until_it_is_deleted() {
    let small = Small::start(None).await;
    let adviser = small.adviser();
    let image = small.push("app:1", &[("demo_package", "1.0")]).await;
    let both = [pair("CVE-2026-1", "demo-package"), pair("CVE-2026-2", "libpcre2-8-0")];
    assert_eq!(small.found(&image).await, both);
    let layout = small.images.path().join("app-1");
    assert_eq!(small.gate(&adviser, &layout), Some(1));

    let product = format!("pkg:oci/app?repository_url={}/demo/app", small.platform.registry());
    let document = json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://acme.example/vex/1", "author": "Acme", "version": 1,
        "timestamp": "2026-01-01T00:00:00Z",
        "statements": [{ "vulnerability": { "name": "CVE-2026-1" }, "status": "not_affected",
                         "products": [{ "@id": product, "subcomponents": [{ "@id": "pkg:pypi/demo-package@1.0" }] }],
                         "justification": "vulnerable_code_not_in_execute_path", "impact_statement": "We never call it." }],
    });
    let file = small.images.path().join("acme.openvex.json");
    std::fs::write(&file, document.to_string()).unwrap();
    let pushed = output(small.platform.cli(&adviser).args(["vex", "push"]).arg(&file));
    assert!(pushed.starts_with("saved https://acme.example/vex/1 from "), "{pushed}");
    let vex = json!({ "status": "NOT_AFFECTED", "justification": "VULNERABLE_CODE_NOT_IN_EXECUTE_PATH", "impact": "We never call it.",
                      "document": "https://acme.example/vex/1", "author": "Acme" });
    let hidden = small.hidden(&image, 1).await;
    assert_eq!(hidden, [json!({ "vulnerability": { "name": "CVE-2026-1" }, "vex": vex })]);
    assert_eq!(small.found(&image).await, both[1..]);
    assert_eq!(small.gate(&adviser, &layout), Some(0));
    let table = output(small.platform.cli(&adviser).args(["scan", "--repository", "app", "--tag", "1"]).arg(&layout));
    assert!(table.contains("Hidden by VEX: 1"), "{table}");
    let listed: Value =
        serde_json::from_str(&output(small.platform.cli(&adviser).args(["vex", "list", "--format", "json"]))).unwrap();
    assert_eq!(listed[0]["hidden_findings"], 1, "{listed}");

    let address = format!("{}/v1/images/{}/vex.json", small.platform.api(), text(&image, "/digest"));
    let exported = reqwest::Client::new().get(address).bearer_auth(&small.demo.key).send().await.unwrap();
    let exported: Value = exported.json().await.unwrap();
    let said = |id: &str| {
        let statements = exported["statements"].as_array().unwrap();
        statements.iter().find(|statement| statement["vulnerability"]["name"] == id).unwrap().clone()
    };
    assert_eq!(said("CVE-2026-1")["justification"], "vulnerable_code_not_in_execute_path", "{exported:#}");
    assert_eq!(said("CVE-2026-2")["status"], "affected", "{exported:#}");

    output(small.platform.cli(&adviser).args(["vex", "delete", "https://acme.example/vex/1"]));
    small.hidden(&image, 0).await;
    assert_eq!(small.found(&image).await, both);
    assert_eq!(small.gate(&adviser, &layout), Some(1));
}
