//! A second organization sees nothing of the first: every id, digest, reference, cursor and name of the first, in every place.

use serde_json::{Value, json};

use crate::fields;
use crate::seed::World;
use crate::served::Served;

#[tokio::test]
async fn nothing_of_an_organization_is_reached_by_another() {
    let world = World::create().await;
    let (mut ours, mut theirs) = (world.org("ours").await, world.org("theirs").await);
    world.image(&mut ours).await;
    world.image(&mut theirs).await;
    world.index(&theirs, "multi", &[theirs.images[0].1]).await;
    let served = Served::start(&world).await;
    let theirs_ids = fields::ids(&served, &theirs.key).await;
    let node = "query ($id: ID!) { node(id: $id) { __typename id } }";
    let owner = served.cookie(&ours.email).await;

    // The vulnerability is one that both have.
    for (kind, id) in theirs_ids.iter().filter(|(kind, _)| *kind != "Vulnerability") {
        for answer in [
            served.ask(&ours.key, node, json!({ "id": id })).await,
            served.ask_with_cookie(&owner, node, json!({ "id": id })).await,
        ] {
            assert_eq!(answer, json!({ "data": { "node": null } }), "{kind}");
        }
    }
    let foreign_key = id_of_a_key(&served, &theirs.email).await;
    let answer = served.ask_with_cookie(&owner, node, json!({ "id": foreign_key })).await;
    assert_eq!(answer, json!({ "data": { "node": null } }));
    let revoke = "mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { id } userErrors { code field } } }";
    let answer = served.ask_with_cookie(&owner, revoke, json!({ "id": foreign_key })).await;
    let not_found = json!([{ "code": "NOT_FOUND", "field": "id" }]);
    assert_eq!(answer["data"]["revokeApiKey"], json!({ "apiKey": null, "userErrors": not_found }));
    let rescan = "mutation ($id: ID!) { rescanImage(id: $id) { image { id } userErrors { code field } } }";
    let image_id = theirs_ids.iter().find(|(kind, _)| *kind == "Image").map(|(_, id)| id.clone()).unwrap();
    let answer = served.ask_with_cookie(&owner, rescan, json!({ "id": image_id })).await;
    assert_eq!(answer["data"]["rescanImage"], json!({ "image": null, "userErrors": not_found }));

    let digest = theirs.images[0].1.to_string();
    for reference in [
        digest.clone(),
        image_id.clone(),
        "theirs-web/shop:v0".into(),
        "theirs/theirs-web/shop:v0".into(),
        "theirs-web/shop:multi".into(),
        format!("theirs-web/shop@{digest}"),
        format!("ours-web/shop@{digest}"),
    ] {
        let query = "query ($r: String!) { organization(slug: \"ours\") { image(reference: $r) { id }
            findings(filter: { image: $r }) { totalCount nodes { id } } packages(filter: { image: $r }) { totalCount nodes { id } } } }";
        let data = served.data(&ours.key, query, json!({ "r": reference })).await;
        let nothing = json!({ "totalCount": 0, "nodes": [] });
        assert_eq!(
            data["organization"],
            json!({ "image": null, "findings": nothing, "packages": nothing }),
            "{reference}"
        );
    }
    let by_name = "{ organization(slug: \"ours\") {
        a: findings(filter: { repository: \"theirs-web/shop\" }) { totalCount } b: findings(filter: { package: \"theirs-private\" }) { totalCount }
        c: packages(filter: { name: \"theirs-private\" }) { totalCount } d: images(filter: { repository: \"theirs-web/shop\" }) { totalCount }
        e: repositories(namePrefix: \"theirs\") { totalCount } } theirs: organization(slug: \"theirs\") { id } }";
    let data = served.data(&ours.key, by_name, json!({})).await;
    let zero = json!({ "totalCount": 0 });
    assert_eq!(data["organization"], json!({ "a": zero, "b": zero, "c": zero, "d": zero, "e": zero }));
    assert_eq!(data["theirs"], Value::Null);
}

async fn id_of_a_key(served: &Served, email: &str) -> String {
    let cookie = served.cookie(email).await;
    let query = "{ viewer { organizations { organization { apiKeys { nodes { id } } } } } }";
    let answer = served.ask_with_cookie(&cookie, query, json!({})).await;
    let organization = &answer["data"]["viewer"]["organizations"][0]["organization"];
    organization["apiKeys"]["nodes"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_whole_of_what_an_organization_sees_names_nothing_of_another() {
    let world = World::create().await;
    let (mut ours, mut theirs) = (world.org("ours").await, world.org("theirs").await);
    world.image(&mut ours).await;
    world.image(&mut theirs).await;
    let served = Served::start(&world).await;
    let query = "{ viewer { organizations { organization { id slug name members { nodes { email } }
        repositories { totalCount nodes { name tags { nodes { reference digest } } } }
        images { totalCount nodes { digest configDigest labels { value } layers { digest diffId buildStep { command } }
            packages { nodes { path package { name } } } findings { nodes { id } } tags { reference } } }
        packages { totalCount nodes { name } } findings { totalCount nodes { id package { name } image { digest } path } }
        all: findings(filter: { isOpen: null }) { totalCount } } } } }";
    let mut seen = Vec::new();
    for org in [&ours, &theirs] {
        let data = served.data(&org.key, query, json!({})).await;
        seen.push((data["viewer"]["organizations"][0]["organization"].clone(), data.to_string()));
    }
    assert!(!seen[0].1.contains("theirs") && !seen[0].1.contains(&theirs.images[0].1.to_string()));
    assert!(!seen[1].1.contains("ours") && !seen[1].1.contains(&ours.images[0].1.to_string()));
    // The same shape of data: each has its own and as much of it.
    for count in ["repositories", "images", "packages", "findings", "all"] {
        assert_eq!(seen[0].0[count]["totalCount"], seen[1].0[count]["totalCount"], "{count}");
    }
    // Packages and vulnerabilities that both have are one row, and each reaches it only because it has it.
    let empty = world.org("empty").await;
    let shared = fields::ids(&served, &ours.key).await;
    for (kind, id) in shared {
        let answer = served.ask(&empty.key, "query ($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(answer, json!({ "data": { "node": null } }), "{kind}");
    }
}

#[tokio::test]
async fn who_shows_no_credentials_sees_the_schema_and_nothing_else() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let served = Served::start(&world).await;
    let id = fields::ids(&served, &ours.key).await[2].1.clone();
    let ask = async |query: String| -> Value {
        served.post("/graphql").json(&json!({ "query": query })).send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(
        ask("{ __typename viewer { account { email } } }".into()).await,
        json!({ "data": { "__typename": "Query", "viewer": null } })
    );
    for query in [
        "{ organization(slug: \"ours\") { id } }".to_owned(),
        format!("{{ node(id: \"{id}\") {{ id }} }}"),
        "{ feeds { name } }".to_owned(),
        format!("mutation {{ rescanImage(id: \"{id}\") {{ image {{ id }} }} }}"),
        "mutation { createApiKey(name: \"x\", scopes: [READ]) { secret } }".to_owned(),
    ] {
        let answer = ask(query.clone()).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{query}");
    }
}

#[tokio::test]
async fn a_key_without_the_scope_to_read_reads_nothing() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let (_, pusher) = world.key(ours.id, &["push"]).await;
    let served = Served::start(&world).await;
    for field in [
        "repositories { totalCount }",
        "images { totalCount }",
        "packages { totalCount }",
        "findings { totalCount }",
        "members { totalCount }",
        "image(reference: \"x\") { id }",
        "whereIs(what: { vulnerability: \"CVE-2024-0001\" }) { totalCount }",
        "whereIs(what: { package: { name: \"django\" } }) { totalCount }",
    ] {
        let answer = served.ask(&pusher, &format!("{{ organization(slug: \"ours\") {{ {field} }} }}"), json!({})).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{field}");
    }
    for (kind, id) in fields::ids(&served, &ours.key).await {
        let answer = served.ask(&pusher, "query ($id: ID!) { node(id: $id) { id } }", json!({ "id": id })).await;
        assert_eq!(answer["data"]["node"].is_null(), kind != "Organization", "{kind}");
    }
}
