//! What a request may cost, and what comes of a broken one.

use plimsoll_api::Limits;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::seed::World;
use crate::served::Served;

const GRAPHQL: &str = "application/graphql-response+json";

async fn send(served: &Served, key: &str, body: String) -> (StatusCode, Value) {
    let request =
        served.post("/graphql").bearer_auth(key).header("content-type", "application/json").header("accept", GRAPHQL);
    let answer = request.body(body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn requests_that_cost_too_much_are_refused_with_the_limit() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let query = |query: String| json!({ "query": query }).to_string();
    let one = json!({ "query": "{ __typename }" });
    let nested = |depth: usize| format!("{}a{}", "{ a ".repeat(depth), " }".repeat(depth));
    let bomb: String = (0..30).map(|n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }} ", n + 1)).collect();
    let wide = "{ organization(slug: \"ours\") { images(first: 200) { nodes { findings(first: 200) { nodes { id severity fixedIn } } } } } }";
    let everywhere = "{ organization(slug: \"ours\") { whereIs(what: { vulnerability: \"x\" }, first: 200) { nodes { image { findings(first: 200) { nodes { id severity fixedIn } } } } } } }";
    let cases = [
        (query(nested(200)), 400, "limit of 100 levels (depth)"),
        (query(nested(20)), 400, "levels of selections (depth); the limit is 16"),
        (
            query(format!("{{ {} }}", (0..10_000).map(|n| format!("a{n}: __typename ")).collect::<String>())),
            400,
            "10000 aliases; the limit is 50",
        ),
        (query(format!("{{ {} }}", "__typename ".repeat(1_001))), 400, "1001 fields; the limit is 1000"),
        (query(format!("{{ ...f0 }} {bomb} fragment f30 on Query {{ __typename }}")), 400, "fields; the limit is 1000"),
        (query("{ ...f } fragment f on Query { ...g } fragment g on Query { ...f }".into()), 400, "circle"),
        (
            query((0..60).map(|n| format!("query q{n} {{ __typename }} ")).collect()),
            400,
            "60 operations and fragments; the limit is 50",
        ),
        (Value::Array(vec![one.clone(); 1_000]).to_string(), 400, "1000 operations in its batch; the limit is 10"),
        (query(format!("{{ __typename }} #{}", "x".repeat(5 << 20))), 413, "limit of 262144 bytes"),
        (query(wide.into()), 400, "units of complexity; the limit is 100000"),
        (query(everywhere.into()), 400, "units of complexity; the limit is 100000"),
        (query("{ organization(slug: \"ours\") { whereIs(what: { vulnerability: \"x\" }, first: 201) { totalCount } } }".into()), 200, "first is 201; it may be 0 to 200"),
        (
            query("{ organization(slug: \"ours\") { images(first: 1000000) { nodes { id } } } }".into()),
            200,
            "first is 1000000; it may be 0 to 200",
        ),
        (
            query("{ organization(slug: \"ours\") { images(first: -1) { nodes { id } } } }".into()),
            200,
            "it may be 0 to 200",
        ),
    ];
    for (body, status, says) in cases {
        let shown: String = body.chars().take(80).collect();
        let (found, answer) = send(&served, &ours.key, body).await;
        assert_eq!(found.as_u16(), status, "{shown}: {answer}");
        assert!(answer.to_string().contains(says), "{shown}: {answer}");
    }
    let (status, answers) = send(&served, &ours.key, Value::Array(vec![one; 10]).to_string()).await;
    assert_eq!((status, answers.as_array().map(Vec::len)), (StatusCode::OK, Some(10)));
}

