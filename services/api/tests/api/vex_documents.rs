//! An organization's VEX documents, what they hide, and the documents of our own.

use plimsoll_vex::{Decisions, Limits, PackagePattern, Status, Subject};
use reqwest::{RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::seed::{Org, World};
use crate::served::Served;

const SAVE: &str =
    "mutation ($document: String!, $name: String, $image: String, $organization: String) {
    saveVexDocument(document: $document, name: $name, image: $image, organization: $organization) {
    vexDocument { id name format author saidAt imageDigest document statementCount hiddenFindings
                  statements { totalCount nodes { vulnerabilities products { product subcomponents } status justification impact action at } } }
    userErrors { code field message } } }";
const DELETE: &str =
    "mutation ($id: ID!) { deleteVexDocument(id: $id) { vexDocument { name } userErrors { code field } } }";
const LIST: &str = "{ organization(slug: \"ours\") { vexDocuments { totalCount nodes { id name hiddenFindings } } } }";
const NODE: &str = "query ($id: ID!) { node(id: $id) { __typename id } }";
const FINDINGS: &str = "{ organization(slug: \"ours\") {
    shown: findings { totalCount nodes { vulnerability { name } vex { status } } }
    hidden: findings(filter: { hidden: true }) { totalCount nodes { vulnerability { name } vex { status justification impact document author } } }
    both: findings(filter: { hidden: null }) { totalCount }
    closed: findings(filter: { isOpen: false }) { nodes { vulnerability { name } closeReason } }
    places: whereIs(what: { vulnerability: \"CVE-2024-0001\" }) { totalCount nodes { package { name } } }
    notPlaces: findings(filter: { vulnerability: \"CVE-2024-0001\", hidden: true }) { totalCount }
    images { nodes { hiddenFindings findingCounts { count } } } } }";

fn document(id: &str, vulnerability: &str) -> String {
    json!({
        "@context": "https://openvex.dev/ns/v0.2.0", "@id": id, "author": "Acme", "version": 1, "timestamp": "2026-01-01T00:00:00Z",
        "statements": [{ "vulnerability": { "name": vulnerability }, "products": [{ "@id": "pkg:pypi/django" }],
                         "status": "not_affected", "justification": "vulnerable_code_not_in_execute_path",
                         "impact_statement": "We never call it." }],
    })
    .to_string()
}

impl World {
    /// Does what the messages that wait ask for; gives them.
    async fn follow_vex(&self) -> Vec<Value> {
        let feeds = self.database.store("plimsoll_feeds").await;
        let mut tx = feeds.catalog_tx().await.unwrap();
        let mut waiting = plimsoll_store::outbox::take(&mut tx, 100).await.unwrap();
        plimsoll_store::outbox::remove(&mut tx, &waiting.iter().map(|waiting| waiting.id).collect::<Vec<_>>())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        waiting.retain(|waiting| waiting.topic == "vex.changed");
        for message in &waiting {
            let ids: Vec<String> = serde_json::from_value(message.payload["vulnerabilities"].clone()).unwrap();
            let mut tx = feeds.org_tx(message.org.unwrap()).await.unwrap();
            plimsoll_store::vex_decisions::follow(&mut tx, &ids).await.unwrap();
            tx.commit().await.unwrap();
        }
        waiting.into_iter().map(|waiting| waiting.payload).collect()
    }
}

async fn with_an_image() -> (World, Served, Org, String) {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let served = Served::start(&world).await;
    let owner = served.cookie(&ours.email).await;
    world.follow_vex().await;
    (world, served, ours, owner)
}

#[tokio::test]
async fn a_document_is_saved_replaced_and_deleted_and_its_findings_are_hidden_meanwhile() {
    let (world, served, ours, owner) = with_an_image().await;
    let text = document("https://acme.example/vex/1", "GHSA-aaaa-bbbb-cccc");
    let saved = served.ask_with_cookie(&owner, SAVE, json!({ "document": text })).await;
    let id = saved["data"]["saveVexDocument"]["vexDocument"]["id"].clone();
    let said = json!({ "vulnerabilities": ["GHSA-aaaa-bbbb-cccc"], "products": [{ "product": "pkg:pypi/django", "subcomponents": [] }],
        "status": "NOT_AFFECTED", "justification": "VULNERABLE_CODE_NOT_IN_EXECUTE_PATH", "impact": "We never call it.", "action": "",
        "at": "2026-01-01T00:00:00+00:00" });
    let expected = json!({ "id": id, "name": "https://acme.example/vex/1", "format": "OPENVEX", "author": "Acme",
        "saidAt": "2026-01-01T00:00:00+00:00", "imageDigest": null, "document": text, "statementCount": 1, "hiddenFindings": 0,
        "statements": { "totalCount": 1, "nodes": [said] } });
    assert_eq!(saved["data"]["saveVexDocument"], json!({ "vexDocument": expected, "userErrors": [] }), "{saved}");
    assert_eq!(
        world.follow_vex().await,
        [json!({ "org": ours.id, "vulnerabilities": ["GHSA-AAAA-BBBB-CCCC"], "images": [] })]
    );

    let found = served.data(&ours.key, FINDINGS, json!({})).await["organization"].clone();
    let vex = json!({ "status": "NOT_AFFECTED", "justification": "VULNERABLE_CODE_NOT_IN_EXECUTE_PATH", "impact": "We never call it.",
        "document": "https://acme.example/vex/1", "author": "Acme" });
    let hidden = json!({ "totalCount": 1, "nodes": [{ "vulnerability": { "name": "CVE-2024-0001" }, "vex": vex }] });
    assert_eq!(found["hidden"], hidden);
    assert_eq!((&found["shown"]["totalCount"], &found["both"]["totalCount"]), (&json!(3), &json!(4)));
    assert!(found["shown"]["nodes"].as_array().unwrap().iter().all(|node| node["vex"].is_null()), "{found}");
    let closed = json!([{ "vulnerability": { "name": "CVE-2024-0001" }, "closeReason": "VEX" }]);
    assert_eq!(found["closed"]["nodes"], closed);
    assert_eq!(found["places"], json!({ "totalCount": 0, "nodes": [] }), "a hidden place is none");
    assert_eq!(found["notPlaces"]["totalCount"], 1, "and is told there");
    let image = &found["images"]["nodes"][0];
    let counted: i64 = image["findingCounts"].as_array().unwrap().iter().map(|of| of["count"].as_i64().unwrap()).sum();
    assert_eq!((&image["hiddenFindings"], counted), (&json!(1), 3));
    let node = json!({ "id": id, "name": "https://acme.example/vex/1", "hiddenFindings": 1 });
    let listed = served.data(&ours.key, LIST, json!({})).await;
    assert_eq!(listed["organization"]["vexDocuments"], json!({ "totalCount": 1, "nodes": [node] }));
    let found = served.data(&ours.key, NODE, json!({ "id": id })).await;
    assert_eq!(found["node"], json!({ "__typename": "VexDocument", "id": id }));
    let named = "{ organization(slug: \"ours\") { vexDocument(name: \"https://acme.example/vex/1\") { id } other: vexDocument(name: \"X\") { id } } }";
    let found = served.data(&ours.key, named, json!({})).await;
    assert_eq!(found["organization"], json!({ "vexDocument": { "id": id }, "other": null }));

    // The same again is nothing new; another text of the name takes its place.
    served.ask_with_cookie(&owner, SAVE, json!({ "document": text })).await;
    assert_eq!(world.follow_vex().await, Vec::<Value>::new());
    let other = document("x", "CVE-2024-0004");
    let variables = json!({ "document": other, "name": "https://acme.example/vex/1" });
    let saved = served.ask_with_cookie(&owner, SAVE, variables).await;
    assert_eq!(saved["data"]["saveVexDocument"]["vexDocument"]["id"], id);
    world.follow_vex().await;
    let found = served.data(&ours.key, FINDINGS, json!({})).await["organization"].clone();
    assert_eq!(found["hidden"]["nodes"][0]["vulnerability"]["name"], "CVE-2024-0004");
    assert_eq!(found["places"], json!({ "totalCount": 1, "nodes": [{ "package": { "name": "django" } }] }));
    let deleted = served.ask_with_cookie(&owner, DELETE, json!({ "id": id })).await;
    let expected = json!({ "vexDocument": { "name": "https://acme.example/vex/1" }, "userErrors": [] });
    assert_eq!(deleted["data"]["deleteVexDocument"], expected);
    world.follow_vex().await;
    let found = served.data(&ours.key, FINDINGS, json!({})).await["organization"].clone();
    assert_eq!((&found["shown"]["totalCount"], &found["hidden"]["totalCount"]), (&json!(4), &json!(0)));
    let again = served.ask_with_cookie(&owner, DELETE, json!({ "id": id })).await;
    assert_eq!(again["data"]["deleteVexDocument"]["userErrors"], json!([{ "code": "NOT_FOUND", "field": "id" }]));
}

#[tokio::test]
async fn what_is_wrong_with_a_document_is_told_and_nothing_is_saved() {
    let (world, served, ours, owner) = with_an_image().await;
    let empty = json!({ "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:1" }).to_string();
    let unnamed = document("", "CVE-1");
    let long = document(&"a".repeat(140_000), "CVE-1");
    let wrong = document("x", "CVE-1").replace("not_affected", "unaffected");
    for (variables, field, told) in [
        (json!({ "document": "{" }), "document", "not JSON"),
        (json!({ "document": "{}" }), "document", "neither an OpenVEX nor a CSAF 2 nor a CycloneDX document"),
        (json!({ "document": empty }), "document", "It says nothing of any vulnerability."),
        (json!({ "document": wrong }), "document", "statements[0]"),
        (json!({ "document": long }), "document", "more than 131072"),
        (json!({ "document": unnamed }), "name", "give it a name"),
        (json!({ "document": document("x", "CVE-1"), "name": "n".repeat(501) }), "name", "give it a name"),
    ] {
        let answer = served.ask_with_cookie(&owner, SAVE, variables).await;
        let error = &answer["data"]["saveVexDocument"]["userErrors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!("VEX_INVALID"), &json!(field)), "{answer}");
        assert!(error["message"].as_str().unwrap().contains(told), "{answer}");
    }
    world
        .execute(&format!(
            "INSERT INTO vex_document (org_id, id, name, format, author, source, content_hash, statement_count)
             SELECT '{}', gen_random_uuid(), 'n' || n, 'csaf', '', '', '', 1 FROM generate_series(1, 5000) n",
            ours.id
        ))
        .await;
    let answer = served.ask_with_cookie(&owner, SAVE, json!({ "document": document("x", "CVE-1") })).await;
    assert_eq!(answer["data"]["saveVexDocument"]["userErrors"][0]["code"], "TOO_MANY", "{answer}");
    let listed = served.data(&ours.key, LIST, json!({})).await;
    assert_eq!(listed["organization"]["vexDocuments"]["totalCount"], 5000);
    assert_eq!(world.follow_vex().await, Vec::<Value>::new());
}

#[tokio::test]
async fn documents_are_written_by_those_who_may_and_seen_by_their_organization_alone() {
    let (world, served, ours, _) = with_an_image().await;
    let mut theirs = world.org("theirs").await;
    world.image(&mut theirs).await;
    let variables = json!({ "document": document("one", "CVE-2024-0001") });
    for (scopes, may) in [(&["read", "push"][..], false), (&["advise"], true)] {
        let (_, key) = world.key(ours.id, scopes).await;
        let answer = served.ask(&key, SAVE, variables.clone()).await;
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        assert_eq!(code, (!may).then_some("FORBIDDEN"), "{scopes:?}: {answer}");
    }
    world.follow_vex().await;
    let listed = served.data(&ours.key, LIST, json!({})).await;
    let id = &listed["organization"]["vexDocuments"]["nodes"][0]["id"];
    let stranger = served.cookie(&theirs.email).await;
    let answer = served.ask_with_cookie(&stranger, NODE, json!({ "id": id })).await;
    assert_eq!(answer, json!({ "data": { "node": null } }));
    let answer = served.ask_with_cookie(&stranger, DELETE, json!({ "id": id })).await;
    assert_eq!(answer["data"]["deleteVexDocument"]["userErrors"], json!([{ "code": "NOT_FOUND", "field": "id" }]));
    let mut elsewhere = variables;
    elsewhere["organization"] = json!("ours");
    let answer = served.ask_with_cookie(&stranger, SAVE, elsewhere).await;
    assert_eq!(answer["data"]["saveVexDocument"]["userErrors"][0]["code"], "NOT_FOUND");
    let seen = served.data(&theirs.key, &FINDINGS.replace("ours", "theirs"), json!({})).await;
    assert_eq!(
        (&seen["organization"]["shown"]["totalCount"], &seen["organization"]["hidden"]["totalCount"]),
        (&json!(4), &json!(0))
    );
    assert_eq!(served.data(&ours.key, LIST, json!({})).await, listed, "it is still there");
}

#[tokio::test]
async fn what_is_said_of_a_finding_that_stays_is_told_with_it_and_exported() {
    let (world, served, ours, owner) = with_an_image().await;
    let affected = |status: &str| {
        let mut document: Value = serde_json::from_str(&document("one", "CVE-2024-0001")).unwrap();
        let statement = json!({ "vulnerability": { "name": "CVE-2024-0001" }, "products": [{ "@id": "pkg:pypi/django" }], "status": status,
                                "action_statement": "Turn the cache off." });
        document["statements"] = json!([statement]);
        json!({ "document": document.to_string() })
    };
    let shown = "{ organization(slug: \"ours\") { findings { nodes { vulnerability { name } vex { status action document } } } } }";
    let told = async || {
        let found = served.data(&ours.key, shown, json!({})).await;
        let nodes = found["organization"]["findings"]["nodes"].as_array().unwrap().clone();
        assert_eq!(nodes.len(), 4, "nothing is hidden");
        nodes.into_iter().filter(|node| !node["vex"].is_null()).map(|mut node| node["vex"].take()).collect::<Vec<_>>()
    };
    served.ask_with_cookie(&owner, SAVE, affected("affected")).await;
    world.follow_vex().await;
    let expected = json!({ "status": "AFFECTED", "action": "Turn the cache off.", "document": "one" });
    assert_eq!(told().await, [expected]);
    let export =
        served.client.get(served.url(&format!("/v1/images/{}/vex.json", ours.images[0].1))).bearer_auth(&ours.key);
    let export: Value = export.send().await.unwrap().json().await.unwrap();
    let of_it = |statement: &&Value| statement["vulnerability"]["name"] == "CVE-2024-0001";
    let said = export["statements"].as_array().unwrap().iter().find(of_it).unwrap();
    assert_eq!((&said["status"], &said["action_statement"]), (&json!("affected"), &json!("Turn the cache off.")));
    served.ask_with_cookie(&owner, SAVE, affected("under_investigation")).await;
    world.follow_vex().await;
    assert_eq!(told().await[0]["status"], "UNDER_INVESTIGATION");
    // Hidden, it is told as before; shown again, as if nothing had been said.
    served.ask_with_cookie(&owner, SAVE, json!({ "document": document("one", "CVE-2024-0001") })).await;
    world.follow_vex().await;
    let found = served.data(&ours.key, FINDINGS, json!({})).await["organization"].clone();
    assert_eq!(found["hidden"]["nodes"][0]["vex"]["status"], "NOT_AFFECTED");
    let id = served.data(&ours.key, LIST, json!({})).await["organization"]["vexDocuments"]["nodes"][0]["id"].clone();
    served.ask_with_cookie(&owner, DELETE, json!({ "id": id })).await;
    world.follow_vex().await;
    assert_eq!(told().await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_document_is_attached_to_an_image_of_the_organization_and_hides_in_no_other() {
    let (world, served, mut ours, owner) = with_an_image().await;
    world.image(&mut ours).await;
    let mut theirs = world.org("theirs").await;
    world.image(&mut theirs).await;
    let (_, key) = world.key(ours.id, &["advise"]).await;
    let text = document("https://acme.example/vex/1", "CVE-2024-0001");
    let [first, second] = [ours.images[0].1, ours.images[1].1];
    let index = world.index(&ours, "all", &[second]).await;
    let hides = async || {
        world.follow_vex().await;
        let asked = "{ organization(slug: \"ours\") { images { nodes { digest hiddenFindings } } } }";
        let images = served.data(&ours.key, asked, json!({})).await["organization"]["images"]["nodes"].clone();
        [first, second].map(|digest| {
            let is_it = |image: &&Value| image["digest"] == digest.to_string();
            images.as_array().unwrap().iter().find(is_it).unwrap()["hiddenFindings"].as_i64().unwrap()
        })
    };
    let unscanned = world.waiting_image(&ours).await.1;
    for image in [theirs.images[0].1.to_string(), format!("sha256:{}", "0".repeat(64)), "v0".into(), String::new()] {
        let answer = served.ask_with_cookie(&owner, SAVE, json!({ "document": text, "image": image })).await;
        let error = &answer["data"]["saveVexDocument"]["userErrors"][0];
        let told = json!({ "code": "NOT_FOUND", "field": "image", "message": "There is nothing with this image that you may see." });
        assert_eq!(*error, told, "{image}");
        let path = format!("one?image={image}");
        let (status, problem) = put(&served, &path, |request| request.bearer_auth(&key).body(text.clone())).await;
        assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("not_found")), "{image}");
    }
    assert_eq!(hides().await, [0, 0]);

    let saved = served.ask_with_cookie(&owner, SAVE, json!({ "document": text, "image": first })).await;
    let saved = &saved["data"]["saveVexDocument"]["vexDocument"];
    let name = format!("https://acme.example/vex/1@{first}");
    assert_eq!((&saved["name"], &saved["imageDigest"]), (&json!(name), &json!(first)));
    assert_eq!(hides().await, [1, 0]);
    // The same document for another: each goes its own way.
    let other =
        put(&served, &format!("other?image={index}"), |request| request.bearer_auth(&key).body(text.clone())).await;
    assert_eq!((other.0, &other.1["image"]), (StatusCode::OK, &json!(index)));
    assert_eq!(hides().await, [1, 1]);
    let deleted = served.ask_with_cookie(&owner, DELETE, json!({ "id": saved["id"] })).await;
    assert_eq!(deleted["data"]["deleteVexDocument"]["userErrors"], json!([]));
    assert_eq!(hides().await, [0, 1]);
    put(&served, &format!("other?image={unscanned}"), |request| request.bearer_auth(&key).body(text.clone())).await;
    assert_eq!(hides().await, [0, 0], "it waits for its image");
    put(&served, "other", |request| request.bearer_auth(&key).body(text.clone())).await;
    assert_eq!(hides().await, [1, 1], "detached, it speaks of every image");
}

/// Puts a document under this name below `/v1/vex/`; gives the status and the answer.
async fn put(served: &Served, name: &str, with: impl FnOnce(RequestBuilder) -> RequestBuilder) -> (StatusCode, Value) {
    let request = served.client.put(served.url(&format!("/v1/vex/{name}")));
    let answer = with(request.header("content-type", "application/json")).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_vendors_document_of_megabytes_is_put_under_its_name_and_hides_what_it_says() {
    let (world, served, ours, owner) = with_an_image().await;
    let (_, key) = world.key(ours.id, &["advise"]).await;
    let long = document("https://acme.example/vex/1", "CVE-2024-0001");
    let long = long.replace("We never call it.", &"We never call it. ".repeat(200_000));
    assert!(long.len() > 3 << 20);
    let name = "https%3A%2F%2Facme.example%2Fvex%2F1";
    let saved = put(&served, name, |request| request.bearer_auth(&key).body(long.clone())).await;
    let expected = json!({ "name": "https://acme.example/vex/1", "format": "openvex", "author": "Acme", "statements": 1, "image": null });
    assert_eq!(saved, (StatusCode::OK, expected));
    assert_eq!(world.follow_vex().await.len(), 1);
    let found = served.data(&ours.key, FINDINGS, json!({})).await["organization"].clone();
    assert_eq!(found["hidden"]["nodes"][0]["vulnerability"]["name"], "CVE-2024-0001");
    // The same again is nothing new; by a session it is as by a key.
    let again = put(&served, name, |request| request.header("cookie", &owner).body(long)).await;
    assert_eq!((again.0, world.follow_vex().await), (StatusCode::OK, Vec::<Value>::new()));
    let listed = served.data(&ours.key, LIST, json!({})).await;
    assert_eq!(listed["organization"]["vexDocuments"]["totalCount"], 1);
}

#[tokio::test]
async fn what_is_put_is_refused_where_it_is_wrong_too_long_or_not_the_senders_to_put() {
    let (world, served, ours, owner) = with_an_image().await;
    let theirs = world.org("theirs").await;
    let (_, key) = world.key(ours.id, &["advise"]).await;
    let (_, reader) = world.key(ours.id, &["read", "push"]).await;
    let good = document("one", "CVE-2024-0001");
    let refused = async |name: &str, with: &dyn Fn(RequestBuilder) -> RequestBuilder| {
        let (status, problem) = put(&served, name, with).await;
        (status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
    };
    let told = |status: u16, code: &str| (status, code.to_owned());
    let body = |body: &str| {
        let (key, body) = (key.clone(), body.to_owned());
        move |request: RequestBuilder| request.bearer_auth(&key).body(body.clone())
    };
    assert_eq!(refused("one", &body("{")).await, told(422, "vex_invalid"));
    assert_eq!(refused("one", &body("{}")).await, told(422, "vex_invalid"));
    assert_eq!(refused(&"n".repeat(501), &body(&good)).await, told(422, "vex_invalid"));
    assert_eq!(refused("one", &body(&" ".repeat((8 << 20) + 1))).await, told(413, "body_too_large"));
    let latin = |request: RequestBuilder| request.bearer_auth(&key).body(b"{\"author\": \"\xe9\"}".to_vec());
    assert_eq!(refused("one", &latin).await, told(422, "vex_invalid"));
    let form = served.client.put(served.url("/v1/vex/one")).bearer_auth(&key).body(good.clone());
    assert_eq!(form.send().await.unwrap().status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(refused("one", &|request| request.body(good.clone())).await, told(401, "unauthorized"));
    assert_eq!(
        refused("one", &|request| request.bearer_auth(&reader).body(good.clone())).await,
        told(403, "forbidden")
    );
    let elsewhere = |request: RequestBuilder| {
        request.header("cookie", &owner).header("origin", "https://evil.example").body(good.clone())
    };
    assert_eq!(refused("one", &elsewhere).await, told(403, "wrong_origin"));
    let stranger = served.cookie(&theirs.email).await;
    let by_stranger = |request: RequestBuilder| request.header("cookie", &stranger).body(good.clone());
    assert_eq!(refused("one?organization=ours", &by_stranger).await, told(404, "not_found"));
    assert_eq!(put(&served, "one", by_stranger).await.0, StatusCode::OK, "in their own organization");
    world
        .execute(&format!(
            "INSERT INTO vex_document (org_id, id, name, format, author, source, content_hash, statement_count)
             SELECT '{}', gen_random_uuid(), 'n' || n, 'csaf', '', '', '', 10 FROM generate_series(1, 5000) n",
            ours.id
        ))
        .await;
    assert_eq!(refused("one", &body(&good)).await, told(409, "too_many"));
    let listed = served.data(&ours.key, LIST, json!({})).await;
    assert_eq!(listed["organization"]["vexDocuments"]["totalCount"], 5000);
}

#[tokio::test]
async fn an_image_s_findings_are_exported_with_what_is_hidden_and_why() {
    let (world, served, ours, owner) = with_an_image().await;
    served.ask_with_cookie(&owner, SAVE, json!({ "document": document("one", "CVE-2024-0001") })).await;
    world.follow_vex().await;
    let digest = ours.images[0].1;
    let get = async |path: &str, key: &str| {
        let answer = served.client.get(served.url(path)).bearer_auth(key).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    for format in ["", "?format=openvex", "?format=csaf", "?format=cyclonedx"] {
        let (status, text) = get(&format!("/v1/images/{digest}/vex.json{format}"), &ours.key).await;
        assert_eq!(status, StatusCode::OK, "{text}");
        let read = plimsoll_vex::read(text.as_bytes(), &Limits::default()).unwrap();
        let read = [read];
        let decisions = Decisions::of(&read);
        let image = plimsoll_vex::ImageIdentity { digests: vec![digest], ..Default::default() };
        let said = |id: &str, purl: &str| {
            let package = PackagePattern::read(purl);
            let subject = Subject {
                vulnerability: &[id],
                image: Some(&image),
                package: package.as_ref(),
                holders: &[],
                beside: &[],
            };
            decisions.about(subject).map(|said| (said.statement.status, said.statement.impact.clone()))
        };
        let (hidden, package) = ((Status::NotAffected, "We never call it.".to_owned()), "pkg:pypi/django@3.2");
        assert_eq!(said("CVE-2024-0001", package), Some(hidden), "{format}: {text}");
        let affected = said("CVE-2024-0004", package).unwrap();
        assert_eq!(affected.0, Status::Affected, "{format}: {text}");
        assert!(text.contains("Upgrade django 3.2 to 3.2.15."), "{format}: {text}");
    }
    let theirs = world.org("theirs").await;
    let (_, blind) = world.key(ours.id, &["push"]).await;
    let (_, waiting) = world.waiting_image(&ours).await;
    let path = format!("/v1/images/{digest}/vex.json");
    for (path, key, expected, code) in [
        (path.as_str(), theirs.key.as_str(), StatusCode::NOT_FOUND, "not_found"),
        ("/v1/images/sha256:0/vex.json", &ours.key, StatusCode::NOT_FOUND, "not_found"),
        (&path, &blind, StatusCode::FORBIDDEN, "forbidden"),
        (&format!("{path}?format=spdx"), &ours.key, StatusCode::BAD_REQUEST, "query_invalid"),
        (&format!("/v1/images/{waiting}/vex.json"), &ours.key, StatusCode::CONFLICT, "not_scanned"),
    ] {
        let (status, text) = get(path, key).await;
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, &problem["code"]), (expected, &json!(code)), "{path}");
    }
}
