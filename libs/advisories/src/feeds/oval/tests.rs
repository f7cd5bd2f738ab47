//! Small documents, and the advisories that they are; documents that are none.

use std::io::{Cursor, Write as _};

use plimsoll_model::{Event, Range};

use super::*;
use crate::feeds::{self, FeedError, ParseReport, Record};

/// A package's test: its name, how it is compared, and with which version.
type PackageTest = (&'static str, &'static str, &'static str);

fn parsed_bytes(feed: &str, bytes: Vec<u8>) -> Result<(Vec<Advisory>, ParseReport), FeedError> {
    let document = feeds::by_name(feed).unwrap().documents().remove(0);
    let mut records: Vec<Record> = vec![];
    let report = feeds::parse(&document, &mut Cursor::new(bytes), &mut records)?;
    let advisory = |record| match record {
        Record::Advisory(advisory) => *advisory,
        other => panic!("{other:?}"),
    };
    Ok((records.into_iter().map(advisory).collect(), report))
}

fn parsed(feed: &str, document: &str) -> (Vec<Advisory>, ParseReport) {
    parsed_bytes(feed, document.as_bytes().to_vec()).unwrap()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

fn document(definitions: &str, checks: &str) -> String {
    format!(
        r#"<?xml version="1.0"?><oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5"
            xmlns:oval="http://oval.mitre.org/XMLSchema/oval-common-5" xmlns:l="http://oval.mitre.org/XMLSchema/oval-definitions-5#linux"
            xmlns:i="http://oval.mitre.org/XMLSchema/oval-definitions-5#independent">
            <generator><oval:timestamp>2024-10-10T12:04:24Z</oval:timestamp><oval:content_version>17</oval:content_version></generator>
            <definitions>{definitions}</definitions>{checks}</oval_definitions>"#
    )
}

/// Tests 1 and on, one a package; tests 100 and on, one a release; test 200, of a signature; tests 301 and 302, of the streams of `nodejs`.
fn checks(packages: &[PackageTest]) -> String {
    let (mut tests, mut objects, mut states) = (String::new(), String::new(), String::new());
    let mut add = |id: usize, name: &str, state: &str| {
        tests.push_str(&format!(
            r#"<l:rpminfo_test check="at least one" id="oval:x:tst:{id}"><l:object object_ref="oval:x:obj:{id}"/>
               <l:state state_ref="oval:x:ste:{id}"/></l:rpminfo_test>"#
        ));
        objects
            .push_str(&format!(r#"<l:rpminfo_object id="oval:x:obj:{id}"><l:name>{name}</l:name></l:rpminfo_object>"#));
        states.push_str(&format!(r#"<l:rpminfo_state id="oval:x:ste:{id}">{state}</l:rpminfo_state>"#));
    };
    for (number, (name, operation, version)) in packages.iter().enumerate() {
        add(number + 1, name, &format!(r#"<l:evr datatype="evr_string" operation="{operation}">{version}</l:evr>"#));
    }
    for release in 1..=10 {
        add(
            100 + release,
            "x-release",
            &format!(r#"<l:version operation="pattern match">^{release}[^\d]</l:version>"#),
        );
    }
    add(200, "x", r#"<l:signature_keyid operation="equals">c0b5e0ab66fd4949</l:signature_keyid>"#);
    add(201, "x-release", r#"<l:arch operation="pattern match">aarch64</l:arch>"#);
    for (id, stream) in [(301, "16"), (302, "18")] {
        tests.push_str(&format!(
            r#"<i:textfilecontent54_test check="all" id="oval:x:tst:{id}"><i:object object_ref="oval:x:obj:{id}"/>
               <i:state state_ref="oval:x:ste:{id}"/></i:textfilecontent54_test>"#
        ));
        objects.push_str(&format!(
            r#"<i:textfilecontent54_object id="oval:x:obj:{id}"><i:filepath>/etc/dnf/modules.d/nodejs.module</i:filepath>
               <i:pattern operation="pattern match">\[nodejs\][\w\W]*</i:pattern><i:instance datatype="int">1</i:instance>
               </i:textfilecontent54_object>"#
        ));
        states.push_str(&format!(
            r#"<i:textfilecontent54_state id="oval:x:ste:{id}"><i:text operation="pattern match">\nstream\s*=\s*{stream}\b</i:text>
               </i:textfilecontent54_state>"#
        ));
    }
    format!("<tests>{tests}</tests><objects>{objects}</objects><states>{states}</states>")
}

/// The criterion that a stream of `nodejs` is enabled, 16 or 18.
fn module(stream: usize) -> String {
    let test = if stream == 16 { 301 } else { 302 };
    format!(r#"<criterion comment="Module nodejs:{stream} is enabled" test_ref="oval:x:tst:{test}"/>"#)
}

fn of(test: usize) -> String {
    format!(r#"<criterion comment="c" test_ref="oval:x:tst:{test}"/>"#)
}

fn all(parts: &[String]) -> String {
    format!(r#"<criteria operator="AND">{}</criteria>"#, parts.concat())
}

fn any(parts: &[String]) -> String {
    format!(r#"<criteria operator="OR">{}</criteria>"#, parts.concat())
}

fn definition(class: &str, metadata: &str, criteria: &str) -> String {
    format!(r#"<definition class="{class}" id="oval:x:def:1"><metadata>{metadata}</metadata>{criteria}</definition>"#)
}

/// `Oracle Linux:8 bind 0..30:9.3-8` for each affected package, `Oracle Linux:8 npm [nodejs:16] 0..1` for a build of a module.
fn told(advisory: &Advisory) -> Vec<String> {
    let event = |event: &Event| match event {
        Event::Introduced(version) => format!("{version}.."),
        Event::Fixed(version) => version.clone(),
        Event::LastAffected(version) => format!("={version}"),
        Event::Limit(version) => format!("<{version}"),
    };
    let range = |range: &Range| range.events.iter().map(event).collect::<String>();
    let of = |affected: &Affected| {
        let ranges: Vec<String> = affected.ranges.iter().map(range).chain(affected.versions.clone()).collect();
        let module = affected.module.as_ref().map(|stream| format!(" [{stream}]")).unwrap_or_default();
        format!("{} {}{module} {}", affected.ecosystem, affected.package, ranges.join(" "))
    };
    advisory.affected.iter().map(of).collect()
}

const AZURE: &str = r#"<title>CVE-2024-1 affecting package oath for versions less than 2.6-3</title>
    <affected family="unix"><platform>Azure Linux</platform></affected>
    <reference ref_id="CVE-2024-1" ref_url="https://nvd.nist.gov/vuln/detail/CVE-2024-1" source="CVE"/>
    <patchable>true</patchable><advisory_date>2024-07-23T22:05:39Z</advisory_date><severity>High</severity>
    <description>CVE-2024-1 affecting package oath for versions less than 2.6-3. A patch is available.</description>"#;

#[test]
fn a_vulnerability_of_azure_linux_is_an_advisory_with_all_that_is_said_of_it() {
    let text = document(
        &definition("vulnerability", AZURE, &all(&[of(1)])),
        &checks(&[("oath", "less than", "0:2.6-3.azl3")]),
    );
    let (advisories, report) = parsed("azurelinux", &text);
    let [advisory] = advisories.as_slice() else { panic!("{advisories:?}") };
    let expected = Advisory {
        source: "azurelinux".into(),
        key: "oval:x:def:1/CVE-2024-1".into(),
        id: "CVE-2024-1".into(),
        aliases: vec![],
        about: vec![],
        title: String::new(),
        description: "CVE-2024-1 affecting package oath for versions less than 2.6-3. A patch is available.".into(),
        published: definition::instant("2024-07-23T22:05:39Z"),
        modified: None,
        withdrawn: None,
        cvss: vec![],
        severity: Some(Severity::High),
        cwes: vec![],
        references: vec!["https://nvd.nist.gov/vuln/detail/CVE-2024-1".into()],
        affected: vec![Affected {
            ecosystem: Ecosystem::with_release("Azure Linux", "3"),
            package: "oath".into(),
            state: AffectedState::Affected,
            ranges: vec![Range::until("2.6-3.azl3")],
            versions: vec![],
            severity: Some(Severity::High),
            module: None,
        }],
    };
    assert_eq!(*advisory, expected);
    assert_eq!((report.statements, report.problems, report.edition.as_deref()), (1, 0, Some("17")));
    assert_eq!(report.as_of, definition::instant("2024-10-10T12:04:24Z"));
}

#[test]
fn azure_linux_says_what_is_not_patched_and_what_is_not_affected() {
    for (patchable, operation, version, state, expected, unmatchable) in [
        ("true", "less than", "0:2.6-3.cm2", AffectedState::Affected, "Azure Linux:2 oath 0..2.6-3.cm2", 0),
        ("false", "less than or equal", "0:2.6-3.cm1", AffectedState::Affected, "Azure Linux:1 oath 0..=2.6-3.cm1", 0),
        ("Not Applicable", "less than", "0:2.6-3.cm2", AffectedState::NotAffected, "Azure Linux:2 oath ", 0),
        ("true", "less than", "0:2.6.cm2", AffectedState::Affected, "Azure Linux:2 oath 0..2.6", 0),
        ("true", "less than", "0:null.cm2", AffectedState::Affected, "Azure Linux:2 oath ", 1),
    ] {
        let metadata = AZURE.replace("true", patchable);
        let text =
            document(&definition("vulnerability", &metadata, &all(&[of(1)])), &checks(&[("oath", operation, version)]));
        let (advisories, report) = parsed("azurelinux", &text);
        assert_eq!(told(&advisories[0]), [expected], "{patchable} {version}");
        assert_eq!(advisories[0].affected[0].state, state, "{patchable}");
        assert_eq!(report.unmatchable, unmatchable, "{patchable} {version}");
    }
}

const ELSA: &str = r#"<title>
    ELSA-2007-0057:  Moderate: bind security update  (MODERATE)
    </title>
    <affected family="unix"><platform>Oracle Linux 5</platform><platform>Oracle Linux 6</platform></affected>
    <reference source="elsa" ref_id="ELSA-2007-0057" ref_url="https://linux.oracle.com/errata/ELSA-2007-0057.html"/>
    <reference source="CVE" ref_id="CVE-2007-0493" ref_url="https://linux.oracle.com/cve/CVE-2007-0493.html"/>
    <reference source="CVE" ref_id="CVE-2007-0494" ref_url="https://linux.oracle.com/cve/CVE-2007-0494.html"/>
    <description>
    - added fix for #224445 - CVE-2007-0493 BIND might crash
    - Resolves: rhbz#224445
    </description>
    <advisory><severity>MODERATE</severity><issued date="2007-06-26"/><updated date="2007-06-27"/>
    <cve cvss3="9.8/CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" href="x" public="20070125">CVE-2007-0493</cve>
    <cve>CVE-2007-0494</cve></advisory>"#;

#[test]
fn an_erratum_of_several_cves_is_an_advisory_for_each() {
    let criteria = all(&[of(105), any(&[all(&[of(1), of(200)]), all(&[of(2), of(200)])])]);
    let tests = checks(&[("bind", "less than", "30:9.3.3-8.el5"), ("bind-libs", "less than", "30:9.3.3-8.el5")]);
    let (advisories, report) = parsed("oracle", &document(&definition("patch", ELSA, &criteria), &tests));
    let [first, second] = advisories.as_slice() else { panic!("{advisories:?}") };
    assert_eq!((first.id.as_str(), first.key.as_str()), ("CVE-2007-0493", "oval:x:def:1/CVE-2007-0493"));
    assert_eq!((second.id.as_str(), second.key.as_str()), ("CVE-2007-0494", "oval:x:def:1/CVE-2007-0494"));
    for advisory in &advisories {
        let bind = ["Oracle Linux:5 bind 0..30:9.3.3-8.el5", "Oracle Linux:5 bind-libs 0..30:9.3.3-8.el5"];
        assert_eq!(told(advisory), bind);
        assert_eq!((advisory.aliases.len(), advisory.title.as_str()), (0, ""));
        assert_eq!((advisory.severity, advisory.affected[0].severity), (Some(Severity::Medium), None));
        assert_eq!(advisory.published, definition::instant("2007-06-26"));
        assert_eq!(advisory.modified, definition::instant("2007-06-27"));
        assert_eq!(advisory.references.len(), 2, "{:?}", advisory.references);
    }
    assert_eq!(
        first.description,
        "ELSA-2007-0057: Moderate: bind security update (MODERATE)\n- added fix for #224445 - CVE-2007-0493 BIND might crash"
    );
    assert_eq!(second.description, "ELSA-2007-0057: Moderate: bind security update (MODERATE)");
    assert_eq!((first.cvss.len(), first.cvss[0].score(), second.cvss.len()), (1, Some(9.8), 0));
    assert_eq!((report.statements, report.records, report.problems), (1, 2, 0));
    let mut groups = crate::AliasGroups::new();
    advisories.iter().for_each(|advisory| groups.add(advisory));
    assert_eq!(groups.groups().len(), 2, "two vulnerabilities");
}

#[test]
fn an_erratum_without_cve_goes_by_its_own_name() {
    for (title, id) in
        [("ELSA-2007-0057: bind", "ELSA-2007-0057"), ("bind update", "oval:x:def:1"), ("", "oval:x:def:1")]
    {
        let metadata = format!("<title>{title}</title>");
        let criteria = all(&[of(105), of(1)]);
        let text = document(&definition("patch", &metadata, &criteria), &checks(&[("bind", "less than", "1-1")]));
        let (advisories, _) = parsed("oracle", &text);
        assert_eq!((advisories[0].id.as_str(), advisories[0].key.as_str()), (id, "oval:x:def:1"), "{title}");
    }
}

#[test]
fn criteria_say_which_packages_of_which_release() {
    let bind = |version: &'static str| ("bind", "less than", version);
    let two = [bind("0:1.0-2.el8"), bind("0:1.0-1.el8")];
    for (criteria, tests, expected) in [
        // By processor, or rebuilt: fixed where the highest is.
        (
            all(&[of(108), any(&[all(&[of(201), of(1)]), all(&[of(201), of(2)])])]),
            &two[..],
            &["Oracle Linux:8 bind 0..1.0-2.el8"][..],
        ),
        // Two releases at once.
        (
            any(&[all(&[of(107), of(1)]), all(&[of(108), of(2)])]),
            &two,
            &["Oracle Linux:7 bind 0..1.0-2.el8", "Oracle Linux:8 bind 0..1.0-1.el8"],
        ),
        (
            all(&[any(&[of(107), of(108)]), of(2)]),
            &two,
            &["Oracle Linux:7 bind 0..1.0-1.el8", "Oracle Linux:8 bind 0..1.0-1.el8"],
        ),
        // No release among the criteria: the platforms.
        (of(1), &two, &["Oracle Linux:5 bind 0..1.0-2.el8", "Oracle Linux:6 bind 0..1.0-2.el8"]),
        (
            all(&[of(108), of(1), of(2)]),
            &[bind("0:2.0-1"), ("bind", "greater than or equal", "0:1.5-1")],
            &["Oracle Linux:8 bind 1.5-1..2.0-1"],
        ),
        (
            all(&[of(108), of(1), of(2).replace("<criterion ", "<criterion negate=\"true\" ")]),
            &[bind("0:2.0-1"), bind("0:1.5-1")],
            &["Oracle Linux:8 bind 1.5-1..2.0-1"],
        ),
        (all(&[of(108), of(1)]), &[("bind", "equals", "0:2.0-1")], &["Oracle Linux:8 bind 2.0-1"]),
    ] {
        let text = document(&definition("patch", ELSA, &criteria), &checks(tests));
        let (advisories, report) = parsed("oracle", &text);
        assert_eq!(told(&advisories[0]), expected, "{criteria}");
        assert_eq!(report.problems, 0, "{:?}", report.problem_texts);
    }
}

#[test]
fn what_stands_beside_a_modules_stream_is_said_of_that_streams_builds() {
    const OF_16: &str = "1:16.20.2-2.module+el8.8.0+21126+b1";
    const OF_18: &str = "1:18.18.2-1.module+el8.8.0+21134+a2";
    let tests = checks(&[
        ("nodejs", "less than", OF_16),
        ("nodejs", "less than", OF_18),
        ("npm", "less than", "1:8.19.4-1.16.20.2.2.module+el8.8.0+21126+b1"),
        ("bind", "less than", "0:1.0-2.el8"),
    ]);
    // By processor, as Oracle writes it, and the stream within; what is of no module beside it.
    let of_16 = all(&[module(16), any(&[all(&[of(1), of(200)]), all(&[of(3), of(200)])])]);
    let by_processor = any(&[all(&[of(201), of_16.clone()]), of_16]);
    let criteria = all(&[of(108), any(&[by_processor, all(&[module(18), of(2)]), of(4)])]);
    let (advisories, report) = parsed("oracle", &document(&definition("patch", ELSA, &criteria), &tests));
    let expected = [
        "Oracle Linux:8 bind 0..1.0-2.el8".to_owned(),
        format!("Oracle Linux:8 nodejs [nodejs:16] 0..{OF_16}"),
        format!("Oracle Linux:8 nodejs [nodejs:18] 0..{OF_18}"),
        "Oracle Linux:8 npm [nodejs:16] 0..1:8.19.4-1.16.20.2.2.module+el8.8.0+21126+b1".to_owned(),
    ];
    assert_eq!((told(&advisories[0]), report.problems), (expected.to_vec(), 0), "{:?}", report.problem_texts);
    // The words name the stream, whatever became of the test.
    let without = tests.replace("oval:x:tst:301", "oval:x:tst:399");
    let criteria = all(&[of(108), module(16), of(1)]);
    let (advisories, report) = parsed("oracle", &document(&definition("patch", ELSA, &criteria), &without));
    assert_eq!((told(&advisories[0]), report.problems), (expected[1..2].to_vec(), 1));
}

#[test]
fn an_update_of_photon_is_of_the_release_that_it_counts() {
    let criteria = all(&[of(103), any(&[all(&[of(1), of(200)]), all(&[of(2), of(200)])])]);
    let metadata = r#"<title>PHSA-2020:00001 sqlite Security Update. (Important)</title>
        <reference ref_id="PHSA:00001:3.0:0036" ref_url="https://github.com/vmware/photon/wiki/3.0-0036" source="PHSA"/>
        <reference ref_id="CVE:00001:CVE-2019-1" ref_url="https://nvd.nist.gov/vuln/detail?vulnId=CVE-2019-1" source="CVE"/>
        <advisory from="x"><severity>Important</severity><issued date="2019-10-23"/><cve>CVE-2019-1</cve></advisory>"#;
    let tests = checks(&[("sqlite", "less than", "0:3.27.2-5.ph3"), ("sqlite-libs", "less than", "0:3.27.2-5.ph3")]);
    let (advisories, report) = parsed("photon", &document(&definition("patch", metadata, &criteria), &tests));
    let expected = ["Photon OS:3.0 sqlite 0..3.27.2-5.ph3", "Photon OS:3.0 sqlite-libs 0..3.27.2-5.ph3"];
    assert_eq!((advisories.len(), told(&advisories[0])), (1, expected.map(str::to_owned).to_vec()));
    assert_eq!((advisories[0].id.as_str(), report.problems), ("CVE-2019-1", 0));
    assert_eq!(advisories[0].affected[0].severity, Some(Severity::High));
}

#[test]
fn what_cannot_be_looked_up_or_read_is_a_problem_with_its_definition() {
    let dangling = |comment: &str| format!(r#"<criterion comment="{comment}" test_ref="oval:x:tst:999"/>"#);
    let extended = r#"<extend_definition definition_ref="oval:x:def:1"/>"#.to_owned();
    for (criteria, operation, expected, problem) in [
        (
            all(&[of(108), dangling("bind is earlier than 0:2.0-1")]),
            "less than",
            &["Oracle Linux:8 bind 0..2.0-1"][..],
            "the test oval:x:tst:999, or its object or state, is not in the document",
        ),
        (
            all(&[dangling("Oracle Linux 8 is installed"), of(1)]),
            "less than",
            &["Oracle Linux:8 bind 0..1.0-1"],
            "the test oval:x:tst:999, or its object or state, is not in the document",
        ),
        (
            all(&[of(108), of(1), extended.clone()]),
            "less than",
            &["Oracle Linux:8 bind 0..1.0-1"],
            "it extends another definition, which is not followed",
        ),
        (
            all(&[of(108), any(&[of(1), of(2)])]),
            "pattern match",
            &["Oracle Linux:8 bind-libs 0..1.0-1"],
            "the test oval:x:tst:1 asks in a way that is not read",
        ),
        (
            all(&[of(108), of(1)]).replace("\"AND\"", "\"XOR\""),
            "less than",
            &["Oracle Linux:5 bind 0..1.0-1", "Oracle Linux:6 bind 0..1.0-1"],
            "criteria are joined by neither AND nor OR: read as OR",
        ),
    ] {
        let tests = checks(&[("bind", operation, "0:1.0-1"), ("bind-libs", "less than", "0:1.0-1")]);
        let (advisories, report) = parsed("oracle", &document(&definition("patch", ELSA, &criteria), &tests));
        assert_eq!(told(&advisories[0]), expected, "{criteria}");
        let problems: Vec<_> = report.problem_texts.iter().map(|p| (p.place.as_str(), p.what.as_str())).collect();
        assert_eq!(problems, [("oval:x:def:1", problem)], "{criteria}");
    }
    for (criteria, problem) in [
        (String::new(), "it names no package that versions can be judged of"),
        (all(&[extended]), "it names no package that versions can be judged of"),
        (all(&[of(108), of(200)]), "it names no package that versions can be judged of"),
        (all(&vec![any(&[of(1), of(2)]); 40]), "its criteria join more than can be followed"),
    ] {
        let whole = definition("patch", ELSA, &all(&[of(108), of(1)]));
        let tests = checks(&[("bind", "less than", "0:1.0-1"), ("bind-libs", "less than", "0:1.0-1")]);
        let text = document(&format!("{}{whole}", definition("patch", ELSA, &criteria)), &tests);
        let (advisories, report) = parsed("oracle", &text);
        assert_eq!((advisories.len(), report.statements), (2, 2), "the rest counts");
        assert!(report.problem_texts.iter().any(|told| told.what == problem), "{:?}", report.problem_texts);
    }
}

#[test]
fn tests_are_read_as_far_as_they_ask_plainly() {
    let test = |attributes: &str, states: &[usize]| {
        let states: String = states.iter().map(|id| format!(r#"<state state_ref="oval:x:ste:{id}"/>"#)).collect();
        format!(
            r#"<rpminfo_test id="oval:x:tst:1" {attributes}><object object_ref="oval:x:obj:1"/>{states}</rpminfo_test>"#
        )
    };
    let objects = r#"<rpminfo_object id="oval:x:obj:1"><name>bind</name></rpminfo_object>"#;
    let states = r#"<rpminfo_state id="oval:x:ste:1"><arch operation="pattern match">x86_64</arch><evr operation="less than">1-1</evr></rpminfo_state>
        <rpminfo_state id="oval:x:ste:2"><signature_keyid operation="equals">1</signature_keyid></rpminfo_state>
        <rpminfo_state id="oval:x:ste:3" operator="OR"><evr operation="less than">3-1</evr></rpminfo_state>
        <rpminfo_state id="oval:x:ste:1"><evr operation="less than">4-1</evr></rpminfo_state>"#;
    let bind = |ranges: &str| Some(["5", "6"].map(|release| format!("Oracle Linux:{release} bind {ranges}")).to_vec());
    let other =
        r#"<textfilecontent54_test id="oval:x:tst:1"><object object_ref="oval:x:obj:2"/></textfilecontent54_test>"#;
    for (test, expected) in [
        (test("", &[1]), bind("0..1-1")),
        (test(r#"check="at least one" check_existence="at_least_one_exists""#, &[1, 2]), bind("0..1-1")),
        (test("", &[]), bind("0..")),
        (test("", &[2]), None),
        (test("", &[3]), None),
        (test("", &[9]), None),
        (test(r#"check="none satisfy""#, &[1]), None),
        (test(r#"check_existence="none_exist""#, &[]), None),
        (test(r#"state_operator="OR""#, &[1, 2]), None),
        (other.to_owned(), None),
    ] {
        let checks = format!(
            "<tests>{test}</tests><objects>{objects}<textfilecontent54_object id=\"oval:x:obj:2\"/></objects><states>{states}</states>"
        );
        let outcome =
            parsed_bytes("oracle", document(&definition("patch", ELSA, &all(&[of(1)])), &checks).into_bytes());
        assert_eq!(outcome.ok().map(|(advisories, _)| told(&advisories[0])), expected, "{test}");
    }
}

#[test]
fn definitions_of_what_a_system_is_are_skipped() {
    let whole = definition("patch", ELSA, &all(&[of(108), of(1)]));
    let text =
        document(&format!("{}{whole}", definition("inventory", "", "")), &checks(&[("bind", "less than", "1-1")]));
    let (_, report) = parsed("oracle", &text);
    assert_eq!((report.statements, report.skipped, report.records), (2, 1, 2));
}

#[test]
fn what_is_no_whole_document_is_refused() {
    let whole = document(&definition("patch", ELSA, &all(&[of(108), of(1)])), &checks(&[("bind", "less than", "1-1")]));
    assert!(parsed_bytes("oracle", gzip(&whole)).is_ok());
    let packed = gzip(&whole);
    let deep = document(&definition("patch", ELSA, &"<criteria>".repeat(100_000)), "");
    let laughs = whole.replace(
        "<oval_definitions",
        "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;']><oval_definitions",
    );
    for (bytes, told) in [
        (vec![], "has no element"),
        (b"<html></html>".to_vec(), "it is a document of html"),
        (b"{\"a\": 1}".to_vec(), "has no element"),
        (b"<oval_definitions/>".to_vec(), "it has no definition"),
        (whole.as_bytes()[..whole.len() / 2].to_vec(), "is not what this feed serves"),
        (whole.as_bytes()[..whole.len() - 3].to_vec(), "is not what this feed serves"),
        (packed[..packed.len() / 2].to_vec(), "is not what this feed serves"),
        (packed[..packed.len() - 4].to_vec(), "is not what this feed serves"),
        (b"BZh91AY&SY".to_vec(), "is not what this feed serves"),
        (b"BZh9nonsense".to_vec(), "is not what this feed serves"),
        (deep.into_bytes(), "the depth of elements is past the limit of 64"),
        (laughs.into_bytes(), "it declares a document type"),
        (gzip(&" ".repeat(64 << 20)), "a record's size in bytes is past"),
    ] {
        let refused = parsed_bytes("oracle", bytes).unwrap_err().to_string();
        assert!(refused.contains(told), "{told}: {refused}");
    }
}

#[test]
fn a_document_past_a_limit_is_refused() {
    static ANY: Distribution = Distribution {
        ecosystem: "Oracle Linux",
        place: |_, span| Ok(Placed { release: "8".into(), span: Some(span) }),
        state: |_| AffectedState::Affected,
    };
    let text = document(&definition("patch", ELSA, &all(&[of(108), of(1)])), &checks(&[("bind", "less than", "1-1")]));
    let text_limits = |document_bytes| metered::Limits { document_bytes, record_bytes: 1 << 20 };
    for (limits, refused) in [
        (LIMITS, None),
        (Limits { text: text_limits(1_000), ..LIMITS }, Some("the document's size in bytes is past the limit of 1000")),
        (Limits { ids: 44, ..LIMITS }, Some("the number of tests, objects and states is past the limit of 44")),
        (Limits { ids: 45, ..LIMITS }, None),
        (Limits { affected: 1, ..LIMITS }, Some("the number of affected packages is past the limit of 1")),
        (Limits { affected: 2, ..LIMITS }, None),
        (Limits { work: 3, ..LIMITS }, Some("the steps in following criteria is past the limit of 3")),
    ] {
        let mut records: Vec<Record> = vec![];
        let mut intake = Intake::new("oracle", &mut records);
        let outcome = read_within(limits, &ANY, &mut Cursor::new(text.as_bytes()), &mut intake);
        let outcome = intake.finish(outcome).err().map(|refusal| refusal.to_string());
        assert_eq!(outcome.as_deref(), refused);
    }
}
