//! Every field, as its owner sees it, and that every type, field and argument says what it is.

use serde_json::{Value, json};

use crate::seed::World;
use crate::served::Served;

const EVERYTHING: &str = r#"query ($image: String!) {
  organization(slug: "ours") {
    __typename id slug name
    repositories { totalCount nodes { id name createdAt tags { totalCount nodes { name reference digest since image { digest } repository { name } } } } }
    members { nodes { email role since } totalCount }
    image(reference: $image) {
      id digest configDigest repositories { name } tags { reference }
      platform { os architecture variant } os { distribution version codename prettyName }
      size created labels { name value } firstSeen lastSeen
      scan { state error { code message } requestedAt startedAt finishedAt layersAnalysed layersReused analysisVersion }
      problems { code layer path detail count }
      layers { index digest diffId size buildStep { index command created } }
      packages { totalCount nodes { path introducedBy { layer { index } buildStep { command } } package { name version } } }
      findingCounts { severity count } knownAsOf coverage { isComplete gaps { reason } knowledge { feed checkedAt } }
      licenses { expression text packages }
      findings { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node {
        id severity severitySource knownExploited knownExploitedSince fixedIn state sources advisories openedAt closedAt closeReason
        epss { score percentile } path introducedBy { layer { index diffId } buildStep { command } }
        locations { path introducedBy { layer { index } } }
        vulnerability { id name aliases title description severity cvss { vector score source } allCvss { source score vector } cwes references published modified withdrawn statements { totalCount } }
        package { id type name version purl ecosystem sourceName sourceVersion architecture license unknownReason }
        image { digest }
      } } }
    }
    packages { totalCount nodes { id name version } }
    findings { totalCount nodes { id } }
    images { totalCount nodes { id digest } }
  }
  feeds { name document checkedAt changedAt nextDueAt lastRun { startedAt finishedAt outcome sizeBytes records added changed withdrawn unchanged unmatchable problemCount problems error } }
}"#;

/// A value whose times are known to be there and no more.
fn without_times(mut value: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::String(text) if text.len() > 19 && text.as_bytes()[10] == b'T' => *value = json!("<time>"),
            Value::Array(values) => values.iter_mut().for_each(walk),
            Value::Object(values) => values.values_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut value);
    value
}

