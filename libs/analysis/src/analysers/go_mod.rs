//! Go's module files, `go.mod`.
//!
//! In: lines of directives, alone or in blocks. Out: every module that the file requires, indirect ones too (before Go 1.17 a file names
//! only some of them, and each that it names is in the build), as `replace` and `exclude` have it. Not the module itself, which has no
//! version here, nor Go: the `go` line is the oldest that would do. Of a module required twice the higher version counts, as in
//! Go's minimal version selection; one that is replaced by a folder has no version.
//! Source: "Go Modules Reference", go.mod files.

use std::collections::{BTreeMap, HashMap, HashSet};

use plimsoll_model::{Package, PackageType};

use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations};

/// Reads Go's module files.
pub struct GoMod;

impl Analyser for GoMod {
    fn name(&self) -> &'static str {
        "go-mod"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/go.mod"]
    }

    fn wants(&self, path: &str) -> bool {
        // Go itself passes over these folders.
        !is_among_packages(path) && !path.split('/').any(|folder| folder == "testdata" || folder.starts_with('_'))
    }

    fn max_bytes(&self) -> usize {
        1 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let text = str::from_utf8(file.bytes).map_err(|error| Malformed::new(format!("not UTF-8: {error}")))?;
        let module = Module::read(text, seen);
        if module.is_of_go_itself {
            // Go's own sources: what they require is a part of Go, and goes with its version.
            return Ok(());
        }
        for (path, version) in &module.required {
            let replacement = module
                .replaced
                .get(&(*path, Some(*version)))
                .or_else(|| module.replaced.get(&(*path, None)))
                .copied()
                .unwrap_or(Some((*path, *version)));
            if let Some((path, version)) = replacement {
                seen.package(Package::new(PackageType::Golang, path, version));
            }
        }
        Ok(())
    }
}

/// A module's path and version.
type Version<'a> = (&'a str, &'a str);

#[derive(Default)]
struct Module<'a> {
    is_of_go_itself: bool,
    required: BTreeMap<&'a str, &'a str>,
    excluded: HashSet<Version<'a>>,
    /// What stands in for a module, or for one version of it. `None` is a folder.
    replaced: HashMap<(&'a str, Option<&'a str>), Option<Version<'a>>>,
}

impl<'a> Module<'a> {
    fn read(text: &'a str, seen: &mut Observations<'_>) -> Self {
        let mut module = Self::default();
        let (mut block, mut required) = (None, Vec::new());
        for (number, line) in text.lines().enumerate() {
            let words = words(line);
            let (directive, arguments) = match (block, words.as_slice()) {
                (_, []) => continue,
                (Some(_), [")"]) => {
                    block = None;
                    continue;
                }
                (Some(directive), arguments) => (directive, arguments),
                (None, [directive, "("]) => {
                    block = Some(*directive);
                    continue;
                }
                (None, [directive, arguments @ ..]) => (*directive, arguments),
            };
            match (directive, arguments) {
                ("module", [path]) => module.is_of_go_itself = matches!(*path, "std" | "cmd"),
                ("require", [path, version]) => required.push((*path, *version)),
                ("exclude", [path, version]) => drop(module.excluded.insert((path, version))),
                ("replace", [old, "=>", new @ ..]) => module.replace((old, None), new),
                ("replace", [old, version, "=>", new @ ..]) => module.replace((old, Some(version)), new),
                ("module" | "require" | "exclude" | "replace", _) => {
                    seen.malformed(Malformed::at(number + 1, format!("not a line of '{directive}'")));
                }
                _ => {}
            }
        }
        for (path, version) in required {
            module.require(path, version);
        }
        module
    }

