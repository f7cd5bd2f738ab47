//! Gradle's lock files, `gradle.lockfile`.
//!
//! In: a line a module, `group:name:version=` and the configurations that it is in. Out: every module that is in another configuration than
//! those of tests. What the build itself is made with has a file of its own, `buildscript-gradle.lockfile`, which is not read.
//! Source: Gradle User Manual, "Locking Versions".

use plimsoll_model::{Package, PackageType};

use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations};

/// Reads Gradle's lock files.
pub struct GradleLock;

impl Analyser for GradleLock {
    fn name(&self) -> &'static str {
        "gradle-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/gradle.lockfile"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        1 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        for (number, line) in String::from_utf8_lossy(file.bytes).lines().enumerate() {
            let line = line.trim();
            // The last line lists the configurations that have nothing.
            if line.is_empty() || line.starts_with('#') || line.starts_with("empty=") {
                continue;
            }
            let Some((name, version, configurations)) = locked(line) else {
                seen.malformed(Malformed::at(number + 1, "not a locked module"));
                continue;
            };
            if !configurations.split(',').all(|configuration| is_of_tests(configuration.trim())) {
                seen.package(Package::new(PackageType::Maven, name, version));
            }
        }
        Ok(())
    }
}

/// A line's module as `group:name`, its version and its configurations.
fn locked(line: &str) -> Option<(&str, &str, &str)> {
    let (module, configurations) = line.split_once('=')?;
    let (name, version) = module.rsplit_once(':')?;
    let (group, artifact) = name.split_once(':')?;
    let is_module = !group.is_empty() && !artifact.is_empty() && !artifact.contains(':') && !version.is_empty();
    is_module.then_some((name, version, configurations))
}

/// Whether a configuration is one of tests: `testRuntimeClasspath`, `debugUnitTestCompileClasspath`.
fn is_of_tests(configuration: &str) -> bool {
    let begins =
        configuration.strip_prefix("test").is_some_and(|rest| !rest.starts_with(|next: char| next.is_lowercase()));
    begins || configuration.contains("Test")
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn modules_beside_those_of_tests_are_found() {
        let cases: [(&str, &[&str], usize); 6] = [
            (
                "# Comment\r\n\r\ng:a:1.0=compileClasspath,runtimeClasspath\r\nempty=annotationProcessor\r\n",
                &["g:a@1.0"],
                0,
            ),
            ("g:a:1=testCompileClasspath,testRuntimeClasspath\ng:b:1=debugUnitTestRuntimeClasspath\n", &[], 0),
            (
                "g:a:1=runtimeClasspath,testRuntimeClasspath\ng:b:1=latestClasspath\ng:c:1=testbed\n",
                &["g:a@1", "g:b@1", "g:c@1"],
                0,
            ),
            ("g:a:1=\n", &["g:a@1"], 0),
            (">>>\ng:a=x\ng:a:b:1=x\n:a:1=x\ng:a:=x\ng:a:1\ng:b:2=x", &["g:b@2"], 6),
            ("", &[], 0),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&GradleLock, "app/gradle.lockfile", text.as_bytes());
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!((names(&file), complaints.len()), (expected, complained), "{text}");
        }
    }

    #[test]
    fn what_the_build_is_made_with_is_not_wanted() {
        let mut wanting = Vec::new();
        for (path, expected) in [("app/gradle.lockfile", 1), ("app/buildscript-gradle.lockfile", 0)] {
            crate::selection::Selection::all().wanting(path, &mut wanting);
            assert_eq!(wanting.len(), expected, "{path}");
        }
    }
}
