use super::*;
use crate::feeds::{ParseReport, Record};

fn parsed(text: &str) -> Result<(Vec<Advisory>, ParseReport), Refusal> {
    let mut records: Vec<Record> = vec![];
    let mut intake = Intake::new("nvd", &mut records);
    let outcome = read_json(text.as_bytes(), &mut intake);
    let report = intake.finish(outcome)?;
    let advisory = |record| match record {
        Record::Advisory(advisory) => *advisory,
        other => panic!("{other:?}"),
    };
    Ok((records.into_iter().map(advisory).collect(), report))
}

fn document(cves: &str) -> String {
    format!(r#"{{"format": "NVD_CVE", "version": "2.0", "vulnerabilities": [{cves}]}}"#)
}

const CVE: &str = r#"{"cve": {"id": "CVE-2024-1", "published": "2024-01-02T03:04:05.678", "lastModified": "2024-02-03T04:05:06.789Z",
    "vulnStatus": "Analyzed",
    "descriptions": [{"lang": "es", "value": "malo"}, {"lang": "en", "value": "bad"}],
    "metrics": {
        "cvssMetricV2": [{"source": "nvd@nist.gov", "cvssData": {"vectorString": "AV:N/AC:L/Au:N/C:P/I:P/A:P"}}],
        "cvssMetricV31": [
            {"source": "cna@example.org", "cvssData": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}},
            {"source": "nvd@nist.gov", "cvssData": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}},
            {"source": "cna@example.org", "cvssData": {"vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:L"}}],
        "ssvcV203": [{"source": "x"}]},
    "weaknesses": [{"description": [{"lang": "en", "value": "CWE-79"}, {"lang": "en", "value": "NVD-CWE-noinfo"}]},
                   {"description": [{"lang": "en", "value": "CWE-79"}]}],
    "references": [{"url": "https://example.org/a"}, {"url": "https://example.org/a"}]}}"#;

#[test]
fn a_cve_brings_its_text_and_every_sources_rating() {
    let (advisories, report) = parsed(&document(CVE)).unwrap();
    let [advisory] = advisories.as_slice() else { panic!("{advisories:?}") };
    assert_eq!((advisory.id.as_str(), advisory.description.as_str()), ("CVE-2024-1", "bad"));
    assert_eq!(advisory.published.unwrap().to_rfc3339(), "2024-01-02T03:04:05.678+00:00");
    assert_eq!(advisory.modified.unwrap().to_rfc3339(), "2024-02-03T04:05:06.789+00:00");
    let ratings: Vec<_> = advisory.cvss.iter().map(|v| (v.source.as_str(), v.score().unwrap())).collect();
    assert_eq!(ratings, [("nvd", 7.5), ("nvd", 9.8), ("cna@example.org", 7.3)]);
    assert_eq!(
        (&advisory.cwes[..], &advisory.references[..]),
        (&["CWE-79".into()][..], &["https://example.org/a".into()][..])
    );
    assert_eq!((advisory.affected.len(), advisory.is_withdrawn(), report.problems), (0, false, 0));
}

#[test]
fn a_year_that_begins_has_its_document_and_the_next_may() {
    let later = |today: &str| {
        let documents = FEED.documents_as_of(today.parse().unwrap(), &[]).into_iter().skip(YEARS.count());
        let year = |document: &crate::feeds::Document| document.path.get(30..34).unwrap_or_default().to_owned();
        documents.map(|document| (year(&document), document.may_be_missing)).collect::<Vec<_>>()
    };
    let years = |years: &[(&str, bool)]| years.iter().map(|(year, may)| ((*year).to_owned(), *may)).collect::<Vec<_>>();
    assert_eq!(later("2026-11-30"), years(&[("2027", true)]));
    assert_eq!(later("2027-01-01"), years(&[("2027", true), ("2028", true)]));
    assert_eq!(later("2028-02-29"), years(&[("2027", false), ("2028", true), ("2029", true)]));
    // A clock that is wrong asks for no more than it may, and for no less than is known.
    assert_eq!(later("1970-01-01"), []);
    assert_eq!(later("9999-12-31").len(), 74);
}

