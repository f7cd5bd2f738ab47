//! Amazon Linux's security advisories (ALAS), as its repositories have them.
//!
//! In and out: see [`updateinfo`](super::updateinfo), and [`repository`](super::repository) for how a document is found. An update is one
//! advisory for one release, which its id names: `ALAS2-2018-939`, `ALAS2023-2023-126`. Packages are *binary* packages, as they are installed.
//! The repositories of one processor tell of all.
//! Source: <https://docs.aws.amazon.com/linux/al2023/ug/security-advisories.html>, <https://alas.aws.amazon.com/>.
//!
//! Read are the core repositories of 2 and 2023. Not read are:
//! - Amazon Linux 1: its list is served without encryption and names other hosts, and its support ended in 2023.
//! - `amazon-linux-extras` of 2: one repository a topic, whose packages have the names of other topics' and of core's, so that an installed
//!   package does not tell which of them it is judged by. Of ids like `ALAS2GOLANG1.19-2023-001` a release is not read.
//! - Live patches of kernels (`kernel-livepatch` of 2023 and 2), in repositories of their own: containers run their host's kernel.

use plimsoll_model::Ecosystem;

use super::admission::Intake;
use super::{DocumentBytes, Feed, FeedKind, Refusal, updateinfo};
use crate::publishing::UnreadRepositories;

/// The feed's place in the list.
pub static FEED: Feed = Feed {
    name: "amazon",
    title: "Amazon Linux security advisories",
    kind: FeedKind::Advisories,
    upstream: "https://cdn.amazonlinux.com",
    upstream_path: str::to_owned,
    default_paths: || LISTS.map(str::to_owned).into(),
    later: super::none_later,
    // Published some times a week, with what is urgent in between; two small files tell.
    interval: super::hours(3),
    index: None,
    parser: read,
};

/// One a release, the newest first.
const LISTS: [&str; 2] = ["al2023/core/mirrors/latest/x86_64/mirror.list", "2/core/latest/x86_64/mirror.list"];

/// How the names of live patches begin.
pub(crate) const LIVE_PATCHES: &str = "kernel-livepatch-";

fn read(bytes: &mut dyn DocumentBytes, intake: &mut Intake<'_>) -> Result<(), Refusal> {
    updateinfo::read(place, bytes, intake)
}

/// The release that an advisory's id names.
fn place(id: &str) -> Option<Ecosystem> {
    let (release, number) = id.strip_prefix("ALAS")?.split_once('-')?;
    let is_release = !release.is_empty() && release.bytes().all(|byte| byte.is_ascii_digit());
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    (is_release && is_number).then(|| Ecosystem::with_release("Amazon Linux", release))
}

/// The repositories of a release that are not read.
pub(crate) fn unread_repositories(release: &str) -> Option<UnreadRepositories> {
    match release {
        "2" => Some(UnreadRepositories { names: "amazon-linux-extras and of live patches", packages: None }),
        "2023" => Some(UnreadRepositories { names: "the repository kernel-livepatch", packages: Some(LIVE_PATCHES) }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_advisorys_id_names_its_release() {
        for (id, expected) in [
            ("ALAS2023-2023-126", Some("Amazon Linux:2023")),
            ("ALAS2-2018-939", Some("Amazon Linux:2")),
            ("ALAS-2018-939", None),
            ("ALAS2GOLANG1.19-2023-001", None),
            ("ALAS2LIVEPATCH-2023-001", None),
            ("ALAS2023", None),
            ("ALAS2023-", None),
            ("ALAS2023-2023-126 x", None),
            ("RHSA-2023:1", None),
            ("", None),
        ] {
            assert_eq!(place(id).map(|ecosystem| ecosystem.to_string()).as_deref(), expected, "{id}");
        }
    }
}
