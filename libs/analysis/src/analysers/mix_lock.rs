//! The lock files of Mix, Elixir's build tool, `mix.lock`.
//!
//! In: an Elixir map, a line a dependency. Out: those from Hex, by the name that the package has there. What comes from a repository has a
//! commit and no version.
//! Source: Hex, `lib/hex/utils.ex` (`lock/1`).

use plimsoll_model::{Package, PackageType};

use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations};

/// Reads Mix's lock files.
pub struct MixLock;

impl Analyser for MixLock {
    fn name(&self) -> &'static str {
        "mix-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/mix.lock"]
    }

    fn wants(&self, path: &str) -> bool {
        // A dependency's own file says what its authors had.
        !is_among_packages(path) && !path.split('/').any(|folder| folder == "deps")
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
            let Some((_, lock)) = line.trim_start().strip_prefix('"').and_then(|line| line.split_once("\": {:hex,"))
            else {
                continue;
            };
            match locked(lock) {
                Some((name, version)) => seen.package(Package::new(PackageType::Hex, name, version)),
                None => seen.malformed(Malformed::at(number + 1, "not a package of Hex with its version")),
            }
        }
        Ok(())
    }
}

/// The name and version at the beginning of `:name, "1.0.0", "checksum", …`.
fn locked(lock: &str) -> Option<(&str, &str)> {
    let (name, rest) = lock.trim_start().strip_prefix(':')?.split_once(',')?;
    let (version, _) = rest.trim_start().strip_prefix('"')?.split_once('"')?;
    Some((name.trim().trim_matches('"'), version))
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn packages_of_hex_are_found() {
        let cases: [(&str, &[&str], usize); 5] = [
            (
                "%{\n  \"plug\": {:hex, :plug, \"1.11.1\", \"f299\", [:mix], [{:hex, \"~> 1.0\", [hex: :hex]}], \"hexpm\", \"2352\"},\n  \
                 \"own\": {:hex,:\"other-name\",\"2.0.0-rc.1\"},\n}\n",
                &["other-name@2.0.0-rc.1", "plug@1.11.1"],
                0,
            ),
            ("%{\n  \"foe\": {:git, \"https://x/foe.git\", \"a957\", []},\n}", &[], 0),
            ("%{\n  \"a\": {:hex, },\n  \"b\": {:hex, :b, nil},\n \"c\": {:hex, :c, \"1\"", &["c@1"], 2),
            ("%{}", &[], 0),
            ("", &[], 0),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&MixLock, "app/mix.lock", text.as_bytes());
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!((names(&file), complaints.len()), (expected, complained), "{text}");
        }
    }
}
