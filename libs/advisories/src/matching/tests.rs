//! Each rule of matching by its name.

use plimsoll_model::{Affected, Event, Range};

use super::*;
use crate::MemorySource;

fn package(ecosystem: &str, version: &str) -> PackageVersion {
    PackageVersion {
        ecosystem: ecosystem.parse().unwrap(),
        name: "pkg".into(),
        version: version.into(),
        module: None,
        is_inert: false,
    }
}

/// `osv` says that versions below 2.0 of `pkg` have CVE-2024-1.
fn said(ecosystem: &str) -> Candidate {
    Candidate {
        vulnerability: "CVE-2024-1".into(),
        source: "osv".into(),
        advisory: "GHSA-1".into(),
        is_withdrawn: false,
        affected: Affected {
            ecosystem: ecosystem.parse().unwrap(),
            package: "pkg".into(),
            module: None,
            state: AffectedState::Affected,
            ranges: vec![Range::until("2.0")],
            versions: vec![],
            severity: None,
        },
    }
}

fn with(candidate: Candidate, change: impl FnOnce(&mut Candidate)) -> Candidate {
    let mut changed = candidate;
    change(&mut changed);
    changed
}

/// A distribution's own word on the same package.
fn own(ecosystem: &str, source: &str, change: impl FnOnce(&mut Affected)) -> Candidate {
    with(said(ecosystem), |candidate| {
        candidate.source = source.into();
        candidate.advisory = "CVE-2024-1".into();
        change(&mut candidate.affected);
    })
}

fn is_matched(package: &PackageVersion, candidates: &[Candidate]) -> bool {
    let judgement = matches(package, candidates);
    assert!(judgement.unknown.is_empty(), "{judgement:?}");
    !judgement.matches.is_empty()
}

#[test]
fn a_withdrawn_advisory_matches_nothing() {
    let candidate = said("PyPI");
    assert!(is_matched(&package("PyPI", "1.0"), std::slice::from_ref(&candidate)));
    assert!(!is_matched(&package("PyPI", "1.0"), &[with(candidate, |c| c.is_withdrawn = true)]));
}

#[test]
fn a_package_meets_only_what_is_said_of_its_own_ecosystem_release_and_name() {
    let candidate = said("Debian:12");
    assert!(is_matched(&package("Debian:12", "1.0"), std::slice::from_ref(&candidate)));
    for other in ["Debian:11", "Debian", "PyPI", "Alpine:v3.10"] {
        assert!(!is_matched(&package(other, "1.0"), std::slice::from_ref(&candidate)), "{other}");
    }
    let renamed = PackageVersion { name: "PKG".into(), ..package("Debian:12", "1.0") };
    assert!(!is_matched(&renamed, &[candidate]));
}

#[test]
fn where_sources_of_a_language_disagree_any_that_says_affected_counts() {
    let other = with(said("PyPI"), |c| c.affected.ranges = vec![Range::until("0.5")]);
    assert!(is_matched(&package("PyPI", "1.0"), &[other, said("PyPI")]));
}

#[test]
fn a_distributions_own_word_counts_over_others_on_its_package() {
    let backported = own("Debian:12", "debian", |affected| affected.ranges = vec![Range::until("1.0-3")]);
    let candidates = [said("Debian:12"), backported.clone()];
    assert!(!is_matched(&package("Debian:12", "1.0-3"), &candidates), "its backport is respected");
    assert!(is_matched(&package("Debian:12", "1.0-2"), &candidates));
    let never = own("Debian:12", "debian", |affected| affected.state = AffectedState::NotAffected);
    assert!(!is_matched(&package("Debian:12", "1.0-2"), &[said("Debian:12"), never]));
    // Two entries of the own source are its word together.
    let still_open = own("Debian:12", "debian", |_| {});
    assert!(is_matched(&package("Debian:12", "1.0-3"), &[backported, still_open]));
}

