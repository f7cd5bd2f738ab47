//! Lists: filters, orders, pages that show each element once, and cursors that are taken as they are or not at all.

use serde_json::{Value, json};

use crate::seed::{Org, World};
use crate::served::Served;

/// A list of an organization, read to its end in pages of two: what each element is known by.
async fn in_pages(served: &Served, org: &Org, field: &str, arguments: &str, known_by: &str) -> Vec<String> {
    let comma = if arguments.is_empty() { "" } else { ", " };
    let query = format!(
        "query ($after: String) {{ organization(slug: \"{}\") {{ {field}(first: 2, after: $after{comma}{arguments}) {{
            nodes {{ {known_by} }} pageInfo {{ hasNextPage endCursor hasPreviousPage }} }} }} }}",
        org.slug
    );
    let (mut seen, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = served.data(&org.key, &query, json!({ "after": after })).await;
        let page = &data["organization"][field];
        assert_eq!(page["pageInfo"]["hasPreviousPage"], !after.is_null());
        assert!(page["nodes"].as_array().unwrap().len() <= 2);
        seen.extend(page["nodes"].as_array().unwrap().iter().map(ToString::to_string));
        if page["pageInfo"]["hasNextPage"] == false {
            return seen;
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

#[tokio::test]
async fn pages_show_each_element_once_in_the_order_of_the_whole() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    for _ in 0..5 {
        world.image(&mut ours).await;
    }
    let served = Served::start(&world).await;
    let lists = [
        ("images", "", "id", 5),
        ("images", "orderBy: OLDEST", "id", 5),
        ("images", "orderBy: LAST_SEEN", "id", 5),
        ("repositories", "", "id", 1),
        ("packages", "", "id", 3),
        ("members", "", "email", 1),
        ("findings", "", "id", 20),
        ("findings", "orderBy: SEVERITY", "id", 20),
        ("findings", "orderBy: EPSS", "id", 20),
        ("findings", "orderBy: OPENED_AT", "id", 20),
        ("findings", "orderBy: PACKAGE", "id", 20),
        ("findings", "filter: { image: \"ours-web/shop:v1\" }", "id", 4),
        ("whereIs", "what: { vulnerability: \"CVE-2024-0001\" }", "finding { id }", 5),
        ("whereIs", "what: { package: { name: \"django\", versions: \"<4\" } }", "image { id }", 5),
    ];
    for (field, arguments, known_by, count) in lists {
        let given = if arguments.is_empty() { String::new() } else { format!(", {arguments}") };
        let query = format!(
            "{{ organization(slug: \"ours\") {{ {field}(first: 200{given}) {{ totalCount nodes {{ {known_by} }} }} }} }}"
        );
        let whole = served.data(&ours.key, &query, json!({})).await["organization"][field].clone();
        let all: Vec<String> = whole["nodes"].as_array().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!((all.len(), &whole["totalCount"]), (count, &json!(count)), "{field} {arguments}");
        assert_eq!(in_pages(&served, &ours, field, arguments, known_by).await, all, "{field} {arguments}");
    }
}

#[tokio::test]
async fn what_comes_in_between_moves_no_page() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    for _ in 0..3 {
        world.image(&mut ours).await;
    }
    let served = Served::start(&world).await;
    let query = "query ($after: String) { organization(slug: \"ours\") { images(first: 2, after: $after) { nodes { digest } pageInfo { endCursor } } } }";
    let first = served.data(&ours.key, query, json!({})).await["organization"]["images"].clone();
    world.image(&mut ours).await;
    let second = served.data(&ours.key, query, json!({ "after": first["pageInfo"]["endCursor"] })).await;
    assert_eq!(second["organization"]["images"]["nodes"], json!([{ "digest": ours.images[0].1.to_string() }]));
}

