//! Tables of ranges and versions.

use plimsoll_model::{AffectedState, Ecosystem};

use super::*;

fn affected(ranges: &[&str], versions: &[&str]) -> Affected {
    Affected {
        ecosystem: Ecosystem::new("x"),
        package: "p".into(),
        module: None,
        state: AffectedState::Affected,
        ranges: ranges.iter().map(|events| Range { events: events.split_whitespace().map(event).collect() }).collect(),
        versions: versions.iter().map(|&version| version.into()).collect(),
        severity: None,
    }
}

type Kind = fn(String) -> Event;

/// `>=` introduced, `<` fixed, `<=` last affected, `^` limit.
fn event(text: &str) -> Event {
    let kinds: [(&str, Kind); 4] =
        [(">=", Event::Introduced), ("<=", Event::LastAffected), ("<", Event::Fixed), ("^", Event::Limit)];
    kinds.into_iter().find_map(|(mark, kind)| Some(kind(text.strip_prefix(mark)?.into()))).unwrap()
}

/// Ranges, listed versions and version against `Some(fix)` when affected, `""` for no fix.
type Case = (&'static [&'static str], &'static [&'static str], &'static str, Option<&'static str>);

fn check(scheme: Scheme, cases: &[Case]) {
    for (ranges, versions, version, expected) in cases {
        let judgement = judge(scheme, &affected(ranges, versions), version).unwrap();
        let found = judgement.is_affected.then(|| judgement.fixed_in.clone().unwrap_or_default());
        assert_eq!(found.as_deref(), *expected, "{scheme}: {version} in {ranges:?} {versions:?}");
        assert!(judgement.is_affected || judgement.fixed_in.is_none());
    }
}

#[test]
fn a_range_holds_what_lies_between_its_events() {
    check(
        Scheme::Semver,
        &[
            (&[">=1.0.0 <1.2.0"], &[], "0.9.9", None),
            (&[">=1.0.0 <1.2.0"], &[], "1.0.0", Some("1.2.0")),
            (&[">=1.0.0 <1.2.0"], &[], "1.1.9", Some("1.2.0")),
            (&[">=1.0.0 <1.2.0"], &[], "1.2.0", None),
            (&[">=0 <1.2.0"], &[], "0.0.0-0", Some("1.2.0")),
            (&[">=0"], &[], "99.0.0", Some("")),
            (&[">=0 <=1.2.0"], &[], "1.2.0", Some("")),
            (&[">=0 <=1.2.0"], &[], "1.2.1-0", None),
            (&[">=1.0.0 <=1.0.0"], &[], "1.0.0", Some("")),
            (&[">=1.0.0 <=1.0.0"], &[], "1.0.1", None),
            // A pre-release of the fix does not have it yet, one of the first affected version not the fault.
            (&[">=1.0.0 <1.2.0"], &[], "1.2.0-rc.1", Some("1.2.0")),
            (&[">=1.0.0 <1.2.0"], &[], "1.0.0-rc.1", None),
            (&[">=0 <99999999999999999999.0.0"], &[], "18446744073709551616.0.0", Some("99999999999999999999.0.0")),
        ],
    );
}

#[test]
fn the_fix_is_that_of_the_versions_branch() {
    const BRANCHES: &[&str] = &[">=1.0.0 <1.2.3 >=2.0.0 <2.1.0 >=3.0.0"];
    const REVERSED: &[&str] = &[">=3.0.0 <2.1.0 >=2.0.0 <1.2.3 >=1.0.0"];
    const APART: &[&str] = &[">=3.0.0", ">=2.0.0 <2.1.0", ">=1.0.0 <1.2.3"];
    for branches in [BRANCHES, REVERSED, APART] {
        check(
            Scheme::Npm,
            &[
                (branches, &[], "1.0.0", Some("1.2.3")),
                (branches, &[], "1.2.3", None),
                (branches, &[], "1.9.0", None),
                (branches, &[], "2.0.5", Some("2.1.0")),
                (branches, &[], "2.1.0", None),
                (branches, &[], "3.0.0", Some("")),
            ],
        );
    }
    check(
        Scheme::Npm,
        &[
            // Another range, or the list, still affects the nearest fix.
            (&[">=0 <1.5.0", ">=1.2.0 <2.0.0"], &[], "1.3.0", Some("2.0.0")),
            (&[">=0 <1.5.0 <1.6.0"], &["1.5.0"], "1.3.0", Some("1.6.0")),
            (&[">=0 <1.5.0", ">=1.2.0"], &[], "1.3.0", Some("")),
            // A branch without a fix of its own is left for the next fixed one.
            (&[">=1.0.0 <=1.4.0 >=2.0.0 <2.1.0"], &[], "1.3.0", Some("2.1.0")),
        ],
    );
}

#[test]
fn events_at_one_version_cancel_out() {
    check(
        Scheme::Semver,
        &[
            (&[">=0 <0"], &[], "1.0.0", None),
            (&["<0 >=0"], &[], "1.0.0", None),
            (&["<0"], &[], "1.0.0", None),
            (&[">=1.0.0 <1.0.0"], &[], "1.0.0", None),
            (&["<1.0.0 >=1.0.0"], &[], "2.0.0", None),
            (&[">=0 <1.0.0 >=1.0.0 <2.0.0"], &[], "1.0.0", Some("2.0.0")),
            (&[">=0 <=1.0.0 >=1.0.0 <=2.0.0"], &[], "1.5.0", Some("")),
            (&[">=0 <1.0.0 <=1.0.0"], &[], "1.0.0", None),
        ],
    );
}

