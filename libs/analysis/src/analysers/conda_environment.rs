//! Conda's environment files, `environment.yml`.
//!
//! In: the YAML document. Out: the dependencies that name one version (`name=1.2`, `name==1.2`, `name=1.2=build`), and pip's that are pinned.
//! `conda env export` writes such files; strictly, a single `=` without a build also allows `1.2.1`.
//! Source: conda documentation, "Creating an environment file manually" and "Package match specifications".

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::requirements::pinned;
use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, yaml};

/// Reads Conda's environment files.
pub struct CondaEnvironment;

impl Analyser for CondaEnvironment {
    fn name(&self) -> &'static str {
        "conda-environment"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/environment.yml", "**/environment.yaml"]
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
        let Dependencies::List(dependencies) = yaml::document::<Environment>(file.bytes)?.dependencies else {
            // Others call their files so, too.
            return Ok(());
        };
        for dependency in dependencies {
            match dependency {
                Dependency::Spec(spec) => specified(&spec).into_iter().for_each(|package| seen.package(package)),
                Dependency::Pip { pip } => {
                    pip.iter().filter_map(|line| pinned(line)).for_each(|package| seen.package(package));
                }
                Dependency::Other(_) => {}
            }
        }
        Ok(())
    }
}

/// The package of `channel::name=version=build`, unless its version is a range.
fn specified(spec: &str) -> Option<Package> {
    let spec = spec.rsplit_once("::").map_or(spec, |(_, spec)| spec);
    let (name, rest) = spec.split_once('=')?;
    let (name, rest) = (name.trim(), rest.trim_start_matches('=').trim());
    let version = rest.split(['=', ' ']).next()?;
    let is_in_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_' | '.');
    let is_in_version = |character: char| is_in_name(character) || matches!(character, '+' | '!');
    let is_pinned =
        !name.is_empty() && name.chars().all(is_in_name) && !version.is_empty() && version.chars().all(is_in_version);
    is_pinned.then(|| Package::new(PackageType::Conda, name, version))
}

#[derive(Deserialize)]
struct Environment {
    #[serde(default)]
    dependencies: Dependencies,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Dependencies {
    List(Vec<Dependency>),
    Other(IgnoredAny),
}

impl Default for Dependencies {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Dependency {
    Spec(String),
    Pip { pip: Vec<String> },
    Other(IgnoredAny),
}

#[cfg(test)]
mod tests {
    use super::super::analyse;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let (file, complaints) = analyse(&CondaEnvironment, "app/environment.yml", text.as_bytes());
        assert_eq!(complaints, Vec::<String>::new(), "{text}");
        file.packages.iter().map(|package| format!("{} {}@{}", package.kind, package.name, package.version)).collect()
    }

    #[test]
    fn what_names_one_version_is_found() {
        let cases = [
            ("bzip2=1.0.8=h7f98852_4", &["conda bzip2@1.0.8"][..]),
            ("conda-forge::bzip2==1.0.8", &["conda bzip2@1.0.8"]),
            ("bzip2 = 1.0.8", &["conda bzip2@1.0.8"]),
            ("'x264=1!161.3030'", &["conda x264@1!161.3030"]),
            ("pip: ['Big_Name==2.10', 'other>=1', '-r requirements.txt']", &["pypi big-name@2.10"]),
            ("python", &[]),
            ("python=3.9.*", &[]),
            ("python>=3.9", &[]),
            ("python=3.9|3.10", &[]),
            ("python!=3.9", &[]),
            ("python[version='3.9']", &[]),
            ("1.5", &[]),
            ("other: [x]", &[]),
        ];
        for (dependency, expected) in cases {
            assert_eq!(
                found(&format!("name: x\ndependencies:\n  - {dependency}\nprefix: /opt\n")),
                expected,
                "{dependency}"
            );
        }
    }

    #[test]
    fn files_of_others_say_nothing() {
        for text in ["development:\n  url: x\n", "dependencies: {a: 1}\n", "dependencies:\n"] {
            assert_eq!(found(text), Vec::<String>::new());
        }
        assert_eq!(analyse(&CondaEnvironment, "environment.yaml", b"a: [").1.len(), 1);
    }
}
