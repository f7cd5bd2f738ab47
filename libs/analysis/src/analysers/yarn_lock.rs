//! yarn's lock files, `yarn.lock`: of version 1, a format of lines that is its own, and of the later ones, which is YAML.
//!
//! In: an entry a package, headed by what was asked for. Out: every package, those for developing too, which the file does not tell
//! from others; under its real name where it was asked for by another; neither the project's own packages, nor links to folders.
//! Source: yarn, `src/lockfile/parse.js`; berry, `packages/yarnpkg-core/sources/Project.ts`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::node_lock::{is_own, package, split};
use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, yaml};

/// Reads yarn's lock files.
pub struct YarnLock;

impl Analyser for YarnLock {
    fn name(&self) -> &'static str {
        "yarn-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/yarn.lock"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        yaml::MAX_BYTES
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let text = str::from_utf8(file.bytes).map_err(|error| Malformed::new(format!("not UTF-8: {error}")))?;
        if text.lines().any(|line| line.starts_with("__metadata:")) {
            return berry(file.bytes, seen);
        }
        classic(text, seen);
        Ok(())
    }
}

const NO_VERSION: &str = "a package without a version";

/// Version 1: an unindented line of what was asked for, then indented lines of a word and its value. Each entry stands for itself, so
/// that one that does not parse takes no other with it.
fn classic(text: &str, seen: &mut Observations<'_>) {
    let mut entry: Option<(usize, &str)> = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_end();
        if line.is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let property = line.strip_prefix("  ").filter(|property| !property.starts_with(' '));
        match (property, entry) {
            (None, _) if line.starts_with([' ', '\t']) => {}
            (None, unfinished) => {
                if let Some((line, _)) = unfinished {
                    seen.malformed(Malformed::at(line, NO_VERSION));
                }
                entry = line.strip_suffix(':').map(|asked_for| (number, asked_for));
                if entry.is_none() {
                    seen.malformed(Malformed::at(number, "not an entry of a lock file"));
                }
            }
            (Some(property), Some((_, asked_for))) => {
                let version = property.split_once(' ').filter(|(word, _)| word.trim_matches('"') == "version");
                if let Some((_, version)) = version {
                    entry = None;
                    found(asked_for, version.trim_matches('"'), seen);
                }
            }
            (Some(_), None) => {}
        }
    }
    if let Some((line, _)) = entry {
        seen.malformed(Malformed::at(line, NO_VERSION));
    }
}

/// A package by what was asked for, a list: `a@^1.0.0, "a@>= 1"`. All of it led to the same package.
fn found(asked_for: &str, version: &str, seen: &mut Observations<'_>) {
    let first = match asked_for.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => asked_for.split(", ").next(),
    };
    let first = first.unwrap_or_default();
    let (name, range) = split(first).unwrap_or((first, ""));
    if is_own(range) {
        return;
    }
    // `short@npm:real@^1.0.0`: asked for under a name of the project's choice. `a@npm:^1.0.0` says only where it is from.
    let real = range.strip_prefix("npm:").and_then(split).map_or(name, |(real, _)| real);
    seen.package(package(real, version));
}

/// The later versions: what was asked for, to what it led to.
fn berry(bytes: &[u8], seen: &mut Observations<'_>) -> Result<(), Malformed> {
    let lock: BTreeMap<String, Option<Entry>> = yaml::document(bytes)?;
    for (asked_for, entry) in lock {
        let entry = entry.unwrap_or_default();
        if asked_for == "__metadata" || entry.link_type.as_deref() == Some("soft") {
            continue;
        }
        let Some(version) = &entry.version else {
            seen.malformed(Malformed::new(NO_VERSION));
            continue;
        };
        match entry.resolution.as_deref().and_then(split) {
            Some((_, reference)) if is_own(reference) => {}
            Some((name, _)) => seen.package(package(name, version)),
            None => found(&asked_for, version, seen),
        }
    }
    Ok(())
}