#[test]
fn limits_end_what_is_said() {
    check(
        Scheme::Semver,
        &[
            (&[">=1.0.0 ^2.0.0"], &[], "1.9.0", Some("")),
            (&[">=1.0.0 ^2.0.0"], &[], "2.0.0", None),
            (&["^2.0.0 ^3.0.0 ^2.5.0 >=1.0.0"], &[], "2.9.0", Some("")),
            (&["^2.0.0 ^* >=1.0.0"], &[], "2.9.0", Some("")),
        ],
    );
}

#[test]
fn nothing_said_is_nothing_affected() {
    check(
        Scheme::Semver,
        &[
            (&[], &[], "1.0.0", None),
            (&[""], &[], "1.0.0", None),
            (&["<1.0.0"], &[], "0.5.0", None),
            (&["<=1.0.0"], &[], "0.5.0", None),
            (&[""], &[], "no version", None),
        ],
    );
    let mut unimportant = affected(&[">=0"], &["1.0.0"]);
    for state in [AffectedState::NotAffected, AffectedState::UnderInvestigation] {
        unimportant.state = state;
        assert_eq!(judge(Scheme::Semver, &unimportant, "1.0.0"), Ok(Judgement::default()));
    }
    unimportant.state = AffectedState::WontFix;
    assert!(judge(Scheme::Semver, &unimportant, "1.0.0").unwrap().is_affected);
}

#[test]
fn distributions_versions_are_judged_in_their_order() {
    check(
        Scheme::Dpkg,
        &[
            (&[">=0 <2.36-9+deb12u4"], &[], "2.36-9+deb12u3", Some("2.36-9+deb12u4")),
            (&[">=0 <2.36-9+deb12u4"], &[], "2.36-9+deb12u4", None),
            (&[">=0 <1.0-1"], &[], "1.0-1~bpo11+1", Some("1.0-1")),
            (&[">=0 <1.0~rc1"], &[], "1.0~beta", Some("1.0~rc1")),
            (&[">=0 <2.0"], &[], "1:1.0", None),
            (&[">=0 <0"], &[], "0~~", None),
            (&[">=0 <1.0"], &[], "0~~", Some("1.0")),
        ],
    );
    check(
        Scheme::Apk,
        &[
            (&[">=0 <1.1.1n-r0"], &[], "1.1.1l-r7", Some("1.1.1n-r0")),
            (&[">=0 <1.2.0-r0"], &[], "1.2.0_rc1-r3", Some("1.2.0-r0")),
            (&[">=0 <0"], &[], "1.0-r0", None),
        ],
    );
}

#[test]
fn listed_versions_match_by_the_schemes_equality_or_by_text() {
    check(
        Scheme::Pep440,
        &[
            (&[], &["1.0"], "1.0.0", Some("")),
            (&[], &["1.0.0-rc.1"], "1.0rc1", Some("")),
            (&[], &["1.0"], "1.0.1", None),
            (&[">=2.0 <2.2"], &["1.0"], "1.0", Some("2.2")),
            (&[], &["1.99999999999999999999"], "1.99999999999999999999", Some("")),
            (&[], &["1.99999999999999999999"], "1.0", None),
        ],
    );
}

/// As [`Case`], with what could not be read in place of an answer.
type Readable = (&'static [&'static str], &'static [&'static str], &'static str, Result<bool, &'static str>);

#[test]
fn what_cannot_be_read_is_unknown_unless_the_rest_decides() {
    let cases: [Readable; 12] = [
        (&[">=0 <x"], &[], "1.0.0", Err("x")),
        (&[">=0 <x", ">=2.0.0 <3.0.0"], &[], "1.0.0", Err("x")),
        (&[">=0 <x", ">=0 <3.0.0"], &[], "1.0.0", Ok(true)),
        (&[">=0 <x"], &["1.0"], "1.0.0", Ok(true)),
        (&[">=0 ^x"], &[], "1.0.0", Err("x")),
        (&[">=0 <2.0.0"], &[], "main", Err("main")),
        (&[">=0"], &["main"], "main", Ok(true)),
        (&[], &["1.0.0"], "main", Err("main")),
        // Some answers are the same for all versions.
        (&[">=0"], &[], "main", Ok(true)),
        (&[">=0 ^2.0.0"], &[], "main", Err("main")),
        (&[">=0 <0"], &[], "main", Ok(false)),
        (&[">=0 <0", ">=0 <x"], &[], "main", Err("main")),
    ];
    for (ranges, versions, version, expected) in cases {
        let judged = judge(Scheme::Semver, &affected(ranges, versions), version);
        let found = judged.map(|judgement| judgement.is_affected).map_err(|unknown| unknown.version);
        assert_eq!(found.as_ref().map_err(String::as_str).copied(), expected, "{version} in {ranges:?} {versions:?}");
    }
}
