//! Poetry's lock file, `poetry.lock`.
//!
//! In: the TOML document. Out: every package in it. Its groups and categories are not looked at: which of them are installed is
//! said when installing, by `--with` and `--without`, and without those all are that the project does not call optional.
//! Source: Poetry, `packages/locker.py`.

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use super::python::normalised;
use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, toml};

/// Reads Poetry's lock files.
pub struct PoetryLock;

impl Analyser for PoetryLock {
    fn name(&self) -> &'static str {
        "poetry-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/poetry.lock"]
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

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let lock: Lock = toml::document(file.bytes)?;
        for locked in lock.package {
            seen.package(Package::new(PackageType::Pypi, normalised(&locked.name), locked.version));
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
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn packages_of_every_group_are_found() {
        let text = "[[package]]\nname = \"Flask_Login\"\nversion = \"1.0.3\"\ngroups = [\"main\"]\n\n[package.dependencies]\n\
            click = {version = \">=5\", markers = \"x\"}\n\n[[package]]\nname = \"pytest\"\nversion = \"5.4.3\"\n\
            category = \"dev\"\noptional = false\n\n[metadata]\nlock-version = \"2.0\"\n\n[metadata.files]\nflask = []\n";
        let (file, complaints) = analyse(&PoetryLock, "app/poetry.lock", text.as_bytes());
        assert_eq!((names(&file), complaints), (vec!["flask-login@1.0.3".into(), "pytest@5.4.3".into()], vec![]));
        assert_eq!(analyse(&PoetryLock, "poetry.lock", b"[[package]]\nname = 1\n").1.len(), 1);
        assert!(!PoetryLock.wants("opt/site-packages/x/poetry.lock"));
    }
}
