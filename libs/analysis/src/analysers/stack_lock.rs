//! The lock files of Stack, a build tool of Haskell, `stack.yaml.lock`.
//!
//! In: the YAML document. Out: the packages that are locked beside the snapshot: those from Hackage, and those from elsewhere for which it has a
//! name and version. What the snapshot holds stands in a file that it only names.
//! Source: Stack documentation, "Lock files".

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, yaml};

/// Reads Stack's lock files.
pub struct StackLock;

impl Analyser for StackLock {
    fn name(&self) -> &'static str {
        "stack-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/stack.yaml.lock"]
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
        let lock: Lock = yaml::document(file.bytes)?;
        for Locked { completed } in lock.packages.into_iter().flatten() {
            let of_hackage = completed.hackage.as_deref().map(|hackage| hackage.split('@').next().unwrap_or_default());
            match (of_hackage, completed.name, completed.version) {
                (Some(package), ..) => match package.rsplit_once('-') {
                    Some((name, version)) => seen.package(Package::new(PackageType::Hackage, name, version)),
                    None => seen.malformed(Malformed::new("a package of Hackage without a version")),
                },
                (None, Some(name), Some(version)) => seen.package(Package::new(PackageType::Hackage, name, version)),
                _ => {}
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Lock {
    packages: Option<Vec<Locked>>,
}

#[derive(Deserialize)]
struct Locked {
    completed: Completed,
}

#[derive(Deserialize)]
struct Completed {
    /// `name-version@sha256:digest,size`.
    hackage: Option<String>,
    name: Option<String>,
    version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn locked_packages_are_found() {
        let cases: [(&str, &[&str], usize); 5] = [
            (
                "# comment\npackages:\n- completed:\n    hackage: hasql-pool-1.0.1@sha256:3cfb,2302\n    pantry-tree:\n      sha256: d98e\n      size: 799\n  \
                 original:\n    hackage: hasql-pool-1.0.1\n- completed:\n    git: https://x/own.git\n    commit: '11'\n    name: own\n    version: 0.1.0\n  \
                 original:\n    git: https://x/own.git\nsnapshots:\n- completed:\n    size: 1\n  original: lts-22.41\n",
                &["hasql-pool@1.0.1", "own@0.1.0"],
                0,
            ),
            ("packages:\n- completed:\n    hackage: nothing\n- completed:\n    git: x\n", &[], 1),
            ("packages: []\nsnapshots: []\n", &[], 0),
            ("packages: 1\n", &[], 1),
            ("", &[], 0),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&StackLock, "app/stack.yaml.lock", text.as_bytes());
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!((names(&file), complaints.len()), (expected, complained), "{text}");
        }
    }
}
