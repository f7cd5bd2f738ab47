//! The feeds of the shared mirror, whole: record counts as its README says them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own reading fails the test")]

#[path = "../../testkit/src/corpus.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use plimsoll_advisories::feeds::{self, Document, ParseReport, Record};
use plimsoll_advisories::{AliasGroups, content_hash};

/// A document as it lies in the mirror's folder.
fn read(mirror: &Path, document: &Document) -> (Vec<Record>, ParseReport) {
    let path = mirror.join(document.mirror_path());
    let mut file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut records: Vec<Record> = vec![];
    let report = feeds::parse(document, &mut file, &mut records).unwrap();
    assert_eq!(report.records, records.len() as u64);
    (records, report)
}

fn document(feed: &str) -> Document {
    let documents = feeds::by_name(feed).unwrap().documents();
    let [document] = documents.as_slice() else { panic!("{documents:?}") };
    document.clone()
}

#[test]
fn every_osv_archive_has_the_records_that_the_mirror_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let expected = [
        ("AlmaLinux", 5_637),
        ("Bitnami", 7_444),
        ("Go", 4_306),
        ("PyPI", 2_678),
        ("crates.io", 1_216),
        ("GIT", 135),
        ("Hackage", 32),
        ("GHC", 3),
        ("Maven", 375),
        ("npm", 17),
        ("NuGet", 9),
        ("Packagist", 5),
        ("RubyGems", 4),
        ("Hex", 1),
        ("Pub", 1),
        ("SwiftURL", 3),
        ("Ubuntu", 16),
        ("Rocky Linux", 3),
        ("Wolfi", 3),
        ("Chainguard", 3),
        ("Root", 19),
        ("OSS-Fuzz", 6),
        ("Julia", 1),
        ("CRAN", 1),
    ];
    let mut hashes = BTreeMap::new();
    let mut groups = AliasGroups::new();
    for (ecosystem, count) in expected {
        let (records, report) = read(&mirror, &feeds::osv::document(ecosystem));
        assert_eq!((report.statements, report.records), (count, count), "{ecosystem}");
        println!("{ecosystem}: {count} records, {} unmatchable, {} problems", report.unmatchable, report.problems);
        for problem in report.problem_texts.iter().take(5) {
            println!("  {}: {}", problem.place, problem.what);
        }
        for record in records {
            let Record::Advisory(advisory) = record else { panic!("{record:?}") };
            groups.add(&advisory);
            let hash = content_hash(&advisory);
            let before = hashes.insert(advisory.key.clone(), hash);
            assert!(before.is_none_or(|before| before == hash), "{} differs between archives", advisory.key);
        }
    }
    assert_eq!(hashes.len(), 21_901, "distinct ids");
    assert_eq!(groups.refused(), 0);
}

#[test]
fn the_debian_tracker_has_the_records_that_the_mirror_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let (records, report) = read(&mirror, &document("debian"));
    assert_eq!((report.statements, report.records), (8_746, 8_746));
    assert_eq!((report.skipped, report.unmatchable, report.problems), (0, 0, 0));
    let (mut ids, mut packages) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
    for record in &records {
        let Record::Advisory(advisory) = record else { panic!("{record:?}") };
        ids.insert(&advisory.id);
        packages.insert(&advisory.affected[0].package);
    }
    assert_eq!((ids.len(), packages.len()), (8_249, 109));
}

#[test]
fn the_excerpt_of_the_real_tracker_is_read_with_its_states() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let mut file = File::open(mirror.join("samples/debian/tracker/data/json")).unwrap();
    let mut records: Vec<Record> = vec![];
    let report = feeds::parse(&document("debian"), &mut file, &mut records).unwrap();
    assert_eq!((report.statements, report.problems), (7, 0), "{report:?}");
}

#[test]
fn debians_lists_have_the_advisories_that_the_mirror_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let expected = [("DSA", 5_406, 18_124, 136), ("DLA", 3_534, 11_095, 215), ("DTSA", 208, 466, 8)];
    let lists = feeds::by_name("debian-advisories").unwrap().documents();
    for (document, (list, entries, records, skipped)) in lists.iter().zip(expected) {
        let (_, report) = read(&mirror, document);
        assert_eq!(document.path, format!("data/{list}/list"));
        assert_eq!((report.statements, report.records, report.skipped), (entries, records, skipped), "{list}");
        assert_eq!((report.unmatchable, report.problems), (0, 0), "{list}: {:?}", report.problem_texts);
    }
    let (_, report) = sample(&mirror, &lists[0], "debian/DSA");
    assert_eq!((report.statements, report.records, report.skipped, report.problems), (10, 7, 4, 0), "{report:?}");
}

