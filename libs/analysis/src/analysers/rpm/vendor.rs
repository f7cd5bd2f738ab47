//! Which vendors of packages are distributions: `Vendor` of an RPM is whoever built it.
//!
//! Source: the databases of the distributions' own images. Who also publishes packages for other distributions (Amazon, Microsoft, VMware) is
//! none here: it depends on the operating system around them.

/// Beginnings of the vendors' names, in lower case.
const DISTRIBUTIONS: [&str; 14] = [
    "almalinux",
    "centos",
    "cloudlinux",
    // EPEL's too.
    "fedora project",
    "http://openeuler.org",
    "mageia",
    "obs://build.opensuse.org/opensuse",
    "obs://build.suse.",
    "openeuler",
    "opensuse",
    "oracle america",
    "red hat",
    "rocky",
    "suse",
];

/// Whether the vendor makes a distribution, whichever it is.
pub(super) fn is_distribution(vendor: &str) -> bool {
    let vendor = vendor.trim().to_lowercase();
    DISTRIBUTIONS.iter().any(|name| vendor.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendors_of_distributions_are_known_as_they_write_themselves() {
        for (vendor, expected) in [
            ("CentOS", true),
            ("Red Hat, Inc.", true),
            ("Fedora Project", true),
            ("AlmaLinux", true),
            ("Rocky Enterprise Software Foundation", true),
            ("Oracle America", true),
            ("SUSE LLC <https://www.suse.com/>", true),
            ("SUSE LINUX Products GmbH, Nuernberg, Germany", true),
            ("openSUSE", true),
            ("http://openeuler.org", true),
            ("Mageia.Org", true),
            ("obs://build.opensuse.org/home:somebody", false),
            ("Oracle and/or its affiliates", false),
            ("Docker <support@docker.com>", false),
            ("Remi's RPM repository <https://rpms.remirepo.net/>", false),
            ("Microsoft Corporation", false),
            ("none", false),
        ] {
            assert_eq!(is_distribution(vendor), expected, "{vendor}");
        }
    }
}