#[test]
fn of_a_distributions_own_feeds_the_first_that_speaks_counts_alone() {
    let tracker = own("Debian:12", "debian", |affected| affected.ranges = vec![Range::until("1.0-3")]);
    let advisory = own("Debian:12", "debian-advisories", |affected| affected.ranges = vec![Range::until("1.0-4")]);
    let other = with(said("Debian:12"), |c| c.affected.ranges = vec![Range::until("1.0-5")]);
    let is_matched = |version: &str, candidates: &[&Candidate]| {
        let candidates: Vec<Candidate> = candidates.iter().map(|candidate| (*candidate).clone()).collect();
        is_matched(&package("Debian:12", version), &candidates)
    };
    for (version, by_all, without_tracker, by_other) in
        [("1.0-2", true, true, true), ("1.0-3", false, true, true), ("1.0-4", false, false, true)]
    {
        assert_eq!(is_matched(version, &[&advisory, &other, &tracker]), by_all, "{version}");
        assert_eq!(is_matched(version, &[&other, &advisory]), without_tracker, "{version}");
        assert_eq!(is_matched(version, &[&other]), by_other, "{version}");
    }
    let never = with(tracker, |c| c.affected.state = AffectedState::NotAffected);
    assert!(!is_matched("1.0-2", &[&advisory, &never]), "what the tracker has taken back stays taken back");
}

#[test]
fn states_are_kept_as_said_and_only_some_are_counted() {
    use AffectedState::{Affected, EndOfLife, NotAffected, UnderInvestigation, WontFix};
    for (state, expected) in [
        (Affected, Some((Affected, true))),
        (WontFix, Some((WontFix, true))),
        (EndOfLife, Some((EndOfLife, true))),
        (UnderInvestigation, Some((UnderInvestigation, false))),
        (NotAffected, None),
    ] {
        let judgement = matches(&package("Debian:12", "1.0"), &[own("Debian:12", "debian", |a| a.state = state)]);
        let states: Vec<_> = judgement.matches.iter().map(|found| (found.state, found.state.is_affected())).collect();
        assert_eq!(states, Vec::from_iter(expected));
        assert!(judgement.unknown.is_empty());
    }
    let investigated = own("Debian:12", "debian", |a| {
        a.state = UnderInvestigation;
        a.ranges = vec![Range::until("0.9")];
    });
    assert_eq!(matches(&package("Debian:12", "1.0"), &[investigated]).matches, [], "it does not concern the version");
}

#[test]
fn what_is_looked_into_is_affected_where_another_source_says_so() {
    let investigated = with(said("PyPI"), |c| c.affected.state = AffectedState::UnderInvestigation);
    let judgement = matches(&package("PyPI", "1.0"), &[investigated, said("PyPI")]);
    assert_eq!(judgement.matches.iter().map(|found| found.state).collect::<Vec<_>>(), [AffectedState::Affected]);
}

#[test]
fn what_a_package_does_not_run_is_told_and_not_counted() {
    let headers = PackageVersion { is_inert: true, ..package("Debian:12", "1.0") };
    for state in [AffectedState::Affected, AffectedState::WontFix, AffectedState::UnderInvestigation] {
        let judgement = matches(&headers, &[own("Debian:12", "debian", |a| a.state = state)]);
        let states: Vec<_> = judgement.matches.iter().map(|found| found.state).collect();
        assert_eq!(states, [AffectedState::NotRunning]);
    }
}

#[test]
fn statements_of_one_vulnerability_are_one_match_with_the_lowest_fix_and_every_source() {
    let second = with(said("PyPI"), |c| {
        c.source = "another".into();
        c.advisory = "PYSEC-1".into();
        c.affected.ranges = vec![Range::until("1.10")];
        c.affected.severity = Some(Severity::High);
        c.affected.state = AffectedState::WontFix;
    });
    let third = with(said("PyPI"), |c| c.affected.ranges = vec![Range::until("1.9")]);
    let expected = Match {
        vulnerability: "CVE-2024-1".into(),
        fixed_in: Some("1.9".into()),
        state: AffectedState::Affected,
        severity: Some(Severity::High),
        severity_source: Some("another".into()),
        sources: vec!["another".into(), "osv".into()],
        advisories: vec!["GHSA-1".into(), "PYSEC-1".into()],
    };
    let candidates = [said("PyPI"), second, third];
    assert_eq!(matches(&package("PyPI", "1.0"), &candidates).matches, std::slice::from_ref(&expected));
    let mut turned = candidates;
    turned.reverse();
    assert_eq!(matches(&package("PyPI", "1.0"), &turned).matches, [expected]);
}