#[derive(Deserialize, Default)]
struct Entry {
    version: Option<String>,
    /// The real name, and where the package is from: `a@npm:1.0.0`, `a@patch:...`.
    resolution: Option<String>,
    /// `soft` if the package is a folder that its owner may change at any time.
    #[serde(rename = "linkType")]
    link_type: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    fn check(cases: &[(&str, &[&str], usize)]) {
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&YarnLock, "app/yarn.lock", text.as_bytes());
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!((names(&file), complaints.len()), (expected, *complained), "{text} {complaints:?}");
        }
    }

    #[test]
    fn packages_of_version_1_are_found() {
        check(&[
            (
                "# yarn lockfile v1\r\n\r\na@1, a@^1.0.0:\r\n  version \"1.0.0\"\r\n  dependencies:\r\n    version \"9\"\r\n",
                &["a@1.0.0"],
                0,
            ),
            (
                "\"@s/a@>= 1 < 3\", \"@s/a@^1\":\n  resolved x\n  version \"1.1.0\"\n  version \"2\"\n",
                &["@s/a@1.1.0"],
                0,
            ),
            ("\"b@npm:@s/real@^1\", c@1:\n  \"version\" \"1\"\n\nbare:\n  version 2\n", &["@s/real@1", "bare@2"], 0),
            (
                "\"g@git+ssh://git@host.org:a/g#1\":\n  version \"1\"\nh@a/h#2:\n  version \"2\"\n\"f@file:f\":\n  version \"3\"\n",
                &["f@3", "g@1", "h@2"],
                0,
            ),
            ("\"l@link:../l\":\n  version \"0.0.0\"\n", &[], 0),
        ]);
    }

    #[test]
    fn an_entry_that_does_not_parse_takes_no_other_with_it() {
        check(&[
            (
                "a@1:\n  resolved x\nb@1:\n  version \"1\"\n<<<<<<< HEAD\n  version \"2\"\nc@1:\n  version \"3\"\nd@1:",
                &["b@1", "c@3"],
                3,
            ),
            ("\":\n  version \"1\"\n", &[], 1),
            ("@:\n  version \"\"\n", &[], 1),
            ("", &[], 0),
        ]);
        assert_eq!(analyse(&YarnLock, "yarn.lock", b"\xff").1.len(), 1);
    }

    #[test]
    fn packages_of_later_versions_are_found() {
        check(&[
            (
                "__metadata:\n  version: 8\n  cacheKey: 10c0\n\"a@npm:^1.0.0, a@npm:^1.1.0\":\n  version: 1.10\n  resolution: \"a@npm:1.10\"\n  \
                 dependencies:\n    b: \"npm:^2\"\n  languageName: node\n  linkType: hard\n\"app@workspace:.\":\n  version: 0.0.0-use.local\n  \
                 resolution: \"app@workspace:.\"\n  linkType: soft\n",
                &["a@1.10"],
                0,
            ),
            (
                "__metadata: {}\n\"alias@npm:@s/real@^2\":\n  version: 2.0.0\n  resolution: \"@s/real@npm:2.0.0\"\n\"x@npm:@s/y@^2\":\n  \
                 version: 3.0.0\n\"p@patch:p@1#builtin<compat/p>\":\n  version: 1.0.0\n  resolution: \
                 \"p@patch:p@npm%3A1.0.0#builtin<compat/p>::version=1.0.0\"\n\"l@portal:../l\":\n  version: 0.0.0\n  resolution: \"l@portal:../l\"\n",
                &["@s/real@2.0.0", "@s/y@3.0.0", "p@1.0.0"],
                0,
            ),
            ("__metadata:\nnone:\nsome: {resolution: \"some@npm:1\"}\n", &[], 2),
            ("__metadata: 1\n", &[], 1),
            ("__metadata: {}\na: &a {version: 1}\nb: *a\n", &["a@1", "b@1"], 0),
        ]);
    }

    #[test]
    fn aliases_without_end_are_refused() {
        let levels: String = (1..30)
            .map(|level| format!("a{level}: &a{level} {{x: [{}]}}\n", vec![format!("*a{}", level - 1); 9].join(",")))
            .collect();
        let text = format!("__metadata: {{}}\na0: &a0 {{version: 1}}\n{levels}");
        assert_eq!(analyse(&YarnLock, "yarn.lock", text.as_bytes()).1.len(), 1);
    }
}
