//! Each rule by its name, on small documents in Red Hat's form.

use std::io::Cursor;

use plimsoll_model::{Advisory, AffectedState, Event};
use serde_json::{Value, json};

use super::*;
use crate::feeds::{ParseReport, Record};

fn parsed_within(limits: Limits, bytes: Vec<u8>) -> Result<(Vec<Advisory>, ParseReport), Refusal> {
    let mut records: Vec<Record> = vec![];
    let mut intake = Intake::new("redhat", &mut records);
    let outcome = read_within(limits, &mut Cursor::new(bytes), &mut intake);
    let report = intake.finish(outcome)?;
    let advisory = |record| match record {
        Record::Advisory(advisory) => *advisory,
        other => panic!("{other:?}"),
    };
    Ok((records.into_iter().map(advisory).collect(), report))
}

fn parsed(document: &Value) -> Result<(Vec<Advisory>, ParseReport), Refusal> {
    parsed_within(LIMITS, document.to_string().into_bytes())
}

/// A document of this id with releases 8 and 9, an extension of 9 and OpenShift, and these components, each (`id`, purl or nothing) and
/// each in each of them.
fn document(id: &str, components: &[(&str, &str)], vulnerabilities: &Value) -> Value {
    let products = [
        ("el8", "cpe:/o:redhat:enterprise_linux:8::baseos"),
        ("el9", "cpe:/a:redhat:enterprise_linux:9::appstream"),
        ("eus", "cpe:/o:redhat:rhel_eus:9.4::baseos"),
        ("ocp", "cpe:/a:redhat:openshift:4.14::el9"),
    ];
    let releases: Vec<Value> = products
        .iter()
        .map(|(id, cpe)| json!({"category": "product_name", "name": id, "product": {"name": id, "product_id": id, "product_identification_helper": {"cpe": cpe}}}))
        .collect();
    let of_component = |(id, purl): &(&str, &str)| {
        let known_as = if purl.is_empty() { json!({}) } else { json!({"purl": purl}) };
        json!({"category": "product_version", "name": id, "product": {"name": id, "product_id": id, "product_identification_helper": known_as}})
    };
    let branches: Vec<Value> = components.iter().map(of_component).collect();
    let relationships: Vec<Value> = components
        .iter()
        .flat_map(|(component, _)| products.map(|(product, _)| relationship(component, product)))
        .collect();
    json!({
        "document": {
            "category": "csaf_vex", "csaf_version": "2.0", "title": "a title", "aggregate_severity": {"text": "Moderate"},
            "tracking": {"id": id, "current_release_date": "2024-02-01T00:00:00+00:00"}
        },
        "product_tree": {
            "relationships": relationships,
            "branches": [{"category": "vendor", "name": "Red Hat", "branches": [
                {"category": "product_family", "name": "RHEL", "branches": releases},
                {"category": "architecture", "name": "any", "branches": branches}
            ]}]
        },
        "vulnerabilities": vulnerabilities
    })
}

fn relationship(component: &str, place: &str) -> Value {
    json!({
        "category": "default_component_of", "product_reference": component, "relates_to_product_reference": place,
        "full_product_name": {"name": "x", "product_id": format!("{place}:{component}")}
    })
}

/// What a VEX document says of each package: `release package[@module] state fix severity`.
fn said(components: &[(&str, &str)], vulnerability: Value) -> Vec<String> {
    let mut vulnerability = vulnerability;
    vulnerability["cve"] = "CVE-2024-1".into();
    let (advisories, report) = parsed(&document("CVE-2024-1", components, &json!([vulnerability]))).unwrap();
    assert_eq!((report.problems, report.unmatchable), (0, 0), "{:?}", report.problem_texts);
    advisories[0].affected.iter().map(told).collect()
}

fn told(affected: &plimsoll_model::Affected) -> String {
    let events = affected.ranges.iter().flat_map(|range| &range.events);
    let fixes: Vec<&str> = events
        .filter_map(|event| if let Event::Fixed(version) = event { Some(version.as_str()) } else { None })
        .collect();
    let module = affected.module.as_ref().map(|module| format!("@{module}")).unwrap_or_default();
    let severity = affected.severity.map(|severity| format!(" {severity}")).unwrap_or_default();
    let fixes = if fixes.is_empty() { String::new() } else { format!(" {}", fixes.join(" ")) };
    format!("{} {}{module} {}{fixes}{severity}", affected.ecosystem, affected.package, affected.state.as_str())
}

