//! False alarms whose cause is known, each with its right answer, as far as the matcher gives it.
//!
//! Not here yet, and why:
//! - *Kernel advisories on header or tool packages*: a match has no "not running here" to be kept apart by.
//! - *RPM module streams*: OSV's documents name none, so that a package of AlmaLinux or Rocky Linux is compared with every stream's fixes. Red Hat's
//!   do, and theirs are compared within it.
//! - *Vendor flavours of an RPM (FIPS, Ksplice)*: they share ecosystem and name with the plain package; only the version's text tells.
//! - *.NET file versions, shaded jars, example folders, packages that the distribution owns*: what is a package is the analysis' to say.

use plimsoll_advisories::{Candidate, PackageJudgement, PackageVersion, matches};
use plimsoll_model::{Affected, AffectedState, Range};

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
    for (said_of, ecosystem) in [("Debian:12", "PyPI"), ("PyPI", "Debian:12"), ("npm", "PyPI"), ("Bitnami", "npm")] {
        let judgement = judged(said_of, "99", ecosystem, "1.0.0");
        assert_eq!(judgement, PackageJudgement::default(), "{said_of} on {ecosystem}");
    }
}
