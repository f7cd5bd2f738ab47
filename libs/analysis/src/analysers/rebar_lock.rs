//! The lock files of rebar3, Erlang's build tool, `rebar.lock`.
//!
//! In: Erlang terms. Out: the dependencies from Hex, `{pkg,<<"name">>,<<"version">>}`. What comes from a repository has a commit and no
//! version.
//! Source: rebar3, `src/rebar_config.erl`.

use plimsoll_model::{Package, PackageType};

use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations};

/// Reads rebar3's lock files.
pub struct RebarLock;

impl Analyser for RebarLock {
    fn name(&self) -> &'static str {
        "rebar-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/rebar.lock"]
    }

    fn wants(&self, path: &str) -> bool {
        // A dependency's own file says what its authors had.
        !is_among_packages(path) && !path.split('/').any(|folder| matches!(folder, "deps" | "_build"))
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
        // Terms are wrapped wherever a line would be too long.
        let text: String =
            String::from_utf8_lossy(file.bytes).chars().filter(|character| !character.is_whitespace()).collect();
        for package in text.split("{pkg,").skip(1) {
            match locked(package) {
                Some((name, version)) => seen.package(Package::new(PackageType::Hex, name, version)),
                None => seen.malformed(Malformed::new("a package of Hex without its version")),
            }
        }
        Ok(())
    }
}

/// The name and version at the beginning of `<<"name">>,<<"version">>}`.
fn locked(package: &str) -> Option<(&str, &str)> {
    let (name, rest) = package.strip_prefix("<<\"")?.split_once("\">>,<<\"")?;
    Some((name, rest.split_once("\">>")?.0))
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn packages_of_hex_are_found() {
        let cases: [(&str, &[&str], usize); 4] = [
            (
                "{\"1.2.0\",\n[{<<\"base64url\">>,{pkg,<<\"base64url\">>,<<\"0.0.1\">>},0},\n {<<\"cow\">>,\n  {pkg,<<\"cowlib\">>,\n\t<<\"2.7.0\">>},\n  1},\n \
                 {<<\"own\">>,{git,\"https://x/own.git\",{ref,\"11\"}},0}]}.\n[\n{pkg_hash,[{<<\"base64url\">>, <<\"36A9\">>}]}].\n",
                &["base64url@0.0.1", "cowlib@2.7.0"],
                0,
            ),
            (
                "[{<<\"a\">>,{pkg,<<\"a\">>,<<\"1\">>},0},{<<\"b\">>,{pkg,<<\"b\">>},0},{<<\"c\">>,{pkg,<<\"c",
                &["a@1"],
                2,
            ),
            ("[].", &[], 0),
            ("", &[], 0),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&RebarLock, "app/rebar.lock", text.as_bytes());
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!((names(&file), complaints.len()), (expected, complained), "{text}");
        }
    }
}
