//! Which ecosystem a distribution's packages belong to.
//!
//! Source: OSV schema, "Defined ecosystems", and os-release(5) as each distribution fills it in. Where OSV has no
//! ecosystem for a distribution that publishes advisories (Amazon, Oracle, Fedora), the name and release have OSV's
//! form.

use crate::{Ecosystem, OsRelease};

impl OsRelease {
    /// The ecosystem of this system's packages, or `None` for a system whose advisories we do not know.
    ///
    /// Debian goes by its major version, Alpine by `v` and the first two parts, as OSV does. Three are not as in the
    /// release file:
    /// - Ubuntu's long-term releases end in `:LTS`. What Ubuntu Pro fixes is OSV's `Ubuntu:Pro:...`, which no file of
    ///   an image tells.
    /// - OSV divides Red Hat by the CPE of a product stream (`Red Hat:enterprise_linux:9::appstream`), which no
    ///   package names. Here it is the major version: `Red Hat:9`. CentOS Linux was built from the same sources and is
    ///   judged as Red Hat; CentOS Stream runs ahead of them and is not.
    /// - SUSE and openSUSE go by `PRETTY_NAME` without the vendor, as OSV does: `SUSE:Linux Enterprise Server 15 SP5`, which all products of a
    ///   service pack are here ([`suse`](crate::suse)).
    pub fn ecosystem(&self) -> Option<Ecosystem> {
        let version = self.version_id.as_deref();
        let major = || version?.split('.').next();
        let release = |name: &str, release: Option<&str>| Some(Ecosystem::with_release(name, release?));
        match self.id.as_str() {
            "debian" => release("Debian", major()),
            "alpine" => {
                let mut parts = version?.split('.');
                Some(Ecosystem::with_release("Alpine", format!("v{}.{}", parts.next()?, parts.next()?)))
            }
            "ubuntu" => Some(Ecosystem::with_release("Ubuntu", ubuntu_release(version?))),
            "wolfi" => Some(Ecosystem::new("Wolfi")),
            "chainguard" => Some(Ecosystem::new("Chainguard")),
            "rhel" => release("Red Hat", major()),
            "centos" if !self.is_centos_stream() => release("Red Hat", major()),
            "almalinux" => release("AlmaLinux", major()),
            "rocky" => release("Rocky Linux", major()),
            "ol" => release("Oracle Linux", major()),
            "fedora" => release("Fedora", version),
            "amzn" => release("Amazon Linux", version.map(amazon_release)),
            "photon" => release("Photon OS", version),
            "mariner" | "azurelinux" => release("Azure Linux", major()),
            "mageia" => release("Mageia", major()),
            "openeuler" => Some(Ecosystem::with_release("openEuler", self.openeuler_release()?)),
            id if id.starts_with("opensuse") => release("openSUSE", self.marketing_name("openSUSE ")),
            id if ["sle", "sl-", "suse"].iter().any(|prefix| id.starts_with(prefix)) => {
                release("SUSE", self.marketing_name("SUSE "))
            }
            _ => None,
        }
    }

    /// `PRETTY_NAME` without its vendor.
    fn marketing_name(&self, vendor: &str) -> Option<&str> {
        self.pretty_name.as_deref()?.strip_prefix(vendor).filter(|name| !name.is_empty())
    }

    /// CentOS Linux ended with 8; what says only `9` is CentOS Stream.
    fn is_centos_stream(&self) -> bool {
        let is_named = self.pretty_name.as_deref().is_some_and(|name| name.contains("Stream"));
        let major = self.version_id.as_deref().and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        is_named || major.is_some_and(|major| major > 8)
    }

    /// `24.03-LTS-SP1` of `openEuler 24.03 (LTS-SP1)`.
    fn openeuler_release(&self) -> Option<String> {
        let version = self.version_id.as_deref()?;
        let support = self.pretty_name.as_deref().and_then(|name| name.split_once('(')?.1.strip_suffix(')'));
        Some(support.map_or_else(|| version.to_owned(), |support| format!("{version}-{support}")))
    }
}

/// With `:LTS` where the release has long-term support: those of April in even years.
fn ubuntu_release(version: &str) -> String {
    let is_lts = version
        .split_once('.')
        .is_some_and(|(year, month)| month == "04" && year.parse::<u32>().is_ok_and(|year| year % 2 == 0));
    if is_lts { format!("{version}:LTS") } else { version.to_owned() }
}

