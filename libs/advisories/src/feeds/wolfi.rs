//! Wolfi's security database, `os/security.json`, in the format of [`secdb`](super::secdb). The distribution has no releases.

use plimsoll_model::Ecosystem;

use super::admission::Intake;
use super::secdb::{Distribution, read_rolling};
use super::{DocumentBytes, Feed, FeedKind, Refusal};

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "wolfi",
    title: "Wolfi security database",
    kind: FeedKind::Advisories,
    upstream: "https://packages.wolfi.dev",
    upstream_path: str::to_owned,
    default_paths: || vec!["os/security.json".into()],
    later: super::none_later,
    // Written anew with each build that mends something, many a day.
    interval: super::hours(1),
    index: None,
    parser: read,
};

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    let distribution = Distribution {
        ecosystem: Ecosystem::new("Wolfi"),
        title: "Wolfi",
        key_prefix: String::new(),
        pages: "https://images.chainguard.dev/security/",
    };
    read_rolling(bytes, "os", &distribution, intake)
}
