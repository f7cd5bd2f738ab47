//! What of an image was judged, as the API tells it.

use plimsoll_model::{AffectedState, Range};
use serde_json::{Value, json};

use crate::seed::{Org, World};
use crate::served::Served;
use crate::vulnerability_statements::{advisory, of, put as say};
use crate::where_is::{Held, put};

async fn image(served: &Served, org: &Org) -> Value {
    let query = "{ organization(slug: \"ours\") { images { nodes { knownAsOf coverage { isComplete gaps { reason count statement examples }
        limits { reason count statement ecosystem } knowledge { feed checkedAt } } } } } }";
    served.data(&org.key, query, json!({})).await["organization"]["images"]["nodes"][0].clone()
}

fn reasons(of: &Value) -> Vec<&str> {
    of.as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn packages_whose_feed_was_never_read_are_not_judged_also_before_anything_is_held_of_it() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    world.execute("TRUNCATE feed_document CASCADE").await;
    let served = Served::start(&world).await;
    let told = image(&served, &ours).await;
    let gaps = &told["coverage"]["gaps"];
    let statement =
        "not judged, because what the feeds debian, osv say of 4 packages has not been read yet: Debian:12, PyPI";
    let missing =
        json!({ "reason": "KNOWLEDGE_MISSING", "count": 4, "statement": statement, "examples": ["Debian:12", "PyPI"] });
    assert!(gaps.as_array().unwrap().contains(&missing), "{told:#}");
    assert!(!reasons(gaps).contains(&"ECOSYSTEM_WITHOUT_SOURCE"), "a feed is known for each: {told:#}");
    assert_eq!((&told["knownAsOf"], &told["coverage"]["isComplete"]), (&Value::Null, &json!(false)));
    let never = ["debian", "osv"].map(|feed| json!({ "feed": feed, "checkedAt": null }));
    assert_eq!(told["coverage"]["knowledge"], json!(never));

    // Of one feed something was read: what the other says is still not known, though the first speaks of its packages.
    world
        .execute(
            "INSERT INTO feed_document (feed, document, url, checked_at) VALUES ('osv', 'PyPI/all.zip', '', now())",
        )
        .await;
    let statement = vec![of("Debian:12", "openssl", AffectedState::Affected, vec![Range::until("1")])];
    say(&world, "CVE-2024-0002", advisory("osv", "DSA-2", statement)).await;
    let told = image(&served, &ours).await;
    let missing = told["coverage"]["gaps"].as_array().unwrap().iter().find(|gap| gap["reason"] == "KNOWLEDGE_MISSING");
    let statement = "not judged by all that is known, because what the feed debian says of 1 package has not been read yet: Debian:12";
    assert_eq!(missing.map(|gap| &gap["statement"]), Some(&json!(statement)), "{told:#}");
    // A document that is asked for and never came is none that was read.
    world.execute("INSERT INTO feed_document (feed, document, url) VALUES ('debian', 'tracker/data/json', '')").await;
    let told = image(&served, &ours).await;
    assert!(
        reasons(&told["coverage"]["gaps"]).contains(&"KNOWLEDGE_MISSING") && told["knownAsOf"].is_null(),
        "{told:#}"
    );
    world.execute("UPDATE feed_document SET checked_at = now()").await;
    let told = image(&served, &ours).await;
    assert!(
        !reasons(&told["coverage"]["gaps"]).contains(&"KNOWLEDGE_MISSING") && told["knownAsOf"].is_string(),
        "{told:#}"
    );
}