#[test]
fn alpines_databases_have_the_fixes_that_the_mirror_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let (mut fixes, mut packages, mut problems, mut unmatchable, mut advisories) = (0, 0, 0, 0, 0);
    for minor in 3..=11 {
        for repository in feeds::alpine::REPOSITORIES {
            let (records, report) = read(&mirror, &feeds::alpine::document(&format!("v3.{minor}"), repository));
            fixes += report.statements;
            problems += report.problems;
            unmatchable += report.unmatchable;
            advisories += report.records;
            let of = |record: &Record| match record {
                Record::Advisory(advisory) => advisory.affected[0].package.clone(),
                other => panic!("{other:?}"),
            };
            packages += records.iter().map(of).collect::<std::collections::BTreeSet<_>>().len();
            for problem in report.problem_texts {
                println!("v3.{minor}/{repository} {}: {}", problem.place, problem.what);
            }
        }
    }
    println!(
        "{fixes} fixes, {advisories} advisories, {packages} packages, {unmatchable} unmatchable, {problems} problems"
    );
    assert_eq!(fixes, 12_028);
}

/// A feed's document read from a file that lies elsewhere than in the mirror's layout.
fn sample(mirror: &Path, document: &Document, path: &str) -> (Vec<Record>, ParseReport) {
    let mut records: Vec<Record> = vec![];
    let mut file = File::open(mirror.join("samples").join(path)).unwrap();
    let report = feeds::parse(document, &mut file, &mut records).unwrap_or_else(|error| panic!("{path}: {error}"));
    (records, report)
}

#[test]
fn wolfis_and_chainguards_databases_have_the_fixes_that_the_mirror_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let (records, report) = read(&mirror, &document("wolfi"));
    assert_eq!((report.statements, report.problems), (31_931, 0), "{:?}", report.problem_texts);
    let mut packages = std::collections::BTreeSet::new();
    for record in &records {
        let Record::Advisory(advisory) = record else { panic!("{record:?}") };
        assert_eq!(advisory.affected[0].ecosystem.to_string(), "Wolfi");
        packages.insert(&advisory.affected[0].package);
    }
    assert_eq!(packages.len(), 1_228);
    for (feed, path, fixes) in
        [("wolfi", "wolfi/os/security.json", 59), ("chainguard", "chainguard/security.json", 197)]
    {
        let (_, report) = sample(&mirror, &document(feed), path);
        assert_eq!((report.statements, report.problems), (fixes, 0), "{feed}");
    }
}

#[test]
fn the_catalogue_of_exploited_vulnerabilities_and_the_scores_are_whole() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let (_, report) = read(&mirror, &document("kev"));
    assert_eq!((report.records, report.problems), (1_404, 0));
    assert_eq!(report.edition.as_deref(), Some("2025.08.25"));
    let (_, report) = read(&mirror, &document("epss"));
    assert_eq!((report.records, report.problems), (360_142, 0));
    assert_eq!(report.edition.as_deref(), Some("v2026.06.15"));
    assert_eq!(report.as_of.unwrap().to_rfc3339(), "2026-08-16T12:00:00+00:00");
}

#[test]
fn nvds_years_have_the_cves_that_the_mirror_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let documents = feeds::by_name("nvd").unwrap().documents();
    let (mut cves, mut years, mut vectors) = (0, 0, 0);
    for document in documents.iter().filter(|document| mirror.join("nvd").join(&document.path).exists()) {
        let (records, report) = read(&mirror, document);
        assert_eq!((report.statements, report.problems), (report.records, 0), "{document}: {:?}", report.problem_texts);
        years += 1;
        cves += report.records;
        for record in records {
            let Record::Advisory(advisory) = record else { panic!("{record:?}") };
            assert!(advisory.affected.is_empty() && advisory.modified.is_some() && !advisory.description.is_empty());
            vectors += advisory.cvss.len();
        }
    }
    println!("{vectors} vectors");
    assert_eq!((cves, years), (96, 15));
}

#[test]
fn the_bundles_of_yara_rules_have_the_files_that_the_mirror_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    for (bundle, count) in feeds::by_name("yara").unwrap().documents().iter().zip([737, 274, 566]) {
        let mut file = std::fs::File::open(mirror.join("yara").join(&bundle.path)).unwrap();
        let report = feeds::parse(bundle, &mut file, &mut Vec::new()).unwrap();
        assert_eq!((report.statements, report.problems), (count, 0), "{bundle}");
    }
}

#[test]
fn every_document_cut_in_half_is_refused() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let documents = [
        feeds::osv::document("PyPI"),
        document("debian"),
        feeds::by_name("debian-advisories").unwrap().document("data/DSA/list"),
        feeds::alpine::document("v3.10", "main"),
        document("wolfi"),
        document("kev"),
        document("epss"),
        feeds::by_name("yara").unwrap().document("signature-base.zip"),
        feeds::by_name("nvd").unwrap().document("feeds/json/cve/2.0/nvdcve-2.0-2024.json.gz"),
    ];
    for document in documents {
        let whole = std::fs::read(mirror.join(document.mirror_path())).unwrap();
        let half = whole[..whole.len() / 2].to_vec();
        let error = feeds::parse(&document, &mut std::io::Cursor::new(half), &mut Vec::new()).unwrap_err();
        assert!(matches!(error.reason, feeds::Refusal::Malformed(_)), "{error}");
        println!("{error}");
        let html = b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>".to_vec();
        assert!(feeds::parse(&document, &mut std::io::Cursor::new(html), &mut Vec::new()).is_err());
    }
}
