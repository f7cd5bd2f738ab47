//! An organization's own YARA rules.

use serde_json::{Value, json};

use crate::seed::World;
use crate::served::Served;

const SAVE: &str = "mutation ($name: String!, $source: String!, $organization: String) {
    saveYaraRuleSet(name: $name, source: $source, organization: $organization) {
        yaraRuleSet { id name source ruleCount } rescannedImages userErrors { code field message } } }";
const DELETE: &str = "mutation ($id: ID!) { deleteYaraRuleSet(id: $id) { yaraRuleSet { name } rescannedImages userErrors { code field } } }";
const LIST: &str = "{ organization(slug: \"ours\") { yaraRuleSets { id name ruleCount } } }";
const RULE: &str = "rule one { strings: $a = \"forbidden words\" condition: $a }";

#[tokio::test]
async fn rules_are_saved_replaced_and_deleted_and_each_time_all_images_are_scanned_again() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let served = Served::start(&world).await;
    let owner = served.cookie(&ours.email).await;
    let two = format!("{RULE} rule two {{ strings: $b = \"others\" condition: $b }}");
    let mut ids = Vec::new();
    for (source, rules, rescanned) in [(RULE, 1, 1), (two.as_str(), 2, 1), (two.as_str(), 2, 0)] {
        let saved = served.ask_with_cookie(&owner, SAVE, json!({ "name": "house", "source": source })).await;
        let saved = &saved["data"]["saveYaraRuleSet"];
        assert_eq!((&saved["userErrors"], &saved["rescannedImages"]), (&json!([]), &json!(rescanned)), "{saved}");
        assert_eq!(
            (&saved["yaraRuleSet"]["source"], &saved["yaraRuleSet"]["ruleCount"]),
            (&json!(source), &json!(rules))
        );
        ids.push(saved["yaraRuleSet"]["id"].clone());
    }
    assert_eq!(ids[0], ids[1], "the same set by its name");
    let listed = served.data(&ours.key, LIST, json!({})).await;
    let set = json!({ "id": ids[0], "name": "house", "ruleCount": 2 });
    assert_eq!(listed["organization"]["yaraRuleSets"], json!([set]));
    let node = "query ($id: ID!) { node(id: $id) { __typename id } }";
    let found = served.data(&ours.key, node, json!({ "id": ids[0] })).await;
    assert_eq!(found["node"], json!({ "__typename": "YaraRuleSet", "id": ids[0] }));

    let deleted = served.ask_with_cookie(&owner, DELETE, json!({ "id": ids[0] })).await;
    let expected = json!({ "yaraRuleSet": { "name": "house" }, "rescannedImages": 1, "userErrors": [] });
    assert_eq!(deleted["data"]["deleteYaraRuleSet"], expected);
    let again = served.ask_with_cookie(&owner, DELETE, json!({ "id": ids[0] })).await;
    assert_eq!(again["data"]["deleteYaraRuleSet"]["userErrors"], json!([{ "code": "NOT_FOUND", "field": "id" }]));

    let mut tx = world.database.store("plimsoll_ingest").await.catalog_tx().await.unwrap();
    let mut waiting = plimsoll_store::outbox::take(&mut tx, 10).await.unwrap();
    waiting.retain(|waiting| waiting.topic == "scan.image");
    let (image, digest) = &ours.images[0];
    let message = json!({ "org": ours.id, "image": image, "digest": digest.to_string() });
    assert_eq!(waiting.iter().map(|waiting| &waiting.payload).collect::<Vec<_>>(), [&message; 3]);
}

#[tokio::test]
async fn what_is_wrong_with_rules_is_told_by_rule_and_nothing_is_saved() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let owner = served.cookie(&ours.email).await;
    let broken = format!("{RULE} rule two {{ condition: nonsense }}");
    let nested = format!("rule deep {{ condition: {}true{} }}", "(".repeat(500), ")".repeat(500));
    for (name, source, code, field, told) in [
        ("house", broken.as_str(), "RULES_INVALID", "source", "two"),
        ("house", "not yara at all", "RULES_INVALID", "source", ""),
        ("house", "", "RULES_INVALID", "source", ""),
        ("house", "include \"/etc/passwd\"", "RULES_INVALID", "source", ""),
        ("house", nested.as_str(), "RULES_INVALID", "source", "deep"),
        ("a/../b c", RULE, "NAME_INVALID", "name", "letters"),
        ("", RULE, "NAME_INVALID", "name", "letters"),
    ] {
        let answer = served.ask_with_cookie(&owner, SAVE, json!({ "name": name, "source": source })).await;
        let payload = &answer["data"]["saveYaraRuleSet"];
        assert_eq!(payload["yaraRuleSet"], Value::Null, "{answer}");
        let error = &payload["userErrors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!(code), &json!(field)), "{answer}");
        assert!(error["message"].as_str().unwrap().contains(told), "{answer}");
    }
    let listed = served.data(&ours.key, LIST, json!({})).await;
    assert_eq!(listed["organization"]["yaraRuleSets"], json!([]));
}

#[tokio::test]
async fn rules_are_changed_by_owners_admins_and_security_and_seen_by_their_organization_alone() {
    let world = World::create().await;
    let (ours, theirs) = (world.org("ours").await, world.org("theirs").await);
    let (_, mighty) = world.key(ours.id, &["read", "push"]).await;
    let served = Served::start(&world).await;
    let variables = json!({ "name": "house", "source": RULE });
    let answer = served.ask(&mighty, SAVE, variables.clone()).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    for (role, may) in [("admin", true), ("security", true), ("developer", false), ("auditor", false)] {
        let account = world.account(&format!("{role}@example.org")).await;
        world.member(ours.id, account, role).await;
        let cookie = served.cookie(&format!("{role}@example.org")).await;
        let answer = served.ask_with_cookie(&cookie, SAVE, variables.clone()).await;
        assert_eq!(answer.get("errors").is_none(), may, "{role}: {answer}");
    }
    let listed = served.data(&ours.key, LIST, json!({})).await;
    let id = &listed["organization"]["yaraRuleSets"][0]["id"];
    let stranger = served.cookie(&theirs.email).await;
    let node = "query ($id: ID!) { node(id: $id) { id } }";
    let answer = served.ask_with_cookie(&stranger, node, json!({ "id": id })).await;
    assert_eq!(answer, json!({ "data": { "node": null } }));
    let answer = served.ask_with_cookie(&stranger, DELETE, json!({ "id": id })).await;
    let not_found = json!([{ "code": "NOT_FOUND", "field": "id" }]);
    assert_eq!(answer["data"]["deleteYaraRuleSet"]["userErrors"], not_found);
    let mut elsewhere = variables;
    elsewhere["organization"] = json!("ours");
    let answer = served.ask_with_cookie(&stranger, SAVE, elsewhere).await;
    assert_eq!(answer["data"]["saveYaraRuleSet"]["userErrors"][0]["code"], "NOT_FOUND");
    assert_eq!(served.data(&ours.key, LIST, json!({})).await, listed, "it is still there");
}
