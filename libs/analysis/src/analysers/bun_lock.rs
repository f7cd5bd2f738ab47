//! bun's lock files in their form as text, `bun.lock`.
//!
//! In: JSON with trailing commas; the projects of the repository, and the packages by where they lie in `node_modules`, as the path of
//! names to there. Out: every package that is installed for running: neither the projects, nor what is reached only from what they need
//! for developing. Versions are given as written, also where they are an address.
//! The older form in bytes, `bun.lockb`, is not read, which is said.
//! Source: bun, `src/install/lockfile/bun.lock.zig`.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer};

use super::node_lock::{is_own, package, split};
use crate::dependencies::Graph;
use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, jsonc};

/// How many folders up a package is looked for from the one that needs it, before it is looked for at the top. Real ones lie four deep.
const CLIMB: usize = 32;

/// Reads bun's lock files.
pub struct BunLock;

impl Analyser for BunLock {
    fn name(&self) -> &'static str {
        "bun-lock"
    }

    fn version(&self) -> u32 {
        2
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/bun.lock", "**/bun.lockb"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        8 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        if file.path.ends_with(".lockb") {
            return Err(Malformed::new(
                "bun's lock file in bytes is not read; `bun install --save-text-lockfile` writes the one in text, bun.lock",
            ));
        }
        let lock: Lock = jsonc::document(file.bytes)?;
        let is_for_developing = lock.only_for_developing();
        for (locked, is_for_developing) in lock.packages.values().zip(is_for_developing) {
            match split(&locked.reference) {
                Some((_, version)) if is_for_developing || is_own(version) => {}
                Some((name, version)) => seen.package(package(name, version)),
                None => seen.malformed(Malformed::new("a package without a version")),
            }
        }
        Ok(())
    }
}

/// Names to what they were asked for by, which does not matter here.
type Names = BTreeMap<String, IgnoredAny>;

#[derive(Deserialize)]
struct Lock {
    /// By folder.
    #[serde(default)]
    workspaces: BTreeMap<String, Workspace>,
    #[serde(default)]
    packages: BTreeMap<String, Locked>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Workspace {
    #[serde(default)]
    name: String,
    #[serde(default)]
    dependencies: Names,
    #[serde(default)]
    optional_dependencies: Names,
    #[serde(default)]
    peer_dependencies: Names,
    #[serde(default)]
    dev_dependencies: Names,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Needs {
    dependencies: Names,
    optional_dependencies: Names,
    peer_dependencies: Names,
}

impl Lock {
    /// Of each package, whether it is needed for developing only.
    fn only_for_developing(&self) -> Vec<bool> {
        let places = Places::of(self.packages.keys());
        let find = |from: Option<usize>, names: &[&Names]| -> Vec<usize> {
            names.iter().flat_map(|names| names.keys()).filter_map(|name| places.find(from, name)).collect()
        };
        let needed = |(number, locked): (usize, &Locked)| {
            let Needs { dependencies, optional_dependencies, peer_dependencies } = &locked.needs;
            find(Some(number), &[dependencies, optional_dependencies, peer_dependencies])
        };
        let graph = Graph((0..).zip(self.packages.values()).map(needed).collect());
        let (mut running, mut developing) = (Vec::new(), Vec::new());
        for (folder, workspace) in &self.workspaces {
            // The first project is the folder that all of them lie in.
            let place = if folder.is_empty() { None } else { places.find(None, &workspace.name) };
            let Workspace { dependencies, optional_dependencies, peer_dependencies, dev_dependencies, .. } = workspace;
            running.extend(find(place, &[dependencies, optional_dependencies, peer_dependencies]));
            developing.extend(find(place, &[dev_dependencies]));
        }
        graph.only_for_developing(running, developing)
    }
}

/// Where packages lie, by their numbers: as in `node_modules`, one is found from below the folder that it lies in.
struct Places<'l> {
    /// The package that each lies below, if not at the top.
    above: Vec<Option<usize>>,
    named: HashMap<(Option<usize>, &'l str), usize>,
}

impl<'l> Places<'l> {
    fn of(paths: impl Iterator<Item = &'l String> + Clone) -> Self {
        let numbers: HashMap<&str, usize> = paths.clone().map(String::as_str).zip(0..).collect();
        let mut places = Self { above: Vec::new(), named: HashMap::new() };
        for (number, path) in paths.enumerate() {
            let (above, name) = last_name(path);
            let above = above.map(|above| numbers.get(above).copied());
            places.above.push(above.flatten());
            // Below a package that is not there, nothing looks for it.
            if above != Some(None) {
                places.named.insert((above.flatten(), name), number);
            }
        }
        places
    }

    /// The package that `name` means to the package `from`, or to the project at the top.
    fn find(&self, mut from: Option<usize>, name: &str) -> Option<usize> {
        for _ in 0..CLIMB {
            let Some(number) = from else { break };
            if let Some(found) = self.named.get(&(from, name)) {
                return Some(*found);
            }
            from = self.above.get(number).copied().flatten();
        }
        self.named.get(&(None, name)).copied()
    }
}

/// The last of the names of a path, `a/@scope/b`, and the path before it.
fn last_name(path: &str) -> (Option<&str>, &str) {
    let Some((before, name)) = path.rsplit_once('/') else { return (None, path) };
    match before.rsplit_once('/') {
        Some((above, scope)) if scope.starts_with('@') => (Some(above), path.get(above.len() + 1..).unwrap_or(name)),
        None if before.starts_with('@') => (None, path),
        _ => (Some(before), name),
    }
}

/// A package: a list whose first part is `name@version`, and one of whose others is an object of what it needs. The others differ by
/// where it is from.
struct Locked {
    reference: String,
    needs: Needs,
}

impl<'de> Deserialize<'de> for Locked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(LockedVisitor)
    }
}

