//! Lists of tags and repositories.

use serde_json::{Value, json};

use crate::content::Image;
use crate::service::{Client, Service, header, refusal};

/// Follows the links from `path`; gives all pages.
async fn pages(client: &Client, path: &str, field: &str) -> Vec<Vec<String>> {
    let (mut path, mut pages) = (path.to_owned(), Vec::new());
    loop {
        let response = client.get(&path).await;
        assert_eq!(response.status(), 200, "{path}");
        let link = header(&response, "link");
        let body: Value = response.json().await.unwrap();
        pages.push(body[field].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect());
        match link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) {
            Some(next) => path = next.to_owned(),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn tags_1_2_3_tags_are_listed_in_byte_order_by_pages() {
    let service = Service::start().await;
    let client = service.client().await;
    let image = Image::new("a");
    for tag in ["b", "A", "10", "9", "a.b"] {
        image.push(&client, "acme/web", tag).await;
    }
    let response = client.get("/v2/acme/web/tags/list").await;
    assert_eq!(header(&response, "link"), "");
    assert_eq!(
        response.json::<Value>().await.unwrap(),
        json!({ "name": "acme/web", "tags": ["10", "9", "A", "a.b", "b"] })
    );
    let all = pages(&client, "/v2/acme/web/tags/list?n=2", "tags").await;
    assert_eq!(all, [vec!["10", "9"], vec!["A", "a.b"], vec!["b"]]);
    assert_eq!(pages(&client, "/v2/acme/web/tags/list?n=0", "tags").await, [Vec::<String>::new()]);
    assert_eq!(pages(&client, "/v2/acme/web/tags/list?last=AA", "tags").await, [["a.b", "b"]]);
    for n in ["-1", "x"] {
        let response = client.get(&format!("/v2/acme/web/tags/list?n={n}")).await;
        assert_eq!(refusal(response).await, (400, "PAGINATION_NUMBER_INVALID".into()));
    }
}

#[tokio::test]
async fn cat_1_the_catalog_lists_the_keys_organization_and_no_other() {
    let service = Service::start().await;
    let client = service.client().await;
    let other = service.client_of(service.organization("other").await, &["read", "push"]).await;
    for repository in ["web", "team/api", "base"] {
        client.begin(&format!("acme/{repository}")).await;
    }
    other.begin("other/secret").await;
    let all = pages(&client, "/v2/_catalog?n=2", "repositories").await;
    assert_eq!(all, [vec!["acme/base", "acme/team/api"], vec!["acme/web"]]);
    assert_eq!(pages(&client, "/v2/_catalog?last=acme/base", "repositories").await, [["acme/team/api", "acme/web"]]);
    assert_eq!(pages(&client, "/v2/_catalog?last=zzz", "repositories").await, [Vec::<String>::new()]);
    let token = client.token("registry:catalog:*").await["token"].as_str().unwrap().to_owned();
    let body: Value = client.with_token(&token, "GET", "/v2/_catalog").await.json().await.unwrap();
    assert_eq!(body["repositories"].as_array().unwrap().len(), 3);
}
