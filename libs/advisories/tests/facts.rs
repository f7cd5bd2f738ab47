//! `feeds/facts.tsv` of the shared corpus: what a right matcher concludes, row by row.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own reading fails the test")]

#[path = "../../testkit/src/corpus.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use plimsoll_advisories::feeds::{self, Document, Record};
use plimsoll_advisories::{MemorySource, PackageVersion, matches};
use plimsoll_model::{Advisory, Ecosystem};
use plimsoll_versions::Scheme;

const OSV: [&str; 11] =
    ["AlmaLinux", "Bitnami", "Go", "Hex", "Maven", "NuGet", "Packagist", "PyPI", "RubyGems", "crates.io", "npm"];

/// Every archive of which a fact speaks and whose versions we can order, and the distributions' own data.
fn documents() -> Vec<Document> {
    let mut documents: Vec<Document> = OSV.map(feeds::osv::document).to_vec();
    documents.extend(feeds::by_name("debian").unwrap().documents());
    for minor in 3..=11 {
        let release = format!("v3.{minor}");
        documents.extend(feeds::alpine::REPOSITORIES.map(|repository| feeds::alpine::document(&release, repository)));
    }
    documents
}

fn advisories(mirror: &Path) -> Vec<Advisory> {
    let mut advisories = vec![];
    for document in documents() {
        let mut file = File::open(mirror.join(document.mirror_path())).unwrap();
        let mut records: Vec<Record> = vec![];
        feeds::parse(&document, &mut file, &mut records).unwrap();
        advisories.extend(records.into_iter().map(|record| match record {
            Record::Advisory(advisory) => *advisory,
            other => panic!("{other:?}"),
        }));
    }
    advisories
}

#[test]
fn every_fact_of_an_ecosystem_with_a_version_order_holds() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let source = MemorySource::new(&advisories(&mirror));
    let facts = std::fs::read_to_string(mirror.join("facts.tsv")).unwrap();
    let mut checked: BTreeMap<String, u32> = BTreeMap::new();
    let mut left: BTreeMap<String, u32> = BTreeMap::new();
    let mut wrong = vec![];
    for row in facts.lines().skip(1) {
        let fields: Vec<&str> = row.split('\t').collect();
        let [ecosystem, name, version, advisory, verdict, _why] = fields[..] else { panic!("{row}") };
        let ecosystem: Ecosystem = ecosystem.parse().unwrap();
        if Scheme::for_ecosystem(&ecosystem).is_none() {
            *left.entry(ecosystem.to_string()).or_default() += 1;
            continue;
        }
        let package =
            PackageVersion { ecosystem, name: name.into(), version: version.into(), module: None, is_inert: false };
        let said = source.of(&package.key());
        let is_known = said.iter().any(|candidate| candidate.advisory == advisory);
        let judgement = matches(&package, said);
        let is_reported = judgement.matches.iter().any(|found| found.advisories.iter().any(|id| id == advisory));
        let is_unknown = judgement.unknown.iter().any(|unknown| unknown.advisory == advisory);
        // An advisory that was not read is not reported either: that proves nothing.
        if !is_known || is_unknown || is_reported != (verdict == "affected") {
            wrong.push(format!("{row}: known {is_known}, reported {is_reported}, unknown {:?}", judgement.unknown));
        }
        *checked.entry(package.ecosystem.to_string()).or_default() += 1;
    }
    println!("checked {}: {checked:?}", checked.values().sum::<u32>());
    println!("left to ecosystems without a version order {}: {left:?}", left.values().sum::<u32>());
    assert!(wrong.is_empty(), "{} of the facts do not hold:\n{}", wrong.len(), wrong.join("\n"));
    assert!(left.is_empty(), "{left:?}");
    for (ecosystem, rows) in [
        ("PyPI", 161),
        ("npm", 3),
        ("crates.io", 124),
        ("Debian:12", 99),
        ("Alpine:v3.8", 17),
        ("AlmaLinux:8", 28),
        ("Maven", 262),
        ("Bitnami", 173),
        ("Go", 115),
        ("NuGet", 52),
        ("RubyGems", 8),
        ("Packagist", 4),
    ] {
        assert_eq!(checked.get(ecosystem), Some(&rows), "{ecosystem}");
    }
}
