//! Photon OS's security updates (PHSA), in OVAL.
//!
//! In and out: see [`oval`](super::oval). A definition is one update of one source package, with the CVEs that it fixes. Packages are
//! *source* packages: beside the source's own name it has some of what is built from it (`sqlite-devel`, `sqlite-libs`), with the same version, and
//! not always all of it.
//! Source: <https://packages.vmware.com/photon/photon_oval_definitions/>.

use chrono::NaiveDate;
use plimsoll_model::AffectedState;

use super::admission::Intake;
use super::oval::{self, Distribution, Placed, Span};
use super::{DocumentBytes, Feed, FeedKind, Later, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "photon",
    title: "Photon OS OVAL",
    kind: FeedKind::Advisories,
    upstream: "https://packages.vmware.com/photon",
    upstream_path: str::to_owned,
    default_paths: || RELEASES.map(path).collect(),
    later,
    // Published some times a week.
    interval: super::hours(6),
    index: None,
    parser: read,
};

const RELEASES: std::ops::RangeInclusive<u8> = 1..=5;
/// Two years lay between the last releases.
const NEXT_RELEASES: std::ops::RangeInclusive<u8> = 6..=7;

fn path(release: u8) -> String {
    format!("photon_oval_definitions/com.vmware.phsa-photon{release}.xml.gz")
}

fn later(_: NaiveDate) -> Vec<Later> {
    NEXT_RELEASES.map(|release| Later { path: path(release), is_due: false }).collect()
}

static DISTRIBUTION: Distribution = Distribution { ecosystem: "Photon OS", place, state: |_| AffectedState::Affected };

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    oval::read(&DISTRIBUTION, bytes, intake)
}

/// Releases are counted 3 here and named 3.0 in images.
fn place(installed: Option<&str>, span: Span) -> Result<Placed, String> {
    let release = installed.ok_or("it names no release")?;
    Ok(Placed { release: format!("{release}.0"), span: Some(span) })
}
