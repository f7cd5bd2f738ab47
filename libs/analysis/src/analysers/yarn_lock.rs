//! yarn's lock files, `yarn.lock`: of version 1, a format of lines that is its own, and of the later ones, which is YAML.
//!
//! In: an entry a package, headed by what was asked for. Out: every package, under its real name where it was asked for by another; neither
//! the project's own packages, nor links to folders. And what asks for what: which of them are for developing, the projects' manifests say.
//! Source: yarn, `src/lockfile/parse.js`; berry, `packages/yarnpkg-core/sources/Project.ts`.

use std::collections::BTreeMap;

use plimsoll_model::PackageType;
use serde::Deserialize;

use super::node_lock::{asked_for, is_own, package, split};
use crate::path::is_among_packages;
use crate::{Analyser, Dependencies, File, Malformed, Observations, yaml};

/// Reads yarn's lock files.
pub struct YarnLock;

impl Analyser for YarnLock {
    fn name(&self) -> &'static str {
        "yarn-lock"
    }

    fn version(&self) -> u32 {
        2
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

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let text = str::from_utf8(file.bytes).map_err(|error| Malformed::new(format!("not UTF-8: {error}")))?;
        let mut lock = Lock { seen, dependencies: Dependencies::new(PackageType::Npm) };
        let outcome = if text.lines().any(|line| line.starts_with("__metadata:")) {
            lock.berry(file.bytes)
        } else {
            lock.classic(text);
            Ok(())
        };
        let Lock { seen, dependencies } = lock;
        seen.dependencies(dependencies);
        outcome
    }
}

const NO_VERSION: &str = "a package without a version";

/// A lock file while it is read.
struct Lock<'s, 'b> {
    seen: &'s mut Observations<'b>,
    dependencies: Dependencies,
}

/// An entry of version 1 while it is read.
struct ClassicEntry<'t> {
    line: usize,
    asked_for: &'t str,
    version: Option<&'t str>,
    needs: Vec<String>,
    /// Whether the lines that are indented further name what it needs.
    is_needing: bool,
}

impl Lock<'_, '_> {
    /// Version 1: an unindented line of what was asked for, then indented lines of a word and its value, or of a word and what is indented further
    /// below it. Each entry stands for itself, so that one that does not parse takes no other with it.
    fn classic(&mut self, text: &str) {
        let mut entry: Option<ClassicEntry<'_>> = None;
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim_end();
            if line.is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let Some(property) = line.strip_prefix("  ") else {
                if !line.starts_with([' ', '\t']) {
                    self.entry(entry.take());
                    entry = line.strip_suffix(':').map(|asked_for| ClassicEntry::begin(number, asked_for));
                    if entry.is_none() {
                        self.seen.malformed(Malformed::at(number, "not an entry of a lock file"));
                    }
                }
                continue;
            };
            if let Some(entry) = &mut entry {
                entry.property(property);
            }
        }
        self.entry(entry);
    }

    fn entry(&mut self, entry: Option<ClassicEntry<'_>>) {
        let Some(ClassicEntry { line, asked_for, version, needs, .. }) = entry else { return };
        match version {
            Some(version) => self.found(asked_for, version, needs),
            None => self.seen.malformed(Malformed::at(line, NO_VERSION)),
        }
    }

    /// A package by what was asked for, a list: `a@^1.0.0, "a@>= 1"`. All of it led to the same package.
    fn found(&mut self, asked: &str, version: &str, needs: Vec<String>) {
        let references = || references(asked);
        let first = references().next().unwrap_or_default();
        let (name, range) = split(first).unwrap_or((first, ""));
        if is_own(range) {
            return;
        }
        // `short@npm:real@^1.0.0`: asked for under a name of the project's choice. `a@npm:^1.0.0` says only where it is from.
        let real = range.strip_prefix("npm:").and_then(split).map_or(name, |(real, _)| real);
        self.locked(real, version, asked, needs);
    }

    fn locked(&mut self, name: &str, version: &str, asked: &str, needs: Vec<String>) {
        let package = package(name, version);
        let asked_as: Vec<String> =
            references(asked).filter_map(|one| split(one).map(|(name, range)| asked_for(name, range))).collect();
        self.dependencies.locked(
            (&package.name, &package.version),
            asked_as.iter().map(String::as_str),
            needs.iter().map(String::as_str),
        );
        self.seen.package(package);
    }

    /// The later versions: what was asked for, to what it led to.
    fn berry(&mut self, bytes: &[u8]) -> Result<(), Malformed> {
        let lock: BTreeMap<String, Option<Entry>> = yaml::document(bytes)?;
        for (asked, entry) in lock {
            let entry = entry.unwrap_or_default();
            if asked == "__metadata" || entry.link_type.as_deref() == Some("soft") {
                continue;
            }
            let Some(version) = &entry.version else {
                self.seen.malformed(Malformed::new(NO_VERSION));
                continue;
            };
            let needs = entry.dependencies.iter().flatten();
            let needs = needs.map(|(name, range)| asked_for(name, range.as_deref().unwrap_or_default())).collect();
            match entry.resolution.as_deref().and_then(split) {
                Some((_, reference)) if is_own(reference) => {}
                Some((name, _)) => self.locked(name, version, &asked, needs),
                None => self.found(&asked, version, needs),
            }
        }
        Ok(())
    }
}

/// The parts of what was asked for: `a@^1.0.0, "a@>= 1, < 3"`.
fn references(asked: &str) -> impl Iterator<Item = &str> {
    let mut rest = asked.trim();
    std::iter::from_fn(move || {
        let (one, others) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => rest.split_once(", ").unwrap_or((rest, "")),
        };
        let is_something = !rest.is_empty();
        rest = others.trim_start_matches([',', ' ']);
        is_something.then_some(one)
    })
}

impl<'t> ClassicEntry<'t> {
    const fn begin(line: usize, asked_for: &'t str) -> Self {
        Self { line, asked_for, version: None, needs: Vec::new(), is_needing: false }
    }

    /// A line of it, without the indent of all its lines.
    fn property(&mut self, property: &'t str) {
        let words = |text: &'t str| {
            let text = text.trim_start();
            match text.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"'),
                None => text.split_once(' '),
            }
        };
        if let Some(need) = property.strip_prefix("  ") {
            if let Some((name, range)) = words(need).filter(|_| self.is_needing) {
                self.needs.push(asked_for(name, range.trim().trim_matches('"')));
            }
            return;
        }
        self.is_needing = matches!(property, "dependencies:" | "optionalDependencies:");
        if let Some((_, version)) = words(property).filter(|(word, _)| *word == "version") {
            self.version = self.version.or(Some(version.trim().trim_matches('"')));
        }
    }
}

#[derive(Deserialize, Default)]
struct Entry {
    version: Option<String>,
    /// The real name, and where the package is from: `a@npm:1.0.0`, `a@patch:...`.
    resolution: Option<String>,
    /// What it needs, by name.
    dependencies: Option<BTreeMap<String, Option<String>>>,
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