#[tokio::test]
async fn an_owner_sees_everything_of_an_image() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    world.execute("INSERT INTO feed_interval VALUES ('osv', 900)").await;
    let served = Served::start(&world).await;
    let data = served.data(&ours.key, EVERYTHING, json!({ "image": "ours-web/shop:v0" })).await;
    let organization = without_times(data["organization"].clone());
    let digest = ours.images[0].1.to_string();
    let image = &organization["image"];
    assert_eq!(organization["name"], "ours Inc");
    assert_eq!(
        organization["members"]["nodes"][0],
        json!({ "email": "ours@example.org", "role": "OWNER", "since": "<time>" })
    );
    let repository = &organization["repositories"]["nodes"][0];
    assert_eq!(repository["name"], "ours-web/shop");
    assert_eq!(repository["tags"]["nodes"][0]["image"]["digest"], digest.as_str());
    assert_eq!(repository["tags"]["nodes"][0]["repository"]["name"], "ours-web/shop");
    assert_eq!(repository["tags"]["totalCount"], 1);
    assert_eq!(image["digest"], digest.as_str());
    assert_eq!(image["tags"], json!([{ "reference": "ours-web/shop:v0" }]));
    assert_eq!(image["repositories"], json!([{ "name": "ours-web/shop" }]));
    assert_eq!(image["platform"], json!({ "os": "linux", "architecture": "amd64", "variant": null }));
    let os = json!({ "distribution": "debian", "version": "12", "codename": "bookworm", "prettyName": "Debian 12" });
    assert_eq!(image["os"], os);
    assert_eq!(image["size"], 300);
    assert_eq!(image["labels"], json!([{ "name": "maintainer", "value": "ours" }]));
    assert_eq!(image["scan"]["state"], "DONE");
    assert_eq!((&image["scan"]["layersAnalysed"], &image["scan"]["layersReused"]), (&json!(1), &json!(1)));
    let problem =
        json!({ "code": "file_malformed", "layer": 1, "path": "etc/odd", "detail": "not understood", "count": 1 });
    assert_eq!(image["problems"], json!([problem]));
    assert_eq!(image["layers"][1]["buildStep"], json!({ "index": 2, "command": "RUN ours 1", "created": null }));
    assert_eq!(image["knownAsOf"], "<time>");
    let known = ["debian", "epss", "kev", "osv"].map(|feed| json!({ "feed": feed, "checkedAt": "<time>" }));
    assert_eq!(image["coverage"]["knowledge"], json!(known), "Alpine's feed says nothing of it");
    assert_eq!(image["packages"]["totalCount"], 4);
    let django = json!({ "name": "django", "version": "3.2" });
    let introduced = json!({ "layer": { "index": 0 }, "buildStep": { "command": "RUN ours 0" } });
    let first = json!({ "path": "opt/django/METADATA", "introducedBy": introduced, "package": django });
    assert_eq!(image["packages"]["nodes"][0], first);
    assert_eq!(organization["packages"]["totalCount"], 3);
    let license = |expression: Value, text: Value| json!({ "expression": expression, "text": text, "packages": 1 });
    let licenses = [
        license(json!(null), json!(null)),
        license(json!(null), json!("of our own making")),
        // Of two places, but one package version.
        license(json!("MIT OR Apache-2.0"), json!(null)),
    ];
    assert_eq!(image["licenses"], json!(licenses));
    let counts = image["findingCounts"].as_array().unwrap().iter().map(|count| count["count"].as_i64().unwrap());
    assert_eq!(counts.collect::<Vec<_>>(), [1, 1, 1, 1, 0, 0]);
    let osv = data["feeds"].as_array().unwrap().iter().find(|feed| feed["name"] == "osv").unwrap();
    let run = &osv["lastRun"];
    assert_eq!((&run["outcome"], &run["added"], &run["unchanged"]), (&json!("CHANGED"), &json!(2), &json!(1)));
    assert_eq!((&run["sizeBytes"], &run["problemCount"]), (&json!(900), &json!(25)));
    assert_eq!(run["unmatchable"], 7);
    let time = |value: &Value| value.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!(time(&osv["nextDueAt"]) - time(&run["startedAt"]), chrono::TimeDelta::seconds(900));
    let problems = run["problems"].as_array().unwrap();
    assert_eq!((problems.len(), &problems[0]), (20, &json!("PYSEC-1: no range")));
    let never = data["feeds"].as_array().unwrap().iter().find(|feed| feed["name"] == "kev").unwrap();
    assert_eq!((&never["lastRun"], &never["nextDueAt"]), (&json!(null), &json!(null)));
}

#[tokio::test]
async fn the_age_of_each_feed_is_told_and_none_of_one_that_never_answered() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    world.execute("UPDATE feed_document SET checked_at = '2026-01-02T03:04:05Z' WHERE feed = 'debian'").await;
    world.execute("INSERT INTO feed_document (feed, document, url) VALUES ('osv', 'Debian:12/all.zip', '')").await;
    let served = Served::start(&world).await;
    let query =
        "{ organization(slug: \"ours\") { images { nodes { knownAsOf coverage { knowledge { feed checkedAt } } } } } }";
    let image = async || served.data(&ours.key, query, json!({})).await["organization"]["images"]["nodes"][0].clone();
    let (told, oldest) = (image().await, "2026-01-02T03:04:05+00:00");
    let of = |feed: &str| {
        let known = told["coverage"]["knowledge"].as_array().unwrap().iter().find(|known| known["feed"] == feed);
        known.unwrap()["checkedAt"].clone()
    };
    assert_eq!((of("debian"), of("osv")), (json!(oldest), Value::Null), "{told:#}");
    assert!(of("kev").is_string() && told["knownAsOf"].is_null(), "{told:#}");
    world.execute("DELETE FROM feed_document WHERE checked_at IS NULL").await;
    assert_eq!(image().await["knownAsOf"], oldest);
}

