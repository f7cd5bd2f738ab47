//! An organization's own advisories and banned packages.

use serde_json::{Value, json};

use crate::seed::World;
use crate::served::Served;

const SAVE: &str = "mutation ($document: String!, $organization: String) { saveAdvisory(document: $document, organization: $organization) {
    ownAdvisory { id name aliases title severity origin document withdrawn openFindings } userErrors { code field message } } }";
const WITHDRAW: &str =
    "mutation ($id: ID!) { withdrawAdvisory(id: $id) { ownAdvisory { name withdrawn } userErrors { code field } } }";
const DELETE: &str =
    "mutation ($id: ID!) { deleteAdvisory(id: $id) { ownAdvisory { name } userErrors { code field } } }";
const BAN: &str = "mutation ($ban: BanInput!) { banPackage(ban: $ban) {
    ownAdvisory { id name title severity origin } userErrors { code field message } } }";
const UNBAN: &str =
    "mutation ($ecosystem: String!, $package: String!) { unbanPackage(ecosystem: $ecosystem, package: $package) {
    ownAdvisory { name withdrawn } userErrors { code field } } }";
const LIST: &str = "{ organization(slug: \"ours\") { ownAdvisories { totalCount nodes { id name openFindings } } } }";
const NODE: &str = "query ($id: ID!) { node(id: $id) { __typename id } }";

