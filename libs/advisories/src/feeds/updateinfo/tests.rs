//! Small documents, and the advisories that they are; documents that are none.

use std::io::{Cursor, Write as _};

use plimsoll_model::Event;

use super::*;
use crate::feeds::{self, FeedError, ParseReport, Record};

fn parsed_bytes(bytes: Vec<u8>) -> Result<(Vec<Advisory>, ParseReport), FeedError> {
    let document = feeds::by_name("amazon").unwrap().documents().remove(0);
    let mut records: Vec<Record> = vec![];
    let report = feeds::parse(&document, &mut Cursor::new(bytes), &mut records)?;
    let advisory = |record| match record {
        Record::Advisory(advisory) => *advisory,
        other => panic!("{other:?}"),
    };
    Ok((records.into_iter().map(advisory).collect(), report))
}

fn parsed(updates: &str) -> (Vec<Advisory>, ParseReport) {
    parsed_bytes(document(updates).into_bytes()).unwrap()
}

fn document(updates: &str) -> String {
    format!("<?xml version=\"1.0\" ?>\n<updates>{updates}</updates>")
}

fn gzip(text: &str) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

fn update(kind: &str, id: &str, severity: &str, references: &str, packages: &str) -> String {
    format!(
        r#"<update author="linux-security@amazon.com" from="linux-security@amazon.com" status="final" type="{kind}" version="1.4">
           <id>{id}</id><title>Amazon Linux 2023 - {id}: {severity} priority
           package update for rsyslog</title><issued date="2023-02-17 20:41" /><updated date="2023-02-22 23:22:07" />
           <severity>{severity}</severity><description>CVE-2022-24903:
	A flaw &amp; more.</description><references>{references}</references>
           <pkglist><collection short="amazon-linux-2023"><name>Amazon Linux 2023</name>{packages}</collection></pkglist></update>"#
    )
}

fn reference(cve: &str) -> String {
    format!(
        r#"<reference href="http://cve.mitre.org/cgi-bin/cvename.cgi?name={cve}" id="{cve}" title="" type="cve" />"#
    )
}

/// A package by name, epoch, version, release and processor.
fn package([name, epoch, version, release, arch]: [&str; 5]) -> String {
    format!(
        r#"<package name="{name}" epoch="{epoch}" version="{version}" release="{release}" arch="{arch}"><filename>Packages/x.rpm</filename></package>"#
    )
}

fn rsyslog() -> String {
    package(["rsyslog", "0", "8.2204.0", "3.amzn2023.0.2", "x86_64"])
}