#[tokio::test]
async fn a_finding_tells_its_severity_its_fix_and_what_brought_it() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let served = Served::start(&world).await;
    let data = served.data(&ours.key, EVERYTHING, json!({ "image": ours.images[0].1.to_string() })).await;
    let findings = without_times(data["organization"]["image"]["findings"].clone());
    assert_eq!(findings["totalCount"], 4);
    let finding = &findings["edges"][0]["node"];
    let expected = json!({
        "severity": "HIGH", "severitySource": "osv", "knownExploited": true, "knownExploitedSince": "2024-05-06",
        "fixedIn": "3.2.14", "state": "AFFECTED", "sources": ["osv"], "advisories": ["GHSA-aaaa-bbbb-cccc"],
        "openedAt": "<time>", "closedAt": null, "closeReason": null, "path": "opt/django/METADATA",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(finding[field], *value, "{field}");
    }
    assert!((finding["epss"]["score"].as_f64().unwrap() - 0.9731).abs() < 1e-6);
    assert_eq!(finding["introducedBy"]["buildStep"]["command"], "RUN ours 0");
    assert_eq!(finding["locations"].as_array().unwrap().len(), 2);
    let vulnerability = &finding["vulnerability"];
    assert_eq!(
        (&vulnerability["name"], &vulnerability["aliases"]),
        (&json!("CVE-2024-0001"), &json!(["GHSA-aaaa-bbbb-cccc"]))
    );
    assert_eq!(vulnerability["cvss"]["score"], 9.8);
    assert_eq!(
        (&finding["package"]["type"], &finding["package"]["purl"]),
        (&json!("pypi"), &json!("pkg:pypi/django@3.2"))
    );
    let last = &findings["edges"][3]["node"];
    assert_eq!(
        (&last["severity"], &last["severitySource"]),
        (&json!("LOW"), &json!("debian")),
        "the distribution's own"
    );
    assert_eq!(last["package"]["sourceName"], "openssl");
}

#[tokio::test]
async fn every_object_is_found_by_its_id() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let served = Served::start(&world).await;
    let ids = ids(&served, &ours.key).await;
    let query = "query ($id: ID!) { node(id: $id) { __typename id } }";
    for (kind, id) in &ids {
        let data = served.data(&ours.key, query, json!({ "id": id })).await;
        assert_eq!(data["node"], json!({ "__typename": kind, "id": id }));
    }
    let owner = served.cookie(&ours.email).await;
    let keys = served.ask_with_cookie(&owner, "{ organization(slug: \"ours\") { apiKeys { totalCount nodes { id name scopes createdAt expiresAt revokedAt } } } }", json!({})).await;
    let key = &keys["data"]["organization"]["apiKeys"]["nodes"][0];
    assert_eq!((&key["name"], &key["scopes"]), (&json!("robot"), &json!(["READ"])));
    let found = served.ask_with_cookie(&owner, query, json!({ "id": key["id"] })).await;
    assert_eq!(found["data"]["node"]["__typename"], "ApiKey");
}

/// The ids of one object of each type, with the type's name.
pub async fn ids(served: &Served, key: &str) -> Vec<(&'static str, String)> {
    let query = "{ viewer { organizations { organization { id repositories { nodes { id } } images { nodes { id } }
        findings(orderBy: SEVERITY) { nodes { id package { id } vulnerability { id } } } } } } }";
    let data = served.data(key, query, json!({})).await;
    let organization = &data["viewer"]["organizations"][0]["organization"];
    let finding = &organization["findings"]["nodes"][0];
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    vec![
        ("Organization", text(&organization["id"])),
        ("Repository", text(&organization["repositories"]["nodes"][0]["id"])),
        ("Image", text(&organization["images"]["nodes"][0]["id"])),
        ("Finding", text(&finding["id"])),
        ("Package", text(&finding["package"]["id"])),
        ("Vulnerability", text(&finding["vulnerability"]["id"])),
    ]
}

#[tokio::test]
async fn every_type_field_and_argument_says_what_it_is() {
    let world = World::create().await;
    let served = Served::start(&world).await;
    let query = "{ __schema { types { name description fields { name description args { name description } }
        inputFields { name description } enumValues { name description } } } }";
    let answer = served.post("/graphql").json(&json!({ "query": query })).send().await.unwrap();
    let schema: Value = answer.json().await.unwrap();
    let (mut silent, mut seen) = (Vec::new(), 0);
    for kind in schema["data"]["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        // What the specification itself defines.
        if name.starts_with("__") || name == "ID" {
            continue;
        }
        let members =
            ["fields", "inputFields", "enumValues"].iter().filter_map(|list| kind[*list].as_array()).flatten();
        let arguments = kind["fields"].as_array().into_iter().flatten().filter_map(|field| field["args"].as_array());
        for described in std::iter::once(kind).chain(members).chain(arguments.flatten()) {
            seen += 1;
            if described["description"].as_str().unwrap_or_default().is_empty() {
                silent.push(format!("{name}.{}", described["name"]));
            }
        }
    }
    assert!(seen > 250, "{seen}");
    assert_eq!(silent, Vec::<String>::new());
}
