//! Another organization sees nothing.

use crate::content::{Image, digest};
use crate::service::{Service, refusal};

#[tokio::test]
async fn auth_3_below_another_organizations_name_there_is_nothing() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    let manifest = image.push(&client, "acme/web", "1").await;
    let upload = client.begin("acme/web").await;
    let stranger = service.client_of(service.organization("other").await, &["read", "push"]).await;
    let blob = digest(&image.layer);
    let paths = [
        ("GET", "/v2/acme/web/manifests/1".to_owned()),
        ("HEAD", format!("/v2/acme/web/manifests/{manifest}")),
        ("PUT", "/v2/acme/web/manifests/1".to_owned()),
        ("DELETE", format!("/v2/acme/web/manifests/{manifest}")),
        ("GET", format!("/v2/acme/web/blobs/{blob}")),
        ("HEAD", format!("/v2/acme/web/blobs/{blob}")),
        ("DELETE", format!("/v2/acme/web/blobs/{blob}")),
        ("POST", "/v2/acme/web/blobs/uploads/".to_owned()),
        ("POST", format!("/v2/acme/web/blobs/uploads/?mount={blob}&from=acme/web")),
        ("GET", upload.clone()),
        ("PATCH", upload.clone()),
        ("PUT", format!("{upload}?digest={blob}")),
        ("DELETE", upload),
        ("GET", "/v2/acme/web/tags/list".to_owned()),
        ("GET", format!("/v2/acme/web/referrers/{manifest}")),
    ];
    let asked = stranger.token("repository:acme/web:pull,push,delete").await;
    assert_eq!(asked["scope"], "");
    let token = asked["token"].as_str().unwrap();
    for (method, path) in &paths {
        // What there never was is answered the same.
        let nowhere = path.replace("/acme/", "/nobody/");
        for path in [path, &nowhere] {
            for response in [stranger.send(method, path, "").await, stranger.with_token(token, method, path).await] {
                assert_eq!(response.status(), 404, "{method} {path}");
                if *method != "HEAD" {
                    assert_eq!(refusal(response).await, (404, "NAME_UNKNOWN".into()), "{method} {path}");
                }
            }
        }
    }
    assert_eq!(client.get("/v2/acme/web/manifests/1").await.status(), 200, "untouched");
    assert_eq!(client.get(&format!("/v2/acme/web/blobs/{blob}")).await.status(), 200, "untouched");
}

#[tokio::test]
async fn a_manifest_cannot_lay_hold_of_another_organizations_blobs() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    image.push(&client, "acme/web", "1").await;
    let stranger = service.client_of(service.organization("other").await, &["read", "push"]).await;
    let response =
        stranger.put_manifest("other/web", "1", plimsoll_oci::media_type::OCI_MANIFEST, &image.manifest()).await;
    assert_eq!(refusal(response).await, (400, "MANIFEST_BLOB_UNKNOWN".into()));
    let manifest = digest(&image.manifest());
    let list = crate::content::index(&[(&image.manifest(), "amd64")]);
    let response = stranger.put_manifest("other/web", "1", plimsoll_oci::media_type::OCI_INDEX, &list).await;
    assert_eq!(refusal(response).await, (400, "MANIFEST_BLOB_UNKNOWN".into()), "{manifest}");
}
