//! Laws of every scheme's order, over versions that could be real and texts that could not.

#![expect(clippy::unwrap_used, reason = "a form that is no regular expression is a mistake in this test")]

use std::cmp::Ordering;

use plimsoll_model::{Affected, AffectedState, Ecosystem, Event, Range};
use plimsoll_versions::{Scheme, Version, compare, judge};
use proptest::prelude::*;

/// Texts in the scheme's form, few different ones: so that equal, nearly equal and prefixed versions meet often.
fn plausible(scheme: Scheme) -> impl Strategy<Value = String> {
    let form = match scheme {
        Scheme::Dpkg => "([0-2]:)?[0-2]{1,2}([.+~-]?[0-2a]{1,2}){0,3}(-[0-2]([+~]b?[0-2])?)?",
        Scheme::Apk => {
            "[0-2]{1,2}(\\.[0-2]{0,2}){0,2}[ab]?[0-2]?(_(alpha|beta|pre|rc|cvs|svn|git|hg|p|x)[0-2]?){0,2}(~[0a]{0,2})?(-r?[0-2]?)?"
        }
        Scheme::Semver | Scheme::Npm => {
            "v?([0-2]|99999999999999999999[0-2])(\\.[0-2]){0,2}(-(a|b-|[0-2]{1,2})(\\.(a|[0-2]|99999999999999999999[0-2])){0,2})?(\\+[ab0])?"
        }
        Scheme::Pep440 => {
            "v?([0-1]!)?[0-2](\\.[0-2]){0,2}([-.]?(a|b|rc|final|p)[0-2]?)?((\\.post|-)[0-2])?(\\.?dev[0-2]?)?(\\+[a0-2](\\.[a0-2])?)?"
        }
        Scheme::Rpm => "([0-2]:)?[0-2a]{1,2}([.+~^_]{0,2}[0-2ab]{1,2}){0,3}[.~^]?(-[0-2](\\.el[0-2])?[~^.]?)?",
        Scheme::Maven => "[0-2]{1,2}([.-]?([0-2]|alpha|a|b|m|rc|CR|snapshot|ga|final|sp|foo|x)?){0,4}",
        Scheme::Rubygems => "[0-2]{1,2}(\\.([0-2]{1,2}|a|b[0-2]|B|4294967296)){0,4}(-[0-2a](\\.[0-2])?)?",
        Scheme::Nuget => "v?[0-2]{1,2}(\\.[0-2]{1,2}){0,3}(-(a|B|b-|[0-2]{1,2})(\\.(A|a|[0-2])){0,2})?(\\+[ab0])?",
        Scheme::Composer => {
            "v?[0-2](\\.[0-2]{1,2}){0,3}(([._-]?(stable|a|alpha|b|rc|RC|p|pl|patch)([.-]?[0-2]){0,2})?([.-]?dev)?|(\\.x)?-dev)(\\+x)?"
        }
        Scheme::Cran => "[0-2]{1,2}([.-][0-2]{1,2}){0,3}",
        Scheme::Hackage => "[0-2]{1,2}(\\.[0-2]{1,2}){0,3}",
        Scheme::Pub => {
            "v?[0-2](\\.[0-2]){0,2}(-(a|b-|[0-2]{1,2})(\\.(a|[0-2])){0,2})?(\\+(a|[0-2]{1,2})(\\.(a|[0-2])){0,2})?"
        }
        Scheme::Conan => {
            "[0-2a]{1,2}(\\.[0-2ab]{0,2}){0,2}1(-(a|[0-2]){0,2}(\\.(a|[0-2])){0,2})?(\\+[a0-2](\\.[0-2])?)?"
        }
        Scheme::Generic => "v?[0-2]{1,2}([._-]?([0-2]{1,2}|a|b|k|dev|alpha|beta|m|pre|rc|p)){0,4}(\\+x)?",
    };
    proptest::string::string_regex(form).unwrap()
}

