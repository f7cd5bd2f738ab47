//! What the sources of an ecosystem publish and what they leave out, for those who tell what of an image was judged.

use plimsoll_model::{Ecosystem, LeftAside};

use crate::feeds::{amazon, by_name, osv};
use crate::matching::own_sources;

/// Distributions whose sources tell of fixes alone: Alpine's, Wolfi's and Chainguard's databases list the fixes of packages, the others publish a
/// notice with each update. What a distribution knows of and has not fixed yet is in none of them. Of Debian, Ubuntu, Red Hat and Azure Linux it is.
const FIXES_ALONE: [&str; 12] = [
    "Alpine",
    "Wolfi",
    "Chainguard",
    "AlmaLinux",
    "Rocky Linux",
    "SUSE",
    "openSUSE",
    "Mageia",
    "openEuler",
    "Oracle Linux",
    "Photon OS",
    "Amazon Linux",
];

/// Whether only vulnerabilities that have a fix are published for the ecosystem's packages, by the sources that are read here.
pub fn lists_only_fixes(ecosystem: &Ecosystem) -> bool {
    FIXES_ALONE.contains(&ecosystem.name())
}

/// Repositories of a distribution whose advisories are not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnreadRepositories {
    /// What they are, for people.
    pub names: &'static str,
    /// How the names of their packages begin; `None` where no package tells which repository it is from.
    pub packages: Option<&'static str>,
}

/// The repositories that packages of this ecosystem may be from and whose advisories are not read; `None` where there are none that are known of.
pub fn unread_repositories(ecosystem: &Ecosystem) -> Option<UnreadRepositories> {
    match (ecosystem.name(), ecosystem.release()) {
        ("Amazon Linux", Some(release)) => amazon::unread_repositories(release),
        _ => None,
    }
}

/// What is said of such repositories where `counted` packages tell by their names that they are from one.
pub fn left_aside(ecosystem: &Ecosystem, counted: u64) -> Option<LeftAside> {
    let UnreadRepositories { names, packages } = unread_repositories(ecosystem)?;
    Some(LeftAside { repositories: names.to_owned(), packages: packages.map(|_| counted) })
}

/// Packages that tell by their names that they are from such a repository: the ecosystem, and how their names begin.
pub const fn packages_of_unread_repositories() -> [(&'static str, &'static str); 1] {
    [("Amazon Linux:2023", amazon::LIVE_PATCHES)]
}

/// A feed's documents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedDocuments {
    /// The feed.
    pub feed: &'static str,
    /// How their paths begin.
    pub start: String,
}

/// The documents that an ecosystem's packages are judged by before all others: those of the distribution's own feed, or OSV's archive. Without one
/// of them nothing that was found, or not, says anything. `None` for an ecosystem that no feed speaks of unless an operator names more.
pub fn first_documents(ecosystem: &Ecosystem) -> Option<FeedDocuments> {
    let name = ecosystem.name();
    let Some(feed) = own_sources(ecosystem).next() else {
        let is_read = osv::DEFAULT_ECOSYSTEMS.contains(&name);
        return is_read.then(|| FeedDocuments { feed: osv::FEED.name, start: format!("{name}/") });
    };
    let start = match (feed, ecosystem.release()) {
        ("alpine", Some(release)) => format!("{release}/"),
        ("amazon", Some("2023")) => "al2023/".into(),
        ("amazon", Some("2")) => "2/".into(),
        ("azurelinux", Some("3")) => "azurelinux-3.".into(),
        ("azurelinux", Some(release)) => format!("cbl-mariner-{release}."),
        ("photon", Some(release)) => {
            let major = release.split('.').next().unwrap_or(release);
            format!("photon_oval_definitions/com.vmware.phsa-photon{major}.")
        }
        ("alpine" | "amazon" | "azurelinux" | "photon", _) => return None,
        // One document, or several that speak of all releases.
        (_, _) => String::new(),
    };
    // A release that no document is known of is not waited for.
    let is_known = by_name(feed)?.documents().iter().any(|document| document.path.starts_with(&start));
    is_known.then_some(FeedDocuments { feed, start })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::all_own_sources;

    #[test]
    fn each_ecosystem_is_judged_first_by_its_own_feed_or_by_osv() {
        for (ecosystem, expected) in [
            ("Debian:12", Some("debian ")),
            ("Alpine:v3.18", Some("alpine v3.18/")),
            ("Alpine:v9.1", None),
            ("Alpine", None),
            ("Wolfi", Some("wolfi ")),
            ("Red Hat:9", Some("redhat ")),
            ("Oracle Linux:9", Some("oracle ")),
            ("Amazon Linux:2023", Some("amazon al2023/")),
            ("Amazon Linux:2", Some("amazon 2/")),
            ("Amazon Linux:1", None),
            ("Azure Linux:3", Some("azurelinux azurelinux-3.")),
            ("Azure Linux:2", Some("azurelinux cbl-mariner-2.")),
            ("Photon OS:5.0", Some("photon photon_oval_definitions/com.vmware.phsa-photon5.")),
            ("Ubuntu:22.04:LTS", Some("osv Ubuntu/")),
            ("Rocky Linux:9", Some("osv Rocky Linux/")),
            ("PyPI", Some("osv PyPI/")),
            ("Fedora:40", None),
            ("Klingon", None),
        ] {
            let found = first_documents(&ecosystem.parse().unwrap());
            let found = found.map(|documents| format!("{} {}", documents.feed, documents.start));
            assert_eq!(found.as_deref(), expected, "{ecosystem}");
        }
    }

    #[test]
    fn distributions_are_called_as_their_feeds_call_them() {
        let known = |name: &&str| {
            osv::DEFAULT_ECOSYSTEMS.contains(name) || all_own_sources().iter().any(|(ecosystem, _)| ecosystem == name)
        };
        assert_eq!(FIXES_ALONE.iter().filter(|name| !known(name)).collect::<Vec<_>>(), Vec::<&&str>::new());
        for (ecosystem, expected) in [
            ("SUSE:Linux Enterprise Server 15 SP5", true),
            ("Debian:12", false),
            ("Ubuntu:22.04:LTS", false),
            ("PyPI", false),
        ] {
            assert_eq!(lists_only_fixes(&ecosystem.parse().unwrap()), expected, "{ecosystem}");
        }
    }

    #[test]
    fn amazons_repositories_that_are_not_read_are_named() {
        let of = |ecosystem: &str| unread_repositories(&ecosystem.parse().unwrap());
        assert_eq!(of("Amazon Linux:2").unwrap().packages, None);
        for (ecosystem, start) in packages_of_unread_repositories() {
            assert_eq!(of(ecosystem).unwrap().packages, Some(start));
        }
        assert_eq!((of("Amazon Linux:1"), of("Amazon Linux"), of("Debian:2")), (None, None, None));
    }
}
