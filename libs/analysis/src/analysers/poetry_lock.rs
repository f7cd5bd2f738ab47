//! Poetry's lock file, `poetry.lock`.
//!
//! In: the TOML document. Out: every package in it but those that are in groups for developing alone: the file itself says so since Poetry 2, by
//! `groups`, and until 1.1, by `category`. In between, `pyproject.toml` beside it has to tell, and what asks for what is kept for that.
//! Source: Poetry, `packages/locker.py`.

use std::collections::BTreeMap;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::development::is_for_developing;
use super::python::normalised;
use crate::path::is_among_packages;
use crate::{Analyser, Dependencies, File, Malformed, Observations, toml};

/// Reads Poetry's lock files.
pub struct PoetryLock;

impl Analyser for PoetryLock {
    fn name(&self) -> &'static str {
        "poetry-lock"
    }

    fn version(&self) -> u32 {
        2
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

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let lock: Lock = toml::document(file.bytes)?;
        let mut dependencies = Dependencies::new(PackageType::Pypi);
        for locked in lock.package.iter().filter(|locked| !locked.is_for_developing()) {
            let name = normalised(&locked.name);
            let needs: Vec<String> = locked.dependencies.keys().map(|name| normalised(name)).collect();
            dependencies.locked((&name, &locked.version), [name.as_str()], needs.iter().map(String::as_str));
            seen.package(Package::new(PackageType::Pypi, name, &locked.version));
        }
        seen.dependencies(dependencies);
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
    /// Until Poetry 1.1: `main`, or `dev` for what nothing but that asks for.
    category: Option<String>,
    /// Since Poetry 2.
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    dependencies: BTreeMap<String, IgnoredAny>,
}

impl Locked {
    fn is_for_developing(&self) -> bool {
        let mut groups = self.category.iter().chain(&self.groups).peekable();
        groups.peek().is_some() && groups.all(|group| is_for_developing(group))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn packages_are_found_but_those_for_developing() {
        let text = "[[package]]\nname = \"Flask_Login\"\nversion = \"1.0.3\"\ngroups = [\"main\"]\n\n[package.dependencies]\n\
            click = {version = \">=5\", markers = \"x\"}\n\n[[package]]\nname = \"pytest\"\nversion = \"5.4.3\"\n\
            category = \"dev\"\noptional = false\n\n[[package]]\nname = \"both\"\nversion = \"1\"\ngroups = [\"dev\", \"main\"]\n\n\
            [[package]]\nname = \"linter\"\nversion = \"1\"\ngroups = [\"dev\", \"lint\"]\n\n[metadata]\nlock-version = \"2.0\"\n\n[metadata.files]\nflask = []\n";
        let (file, complaints) = analyse(&PoetryLock, "app/poetry.lock", text.as_bytes());
        assert_eq!((names(&file), complaints), (vec!["both@1".into(), "flask-login@1.0.3".into()], vec![]));
        assert_eq!(analyse(&PoetryLock, "poetry.lock", b"[[package]]\nname = 1\n").1.len(), 1);
        assert!(!PoetryLock.wants("opt/site-packages/x/poetry.lock"));
    }
}
