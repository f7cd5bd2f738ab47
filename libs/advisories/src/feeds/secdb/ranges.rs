//! The affected versions that a package's listed fixes say.

use std::collections::BTreeSet;

use plimsoll_model::{Event, Range};
use plimsoll_versions::{Scheme, Version};

/// The affected ranges that the fixes of one id say; none where the package never was affected.
///
/// One id may be listed at several versions: the list is the package's history across upstream's branches, and a
/// newer branch may come without the fix that an older one got (busybox 1.29.3-r10 has CVE-2019-5747 fixed, 1.30.1 only from
/// -r2). So a listed fix holds for builds of *its* upstream version; the next upstream version is affected again until its own
/// fix; and past the highest fix nothing is. Of several fixes in one upstream version the last counts: the former was not whole.
/// Where a version cannot be ordered each fix makes a range of its own, so that nothing is missed.
pub fn ranges(fixes: &BTreeSet<String>) -> Vec<Range> {
    let fixes: Vec<&String> = fixes.iter().filter(|version| *version != "0").collect();
    if let [fix] = fixes.as_slice() {
        return vec![Range::until(fix.as_str())];
    }
    branches(&fixes).unwrap_or_else(|| fixes.iter().map(|fix| Range::until(fix.as_str())).collect())
}

/// One range over the branches of several fixes, or `None` where their order is not known.
fn branches(fixes: &[&String]) -> Option<Vec<Range>> {
    let read = |version: &str| Version::parse(Scheme::Apk, version).ok();
    let mut ordered: Vec<(Version, &str)> =
        fixes.iter().map(|fix| read(fix).map(|version| (version, fix.as_str()))).collect::<Option<_>>()?;
    ordered.sort_by(|(a, _), (b, _)| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    let mut events = Vec::with_capacity(2 * ordered.len());
    let mut introduced = "0".to_owned();
    let mut following = ordered.iter().skip(1);
    for (_, fix) in &ordered {
        let upstream = upstream_version(fix);
        let is_last_of_upstream = following.next().is_none_or(|(_, next)| upstream_version(next) != upstream);
        if is_last_of_upstream {
            // `_p` orders after every build (`-rN`) of the version and before the next version.
            let after = format!("{upstream}_p");
            read(&after)?;
            events.push(Event::Introduced(std::mem::replace(&mut introduced, after)));
            events.push(Event::Fixed((*fix).to_owned()));
        }
    }
    if events.is_empty() { Some(vec![]) } else { Some(vec![Range { events }]) }
}

/// The version without Alpine's build number: `1.30.1` of `1.30.1-r2`.
fn upstream_version(version: &str) -> &str {
    version.rsplit_once("-r").map_or(version, |(upstream, _)| upstream)
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Affected, AffectedState};

    use super::*;

    #[test]
    fn several_fixes_of_one_id_are_read_by_branch() {
        let fixed = |versions: &[&str]| ranges(&versions.iter().map(|&version| version.to_owned()).collect());
        let events = |events: &[(&str, &str)]| {
            let event = |&(from, to): &(&str, &str)| [Event::Introduced(from.into()), Event::Fixed(to.into())];
            vec![Range { events: events.iter().flat_map(event).collect() }]
        };
        assert_eq!(fixed(&["0"]), []);
        assert_eq!(fixed(&["0", "1.0-r0"]), events(&[("0", "1.0-r0")]));
        assert_eq!(fixed(&["1.0.28-r7", "1.0.28-r8"]), events(&[("0", "1.0.28-r8")]), "one upstream version: the last");
        let busybox = events(&[("0", "1.29.3-r10"), ("1.29.3_p", "1.30.1-r2")]);
        assert_eq!(fixed(&["1.30.1-r2", "1.29.3-r10"]), busybox);
        let unordered = fixed(&["1.0-r0", "not ordered"]);
        assert_eq!(unordered, [Range::until("1.0-r0"), Range::until("not ordered")], "nothing is missed");
    }

    #[test]
    fn a_build_of_a_branch_with_its_fix_is_not_affected_and_the_next_branch_is_until_its_own() {
        let affected = Affected {
            ecosystem: "Alpine:v3.10".parse().unwrap(),
            package: "busybox".into(),
            module: None,
            state: AffectedState::Affected,
            ranges: ranges(&["1.30.1-r2".to_owned(), "1.29.3-r10".to_owned()].into()),
            versions: vec![],
            severity: None,
        };
        for (version, expected) in [
            ("1.29.3-r9", true),
            ("1.29.3-r10", false),
            ("1.29.3-r11", false),
            ("1.30.0-r0", true),
            ("1.30.1-r1", true),
            ("1.30.1-r2", false),
            ("1.31.0-r0", false),
        ] {
            let judgement = plimsoll_versions::judge(Scheme::Apk, &affected, version).unwrap();
            assert_eq!(judgement.is_affected, expected, "{version}");
        }
    }
}
