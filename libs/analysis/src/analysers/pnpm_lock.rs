//! pnpm's lock files, `pnpm-lock.yaml`, of the versions 5 to 9.
//!
//! In: YAML documents; newer releases keep what they need themselves in one of its own. Out: every package that is installed for
//! running. Until version 8 the file marks those that are needed for developing only; later it has a graph that tells it.
//! Source: pnpm, `lockfile/types`, `deps/path`; <https://github.com/pnpm/spec/tree/master/lockfile>.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::node_lock::{is_own, package, split};
use crate::dependencies::Graph;
use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, yaml};

/// Reads pnpm's lock files.
pub struct PnpmLock;

impl Analyser for PnpmLock {
    fn name(&self) -> &'static str {
        "pnpm-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/pnpm-lock.yaml"]
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
        let locks: Vec<Lock> = yaml::documents(file.bytes)?;
        locks.iter().for_each(|lock| lock.observe(seen));
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lock {
    lockfile_version: Option<String>,
    /// The projects of the repository, by their folders. Those of a repository with one project stand in the document itself before
    /// version 9, which is not needed here.
    importers: Option<BTreeMap<String, Importer>>,
    packages: Option<BTreeMap<String, Option<Locked>>>,
    /// Since version 9: each package once for every set of peers that it has.
    snapshots: Option<BTreeMap<String, Option<Needs>>>,
}

