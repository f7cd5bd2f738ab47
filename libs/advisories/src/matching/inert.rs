//! Packages from which nothing of what their source's advisories speak of runs: a kernel's headers and tools in an image that
//! shares its host's kernel, documentation, debugging symbols.
//!
//! Advisories name sources, and so mean every package that was built of one. A kernel's image and modules are not here: an image that
//! brings them may be one that boots.

use plimsoll_model::PackageType;

/// What a kernel's packages are called that are no kernel, at the start of their name.
const OF_A_KERNEL: [&str; 37] = [
    // Debian, Ubuntu
    "bpftool",
    "hyperv-daemons",
    "libcpupower",
    "linux-bpf-dev",
    "linux-buildinfo-",
    "linux-cloud-tools-",
    "linux-compiler-",
    "linux-config-",
    "linux-cpupower",
    "linux-doc",
    "linux-headers",
    "linux-kbuild-",
    "linux-libc-dev",
    "linux-perf",
    "linux-source",
    "linux-support-",
    "linux-tools-",
    "rtla",
    "sdsi",
    "usbip",
    // Alpine, Arch, Photon
    "linux-api-headers",
    "linux-devel",
    "linux-docs",
    "linux-python3-perf",
    "linux-tools",
    // Red Hat, its kin, Amazon, SUSE
    "kernel-abi-",
    "kernel-cross-headers",
    "kernel-devel",
    "kernel-doc",
    "kernel-headers",
    "kernel-macros",
    "kernel-rpm-macros",
    "kernel-source",
    "kernel-syms",
    "kernel-tools",
    "perf",
    "python3-perf",
];
/// And at its end: flavours come before it (`kernel-uek-devel`, `kernel6.1-headers`).
const ENDS_OF_A_KERNEL: [&str; 5] = ["-devel", "-devel-matched", "-doc", "-headers", "-tools"];
/// Packages without any code, by how distributions end their names.
const WITHOUT_CODE: [&str; 6] = ["-dbgsym", "-debuginfo", "-debugsource", "-doc", "-docs", "-javadoc"];

/// Whether nothing runs from a package of what advisories on its source speak of.
pub fn is_inert(kind: PackageType, name: &str, source: Option<&str>) -> bool {
    if !kind.is_distribution() {
        return false;
    }
    let of_kernel = |name: &str| name.starts_with("linux") || name.starts_with("kernel");
    let is_beside_a_kernel = source.map_or_else(|| of_kernel(name), of_kernel)
        && (OF_A_KERNEL.iter().any(|start| name.starts_with(start))
            || ENDS_OF_A_KERNEL.iter().any(|end| name.ends_with(end)));
    is_beside_a_kernel || WITHOUT_CODE.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tools_and_documentation_are_not_what_runs() {
        use PackageType::{Apk, Deb, Pypi, Rpm};
        for (kind, name, source, expected) in [
            (Deb, "linux-libc-dev", Some("linux"), true),
            (Deb, "linux-headers-6.1.0-18-amd64", Some("linux"), true),
            (Deb, "linux-tools-5.15.0-91-generic", Some("linux-hwe-5.15"), true),
            (Deb, "bpftool", Some("linux"), true),
            (Deb, "linux-image-6.1.0-18-amd64", Some("linux-signed-amd64"), false),
            (Deb, "linux-modules-5.15.0-91-generic", Some("linux"), false),
            (Deb, "linux-base", None, false),
            (Deb, "perf-tools-unstable", None, false),
            (Rpm, "kernel-headers", Some("kernel"), true),
            (Rpm, "kernel-headers", None, true),
            (Rpm, "kernel-uek-devel", Some("kernel-uek"), true),
            (Rpm, "kernel6.1-tools", Some("kernel6.1"), true),
            (Rpm, "perf", Some("kernel"), true),
            (Rpm, "kernel-core", Some("kernel"), false),
            (Rpm, "kernel-modules", Some("kernel"), false),
            (Rpm, "kernel", Some("kernel"), false),
            (Rpm, "openssl-devel", Some("openssl"), false),
            (Apk, "linux-headers", Some("linux-headers"), true),
            (Apk, "linux-lts", Some("linux-lts"), false),
            (Apk, "linux-pam", Some("linux-pam"), false),
            (Apk, "linux-pam-doc", Some("linux-pam"), true),
            (Deb, "git-doc", Some("git"), true),
            (Deb, "vim-common", Some("vim"), false),
            (Deb, "libssl3-dbgsym", Some("openssl"), true),
            (Pypi, "sphinx-doc", None, false),
        ] {
            assert_eq!(is_inert(kind, name, source), expected, "{name}");
        }
    }
}
