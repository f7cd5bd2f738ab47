//! The manifest of a crate, `Cargo.toml`, where it is the project's own.
//!
//! In: the TOML document. Out: what the crate asks for, for running and for developing: Cargo's lock file does not say which is which.
//! Source: The Cargo Book, "The Manifest Format".

use std::collections::BTreeMap;

use plimsoll_model::PackageType;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::path::is_among_packages;
use crate::{Analyser, Dependencies, File, Malformed, Observations, toml};

/// Reads the manifests of crates.
pub struct CargoToml;

impl Analyser for CargoToml {
    fn name(&self) -> &'static str {
        "cargo-toml"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/Cargo.toml"]
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
        let manifest: Manifest = toml::document(file.bytes)?;
        let Manifest { dependencies: needed, build_dependencies, dev_dependencies, target, workspace } = manifest;
        let mut dependencies = Dependencies::new(PackageType::Cargo);
        let mut asked = |names: &Names, is_for_developing| {
            names
                .iter()
                .for_each(|(name, asked)| dependencies.asked(asked.package().unwrap_or(name), is_for_developing));
        };
        for Target { dependencies, build_dependencies, dev_dependencies } in
            target.into_values().chain([Target { dependencies: needed, build_dependencies, dev_dependencies }])
        {
            asked(&dependencies, false);
            asked(&build_dependencies, false);
            asked(&dev_dependencies, true);
        }
        // Under which name members ask for one of these, is for them to say; of a renamed one they do not say the crate's.
        let renamed = workspace.dependencies.values().filter_map(Asked::package);
        renamed.for_each(|package| dependencies.asked(package, false));
        seen.dependencies(dependencies);
        Ok(())
    }
}

type Names = BTreeMap<String, Asked>;

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Manifest {
    dependencies: Names,
    #[serde(alias = "build_dependencies")]
    build_dependencies: Names,
    #[serde(alias = "dev_dependencies")]
    dev_dependencies: Names,
    target: BTreeMap<String, Target>,
    workspace: Workspace,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Target {
    dependencies: Names,
    #[serde(alias = "build_dependencies")]
    build_dependencies: Names,
    #[serde(alias = "dev_dependencies")]
    dev_dependencies: Names,
}

#[derive(Deserialize, Default)]
struct Workspace {
    #[serde(default)]
    dependencies: Names,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Asked {
    /// Under a name of the project's choice, where it has `package`.
    Table {
        package: Option<String>,
    },
    Other(IgnoredAny),
}

impl Asked {
    fn package(&self) -> Option<&str> {
        match self {
            Self::Table { package } => package.as_deref(),
            Self::Other(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::analyse;
    use super::*;

    #[test]
    fn a_manifest_tells_what_is_asked_for() {
        let text = r#"
            [package]
            name = "app"
            [dependencies]
            a = "1"
            renamed = { package = "b", version = "1" }
            [dev-dependencies]
            c.workspace = true
            [target.'cfg(unix)'.build-dependencies]
            d = { path = "../d" }
            [workspace]
            members = ["x"]
            [workspace.dependencies]
            e = "1"
            f = { package = "g", version = "1" }
        "#;
        let mut expected = Dependencies::new(PackageType::Cargo);
        for (what, is_dev) in [("d", false), ("a", false), ("b", false), ("c", true), ("g", false)] {
            expected.asked(what, is_dev);
        }
        let (file, complaints) = analyse(&CargoToml, "app/Cargo.toml", text.as_bytes());
        assert_eq!((file.dependencies.as_deref(), complaints), (Some(&expected), vec![]));
    }

    #[test]
    fn what_is_no_manifest_is_a_complaint() {
        for text in ["[", "dependencies = 1", "name = \"{{crate}}"] {
            let (file, complaints) = analyse(&CargoToml, "Cargo.toml", text.as_bytes());
            assert_eq!((file.dependencies, complaints.len()), (None, 1), "{text}");
        }
    }
}
