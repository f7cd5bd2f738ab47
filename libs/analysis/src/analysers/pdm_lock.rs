//! PDM's lock file, `pdm.lock`.
//!
//! In: the TOML document. Out: the packages in it, without those that only groups with a development group's name want: which
//! groups the project calls so is not said in this file.
//! Source: PDM, "Lock file" and `formats` of its project files.

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use super::development::is_for_developing;
use super::python::normalised;
use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, toml};

/// Reads PDM's lock files.
pub struct PdmLock;

impl Analyser for PdmLock {
    fn name(&self) -> &'static str {
        "pdm-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/pdm.lock"]
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
        for locked in lock.package {
            let groups = &locked.groups;
            if groups.is_empty() || !groups.iter().all(|group| is_for_developing(group)) {
                seen.package(Package::new(PackageType::Pypi, normalised(&locked.name), locked.version));
            }
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
    /// Older files have none.
    #[serde(default)]
    groups: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn packages_for_developing_only_are_left_out() {
        let text = "[metadata]\ngroups = [\"default\", \"dev\", \"socks\"]\n\n[[package]]\nname = \"a\"\nversion = \"1\"\n\
            groups = [\"default\", \"dev\"]\n\n[[package]]\nname = \"b\"\nversion = \"2\"\ngroups = [\"socks\"]\n\n\
            [[package]]\nname = \"c\"\nversion = \"3\"\ngroups = [\"dev\", \"test\"]\n\n[[package]]\nname = \"d\"\nversion = \"4\"\n";
        let (file, complaints) = analyse(&PdmLock, "app/pdm.lock", text.as_bytes());
        assert_eq!((names(&file), complaints), (vec!["a@1".into(), "b@2".into(), "d@4".into()], vec![]));
        assert_eq!(analyse(&PdmLock, "pdm.lock", b"package = 1\n").1.len(), 1);
    }
}