/// `Amazon Linux:2 kernel 4.9.76-38.79.amzn2` for each affected package.
fn told(advisory: &Advisory) -> Vec<String> {
    let fixed = |affected: &Affected| match affected.ranges.as_slice() {
        [Range { events }] => match events.as_slice() {
            [Event::Introduced(from), Event::Fixed(fixed)] if from == "0" => fixed.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let of = |affected: &Affected| format!("{} {} {}", affected.ecosystem, affected.package, fixed(affected));
    advisory.affected.iter().map(of).collect()
}

#[test]
fn a_security_update_is_a_notice_on_its_cves_with_each_package_once() {
    let references = format!(
        r#"{}{}<reference href="https://alas.aws.amazon.com/x.html" id="x" type="self" />"#,
        reference("CVE-2022-24903"),
        reference("CVE-2014-3634")
    );
    let packages = [
        ["rsyslog", "0", "8.2204.0", "3.amzn2023.0.2", "x86_64"],
        ["rsyslog", "0", "8.2204.0", "3.amzn2023.0.2", "aarch64"],
        ["rsyslog-doc", "", "8.2204.0", "3.amzn2023.0.2", "noarch"],
        ["openssl-libs", "1", "3.0.8", "1.amzn2023.0.9", "x86_64"],
        // Rebuilt once more for one processor.
        ["openssl-libs", "1", "3.0.8", "1.amzn2023.0.10", "aarch64"],
        ["openssl-libs", "1", "3.0.8", "1.amzn2023.0.9", "i686"],
    ];
    let packages = packages.map(package).concat();
    let (advisories, report) = parsed(&update("security", "ALAS2023-2023-001", "Important", &references, &packages));
    assert_eq!((report.statements, report.records, report.problems, report.unmatchable), (1, 1, 0, 0), "{report:?}");
    let [advisory] = advisories.as_slice() else { panic!("{advisories:?}") };
    assert_eq!((advisory.source.as_str(), advisory.key.as_str()), ("amazon", "ALAS2023-2023-001"));
    assert_eq!((advisory.id.as_str(), advisory.is_notice()), ("ALAS2023-2023-001", true));
    assert_eq!(advisory.about, ["CVE-2014-3634", "CVE-2022-24903"]);
    assert_eq!(
        advisory.description,
        "Amazon Linux 2023 - ALAS2023-2023-001: Important priority package update for rsyslog\nCVE-2022-24903:\n\tA flaw & more."
    );
    assert_eq!(advisory.title, "");
    assert_eq!(advisory.published.unwrap().to_rfc3339(), "2023-02-17T20:41:00+00:00");
    assert_eq!(advisory.modified.unwrap().to_rfc3339(), "2023-02-22T23:22:07+00:00");
    assert_eq!(advisory.references, ["https://alas.aws.amazon.com/x.html"]);
    assert_eq!(
        told(advisory),
        [
            "Amazon Linux:2023 openssl-libs 1:3.0.8-1.amzn2023.0.10",
            "Amazon Linux:2023 rsyslog 8.2204.0-3.amzn2023.0.2",
            "Amazon Linux:2023 rsyslog-doc 8.2204.0-3.amzn2023.0.2",
        ]
    );
    assert_eq!(advisory.severity, Some(Severity::High));
    assert!(advisory.affected.iter().all(|affected| affected.severity.is_none()), "it is of the worst of the two");
}

#[test]
fn an_update_of_one_cve_rates_its_packages_and_leads_to_it() {
    for (word, severity) in [
        ("critical", Some(Severity::Critical)),
        ("Important", Some(Severity::High)),
        ("medium", Some(Severity::Medium)),
        ("low", Some(Severity::Low)),
        ("urgent", None),
        ("", None),
    ] {
        let (advisories, _) =
            parsed(&update("security", "ALAS2-2018-939", word, &reference("CVE-2017-5754"), &rsyslog()));
        assert_eq!((advisories[0].severity, advisories[0].affected[0].severity), (severity, severity), "{word}");
        assert_eq!(advisories[0].affected[0].ecosystem.to_string(), "Amazon Linux:2");
        assert_eq!(advisories[0].references, ["http://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2017-5754"]);
    }
}

#[test]
fn what_an_update_does_not_say_is_left_out_and_what_cannot_be_read_is_told() {
    let bare = |id: &str, rest: &str| format!(r#"<update type="security"><id>{id}</id>{rest}</update>"#);
    let listed = |packages: &str| format!("<pkglist><collection>{packages}</collection></pkglist>");
    let odd = r#"<references><reference id="CVE-x" type="cve"/></references>"#;
    let incomplete =
        r#"<package name="a" version="1"/><package version="1" release="1"/><package name="a" release="1"/>"#;
    for (document, records, skipped, problems) in [
        (bare("ALAS2-2024-1", &listed(&rsyslog())), 1, 0, &[][..]),
        (update("bugfix", "ALAS2-2024-1", "low", "", &rsyslog()), 0, 1, &[]),
        (update("enhancement", "ALAS2-2024-1", "", "", ""), 0, 1, &[]),
        (update("", "ALAS2-2024-1", "low", "", &rsyslog()), 0, 1, &[]),
        (bare("ALAS2-2024-1", ""), 0, 0, &["it names no package that versions can be judged of"]),
        (bare("RHSA-2024:1", &listed(&rsyslog())), 0, 0, &["its id names no release"]),
        (bare("", &listed(&rsyslog())), 0, 0, &["its id names no release"]),
        (
            bare("ALAS2-2024-1", &format!("{odd}{}", listed(&rsyslog()))),
            1,
            0,
            &["a reference of the type 'cve' names none"],
        ),
        (
            bare("ALAS2-2024-1", &listed(&format!("{incomplete}{}", rsyslog()))),
            1,
            0,
            &["a package has no name, version or release"; 3],
        ),
    ] {
        let beside = update("security", "ALAS2-2024-9", "low", "", &rsyslog());
        let (_, report) = parsed(&format!("{document}{beside}"));
        let what: Vec<&str> = report.problem_texts.iter().map(|problem| problem.what.as_str()).collect();
        assert_eq!((report.records, report.skipped, &what[..]), (records + 1, skipped, problems), "{document}");
        assert_eq!(report.statements, 2);
    }
    let (advisories, _) = parsed(&bare("ALAS2-2024-1", &listed(&rsyslog())));
    assert_eq!((advisories[0].is_notice(), advisories[0].published, advisories[0].modified), (false, None, None));
}

#[test]
fn a_document_is_the_same_packed_and_plain() {
    let text = document(&update("security", "ALAS2-2024-1", "low", &reference("CVE-2024-1"), &rsyslog()));
    assert_eq!(parsed_bytes(gzip(&text)).unwrap(), parsed_bytes(text.into_bytes()).unwrap());
}

#[test]
fn a_document_that_is_none_or_not_whole_is_refused() {
    let whole = document(&update("security", "ALAS2-2024-1", "low", &reference("CVE-2024-1"), &rsyslog()));
    let packed = gzip(&whole);
    let entities = format!("<!DOCTYPE updates [<!ENTITY l 'ha'>]>{whole}").into_bytes();
    for (bytes, told) in [
        (vec![], "it has no element"),
        (whole.as_bytes()[..whole.len() / 2].to_vec(), "it ends inside of updates/update"),
        (packed[..packed.len() / 2].to_vec(), "is not what this feed serves"),
        (packed[..packed.len() - 1].to_vec(), "is not what this feed serves"),
        (b"<html><body>502 Bad Gateway</body></html>".to_vec(), "a document of html, not of updates"),
        (document("").into_bytes(), "it has no update"),
        (entities, "it declares a document type"),
        (document(&"<update>".repeat(100_000)).into_bytes(), "the depth of elements is past the limit of 64"),
        (document("<update type='security'><id>x</id></update>").into_bytes(), "none of its 1 records could be read"),
    ] {
        let refused = parsed_bytes(bytes).unwrap_err().to_string();
        assert!(refused.contains(told), "{told}: {refused}");
    }
}

#[test]
fn a_document_or_an_update_past_its_bound_is_refused() {
    let limits = metered::Limits { document_bytes: 2 << 20, record_bytes: 1 << 20 };
    let long = update("security", "ALAS2-2024-1", "low", "", &rsyslog().repeat(10_000));
    let many = update("security", "ALAS2-2024-1", "low", "", &rsyslog()).repeat(10_000);
    let empty = "<update/>".repeat(1 << 20);
    for (updates, expected) in [
        (&long, "a record's size in bytes"),
        (&many, "the document's size in bytes"),
        (&empty, "the document's size in bytes"),
    ] {
        // What has some kilobytes packed is a bomb.
        let mut bytes = Cursor::new(gzip(&document(updates)));
        let mut records: Vec<Record> = vec![];
        let mut intake = Intake::new("amazon", &mut records);
        let place = |_: &str| Some(Ecosystem::with_release("Amazon Linux", "2"));
        let refused = read_within(limits, place, &mut bytes, &mut intake).unwrap_err();
        assert!(matches!(refused, Refusal::PastLimit { what, .. } if what == expected), "{refused}");
    }
}