const SOURCE: (&str, &str) = ("curl-7-1.el9.src", "pkg:rpm/redhat/curl@7-1.el9?arch=src&epoch=1");
const BINARY: (&str, &str) = ("libcurl-7-1.el9.x86_64", "pkg:rpm/redhat/libcurl@7-1.el9?arch=x86_64&epoch=1");
const OPEN: (&str, &str) = ("curl.src", "pkg:rpm/redhat/curl?arch=src");
const UNTOLD: (&str, &str) = ("curl", "pkg:rpm/redhat/curl");

#[test]
fn every_state_is_kept_as_said() {
    let affected = |remediations: Value| json!({"product_status": {"known_affected": ["el9:curl.src"]}, "remediations": remediations});
    let remedy = |category: &str, details: &str| json!([{"category": category, "details": details, "product_ids": ["el9:curl.src"]}]);
    let status = |status: &str, id: &str| json!({"product_status": {status: [id]}});
    let cases = [
        (status("fixed", "el9:curl-7-1.el9.src"), "Red Hat:9 curl affected 1:7-1.el9"),
        (status("first_fixed", "el9:curl-7-1.el9.src"), "Red Hat:9 curl affected 1:7-1.el9"),
        (status("known_not_affected", "el9:curl-7-1.el9.src"), "Red Hat:9 curl not_affected"),
        (status("known_not_affected", "el9:curl.src"), "Red Hat:9 curl not_affected"),
        (status("under_investigation", "el9:curl.src"), "Red Hat:9 curl under_investigation"),
        (affected(json!([])), "Red Hat:9 curl affected"),
        (affected(remedy("none_available", "Affected")), "Red Hat:9 curl affected"),
        (affected(remedy("none_available", "Fix deferred")), "Red Hat:9 curl affected"),
        (affected(remedy("workaround", "Do not")), "Red Hat:9 curl affected"),
        (affected(remedy("no_fix_planned", "Will not fix")), "Red Hat:9 curl wont_fix"),
        (affected(remedy("no_fix_planned", "Out of support scope")), "Red Hat:9 curl end_of_life"),
        (affected(remedy("no_fix_planned", "é")), "Red Hat:9 curl wont_fix"),
        // Not for this product.
        (
            affected(
                json!([{"category": "no_fix_planned", "details": "Will not fix", "product_ids": ["el8:curl.src"]}]),
            ),
            "Red Hat:9 curl affected",
        ),
    ];
    for (vulnerability, expected) in cases {
        assert_eq!(said(&[SOURCE, OPEN], vulnerability.clone()), [expected], "{vulnerability}");
    }
}

#[test]
fn only_source_packages_of_releases_themselves_are_kept() {
    let fixed = |ids: &[&str]| json!({"product_status": {"fixed": ids}});
    let both = ["el9:curl-7-1.el9.src", "el9:libcurl-7-1.el9.x86_64"];
    assert_eq!(said(&[SOURCE, BINARY], fixed(&both)), ["Red Hat:9 curl affected 1:7-1.el9"]);
    for elsewhere in ["eus:curl-7-1.el9.src", "ocp:curl-7-1.el9.src", "el9", "curl-7-1.el9.src"] {
        assert_eq!(said(&[SOURCE], fixed(&[elsewhere])), [""; 0], "{elsewhere}");
    }
    let affected = |ids: &[&str]| json!({"product_status": {"known_affected": ids}});
    let container = ("rhel9/curl", "");
    for (components, ids, expected) in [
        // An older document names sources only, and by name alone.
        (&[("curl", ""), container][..], &["el8:curl", "el8:rhel9/curl"][..], &["Red Hat:8 curl affected"][..]),
        (&[UNTOLD], &["el8:curl"], &["Red Hat:8 curl affected"]),
        // A newer one tells which they are.
        (
            &[OPEN, ("libcurl", "pkg:rpm/redhat/libcurl")],
            &["el8:curl.src", "el8:libcurl"],
            &["Red Hat:8 curl affected"],
        ),
        (&[OPEN, ("x", "pkg:oci/x?tag=1"), ("y", "pkg:maven/a/b@1")], &["el8:x", "el8:y"], &[]),
    ] {
        assert_eq!(said(components, affected(ids)), expected);
    }
}

