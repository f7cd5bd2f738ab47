//! Packages that a running service hardly needs and an intruder likes.

use std::collections::BTreeMap;

use plimsoll_model::{InstalledPackage, Observation, Place, Severity};

use crate::check::{Check, CheckOutcome, Image, quote};

pub(super) const UNNEEDED_PACKAGES: Check = Check {
    rule: "unneeded-packages",
    references: &["CIS-DI-4.3"],
    title: "The image holds packages for building, debugging or logging in",
    severity: Severity::Low,
    looks_at: "inventory",
    fails_when: "compilers, build tools, ssh and telnet servers, debuggers in the final image",
    advice: "Build in one stage and copy what was built into a second one without these packages.",
    judge: unneeded,
};

pub(super) const WGET_AND_CURL: Check = Check {
    rule: "wget-and-curl",
    references: &["DS014", "DL4001"],
    title: "The image has two downloaders",
    severity: Severity::Negligible,
    looks_at: "inventory",
    fails_when: "both wget and curl are installed",
    advice: "Keep one of wget and curl, or neither.",
    judge: wget_and_curl,
};

/// Kinds, and the names that packages of the distributions have, without a version at the end (`gcc-12`).
const UNNEEDED: &[(&str, &[&str])] = &[
    ("compilers", &["gcc", "g++", "gcc-c++", "clang", "gfortran", "gcc-gfortran", "tcc", "rustc", "golang-go"]),
    ("build tools", &["build-essential", "build-base", "base-devel", "make", "cmake", "automake", "autoconf"]),
    (
        "login servers",
        &["openssh-server", "dropbear", "telnetd", "telnet-server", "inetutils-telnetd", "rsh-server", "vsftpd"],
    ),
    ("debuggers", &["gdb", "lldb", "strace", "ltrace", "valgrind"]),
];

fn unneeded(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let Some(packages) = image.facts.packages else {
        return CheckOutcome::NotJudged("the image's packages were not read");
    };
    // One observation a layer: whoever made the layer mends it.
    let mut layers: BTreeMap<u32, BTreeMap<&str, Vec<String>>> = BTreeMap::new();
    for installed in distribution(packages) {
        let name = installed.package.name.as_str();
        let kind = UNNEEDED.iter().find(|(_, names)| names.contains(&unversioned(name)));
        if let Some((kind, _)) = kind {
            layers.entry(installed.layer).or_default().entry(kind).or_default().push(quote(name));
        }
    }
    check.outcome(layers.into_iter().map(|(layer, kinds)| {
        let evidence: Vec<_> = kinds.into_iter().map(|(kind, names)| format!("{kind}: {}", listed(names))).collect();
        Observation { layer: Some(layer), ..check.observe(Place::Image, evidence.join("; ")) }
    }))
}

/// In order; past twenty only their number.
fn listed(mut names: Vec<String>) -> String {
    names.sort_unstable();
    names.dedup();
    let more = names.len().saturating_sub(20);
    names.truncate(20);
    let names = names.join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}

fn wget_and_curl(check: &Check, image: &Image<'_>) -> CheckOutcome {
    let Some(packages) = image.facts.packages else {
        return CheckOutcome::NotJudged("the image's packages were not read");
    };
    let has = |names: &[&str]| distribution(packages).any(|installed| names.contains(&installed.package.name.as_str()));
    let both = has(&["wget", "wget2"]) && has(&["curl", "curl-minimal"]);
    check.outcome(both.then(|| check.observe(Place::Image, "wget and curl are installed")))
}

fn distribution(packages: &[InstalledPackage]) -> impl Iterator<Item = &InstalledPackage> {
    packages.iter().filter(|installed| installed.package.kind.is_distribution())
}

/// `gcc-12` to `gcc`, but not `gcc-12-base`, which every Debian has.
fn unversioned(name: &str) -> &str {
    match name.rsplit_once('-') {
        Some((name, version)) if version.starts_with(|c: char| c.is_ascii_digit()) => name,
        _ => name.trim_end_matches(|c: char| c.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use plimsoll_model::PackageType;

    use crate::sample::{Sample, assert_verdicts, package};

    #[test]
    fn what_builds_debugs_or_logs_in_is_named_a_layer() {
        let mut npm = package("make", 0);
        npm.package.kind = PackageType::Npm;
        let layered = vec![package("strace", 3), package("gcc-12", 1), package("make", 1), package("g++-12", 1)];
        assert_verdicts(
            "unneeded-packages",
            vec![
                (
                    "none",
                    Sample::packages(&["bash", "gcc-12-base", "libgcc-s1", "openssh-client", "makedev"]),
                    "passed",
                ),
                ("versions", Sample::packages(&["clang18", "gcc-13.2", "gcc"]), "compilers: clang18, gcc, gcc-13.2"),
                (
                    "alpine",
                    Sample::packages(&["build-base", "openssh-server"]),
                    "build tools: build-base; login servers: openssh-server",
                ),
                (
                    "layers",
                    Sample { packages: Some(layered), ..Sample::default() },
                    "build tools: make; compilers: g++-12, gcc-12 | debuggers: strace",
                ),
                ("another ecosystem's", Sample { packages: Some(vec![npm]), ..Sample::default() }, "passed"),
                ("not read", Sample { packages: None, ..Sample::default() }, "not judged"),
            ],
        );
    }

    #[test]
    fn one_downloader_is_enough() {
        assert_verdicts(
            "wget-and-curl",
            vec![
                ("both", Sample::packages(&["wget", "curl"]), "wget and curl are installed"),
                ("red hat's", Sample::packages(&["curl-minimal", "wget"]), "wget and curl are installed"),
                ("one", Sample::packages(&["curl", "libcurl4"]), "passed"),
                ("not read", Sample { packages: None, ..Sample::default() }, "not judged"),
            ],
        );
    }
}
