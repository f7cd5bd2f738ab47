//! The feeds of the shared mirror, whole: record counts as its README says them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's own reading fails the test")]

#[path = "../../testkit/src/corpus.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use plimsoll_advisories::feeds::{self, Document, ParseReport, Record};
use plimsoll_advisories::{AliasGroups, MemorySource, PackageVersion, content_hash, matches};
use plimsoll_model::{Advisory, Affected, AffectedState, Ecosystem, Event, Range};

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

/// Packages of a document's advisories as `ecosystem name`, each once.
fn packages(records: &[Record]) -> std::collections::BTreeSet<String> {
    let advisories = records.iter().map(|record| match record {
        Record::Advisory(advisory) => advisory,
        other => panic!("{other:?}"),
    });
    let named = |affected: &Affected| format!("{} {}", affected.ecosystem, affected.package);
    advisories.flat_map(|advisory| advisory.affected.iter().map(named)).collect()
}

#[test]
fn azure_linuxs_documents_have_the_definitions_that_the_mirror_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let mut keys = std::collections::BTreeSet::new();
    for (name, release, count, names, unpatched, not_affected, unknown) in [
        ("azurelinux-3.0", "Azure Linux:3", 1_222, 201, 0, 1, 0),
        ("cbl-mariner-1.0", "Azure Linux:1", 2_252, 227, 126, 78, 0),
        ("cbl-mariner-2.0", "Azure Linux:2", 2_436, 366, 160, 132, 2),
    ] {
        let document = feeds::by_name("azurelinux").unwrap().document(format!("{name}-oval.xml.gz"));
        let (records, report) = read(&mirror, &document);
        assert_eq!((report.statements, report.records, report.skipped), (count, count, 0), "{name}");
        // Fixes that are no version, of moby-engine and jsch.
        assert_eq!((report.unmatchable, report.problems), (unknown, unknown), "{name}: {:?}", report.problem_texts);
        assert!(report.as_of.is_some() && report.edition.is_some(), "{name}");
        let packages = packages(&records);
        assert_eq!(packages.len(), names, "{name}");
        assert!(packages.iter().all(|package| package.starts_with(release)), "{name}");
        let is_source = |package: &String| !package.ends_with("-devel") && !package.ends_with("-libs");
        assert!(packages.iter().all(is_source), "{name} names source packages");
        let (mut last, mut never) = (0, 0);
        for record in records {
            let Record::Advisory(advisory) = record else { panic!("{record:?}") };
            let [affected] = advisory.affected.as_slice() else { panic!("{advisory:?}") };
            let events = affected.ranges.iter().flat_map(|range| &range.events);
            last += u64::from(events.into_iter().any(|event| matches!(event, Event::LastAffected(_))));
            never += u64::from(affected.state == AffectedState::NotAffected);
            assert!(advisory.id.starts_with("CVE-") && affected.severity.is_some(), "{advisory:?}");
            assert!(keys.insert(advisory.key.clone()), "{} stands twice", advisory.key);
        }
        assert_eq!((last, never), (unpatched, not_affected), "{name}");
    }
}

#[test]
fn photons_document_has_the_definitions_that_the_mirror_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let document = feeds::by_name("photon").unwrap().document("photon_oval_definitions/com.vmware.phsa-photon3.xml.gz");
    let (records, report) = read(&mirror, &document);
    assert_eq!((report.statements, report.problems, report.unmatchable), (222, 0, 0), "{:?}", report.problem_texts);
    let packages = packages(&records);
    assert_eq!(packages.len(), 212);
    assert!(packages.contains("Photon OS:3.0 linux-devel"), "it names binary packages");
    assert_eq!(report.records, 660, "one for each CVE that a definition names");
}