#[test]
fn builds_of_modules_keep_their_stream() {
    let named =
        ("ruby-1", "pkg:rpm/redhat/ruby@2.7-1.module%2Bel8?arch=src&rpmmod=ruby:2.7:8080020230427102918:63b34585");
    let other =
        ("ruby-2", "pkg:rpm/redhat/ruby@3.1-1.module%2Bel8?arch=src&rpmmod=ruby:3.1:8080020230427102918:63b34585");
    let unnamed = [
        ("pg-1", "pkg:rpm/redhat/postgresql@12.15-1.module%2Bel8?arch=src"),
        ("pg-2", "pkg:rpm/redhat/postgresql@13.11-1.module%2Bel8?arch=src"),
        ("pg-3", "pkg:rpm/redhat/postgresql@13.11-1.el8?arch=src"),
    ];
    let cases = [
        (
            vec![named, other],
            json!({"fixed": ["el8:ruby-1", "el8:ruby-2"]}),
            vec![
                "Red Hat:8 ruby@ruby:2.7 affected 2.7-1.module+el8",
                "Red Hat:8 ruby@ruby:3.1 affected 3.1-1.module+el8",
            ],
        ),
        (
            vec![named, other],
            json!({"fixed": ["el8:ruby-1"], "known_not_affected": ["el8:ruby-2"]}),
            vec!["Red Hat:8 ruby@ruby:2.7 affected 2.7-1.module+el8", "Red Hat:8 ruby@ruby:3.1 not_affected"],
        ),
        (
            unnamed.to_vec(),
            json!({"fixed": ["el8:pg-1", "el8:pg-2", "el8:pg-3"]}),
            vec![
                "Red Hat:8 postgresql affected 13.11-1.el8",
                "Red Hat:8 postgresql affected 12.15-1.module+el8 13.11-1.module+el8",
            ],
        ),
        (
            vec![("log4j:2/log4j", "")],
            json!({"known_affected": ["el8:log4j:2/log4j"]}),
            vec!["Red Hat:8 log4j@log4j:2 affected"],
        ),
        (
            vec![("p.src::python39:3.9", "pkg:rpm/redhat/p?arch=src&rpmmod=python39:3.9")],
            json!({"known_affected": ["el8:p.src::python39:3.9"]}),
            vec!["Red Hat:8 p@python39:3.9 affected"],
        ),
    ];
    for (components, status, expected) in cases {
        assert_eq!(said(&components, json!({"product_status": status})), expected, "{status}");
    }
}

#[test]
fn a_package_in_a_module_in_a_release_is_of_that_module() {
    let components = [
        ("mod", "pkg:rpmmod/redhat/python36@3.6:8040020241213073301:9bf6f064"),
        ("p", "pkg:rpm/redhat/p@1-1.module%2Bel8?arch=src"),
    ];
    let mut whole = document(
        "CVE-2024-1",
        &components,
        &json!([{"cve": "CVE-2024-1", "product_status": {"fixed": ["el8:mod", "el8:mod:p"]}}]),
    );
    // The package's relationship comes before the module's.
    whole["product_tree"]["relationships"].as_array_mut().unwrap().insert(0, relationship("p", "el8:mod"));
    let (advisories, report) = parsed(&whole).unwrap();
    assert_eq!(
        advisories[0].affected.iter().map(told).collect::<Vec<_>>(),
        ["Red Hat:8 p@python36:3.6 affected 1-1.module+el8"]
    );
    assert_eq!(report.problems, 0);
}

#[test]
fn what_is_said_of_a_package_in_several_repositories_is_one_statement() {
    let later = ("curl-7-2.el9.src", "pkg:rpm/redhat/curl@7-2.el9?arch=src&epoch=1");
    let cases = [
        (json!({"fixed": ["el9:curl-7-2.el9.src", "el9:curl-7-1.el9.src"]}), vec!["Red Hat:9 curl affected 1:7-1.el9"]),
        (
            json!({"fixed": ["el9:curl-7-1.el9.src"], "known_not_affected": ["el9:curl.src"]}),
            vec!["Red Hat:9 curl affected 1:7-1.el9"],
        ),
        (
            json!({"fixed": ["el9:curl-7-1.el9.src"], "known_affected": ["el9:curl.src"]}),
            vec!["Red Hat:9 curl affected 1:7-1.el9", "Red Hat:9 curl affected"],
        ),
        (
            json!({"known_not_affected": ["el9:curl.src"], "under_investigation": ["el9:curl.src"]}),
            vec!["Red Hat:9 curl under_investigation"],
        ),
    ];
    for (status, expected) in cases {
        assert_eq!(said(&[SOURCE, later, OPEN], json!({"product_status": status})), expected, "{status}");
    }
}

