//! The manifest of a Node.js project, `package.json`, where it is not an installed package's.
//!
//! In: the JSON document. Out: what the project asks for, for running and for developing: yarn's lock file does not say which is which.
//! Source: npm, "package.json".

use std::borrow::Cow;
use std::collections::BTreeMap;

use plimsoll_model::PackageType;
use serde::Deserialize;

use super::node_lock::asked_for;
use super::node_modules::{Stated, without_mark};
use crate::path::is_among_packages;
use crate::{Analyser, Dependencies, File, Malformed, Observations};

/// Reads the manifests of projects.
pub struct PackageJson;

impl Analyser for PackageJson {
    fn name(&self) -> &'static str {
        "package-json"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/package.json"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        1 << 20
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let manifest: Manifest<'_> = serde_json::from_slice(without_mark(file.bytes))
            .map_err(|error| Malformed::at(error.line(), format!("not a package manifest: {error}")))?;
        let mut dependencies = Dependencies::new(PackageType::Npm);
        let Manifest { dependencies: needed, optional_dependencies, peer_dependencies, dev_dependencies } = manifest;
        for (lists, is_for_developing) in
            [(vec![needed, optional_dependencies, peer_dependencies], false), (vec![dev_dependencies], true)]
        {
            for (name, range) in lists.into_iter().flatten().flatten() {
                dependencies.asked(&asked_for(&name, &range.text().unwrap_or_default()), is_for_developing);
            }
        }
        seen.dependencies(dependencies);
        Ok(())
    }
}

type Asked<'a> = Option<BTreeMap<Cow<'a, str>, Stated<'a>>>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest<'a> {
    #[serde(borrow)]
    dependencies: Asked<'a>,
    #[serde(borrow)]
    optional_dependencies: Asked<'a>,
    #[serde(borrow)]
    peer_dependencies: Asked<'a>,
    #[serde(borrow)]
    dev_dependencies: Asked<'a>,
}

#[cfg(test)]
mod tests {
    use super::super::analyse;
    use super::*;

    #[test]
    fn a_manifest_tells_what_is_asked_for() {
        let text = r#"{"name":"app","dependencies":{"a":"^1","\u0062":"npm:real@^2"},"devDependencies":{"c":"1"},"peerDependencies":{}}"#;
        let mut expected = Dependencies::new(PackageType::Npm);
        for (what, is_dev) in [("a@^1", false), ("b@real@^2", false), ("c@1", true)] {
            expected.asked(what, is_dev);
        }
        let (file, complaints) = analyse(&PackageJson, "app/package.json", text.as_bytes());
        assert_eq!((file.dependencies.as_deref(), complaints), (Some(&expected), vec![]));
    }

    #[test]
    fn what_is_no_manifest_is_a_complaint() {
        for text in ["", "[1]", "{{name}}", r#"{"dependencies":["a"]}"#] {
            let (file, complaints) = analyse(&PackageJson, "package.json", text.as_bytes());
            assert_eq!((file.dependencies, complaints.len()), (None, 1), "{text}");
        }
        assert!(!PackageJson.wants("app/node_modules/a/package.json"));
    }
}
