//! The routes that are not GraphQL, and that the OpenAPI document names them.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::seed::World;
use crate::served::Served;

#[tokio::test]
async fn a_client_learns_what_the_server_is_and_whether_it_is_ready() {
    let world = World::create().await;
    let served = Served::start(&world).await;
    let get = |path: &str| served.client.get(served.url(path)).send();
    let facts: Value = get("/v1/server").await.unwrap().json().await.unwrap();
    let expected = json!({ "version": env!("CARGO_PKG_VERSION"), "registry": "https://registry.example.org/", "graphql": "/graphql" });
    assert_eq!(facts, expected);
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(get(path).await.unwrap().status(), StatusCode::OK, "{path}");
    }
    let unknown = get("/v1/nothing").await.unwrap();
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
    assert_eq!(unknown.headers()["content-type"], "application/problem+json");
    for (path, allow) in [("/graphql", "POST"), ("/v1/sign-in", "POST"), ("/v1/sign-out", "POST")] {
        let answer = get(path).await.unwrap();
        assert_eq!(
            (answer.status(), answer.headers()["allow"].to_str().unwrap()),
            (StatusCode::METHOD_NOT_ALLOWED, allow),
            "{path}"
        );
    }
    let query = get("/graphql?query=%7B__typename%7D").await.unwrap();
    assert_eq!(query.status(), StatusCode::METHOD_NOT_ALLOWED, "nothing is executed by an address");
}

#[tokio::test]
async fn every_route_of_the_openapi_document_is_served() {
    let world = World::create().await;
    let served = Served::start(&world).await;
    let document: Value = serde_json::from_str(&plimsoll_api::openapi_json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut routes = Vec::new();
    for (path, methods) in paths {
        for method in methods.as_object().unwrap().keys() {
            let request = served.client.request(method.to_uppercase().parse().unwrap(), served.url(path));
            let status = request.send().await.unwrap().status();
            assert!(
                status != StatusCode::NOT_FOUND && status != StatusCode::METHOD_NOT_ALLOWED,
                "{method} {path}: {status}"
            );
            assert!(
                methods[method]["responses"].get(status.as_str()).is_some(),
                "{method} {path}: {status} is not documented"
            );
            routes.push(format!("{method} {path}"));
        }
    }
    routes.sort();
    assert_eq!(
        routes,
        [
            "get /v1/images/{digest}/vex.json",
            "get /v1/server",
            "post /graphql",
            "post /v1/sign-in",
            "post /v1/sign-out",
            "put /v1/vex/{name}"
        ]
    );
}