async fn vulnerabilities(served: &Served, org: &Org, arguments: &str) -> Vec<String> {
    let query = format!(
        "{{ organization(slug: \"ours\") {{ findings{arguments} {{ totalCount nodes {{ vulnerability {{ name }} }} }} }} }}"
    );
    let data = served.data(&org.key, &query, json!({})).await;
    let findings = &data["organization"]["findings"];
    let names: Vec<String> = findings["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["vulnerability"]["name"].as_str().unwrap().trim_start_matches("CVE-2024-000").to_owned())
        .collect();
    assert_eq!(findings["totalCount"], names.len(), "{arguments}");
    names
}

#[tokio::test]
async fn findings_come_in_the_order_asked_for_and_as_filtered() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    world.execute("UPDATE vulnerability SET aliases = aliases || '{MAL-2025-1}' WHERE name = 'CVE-2024-0003'").await;
    let served = Served::start(&world).await;
    let digest = ours.images[0].1.to_string();
    let cases: &[(String, &[&str])] = &[
        (String::new(), &["1", "3", "4", "2"]),
        ("(orderBy: URGENCY)".into(), &["1", "3", "4", "2"]),
        ("(orderBy: SEVERITY)".into(), &["3", "1", "4", "2"]),
        ("(orderBy: EPSS)".into(), &["1", "4", "2", "3"]),
        ("(orderBy: PACKAGE)".into(), &["1", "4", "2", "3"]),
        ("(filter: { severities: [CRITICAL, LOW] })".into(), &["3", "2"]),
        ("(filter: { minSeverity: HIGH })".into(), &["1", "3"]),
        ("(filter: { knownExploited: true })".into(), &["1"]),
        ("(filter: { knownExploited: false, fixable: true })".into(), &["4"]),
        ("(filter: { fixable: false })".into(), &["3", "2"]),
        ("(filter: { package: \"django\" })".into(), &["1", "4"]),
        ("(filter: { package: \"openssl\" })".into(), &["2"]),
        ("(filter: { vulnerability: \"GHSA-aaaa-bbbb-cccc\" })".into(), &["1"]),
        ("(filter: { vulnerability: \"cve-2024-0002\" })".into(), &["2"]),
        ("(filter: { vulnerability: \"CVE-1999-1\" })".into(), &[]),
        ("(filter: { repository: \"ours-web/shop\" })".into(), &["1", "3", "4", "2"]),
        ("(filter: { repository: \"ours-web\" })".into(), &[]),
        (format!("(filter: {{ image: \"{digest}\", ecosystem: \"Debian\" }})"), &["2"]),
        ("(filter: { ecosystem: \"Debian:12\" })".into(), &["2"]),
        ("(filter: { ecosystem: \"Debian:1\" })".into(), &[]),
        ("(filter: { isMalware: true })".into(), &["3"]),
        ("(filter: { isMalware: false })".into(), &["1", "4", "2"]),
        (format!("(filter: {{ image: \"{digest}\", isMalware: true }})"), &["3"]),
        ("(filter: { isOpen: false })".into(), &[]),
        ("(filter: { isOpen: null })".into(), &["1", "3", "4", "2"]),
        ("(filter: { asOf: \"2001-01-01T00:00:00Z\" })".into(), &[]),
        ("(filter: { asOf: \"-9999-01-01T00:00:00Z\" })".into(), &[]),
        ("(filter: { asOf: \"2199-01-01T00:00:00Z\" })".into(), &["1", "3", "4", "2"]),
    ];
    for (arguments, expected) in cases {
        assert_eq!(vulnerabilities(&served, &ours, arguments).await, *expected, "{arguments}");
    }
}

#[tokio::test]
async fn exposure_is_told_as_of_any_moment() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let served = Served::start(&world).await;
    world
        .execute(
            "UPDATE finding SET opened_at = '2020-01-01', closed_at = '2021-01-01', close_reason = 'fixed'
             WHERE vulnerability_id = (SELECT id FROM vulnerability WHERE name = 'CVE-2024-0003')",
        )
        .await;
    let cases: &[(&str, &[&str])] = &[
        ("", &["1", "4", "2"]),
        ("(filter: { isOpen: false })", &["3"]),
        ("(filter: { asOf: \"2020-06-01T00:00:00Z\" })", &["3"]),
        ("(filter: { asOf: \"2020-06-01T00:00:00Z\", isOpen: false })", &[]),
        ("(filter: { asOf: \"2021-06-01T00:00:00Z\", isOpen: false })", &["3"]),
        ("(filter: { asOf: \"2021-06-01T00:00:00Z\" })", &[]),
    ];
    for (arguments, expected) in cases {
        assert_eq!(vulnerabilities(&served, &ours, arguments).await, *expected, "{arguments}");
    }
}