/// Names to versions.
type Asked = Option<BTreeMap<String, Wanted>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Importer {
    dependencies: Asked,
    optional_dependencies: Asked,
    dev_dependencies: Asked,
    /// What pnpm itself is told by, and pnpm itself: installed beside the project, and nothing that it runs with.
    config_dependencies: Asked,
    package_manager_dependencies: Asked,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Needs {
    dependencies: Asked,
    optional_dependencies: Asked,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    Plain(String),
    Stated { version: String },
    Other(IgnoredAny),
}

#[derive(Deserialize, Default)]
struct Locked {
    /// Both are given where the key is an address.
    name: Option<String>,
    version: Option<String>,
    dev: Option<bool>,
}

impl Lock {
    fn observe(&self, seen: &mut Observations<'_>) {
        let major = self.lockfile_version.as_deref().and_then(|version| version.split('.').next()?.parse::<u32>().ok());
        let by_path = major.is_some_and(|major| major < 6);
        let for_developing = self.only_for_developing();
        for (key, locked) in self.packages.iter().flatten() {
            let unstated = Locked::default();
            let locked = locked.as_ref().unwrap_or(&unstated);
            if locked.dev == Some(true) || for_developing.contains(key.as_str()) {
                continue;
            }
            let by_key = if by_path { of_path(key) } else { of_reference(key) };
            let name = locked.name.as_deref().or(by_key.map(|(name, _)| name));
            let version = locked.version.as_deref().or(by_key.map(|(_, version)| version));
            match (name, version) {
                (Some(_), Some(version)) if is_own(version) => {}
                (Some(name), Some(version)) => seen.package(package(name, version)),
                _ => seen.malformed(Malformed::new("a package without a version")),
            }
        }
    }

    /// The keys of packages that the graph reaches from what is asked for while developing, and from nothing else.
    fn only_for_developing(&self) -> BTreeSet<&str> {
        let snapshots = || self.snapshots.iter().flatten();
        let numbers: BTreeMap<&str, usize> = snapshots().map(|(key, _)| key.as_str()).zip(0..).collect();
        let number = |name: &str, wanted: &Wanted| {
            let version = wanted.version()?;
            // Under another name, the version is the whole key.
            numbers.get(format!("{name}@{version}").as_str()).or_else(|| numbers.get(version)).copied()
        };
        let asked = |asked: &[&Asked]| -> Vec<usize> {
            asked.iter().copied().flatten().flatten().filter_map(|(name, wanted)| number(name, wanted)).collect()
        };
        let needed = |needs: &Needs| asked(&[&needs.dependencies, &needs.optional_dependencies]);
        let graph = Graph(snapshots().map(|(_, needs)| needs.as_ref().map(needed).unwrap_or_default()).collect());
        let (mut running, mut developing) = (Vec::new(), Vec::new());
        for project in self.importers.iter().flat_map(BTreeMap::values) {
            running.extend(asked(&[&project.dependencies, &project.optional_dependencies]));
            developing.extend(asked(&[
                &project.dev_dependencies,
                &project.config_dependencies,
                &project.package_manager_dependencies,
            ]));
        }
        let is_for_developing = graph.only_for_developing(running, developing);
        let (developing, running): (Vec<_>, Vec<_>) =
            snapshots().map(|(key, _)| without_peers(key)).zip(is_for_developing).partition(|(_, is_it)| *is_it);
        let running: BTreeSet<&str> = running.into_iter().map(|(key, _)| key).collect();
        developing.into_iter().map(|(key, _)| key).filter(|key| !running.contains(key)).collect()
    }
}

impl Wanted {
    fn version(&self) -> Option<&str> {
        match self {
            Self::Plain(version) | Self::Stated { version } => Some(version),
            Self::Other(_) => None,
        }
    }
}

/// The name and version of a key until version 5: `/@scope/name/1.0.0_peers`, with its host in front if that is not the default one.
fn of_path(key: &str) -> Option<(&str, &str)> {
    let (_host, path) = key.split_once('/')?;
    let scope = if path.starts_with('@') { path.find('/')? + 1 } else { 0 };
    let end = scope + path.get(scope..)?.find('/')?;
    // Peers follow an underscore, in the first releases a slash.
    let version = path.get(end + 1..)?.split(['/', '_']).next()?;
    version.starts_with(|character: char| character.is_ascii_digit()).then_some((path.get(..end)?, version))
}

/// The name and version of a key since version 6: `name@1.0.0(peer@1.0.0)`, `/name@1.0.0`, `host.org/name@1.0.0`, `name@file:folder`.
fn of_reference(key: &str) -> Option<(&str, &str)> {
    let key = without_peers(key);
    let host = key.split_once('/').filter(|(host, _)| host.is_empty() || host.contains('.') && !host.contains('@'));
    let reference = host.map_or(key, |(_, reference)| reference);
    split(reference).filter(|(name, _)| !name.contains(':'))
}

/// A key without the parentheses at its end: `(a@1.0.0(b@1.0.0))(c@1.0.0)`.
fn without_peers(key: &str) -> &str {
    let (mut depth, mut end) = (0_usize, key.len());
    for (at, byte) in key.bytes().enumerate().rev() {
        match byte {
            b')' => depth += 1,
            b'(' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    end = at;
                }
            }
            _ if depth == 0 => break,
            _ => {}
        }
    }
    key.get(..end).unwrap_or(key)
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    fn check(text: &str, expected: &[&str], complained: usize) {
        let (file, complaints) = analyse(&PnpmLock, "app/pnpm-lock.yaml", text.as_bytes());
        let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!((names(&file), complaints.len()), (expected, complained), "{text} {complaints:?}");
    }

    #[test]
    fn keys_name_packages() {
        let by_path = [
            ("/a/1.0.0", Some(("a", "1.0.0"))),
            ("/@s/a/1.0.0-rc.1_b@2.0.0+@t+c@3.0.0", Some(("@s/a", "1.0.0-rc.1"))),
            ("/a_b/1.0.0/c@2.0.0", Some(("a_b", "1.0.0"))),
            ("registry.npmjs.org/@s/a/1.1.0", Some(("@s/a", "1.1.0"))),
            ("github.com/kevva/is-positive", None),
            ("/a/b", None),
            ("/@s", None),
            ("a", None),
            ("", None),
        ];
        for (key, expected) in by_path {
            assert_eq!(of_path(key), expected, "{key}");
        }
        let by_reference = [
            ("a@1.0.0", Some(("a", "1.0.0"))),
            ("/@s/a@1.0.0(b@1.0.0)", Some(("@s/a", "1.0.0"))),
            ("host.org/@s/a@1.0.0", Some(("@s/a", "1.0.0"))),
            ("lodash.merge@4.6.2", Some(("lodash.merge", "4.6.2"))),
            ("a@https://host.org/a@1/x(1).tgz", Some(("a", "https://host.org/a@1/x(1).tgz"))),
            ("a@file:a(patch_hash=x)(b@1(c@2))", Some(("a", "file:a"))),
            ("@host.org/a/tarball/1", None),
            ("file:a@1", None),
            ("a@1)(", Some(("a", "1)("))),
            ("))", None),
        ];
        for (key, expected) in by_reference {
            assert_eq!(of_reference(key), expected, "{key}");
        }
    }

    #[test]
    fn until_version_8_packages_for_developing_are_marked() {
        check(
            "lockfileVersion: 5.4\nspecifiers: {a: ^1}\ndependencies: {a: 1.0.0}\nimporters: {x: {dependencies: {a: 1.0}, devDependencies: {b: link:b}}}\n\
             packages:\n  /a/1.0.0_b@1.0.0:\n    dev: false\n    optional: true\n  /d/1.0.0:\n    dev: true\n  /both/1.10.0:\n  \
             github.com/x/y/0abc:\n    name: y\n    version: 2.0.0\n  what: {}\n",
            &["a@1.0.0", "both@1.10.0", "y@2.0.0"],
            1,
        );
        check(
            "lockfileVersion: '6.0'\npackages:\n  /a@1.0.0(b@1.0.0):\n    dev: false\n  /d@1.0.0: {dev: true}\n  \
             file:f.tgz: {name: f, version: 4.0.0}\n",
            &["a@1.0.0", "f@4.0.0"],
            0,
        );
    }

    /// The projects of a document of version 9 that has what they may ask for.
    fn version_9(importers: &str) -> String {
        format!(
            "lockfileVersion: '9.0'\nimporters:\n{importers}\npackages:\n  a@1.0.0: {{}}\n  '@s/b@1.0.0': {{}}\n  c@https://u:p@host.org/c.tgz: {{}}\n  \
             d@1.0.0: {{}}\n  e@file:e.tgz: {{version: 5.0.0}}\n  l@link:../l: {{}}\n\
             snapshots:\n  a@1.0.0(@s/b@1.0.0):\n    dependencies:\n      '@s/b': 1.0.0\n      other: '@s/b@1.0.0'\n  a@1.0.0:\n    \
             optionalDependencies:\n      c: https://u:p@host.org/c.tgz\n  '@s/b@1.0.0': {{}}\n  c@https://u:p@host.org/c.tgz:\n  d@1.0.0:\n    \
             dependencies: {{d: 1.0.0, gone: 1.0.0}}\n  e@file:e.tgz: {{}}\n"
        )
    }

    #[test]
    fn since_version_9_the_graph_tells_what_is_for_developing() {
        let cases: [(&str, &[&str]); 5] = [
            ("  .: {}", &["@s/b@1.0.0", "a@1.0.0", "c@https://host.org/c.tgz", "d@1.0.0", "e@5.0.0"]),
            (
                "  .:\n    dependencies:\n      a: {specifier: ^1, version: 1.0.0(@s/b@1.0.0)}\n    devDependencies:\n      a: {version: 1.0.0}\n      \
                 d: {version: 1.0.0}",
                &["@s/b@1.0.0", "a@1.0.0", "e@5.0.0"],
            ),
            (
                "  x:\n    devDependencies:\n      alias: {version: '@s/b@1.0.0'}\n      d: [x]\n      e: {specifier: 1}\n  \
                 y:\n    optionalDependencies:\n      d: {version: 1.0.0}\n    devDependencies:\n      d: {version: 1.0.0}\n      l: {version: link:../l}",
                &["a@1.0.0", "c@https://host.org/c.tgz", "d@1.0.0", "e@5.0.0"],
            ),
            (
                "  .:\n    packageManagerDependencies:\n      d: {version: 1.0.0}\n    configDependencies:\n      e: file:e.tgz",
                &["@s/b@1.0.0", "a@1.0.0", "c@https://host.org/c.tgz"],
            ),
            (
                "  .: {dependencies: {d: {version: 1.0.0}}, devDependencies: {d: {version: 1.0.0}}}",
                &["@s/b@1.0.0", "a@1.0.0", "c@https://host.org/c.tgz", "d@1.0.0", "e@5.0.0"],
            ),
        ];
        for (importers, expected) in cases {
            check(&version_9(importers), expected, 0);
        }
    }

    #[test]
    fn every_document_is_read() {
        check(
            "lockfileVersion: '9.0'\npackages: {a@1.0.0: {}}\n---\nlockfileVersion: '9.0'\npackages: {b@1.0.0: {}}\n",
            &["a@1.0.0", "b@1.0.0"],
            0,
        );
        check("", &[], 0);
        check("lockfileVersion: '9.0'\nimporters: {}\npackages:\nsnapshots:\n", &[], 0);
        check("packages: [1]\n", &[], 1);
        check("packages: {a@1: {dev: maybe}}\n", &[], 1);
        check("a@1.0.0\n", &[], 1);
    }

    #[test]
    fn a_dense_graph_is_walked_in_linear_time() {
        let all: Vec<String> = (0..120).map(|number| format!("p{number}: '1'")).collect();
        let packages: String = (0..120).map(|number| format!("  p{number}@1: {{}}\n")).collect();
        let snapshots: String =
            (0..120).map(|number| format!("  p{number}@1: {{dependencies: {{{}}}}}\n", all.join(", "))).collect();
        let text = format!(
            "lockfileVersion: '9.0'\nimporters: {{.: {{devDependencies: {{p0: {{version: '1'}}}}}}}}\npackages:\n{packages}snapshots:\n{snapshots}"
        );
        check(&text, &[], 0);
    }
}