#[test]
fn severities_are_those_of_the_package_else_of_all() {
    let threats = |threats: Value| json!({"threats": threats, "product_status": {"known_affected": ["el8:curl.src", "el9:curl.src"]}});
    let of = |details: &str, id: &str| json!({"category": "impact", "details": details, "product_ids": [id]});
    for (threats, expected) in [
        (
            threats(json!([of("Important", "el8:curl.src"), of("Low", "el9:curl.src")])),
            ["Red Hat:8 curl affected HIGH", "Red Hat:9 curl affected LOW"],
        ),
        (
            threats(json!([of("Important", "el8:curl.src"), {"category": "impact", "details": "Moderate"}])),
            ["Red Hat:8 curl affected HIGH", "Red Hat:9 curl affected MEDIUM"],
        ),
        (
            threats(json!([{"category": "exploit_status", "details": "Low"}])),
            ["Red Hat:8 curl affected", "Red Hat:9 curl affected"],
        ),
        (
            threats(json!([{"category": "impact", "details": "Dreadful"}])),
            ["Red Hat:8 curl affected", "Red Hat:9 curl affected"],
        ),
    ] {
        assert_eq!(said(&[OPEN], threats), expected);
    }
}

#[test]
fn an_advisory_is_read_whole() {
    let vulnerability = json!({
        "cve": "CVE-2024-1", "title": "curl: a flaw", "release_date": "2024-01-01T00:00:00Z", "cwe": {"id": "CWE-79", "name": "x"},
        "notes": [{"category": "summary", "text": "short"}, {"category": "description", "text": "long"}, {"category": "other", "text": "no"}],
        "references": [{"category": "self", "summary": "x", "url": "https://access.redhat.com/security/cve/CVE-2024-1"}],
        "remediations": [
            {"category": "vendor_fix", "details": "x", "url": "https://access.redhat.com/errata/RHSA-2024:1", "product_ids": ["el9:curl-7-1.el9.src"]},
            {"category": "vendor_fix", "details": "x", "url": "https://access.redhat.com/errata/RHSA-2024:2", "product_ids": ["ocp:curl-7-1.el9.src"]}],
        "scores": [{"cvss_v3": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}, "products": []}, {"cvss_v2": {"vectorString": "AV:N/AC:L/Au:N/C:N/I:N/A:C"}}],
        "flags": [{"label": "component_not_present", "product_ids": ["el8:curl-7-1.el9.src"]}],
        "product_status": {"fixed": ["el9:curl-7-1.el9.src"], "recommended": ["el9:curl-7-1.el9.src"]}
    });
    let (advisories, report) = parsed(&document("CVE-2024-1", &[SOURCE], &json!([vulnerability]))).unwrap();
    let [advisory] = advisories.as_slice() else { panic!("{advisories:?}") };
    assert_eq!(
        (advisory.key.as_str(), advisory.id.as_str(), advisory.title.as_str()),
        ("CVE-2024-1", "CVE-2024-1", "curl: a flaw")
    );
    assert_eq!((advisory.description.as_str(), &advisory.cwes[..]), ("long", &["CWE-79".to_owned()][..]));
    assert_eq!(advisory.published.unwrap().to_rfc3339(), "2024-01-01T00:00:00+00:00");
    assert_eq!(advisory.modified.unwrap().to_rfc3339(), "2024-02-01T00:00:00+00:00");
    let vectors: Vec<&str> = advisory.cvss.iter().map(|vector| vector.vector.as_str()).collect();
    assert_eq!(vectors, ["AV:N/AC:L/Au:N/C:N/I:N/A:C", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"]);
    let addresses =
        ["https://access.redhat.com/errata/RHSA-2024:1", "https://access.redhat.com/security/cve/CVE-2024-1"];
    assert_eq!(advisory.references, addresses, "another product's fix is not ours");
    assert_eq!(advisory.severity, Some(plimsoll_model::Severity::Medium), "the document's, where no threat tells");
    assert_eq!((report.statements, report.records, report.skipped, report.problems), (1, 1, 0, 0));
}

#[test]
fn an_advisory_on_several_cves_is_a_record_for_each_and_joins_none() {
    let of = |cve: &str, id: &str| json!({"cve": cve, "product_status": {"fixed": [id]}});
    let vulnerabilities = json!([
        of("CVE-2024-1", "el9:curl-7-1.el9.src"),
        of("CVE-2024-2", "el8:curl-7-1.el9.src"),
        of("CVE-2024-3", "ocp:curl-7-1.el9.src"),
        {"ids": [{"system_name": "Red Hat Bugzilla ID", "text": "1"}]},
    ]);
    let (advisories, report) = parsed(&document("RHSA-2024:1", &[SOURCE], &vulnerabilities)).unwrap();
    let names: Vec<_> = advisories
        .iter()
        .map(|advisory| (advisory.key.as_str(), advisory.id.as_str(), advisory.aliases.len()))
        .collect();
    assert_eq!(names, [("RHSA-2024:1/CVE-2024-1", "CVE-2024-1", 0), ("RHSA-2024:1/CVE-2024-2", "CVE-2024-2", 0)]);
    assert_eq!((report.records, report.skipped, report.problems), (2, 2, 0), "of OpenShift alone, and without a CVE");
    let (advisories, report) = parsed(&document("RHBA-2024:1", &[SOURCE], &json!([]))).unwrap();
    assert_eq!((advisories.len(), report.statements, report.problems), (0, 1, 0), "one that fixes no CVE");
    let (advisories, _) =
        parsed(&document("CVE-2024-3", &[SOURCE], &json!([of("CVE-2024-3", "ocp:curl-7-1.el9.src")]))).unwrap();
    assert_eq!(advisories[0].affected, [], "a CVE's own document is kept for its texts");
}

#[test]
fn what_names_products_that_are_missing_is_told_and_the_rest_counts() {
    let status = json!({"cve": "CVE-2024-1", "product_status": {"fixed": ["nowhere", "el9:curl-7-1.el9.src"], "known_affected": ["gone"]}});
    let mut whole = document("CVE-2024-1", &[SOURCE], &json!([status, {"cve": 7}]));
    whole["product_tree"]["relationships"].as_array_mut().unwrap().push(relationship("missing", "el9"));
    let (advisories, report) = parsed(&whole).unwrap();
    assert_eq!(advisories[0].affected.iter().map(told).collect::<Vec<_>>(), ["Red Hat:9 curl affected 1:7-1.el9"]);
    let problems: Vec<&str> = report.problem_texts.iter().map(|problem| problem.what.as_str()).collect();
    assert_eq!(
        problems[..2],
        ["1 relationships with products that are missing", "2 product ids that its tree does not have"]
    );
    assert_eq!(report.problems, 3);
}

/// A tar of these files, compressed.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    zstd::encode_all(builder.into_inner().unwrap().as_slice(), 1).unwrap()
}

