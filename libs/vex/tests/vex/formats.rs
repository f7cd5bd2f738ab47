//! Each format's own ways to say the same.

use plimsoll_vex::{Document, Format, Justification, Limits, Statement, Status, read};
use serde_json::{Value, json};

pub fn document(json: &Value) -> Document {
    read(json.to_string().as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{error}: {json:#}"))
}

fn refusal(json: &Value) -> String {
    read(json.to_string().as_bytes(), &Limits::default()).unwrap_err().to_string()
}

/// `product [part, part]` of each claim.
fn claims(statement: &Statement) -> Vec<String> {
    let of_claim = |claim: &plimsoll_vex::Claim| {
        let parts: Vec<&str> = claim.subcomponents.iter().map(|part| part.text.as_str()).collect();
        format!("{} [{}]", claim.product.text, parts.join(", "))
    };
    statement.claims.iter().map(of_claim).collect()
}

fn openvex(statements: Value) -> Value {
    json!({ "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://example.com/vex-1", "author": "Ann",
            "timestamp": "2024-01-02T00:00:00Z", "version": 1, "statements": statements })
}

#[test]
fn openvex_is_read_with_its_inherited_times_and_its_parts() {
    let read = document(&openvex(json!([
        { "vulnerability": { "@id": "https://nvd/CVE-2024-1", "name": "CVE-2024-1", "aliases": ["GHSA-1", "CVE-2024-1"] },
          "timestamp": "2024-03-01T10:00:00+02:00",
          "products": [{ "@id": "pkg:oci/app", "subcomponents": [{ "@id": "pkg:apk/wolfi/git" }] },
                       { "@id": "https://example.com/app", "identifiers": { "purl": "pkg:npm/app" } },
                       { "@id": "https://example.com/app", "hashes": { "sha-256": "AB".repeat(32) } },
                       { "identifiers": { "cpe23": "cpe:2.3:a:b:c" } }],
          "status": "not_affected", "justification": "component_not_present", "impact_statement": "not built in" },
        { "vulnerability": { "name": "CVE-2024-2" }, "status": "affected", "action_statement": "Upgrade" },
    ])));
    assert_eq!(
        (read.format, read.id.as_str(), read.author.as_str()),
        (Format::OpenVex, "https://example.com/vex-1", "Ann")
    );
    let [first, second] = read.statements.as_slice() else { panic!("{read:#?}") };
    assert_eq!(first.vulnerabilities, ["CVE-2024-1", "GHSA-1"]);
    let hash = format!("sha256:{} []", "ab".repeat(32));
    assert_eq!(claims(first), ["pkg:oci/app [pkg:apk/wolfi/git]", "pkg:npm/app []", &hash, "cpe:2.3:a:b:c []"]);
    assert_eq!((first.status, first.justification), (Status::NotAffected, Some(Justification::ComponentNotPresent)));
    assert_eq!(
        (first.impact.as_str(), first.at.unwrap().to_rfc3339().as_str()),
        ("not built in", "2024-03-01T08:00:00+00:00")
    );
    assert_eq!((second.action.as_str(), second.at), ("Upgrade", read.at), "the document's time");
    assert!(second.claims.is_empty());
}

fn in_toto(subject: Value, predicate: Value) -> Value {
    json!({ "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://openvex.dev/ns/v0.2.0", "subject": subject,
            "predicate": predicate })
}

#[test]
fn an_attestation_says_of_its_subjects_what_its_document_says_of_them_or_of_nothing_named() {
    let (image, other) = (format!("sha256:{}", "1".repeat(64)), format!("sha256:{}", "2".repeat(64)));
    let statement = |products: Value| json!({ "vulnerability": "CVE-1", "status": "fixed", "products": products });
    let of = |id: &str| json!({ "@id": id, "subcomponents": [{ "@id": "pkg:npm/b" }] });
    let predicate = openvex(json!([
        statement(json!([])),
        { "vulnerability": "CVE-1", "status": "fixed", "subcomponents": ["pkg:npm/c"] },
        statement(json!([of(&format!("pkg:oci/app@{image}?repository_url=ghcr.io/a/app"))])),
        statement(json!([of(&format!("pkg:oci/app@{other}")), of("pkg:apk/wolfi/git")])),
        statement(json!([of("pkg:oci/app?repository_url=ghcr.io/a/app"), of("pkg:apk/wolfi/git@3")])),
        statement(json!([of("pkg:npm/b"), of("pkg:oci/other")])),
        statement(json!([of("ghcr.io/a/app")])),
    ]));
    let git = "pkg:apk/wolfi/git@2?arch=x86_64";
    let subject = json!([{ "name": "ghcr.io/a/app", "digest": { "sha256": "1".repeat(64), "sha512": "x" } },
                         { "name": git, "digest": { "sha256": "2".repeat(64) } }]);
    let read = document(&in_toto(subject, predicate.clone()));
    assert_eq!((read.format, read.id.as_str()), (Format::OpenVex, "https://example.com/vex-1"));
    let said: Vec<Vec<String>> = read.statements.iter().map(claims).collect();
    let claim = |product: &str, part: &str| format!("{product} [{part}]");
    let expected = [
        vec![claim(&image, ""), claim(git, "")],
        vec![claim(&image, "pkg:npm/c"), claim(git, "pkg:npm/c")],
        vec![claim(&image, "pkg:npm/b")],
        vec![claim(git, "pkg:npm/b")],
        vec![claim(&image, "pkg:npm/b")],
        vec![claim(&image, "pkg:npm/b")],
    ];
    assert_eq!(said, expected, "what speaks of no subject is left out");

    let one = json!([{ "name": "x" }]);
    let mut slsa = in_toto(one.clone(), json!({}));
    slsa["predicateType"] = json!("https://slsa.dev/provenance/v1");
    let many: Vec<Value> = (0..101).map(|n| json!({ "name": n.to_string() })).collect();
    for (document, told) in [
        (slsa, "predicateType: 'https://slsa.dev/provenance/v1' is not https://openvex.dev/ns"),
        (in_toto(json!([]), predicate.clone()), "subject: it has 0, not 1 to 100"),
        (in_toto(json!(many), predicate), "subject: it has 101, not 1 to 100"),
        (in_toto(one.clone(), json!(null)), "predicate: there is none"),
        (in_toto(one, json!({ "statements": [statement(json!([])), 1] })), "statements[1]"),
    ] {
        let refusal = refusal(&document);
        assert!(refusal.starts_with(told), "{refusal}");
    }
}

#[test]
fn the_first_openvex_is_read_too() {
    let read = document(&json!({
        "@context": "https://openvex.dev/ns", "@id": "x", "author": "Ann", "version": "1",
        "timestamp": "2023-01-02T00:00:00Z",
        "statements": [{ "vulnerability": "CVE-2023-1", "products": ["pkg:oci/app"], "subcomponents": ["pkg:apk/wolfi/git"],
                         "status": "not_affected", "impact_statement": "no" }] }));
    assert_eq!(claims(&read.statements[0]), ["pkg:oci/app [pkg:apk/wolfi/git]"]);
}

fn csaf(vulnerability: Value) -> Value {
    let purl = |id: &str, purl: &str| json!({ "product_id": id, "name": id, "product_identification_helper": { "purl": purl } });
    json!({
        "document": { "category": "csaf_vex", "csaf_version": "2.0", "title": "t",
                      "publisher": { "category": "vendor", "name": "Acme", "namespace": "https://acme.example" },
                      "tracking": { "id": "ACME-1", "current_release_date": "2024-01-02T00:00:00Z" } },
        "product_tree": {
            "branches": [{ "category": "vendor", "name": "Acme", "branches": [
                { "category": "product_version", "name": "1", "product": purl("APP", "pkg:oci/app") }] }],
            "full_product_names": [purl("GIT", "pkg:apk/wolfi/git@1"), { "product_id": "OS", "name": "An OS" }],
            "relationships": [{ "category": "default_component_of", "product_reference": "GIT",
                "relates_to_product_reference": "APP", "full_product_name": { "product_id": "APP:GIT", "name": "git in app" } }],
            "product_groups": [{ "group_id": "G", "product_ids": ["APP:GIT", "GIT"] }] },
        "vulnerabilities": [vulnerability] })
}

#[test]
fn csaf_is_read_with_its_tree_flags_threats_and_remediations() {
    let read = document(&csaf(json!({
        "cve": "CVE-2024-1", "ids": [{ "system_name": "GHSA", "text": "GHSA-1" }],
        "product_status": { "known_not_affected": ["APP:GIT"], "fixed": ["GIT"], "known_affected": ["OS", "APP"],
                            "recommended": ["GIT"] },
        "flags": [{ "label": "vulnerable_code_not_present", "group_ids": ["G"] }],
        "threats": [{ "category": "exploit_status", "details": "none" },
                    { "category": "impact", "details": "never called", "product_ids": ["APP:GIT"] }],
        "remediations": [{ "category": "vendor_fix", "details": "Upgrade the OS", "product_ids": ["OS"] },
                         { "category": "none_available", "details": "Wait" }] })));
    assert_eq!((read.format, read.id.as_str(), read.author.as_str()), (Format::Csaf, "ACME-1", "Acme"));
    let shown: Vec<_> =
        read.statements.iter().map(|said| (claims(said), said.status.as_str(), said.action.as_str())).collect();
    let of = |claims: &[&str]| claims.iter().map(|claim| (*claim).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        shown,
        [
            (of(&["pkg:oci/app [pkg:apk/wolfi/git@1]"]), "not_affected", ""),
            (of(&["pkg:apk/wolfi/git@1 []"]), "fixed", ""),
            (of(&["An OS []"]), "affected", "Upgrade the OS"),
            (of(&["pkg:oci/app []"]), "affected", "Wait"),
        ]
    );
    let first = &read.statements[0];
    assert_eq!(first.vulnerabilities, ["CVE-2024-1", "GHSA-1"]);
    assert_eq!(
        (first.justification, first.impact.as_str()),
        (Some(Justification::VulnerableCodeNotPresent), "never called")
    );
}

fn cyclonedx(subject: Option<Value>, vulnerability: Value) -> Value {
    let mut json = json!({
        "bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:1", "version": 1,
        "metadata": { "timestamp": "2024-01-02T00:00:00Z", "authors": [{ "name": "Ann" }] },
        "components": [{ "type": "library", "bom-ref": "git", "name": "git", "purl": "pkg:apk/wolfi/git@1",
                         "components": [{ "type": "library", "bom-ref": "inner", "name": "x", "purl": "pkg:npm/x" }] }],
        "vulnerabilities": [vulnerability] });
    if let Some(subject) = subject {
        json["metadata"]["component"] = subject;
    }
    json
}

#[test]
fn cyclonedx_is_read_by_reference_package_url_and_bom_link() {
    let digest = format!("sha256:{}", "1".repeat(64));
    let image = json!({ "type": "container", "bom-ref": "s", "name": "ghcr.io/a/app:1", "version": digest });
    let by_name = json!({ "type": "container", "bom-ref": "s", "name": "ghcr.io/a/app:1" });
    let unknown = json!({ "type": "application", "bom-ref": "s", "name": "my app" });
    let in_image = |part: &str| format!("{digest} [{part}]");
    let cases = [
        (Some(&image), "git", in_image("pkg:apk/wolfi/git@1")),
        (Some(&image), "inner", in_image("pkg:npm/x")),
        (Some(&image), "s", format!("{digest} []")),
        (Some(&image), "pkg:npm/y@1#lib/package.json", in_image("pkg:npm/y@1")),
        (Some(&image), "urn:cdx:2/1#pkg%3Anpm%2Fy%401", in_image("pkg:npm/y@1")),
        (Some(&image), "urn:cdx:1/1#git", in_image("pkg:apk/wolfi/git@1")),
        (Some(&by_name), "git", "pkg:oci/app?repository_url=ghcr.io%2Fa%2Fapp [pkg:apk/wolfi/git@1]".to_owned()),
        (Some(&unknown), "git", "pkg:apk/wolfi/git@1 []".to_owned()),
        (None, "git", "pkg:apk/wolfi/git@1 []".to_owned()),
        (None, "nothing", "nothing []".to_owned()),
    ];
    for (subject, reference, expected) in cases {
        let vulnerability = json!({ "id": "CVE-2024-1", "references": [{ "id": "GHSA-1", "source": {} }],
            "analysis": { "state": "not_affected", "justification": "requires_configuration", "detail": "off" },
            "affects": [{ "ref": reference }] });
        let read = document(&cyclonedx(subject.cloned(), vulnerability));
        let [said] = read.statements.as_slice() else { panic!("{read:#?}") };
        assert_eq!(claims(said), [expected], "{reference}");
        assert_eq!(
            (said.status, said.justification),
            (Status::NotAffected, Some(Justification::RequiresConfiguration))
        );
        assert_eq!((said.vulnerabilities.join(" "), said.impact.as_str()), ("CVE-2024-1 GHSA-1".to_owned(), "off"));
        assert_eq!((said.at, read.author.as_str()), (read.at, "Ann"));
    }
}

#[test]
fn cyclonedx_speaks_of_versions_one_by_one() {
    let affects = json!([{ "ref": "git", "versions": [
        { "version": "1" }, { "version": "2", "status": "unaffected" }, { "version": "3", "status": "unknown" },
        { "range": "vers:apk/>4" }] }]);
    let state = |state: &str| json!({ "id": "CVE-1", "analysis": { "state": state }, "affects": affects });
    let read = document(&cyclonedx(None, state("exploitable")));
    let shown: Vec<_> =
        read.statements.iter().map(|said| format!("{} {}", claims(said).join(""), said.status.as_str())).collect();
    assert_eq!(
        shown,
        [
            "pkg:apk/wolfi/git@2 [] not_affected",
            "pkg:apk/wolfi/git@3 [] under_investigation",
            "pkg:apk/wolfi/git@1 [] affected",
        ]
    );
    for (word, status) in
        [("resolved", "fixed"), ("false_positive", "not_affected"), ("in_triage", "under_investigation")]
    {
        assert_eq!(document(&cyclonedx(None, state(word))).statements[2].status.as_str(), status);
    }
    let told = document(&cyclonedx(None, json!({ "id": "CVE-1", "affects": affects })));
    assert!(told.statements.is_empty(), "it tells of a vulnerability, and not what that means here");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let statement = |more: Value| {
        let mut statement = json!({ "vulnerability": { "name": "CVE-1" }, "products": [{ "@id": "pkg:npm/a" }] });
        statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        openvex(json!([{ "vulnerability": "CVE-0", "status": "fixed" }, statement]))
    };
    let csaf_with = |more: Value| {
        let mut vulnerability = json!({ "cve": "CVE-1" });
        vulnerability.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        csaf(vulnerability)
    };
    let analysed = |analysis: Value| cyclonedx(None, json!({ "id": "CVE-1", "analysis": analysis }));
    let long = "x".repeat(1_000);
    let cases = [
        (statement(json!({ "status": "harmless" })), "statements[1].status: 'harmless' is none of not_affected"),
        (statement(json!({ "status": long })), "statements[1].status: 'xxx"),
        (statement(json!({})), "statements[1]: missing field `status`"),
        (statement(json!({ "status": "not_affected" })), "statements[1]: not_affected takes a justification"),
        (
            statement(json!({ "status": "not_affected", "justification": "because" })),
            "statements[1].justification: 'because'",
        ),
        (statement(json!({ "status": "fixed", "timestamp": "yesterday" })), "statements[1]: "),
        (
            statement(json!({ "status": "fixed", "vulnerability": { "name": " " } })),
            "statements[1]: it names no vulnerability",
        ),
        (statement(json!({ "status": "fixed", "products": [1] })), "statements[1]: a product is a text, or an object"),
        (openvex(json!("none")), "the document: invalid type"),
        (
            csaf_with(json!({ "product_status": { "fixed": ["A"], "known_affected": ["A"] } })),
            "vulnerabilities[0].product_status: 'A' is fixed and affected at once",
        ),
        (
            csaf_with(json!({ "product_status": { "harmless": ["A"] } })),
            "vulnerabilities[0].product_status: 'harmless'",
        ),
        (csaf_with(json!({ "flags": [{ "label": "because" }] })), "vulnerabilities[0].flags[0].label: 'because'"),
        (
            json!({ "document": { "csaf_version": "1.2", "publisher": { "name": "x" },
                 "tracking": { "id": "x", "current_release_date": "2024-01-02T00:00:00Z" } } }),
            "document.csaf_version: '1.2'",
        ),
        (json!({ "document": {} }), "the document: missing field"),
        (analysed(json!({ "state": "fine" })), "vulnerabilities[0].analysis.state: 'fine'"),
        (
            analysed(json!({ "state": "resolved", "justification": "component_not_present" })),
            "vulnerabilities[0].analysis.justification: 'component_not_present'",
        ),
        (json!({}), "neither an OpenVEX nor a CSAF 2 nor a CycloneDX document"),
        (json!([]), "neither"),
        (json!({ "spdxVersion": "SPDX-2.3" }), "neither"),
    ];
    for (json, expected) in cases {
        let error = refusal(&json);
        assert!(error.starts_with(expected), "{error}\n{json:#}");
        assert!(error.len() < 400, "{error}");
    }
}
