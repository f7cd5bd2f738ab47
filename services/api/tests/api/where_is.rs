//! Where a vulnerability or a package is: by any of its names, in any of its versions, and in one's own images alone.

use plimsoll_model::{AffectedState, ImageId, PackageKey, Range};
use plimsoll_store::matching::match_package_versions;
use plimsoll_store::{own_matching, packages};
use serde_json::{Value, json};

use crate::seed::{Org, World};
use crate::served::Served;
use crate::vulnerability_statements::{self as said, advisory, of};

/// A package version to put into images.
#[derive(Clone, Copy)]
pub struct Held {
    pub kind: &'static str,
    pub ecosystem: Option<&'static str>,
    pub name: &'static str,
    pub version: &'static str,
    pub source: Option<(&'static str, &'static str)>,
}

const fn maven(version: &'static str) -> Held {
    Held { kind: "maven", ecosystem: Some("Maven"), name: "org.acme:log", version, source: None }
}

const fn deb(name: &'static str, version: &'static str) -> Held {
    Held { kind: "deb", ecosystem: Some("Debian:12"), name, version, source: None }
}

/// Puts packages into an image that was scanned.
pub async fn put(world: &World, image: ImageId, packages: &[Held]) {
    for package in packages {
        let text = |text: Option<&str>| text.map_or("NULL".to_owned(), |text| format!("'{text}'"));
        let Held { kind, ecosystem, name, version, source } = *package;
        let (source_name, source_version) = (text(source.map(|of| of.0)), text(source.map(|of| of.1)));
        let key = format!("sha256('{kind} {ecosystem:?} {name} {version}'::bytea)");
        world
            .execute(&format!(
                "INSERT INTO package_version (key, type, ecosystem, name, version, source_name, source_version, advisory_name, advisory_version)
                 VALUES ({key}, '{kind}', {}, '{name}', '{version}', {source_name}, {source_version}, '{name}', '{version}')
                 ON CONFLICT DO NOTHING;
                 INSERT INTO image_package (image_content_id, package_version_id, path, layer)
                 SELECT i.image_content_id, p.id, 'opt/' || place, 0 FROM image i, package_version p, generate_series(1, 2) place
                 WHERE i.id = '{}' AND p.key = {key}",
                text(ecosystem),
                image.0
            ))
            .await;
    }
}

async fn where_is(served: &Served, org: &Org, what: &str, fields: &str) -> Value {
    let query = format!(
        "{{ organization(slug: \"{}\") {{ whereIs(what: {{ {what} }}) {{ totalCount nodes {{ {fields} }} }} }} }}",
        org.slug
    );
    let places = served.data(&org.key, &query, json!({})).await["organization"]["whereIs"].clone();
    assert_eq!(places["totalCount"], places["nodes"].as_array().unwrap().len(), "{what}");
    places["nodes"].clone()
}

/// The versions that are found, sorted; those that may or may not be meant with a question mark.
async fn versions(served: &Served, org: &Org, what: &str) -> Vec<String> {
    let nodes = where_is(served, org, what, "package { version } unknownReason").await;
    let mut versions: Vec<String> = nodes
        .as_array()
        .unwrap()
        .iter()
        .map(|node| {
            let mark = if node["unknownReason"].is_null() { "" } else { "?" };
            format!("{}{mark}", node["package"]["version"].as_str().unwrap())
        })
        .collect();
    versions.sort();
    versions
}