#[test]
fn a_rejected_cve_is_withdrawn() {
    for dates in [r#""lastModified": "2024-02-03T04:05:06.789","#, ""] {
        let cve = format!(r#"{{"cve": {{"id": "CVE-2024-2", {dates} "vulnStatus": "Rejected"}}}}"#);
        let (advisories, _) = parsed(&document(&cve)).unwrap();
        assert!(advisories[0].is_withdrawn(), "{dates}");
    }
}

#[test]
fn what_cannot_be_believed_is_a_problem_and_the_rest_counts() {
    let odd = r#"{"cve": {"id": "CVE-2024-3", "metrics": {"cvssMetricV31": [{"source": "a"}, 7]}}}"#;
    let (advisories, report) = parsed(&document(&format!(r#"7, {{"cve": {{"id": "<b>"}}}}, {odd}, {CVE}"#))).unwrap();
    assert_eq!((advisories.len(), report.statements, report.problems), (2, 4, 4));
    assert_eq!(report.problem_texts[0].place, "CVE 1 of the list");
}

#[test]
fn what_is_no_whole_document_is_refused() {
    let whole = document(CVE);
    let counted = r#"{"totalResults": 2, "vulnerabilities": [{"cve": {"id": "CVE-2024-1"}}]}"#;
    let deep = format!(r#"{{"vulnerabilities": [{}"#, "[".repeat(100_000));
    for text in
        ["", "{}", "[]", "<html>", &document(""), counted, &deep, &whole[..whole.len() / 2], &format!("{whole}x")]
    {
        assert!(matches!(parsed(text), Err(Refusal::Malformed(_))), "{text}");
    }
    let long = document(&format!(r#"{{"cve": {{"id": "CVE-2024-1", "x": "{}"}}}}"#, "x".repeat(20 << 20)));
    assert!(matches!(parsed(&long), Err(Refusal::PastLimit { what: "a record's size in bytes", .. })));
}

/// The shape of CVE-2022-0543: Redis as Debian and Ubuntu build it.
const DEBIANS_REDIS: &str = r#"[{"operator": "AND", "nodes": [
    {"operator": "OR", "negate": false, "cpeMatch": [
        {"vulnerable": true, "criteria": "cpe:2.3:a:redis:redis:-:*:*:*:*:*:*:*", "matchCriteriaId": "5EBE5E1C"}]},
    {"operator": "OR", "negate": false, "cpeMatch": [
        {"vulnerable": false, "criteria": "cpe:2.3:o:debian:debian_linux:11.0:*:*:*:*:*:*:*", "matchCriteriaId": "FA6FEEC2"}]}]}]"#;

/// That of CVE-2023-0286, and a product that is nobody's program.
const OPENSSLS: &str = r#"[{"nodes": [{"operator": "OR", "negate": false, "cpeMatch": [
        {"vulnerable": true, "criteria": "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*",
         "versionStartIncluding": "1.1.1", "versionEndExcluding": "1.1.1t", "matchCriteriaId": "EE2A8DE7"},
        {"vulnerable": true, "criteria": "cpe:2.3:a:openssl:openssl:*:*:*:*:*:*:*:*",
         "versionStartIncluding": "3.0.0", "versionEndExcluding": "3.0.8", "matchCriteriaId": "A6DC5D88"}]}]},
    {"nodes": [{"operator": "OR", "negate": false, "cpeMatch": [
        {"vulnerable": true, "criteria": "cpe:2.3:a:acme:gateway:*:*:*:*:*:*:*:*", "versionEndExcluding": "2"}]}]}]"#;

fn configured(id: &str, status: &str, configurations: &str) -> String {
    format!(
        r#"{{"cve": {{"id": "{id}", "vulnStatus": "{status}", "lastModified": "2024-02-03T04:05:06.789", "configurations": {configurations}}}}}"#
    )
}

#[test]
fn a_cve_affects_the_programs_that_its_configurations_name() {
    let cves = [
        configured("CVE-2023-0286", "Modified", OPENSSLS),
        configured("CVE-2022-0543", "Analyzed", DEBIANS_REDIS),
        configured("CVE-2024-4", "Rejected", OPENSSLS),
        configured("CVE-2024-5", "Analyzed", r#"[{"nodes": 7}]"#),
        configured("CVE-2024-6", "Awaiting Analysis", "null"),
    ];
    let (advisories, report) = parsed(&document(&cves.join(", "))).unwrap();
    let affected: Vec<_> = advisories.iter().map(|cve| (cve.affected.len(), cve.is_withdrawn())).collect();
    assert_eq!(affected, [(1, false), (0, false), (1, true), (0, false), (0, false)]);
    assert_eq!(advisories[0].affected[0].package, "openssl");
    assert_eq!((report.records, report.problems, report.unmatchable), (5, 1, 0));
    assert_eq!(report.problem_texts[0].place, "CVE-2024-5");
    assert!(report.problem_texts[0].what.starts_with("its configurations cannot be read: "));
}
