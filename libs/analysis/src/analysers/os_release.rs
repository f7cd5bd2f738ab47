//! The operating system: `etc/os-release`, `usr/lib/os-release`, and what older systems have instead.
//!
//! In: shell-like assignments (os-release(5)), or the one line of `etc/alpine-release`, of `etc/debian_version`, and of the
//! files of Red Hat's family, whose systems had nothing else before version 7. `etc/redhat-release` is a link to
//! `etc/centos-release` where there is one.
//! Out: an [`OsRelease`]. Which of several files counts is decided when layers are squashed: see [`RANKED_PATHS`].

use plimsoll_model::OsRelease;

use crate::{Analyser, File, Malformed, Observations};

/// The files that name the operating system; the first one that says something counts.
///
/// `etc/os-release` is mostly a link to the second, and both are read, so no link need be followed.
pub(crate) const RANKED_PATHS: [&str; 7] = [
    "etc/os-release",
    "usr/lib/os-release",
    "etc/alpine-release",
    // Oracle's own file comes before the one in which it calls itself Red Hat.
    "etc/oracle-release",
    "etc/centos-release",
    "etc/redhat-release",
    "etc/debian_version",
];

/// How the line of Red Hat's family begins, and the `ID` that such a system has in `os-release`.
const RED_HAT_FAMILY: [(&str, &str); 7] = [
    ("Red Hat", "rhel"),
    ("CentOS", "centos"),
    ("Oracle Linux", "ol"),
    ("Fedora", "fedora"),
    ("Rocky Linux", "rocky"),
    ("AlmaLinux", "almalinux"),
    ("Scientific Linux", "scientific"),
];

/// Reads the files that name the operating system.
pub struct OsReleaseFile;

impl Analyser for OsReleaseFile {
    fn name(&self) -> &'static str {
        "os-release"
    }

    fn version(&self) -> u32 {
        2
    }

    fn globs(&self) -> &'static [&'static str] {
        &RANKED_PATHS
    }

    fn max_bytes(&self) -> usize {
        64 << 10
    }

    fn working_bytes(&self, _size: usize) -> usize {
        0
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let text = String::from_utf8_lossy(file.bytes);
        let os = match file.path {
            "etc/alpine-release" => from_version("alpine", &text),
            "etc/debian_version" => from_version("debian", &text),
            "etc/oracle-release" | "etc/centos-release" | "etc/redhat-release" => from_sentence(&text),
            _ => from_assignments(&text),
        };
        seen.os_release(os.ok_or_else(|| Malformed::new("it names no operating system"))?);
        Ok(())
    }
}

/// Of a file that is a version and nothing else. Debian's testing says `trixie/sid` there, which is no version.
fn from_version(id: &str, text: &str) -> Option<OsRelease> {
    let version = shown(text.lines().next()?)?;
    let is_version = version.starts_with(|first: char| first.is_ascii_digit());
    Some(OsRelease {
        id: id.to_owned(),
        version_id: is_version.then(|| version.clone()),
        codename: version.split_once('/').filter(|_| !is_version).map(|(codename, _)| codename.to_owned()),
        pretty_name: None,
    })
}

/// Of `CentOS release 6.10 (Final)`.
fn from_sentence(text: &str) -> Option<OsRelease> {
    let line = shown(text.lines().next()?)?;
    let (name, rest) = line.split_once(" release ")?;
    let (_, id) = RED_HAT_FAMILY.iter().find(|(beginning, _)| name.starts_with(beginning))?;
    let version = rest.split(' ').next().filter(|version| version.starts_with(|first: char| first.is_ascii_digit()));
    Some(OsRelease {
        id: (*id).to_owned(),
        version_id: version.map(str::to_owned),
        codename: None,
        pretty_name: Some(line.clone()),
    })
}

