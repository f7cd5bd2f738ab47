//! The operating system: `etc/os-release`, `usr/lib/os-release`, and what older systems have instead.
//!
//! In: shell-like assignments (os-release(5)), or the one line of `etc/alpine-release` and `etc/debian_version`.
//! Out: an [`OsRelease`]. Which of several files counts is decided when layers are squashed: see [`RANKED_PATHS`].

use plimsoll_model::OsRelease;

use crate::{Analyser, File, Malformed, Observations};

/// The files that name the operating system; the first one that says something counts.
///
/// `etc/os-release` is mostly a link to the second, and both are read, so no link need be followed.
pub(crate) const RANKED_PATHS: [&str; 4] =
    ["etc/os-release", "usr/lib/os-release", "etc/alpine-release", "etc/debian_version"];

/// Reads the files that name the operating system.
pub struct OsReleaseFile;

impl Analyser for OsReleaseFile {
    fn name(&self) -> &'static str {
        "os-release"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &RANKED_PATHS
    }

    fn max_bytes(&self) -> usize {
        64 << 10
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let text = String::from_utf8_lossy(file.bytes);
        let os = match file.path {
            "etc/alpine-release" => from_version("alpine", &text),
            "etc/debian_version" => from_version("debian", &text),
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
            ("etc/os-release", "NAME=\"no id\"\n\u{0}=\n", None),
        ];
        for (path, text, expected) in cases {
            let (file, complaints) = super::super::analyse(&OsReleaseFile, path, text.as_bytes());
            assert_eq!(file.os, expected, "{path}: {text}");
            assert_eq!(complaints.is_empty(), expected.is_some());
        }
    }
}
