//! What Cabal froze the packages of a Haskell project to, `cabal.project.freeze`.
//!
//! In: fields with indented continuations; of `constraints`, a list. Out: each package that is held to one version (`any.aeson ==2.1.0.0`).
//! Flags, ranges, and constraints on what a package's setup is built with are passed over.
//! Source: Cabal User Guide, "cabal.project Reference", `constraints`.

use plimsoll_model::{Package, PackageType};

use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations};

/// Reads what Cabal froze.
pub struct CabalFreeze;

impl Analyser for CabalFreeze {
    fn name(&self) -> &'static str {
        "cabal-freeze"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/cabal.project.freeze"]
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
        let text = String::from_utf8_lossy(file.bytes);
        let mut is_in_constraints = false;
        for line in text.lines().filter(|line| !line.trim_start().starts_with("--")) {
            let is_field = !line.starts_with(char::is_whitespace) && !line.is_empty();
            let constraints = match line.split_once(':').filter(|_| is_field) {
                Some((field, rest)) => {
                    is_in_constraints = field.trim().eq_ignore_ascii_case("constraints");
                    rest
                }
                None => line,
            };
            if is_in_constraints {
                for (name, version) in constraints.split(',').filter_map(held) {
                    seen.package(Package::new(PackageType::Hackage, name, version));
                }
            }
        }
        Ok(())
    }
}

/// The package and version of a constraint to exactly one.
fn held(constraint: &str) -> Option<(&str, &str)> {
    let (name, version) = constraint.split_once("==")?;
    let name = name.trim();
    let name = name.strip_prefix("any.").unwrap_or(name);
    let (version, is_number) = (version.trim(), |version: &str| {
        version.starts_with(|first: char| first.is_ascii_digit())
            && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    });
    // `setup.name` and `other:setup.name`: names themselves have neither dots nor colons.
    let is_name = !name.is_empty() && name.chars().all(|character| character.is_alphanumeric() || character == '-');
    (is_name && is_number(version)).then_some((name, version))
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn packages_that_are_held_to_one_version_are_found() {
        let cases: [(&str, &[&str], usize); 5] = [
            (
                "active-repositories: hackage.haskell.org:merge\nconstraints: any.aeson ==2.1.0.0,\n             aeson -cffi +ordered-keymap,\n  \
                 -- comment\n\n             any.AC-Angle ==1.0,\nindex-state: hackage.haskell.org 2023-01-01T00:00:00Z\n",
                &["AC-Angle@1.0", "aeson@2.1.0.0"],
                0,
            ),
            ("Constraints:\n  a ==1,any.b==2\n", &["a@1", "b@2"], 0),
            (
                "constraints: any.a >=1, any.b ==1.*, any.c ==1 || ==2, any.d installed, setup.e ==1, f:setup.g ==1, any.h ==",
                &[],
                0,
            ),
            ("packages: a ==1\n  any.b ==2\nwords any.c ==3\n", &[], 0),
            ("", &[], 0),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&CabalFreeze, "app/cabal.project.freeze", text.as_bytes());
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!((names(&file), complaints.len()), (expected, complained), "{text}");
        }
    }
}