#[tokio::test]
async fn images_are_found_by_every_kind_of_reference_and_filter() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    world.image(&mut ours).await;
    let (_, waiting) = world.waiting_image(&ours).await;
    let index = world.index(&ours, "multi", &[ours.images[1].1]).await;
    let served = Served::start(&world).await;
    let (first, second) = (ours.images[0].1.to_string(), ours.images[1].1.to_string());
    for (reference, expected) in [
        ("ours-web/shop:v0".to_owned(), Some(&first)),
        ("ours/ours-web/shop:v1".into(), Some(&second)),
        ("ours-web/shop:multi".into(), Some(&second)),
        (index.to_string(), Some(&second)),
        (first.clone(), Some(&first)),
        (format!("ours-web/shop@{first}"), Some(&first)),
        (format!("ours-web/shop:v1@{first}"), Some(&first)),
        (format!("ours-web/other@{first}"), None),
        ("ours-web/shop".into(), None),
        ("ours-web/shop:v9".into(), None),
        (waiting.to_string(), Some(&waiting.to_string())),
    ] {
        let query =
            "query ($r: String!) { organization(slug: \"ours\") { image(reference: $r) { digest tags { name } } } }";
        let data = served.data(&ours.key, query, json!({ "r": reference })).await;
        assert_eq!(data["organization"]["image"]["digest"].as_str(), expected.map(String::as_str), "{reference}");
        if expected == Some(&second) {
            assert_eq!(data["organization"]["image"]["tags"], json!([{ "name": "multi" }, { "name": "v1" }]));
        }
    }
    for bad in ["@", "x@sha256:1", ""] {
        let query = "query ($r: String!) { organization(slug: \"ours\") { image(reference: $r) { digest } } }";
        let answer = served.ask(&ours.key, query, json!({ "r": bad })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_REFERENCE", "{bad:?}");
    }
    let prefix = second[7..15].to_owned();
    for (filter, expected) in [
        ("repository: \"ours-web/shop\"".to_owned(), vec![&second, &first]),
        ("tag: \"v0\"".into(), vec![&first]),
        ("tag: \"v0\", repository: \"nowhere\"".into(), vec![]),
        ("states: [QUEUED]".into(), vec![&waiting.to_string()]),
        ("states: [DONE]".into(), vec![&second, &first]),
        (format!("digestPrefix: \"{prefix}\""), vec![&second]),
        (format!("digestPrefix: \"sha256:{prefix}\""), vec![&second]),
    ] {
        let query = format!(
            "{{ organization(slug: \"ours\") {{ images(filter: {{ {filter} }}) {{ totalCount nodes {{ digest }} }} }} }}"
        );
        let data = served.data(&ours.key, &query, json!({})).await;
        let nodes: Vec<Value> = expected.iter().map(|digest| json!({ "digest": digest })).collect();
        assert_eq!(data["organization"]["images"], json!({ "totalCount": nodes.len(), "nodes": nodes }), "{filter}");
    }
}

#[tokio::test]
async fn packages_are_filtered_by_name_version_ecosystem_and_image() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    let served = Served::start(&world).await;
    for (filter, expected) in [
        ("", json!(["django", "libssl3", "ours-private"])),
        ("name: \"openssl\"", json!(["libssl3"])),
        ("name: \"django\", version: \"3.3\"", json!([])),
        ("ecosystem: \"PyPI\"", json!(["django", "ours-private"])),
        ("image: \"ours-web/shop:v0\", ecosystem: \"Debian\"", json!(["libssl3"])),
    ] {
        let query = format!(
            "{{ organization(slug: \"ours\") {{ packages(filter: {{ {filter} }}) {{ totalCount nodes {{ name }} }} }} }}"
        );
        let data = served.data(&ours.key, &query, json!({})).await;
        let names =
            data["organization"]["packages"]["nodes"].as_array().unwrap().iter().map(|node| node["name"].clone());
        assert_eq!(names.collect::<Value>(), expected, "{filter}");
        assert_eq!(data["organization"]["packages"]["totalCount"], expected.as_array().unwrap().len());
    }
    let query = "{ organization(slug: \"ours\") { image(reference: \"ours-web/shop:v0\") { packages(filter: { name: \"django\" }, first: 1) { totalCount nodes { path } pageInfo { hasNextPage } } } } }";
    let data = served.data(&ours.key, query, json!({})).await;
    let expected =
        json!({ "totalCount": 2, "nodes": [{ "path": "opt/django/METADATA" }], "pageInfo": { "hasNextPage": true } });
    assert_eq!(data["organization"]["image"]["packages"], expected);
}

#[tokio::test]
async fn a_cursor_or_id_that_was_edited_is_refused_and_nothing_else_happens() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    world.image(&mut ours).await;
    world.image(&mut ours).await;
    let served = Served::start(&world).await;
    let query = "query ($after: String) { organization(slug: \"ours\") { images(first: 1, after: $after) { pageInfo { endCursor } } } }";
    let data = served.data(&ours.key, query, json!({})).await;
    let cursor = data["organization"]["images"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
    let edited = format!("{}{}", &cursor[..cursor.len() - 1], if cursor.ends_with('A') { "B" } else { "A" });
    for bad in [edited.as_str(), "", "x", "AAAAAAAAAAAAAAAAAAAAAAAA", "'; DROP TABLE image; --", &cursor[1..]] {
        let answer = served.ask(&ours.key, query, json!({ "after": bad })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_CURSOR", "{bad}");
        assert_eq!(answer["errors"][0]["path"], json!(["organization", "images"]));
        assert!(!answer.to_string().to_lowercase().contains("select"), "no SQL is told");
    }
    let other_order = "query ($after: String) { organization(slug: \"ours\") { images(first: 1, orderBy: OLDEST, after: $after) { pageInfo { endCursor } } } }";
    let answer = served.ask(&ours.key, other_order, json!({ "after": cursor })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_CURSOR", "a cursor is of one order");
    let id = crate::fields::ids(&served, &ours.key).await[2].1.clone();
    for bad in [format!("{id}A"), id[1..].to_owned(), "7".into(), String::new()] {
        let answer = served.ask(&ours.key, "query ($id: ID!) { node(id: $id) { id } }", json!({ "id": bad })).await;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_ID", "{bad}");
    }
}
