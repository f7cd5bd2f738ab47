//! The lock file of PEP 751: `pylock.toml`, `pylock.NAME.toml`.
//!
//! In: the TOML document. Out: the packages with a version, without those that are only for dependency groups which are not
//! installed unless asked for. Packages from a folder or a repository may have no version.
//! Source: PyPA specifications, "pylock.toml".

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use super::development::is_for_developing;
use super::python::normalised;
use crate::path::{self, is_among_packages};
use crate::{Analyser, File, Malformed, Observations, toml};

/// Reads lock files of PEP 751.
pub struct Pylock;

impl Analyser for Pylock {
    fn name(&self) -> &'static str {
        "pylock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/*.toml"]
    }

    fn wants(&self, path: &str) -> bool {
        let middle = path::file_name(path).strip_prefix("pylock.").and_then(|rest| rest.strip_suffix("toml"));
        // The specification allows one name between, which says what the file is for.
        middle.is_some_and(|name| !name.strip_suffix('.').is_some_and(is_for_developing)) && !is_among_packages(path)
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
        for locked in lock.packages {
            let is_by_default = locked.marker.is_none_or(|marker| !is_for_others(&marker, &lock.default_groups));
            if let Some(version) = locked.version.filter(|_| is_by_default) {
                seen.package(Package::new(PackageType::Pypi, normalised(&locked.name), version));
            }
        }
        Ok(())
    }
}

/// Whether every alternative of a marker asks for a dependency group that is not among those installed by default.
fn is_for_others(marker: &str, default_groups: &[String]) -> bool {
    marker.split(" or ").all(|alternative| {
        alternative
            .split(" and ")
            .filter_map(group_of)
            .any(|group| !default_groups.iter().any(|default| default == group))
    })
}

/// The group of `'name' in dependency_groups`.
fn group_of(condition: &str) -> Option<&str> {
    let (name, groups) = condition.trim_matches([' ', '(', ')']).split_once(" in ")?;
    let is_asked_for = groups.trim() == "dependency_groups" && !name.ends_with(" not");
    is_asked_for.then(|| name.trim().trim_matches(['"', '\'']))
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default, rename = "default-groups")]
    default_groups: Vec<String>,
    #[serde(default)]
    packages: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: Option<String>,
    marker: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn what_is_installed_by_default_is_found() {
        let cases = [
            ("", true),
            ("marker = \"sys_platform == 'win32' or python_version < '3'\"", true),
            ("marker = \"'main' in dependency_groups\"", true),
            ("marker = \"'main' in dependency_groups or 'dev' in dependency_groups\"", true),
            ("marker = \"'fast' in extras\"", true),
            ("marker = \"'main' not in dependency_groups\"", true),
            ("marker = \"'dev' in dependency_groups\"", false),
            (
                "marker = '(python_version < \"3\") and (\"dev\" in dependency_groups or \"test\" in dependency_groups)'",
                false,
            ),
            (
                "marker = '(\"dev\" in dependency_groups) or (\"test\" in dependency_groups and os_name == \"x\")'",
                false,
            ),
        ];
        for (marker, is_found) in cases {
            let text = format!(
                "lock-version = \"1.0\"\ndefault-groups = [\"main\"]\n[[packages]]\nname = \"Big_Name\"\nversion = \"1.0\"\n{marker}\n\
                 [[packages]]\nname = \"local\"\ndirectory = {{ path = \".\" }}\n"
            );
            let (file, complaints) = analyse(&Pylock, "app/pylock.toml", text.as_bytes());
            let expected: Vec<String> = is_found.then(|| "big-name@1.0".to_owned()).into_iter().collect();
            assert_eq!((names(&file), complaints), (expected, vec![]), "{marker}");
        }
    }

    #[test]
    fn one_name_may_stand_between() {
        for (path, expected) in [
            ("app/pylock.toml", true),
            ("pylock.prod.toml", true),
            ("pylock.dev.toml", false),
            ("pyproject.toml", false),
            ("xpylock.toml", false),
            ("opt/site-packages/x/pylock.toml", false),
        ] {
            assert_eq!(Pylock.wants(path), expected, "{path}");
        }
    }
}
