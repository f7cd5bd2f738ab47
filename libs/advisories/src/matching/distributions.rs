//! What is a distribution's own word: the feeds that are its own, and its own records in OSV.

use plimsoll_model::Ecosystem;

/// Distributions, by ecosystem, and the feeds that are their own: what they say of their packages. One that has several says the latest
/// in the first: Debian's tracker is what its advisories became.
const OWN_SOURCES: [(&str, &str); 10] = [
    ("Debian", "debian"),
    ("Debian", "debian-advisories"),
    ("Alpine", "alpine"),
    ("Wolfi", "wolfi"),
    ("Chainguard", "chainguard"),
    ("Azure Linux", "azurelinux"),
    ("Photon OS", "photon"),
    ("Oracle Linux", "oracle"),
    ("Amazon Linux", "amazon"),
    ("Red Hat", "redhat"),
];

/// Distributions that are read through OSV: the ecosystem, how the ids of their own records begin, and the name that their rating goes by.
const OWN_RECORDS: [(&str, &str, &str); 9] = [
    ("Ubuntu", "UBUNTU-CVE-", "ubuntu"),
    ("Ubuntu", "USN-", "ubuntu"),
    ("AlmaLinux", "AL", "almalinux"),
    ("Rocky Linux", "R", "rocky"),
    ("SUSE", "SUSE-", "suse"),
    ("openSUSE", "openSUSE-", "suse"),
    ("openSUSE", "SUSE-", "suse"),
    ("Mageia", "MG", "mageia"),
    ("openEuler", "OESA-", "openeuler"),
];

/// The feeds that are the ecosystem's own, in the order in which they are believed: what a distribution says of its packages.
pub fn own_sources(ecosystem: &Ecosystem) -> impl Iterator<Item = &'static str> {
    OWN_SOURCES.into_iter().filter(|(name, _)| *name == ecosystem.name()).map(|(_, source)| source)
}

/// All distributions' own feeds: each distribution's ecosystem, without its release, and the feed.
pub const fn all_own_sources() -> [(&'static str, &'static str); OWN_SOURCES.len()] {
    OWN_SOURCES
}

/// Whose rating it is that a source's advisory gives a package of this ecosystem: the distribution's, of its own record in OSV, else the source's.
pub(crate) fn rater<'s>(ecosystem: &Ecosystem, source: &'s str, advisory: &str) -> &'s str {
    own_record(ecosystem, advisory).filter(|_| source == "osv").unwrap_or(source)
}

/// The distribution whose own record in OSV this is of its own packages, as raters are named.
pub(crate) fn own_record(ecosystem: &Ecosystem, advisory: &str) -> Option<&'static str> {
    let is_own = |(name, start, _): &(&str, &str, &str)| *name == ecosystem.name() && advisory.starts_with(start);
    OWN_RECORDS.into_iter().find(is_own).map(|(.., rater)| rater)
}

/// Everybody whose rating is a distribution's own, of its own packages.
pub fn own_raters() -> impl Iterator<Item = &'static str> {
    OWN_SOURCES.into_iter().map(|(_, source)| source).chain(OWN_RECORDS.into_iter().map(|(.., rater)| rater))
}

/// Whether a rating is a distribution's own, by whose it is. Such a one is of that distribution's packages alone.
pub fn is_own_rater(rater: &str) -> bool {
    own_raters().any(|own| own == rater)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rating_is_the_distributions_where_its_own_record_gives_it_to_its_own_package() {
        for (ecosystem, source, advisory, expected) in [
            ("Ubuntu:16.04:LTS", "osv", "UBUNTU-CVE-2016-20013", "ubuntu"),
            ("Ubuntu:Pro:16.04:LTS", "osv", "USN-1-1", "ubuntu"),
            ("Ubuntu:16.04:LTS", "osv", "GHSA-aaaa-bbbb-cccc", "osv"),
            ("Ubuntu:16.04:LTS", "own", "UBUNTU-CVE-2016-20013", "own"),
            ("PyPI", "osv", "UBUNTU-CVE-2016-20013", "osv"),
            ("AlmaLinux:9", "osv", "ALSA-2024:1", "almalinux"),
            ("AlmaLinux:9", "osv", "RLSA-2024:1", "osv"),
            ("Rocky Linux:9", "osv", "RXSA-2024:1", "rocky"),
            ("openSUSE:Leap 15.5", "osv", "SUSE-SU-2024:1-1", "suse"),
            ("openEuler:24.03-LTS", "osv", "OESA-2024-1", "openeuler"),
            ("Debian:12", "debian", "CVE-2024-1", "debian"),
        ] {
            let ecosystem: Ecosystem = ecosystem.parse().unwrap();
            assert_eq!(rater(&ecosystem, source, advisory), expected, "{ecosystem} {advisory}");
        }
        assert!(is_own_rater("ubuntu") && is_own_rater("debian") && !is_own_rater("osv") && !is_own_rater(""));
    }
}