fn document(id: &str, package: &str) -> String {
    json!({
        "id": id, "aliases": ["CVE-2099-1"], "modified": "2026-01-01T00:00:00Z", "summary": "A flaw of ours",
        "database_specific": { "severity": "HIGH" },
        "affected": [{ "package": { "ecosystem": "PyPI", "name": package },
                       "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }] }] }],
    })
    .to_string()
}

/// The messages that wait, which are then taken away.
async fn messages(world: &World) -> Vec<Value> {
    let mut tx = world.database.store("plimsoll_ingest").await.catalog_tx().await.unwrap();
    let waiting = plimsoll_store::outbox::take(&mut tx, 100).await.unwrap();
    assert!(waiting.iter().all(|waiting| waiting.topic == "own_advisories.changed"));
    plimsoll_store::outbox::remove(&mut tx, &waiting.iter().map(|waiting| waiting.id).collect::<Vec<_>>())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    waiting.into_iter().map(|waiting| waiting.payload).collect()
}

#[tokio::test]
async fn an_advisory_is_saved_replaced_withdrawn_and_deleted_and_each_time_what_it_touches_is_matched_again() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let owner = served.cookie(&ours.email).await;
    let (text, key) = (document("ACME-1", "demo"), |name: &str| json!({ "ecosystem": "PyPI", "package": name }));
    let saved = served.ask_with_cookie(&owner, SAVE, json!({ "document": text })).await;
    let id = saved["data"]["saveAdvisory"]["ownAdvisory"]["id"].clone();
    let expected = json!({ "id": id, "name": "ACME-1", "aliases": ["CVE-2099-1"], "title": "A flaw of ours", "severity": "HIGH",
        "origin": "DOCUMENT", "document": text, "withdrawn": null, "openFindings": 0 });
    assert_eq!(saved["data"]["saveAdvisory"], json!({ "ownAdvisory": expected, "userErrors": [] }), "{saved}");
    assert_eq!(messages(&world).await, [json!({ "org": ours.id, "keys": [key("demo")] })]);
    // The same again is nothing new; another text of the id takes its place.
    let again = served.ask_with_cookie(&owner, SAVE, json!({ "document": text })).await;
    assert_eq!((&again, messages(&world).await), (&saved, vec![]));
    let other = served.ask_with_cookie(&owner, SAVE, json!({ "document": document("ACME-1", "other") })).await;
    assert_eq!(other["data"]["saveAdvisory"]["ownAdvisory"]["id"], id);
    assert_eq!(messages(&world).await, [json!({ "org": ours.id, "keys": [key("demo"), key("other")] })]);

    let listed = served.data(&ours.key, LIST, json!({})).await;
    let node = json!({ "id": id, "name": "ACME-1", "openFindings": 0 });
    assert_eq!(listed["organization"]["ownAdvisories"], json!({ "totalCount": 1, "nodes": [node] }));
    let found = served.data(&ours.key, NODE, json!({ "id": id })).await;
    assert_eq!(found["node"], json!({ "__typename": "OwnAdvisory", "id": id }));
    let named = "{ organization(slug: \"ours\") { ownAdvisory(name: \"ACME-1\") { id } other: ownAdvisory(name: \"X\") { id } } }";
    let found = served.data(&ours.key, named, json!({})).await;
    assert_eq!(found["organization"], json!({ "ownAdvisory": { "id": id }, "other": null }));

    let withdrawn = served.ask_with_cookie(&owner, WITHDRAW, json!({ "id": id })).await;
    assert!(withdrawn["data"]["withdrawAdvisory"]["ownAdvisory"]["withdrawn"].is_string(), "{withdrawn}");
    let deleted = served.ask_with_cookie(&owner, DELETE, json!({ "id": id })).await;
    assert_eq!(deleted["data"]["deleteAdvisory"], json!({ "ownAdvisory": { "name": "ACME-1" }, "userErrors": [] }));
    let touched = json!({ "org": ours.id, "keys": [key("other")] });
    assert_eq!(messages(&world).await, [touched.clone(), touched]);
    let again = served.ask_with_cookie(&owner, DELETE, json!({ "id": id })).await;
    assert_eq!(again["data"]["deleteAdvisory"]["userErrors"], json!([{ "code": "NOT_FOUND", "field": "id" }]));
    assert_eq!(messages(&world).await, Vec::<Value>::new());
}

#[tokio::test]
async fn what_is_wrong_with_an_advisory_or_a_ban_is_told_with_its_place_and_nothing_is_saved() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let owner = served.cookie(&ours.email).await;
    for (text, told) in [
        ("{\n \"id\": 3}".to_owned(), "line 2, column "),
        (document("A 1", "demo"), "id: "),
        (document("A-1", "demo").replace("PyPI", "Debian"), "Debian has releases"),
    ] {
        let answer = served.ask_with_cookie(&owner, SAVE, json!({ "document": text })).await;
        let error = &answer["data"]["saveAdvisory"]["userErrors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!("ADVISORY_INVALID"), &json!("document")), "{answer}");
        assert!(error["message"].as_str().unwrap().contains(told), "{answer}");
    }
    for (ban, field) in [
        (json!({ "ecosystem": "PyPI", "package": "a", "reason": " " }), "reason"),
        (json!({ "ecosystem": "PyPI", "package": "a", "reason": "r", "versions": "^1" }), "versions"),
        (json!({ "ecosystem": "PyPI", "package": "a", "reason": "r", "versions": "<99999999999999999999" }), "ban"),
        (json!({ "ecosystem": "Debian", "package": "a", "reason": "r" }), "ban"),
        (json!({ "ecosystem": "PyPI", "package": "", "reason": "r" }), "ban"),
    ] {
        let answer = served.ask_with_cookie(&owner, BAN, json!({ "ban": ban })).await;
        let error = &answer["data"]["banPackage"]["userErrors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!("BAN_INVALID"), &json!(field)), "{answer}");
    }
    let listed = served.data(&ours.key, LIST, json!({})).await;
    assert_eq!(listed["organization"]["ownAdvisories"]["totalCount"], 0);
    assert_eq!(messages(&world).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_package_is_banned_and_the_ban_taken_back() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let owner = served.cookie(&ours.email).await;
    let ban = json!({ "ecosystem": "PyPI", "package": "Evil_Package", "versions": ">=1.0, <2.0", "reason": "It phones home." });
    let banned = served.ask_with_cookie(&owner, BAN, json!({ "ban": ban })).await;
    let advisory = &banned["data"]["banPackage"]["ownAdvisory"];
    let expected = json!({ "id": advisory["id"], "name": "BAN:PyPI/evil-package", "title": "Banned: Evil_Package >=1.0, <2.0",
        "severity": "CRITICAL", "origin": "BAN" });
    assert_eq!(*advisory, expected, "{banned}");
    let package = json!({ "ecosystem": "PyPI", "package": "evil.package" });
    let unbanned = served.ask_with_cookie(&owner, UNBAN, package.clone()).await;
    assert!(unbanned["data"]["unbanPackage"]["ownAdvisory"]["withdrawn"].is_string(), "{unbanned}");
    assert_eq!(messages(&world).await.len(), 2);
    let nothing = served.ask_with_cookie(&owner, UNBAN, json!({ "ecosystem": "PyPI", "package": "other" })).await;
    let not_found = json!([{ "code": "NOT_FOUND", "field": "package" }]);
    assert_eq!(nothing["data"]["unbanPackage"]["userErrors"], not_found);
}

#[tokio::test]
async fn advisories_are_written_by_those_who_may_and_seen_by_their_organization_alone() {
    let world = World::create().await;
    let (ours, theirs) = (world.org("ours").await, world.org("theirs").await);
    let served = Served::start(&world).await;
    let variables = json!({ "document": document("ACME-1", "demo") });
    for (scopes, may) in [(&["read", "push"][..], false), (&["advise"], true)] {
        let (_, key) = world.key(ours.id, scopes).await;
        let answer = served.ask(&key, SAVE, variables.clone()).await;
        let code = answer["errors"][0]["extensions"]["code"].as_str();
        assert_eq!(code, (!may).then_some("FORBIDDEN"), "{scopes:?}: {answer}");
    }
    for (role, may) in [("admin", true), ("security", true), ("developer", false), ("auditor", false)] {
        let account = world.account(&format!("{role}@example.org")).await;
        world.member(ours.id, account, role).await;
        let cookie = served.cookie(&format!("{role}@example.org")).await;
        let answer = served.ask_with_cookie(&cookie, SAVE, variables.clone()).await;
        assert_eq!(answer.get("errors").is_none(), may, "{role}: {answer}");
    }
    let listed = served.data(&ours.key, LIST, json!({})).await;
    let id = &listed["organization"]["ownAdvisories"]["nodes"][0]["id"];
    let stranger = served.cookie(&theirs.email).await;
    let answer = served.ask_with_cookie(&stranger, NODE, json!({ "id": id })).await;
    assert_eq!(answer, json!({ "data": { "node": null } }));
    for (mutation, name) in [(WITHDRAW, "withdrawAdvisory"), (DELETE, "deleteAdvisory")] {
        let answer = served.ask_with_cookie(&stranger, mutation, json!({ "id": id })).await;
        assert_eq!(answer["data"][name]["userErrors"], json!([{ "code": "NOT_FOUND", "field": "id" }]));
    }
    let mut elsewhere = variables;
    elsewhere["organization"] = json!("ours");
    let answer = served.ask_with_cookie(&stranger, SAVE, elsewhere).await;
    assert_eq!(answer["data"]["saveAdvisory"]["userErrors"][0]["code"], "NOT_FOUND");
    assert_eq!(served.data(&ours.key, LIST, json!({})).await, listed, "it is still there");
}