#[tokio::test]
async fn a_vulnerability_is_found_by_any_of_its_ids_wherever_a_finding_of_it_is_open() {
    let world = World::create().await;
    let (mut ours, mut theirs) = (world.org("ours").await, world.org("theirs").await);
    world.image(&mut theirs).await;
    world.image(&mut ours).await;
    world.image(&mut ours).await;
    let served = Served::start(&world).await;
    let fields = "image { digest tags { reference } } package { name version } locations { path } unknownReason
        finding { state fixedIn vulnerability { name } }";
    let place = |number: usize| {
        json!({
            "image": {
                "digest": ours.images[number].1.to_string(),
                "tags": [{ "reference": format!("ours-web/shop:v{number}") }],
            },
            "package": { "name": "django", "version": "3.2" },
            "locations": [{ "path": "opt/django/METADATA" }, { "path": "usr/lib/python3/django/METADATA" }],
            "unknownReason": null,
            "finding": { "state": "AFFECTED", "fixedIn": "3.2.14", "vulnerability": { "name": "CVE-2024-0001" } },
        })
    };
    for id in ["CVE-2024-0001", "cve-2024-0001", "GHSA-aaaa-bbbb-cccc", " ghsa-AAAA-bbbb-cccc"] {
        let nodes = where_is(&served, &ours, &format!("vulnerability: \"{id}\""), fields).await;
        assert_eq!(nodes, json!([place(1), place(0)]), "{id}");
    }
    for id in ["CVE-1999-1", "", "CVE-2024"] {
        assert_eq!(where_is(&served, &ours, &format!("vulnerability: \"{id}\""), fields).await, json!([]), "{id}");
    }
    world
        .execute(&format!(
            "UPDATE finding SET closed_at = now(), close_reason = 'fixed' WHERE image_id = '{}'",
            ours.images[1].0.0
        ))
        .await;
    let nodes = where_is(&served, &ours, "vulnerability: \"CVE-2024-0001\"", fields).await;
    assert_eq!(nodes, json!([place(0)]));
}

#[tokio::test]
async fn a_package_is_found_by_name_or_source_in_the_versions_asked_for() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    let image = world.image(&mut ours).await;
    let built = Held { source: Some(("log-source", "1:9.0-1")), ..deb("log-tools", "1.0-1") };
    let elsewhere = Held { kind: "npm", ecosystem: Some("npm"), ..maven("2.3.0") };
    let of_no_release = Held { ecosystem: None, ..deb("org.acme:log", "2.9-1") };
    let held = [maven("2.0"), maven("2.14.1"), maven("2.17.1"), elsewhere, of_no_release, built];
    put(&world, image, &held).await;
    put(&world, image, &[deb("odd", "1.0-1"), deb("odd", "no version"), deb("odd", "3.0-1")]).await;
    let served = Served::start(&world).await;
    let log = "name: \"org.acme:log\"";
    let cases: &[(&str, &[&str])] = &[
        (log, &["2.0", "2.14.1", "2.17.1", "2.3.0", "2.9-1"]),
        ("name: \"org.acme:log\", versions: \">=2.0,<2.17.1\"", &["2.0", "2.14.1", "2.3.0", "2.9-1"]),
        ("name: \"org.acme:log\", versions: \"<2.3 || 2.17.1\", ecosystem: \"Maven\"", &["2.0", "2.17.1"]),
        ("name: \"org.acme:log\", versions: \">3\", ecosystem: \"maven\"", &[]),
        ("name: \"org.acme:log\", ecosystem: \"npm\"", &["2.3.0"]),
        ("name: \"log-source\"", &["1.0-1"]),
        ("name: \"log-source\", versions: \">1:8\"", &["1.0-1"]),
        ("name: \"log-source\", versions: \"<2\"", &[]),
        ("name: \"log-tools\", versions: \"<2\"", &["1.0-1"]),
        ("name: \"odd\", versions: \"<2\"", &["1.0-1", "no version?"]),
        ("name: \"odd\", versions: \"<2\", ecosystem: \"Debian:12\"", &["1.0-1", "no version?"]),
        ("name: \"odd\", versions: \"<1_0 || =3.0-1\"", &["1.0-1?", "3.0-1", "no version?"]),
        ("name: \"odd\", ecosystem: \"Debian:11\"", &[]),
        ("name: \"openssl\", ecosystem: \"Debian\"", &["3.0.1-1"]),
        ("name: \"Django\", versions: \"==3.2.0\"", &["3.2"]),
        ("name: \"nowhere\"", &[]),
        ("name: \"nowhere\", versions: \"<2\"", &[]),
        ("name: \"\"", &[]),
    ];
    for (package, expected) in cases {
        let found = versions(&served, &ours, &format!("package: {{ {package} }}")).await;
        assert_eq!(found, *expected, "{package}");
    }
    // No advisory names it, and it lies there twice: one place with two locations.
    let fields = "image { digest } package { purl } locations { path } finding { id } unknownReason";
    let nodes = where_is(&served, &ours, "package: { name: \"odd\", versions: \"<2\" }", fields).await;
    let place = |unknown_reason: Value| {
        json!({
            "image": { "digest": ours.images[0].1.to_string() }, "package": { "purl": null }, "finding": null,
            "locations": [{ "path": "opt/1" }, { "path": "opt/2" }], "unknownReason": unknown_reason,
        })
    };
    let why = "'no version' is not a version that dpkg can order: it has other characters than printable ASCII";
    assert_eq!(nodes, json!([place(json!(why)), place(Value::Null)]));
}

