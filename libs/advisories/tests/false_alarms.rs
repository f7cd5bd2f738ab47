//! False alarms whose cause is known, each with its right answer, as far as the matcher gives it.
//!
//! Not here, and where:
//! - *Vendor flavours of an RPM (FIPS, Ksplice)*: Oracle alone has errata of theirs. They share ecosystem and name with the plain package, and an epoch of their own
//!   tells them apart: `src/feeds/oracle.rs` reads it, and has the cases.
//! - What is a package is the analysis' to say, in `libs/analysis`:
//!   - *.NET file versions, and packages of which the runtime's own copy is used*: `packages_with_a_file_in_use_are_found_by_their_own_version` in
//!     `src/analysers/dotnet_deps.rs`;
//!   - *old copies inside shaded jars*: `jars_within_jars_are_read_with_the_whole_path` in `tests/analysis/inspectors.rs`;
//!   - *example folders, caches, test data*: `lock_files_among_the_tests_and_examples_of_a_project_say_nothing` in `tests/analysis/development.rs`,
//!     `only_the_roots_of_packages_are_wanted` in `src/analysers/node_modules.rs`, `folders_of_packages_and_caches_are_known` in `src/path.rs`;
//!   - *packages that the distribution owns*: `what_the_distribution_owns_is_not_reported_twice` in `tests/analysis/squashed.rs`,
//!     `what_a_package_owns_is_not_reported_again_as_a_language_package` in `tests/analysis/rpm.rs`.

use plimsoll_advisories::feeds::{self, Record};
use plimsoll_advisories::{Candidate, MemorySource, PackageJudgement, PackageVersion, matches};
use plimsoll_model::{Advisory, Affected, AffectedState, PackageKey, Range};

/// What is said of a version where an advisory of `said_of` names `fixed` as the fix.
fn judged(said_of: &str, fixed: &str, ecosystem: &str, version: &str) -> PackageJudgement {
    let affected = Affected {
        ecosystem: said_of.parse().unwrap(),
        package: "pkg".into(),
        module: None,
        state: AffectedState::Affected,
        ranges: vec![Range::until(fixed)],
        versions: vec![],
        severity: None,
    };
    let candidate = Candidate {
        vulnerability: "CVE-2024-1".into(),
        source: "osv".into(),
        advisory: "A-1".into(),
        is_withdrawn: false,
        affected,
    };
    let package = PackageVersion {
        ecosystem: ecosystem.parse().unwrap(),
        name: "pkg".into(),
        version: version.into(),
        module: None,
        is_inert: false,
    };
    matches(&package, &[candidate])
}

#[test]
fn a_go_pseudo_version_is_ordered_by_its_time() {
    let fixed = "0.0.0-20220314234659-1baeb1ce4c0b";
    for (version, is_affected) in [
        ("v0.0.0-20210921155107-089bfa567519", true),
        ("v0.0.0-20220314234659-1baeb1ce4c0b", false),
        ("v0.0.0-20220315160706-3147a52a75dd", false),
        ("v0.1.0", false),
    ] {
        let judgement = judged("Go", fixed, "Go", version);
        assert_eq!((judgement.matches.len() == 1, judgement.unknown.len()), (is_affected, 0), "{version}");
    }
}

#[test]
fn a_go_module_without_a_version_is_unknown_and_neither_affected_nor_not() {
    let judgement = judged("Go", "1.2.3", "Go", "(devel)");
    assert_eq!((judgement.matches.len(), judgement.unknown.len()), (0, 1));
}

#[test]
fn what_a_builder_adds_to_a_go_toolchains_version_does_not_count() {
    for (version, is_affected) in
        [("1.22.2", true), ("go1.22.2", true), ("go1.22rc1", true), ("go1.22.3", false), ("go1.22.3-google", false)]
    {
        let judgement = judged("Go", "1.22.3", "Go", version);
        assert_eq!((judgement.matches.len() == 1, judgement.unknown.len()), (is_affected, 0), "{version}");
    }
    let between_releases = judged("Go", "1.22.3", "Go", "devel go1.23-97daa6e94296980b4aa2dac93a938a5edd95ce93");
    assert_eq!((between_releases.matches.len(), between_releases.unknown.len()), (0, 1));
}