#[test]
fn the_excerpts_of_oracles_document_are_read_by_their_words_and_each_missing_test_is_told() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let oracle = document("oracle");
    // All the 30 criteria of the first: 28 have no test, and those of the other two have no object.
    for (path, definitions, cves, problems, expected) in [
        ("com.oracle.elsa-excerpt.xml", 2, 6, 30, ("Oracle Linux:5 bind", "30:9.3.3-8.el5")),
        ("com.oracle.elsa-per-arch-excerpt.xml", 3, 6, 153, ("Oracle Linux:7 rsyslog", "8.24.0-57.0.4.el7_9.3")),
    ] {
        let (records, report) = sample(&mirror, &oracle, &format!("oracle/{path}"));
        assert_eq!((report.statements, report.records, report.problems), (definitions, cves, problems), "{path}");
        let fixed = records.iter().find_map(|record| match record {
            Record::Advisory(advisory) => advisory.affected.iter().find_map(|affected| {
                let is_it = format!("{} {}", affected.ecosystem, affected.package) == expected.0;
                is_it.then(|| affected.ranges.clone())
            }),
            other => panic!("{other:?}"),
        });
        assert_eq!(fixed.unwrap(), [Range::until(expected.1)], "{path}");
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

/// What an index names, read as a first run would: the archive, then what changed since.
fn listed(mirror: &Path, index: &Document) -> (BTreeMap<String, Advisory>, u64, Vec<ParseReport>) {
    let index = index.index().unwrap();
    let open = |document: &Document| File::open(mirror.join("redhat").join(&document.path)).unwrap();
    let listing = index.listing(open(&index.archive_latest), open(&index.changes), open(&index.deletions)).unwrap();
    let plan = listing.plan(&[]);
    assert_eq!((listing.problems, plan.left, plan.gone.len(), plan.superseded.len()), (0, 0, 0, 0));
    let (mut advisories, mut reports, loose) = (BTreeMap::new(), vec![], plan.documents.len() as u64);
    for document in plan.archive.into_iter().chain(plan.documents) {
        let (records, report) = read(mirror, &document.document);
        reports.push(report);
        for record in records {
            let Record::Advisory(advisory) = record else { panic!("{record:?}") };
            advisories.insert(advisory.key.clone(), *advisory);
        }
    }
    (advisories, loose, reports)
}

#[test]
fn red_hats_archives_and_what_changed_since_have_the_documents_that_the_mirror_says() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let indexes = feeds::by_name("redhat").unwrap().documents();
    for (index, loose, statements, records) in [(&indexes[0], 6, 49, 49), (&indexes[1], 3, 35, 311)] {
        let (advisories, fetched, reports) = listed(&mirror, index);
        assert_eq!(fetched, loose, "{index}");
        assert_eq!(reports.iter().map(|report| report.statements).sum::<u64>(), statements, "{index}");
        assert_eq!(advisories.len(), records, "{index}");
        for report in &reports {
            assert_eq!((report.problems, report.unmatchable), (0, 0), "{:?}", report.problem_texts);
        }
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        for affected in advisories.values().flat_map(|advisory| &advisory.affected) {
            assert_eq!(affected.ecosystem.name(), "Red Hat");
            *states.entry(affected.state.as_str()).or_default() += 1;
        }
        println!("{index}: {states:?}");
    }
}

/// A package of Red Hat's, by release, name, version and stream.
fn installed(release: &str, name: &str, version: &str, module: Option<&str>) -> PackageVersion {
    PackageVersion {
        ecosystem: Ecosystem::with_release("Red Hat", release),
        name: name.into(),
        version: version.into(),
        module: module.map(str::to_owned),
        is_inert: false,
    }
}