/// The first Amazon Linux had the month of its release as version, `2018.03`.
fn amazon_release(version: &str) -> &str {
    if version.contains('.') { "1" } else { version }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_distribution_has_the_ecosystem_that_its_advisories_name() {
        let cases = [
            ("debian", "12", "Debian GNU/Linux 12 (bookworm)", "Debian:12"),
            ("debian", "12.4", "", "Debian:12"),
            ("debian", "", "Debian GNU/Linux trixie/sid", ""),
            ("alpine", "3.18.4", "Alpine Linux v3.18", "Alpine:v3.18"),
            ("alpine", "3", "", ""),
            ("ubuntu", "22.04", "Ubuntu 22.04.3 LTS", "Ubuntu:22.04:LTS"),
            ("ubuntu", "14.04", "", "Ubuntu:14.04:LTS"),
            ("ubuntu", "23.10", "Ubuntu 23.10", "Ubuntu:23.10"),
            ("ubuntu", "23.04", "Ubuntu 23.04", "Ubuntu:23.04"),
            ("ubuntu", "", "", ""),
            ("wolfi", "20230201", "Wolfi", "Wolfi"),
            ("chainguard", "20230214", "Chainguard", "Chainguard"),
            ("rhel", "9.2", "Red Hat Enterprise Linux 9.2 (Plow)", "Red Hat:9"),
            ("rhel", "10", "", "Red Hat:10"),
            ("centos", "7", "CentOS Linux 7 (Core)", "Red Hat:7"),
            ("centos", "6.10", "CentOS release 6.10 (Final)", "Red Hat:6"),
            ("centos", "8", "CentOS Stream 8", ""),
            ("centos", "9", "", ""),
            ("almalinux", "8.9", "AlmaLinux 8.9 (Midnight Oncilla)", "AlmaLinux:8"),
            ("rocky", "9.3", "Rocky Linux 9.3 (Blue Onyx)", "Rocky Linux:9"),
            ("ol", "9.3", "Oracle Linux Server 9.3", "Oracle Linux:9"),
            ("fedora", "40", "Fedora Linux 40 (Container Image)", "Fedora:40"),
            ("amzn", "2023", "Amazon Linux 2023.4.20240416", "Amazon Linux:2023"),
            ("amzn", "2", "Amazon Linux 2", "Amazon Linux:2"),
            ("amzn", "2018.03", "Amazon Linux AMI 2018.03", "Amazon Linux:1"),
            ("photon", "4.0", "VMware Photon OS/Linux", "Photon OS:4.0"),
            ("mariner", "2.0", "CBL-Mariner/Linux", "Azure Linux:2"),
            ("azurelinux", "3.0", "Microsoft Azure Linux 3.0", "Azure Linux:3"),
            ("mageia", "9", "Mageia 9", "Mageia:9"),
            ("openeuler", "24.03", "openEuler 24.03 (LTS-SP1)", "openEuler:24.03-LTS-SP1"),
            ("openeuler", "23.09", "openEuler 23.09", "openEuler:23.09"),
            ("opensuse-leap", "15.6", "openSUSE Leap 15.6", "openSUSE:Leap 15.6"),
            ("opensuse-tumbleweed", "20240101", "openSUSE Tumbleweed", "openSUSE:Tumbleweed"),
            ("opensuse-leap", "15.6", "mine", ""),
            ("sles", "15.5", "SUSE Linux Enterprise Server 15 SP5", "SUSE:Linux Enterprise Server 15 SP5"),
            ("sled", "15.5", "SUSE Linux Enterprise Desktop 15 SP5", "SUSE:Linux Enterprise Server 15 SP5"),
            ("sle-micro", "5.5", "SUSE Linux Enterprise Micro 5.5", "SUSE:Linux Enterprise Micro 5.5"),
            ("sl-micro", "6.0", "SUSE Linux Micro 6.0", "SUSE:Linux Micro 6.0"),
            ("sles", "15.5", "", ""),
            ("slackware", "15.0", "Slackware 15.0 x86_64", ""),
        ];
        for (id, version, pretty, expected) in cases {
            let stated = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let os =
                OsRelease { id: id.into(), version_id: stated(version), codename: None, pretty_name: stated(pretty) };
            let ecosystem = os.ecosystem();
            let shown = ecosystem.as_ref().map(Ecosystem::to_string).unwrap_or_default();
            assert_eq!(shown, expected, "{os:?}");
            assert_eq!(ecosystem, stated(&shown).map(|shown| shown.parse().unwrap()), "it reads back");
        }
    }
}