#[tokio::test]
async fn broken_requests_get_an_error_with_the_place() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let query = "query ($first: Int, $id: ID! = \"x\") { organization(slug: \"ours\") { images(first: $first) { totalCount } } node(id: $id) { id } }";
    let with = |variables: &str| format!("{{\"query\": {}, \"variables\": {variables}}}", json!(query));
    let cases = [
        ("".to_owned(), 400, "The body"),
        ("{".into(), 400, "line 1 column"),
        ("7".into(), 400, "an object"),
        ("[]".into(), 400, "batch is empty"),
        ("[7]".into(), 400, "Each element"),
        ("{}".into(), 400, "`query`"),
        (r#"{"query": 7}"#.into(), 400, "`query`"),
        (r#"{"query": "{ __typename }", "operationName": 7}"#.into(), 400, "`operationName`"),
        (r#"{"query": "{ __typename }", "variables": "x"}"#.into(), 400, "`variables`"),
        (r#"{"query": "{ __typename }", "extensions": []}"#.into(), 400, "`extensions`"),
        (r#"{"query": "{ __typename"}"#.into(), 400, "locations"),
        (r#"{"query": "{ nowhere }"}"#.into(), 400, "nowhere"),
        (with(r#"{"first": "many"}"#), 400, "first"),
        (with(r#"{"first": 99999999999999999999999}"#), 400, "first"),
        (with(r#"{"first": 4294967296}"#), 400, "integers from"),
        (with(r#"{"first": 1.5}"#), 400, "first"),
        (with(r#"{"first": NaN}"#), 400, "line 1 column"),
        (with(r#"{"first": 1e999}"#), 400, "out of range"),
        (with(r#"{"id": "\ud800"}"#), 400, "hex escape"),
        (with(r#"{"id": {"a": []}}"#), 400, "id"),
        (with(r#"{"id": "a\u0000b"}"#), 400, "NUL"),
        (r#"{"query": "{ organization(slug: \"a\\u0000\") { slug } }"}"#.into(), 400, "NUL"),
        (
            format!(
                "{{\"query\": \"{{ __typename }}\", \"variables\": {}1{}}}",
                "{\"a\":".repeat(1_000),
                "}".repeat(1_000)
            ),
            400,
            "recursion",
        ),
    ];
    for (body, status, says) in cases {
        let (found, answer) = send(&served, &ours.key, body.clone()).await;
        assert_eq!(found.as_u16(), status, "{body}: {answer}");
        assert!(answer["errors"][0].to_string().contains(says), "{body}: {answer}");
        assert_eq!(answer.get("data"), None, "{body}: what was not executed has no data");
    }
    assert_eq!(send(&served, &ours.key, with("{\"first\": 1}")).await.0, StatusCode::OK, "the service is still up");
}

#[tokio::test]
async fn the_answer_has_the_media_type_and_status_that_were_asked_for() {
    let world = World::create().await;
    let served = Served::start(&world).await;
    for (accept, media_type, broken) in [
        (None, "application/json; charset=utf-8", 200),
        (Some("*/*"), "application/json; charset=utf-8", 200),
        (Some("application/json"), "application/json; charset=utf-8", 200),
        (Some(GRAPHQL), "application/graphql-response+json; charset=utf-8", 400),
        (
            Some("application/graphql-response+json, application/json;q=0.9"),
            "application/graphql-response+json; charset=utf-8",
            400,
        ),
        (Some("application/json, application/graphql-response+json"), "application/json; charset=utf-8", 200),
    ] {
        for (query, status) in [("{ __typename }", 200), ("{ nowhere }", broken)] {
            let mut request = served.post("/graphql").json(&json!({ "query": query }));
            if let Some(accept) = accept {
                request = request.header("accept", accept);
            }
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status().as_u16(), status, "{accept:?} {query}");
            assert_eq!(answer.headers()["content-type"], media_type, "{accept:?}");
        }
    }
}

#[tokio::test]
async fn the_operator_may_keep_the_schema_back() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start_with(&world, Limits { graphql_introspection: false, ..Limits::default() }).await;
    for query in ["{ __schema { types { name } } }", "{ __type(name: \"Query\") { name } }"] {
        let answer = served.ask(&ours.key, query, json!({})).await;
        assert!(!answer.to_string().contains("Organization"), "{answer}");
        assert!(!answer.to_string().contains("\"Query\""), "{answer}");
    }
    assert_eq!(served.data(&ours.key, "{ __typename }", json!({})).await["__typename"], "Query");
}