    fn replace(&mut self, old: (&'a str, Option<&'a str>), new: &[&'a str]) {
        let new = match new {
            [path, version] => Some((*path, *version)),
            _ => None,
        };
        self.replaced.insert(old, new);
    }

    fn require(&mut self, path: &'a str, version: &'a str) {
        // A branch's name is allowed until Go next writes the file, and is no version.
        let Some(number) = semver_of(version) else { return };
        if self.excluded.contains(&(path, version)) {
            return;
        }
        let is_higher = self.required.get(path).and_then(|other| semver_of(other)).is_none_or(|other| number > other);
        if is_higher {
            self.required.insert(path, version);
        }
    }
}

fn semver_of(version: &str) -> Option<semver::Version> {
    semver::Version::parse(version.strip_prefix('v')?).ok()
}

/// A line's words without its comment. A word may be quoted.
fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            break;
        }
        let (word, after) = match first {
            quote @ ('"' | '`') => rest.get(1..).and_then(|inside| inside.split_once(quote)).unwrap_or((rest, "")),
            _ => {
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                let end = rest.find("//").map_or(end, |comment| comment.min(end));
                rest.split_at(end)
            }
        };
        words.push(word);
        rest = after.trim_start();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    fn found(text: &str) -> (Vec<String>, usize) {
        let (file, complaints) = analyse(&GoMod, "app/go.mod", text.as_bytes());
        (names(&file), complaints.len())
    }

    #[test]
    fn required_modules_are_found_as_the_file_has_them() {
        let cases: [(&str, &[&str]); 13] = [
            ("module m\ngo 1.22\ntoolchain go1.22.5\nrequire x.org/A v1.0.0\n", &["x.org/A@v1.0.0"]),
            (
                "require (\n\tx v1.0.0 // indirect\n\n\t// y v1.0.0\n)\nrequire z v2.0.0+incompatible",
                &["x@v1.0.0", "z@v2.0.0+incompatible"],
            ),
            (
                "go 1.16\nrequire x v0.0.0-20210107192922-496545a6307b // indirect",
                &["x@v0.0.0-20210107192922-496545a6307b"],
            ),
            ("require \"x\" `v1.0.0`// c", &["x@v1.0.0"]),
            ("require (\nx v1.9.0\nx v1.10.0\nx v1.2.0\n)", &["x@v1.10.0"]),
            ("require x v1.0.0\nreplace x => y v2.0.0", &["y@v2.0.0"]),
            ("replace x v1.0.0 => y v2.0.0\nrequire x v1.0.0", &["y@v2.0.0"]),
            ("require x v1.0.0\nreplace x v1.1.0 => y v2.0.0", &["x@v1.0.0"]),
            ("require x v1.0.0\nreplace (\nx => y v2.0.0\nx v1.0.0 => z v3.0.0\n)", &["z@v3.0.0"]),
            ("require x v1.0.0\nreplace x => ../x", &[]),
            ("require (\nx v1.0.0\nx v1.1.0\n)\nexclude x v1.1.0", &["x@v1.0.0"]),
            ("require x master\nretract v1.0.0\ntool x/cmd\ngodebug default=go1.21\nunheard of", &[]),
            ("module std\nrequire golang.org/x/net v0.1.0", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(found(text), (expected.iter().map(|name| (*name).to_owned()).collect(), 0), "{text}");
        }
    }

    #[test]
    fn lines_that_say_nothing_are_told_and_passed_over() {
        assert_eq!(found("require x\nrequire y v1.0.0\nreplace => z v1.0.0"), (vec!["y@v1.0.0".into()], 2));
        assert_eq!(found("require (\nx v1.0.0"), (vec!["x@v1.0.0".into()], 0));
        assert_eq!(found("require \"x v1.0.0").1, 1);
        assert_eq!(analyse(&GoMod, "go.mod", b"require x v1.0.0\xff").1.len(), 1);
    }

    #[test]
    fn files_that_go_passes_over_are_not_wanted() {
        for (path, expected) in [
            ("go.mod", true),
            ("src/app/go.mod", true),
            ("root/go/pkg/mod/x.org/a@v1.0.0/go.mod", false),
            ("usr/local/go/src/cmd/go/testdata/mod/go.mod", false),
            ("usr/local/go/src/crypto/internal/bigmod/_asm/go.mod", false),
        ] {
            assert_eq!(GoMod.wants(path), expected, "{path}");
        }
    }
}