#[test]
fn what_another_channel_of_the_distribution_fixes_says_nothing_of_this_one() {
    for (said_of, ecosystem) in [
        ("Ubuntu:Pro:18.04:LTS", "Ubuntu:18.04:LTS"),
        ("Ubuntu:Pro:FIPS:18.04:LTS", "Ubuntu:18.04:LTS"),
        ("Ubuntu:18.04:LTS", "Ubuntu:Pro:18.04:LTS"),
        ("AlmaLinux:9", "AlmaLinux:8"),
    ] {
        let judgement = judged(said_of, "99", ecosystem, "1.0-1");
        assert_eq!(judgement, PackageJudgement::default(), "{said_of} on {ecosystem}");
    }
}

#[test]
fn a_language_package_is_not_judged_by_what_is_said_of_a_distributions_package_of_its_name() {
    for (said_of, ecosystem) in [
        ("Debian:12", "PyPI"),
        ("PyPI", "Debian:12"),
        ("npm", "PyPI"),
        ("Bitnami", "npm"),
        // A product of NVD's is a program, and no package of its name.
        ("generic", "PyPI"),
        ("generic", "npm"),
        ("generic", "Debian:12"),
        ("PyPI", "generic"),
    ] {
        let judgement = judged(said_of, "99", ecosystem, "1.0.0");
        assert_eq!(judgement, PackageJudgement::default(), "{said_of} on {ecosystem}");
    }
}

