//! The manifest of a Python project, `pyproject.toml`.
//!
//! In: the TOML document. Out: what the project asks for, for running and for developing: Poetry's lock files before its version 2 do not say which
//! is which. A group is for developing by its name.
//! Source: PEP 508, PEP 621, PEP 735; Poetry, "The pyproject.toml file".

use std::collections::BTreeMap;

use plimsoll_model::PackageType;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::development::is_for_developing;
use super::python::normalised;
use crate::path::is_among_packages;
use crate::{Analyser, Dependencies, File, Malformed, Observations, toml};

/// Reads the manifests of Python projects.
pub struct Pyproject;

impl Analyser for Pyproject {
    fn name(&self) -> &'static str {
        "pyproject"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/pyproject.toml"]
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
        let Manifest { project, tool, dependency_groups } = toml::document(file.bytes)?;
        let mut dependencies = Dependencies::new(PackageType::Pypi);
        let mut asked = |name: &str, is_for_developing| dependencies.asked(&normalised(name), is_for_developing);
        let Poetry { dependencies: needed, dev_dependencies, group } = tool.poetry;
        needed.keys().for_each(|name| asked(name, false));
        dev_dependencies.keys().for_each(|name| asked(name, true));
        for (group, Group { dependencies }) in &group {
            dependencies.keys().for_each(|name| asked(name, is_for_developing(group)));
        }
        let optional = project.optional_dependencies.values().flatten();
        for requirement in project.dependencies.iter().chain(optional) {
            asked(name_of(requirement), false);
        }
        for (group, requirements) in &dependency_groups {
            for requirement in requirements {
                if let Requirement::Plain(requirement) = requirement {
                    asked(name_of(requirement), is_for_developing(group));
                }
            }
        }
        seen.dependencies(dependencies);
        Ok(())
    }
}

/// The name that a requirement begins with: `requests[socks] >= 2`.
fn name_of(requirement: &str) -> &str {
    let is_in_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let requirement = requirement.trim_start();
    let end = requirement.find(|character| !is_in_name(character)).unwrap_or(requirement.len());
    requirement.get(..end).unwrap_or_default()
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Manifest {
    project: Project,
    tool: Tool,
    dependency_groups: BTreeMap<String, Vec<Requirement>>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Project {
    dependencies: Vec<String>,
    optional_dependencies: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Tool {
    poetry: Poetry,
}

type Names = BTreeMap<String, IgnoredAny>;

#[derive(Deserialize, Default)]
#[serde(rename_all = "kebab-case", default)]
struct Poetry {
    dependencies: Names,
    dev_dependencies: Names,
    group: BTreeMap<String, Group>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Group {
    dependencies: Names,
}

/// A line of a group, or another group that it includes, which stands for itself.
#[derive(Deserialize)]
#[serde(untagged)]
enum Requirement {
    Plain(String),
    Other(IgnoredAny),
}

#[cfg(test)]
mod tests {
    use super::super::analyse;
    use super::*;

    #[test]
    fn a_manifest_tells_what_is_asked_for() {
        let text = r#"
            [project]
            name = "app"
            dependencies = ["Flask_Login[x]>=1; python_version > '3'"]
            optional-dependencies = { web = ["gunicorn"] }
            [tool.poetry.dependencies]
            python = "^3.11"
            django = { version = "^4", extras = ["argon2"] }
            [tool.poetry.dev-dependencies]
            black = "*"
            [tool.poetry.group.test.dependencies]
            pytest = "^8"
            [tool.poetry.group.worker.dependencies]
            celery = "^5"
            [dependency-groups]
            dev = ["ruff==1", { include-group = "test" }]
            [build-system]
            requires = ["poetry-core"]
        "#;
        let mut expected = Dependencies::new(PackageType::Pypi);
        for (what, is_dev) in [
            ("django", false),
            ("python", false),
            ("black", true),
            ("pytest", true),
            ("celery", false),
            ("flask-login", false),
            ("gunicorn", false),
            ("ruff", true),
        ] {
            expected.asked(what, is_dev);
        }
        let (file, complaints) = analyse(&Pyproject, "app/pyproject.toml", text.as_bytes());
        assert_eq!((file.dependencies.as_deref(), complaints), (Some(&expected), vec![]));
    }

    #[test]
    fn what_is_no_manifest_is_a_complaint() {
        for text in ["[", "project = 1", "\u{0}"] {
            let (file, complaints) = analyse(&Pyproject, "pyproject.toml", text.as_bytes());
            assert_eq!((file.dependencies, complaints.len()), (None, 1), "{text}");
        }
    }
}