fn vex(cve: &str) -> Vec<u8> {
    let vulnerabilities = json!([{"cve": cve, "product_status": {"fixed": ["el9:curl-7-1.el9.src"]}}]);
    document(cve, &[SOURCE], &vulnerabilities).to_string().into_bytes()
}

#[test]
fn a_document_of_an_archive_that_cannot_be_read_is_a_problem_with_its_place_and_the_rest_counts() {
    let [first, last] = ["CVE-2024-1", "CVE-2024-9"].map(vex);
    let deep = "[".repeat(1 << 20);
    let nested = format!(r#"{{"branches":{}{}}}"#, r#"[{"branches":"#.repeat(40), "[]".to_owned() + &"}]".repeat(40));
    let nested = String::from_utf8(vex("CVE-2024-5")).unwrap().replacen(
        r#""product_tree":{"#,
        &format!(r#""product_tree":{},"x":{{"#, nested),
        1,
    );
    let limits = Limits { document_bytes: 2 << 20, ..LIMITS };
    let long = vec![b' '; 3 << 20];
    let files: [(&str, &[u8]); 9] = [
        ("2024/cve-2024-1.json", &first),
        ("../../etc/passwd.json", b"<html>"),
        ("2024/half.json", &first[..first.len() / 2]),
        ("2024/other.json", br#"{"document": {"csaf_version": "1.2", "title": "", "tracking": {"id": "x", "current_release_date": "2024-01-01T00:00:00Z"}}}"#),
        ("2024/deep.json", deep.as_bytes()),
        ("2024/nested.json", nested.as_bytes()),
        ("2024/long.json", &long),
        ("index.txt", b"not a document"),
        ("2024/cve-2024-9.json", &last),
    ];
    let (advisories, report) = parsed_within(limits, archive(&files)).unwrap();
    assert_eq!(
        advisories.iter().map(|advisory| advisory.id.as_str()).collect::<Vec<_>>(),
        ["CVE-2024-1", "CVE-2024-9"]
    );
    let places: Vec<&str> = report.problem_texts.iter().map(|problem| problem.place.as_str()).collect();
    let expected = [
        "../../etc/passwd.json",
        "2024/half.json",
        "2024/other.json",
        "2024/deep.json",
        "2024/nested.json",
        "2024/long.json",
    ];
    assert_eq!(places, expected);
    assert_eq!(report.unread, ["PASSWD", "HALF", "OTHER", "DEEP", "NESTED", "LONG"], "what is held of them stands");
    assert!(report.problem_texts[4].what.starts_with("its branches nest deeper than 30"));
    assert_eq!((report.statements, report.records), (8, 2));
}

#[test]
fn what_is_no_whole_document_or_archive_is_refused() {
    let document = vex("CVE-2024-1");
    let whole = archive(&[("2024/cve-2024-1.json", &document), ("2024/cve-2024-2.json", &vex("CVE-2024-2"))]);
    let tar = zstd::decode_all(whole.as_slice()).unwrap();
    let cut_tar = |length: usize| zstd::encode_all(&tar[..length], 1).unwrap();
    for (what, bytes) in [
        ("nothing", vec![]),
        ("a page", b"<!DOCTYPE html><title>503</title>".to_vec()),
        ("half a document", document[..document.len() / 2].to_vec()),
        ("two documents", [document.clone(), document.clone()].concat()),
        ("another JSON", b"{}".to_vec()),
        ("half an archive", whole[..whole.len() / 2].to_vec()),
        ("an archive without its last bytes", whole[..whole.len() - 8].to_vec()),
        ("a tar that ends in a document", cut_tar(1_000)),
        ("a tar that ends in a header", cut_tar(300)),
        ("an archive of nothing", zstd::encode_all(&[][..], 1).unwrap()),
        ("no tar", zstd::encode_all(&[7_u8; 4_096][..], 1).unwrap()),
    ] {
        let refused = parsed_within(LIMITS, bytes);
        assert!(matches!(refused, Err(Refusal::Malformed(_))), "{what}: {refused:?}");
    }
    let limits = [
        (Limits { entries: 1, ..LIMITS }, whole.clone(), "the number of entries"),
        (Limits { total_bytes: 1_000, ..LIMITS }, whole, "the document's size in bytes"),
        (Limits { document_bytes: 100, ..LIMITS }, document, "the document's size in bytes"),
    ];
    for (limits, bytes, expected) in limits {
        let refused = parsed_within(limits, bytes);
        assert!(matches!(refused, Err(Refusal::PastLimit { what, .. }) if what == expected), "{expected}: {refused:?}");
    }
}

#[test]
fn very_many_products_and_ids_are_read_as_they_come() {
    let product = r#"{"product":{"name":"a","product_id":"a"}}"#;
    let branches = vec![product; 200_000].join(",");
    let ids = vec![r#""el9:a""#; 200_000].join(",");
    let text = format!(
        r#"{{"document":{{"csaf_version":"2.0","title":"","tracking":{{"id":"CVE-2024-1","current_release_date":"2024-01-01T00:00:00Z"}}}},
            "product_tree":{{"branches":[{branches},{{"product":{{"name":"9","product_id":"el9","product_identification_helper":{{"cpe":"cpe:/o:redhat:enterprise_linux:9"}}}}}}],
            "relationships":[{}]}},
            "vulnerabilities":[{{"cve":"CVE-2024-1","product_status":{{"known_affected":[{ids}]}}}}]}}"#,
        relationship("a", "el9")
    );
    let (advisories, report) = parsed_within(LIMITS, text.into_bytes()).unwrap();
    assert_eq!(advisories[0].affected.iter().map(told).collect::<Vec<_>>(), ["Red Hat:9 a affected"]);
    assert_eq!(advisories[0].affected[0].state, AffectedState::Affected);
    assert_eq!(report.problems, 0);
}

#[test]
fn a_documents_path_tells_what_its_records_go_by() {
    for (path, expected) in [
        ("csaf/v2/vex/2024/cve-2024-0727.json", Some("CVE-2024-0727")),
        ("2024/rhsa-2024_0010.json", Some("RHSA-2024:0010")),
        ("index.txt", None),
    ] {
        assert_eq!(record_of(path).as_deref(), expected, "{path}");
    }
}