#[test]
fn a_fix_below_the_installed_version_is_no_fix() {
    let branches = with(said("PyPI"), |c| {
        c.affected.ranges = vec![Range {
            events: [("0", "1.5"), ("2.0", "2.7")]
                .into_iter()
                .flat_map(|(from, to)| [Event::Introduced(from.into()), Event::Fixed(to.into())])
                .collect(),
        }];
    });
    let fix = |version| matches(&package("PyPI", version), std::slice::from_ref(&branches)).matches[0].fixed_in.clone();
    assert_eq!(fix("1.0").as_deref(), Some("1.5"));
    assert_eq!(fix("2.1").as_deref(), Some("2.7"));
}

#[test]
fn a_version_that_cannot_be_ordered_is_unknown_and_never_not_affected() {
    let judgement = matches(&package("npm", "not a version"), &[said("npm"), said("npm")]);
    assert_eq!(judgement.matches, []);
    let [unknown] = judgement.unknown.as_slice() else { panic!("{judgement:?}") };
    assert_eq!((unknown.vulnerability.as_str(), unknown.advisory.as_str()), ("CVE-2024-1", "GHSA-1"));
    assert!(unknown.why.contains("not a version"), "{}", unknown.why);
    // A range that cannot be read is as unknown, unless another statement decides.
    let unreadable = with(said("npm"), |c| c.affected.ranges = vec![Range::until("soon")]);
    assert_eq!(matches(&package("npm", "1.0.0"), std::slice::from_ref(&unreadable)).unknown.len(), 1);
    let readable = with(said("npm"), |c| c.affected.ranges = vec![Range::until("2.0.0")]);
    let judgement = matches(&package("npm", "1.0.0"), &[unreadable, readable]);
    assert_eq!((judgement.matches.len(), judgement.unknown.len()), (1, 0));
}

#[test]
fn without_a_version_order_only_a_listed_version_is_decided() {
    let candidate = with(said("Klingon"), |c| c.affected.versions = vec!["1.0".into()]);
    let listed = matches(&package("Klingon", "1.0"), std::slice::from_ref(&candidate));
    assert_eq!((listed.matches.len(), listed.unknown.len()), (1, 0));
    let other = matches(&package("Klingon", "1.1"), &[candidate]);
    assert_eq!(other.unknown[0].why, "the version order of Klingon is not known");
}

#[test]
fn a_statement_without_versions_is_unknown() {
    let empty = with(said("PyPI"), |c| c.affected.ranges = vec![]);
    assert_eq!(matches(&package("PyPI", "1.0"), &[empty]).unknown[0].why, "it names no versions");
}

#[test]
fn a_reversed_range_does_not_hide_that_a_version_may_be_affected() {
    let reversed = with(said("PyPI"), |c| {
        c.affected.ranges = vec![Range { events: vec![Event::Introduced("2.0".into()), Event::Fixed("1.0".into())] }];
    });
    assert!(is_matched(&package("PyPI", "2.1"), &[reversed]), "affected from 2.0 on, as OSV evaluates sorted events");
}

/// What Red Hat says of `pkg` in its release 8: `fixed` is a version, or empty where there is no fix.
fn of_red_hat(module: Option<&str>, fixed: &str) -> Candidate {
    own("Red Hat:8", "redhat", |affected| {
        affected.module = module.map(str::to_owned);
        affected.ranges = vec![if fixed.is_empty() { Range::everything() } else { Range::until(fixed) }];
    })
}

/// Whether it is affected, `None` for unknown.
fn found(judgement: &PackageJudgement) -> Option<bool> {
    judgement.unknown.is_empty().then_some(!judgement.matches.is_empty())
}

