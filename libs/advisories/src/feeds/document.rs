//! A feed's documents and their addresses.

use std::fmt;

use super::Feed;

/// One document of a feed: fetched, parsed and applied as a whole.
#[derive(Debug, Clone)]
pub struct Document {
    /// The feed whose format it has.
    pub feed: &'static Feed,
    /// Its path below the feed's address: `PyPI/all.zip`.
    pub path: String,
    /// Whether its server may not have it yet, as it is of a year or release that is still to come. What was there once may not be missing.
    pub may_be_missing: bool,
}

/// Feeds whose folder in a mirror is not their name, as several are of one upstream.
const FOLDERS: [(&str, &str); 1] = [("debian-advisories", "debian/security-tracker")];

impl Document {
    /// Where it lies in a mirror's folder: `osv/Rocky Linux/all.zip`.
    pub fn mirror_path(&self) -> String {
        let name = self.feed.name;
        let folder = FOLDERS.into_iter().find(|(feed, _)| *feed == name).map_or(name, |(_, folder)| folder);
        format!("{folder}/{}", self.path)
    }

    /// Where it is fetched from: upstream, or below a mirror's `base` address (`<base>/osv/PyPI/all.zip`). What an address cannot
    /// hold (the space of `Rocky Linux`) is percent-encoded.
    pub fn address(&self, base: Option<&str>) -> String {
        match base {
            Some(base) => format!("{}/{}", base.trim_end_matches('/'), encoded(&self.mirror_path())),
            None => format!("{}/{}", self.feed.upstream, encoded(&(self.feed.upstream_path)(&self.path))),
        }
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.feed.name, self.path)
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986 and the slash.
fn encoded(path: &str) -> String {
    use fmt::Write as _;
    path.bytes().fold(String::with_capacity(path.len()), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::super::{alpine, by_name, osv};

    /// Feed, path, address at upstream, path below a mirror's base.
    const CASES: [(&str, &str, &str, &str); 17] = [
        ("osv", "PyPI/all.zip", "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip", "osv/PyPI/all.zip"),
        (
            "debian",
            "tracker/data/json",
            "https://security-tracker.debian.org/tracker/data/json",
            "debian/tracker/data/json",
        ),
        (
            "debian-advisories",
            "data/DLA/list",
            "https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/list",
            "debian/security-tracker/data/DLA/list",
        ),
        ("alpine", "v3.10/main.json", "https://secdb.alpinelinux.org/v3.10/main.json", "alpine/v3.10/main.json"),
        ("wolfi", "os/security.json", "https://packages.wolfi.dev/os/security.json", "wolfi/os/security.json"),
        (
            "chainguard",
            "security.json",
            "https://packages.cgr.dev/chainguard/security.json",
            "chainguard/security.json",
        ),
        (
            "azurelinux",
            "azurelinux-3.0-oval.xml.gz",
            "https://raw.githubusercontent.com/microsoft/AzureLinuxVulnerabilityData/main/azurelinux-3.0-oval.xml",
            "azurelinux/azurelinux-3.0-oval.xml.gz",
        ),
        (
            "photon",
            "photon_oval_definitions/com.vmware.phsa-photon3.xml.gz",
            "https://packages.vmware.com/photon/photon_oval_definitions/com.vmware.phsa-photon3.xml.gz",
            "photon/photon_oval_definitions/com.vmware.phsa-photon3.xml.gz",
        ),
        (
            "oracle",
            "com.oracle.elsa-all.xml.bz2",
            "https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2",
            "oracle/com.oracle.elsa-all.xml.bz2",
        ),
        (
            "amazon",
            "al2023/core/mirrors/latest/x86_64/mirror.list",
            "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list",
            "amazon/al2023/core/mirrors/latest/x86_64/mirror.list",
        ),
        (
            "redhat",
            "csaf/v2/vex/changes.csv",
            "https://security.access.redhat.com/data/csaf/v2/vex/changes.csv",
            "redhat/csaf/v2/vex/changes.csv",
        ),
        (
            "nvd",
            "feeds/json/cve/2.0/nvdcve-2.0-2021.json.gz",
            "https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-2021.json.gz",
            "nvd/feeds/json/cve/2.0/nvdcve-2.0-2021.json.gz",
        ),
        (
            "kev",
            "known_exploited_vulnerabilities.json",
            "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
            "kev/known_exploited_vulnerabilities.json",
        ),
        (
            "epss",
            "epss_scores-current.csv.gz",
            "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
            "epss/epss_scores-current.csv.gz",
        ),
        (
            "end-of-life",
            "products-full.json",
            "https://endoflife.date/api/v1/products/full",
            "end-of-life/products-full.json",
        ),
        (
            "yara",
            "signature-base.zip",
            "https://github.com/Neo23x0/signature-base/archive/refs/heads/master.zip",
            "yara/signature-base.zip",
        ),
        (
            "malware-hashes",
            "sha256-recent.txt",
            "https://bazaar.abuse.ch/export/txt/sha256/recent/",
            "malware-hashes/sha256-recent.txt",
        ),
    ];

    #[test]
    fn addresses_are_upstreams_or_lie_below_a_mirror() {
        let address = |feed: &str, path: &str, base| by_name(feed).unwrap().document(path).address(base);
        let mirror = Some("http://127.0.0.1:8000/feeds/");
        for (feed, path, upstream, mirrored) in CASES {
            assert!(by_name(feed).unwrap().documents().iter().any(|document| document.path == path), "{feed} {path}");
            assert_eq!(address(feed, path, None), upstream);
            assert_eq!(address(feed, path, mirror), format!("http://127.0.0.1:8000/feeds/{mirrored}"));
        }
        assert_eq!(
            osv::document("Rocky Linux").address(None),
            "https://osv-vulnerabilities.storage.googleapis.com/Rocky%20Linux/all.zip"
        );
        assert_eq!(alpine::document("edge", "main").path, "edge/main.json");
    }
}