/// Matches the packages of these names of Debian 12 by all that is said of them.
async fn matched(world: &World, names: &[&str]) {
    let key = |name: &&str| PackageKey { ecosystem: "Debian:12".parse().unwrap(), package: (*name).into() };
    let store = world.database.store("plimsoll_feeds").await;
    let mut tx = store.catalog_tx().await.unwrap();
    let ids = packages::under_keys(&mut tx, &names.iter().map(key).collect::<Vec<_>>()).await.unwrap();
    drop(tx);
    match_package_versions(&store, &ids).await.unwrap();
}

#[tokio::test]
async fn where_it_is_not_known_whether_a_vulnerability_is_there_is_told_with_the_reason() {
    let world = World::create().await;
    let (mut ours, mut theirs) = (world.org("ours").await, world.org("theirs").await);
    let image = world.image(&mut ours).await;
    world.image(&mut theirs).await;
    put(
        &world,
        image,
        &[deb("perl", "5.36-1"), deb("odd", "no version"), deb("odd", "3.0-1"), deb("other", "no version")],
    )
    .await;
    let (cve, released) = ("CVE-2024-0002", "Debian:12");
    let statements = vec![
        of(released, "perl", AffectedState::UnderInvestigation, vec![Range::everything()]),
        of(released, "odd", AffectedState::Affected, vec![Range::until("2.0-1")]),
    ];
    said::put(&world, cve, advisory("debian", cve, statements)).await;
    let elsewhere = vec![of(released, "other", AffectedState::Affected, vec![Range::until("2.0-1")])];
    said::put(&world, "CVE-2024-0004", advisory("debian", "CVE-2024-0004", elsewhere)).await;
    matched(&world, &["perl", "odd", "other"]).await;
    let served = Served::start(&world).await;
    let fields = "package { name version } state finding { fixedIn } unknownReason image { digest } locations { path }";
    let nodes = where_is(&served, &ours, &format!("vulnerability: \"{cve}\""), fields).await;
    let line = |node: &Value| {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let found = if node["finding"].is_null() { "may be" } else { "found" };
        format!("{} {found} {}: {}", text(&node["package"]["name"]), text(&node["state"]), text(&node["unknownReason"]))
    };
    let mut lines: Vec<String> = nodes.as_array().unwrap().iter().map(line).collect();
    lines.sort();
    let why = "'no version' is not a version that dpkg can order: it has other characters than printable ASCII";
    let expected = [
        "libssl3 found AFFECTED: -".to_owned(),
        format!("odd may be -: {why}"),
        "perl may be UNDER_INVESTIGATION: -".into(),
    ];
    assert_eq!(lines, expected);
    let places = nodes.as_array().unwrap().iter().map(|node| node["locations"].as_array().unwrap().len());
    assert_eq!(places.sum::<usize>(), 5, "each is told once with all its places: {nodes:#}");

    let mut paged = Vec::new();
    let mut after = "null".to_owned();
    for _ in 0..3 {
        let query = format!(
            "{{ organization(slug: \"ours\") {{ whereIs(what: {{ vulnerability: \"{cve}\" }}, first: 1, after: {after}) {{
             totalCount pageInfo {{ endCursor }} nodes {{ {fields} }} }} }} }}"
        );
        let page = served.data(&ours.key, &query, json!({})).await["organization"]["whereIs"].clone();
        assert_eq!(page["totalCount"], 3);
        paged.extend(page["nodes"].as_array().unwrap().clone());
        after = page["pageInfo"]["endCursor"].to_string();
    }
    assert_eq!(json!(paged), nodes);

    // Others have the finding, and none of those packages; what another vulnerability could not judge is not told of this one.
    let of_theirs = where_is(&served, &theirs, &format!("vulnerability: \"{cve}\""), fields).await;
    assert_eq!(of_theirs.as_array().unwrap().len(), 1, "{of_theirs:#}");
    let named = |nodes: &Value| {
        nodes.as_array().unwrap().iter().map(|node| node["package"]["name"].to_string()).collect::<Vec<_>>()
    };
    let of_other = where_is(&served, &ours, "vulnerability: \"CVE-2024-0004\"", fields).await;
    assert_eq!(named(&of_other), ["\"other\"", "\"django\""]);
}

