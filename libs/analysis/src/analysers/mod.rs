//! The analysers: one file an ecosystem, one line each in [`all`].

mod accounts;
mod apk;
mod bun_lock;
mod cabal_freeze;
mod cargo_lock;
mod cargo_toml;
mod composer_installed;
mod composer_lock;
mod conan_lock;
mod conda_environment;
mod conda_lock;
mod conda_meta;
mod cpan;
pub(crate) mod debian_copyright;
mod development;
mod dotnet_deps;
mod dpkg;
mod gemfile_lock;
mod gemspec;
mod go_binary;
mod go_mod;
mod gradle_lock;
mod java_archive;
mod luarocks;
mod mix_lock;
mod node_lock;
mod node_modules;
mod npm_lock;
mod nuget_lock;
pub(crate) mod os_release;
mod package_json;
mod packages_config;
mod pdm_lock;
mod pipfile_lock;
mod pnpm_lock;
mod podfile_lock;
mod poetry_lock;
mod pom;
mod pubspec_lock;
mod pylock;
mod pyproject;
mod python;
mod r_library;
mod rebar_lock;
mod renv_lock;
mod requirements;
mod rpm;
pub(crate) mod runtime;
mod rust_binary;
mod sbom;
mod secrets;
mod stack_lock;
mod swift_resolved;
mod uv_lock;
mod yarn_lock;

use sha2::{Digest as _, Sha256};

use crate::Analyser;

/// Every analyser, those that only look for what is wrong after those that tell what there is.
pub fn all() -> Vec<Box<dyn Analyser>> {
    packages().into_iter().chain([Box::new(secrets::Secrets) as Box<dyn Analyser>]).collect()
}

/// Every analyser that tells what there is. To add one, see the README: its file, its line here, its fixture.
pub fn packages() -> Vec<Box<dyn Analyser>> {
    vec![
        Box::new(os_release::OsReleaseFile),
        Box::new(accounts::Accounts),
        Box::new(dpkg::Dpkg),
        Box::new(debian_copyright::DebianCopyright),
        Box::new(apk::Apk),
        Box::new(rpm::Rpm),
        Box::new(python::PythonMetadata),
        Box::new(requirements::Requirements),
        Box::new(poetry_lock::PoetryLock),
        Box::new(pyproject::Pyproject),
        Box::new(pipfile_lock::PipfileLock),
        Box::new(uv_lock::UvLock),
        Box::new(pdm_lock::PdmLock),
        Box::new(pylock::Pylock),
        Box::new(conda_meta::CondaMeta),
        Box::new(conda_lock::CondaLock),
        Box::new(conda_environment::CondaEnvironment),
        Box::new(gemspec::Gemspec),
        Box::new(gemfile_lock::GemfileLock),
        Box::new(composer_installed::ComposerInstalled),
        Box::new(composer_lock::ComposerLock),
        Box::new(node_modules::NodeModules),
        Box::new(npm_lock::NpmLock),
        Box::new(yarn_lock::YarnLock),
        Box::new(package_json::PackageJson),
        Box::new(pnpm_lock::PnpmLock),
        Box::new(bun_lock::BunLock),
        Box::new(cargo_lock::CargoLock),
        Box::new(cargo_toml::CargoToml),
        Box::new(java_archive::JavaArchive),
        Box::new(go_binary::GoBinary),
        Box::new(rust_binary::RustBinary),
        Box::new(go_mod::GoMod),
        Box::new(pom::Pom),
        Box::new(dotnet_deps::DotnetDeps),
        Box::new(nuget_lock::NugetLock),
        Box::new(packages_config::PackagesConfig),
        Box::new(conan_lock::ConanLock),
        Box::new(gradle_lock::GradleLock),
        Box::new(mix_lock::MixLock),
        Box::new(rebar_lock::RebarLock),
        Box::new(swift_resolved::SwiftResolved),
        Box::new(cabal_freeze::CabalFreeze),
        Box::new(stack_lock::StackLock),
        Box::new(pubspec_lock::PubspecLock),
        Box::new(podfile_lock::PodfileLock),
        Box::new(r_library::RLibrary),
        Box::new(renv_lock::RenvLock),
        Box::new(luarocks::Luarocks),
        Box::new(cpan::Cpan),
        Box::new(sbom::Sbom),
        Box::new(runtime::Runtime),
    ]
}

/// Raised when what is kept of a layer, or how layers are squashed, changes its meaning.
const FORMAT_VERSION: u32 = 6;

/// Names this set of analysers: results of another version are not comparable. Sixteen hexadecimal digits.
pub fn analysis_version() -> String {
    let mut sha = Sha256::new();
    sha.update(format!("format {FORMAT_VERSION}\n"));
    for analyser in all() {
        sha.update(format!("{} {}\n", analyser.name(), analyser.version()));
    }
    sha.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Runs one analyser on one file, as the tests of each do.
#[cfg(test)]
pub(crate) fn analyse(analyser: &dyn Analyser, path: &str, bytes: &[u8]) -> (crate::FileAnalysis, Vec<String>) {
    let mut budget = crate::budget::Budget::new(64 << 20, crate::budget::Pool::new(64 << 20));
    let mut seen = crate::Observations::new(&mut budget, None);
    let kind = crate::ContentKind::of(bytes);
    assert!(analyser.wants(path) || analyser.content_kinds().contains(&kind), "{path} is not wanted");
    let file = crate::File { path, bytes, is_whole: true, kind, mode: 0o644, size: bytes.len() as u64 };
    if let Err(malformed) = analyser.analyse(&file, &mut seen) {
        seen.malformed(malformed);
    }
    let crate::analyser::Seen { file, problems, .. } = seen.finish();
    (file, problems.into_iter().map(|(_, detail)| detail).collect())
}

/// `name@version` of each package found, for comparing.
#[cfg(test)]
pub(crate) fn names(file: &crate::FileAnalysis) -> Vec<String> {
    file.packages.iter().map(|package| format!("{}@{}", package.name, package.version)).collect()
}

/// A package that owns these paths and is listed elsewhere, for comparing.
#[cfg(test)]
pub(crate) fn owner(package: &str, paths: &[&str]) -> crate::Owner {
    let paths = paths.iter().copied().map(crate::PathHashes::hash).collect();
    crate::Owner { package: package.to_owned(), version: None, architecture: None, paths }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn every_type_that_is_an_analyser_is_in_the_list() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/analysers");
        let implemented: usize = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| if path.is_dir() { path.join("mod.rs") } else { path })
            .map(|path| std::fs::read_to_string(path).unwrap())
            .map(|source| source.lines().filter(|line| line.starts_with("impl Analyser for ")).count())
            .sum();
        assert_eq!(implemented, all().len());
        let names: BTreeSet<_> = all().iter().map(|analyser| analyser.name()).collect();
        assert_eq!(names.len(), all().len(), "names are unique");
    }

    #[test]
    fn the_readme_lists_the_analysers() {
        let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
        let listed: Vec<&str> =
            readme.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name)).collect();
        let names: Vec<&str> = all().iter().map(|analyser| analyser.name()).collect();
        assert_eq!(listed, names, "the README's table has a row for each analyser, in the list's order");
    }

    #[test]
    fn the_version_is_short_and_steady() {
        assert_eq!(analysis_version().len(), 16);
        assert_eq!(analysis_version(), analysis_version());
    }
}