#[test]
fn a_build_of_a_module_is_compared_within_its_stream_and_with_the_first_build_of_a_fix() {
    let advisory = |fixed: &[&str]| {
        let affected = fixed.iter().map(|fixed| {
            serde_json::json!({"package": {"ecosystem": "AlmaLinux:8", "name": "nodejs"},
                               "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}]})
        });
        serde_json::json!({"id": "ALSA-2023:1", "modified": "2023-01-01T00:00:00Z", "summary": "nodejs:18 security update",
                           "affected": affected.collect::<Vec<_>>()})
    };
    let fixed = ["1:18.14.2-3.module_el8.7.0+3510+1", "1:18.14.2-3.module_el8.6.0+3400+1"];
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("ALSA-2023:1.json", zip::write::SimpleFileOptions::default()).unwrap();
    std::io::Write::write_all(&mut archive, advisory(&fixed).to_string().as_bytes()).unwrap();
    let mut archive = archive.finish().unwrap();
    let mut records: Vec<Record> = vec![];
    feeds::parse(&feeds::osv::document("AlmaLinux"), &mut archive, &mut records).unwrap();
    let [Record::Advisory(advisory)] = &records[..] else { panic!("{records:?}") };
    for (version, module, expected) in [
        ("1:18.12.1-2.module_el8.7.0+3400+1", Some("nodejs:18"), "affected"),
        ("1:18.14.2-3.module_el8.6.0+3400+1", Some("nodejs:18"), "clean"),
        ("1:16.18.1-3.module_el8.7.0+3300+1", Some("nodejs:16"), "clean"),
        ("1:16.18.1-3.module_el8.7.0+3300+1", None, "unknown"),
        ("1:10.24.0-1.el8", None, "clean"),
    ] {
        assert_eq!(nodejs(advisory, "AlmaLinux:8", version, module), expected, "{version} {module:?}");
    }
}

/// How a build of `nodejs` is judged by an advisory.
fn nodejs(advisory: &Advisory, ecosystem: &str, version: &str, module: Option<&str>) -> &'static str {
    let package = PackageVersion {
        ecosystem: ecosystem.parse().unwrap(),
        name: "nodejs".into(),
        version: version.into(),
        module: module.map(str::to_owned),
        is_inert: false,
    };
    let key = PackageKey { ecosystem: package.ecosystem.clone(), package: package.name.clone() };
    let judgement = matches(&package, MemorySource::new(std::slice::from_ref(advisory)).of(&key));
    match (judgement.matches.len(), judgement.unknown.len()) {
        (1, 0) => "affected",
        (0, 0) => "clean",
        _ => "unknown",
    }
}

/// An erratum of two streams, in the words of Oracle's criteria. Its tests are left out, as in excerpts of Oracle's document: the words count.
const ORACLE: &str = r#"<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5"><definitions>
    <definition id="oval:com.oracle.elsa:def:20235532" version="501" class="patch">
    <metadata><title>ELSA-2023-5532: nodejs security update (IMPORTANT)</title>
        <affected family="unix"><platform>Oracle Linux 8</platform></affected>
        <reference source="CVE" ref_id="CVE-2023-32002" ref_url="https://linux.oracle.com/cve/CVE-2023-32002.html"/></metadata>
    <criteria operator="AND"><criterion test_ref="oval:com.oracle.elsa:tst:20235532001" comment="Oracle Linux 8 is installed"/>
    <criteria operator="OR">
        <criteria operator="AND"><criterion test_ref="oval:com.oracle.elsa:tst:20235532002" comment="Module nodejs:16 is enabled"/>
            <criterion test_ref="oval:com.oracle.elsa:tst:20235532003" comment="nodejs is earlier than 1:16.20.2-1.module+el8.8.0+21128+1"/></criteria>
        <criteria operator="AND"><criterion test_ref="oval:com.oracle.elsa:tst:20235532004" comment="Module nodejs:18 is enabled"/>
            <criterion test_ref="oval:com.oracle.elsa:tst:20235532005" comment="nodejs is earlier than 1:18.17.1-1.module+el8.8.0+21127+1"/></criteria>
    </criteria></criteria></definition></definitions></oval_definitions>"#;

#[test]
fn a_build_of_a_module_of_oracles_is_compared_with_the_fix_of_its_own_stream() {
    let mut records: Vec<Record> = vec![];
    let document = feeds::by_name("oracle").unwrap().documents().remove(0);
    feeds::parse(&document, &mut std::io::Cursor::new(ORACLE.as_bytes().to_vec()), &mut records).unwrap();
    let [Record::Advisory(advisory)] = &records[..] else { panic!("{records:?}") };
    for (version, module, expected) in [
        ("1:16.20.1-1.module+el8.8.0+21000+1", Some("nodejs:16"), "affected"),
        ("1:16.20.2-1.module+el8.8.0+21128+1", Some("nodejs:16"), "clean"),
        ("1:18.16.1-1.module+el8.8.0+21001+1", Some("nodejs:18"), "affected"),
        ("1:18.17.1-1.module+el8.8.0+21127+1", Some("nodejs:18"), "clean"),
        ("1:14.21.3-1.module+el8.7.0+20900+1", Some("nodejs:14"), "clean"),
        ("1:16.20.2-1.module+el8.8.0+21128+1", None, "unknown"),
        ("1:10.24.0-1.el8", None, "clean"),
    ] {
        assert_eq!(nodejs(advisory, "Oracle Linux:8", version, module), expected, "{version} {module:?}");
    }
}

#[test]
fn a_kernels_headers_and_tools_are_told_apart_and_its_image_is_counted() {
    let said = |name: &str| {
        let installed = plimsoll_model::InstalledPackage {
            package: plimsoll_model::Package {
                source: Some(plimsoll_model::SourcePackage { name: "linux".into(), version: "6.1.76-1".into() }),
                ..plimsoll_model::Package::new(plimsoll_model::PackageType::Deb, name, "6.1.76-1")
            },
            ecosystem: Some("Debian:12".parse().unwrap()),
            purl: None,
            layer: 0,
            path: "var/lib/dpkg/status".into(),
        };
        let affected = Affected {
            ecosystem: "Debian:12".parse().unwrap(),
            package: "linux".into(),
            module: None,
            state: AffectedState::Affected,
            ranges: vec![Range::until("6.1.90-1")],
            versions: vec![],
            severity: None,
        };
        let candidate = Candidate {
            vulnerability: "CVE-2024-1".into(),
            source: "debian".into(),
            advisory: "CVE-2024-1".into(),
            is_withdrawn: false,
            affected,
        };
        matches(&PackageVersion::of(&installed).unwrap(), &[candidate]).matches[0].state
    };
    for (name, expected) in [
        ("linux-libc-dev", AffectedState::NotRunning),
        ("bpftool", AffectedState::NotRunning),
        ("linux-image-6.1.0-18-amd64-unsigned", AffectedState::Affected),
    ] {
        assert_eq!(said(name), expected, "{name}");
    }
}
