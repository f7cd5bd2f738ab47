//! Pipenv's lock file, `Pipfile.lock`.
//!
//! In: the JSON document. Out: the packages of its section `default` that are pinned to a version. `develop` and the sections of
//! other groups are for developing.
//! Source: Pipenv, "Pipfile & Pipfile.lock"; pipfile-spec 6.

use std::borrow::Cow;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use super::python::normalised;
use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, json};

/// Reads Pipenv's lock files.
pub struct PipfileLock;

impl Analyser for PipfileLock {
    fn name(&self) -> &'static str {
        "pipfile-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/Pipfile.lock"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        8 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let (locked, outcome) = json::entries::<Locked<'_>>(file.bytes, "default");
        for (name, locked) in locked {
            // What comes from a repository or a folder has none.
            let version = locked.version.as_deref().and_then(|version| version.trim_start().strip_prefix("=="));
            if let Some(version) = version {
                seen.package(Package::new(PackageType::Pypi, normalised(&name), version.trim_matches(['=', ' '])));
            }
        }
        outcome
    }
}

#[derive(Deserialize)]
struct Locked<'a> {
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn the_default_section_s_pins_are_found() {
        let text = r#"{"_meta":{"requires":{}},"default":{
            "Zope.Interface":{"hashes":["sha256:00"],"index":"pypi","version":"==2.0"},
            "b":{"version":"===1.0"},"any":{"version":"*"},"git":{"git":"https://x/y","ref":"z"},"here":{"path":".","editable":true}},
            "develop":{"pytest":{"version":"==5.0"}},"docs":{"sphinx":{"version":"==5.0"}}}"#;
        let (file, complaints) = analyse(&PipfileLock, "app/Pipfile.lock", text.as_bytes());
        assert_eq!((names(&file), complaints), (vec!["b@1.0".into(), "zope-interface@2.0".into()], vec![]));
    }

    #[test]
    fn what_came_before_the_break_is_kept() {
        let (file, complaints) = analyse(&PipfileLock, "Pipfile.lock", br#"{"default":{"a":{"version":"==1"},"b":{"#);
        assert_eq!((names(&file), complaints.len()), (vec!["a@1".to_owned()], 1));
    }
}
