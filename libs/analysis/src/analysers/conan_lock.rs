//! Conan's lock files, `conan.lock`: the graph of Conan 1 and the lists of Conan 2.
//!
//! In: the JSON document. Out: every package that is linked into what is built, and the project itself where it has a name and version, as it is
//! what is shipped. Tools that only build are left out. A user and channel (`@company/stable`) say who made a package, and are not
//! part of its name.
//! Source: Conan documentation, "Lockfiles" and "Versioning: revisions".

use std::collections::BTreeMap;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::path::{self, is_among_packages};
use crate::{Analyser, File, Malformed, Observations};

/// Reads Conan's lock files.
pub struct ConanLock;

impl Analyser for ConanLock {
    fn name(&self) -> &'static str {
        "conan-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/conan.lock"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        4 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let lock: Lock = serde_json::from_slice(file.bytes)
            .map_err(|error| Malformed::at(error.line(), format!("not a lock file: {error}")))?;
        let nodes = lock.graph_lock.into_iter().flat_map(|graph| graph.nodes.into_values());
        let in_graph = nodes.filter(|node| node.context.as_deref() != Some("build")).filter_map(|node| node.reference);
        for reference in in_graph.chain(lock.requires) {
            match name_and_version(&reference) {
                Some((name, version)) => seen.package(Package::new(PackageType::Conan, name, version)),
                None => {
                    let shown: String = path::escape(reference.as_bytes()).chars().take(60).collect();
                    seen.malformed(Malformed::new(format!("not a package reference: '{shown}'")));
                }
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Lock {
    /// Conan 1.
    graph_lock: Option<Graph>,
    /// Conan 2. What only builds is in lists of its own.
    #[serde(default)]
    requires: Vec<String>,
}

#[derive(Deserialize)]
struct Graph {
    #[serde(default)]
    nodes: BTreeMap<String, Node>,
}

#[derive(Deserialize)]
struct Node {
    /// The project itself may have none.
    #[serde(rename = "ref")]
    reference: Option<String>,
    /// `host` for what is linked, `build` for what builds. Old files have none.
    context: Option<String>,
}

/// The parts of `name/version@user/channel#revision:package%time`, of which only the first is always there.
fn name_and_version(reference: &str) -> Option<(&str, &str)> {
    let (name, version) = reference.split(['@', '#', ':', '%']).next()?.split_once('/')?;
    (!name.is_empty() && !version.is_empty() && !version.contains('/')).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn packages_of_both_forms_are_found() {
        let cases: [(&str, &[&str], usize); 8] = [
            (
                r#"{"graph_lock":{"nodes":{"0":{"ref":"app/1.0","path":"conanfile.py"},"1":{"ref":"zlib/1.2.11#ffa7:19f0#a6","context":"host"},
                "2":{"ref":"cmake/3.2","context":"build"},"3":{"options":""}}},"version":"0.4"}"#,
                &["app@1.0", "zlib@1.2.11"],
                0,
            ),
            (
                r#"{"version":"0.5","requires":["zlib/1.2.13#13c9%1667396813.733","lib/cci.2021@me/stable"],"build_requires":["cmake/3.2"],
                "python_requires":["tool/1"]}"#,
                &["lib@cci.2021", "zlib@1.2.13"],
                0,
            ),
            (r#"{"requires":["1.2.3","a/b/c","/1","a/","b/1"]}"#, &["b@1"], 4),
            (r#"{"version":"0.5"}"#, &[], 0),
            (r#"{"graph_lock":{"nodes":{}}}"#, &[], 0),
            (r#"{"requires":[1]}"#, &[], 1),
            ("[", &[], 1),
            ("", &[], 1),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&ConanLock, "conan.lock", text.as_bytes());
            assert_eq!(
                (names(&file), complaints.len()),
                (expected.iter().map(|name| (*name).to_owned()).collect(), complained),
                "{text}"
            );
        }
    }
}