#[test]
fn a_build_of_a_module_is_judged_within_its_stream() {
    const BUILD: &str = "18.1-1.module+el8.8.0+1+a";
    const FIXED: &str = "18.2-1.module+el8.8.0+2+b";
    let (of_18, of_20) = (Some("nodejs:18"), Some("nodejs:20"));
    let cases = [
        // The package's version and stream; the statement's fix and stream; whether affected, `None` for unknown.
        (BUILD, of_18, FIXED, of_18, Some(true)),
        (FIXED, of_18, FIXED, of_18, Some(false)),
        (BUILD, of_18, "", of_18, Some(true)),
        (BUILD, of_18, "20.5-1.module+el8.8.0+2+b", of_20, Some(false)),
        (BUILD, of_18, "", of_20, Some(false)),
        (BUILD, of_18, "99-1.el8", None, Some(false)),
        (BUILD, of_18, "", None, Some(false)),
        ("18.1-1.el8", None, FIXED, of_18, Some(false)),
        ("18.1-1.el8", None, "", of_18, Some(false)),
        ("18.1-1.el8", None, "18.1-2.el8", None, Some(true)),
        ("18.1-1.el8", None, FIXED, None, Some(false)),
        (BUILD, None, FIXED, of_18, None),
        (BUILD, None, "", of_18, None),
        (BUILD, of_18, FIXED, None, None),
        (BUILD, None, FIXED, None, None),
        (FIXED, of_18, FIXED, None, Some(false)),
        (BUILD, None, "99-1.el8", None, Some(false)),
    ];
    for (version, built_in, fixed, said_of, expected) in cases {
        let package = PackageVersion { module: built_in.map(str::to_owned), ..package("Red Hat:8", version) };
        let judgement = matches(&package, &[of_red_hat(said_of, fixed)]);
        assert_eq!(
            found(&judgement),
            expected,
            "{version} of {built_in:?}, fixed in {fixed:?} of {said_of:?}: {judgement:?}"
        );
    }
    for (ecosystem, said_of, expected) in [
        ("Oracle Linux:8", of_18, Some(true)),
        ("Oracle Linux:8", of_20, Some(false)),
        ("Oracle Linux:8", None, None),
        // Who tells no streams is taken as it is.
        ("openEuler:22.03", None, Some(true)),
    ] {
        let build = PackageVersion { module: of_18.map(str::to_owned), ..package(ecosystem, BUILD) };
        let other = with(said(ecosystem), |candidate| {
            candidate.affected.module = said_of.map(str::to_owned);
            candidate.affected.ranges = vec![Range::until(FIXED)];
        });
        assert_eq!(found(&matches(&build, &[other])), expected, "{ecosystem} {said_of:?}");
    }
}

#[test]
fn of_the_fixes_that_red_hat_names_the_lowest_counts() {
    let again = [of_red_hat(None, "1.0-5.el8"), of_red_hat(None, "1.0-3.el8")];
    for (version, fix) in
        [("1.0-2.el8", Some("1.0-3.el8")), ("1.0-3.el8", None), ("1.0-4.el8", None), ("1.0-5.el8", None)]
    {
        let found = matches(&package("Red Hat:8", version), &again).matches;
        assert_eq!(found.first().and_then(|found| found.fixed_in.as_deref()), fix, "{version}");
    }
    let open = [of_red_hat(None, "1.0-3.el8"), of_red_hat(None, "")];
    assert!(is_matched(&package("Red Hat:8", "1.0-4.el8"), &open), "what is open stays open");
}

#[tokio::test]
async fn many_packages_are_judged_with_one_lookup_in_their_order() {
    struct Counting(MemorySource, std::sync::atomic::AtomicUsize);
    impl AdvisorySource for Counting {
        async fn affecting(&self, keys: &[PackageKey]) -> Result<Vec<Candidate>, SourceError> {
            self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            assert_eq!(keys.len(), 2);
            self.0.affecting(keys).await
        }
    }
    let advisory: plimsoll_model::Advisory = serde_json::from_value(serde_json::json!({
        "source": "osv", "key": "GHSA-1", "id": "GHSA-1", "aliases": ["CVE-2024-1"], "published": null,
        "modified": null, "withdrawn": null,
        "affected": [{"ecosystem": "PyPI", "package": "pkg", "ranges": [{"events": [{"introduced": "0"}, {"fixed": "2.0"}]}]}]
    }))
    .unwrap();
    let source = Counting(MemorySource::new(&[advisory]), 0.into());
    let packages = [package("npm", "1.0.0"), package("PyPI", "2.0"), package("PyPI", "1.0")];
    let judged = judge_packages(&source, &packages).await.unwrap();
    let found: Vec<_> = judged.iter().map(|judgement| judgement.matches.len()).collect();
    assert_eq!(found, [0, 0, 1]);
    assert_eq!(judged[2].matches[0].vulnerability, "CVE-2024-1");
    assert_eq!(source.1.into_inner(), 1);
}
