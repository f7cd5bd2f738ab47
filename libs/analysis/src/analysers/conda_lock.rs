//! conda-lock's file, `conda-lock.yml`, `NAME.conda-lock.yml`.
//!
//! In: the YAML document, which lists packages for each platform. Out: those of Conda and of pip, each once, without those in a category
//! for developing.
//! Source: conda-lock, `conda_lock/lockfile/v1/models.py`.

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use super::development::is_for_developing;
use super::python::normalised;
use crate::path::{self, is_among_packages};
use crate::{Analyser, File, Malformed, Observations, yaml};

/// Reads conda-lock's files.
pub struct CondaLock;

impl Analyser for CondaLock {
    fn name(&self) -> &'static str {
        "conda-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/*.yml", "**/*.yaml"]
    }

    fn wants(&self, path: &str) -> bool {
        let name = path::file_name(path);
        let stem = name.strip_suffix(".yml").or_else(|| name.strip_suffix(".yaml"));
        let is_lock = stem.is_some_and(|stem| stem == "conda-lock" || stem.ends_with(".conda-lock"));
        is_lock && !is_among_packages(path)
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
        let lock: Lock = yaml::document(file.bytes)?;
        for locked in lock.package {
            if locked.category.as_deref().is_some_and(is_for_developing) {
                continue;
            }
            seen.package(match locked.manager.as_deref() {
                Some("pip") => Package::new(PackageType::Pypi, normalised(&locked.name), locked.version),
                _ => Package::new(PackageType::Conda, locked.name, locked.version),
            });
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    manager: Option<String>,
    category: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::analyse;
    use super::*;

    #[test]
    fn packages_of_conda_and_pip_are_found() {
        let text = "version: 1\nmetadata:\n  platforms: [linux-64]\npackage:\n- name: bzip2\n  version: 1.0.8\n  manager: conda\n  \
            platform: linux-64\n  dependencies: {libgcc-ng: '>=12'}\n  category: main\n- name: bzip2\n  version: 1.0.8\n  manager: conda\n  \
            platform: osx-64\n- name: Big_Name\n  version: '2.10'\n  manager: pip\n  platform: linux-64\n- name: pytest\n  version: 7.1\n  \
            manager: conda\n  category: dev\n";
        let (file, complaints) = analyse(&CondaLock, "app/conda-lock.yml", text.as_bytes());
        let expected = vec![
            Package::new(PackageType::Pypi, "big-name", "2.10"),
            Package::new(PackageType::Conda, "bzip2", "1.0.8"),
        ];
        assert_eq!((file.packages, complaints), (expected, vec![]));
    }

    #[test]
    fn what_is_no_lock_file_is_a_complaint() {
        assert_eq!(analyse(&CondaLock, "gpu.conda-lock.yaml", b"package:\n- name: [x]\n").1.len(), 1);
        assert!(!CondaLock.wants("app/my-conda-lock.yml"));
    }
}