#[tokio::test]
async fn what_an_own_advisory_cannot_judge_is_told_to_its_organization_alone() {
    let world = World::create().await;
    let (mut ours, mut theirs) = (world.org("ours").await, world.org("theirs").await);
    for org in [&mut ours, &mut theirs] {
        let image = world.image(org).await;
        put(&world, image, &[deb("odd", "no version")]).await;
    }
    let served = Served::start(&world).await;
    let document = json!({
        "id": "OURS-1", "aliases": ["CVE-2024-0001"], "modified": "2026-01-01T00:00:00Z",
        "affected": [{ "package": { "ecosystem": "Debian:12", "name": "odd" },
                       "ranges": [{ "type": "ECOSYSTEM", "events": [{ "introduced": "0" }, { "fixed": "2.0-1" }] }] }],
    });
    let save = "mutation ($document: String!) { saveAdvisory(document: $document) { userErrors { message } } }";
    let owner = served.cookie(&ours.email).await;
    let saved = served.ask_with_cookie(&owner, save, json!({ "document": document.to_string() })).await;
    assert_eq!(saved["data"]["saveAdvisory"]["userErrors"], json!([]), "{saved}");
    let mut tx = world.database.store("plimsoll_feeds").await.org_tx(ours.id).await.unwrap();
    let key = PackageKey { ecosystem: "Debian:12".parse().unwrap(), package: "odd".into() };
    own_matching::rematch(&mut tx, &[key]).await.unwrap();
    tx.commit().await.unwrap();
    for id in ["OURS-1", "CVE-2024-0001"] {
        let of_ours = versions(&served, &ours, &format!("vulnerability: \"{id}\"")).await;
        assert_eq!(of_ours, ["3.2", "no version?"], "{id}");
    }
    assert_eq!(versions(&served, &theirs, "vulnerability: \"OURS-1\"").await, Vec::<String>::new());
    assert_eq!(versions(&served, &theirs, "vulnerability: \"CVE-2024-0001\"").await, ["3.2"]);
}