#[test]
fn packages_of_red_hats_meet_what_its_documents_say() {
    let Some(mirror) = corpus::shared("feeds") else { return };
    let indexes = feeds::by_name("redhat").unwrap().documents();
    let advisories: Vec<Advisory> = indexes.iter().flat_map(|index| listed(&mirror, index).0.into_values()).collect();
    let source = MemorySource::new(&advisories);
    const RUBY: &str = "2.7.8-139.module+el8.8.0+18745+f1bef313";
    let cases = [
        ("CVE-2024-0727", installed("9", "openssl", "1:3.0.7-25.el9_3", None), Some("affected 1:3.0.7-27.el9")),
        ("CVE-2024-0727", installed("9", "openssl", "1:3.0.7-27.el9", None), None),
        ("CVE-2024-0727", installed("8", "openssl", "1:1.1.1k-14.el8_6", None), Some("affected")),
        ("CVE-2024-0727", installed("8", "edk2", "20220126gitbb1bba3d77-6.el8", None), Some("wont_fix")),
        ("CVE-2024-0727", installed("7", "openssl", "1:1.0.2k-26.el7_9", None), Some("end_of_life")),
        ("CVE-2024-0727", installed("9", "shim", "15.6-1.el9", None), None),
        ("CVE-2023-38545", installed("8", "curl", "7.61.1-30.el8", None), None),
        ("CVE-2023-38545", installed("9", "curl", "7.76.1-23.el9_2.2", None), Some("affected 7.76.1-23.el9_2.4")),
        (
            "CVE-2023-28755",
            installed("8", "ruby", "2.7.6-138.module+el8.6.0+16147+a1d09ec8", Some("ruby:2.7")),
            Some(&*format!("affected {RUBY}")),
        ),
        ("CVE-2023-28755", installed("8", "ruby", RUBY, Some("ruby:2.7")), None),
        // Each stream has its own advisory.
        (
            "CVE-2023-28755",
            installed("8", "ruby", "2.5.9-109.module+el8.6.0+1+a", Some("ruby:2.5")),
            Some("affected 2.5.9-111.module+el8.9.0+19193+435404ae"),
        ),
        ("CVE-2023-28755", installed("8", "ruby", "1-1.module+el8.6.0+1+a", Some("ruby:9.9")), None),
        ("CVE-2025-40907", installed("8", "perl-FCGI", "0.78-11.el8", None), None),
    ];
    for (cve, package, expected) in cases {
        let judgement = matches(&package, source.of(&package.key()));
        let found = judgement.matches.iter().find(|found| found.vulnerability == cve).map(|found| {
            let fix = found.fixed_in.as_deref().map(|fix| format!(" {fix}")).unwrap_or_default();
            assert_eq!(
                (&found.sources[..], found.severity_source.as_deref()),
                (&["redhat".to_owned()][..], Some("redhat"))
            );
            format!("{}{fix}", found.state.as_str())
        });
        assert_eq!(found.as_deref(), expected, "{cve} {package:?}");
        assert!(judgement.unknown.iter().all(|unknown| unknown.vulnerability != cve), "{cve} {package:?}");
    }
    // An older document tells that a build is a module's, and not of which stream.
    let package = installed("8", "postgresql", "12.14-1.module+el8.8.0+1+a", Some("postgresql:12"));
    let judgement = matches(&package, source.of(&package.key()));
    assert!(judgement.unknown.iter().any(|unknown| unknown.vulnerability == "CVE-2023-2454"), "{judgement:?}");
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
        feeds::by_name("azurelinux").unwrap().document("azurelinux-3.0-oval.xml.gz"),
        feeds::by_name("photon").unwrap().document("photon_oval_definitions/com.vmware.phsa-photon3.xml.gz"),
        document("kev"),
        document("epss"),
        feeds::by_name("yara").unwrap().document("signature-base.zip"),
        feeds::by_name("nvd").unwrap().document("feeds/json/cve/2.0/nvdcve-2.0-2024.json.gz"),
        feeds::by_name("redhat").unwrap().document("csaf/v2/vex/csaf_vex_2025-12-31.tar.zst"),
        feeds::by_name("redhat").unwrap().document("csaf/v2/vex/2024/cve-2024-0727.json"),
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
