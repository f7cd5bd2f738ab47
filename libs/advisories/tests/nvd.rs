//! What the shared corpus has of NVD.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own reading fails the test")]

#[path = "../../testkit/src/corpus.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use plimsoll_advisories::feeds::{self, Record};
use plimsoll_advisories::{MemorySource, PackageVersion, matches, programs};
use plimsoll_model::Advisory;

/// The CVEs of each year that the mirror has.
fn years(mirror: &Path) -> Vec<Vec<Advisory>> {
    let documents = feeds::by_name("nvd").unwrap().documents();
    let there = documents.iter().filter(|document| mirror.join(document.mirror_path()).exists());
    let year = |document| {
        let mut records: Vec<Record> = vec![];
        let mut file = File::open(mirror.join(feeds::Document::mirror_path(document))).unwrap();
        let report = feeds::parse(document, &mut file, &mut records).unwrap();
        assert_eq!((report.statements, report.problems), (report.records, 0), "{document}: {:?}", report.problem_texts);
        assert_eq!(report.unmatchable, 0, "{document}");
        let cve = |record| match record {
            Record::Advisory(advisory) => *advisory,
            other => panic!("{other:?}"),
        };
        records.into_iter().map(cve).collect()
    };
    there.map(year).collect()
}

#[test]
fn nvds_years_have_the_cves_that_the_mirror_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let years = years(&mirror);
    let cves: Vec<&Advisory> = years.iter().flatten().collect();
    assert_eq!((cves.len(), years.len()), (96, 15));
    assert!(cves.iter().all(|cve| cve.modified.is_some() && !cve.description.is_empty()));
    println!("{} vectors", cves.iter().map(|cve| cve.cvss.len()).sum::<usize>());
    let mut programs: BTreeMap<&str, usize> = BTreeMap::new();
    for affected in cves.iter().flat_map(|cve| &cve.affected) {
        *programs.entry(&affected.package).or_default() += 1;
    }
    let expected = [
        ("busybox", 1),
        ("curl", 2),
        ("ffmpeg", 2),
        ("httpd", 1),
        ("mariadb", 2),
        ("mysql", 2),
        ("node", 3),
        ("openjdk", 1),
        ("openssl", 5),
        ("oracle-jdk", 1),
        ("perl", 1),
        ("python", 1),
    ];
    assert_eq!(programs, expected.into());
}

#[test]
fn versions_of_programs_have_what_nvd_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let source = MemorySource::new(&years(&mirror).concat());
    for (program, version, cve, expected) in [
        ("openssl", "1.1.1k", "CVE-2022-0778", Some("1.1.1n")),
        ("openssl", "1.1.1n", "CVE-2022-0778", None),
        ("openssl", "1.0.2zc", "CVE-2022-0778", Some("1.0.2zd")),
        ("openssl", "0.9.8y", "CVE-2014-0224", Some("0.9.8za")),
        ("openssl", "3.2.0", "CVE-2024-0727", Some("")),
        ("openssl", "3.2.1", "CVE-2024-0727", None),
        ("node", "14.0.0", "CVE-2022-0778", None),
        ("node", "14.18.3", "CVE-2022-0778", Some("14.19.1")),
        ("node", "10.13.0", "CVE-2018-0735", Some("11.3.0")),
        ("openjdk", "1.8.0_392", "CVE-2024-20919", Some("1.8.0_402")),
        ("openjdk", "8u392", "CVE-2024-20919", Some("1.8.0_402")),
        ("openjdk", "1.8.0_402", "CVE-2024-20919", None),
        ("openjdk", "17.0.9+9", "CVE-2024-20919", Some("17.0.10")),
        ("openjdk", "17.0.10", "CVE-2024-20919", None),
        ("openjdk", "11.0.22", "CVE-2024-20919", None),
        ("oracle-jdk", "1.8.0_401", "CVE-2024-20919", None),
        ("curl", "8.5.0", "CVE-2024-7264", Some("8.9.1")),
        ("httpd", "2.4.37", "CVE-2018-17199", Some("")),
        ("ffmpeg", "4.3.2", "CVE-2021-28429", Some("")),
        ("perl", "5.8.3", "CVE-2004-0377", Some("")),
        // As Debian and Ubuntu build it.
        ("redis", "6.0.15", "CVE-2022-0543", None),
    ] {
        let package = PackageVersion {
            ecosystem: programs::ecosystem(),
            name: program.into(),
            version: version.into(),
            module: None,
            is_inert: false,
        };
        let judgement = matches(&package, source.of(&package.key()));
        assert_eq!(judgement.unknown, [], "{program} {version}");
        let found = judgement.matches.iter().find(|found| found.vulnerability == cve);
        let fix = found.map(|found| found.fixed_in.as_deref().unwrap_or_default());
        assert_eq!(fix, expected, "{program} {version} {cve}");
        assert!(found.is_none_or(|found| found.sources == ["nvd"]));
    }
}
