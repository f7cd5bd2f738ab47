//! NuGet's lock files, `packages.lock.json`.
//!
//! In: the JSON document: for each framework that the project is built for, the packages and the versions they resolved to. Out: those of all
//! frameworks. Projects are the solution's own.
//! Source: NuGet documentation, "Package references in project files", "Locking dependencies".

use std::collections::HashMap;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations};

/// Reads NuGet's lock files.
pub struct NugetLock;

impl Analyser for NugetLock {
    fn name(&self) -> &'static str {
        "nuget-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/packages.lock.json"]
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
        let document = file.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file.bytes);
        let lock: Lock = serde_json::from_slice(document)
            .map_err(|error| Malformed::at(error.line(), format!("not a lock file: {error}")))?;
        for (name, locked) in lock.dependencies.into_values().flatten() {
            // What has not been resolved is a project.
            if let Some(version) = locked.resolved.filter(|_| locked.kind != "Project") {
                seen.package(Package::new(PackageType::Nuget, name, version));
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    dependencies: HashMap<String, HashMap<String, Locked>>,
}

#[derive(Deserialize)]
struct Locked {
    #[serde(rename = "type", default)]
    kind: String,
    resolved: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn resolved_packages_of_every_framework_are_found() {
        let cases: [(&str, &[&str], usize); 6] = [
            (
                r#"{"version":2,"dependencies":{"net6.0":{"A.B":{"type":"Direct","requested":"[1.0.0, )","resolved":"1.0.0"},
                "C":{"type":"Transitive","resolved":"2.0.0"},"own.project":{"type":"Project"}},
                "net8.0":{"C":{"type":"CentralTransitive","resolved":"3.0.0"},"A.B":{"type":"Direct","resolved":"1.0.0"}},"net8.0/linux-x64":{}}}"#,
                &["A.B@1.0.0", "C@2.0.0", "C@3.0.0"],
                0,
            ),
            ("\u{feff}{\"version\":1}", &[], 0),
            (r#"{"dependencies":[]}"#, &[], 1),
            (r#"{"dependencies":{"net6.0":{"A":{"resolved":1}}}}"#, &[], 1),
            ("{", &[], 1),
            ("", &[], 1),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&NugetLock, "packages.lock.json", text.as_bytes());
            assert_eq!(
                (names(&file), complaints.len()),
                (expected.iter().map(|name| (*name).to_owned()).collect(), complained),
                "{text}"
            );
        }
    }
}
