//! What was pushed is removed.

use crate::content::{Image, digest};
use crate::service::{Service, refusal};

#[tokio::test]
async fn del_1_2_4_a_digest_goes_with_its_tags_and_a_tag_goes_alone() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    let digest = image.push(&client, "acme/web", "1").await;
    image.push(&client, "acme/web", "2").await;
    let reader = service.client_of(service.org, &["read"]).await;
    let by = |reference: &str| format!("/v2/acme/web/manifests/{reference}");
    assert_eq!(refusal(reader.send("DELETE", &by(&digest), "").await).await, (403, "DENIED".into()), "del-4");
    let token = client.token("repository:acme/web:pull,push").await["token"].as_str().unwrap().to_owned();
    let response = client.with_token(&token, "DELETE", &by("1")).await;
    assert_eq!(refusal(response).await, (401, "UNAUTHORIZED".into()), "a token that was not asked to delete");
    assert_eq!(client.send("DELETE", &by("1"), "").await.status(), 202);
    assert_eq!(client.get(&by("1")).await.status(), 404);
    assert_eq!(client.get(&by("2")).await.status(), 200);
    assert_eq!(client.send("DELETE", &by(&digest), "").await.status(), 202);
    for reference in ["2", digest.as_str()] {
        assert_eq!(refusal(client.get(&by(reference)).await).await, (404, "MANIFEST_UNKNOWN".into()));
        let response = client.send("DELETE", &by(reference), "").await;
        assert_eq!(refusal(response).await, (404, "MANIFEST_UNKNOWN".into()));
    }
}

#[tokio::test]
async fn del_3_a_blob_goes_once_no_manifest_names_it() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    let manifest = image.push(&client, "acme/web", "1").await;
    let blob = format!("/v2/acme/web/blobs/{}", digest(&image.layer));
    assert_eq!(refusal(client.send("DELETE", &blob, "").await).await, (409, "UNSUPPORTED".into()));
    assert_eq!(client.get(&blob).await.status(), 200);
    client.send("DELETE", &format!("/v2/acme/web/manifests/{manifest}"), "").await;
    assert_eq!(client.send("DELETE", &blob, "").await.status(), 202);
    assert_eq!(refusal(client.get(&blob).await).await, (404, "BLOB_UNKNOWN".into()));
    assert_eq!(refusal(client.send("DELETE", &blob, "").await).await, (404, "BLOB_UNKNOWN".into()));
}
