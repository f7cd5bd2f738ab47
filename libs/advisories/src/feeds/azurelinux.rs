//! Azure Linux's vulnerabilities, and those of CBL-Mariner, which it was called before its release 3, in OVAL.
//!
//! In and out: see [`oval`](super::oval). A definition is one CVE in one package. Packages are *source* packages: of the names of the three
//! documents of 2024 none ends in `-devel` or `-libs`, and `python-urllib3` stands where images have `python3-urllib3`.
//! Source: <https://github.com/microsoft/AzureLinuxVulnerabilityData>.
//!
//! What it says is read so:
//! - No document names its release. The tag that each version ends with does: `.azl3`, `.cm2`.
//! - A CVE without a patch (`patchable` false) has the package's version of the day as last affected. `Not Applicable` ("either no longer
//!   is or was never applicable") is *not affected*.
//! - A fix may lack its package release (`0.9.0.cm2`): it is in every build of 0.9.0. rpm would order the tag as a part of the version,
//!   above 0.9.0-1. Last versions are left as they are, as so ordered they hold every build.
//! - A fix in `null` names no version: what has it is unknown.

use plimsoll_model::AffectedState;

use super::admission::Intake;
use super::oval::{self, Definition, Distribution, End, Placed, Span};
use super::{DocumentBytes, Feed, FeedKind, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "azurelinux",
    title: "Azure Linux OVAL",
    kind: FeedKind::Advisories,
    upstream: "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main",
    upstream_path: |path| path.trim_end_matches(".gz").to_owned(),
    default_paths: || DOCUMENTS.map(|name| format!("{name}-oval.xml.gz")).to_vec(),
    later: super::none_later,
    // Published once a day.
    interval: super::hours(6),
    index: None,
    parser: read,
};

/// One a release.
const DOCUMENTS: [&str; 3] = ["azurelinux-3.0", "cbl-mariner-2.0", "cbl-mariner-1.0"];
/// What stands before the release's number in the tag of its packages.
const TAGS: [&str; 2] = ["azl", "cm"];

static DISTRIBUTION: Distribution = Distribution { ecosystem: "Azure Linux", place, state };

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    oval::read(&DISTRIBUTION, bytes, intake)
}

fn state(definition: &Definition) -> AffectedState {
    if definition.patchable.eq_ignore_ascii_case("not applicable") {
        AffectedState::NotAffected
    } else {
        AffectedState::Affected
    }
}

fn place(_installed: Option<&str>, mut span: Span) -> Result<Placed, String> {
    let named = span.end.as_ref().map(End::version).or(span.only.as_deref()).or(span.from.as_deref());
    let version = named.ok_or("it names no version, and so no release")?.to_owned();
    let (untagged, release) = tagged(&version).ok_or_else(|| format!("'{version}' ends in no release's tag"))?;
    let (upstream, build) =
        untagged.rsplit_once('-').map_or((untagged, None), |(upstream, build)| (upstream, Some(build)));
    let is_version = upstream.contains(|c: char| c.is_ascii_digit());
    if build.is_none() && matches!(span.end, Some(End::Fixed(_))) {
        span.end = Some(End::Fixed(upstream.to_owned()));
    }
    Ok(Placed { release: release.to_owned(), span: is_version.then_some(span) })
}

/// A version without its tag, and the release that the tag names.
fn tagged(version: &str) -> Option<(&str, &str)> {
    let (untagged, tag) = version.rsplit_once('.')?;
    let release = TAGS.into_iter().find_map(|prefix| tag.strip_prefix(prefix))?;
    let is_number = !release.is_empty() && release.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some((untagged, release))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_versions_tag_names_the_release_and_is_no_part_of_a_version_without_build() {
        let fixed = |version: &str| Some(End::Fixed(version.into()));
        let last = |version: &str| Some(End::LastAffected(version.into()));
        for (end, expected) in [
            (fixed("2.6.7-3.azl3"), Ok(("3", fixed("2.6.7-3.azl3")))),
            (fixed("5.10.188.1-1.cm1"), Ok(("1", fixed("5.10.188.1-1.cm1")))),
            (fixed("0.9.0.cm2"), Ok(("2", fixed("0.9.0")))),
            (last("6.04-9.cm1"), Ok(("1", last("6.04-9.cm1")))),
            (last("6.04.cm1"), Ok(("1", last("6.04.cm1")))),
            (fixed("null.cm2"), Ok(("2", None))),
            (fixed("null-1.cm2"), Ok(("2", None))),
            (fixed("1.0-1"), Err("'1.0-1' ends in no release's tag")),
            (fixed("1.0-1.cm"), Err("'1.0-1.cm' ends in no release's tag")),
            (fixed("1.0-1.el9"), Err("'1.0-1.el9' ends in no release's tag")),
            (None, Err("it names no version, and so no release")),
        ] {
            let placed = place(None, Span { end: end.clone(), ..Span::default() });
            let told = placed
                .as_ref()
                .map(|placed| (placed.release.as_str(), placed.span.as_ref().and_then(|span| span.end.clone())));
            assert_eq!(told.map_err(String::as_str), expected, "{end:?}");
        }
    }

    #[test]
    fn builds_are_judged_as_the_document_means_it() {
        use plimsoll_model::Event;
        use plimsoll_versions::{Scheme, judge};
        for (end, version, is_affected) in [
            (End::Fixed("0.9.0.cm2".into()), "0.9.0-1.cm2", false),
            (End::Fixed("0.9.0.cm2".into()), "0.8.0-3.cm2", true),
            (End::LastAffected("0.9.0.cm2".into()), "0.9.0-7.cm2", true),
            (End::LastAffected("0.9.0.cm2".into()), "0.9.1-1.cm2", false),
        ] {
            let span = place(None, Span { end: Some(end.clone()), ..Span::default() }).unwrap().span.unwrap();
            let end = match span.end.unwrap() {
                End::Fixed(version) => Event::Fixed(version),
                End::LastAffected(version) => Event::LastAffected(version),
            };
            let affected = plimsoll_model::Affected {
                ecosystem: "Azure Linux:2".parse().unwrap(),
                package: "libdwarf".into(),
                state: AffectedState::Affected,
                ranges: vec![plimsoll_model::Range { events: vec![Event::Introduced("0".into()), end.clone()] }],
                versions: vec![],
                severity: None,
                module: None,
            };
            assert_eq!(judge(Scheme::Rpm, &affected, version).unwrap().is_affected, is_affected, "{end:?} {version}");
        }
    }
}
