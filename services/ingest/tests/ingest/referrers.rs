//! What refers to a manifest.

use plimsoll_oci::media_type::*;
use serde_json::{Value, json};

use crate::content::{Image, descriptor, digest};
use crate::service::{Client, Service, header, refusal};

/// Pushes an artifact that refers to `subject`; gives its bytes.
async fn attach(client: &Client, subject: &Value, artifact_type: Option<&str>, seed: &str) -> Vec<u8> {
    client.blob("acme/web", b"{}").await;
    let config = if artifact_type.is_some() { OCI_EMPTY } else { "application/vnd.example.config" };
    let mut manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor(config, b"{}"), "layers": [],
        "subject": subject, "annotations": { "seed": seed },
    });
    if let Some(artifact_type) = artifact_type {
        manifest["artifactType"] = json!(artifact_type);
    }
    let bytes = manifest.to_string().into_bytes();
    let response = client.put_manifest("acme/web", &digest(&bytes), OCI_MANIFEST, &bytes).await;
    assert_eq!(response.status(), 201);
    bytes
}

async fn list(client: &Client, path: &str) -> Vec<Value> {
    let response = client.get(path).await;
    assert_eq!((response.status().as_u16(), header(&response, "content-type").as_str()), (200, OCI_INDEX), "{path}");
    let index: Value = response.json().await.unwrap();
    assert_eq!((&index["schemaVersion"], &index["mediaType"]), (&json!(2), &json!(OCI_INDEX)));
    index["manifests"].as_array().unwrap().clone()
}

#[tokio::test]
async fn ref_1_to_5_referrers_are_listed_filtered_and_gone_with_their_manifest() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    let path = format!("/v2/acme/web/referrers/{}", digest(&image.manifest()));
    assert!(list(&client, &path).await.is_empty(), "ref-1, where there is not even the repository");
    let subject = descriptor(OCI_MANIFEST, &image.manifest());
    let sbom = attach(&client, &subject, Some("text/spdx"), "ref-3: before its subject").await;
    image.push(&client, "acme/web", "1").await;
    let other = attach(&client, &subject, None, "ref-4: no artifactType").await;
    let mut found = list(&client, &path).await;
    found.sort_by_key(|entry| entry["size"].as_u64());
    let mut expected = vec![descriptor(OCI_MANIFEST, &sbom), descriptor(OCI_MANIFEST, &other)];
    expected[0]["artifactType"] = json!("text/spdx");
    expected[0]["annotations"] = json!({ "seed": "ref-3: before its subject" });
    expected[1]["artifactType"] = json!("application/vnd.example.config");
    expected[1]["annotations"] = json!({ "seed": "ref-4: no artifactType" });
    expected.sort_by_key(|entry| entry["size"].as_u64());
    assert_eq!(found, expected);

    let response = client.get(&format!("{path}?artifactType=text/spdx")).await;
    assert_eq!(header(&response, "oci-filters-applied"), "artifactType");
    let index: Value = response.json().await.unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
    let response = client.send("DELETE", &format!("/v2/acme/web/manifests/{}", digest(&sbom)), "").await;
    assert_eq!(response.status(), 202);
    assert_eq!(list(&client, &path).await.len(), 1, "ref-5");
    for bad in ["sha256:abc", "latest"] {
        let response = client.get(&format!("/v2/acme/web/referrers/{bad}")).await;
        assert_eq!(refusal(response).await, (400, "DIGEST_INVALID".into()));
    }
}

#[tokio::test]
async fn ref_6_more_than_a_page_of_referrers_is_linked() {
    let service = Service::start().await;
    let client = service.client().await;
    let subject = descriptor(OCI_MANIFEST, b"absent");
    for n in 0..5 {
        attach(&client, &subject, Some("text/spdx"), &n.to_string()).await;
    }
    let mut path = format!("/v2/acme/web/referrers/{}?n=2&artifactType=text/spdx", digest(b"absent"));
    let (mut sizes, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
    loop {
        let response = client.get(&path).await;
        let link = header(&response, "link");
        let index: Value = response.json().await.unwrap();
        let entries = index["manifests"].as_array().unwrap();
        sizes.push(entries.len());
        seen.extend(entries.iter().map(|entry| entry["digest"].as_str().unwrap().to_owned()));
        match link.strip_prefix('<').and_then(|link| link.split_once('>')) {
            Some((next, _)) => path = next.to_owned(),
            None => break,
        }
    }
    assert_eq!((sizes, seen.len()), (vec![2, 2, 1], 5));
}