struct LockedVisitor;

impl<'de> Visitor<'de> for LockedVisitor {
    type Value = Locked;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list that describes a package")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Locked, A::Error> {
        let reference = parts.next_element()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let mut locked = Locked { reference, needs: Needs::default() };
        while let Some(Part(needs)) = parts.next_element()? {
            if let Some(needs) = needs {
                locked.needs = needs;
            }
        }
        Ok(locked)
    }
}

/// A part of the list: what it needs, if that is an object.
struct Part(Option<Needs>);

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or an object")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Part, E> {
        Ok(Part(None))
    }

    fn visit_unit<E: Error>(self) -> Result<Part, E> {
        Ok(Part(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Part, A::Error> {
        Needs::deserialize(MapAccessDeserializer::new(map)).map(|needs| Part(Some(needs)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    fn check(text: &str, expected: &[&str], complained: usize) {
        let (file, complaints) = analyse(&BunLock, "app/bun.lock", text.as_bytes());
        let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!((names(&file), complaints.len()), (expected, complained), "{text} {complaints:?}");
    }

    #[test]
    fn the_form_in_bytes_is_told() {
        let (file, complaints) =
            analyse(&BunLock, "app/bun.lockb", b"#!/usr/bin/env bun\nbun-lockfile-format-v0\n\x02");
        assert_eq!((file.packages.len(), complaints.len()), (0, 1), "{complaints:?}");
    }

    #[test]
    fn packages_for_running_are_found_under_their_real_names() {
        check(
            r#"{
                "lockfileVersion": 1, // and so on
                "workspaces": {
                    "": {"name": "app", "dependencies": {"a": "^1", "w": "workspace:*"}, "devDependencies": {"d": "1", "b": "9"}},
                    "packages/w": {"name": "w", "optionalDependencies": {"b": "^2"}, "peerDependencies": {"p": "1"}},
                },
                "packages": {
                    "@s/x": ["@s/x@1.0.0", "", {}, "sha512-"],
                    "a": ["real@1.0.0", "", {"dependencies": {"@s/x": "2", "b": "1"}, "os": "none", "bin": {"a": "b"}}, "sha512-"],
                    "a/@s/x": ["@s/x@2.0.0", "", {"dependencies": {"y": "2"}}],
                    "a/@s/x/y": ["y@2.0.0", null],
                    "b": ["b@github:o/b#1", {}, "o-b-1"],
                    "d": ["d@1.0.0", "", {"dependencies": {"e": "1", "y": "1"}}],
                    "e": ["e@1.0.0"],
                    "p": ["p@https://user:secret@host.org/p.tgz", {}],
                    "unknown": ["unknown@0.1.0", "", {}],
                    "w": ["w@workspace:packages/w"],
                    "w/b": ["b@2.0.0", "", {}],
                    "y": ["y@1.0.0", "", {}],
                },
            }"#,
            &[
                "@s/x@1.0.0",
                "@s/x@2.0.0",
                "b@2.0.0",
                "b@github:o/b#1",
                "p@https://host.org/p.tgz",
                "real@1.0.0",
                "unknown@0.1.0",
                "y@2.0.0",
            ],
            0,
        );
    }

    #[test]
    fn what_is_no_lock_file_is_a_complaint() {
        for text in
            ["", "[1]", "{", r#"{"packages":{"a":[]}}"#, r#"{"packages":{"a":[1]}}"#, r#"{"packages":{"a":["a@1",1]}}"#]
        {
            check(text, &[], 1);
        }
        check(r#"{"packages":{"a":["a"],"b":["@"],"c":["c@1"],"":["d@1"]},"workspaces":{}}"#, &["c@1", "d@1"], 2);
        check("{}", &[], 0);
    }

    #[test]
    fn paths_of_names_are_told_apart() {
        let cases = [
            ("a", (None, "a")),
            ("@s/a", (None, "@s/a")),
            ("a/b", (Some("a"), "b")),
            ("@s/a/b", (Some("@s/a"), "b")),
            ("@s/a/@t/b", (Some("@s/a"), "@t/b")),
            ("a/@t/b/c", (Some("a/@t/b"), "c")),
            ("", (None, "")),
            ("/", (Some(""), "")),
        ];
        for (path, expected) in cases {
            assert_eq!(last_name(path), expected, "{path}");
        }
    }

    #[test]
    fn a_deep_tree_in_circles_is_walked_in_bounded_time() {
        let needs: Vec<String> = (0..1000).map(|number| format!(r#""n{number}":"""#)).collect();
        let needs = needs.join(",");
        let packages: String = (1..1000)
            .map(|depth| {
                let path = vec!["a"; depth].join("/");
                let needs = if depth % 50 == 0 { needs.as_str() } else { r#""a":"","b":"""# };
                format!(r#""{path}":["a@{depth}","",{{"dependencies":{{{needs}}}}}],"#)
            })
            .collect();
        let text =
            format!(r#"{{"workspaces":{{"":{{"devDependencies":{{"a":""}}}}}},"packages":{{{packages}"b":["b@1"]}}}}"#);
        // The first needs the second and so on; the fiftieth does not need the next.
        let (file, complaints) = analyse(&BunLock, "bun.lock", text.as_bytes());
        assert_eq!((file.packages.len(), complaints), (999 - 50, vec![]));
    }
}