#[tokio::test]
async fn what_others_hold_is_neither_shown_nor_counted() {
    let world = World::create().await;
    let (mut ours, mut theirs) = (world.org("ours").await, world.org("theirs").await);
    let our_image = world.image(&mut ours).await;
    let their_image = world.image(&mut theirs).await;
    put(&world, our_image, &[maven("2.14.1")]).await;
    put(&world, their_image, &[maven("2.14.1"), maven("2.15.0"), deb("org.acme:log", "no version")]).await;
    put(&world, their_image, &[deb("secret", "1.0-1"), deb("secret", "no version")]).await;
    let served = Served::start(&world).await;
    for (org, package, expected) in [
        (&ours, "name: \"org.acme:log\"", vec!["2.14.1"]),
        (&ours, "name: \"org.acme:log\", versions: \"<3\"", vec!["2.14.1"]),
        (&theirs, "name: \"org.acme:log\", versions: \"<3\"", vec!["2.14.1", "2.15.0", "no version?"]),
        (&ours, "name: \"secret\"", vec![]),
        (&ours, "name: \"secret\", versions: \"<3\"", vec![]),
        (&ours, "name: \"theirs-private\"", vec![]),
        (&theirs, "name: \"theirs-private\"", vec!["1.0"]),
        (&ours, "name: \"django\"", vec!["3.2"]),
    ] {
        let found = versions(&served, org, &format!("package: {{ {package} }}")).await;
        assert_eq!(found, expected, "{}: {package}", org.slug);
    }
    world.execute(&format!("UPDATE finding SET closed_at = now() WHERE image_id = '{}'", our_image.0)).await;
    assert_eq!(versions(&served, &ours, "vulnerability: \"CVE-2024-0001\"").await, Vec::<String>::new());
    assert_eq!(versions(&served, &theirs, "vulnerability: \"CVE-2024-0001\"").await, ["3.2"]);
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_says_what_to_do() {
    let world = World::create().await;
    let ours = world.org("ours").await;
    let served = Served::start(&world).await;
    let long = format!("package: {{ name: \"x\", versions: \"{}\" }}", "1".repeat(1_025));
    for (what, code, says) in [
        ("", None, "exactly one field"),
        ("vulnerability: \"CVE-1\", package: { name: \"x\" }", None, "exactly one field"),
        ("vulnerability: null", None, "exactly one field"),
        ("package: { versions: \"<2\" }", None, "name"),
        ("package: { name: \"x\", versions: \">=2.0 <2.17.1\" }", Some("BAD_RANGE"), "commas between"),
        ("package: { name: \"x\", versions: \"\" }", Some("BAD_RANGE"), "such as: >=2.0"),
        (
            "package: { name: \"x\", ecosystem: \"Debian:12\", versions: \"<1_0\" }",
            Some("BAD_RANGE"),
            "'1_0' is not a version that dpkg can order",
        ),
        (&long, Some("BAD_RANGE"), "1025 bytes; the limit is 1024"),
    ] {
        let query = format!("{{ organization(slug: \"ours\") {{ whereIs(what: {{ {what} }}) {{ totalCount }} }} }}");
        let answer = served.ask(&ours.key, &query, json!({})).await;
        let error = &answer["errors"][0];
        assert!(error["message"].as_str().unwrap_or_default().contains(says), "{what}: {answer}");
        if let Some(code) = code {
            assert_eq!(error["extensions"]["code"], code, "{what}");
        }
    }
}

#[tokio::test]
async fn a_name_with_more_versions_than_are_compared_is_refused_with_what_narrows_it() {
    let world = World::create().await;
    let mut ours = world.org("ours").await;
    let image = world.image(&mut ours).await;
    world
        .execute(&format!(
            "INSERT INTO package_version (key, type, ecosystem, name, version, advisory_name, advisory_version)
             SELECT sha256(n::text::bytea), 'deb', 'Debian:' || n % 2, 'many', n, 'many', n FROM generate_series(1, 5001) n;
             INSERT INTO image_package (image_content_id, package_version_id, path, layer)
             SELECT i.image_content_id, p.id, 'x', 0 FROM image i, package_version p WHERE i.id = '{}' AND p.name = 'many'",
            image.0
        ))
        .await;
    let served = Served::start(&world).await;
    let query = "query ($package: WhereIsPackageInput!) { organization(slug: \"ours\") {
        whereIs(first: 1, what: { package: $package }) { totalCount } } }";
    let answer = served.ask(&ours.key, query, json!({ "package": { "name": "many" } })).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "LIMIT_VERSIONS", "{answer}");
    assert!(answer.to_string().contains("Give an ecosystem with its release"), "{answer}");
    let data = served.data(&ours.key, query, json!({ "package": { "name": "many", "ecosystem": "Debian:0" } })).await;
    assert_eq!(data["organization"]["whereIs"]["totalCount"], 2_500);
}
