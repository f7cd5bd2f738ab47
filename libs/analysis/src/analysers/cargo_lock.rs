//! Cargo's lock file, `Cargo.lock`, versions 1 to 4.
//!
//! In: the TOML document. Out: every crate in it, those of the project itself among them, which are in what it ships. And what asks for what: which
//! of them are for developing, the manifests say.
//! Source: Cargo, `src/cargo/core/resolver/encode.rs`.

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use crate::{Analyser, Dependencies, File, Malformed, Observations, toml};

/// Reads Cargo's lock files.
pub struct CargoLock;

impl Analyser for CargoLock {
    fn name(&self) -> &'static str {
        "cargo-lock"
    }

    fn version(&self) -> u32 {
        2
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/Cargo.lock"]
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
        let mut dependencies = Dependencies::new(PackageType::Cargo);
        for locked in lock.package.into_iter().chain(lock.root) {
            let Locked { name, version, source, dependencies: needs } = locked;
            // What a crate of the project's own asks for is in its manifest, which tells what of it is for developing.
            let needs = needs.iter().filter(|_| source.is_some()).map(|need| reference(need));
            let exact = format!("{name} {version}");
            dependencies.locked((&name, &version), [name.as_str(), exact.as_str()], needs);
            seen.package(Package::new(PackageType::Cargo, name, version));
        }
        seen.dependencies(dependencies);
        Ok(())
    }
}

#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Locked>,
    /// Files of version 1 had the project itself here.
    root: Option<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    /// A registry or repository. The project's own crates have none.
    source: Option<String>,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// What a crate asks for, without where that is from: `a`, `a 1.0.0`, `a 1.0.0 (registry+https://…)`.
fn reference(need: &str) -> &str {
    need.split_once(" (").map_or(need, |(reference, _)| reference)
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn crates_of_every_source_are_found() {
        let text = "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"libc\",\n]\n\n\
            [[package]]\nname = \"libc\"\nversion = \"0.2.1\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\n\
            checksum = \"00\"\n\n[[package]]\nname = \"g\"\nversion = \"1.0.0\"\nsource = \"git+https://x/y#z\"\n\n\
            [metadata]\n\"checksum x\" = \"1\"\n";
        let (file, complaints) = analyse(&CargoLock, "Cargo.lock", text.as_bytes());
        assert_eq!(
            (names(&file), complaints),
            (vec!["app@0.1.0".into(), "g@1.0.0".into(), "libc@0.2.1".into()], vec![])
        );
    }

    #[test]
    fn a_file_that_does_not_parse_is_a_complaint_with_its_line() {
        let (file, complaints) = analyse(&CargoLock, "Cargo.lock", b"[[package]]\nname = 1\n");
        assert_eq!(file.packages.len(), 0);
        assert!(complaints[0].starts_with("line 2"), "{complaints:?}");
    }
}