fn schemed<S: Strategy + 'static>(
    versions: impl Fn(Scheme) -> S + 'static,
) -> impl Strategy<Value = (Scheme, S::Value)> {
    proptest::sample::select(Scheme::ALL.to_vec())
        .prop_flat_map(move |scheme| versions(scheme).prop_map(move |value| (scheme, value)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_order_is_total_antisymmetric_and_transitive(
        (scheme, [a, b, c]) in schemed(|scheme| [plausible(scheme), plausible(scheme), plausible(scheme)])
    ) {
        let mut versions = Vec::new();
        for text in [&a, &b, &c] {
            versions.push(Version::parse(scheme, text).map_err(|unknown| TestCaseError::reject(unknown.to_string()))?);
        }
        for left in &versions {
            prop_assert_eq!(left.partial_cmp(left), Some(Ordering::Equal));
            for right in &versions {
                let forth = left.partial_cmp(right);
                prop_assert!(forth.is_some());
                prop_assert_eq!(forth, right.partial_cmp(left).map(Ordering::reverse));
                prop_assert_eq!(left == right, forth == Some(Ordering::Equal));
            }
        }
        for (x, y, z) in [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)] {
            let (x, y, z) = (&versions[x], &versions[y], &versions[z]);
            if x <= y && y <= z {
                prop_assert!(x <= z, "{} {:?} {:?} {:?}", scheme, x, y, z);
                prop_assert_eq!(x == z, x == y && y == z);
            }
        }
    }

    #[test]
    fn semver_orders_as_the_crate_does(
        a in "[0-2]\\.[0-2]\\.[0-2](-(a|b|b-|[0-2]|10)(\\.(a|[0-2]|10)){0,2})?(\\+[ab0])?",
        b in "[0-2]\\.[0-2]\\.[0-2](-(a|b|b-|[0-2]|10)(\\.(a|[0-2]|10)){0,2})?(\\+[ab0])?",
    ) {
        let (x, y) = (semver::Version::parse(&a).unwrap(), semver::Version::parse(&b).unwrap());
        prop_assert_eq!(compare(Scheme::Semver, &a, &b), Ok(x.cmp_precedence(&y)));
    }

    #[test]
    fn no_text_panics_any_scheme(a in any::<String>(), b in "[ -~]{0,40}", c in "[0-9a-z.~:_+!-]{0,20}") {
        for scheme in Scheme::ALL {
            for (x, y) in [(&a, &b), (&b, &c), (&c, &c)] {
                if let Ok(order) = compare(scheme, x, y) {
                    prop_assert_eq!(compare(scheme, y, x), Ok(order.reverse()));
                }
            }
        }
    }

    #[test]
    fn a_judgement_does_not_hang_on_the_order_of_events_and_a_fix_is_not_affected(
        (scheme, (version, ends)) in
            schemed(|scheme| (plausible(scheme), proptest::collection::vec((0..3u8, plausible(scheme)), 0..6)))
    ) {
        let mut events = vec![Event::Introduced("0".into())];
        for (kind, text) in ends {
            events.push(match kind { 0 => Event::Introduced(text), 1 => Event::Fixed(text), _ => Event::LastAffected(text) });
        }
        let mut affected = Affected {
            ecosystem: Ecosystem::new("x"),
            package: "p".into(),
            module: None,
            state: AffectedState::Affected,
            ranges: vec![Range { events }],
            versions: vec![],
            severity: None,
        };
        let forth = judge(scheme, &affected, &version);
        if let Ok(judgement) = &forth
            && let Some(fix) = &judgement.fixed_in
        {
            prop_assert_eq!(compare(scheme, &version, fix), Ok(Ordering::Less));
            prop_assert!(!judge(scheme, &affected, fix).unwrap().is_affected);
        }
        affected.ranges[0].events.reverse();
        let back = judge(scheme, &affected, &version);
        prop_assert_eq!(forth.map(|judgement| judgement.is_affected).ok(), back.map(|judgement| judgement.is_affected).ok());
    }
}