fn from_assignments(text: &str) -> Option<OsRelease> {
    // A later assignment counts over an earlier one, as in a shell.
    let value = |wanted: &str| {
        let mut assigned = text.lines().filter_map(|line| line.trim().split_once('='));
        assigned.rfind(|(key, _)| *key == wanted).and_then(|(_, value)| shown(&unquoted(value)))
    };
    Some(OsRelease {
        id: value("ID")?.to_lowercase(),
        version_id: value("VERSION_ID"),
        codename: value("VERSION_CODENAME"),
        pretty_name: value("PRETTY_NAME"),
    })
}

/// A value without its quotes and backslashes.
fn unquoted(value: &str) -> String {
    let value = value.trim();
    let inner = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote)).unwrap_or(value);
    let mut text = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' if !value.starts_with('\'') => text.extend(characters.next()),
            other => text.push(other),
        }
    }
    text
}

/// A text fit to be shown: no control characters, not absurdly long, not empty.
fn shown(text: &str) -> Option<String> {
    let text: String =
        text.trim().chars().filter(|character| !crate::path::is_invisible(*character)).take(200).collect();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn os(id: &str, version: Option<&str>, codename: Option<&str>, pretty: Option<&str>) -> Option<OsRelease> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Some(OsRelease {
            id: id.into(),
            version_id: owned(version),
            codename: owned(codename),
            pretty_name: owned(pretty),
        })
    }

    #[test]
    fn releases_are_read_from_whichever_file_there_is() {
        let cases = [
            (
                "etc/os-release",
                "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n",
                os("debian", Some("12"), Some("bookworm"), Some("Debian GNU/Linux 12 (bookworm)")),
            ),
            (
                "usr/lib/os-release",
                "# a comment\r\nID='Alpine'\r\nVERSION_ID=3.18.4\r\n",
                os("alpine", Some("3.18.4"), None, None),
            ),
            ("etc/os-release", "ID=a\nID=b\nPRETTY_NAME=\"say \\\"x\\\"\"\n", os("b", None, None, Some("say \"x\""))),
            ("etc/os-release", "ID=x\u{1b}[31m\n", os("x[31m", None, None, None)),
            ("etc/alpine-release", "3.10.9\n", os("alpine", Some("3.10.9"), None, None)),
            ("etc/debian_version", "12.4\n", os("debian", Some("12.4"), None, None)),
            ("etc/debian_version", "trixie/sid\n", os("debian", None, Some("trixie"), None)),
            ("etc/debian_version", "", None),
            (
                "etc/redhat-release",
                "CentOS release 6.10 (Final)\n",
                os("centos", Some("6.10"), None, Some("CentOS release 6.10 (Final)")),
            ),
            (
                "etc/centos-release",
                "CentOS Linux release 7.9.2009 (Core)\n",
                os("centos", Some("7.9.2009"), None, Some("CentOS Linux release 7.9.2009 (Core)")),
            ),
            (
                "etc/redhat-release",
                "Red Hat Enterprise Linux Server release 6.10 (Santiago)",
                os("rhel", Some("6.10"), None, Some("Red Hat Enterprise Linux Server release 6.10 (Santiago)")),
            ),
            (
                "etc/oracle-release",
                "Oracle Linux Server release 6.10\n",
                os("ol", Some("6.10"), None, Some("Oracle Linux Server release 6.10")),
            ),
            (
                "etc/redhat-release",
                "Fedora release Rawhide\n",
                os("fedora", None, None, Some("Fedora release Rawhide")),
            ),
            ("etc/redhat-release", "My release 1\n", None),
            ("etc/redhat-release", "CentOS\n", None),
            ("etc/os-release", "NAME=\"no id\"\n\u{0}=\n", None),
        ];
        for (path, text, expected) in cases {
            let (file, complaints) = super::super::analyse(&OsReleaseFile, path, text.as_bytes());
            assert_eq!(file.os.as_deref(), expected.as_ref(), "{path}: {text}");
            assert_eq!(complaints.is_empty(), expected.is_some());
        }
    }
}
