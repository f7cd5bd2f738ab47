//! The lock files of renv, `renv.lock`, which hold an R project's packages.
//!
//! In: the JSON document. Out: its packages, wherever they came from.
//! Source: renv, "Lockfiles" vignette.

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use std::collections::BTreeMap;

use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations};

/// Reads renv's lock files.
pub struct RenvLock;

impl Analyser for RenvLock {
    fn name(&self) -> &'static str {
        "renv-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/renv.lock"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        4 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let lock: Lock = serde_json::from_slice(file.bytes)
            .map_err(|error| Malformed::at(error.line(), format!("not a lock file: {error}")))?;
        for (name, locked) in lock.packages {
            if let Some(version) = locked.version {
                seen.package(Package::new(PackageType::Cran, locked.name.unwrap_or(name), version));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(rename = "Packages", default)]
    packages: BTreeMap<String, Locked>,
}

#[derive(Deserialize)]
struct Locked {
    #[serde(rename = "Package")]
    name: Option<String>,
    #[serde(rename = "Version")]
    version: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn locked_packages_are_found() {
        let cases: [(&str, &[&str], usize); 4] = [
            (
                r#"{"R":{"Version":"4.2.1"},"Packages":{"R6":{"Package":"R6","Version":"2.5.1","Source":"Repository","Requirements":["R"]},
                "mine":{"Version":"0.1-2","Source":"GitHub"},"none":{"Package":"none"}}}"#,
                &["R6@2.5.1", "mine@0.1-2"],
                0,
            ),
            (r#"{"R":{}}"#, &[], 0),
            (r#"{"Packages":[]}"#, &[], 1),
            ("", &[], 1),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&RenvLock, "app/renv.lock", text.as_bytes());
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!((names(&file), complaints.len()), (expected, complained), "{text}");
        }
    }
}
