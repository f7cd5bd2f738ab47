//! uv's lock file, `uv.lock`.
//!
//! In: the TOML document, a graph of packages. Out: what the project's own packages reach by their dependencies and their extras;
//! neither themselves, nor what only their development groups reach. If no package is the project's own, all of them.
//! Source: uv, `crates/uv-resolver/src/lock`.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use super::python::normalised;
use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, toml};

/// Reads uv's lock files.
pub struct UvLock;

impl Analyser for UvLock {
    fn name(&self) -> &'static str {
        "uv-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/uv.lock"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        toml::MAX_BYTES
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let lock: Lock = toml::document(file.bytes)?;
        let is_own = |locked: &Locked| locked.source.is_own() || lock.manifest.members.contains(&locked.name);
        let (own, others): (Vec<&Locked>, Vec<&Locked>) = lock.package.iter().partition(|locked| is_own(locked));
        let reached = Graph::of(&lock.package).reached(&own);
        for locked in others {
            if let Some(version) =
                locked.version.as_ref().filter(|_| own.is_empty() || reached.contains(&place(locked)))
            {
                seen.package(Package::new(PackageType::Pypi, normalised(&locked.name), version));
            }
        }
        Ok(())
    }
}

/// The packages by name: mostly one each, more where markers or extras divide what is installed.
struct Graph<'l>(BTreeMap<&'l str, Vec<&'l Locked>>);

/// A package's name and version, which no two packages from an index share.
type Place<'l> = (&'l str, Option<&'l str>);

fn place(locked: &Locked) -> Place<'_> {
    (&locked.name, locked.version.as_deref())
}

impl<'l> Graph<'l> {
    fn of(packages: &'l [Locked]) -> Self {
        let mut named = BTreeMap::<_, Vec<_>>::new();
        for locked in packages {
            named.entry(locked.name.as_str()).or_default().push(locked);
        }
        Self(named)
    }

    /// What is needed to run `roots` with all of their extras.
    fn reached(&self, roots: &[&'l Locked]) -> BTreeSet<Place<'l>> {
        let mut reached = BTreeSet::new();
        let mut visited = BTreeSet::new();
        let mut pending: Vec<&Dependency> =
            roots.iter().flat_map(|root| root.extras.values().chain([&root.dependencies])).flatten().collect();
        // Every edge is followed once: packages without end that depend on each other take no longer than their text is long.
        while let Some(dependency) = pending.pop() {
            if !visited.insert(dependency) {
                continue;
            }
            let named = self.0.get(dependency.name.as_str()).into_iter().flatten();
            for locked in named.filter(|locked| dependency.version.is_none() || dependency.version == locked.version) {
                if reached.insert(place(locked)) {
                    pending.extend(&locked.dependencies);
                }
                pending.extend(dependency.extra.iter().filter_map(|extra| locked.extras.get(extra)).flatten());
            }
        }
        reached
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    manifest: Manifest,
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize, Default)]
struct Manifest {
    /// The packages of a workspace.
    #[serde(default)]
    members: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    /// Missing where the project works it out when it is built.
    version: Option<String>,
    #[serde(default)]
    source: Source,
    #[serde(default)]
    dependencies: Vec<Dependency>,
    #[serde(default, rename = "optional-dependencies")]
    extras: BTreeMap<String, Vec<Dependency>>,
}

#[derive(Deserialize, Default)]
struct Source {
    editable: Option<String>,
    r#virtual: Option<String>,
}

impl Source {
    /// Whether the package is the project itself, or a member of its workspace.
    fn is_own(&self) -> bool {
        [&self.editable, &self.r#virtual].into_iter().flatten().any(|folder| folder == ".")
    }
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Dependency {
    name: String,
    /// Given where there are several of the name.
    version: Option<String>,
    #[serde(default)]
    extra: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let (file, complaints) = analyse(&UvLock, "app/uv.lock", text.as_bytes());
        assert_eq!(complaints, Vec::<String>::new(), "{text}");
        names(&file)
    }

    const LOCKED: &str = r#"
        version = 1
        [[package]]
        name = "a"
        version = "1"
        dependencies = [{ name = "b", version = "2", marker = "x" }, { name = "a" }]
        optional-dependencies = { fast = [{ name = "c" }], slow = [{ name = "d" }] }
        [[package]]
        name = "b"
        version = "1"
        [[package]]
        name = "b"
        version = "2"
        [[package]]
        name = "c"
        version = "3"
        [[package]]
        name = "d"
        version = "4"
        [[package]]
        name = "e"
        version = "5"
    "#;

    #[test]
    fn what_the_project_reaches_is_found() {
        let root = r#"
            [[package]]
            name = "app"
            version = "0.1.0"
            source = { virtual = "." }
            dependencies = [{ name = "a" }, { name = "a", extra = ["fast"] }, { name = "nowhere" }]
            [package.optional-dependencies]
            json = [{ name = "e" }]
            [package.dev-dependencies]
            dev = [{ name = "d" }]
            [package.metadata.requires-dev]
            dev = [{ name = "d", specifier = "==4" }]
        "#;
        assert_eq!(found(&format!("{LOCKED}{root}")), ["a@1", "b@2", "c@3", "e@5"]);
    }

    #[test]
    fn every_member_of_a_workspace_is_the_project() {
        let members = r#"
            [manifest]
            members = ["app", "tool"]
            [[package]]
            name = "app"
            source = { editable = "." }
            dependencies = [{ name = "tool" }, { name = "path" }]
            [[package]]
            name = "tool"
            version = "1"
            source = { editable = "packages/tool" }
            dependencies = [{ name = "d" }]
            [[package]]
            name = "path"
            version = "6"
            source = { editable = "../path" }
        "#;
        assert_eq!(found(&format!("{LOCKED}{members}")), ["d@4", "path@6"]);
    }

    #[test]
    fn without_a_project_everything_is_found() {
        assert_eq!(found(LOCKED), ["a@1", "b@1", "b@2", "c@3", "d@4", "e@5"]);
        assert_eq!(found("version = 1\n"), Vec::<String>::new());
    }

    #[test]
    fn a_dense_graph_is_walked_in_linear_time() {
        let all: Vec<String> = (0..200).map(|number| format!("{{ name = \"p{number}\" }}")).collect();
        let package = |number: i32| {
            format!("[[package]]\nname = \"p{number}\"\nversion = \"1\"\ndependencies = [{}]\n", all.join(","))
        };
        let root = "[[package]]\nname = \"r\"\nsource = { virtual = \".\" }\ndependencies = [{ name = \"p0\" }]\n";
        let text = (0..200).map(package).collect::<String>() + root;
        assert_eq!(found(&text).len(), 200);
    }
}
