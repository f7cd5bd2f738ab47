//! Oracle Linux's errata (ELSA), in OVAL.
//!
//! In and out: see [`oval`](super::oval). A definition is one erratum of one or several releases, with the CVEs that it fixes. Packages are
//! *binary* packages: it names each that the erratum brings (`bind`, `bind-libs`, `bind-utils`).
//! Source: <https://linux.oracle.com/security/oval/>.
//!
//! Oracle builds some packages in three flavours, and which one is installed is the user's choice: the common one, Ksplice's
//! (`2:2.17-157.ksplice1.el7`) and one validated for FIPS (`10:3.6.16-4.0.1.el8_fips`). The latter two have an epoch of their own, above the
//! common one's, and errata of their own: what these fix holds from that epoch on, so that no common build is taken for an old one.

use plimsoll_model::AffectedState;

use super::admission::Intake;
use super::oval::{self, Distribution, End, Placed, Span};
use super::{DocumentBytes, Feed, FeedKind, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "oracle",
    title: "Oracle Linux OVAL",
    kind: FeedKind::Advisories,
    upstream: "https://linux.oracle.com/security/oval",
    upstream_path: str::to_owned,
    default_paths: || vec!["com.oracle.elsa-all.xml.bz2".into()],
    later: super::none_later,
    // Published once a day, as one large document.
    interval: super::hours(6),
    index: None,
    parser: read,
};

/// What marks a flavour in its packages' versions.
const FLAVOURS: [&str; 2] = [".ksplice", "_fips"];

static DISTRIBUTION: Distribution =
    Distribution { ecosystem: "Oracle Linux", place, state: |_| AffectedState::Affected };

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    oval::read(&DISTRIBUTION, bytes, intake)
}

fn place(installed: Option<&str>, mut span: Span) -> Result<Placed, String> {
    let release = installed.ok_or("it names no release")?.to_owned();
    let flavours_epoch = span.end.as_ref().map(End::version).and_then(|version| {
        let is_of_flavour = FLAVOURS.into_iter().any(|mark| version.contains(mark));
        version.split_once(':').filter(|_| is_of_flavour).map(|(epoch, _)| epoch)
    });
    if let Some(epoch) = flavours_epoch
        && span.from.is_none()
    {
        span.from = Some(format!("{epoch}:0"));
    }
    Ok(Placed { release, span: Some(span) })
}

#[cfg(test)]
mod tests {
    use plimsoll_model::{Affected, Event, Range};
    use plimsoll_versions::{Scheme, judge};

    use super::*;

    #[test]
    fn a_flavours_errata_are_not_for_builds_of_another() {
        for (fixed, version, is_affected) in [
            ("2:2.17-157.ksplice1.el7", "2.17-317.0.1.el7", false),
            ("2:2.17-157.ksplice1.el7", "2:2.17-106.0.1.ksplice1.el7_2.4", true),
            ("2:2.17-157.ksplice1.el7", "2:2.17-196.ksplice1.el7", false),
            ("10:3.6.16-4.0.1.el8_fips", "3.6.14-8.el8_3", false),
            ("10:3.6.16-4.0.1.el8_fips", "10:3.6.14-1.el8_fips", true),
            ("30:9.3.3-8.el5", "29:9.9.9-1.el5", true),
            ("2.17-317.0.1.el7", "2.17-300.el7", true),
        ] {
            let span = Span { end: Some(End::Fixed(fixed.into())), ..Span::default() };
            let from = place(Some("7"), span).unwrap().span.unwrap().from.unwrap_or_else(|| "0".into());
            let affected = Affected {
                ecosystem: "Oracle Linux:7".parse().unwrap(),
                package: "glibc".into(),
                state: AffectedState::Affected,
                ranges: vec![Range { events: vec![Event::Introduced(from), Event::Fixed(fixed.into())] }],
                versions: vec![],
                severity: None,
                module: None,
            };
            assert_eq!(judge(Scheme::Rpm, &affected, version).unwrap().is_affected, is_affected, "{fixed} {version}");
        }
    }
}
