//! `plimsoll vex`, and findings that a server hides.

use serde_json::json;

use crate::image::{Image, digest};
use crate::mirror::Place;
use crate::program::{Run, command, finished};
use crate::server::{Fake, KEY};

async fn run(place: &Place, fake: &Fake, arguments: &[&str]) -> Run {
    let mut command = command(place.home());
    command.args(arguments).env("PLIMSOLL_SERVER", fake.server.uri()).env("PLIMSOLL_API_KEY", KEY);
    tokio::task::spawn_blocking(move || finished(&mut command)).await.unwrap()
}

fn openvex(id: &str, author: &str) -> String {
    let statement = json!({ "vulnerability": { "name": "CVE-2024-5" }, "products": [{ "@id": "pkg:pypi/django" }],
                            "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path" });
    let document = json!({ "@context": "https://openvex.dev/ns/v0.2.0", "@id": id, "author": author, "version": 1,
                           "timestamp": "2026-01-02T03:04:05Z", "statements": [statement] });
    serde_json::to_string_pretty(&document).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_are_pushed_listed_and_deleted_by_name() {
    let (place, fake) = (Place::new(), Fake::start(&["DONE"]).await);
    let file = place.write("one.json", openvex("https://acme.example/vex/1", "Acme"));
    let pushed = run(&place, &fake, &["vex", "push", &file]).await;
    assert_eq!(pushed.code, 0, "{pushed:?}");
    assert!(pushed.out.starts_with("saved https://acme.example/vex/1 from "), "{}", pushed.out);
    let bom = json!({ "bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": [
        { "id": "CVE-2024-5", "analysis": { "state": "not_affected" }, "affects": [{ "ref": "pkg:pypi/django@3.2" }] }] });
    let file = place.write("vendor.cdx.json", bom.to_string());
    let pushed = run(&place, &fake, &["vex", "push", "--format", "json", &file]).await;
    assert_eq!(pushed.json()[0]["id"], "vendor.cdx.json", "called by its file's name: {pushed:?}");
    let file = place.write("refused.json", openvex("https://acme.example/vex/2", "refused"));
    let refused = run(&place, &fake, &["vex", "push", &file]).await;
    assert_eq!(refused.code, 1);
    assert!(refused.out.contains("at most 5000 VEX documents"), "{refused:?}");

    let (image, other) = (digest(b"image"), digest(b"other"));
    let file = place.write("one.json", openvex("https://acme.example/vex/1", "Acme"));
    let pushed = run(&place, &fake, &["vex", "push", "--image", &image, &file]).await;
    assert!(pushed.out.starts_with(&format!("saved https://acme.example/vex/1@{image} from ")), "{pushed:?}");
    let refused = run(&place, &fake, &["vex", "push", "--image", &other, &file]).await;
    assert_eq!(refused.code, 1);
    assert!(refused.out.contains("There is no image of this digest that you may see."), "{refused:?}");
    let unclear = run(&place, &fake, &["vex", "push", "--image", "app:1", &file]).await;
    assert_eq!(unclear.code, 2, "{unclear:?}");

    let listed = run(&place, &fake, &["vex", "list", "--format", "json"]).await;
    let expected = json!([{ "name": "https://acme.example/vex/1", "format": "OPENVEX", "author": "Acme",
                            "image_digest": null, "statement_count": 4, "hidden_findings": 3 }]);
    assert_eq!(listed.json(), expected);
    let deleted =
        run(&place, &fake, &["vex", "delete", "https://acme.example/vex/9", "https://acme.example/vex/1"]).await;
    assert_eq!(deleted.code, 1);
    assert!(deleted.err.contains("there is no VEX document https://acme.example/vex/9"), "{}", deleted.err);
    assert!(deleted.err.contains("deleted https://acme.example/vex/1"), "{}", deleted.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vendors_document_of_megabytes_is_pushed() {
    let (place, fake) = (Place::new(), Fake::start(&["DONE"]).await);
    let file = place.write("vendor.json", openvex("https://vendor.example/csaf/1", &"a".repeat(2 << 20)));
    let pushed = run(&place, &fake, &["vex", "push", &file]).await;
    assert!(pushed.out.starts_with("saved https://vendor.example/csaf/1 from "), "{pushed:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_document_is_told_before_any_is_sent() {
    let (place, fake) = (Place::new(), Fake::start(&["DONE"]).await);
    let good = place.write("good.json", openvex("https://acme.example/vex/1", "Acme"));
    let long = openvex("https://acme.example/vex/2", &"a".repeat(9 << 20));
    let cases = [
        (
            "sbom.json",
            r#"{"spdxVersion": "SPDX-2.3"}"#.to_owned(),
            "neither an OpenVEX nor a CSAF 2 nor a CycloneDX document",
        ),
        ("long.json", long, "it has 8388609 bytes, more than 8388608"),
        ("broken.json", "{".to_owned(), "not JSON"),
    ];
    for (name, text, told) in cases {
        let bad = place.write(name, text);
        let run = run(&place, &fake, &["vex", "push", &good, &bad]).await;
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{name}: {run:?}");
        assert!(run.err.contains(told), "{name}: {}", run.err);
    }
    assert!(fake.state.lock().unwrap().asked.is_empty(), "nothing was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_hides_is_shown_apart_and_shuts_no_gate() {
    let (place, fake) = (Place::new(), Fake::start(&["DONE"]).await);
    fake.state.lock().unwrap().hides = true;
    let source = place.write("app.tar", Image::debian().docker_save("registry.example.org/shop/app:1.4"));
    let scanned = run(&place, &fake, &["scan", &source]).await;
    assert!(scanned.out.contains("Hidden by VEX: 1"), "{}", scanned.out);
    let scanned = run(&place, &fake, &["scan", &source, "--format", "json"]).await;
    let hidden = &scanned.json()["hidden"][0];
    assert_eq!(
        (&hidden["vulnerability"], &hidden["vex"]["document"]),
        (&json!("CVE-2024-5"), &json!("https://acme.example/vex/1"))
    );
    assert_eq!(hidden["vex"]["justification"], "vulnerable_code_not_in_execute_path");
    let ids: Vec<_> =
        scanned.json()["findings"].as_array().unwrap().iter().map(|f| f["vulnerability"].clone()).collect();
    assert!(!ids.contains(&json!("CVE-2024-5")), "{ids:?}");
}