#[tokio::test]
async fn what_the_sources_of_a_distribution_do_not_tell_is_said_and_is_no_gap() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    let id = world.image(&mut ours).await;
    let rpm = |ecosystem, name| Held { kind: "rpm", ecosystem: Some(ecosystem), name, version: "1-1", source: None };
    let (rocky, two, latest) = ("Rocky Linux:9", "Amazon Linux:2", "Amazon Linux:2023");
    let live = rpm(latest, "kernel-livepatch-6.1.10-15.42");
    put(&world, id, &[rpm(rocky, "bash"), rpm(two, "golang"), rpm(latest, "bash"), live]).await;
    let said =
        [rocky, two, latest].map(|ecosystem| of(ecosystem, "bash", AffectedState::Affected, vec![Range::until("1-1")]));
    say(&world, "CVE-2024-0001", advisory("osv", "NOTICE-1", said.into())).await;
    let served = Served::start(&world).await;
    let told = image(&served, &ours).await;
    let limits: Vec<String> = told["coverage"]["limits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|limit| {
            format!("{} {} {}", limit["reason"].as_str().unwrap(), limit["ecosystem"].as_str().unwrap(), limit["count"])
        })
        .collect();
    // Each package lies in two places.
    let expected = [
        "ONLY_FIXES_PUBLISHED Amazon Linux:2 2",
        "ONLY_FIXES_PUBLISHED Amazon Linux:2023 4",
        "ONLY_FIXES_PUBLISHED Rocky Linux:9 2",
        "REPOSITORY_LEFT_ASIDE Amazon Linux:2 2",
        "REPOSITORY_LEFT_ASIDE Amazon Linux:2023 2",
    ];
    assert_eq!(limits, expected);
    let first = told["coverage"]["limits"][0]["statement"].as_str().unwrap();
    assert!(
        first
            .starts_with("judged by fixes alone, because only vulnerabilities that are fixed are published for Amazon"),
        "{first}"
    );
}

#[tokio::test]
async fn how_old_the_rules_and_hashes_of_malware_are_that_an_image_was_examined_with_is_told_apart_from_its_packages() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let served = Served::start(&world).await;
    let query =
        "{ organization(slug: \"ours\") { images { nodes { knownAsOf coverage { isComplete knowledge { feed checkedAt }
        malwareSources { name feed kind checkedAt } } } } } }";
    let asked = async || served.data(&ours.key, query, json!({})).await["organization"]["images"]["nodes"][0].clone();
    let before = asked().await;
    assert_eq!(before["coverage"]["malwareSources"], Value::Null, "it was scanned by an older release");

    // One of the bundles is another by now; of another feed, none is left.
    world
        .execute(
            "INSERT INTO malware_bundle (feed, path, kind, hash, content, records) VALUES
               ('yara', 'a/same.zip', 'yara_rules', sha256('same'), 'same', 1),
               ('yara', 'changed.zip', 'yara_rules', sha256('new'), 'new', 1);
             INSERT INTO feed_document (feed, document, url, checked_at) VALUES
               ('yara', 'a/same.zip', '', '2026-05-02T00:00:00Z'), ('yara', 'changed.zip', '', '2026-05-02T00:00:00Z');
             UPDATE image_content SET malware_bundles = (
               SELECT jsonb_agg(jsonb_build_object('feed', feed, 'path', path, 'kind', kind, 'checked_at', '2026-05-01T00:00:00Z',
                                                   'hash', 'sha256:' || encode(sha256(content), 'hex')))
               FROM (VALUES ('malware-hashes', 'sha256-recent.txt', 'file_hashes', 'old'::bytea), ('yara', 'a/same.zip', 'yara_rules', 'same'),
                            ('yara', 'changed.zip', 'yara_rules', 'old')) AS used (feed, path, kind, content))",
        )
        .await;
    let told = asked().await;
    let day = |day: u32| format!("2026-05-{day:02}T00:00:00+00:00");
    let source = |name, feed, kind, at| json!({ "name": name, "feed": feed, "kind": kind, "checkedAt": at });
    let sources = json!([
        source("sha256-recent", "malware-hashes", "FILE_HASHES", day(1)),
        source("same", "yara", "YARA_RULES", day(2)),
        source("changed", "yara", "YARA_RULES", day(1)),
    ]);
    assert_eq!(told["coverage"]["malwareSources"], sources, "{told:#}");
    let mut knowledge = before["coverage"]["knowledge"].as_array().unwrap().clone();
    knowledge.extend(["malware-hashes", "yara"].map(|feed| json!({ "feed": feed, "checkedAt": day(1) })));
    knowledge.sort_by_key(|known| known["feed"].as_str().unwrap().to_owned());
    assert_eq!(told["coverage"]["knowledge"], json!(knowledge), "{told:#}");
    assert_eq!(
        (&told["knownAsOf"], &told["coverage"]["isComplete"]),
        (&before["knownAsOf"], &before["coverage"]["isComplete"])
    );
}
