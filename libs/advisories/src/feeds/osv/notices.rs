//! Distributions' notices: records on an update, whose id names no vulnerability. OSV puts the CVEs that it mends under `related` or
//! `upstream`; scores, catalogues and other sources know these alone.

use plimsoll_model::Affected;

use super::schema::is_cve;

/// The distributions of OSV's ecosystems whose records are notices.
const DISTRIBUTIONS: [&str; 14] = [
    "AlmaLinux",
    "Alpaquita",
    "Azure Linux",
    "BellSoft Hardened Containers",
    "Debian",
    "Mageia",
    "MinimOS",
    "Oracle Linux",
    "Photon OS",
    "Red Hat",
    "Rocky Linux",
    "SUSE",
    "Ubuntu",
    "openEuler",
];
/// The second ecosystem of SUSE's.
const OPENSUSE: &str = "openSUSE";
/// How ids begin of notices on bugs and enhancements.
const OF_BUGS: [&str; 7] = ["ALBA-", "ALEA-", "RLBA-", "RLEA-", "SUSE-FU-", "SUSE-RU-", "openSUSE-RU-"];

/// The CVEs that a notice is about; none where the record is one vulnerability's.
pub(super) fn about(
    id: &str,
    aliases: &[String],
    affected: &[Affected],
    others: impl Iterator<Item = String>,
) -> Vec<String> {
    let is_of_distribution = |affected: &Affected| {
        let name = affected.ecosystem.name();
        name == OPENSUSE || DISTRIBUTIONS.contains(&name)
    };
    let is_vulnerability = is_cve(id) || aliases.iter().any(|alias| is_cve(alias));
    if is_vulnerability || affected.is_empty() || !affected.iter().all(is_of_distribution) {
        return Vec::new();
    }
    let mut about: Vec<String> = others.filter(|id| is_cve(id)).collect();
    about.sort();
    about.dedup();
    about
}

/// Whether it is a notice on bugs or enhancements: without a CVE it tells of no vulnerability, and is kept as of no severity, as RustSec's
/// informational advisories are.
pub(super) fn is_of_no_vulnerability(id: &str) -> bool {
    OF_BUGS.iter().any(|start| id.starts_with(start))
}

#[cfg(test)]
mod tests {
    use plimsoll_model::AffectedState;

    use super::*;

    #[test]
    fn a_notice_is_about_the_cves_that_it_relates_to() {
        let affected = |ecosystem: &str| Affected {
            ecosystem: ecosystem.parse().unwrap(),
            package: "x".into(),
            module: None,
            state: AffectedState::Affected,
            ranges: vec![],
            versions: vec![],
            severity: None,
        };
        let two = ["CVE-2024-2", "RHSA-2024:1", "CVE-2024-1", "CVE-2024-2"];
        for (id, alias, ecosystems, expected) in [
            ("ALSA-2024:1", None, &["AlmaLinux:8"][..], &["CVE-2024-1", "CVE-2024-2"][..]),
            (
                "SUSE-SU-2024:1-1",
                None,
                &["SUSE:Linux Enterprise Server 15", "openSUSE:Leap 15.5"],
                &["CVE-2024-1", "CVE-2024-2"],
            ),
            ("GHSA-1", None, &["npm"], &[]),
            ("GHSA-1", None, &["AlmaLinux:8", "npm"], &[]),
            ("ALSA-2024:1", Some("CVE-2024-9"), &["AlmaLinux:8"], &[]),
            ("CVE-2024-9", None, &["Debian:12"], &[]),
            ("ALSA-2024:1", None, &[], &[]),
        ] {
            let affected: Vec<Affected> = ecosystems.iter().map(|ecosystem| affected(ecosystem)).collect();
            let aliases: Vec<String> = alias.into_iter().map(str::to_owned).collect();
            assert_eq!(about(id, &aliases, &affected, two.into_iter().map(str::to_owned)), expected, "{id}");
        }
        assert!(is_of_no_vulnerability("ALBA-2024:1") && !is_of_no_vulnerability("ALSA-2024:1"));
    }
}
