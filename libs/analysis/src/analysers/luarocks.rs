//! Installed Lua rocks, `rocks-5.4/NAME/VERSION/NAME-VERSION.rockspec`.
//!
//! In: the path, and a Lua program of assignments. Out: the rock as its folders name it, with the licence that the program assigns.
//! Source: LuaRocks documentation, "Rockspec format" and "File locations".

use plimsoll_model::{Package, PackageType};

use crate::path::file_name;
use crate::{Analyser, File, Malformed, Observations};

/// Reads the specifications of installed Lua rocks.
pub struct Luarocks;

impl Analyser for Luarocks {
    fn name(&self) -> &'static str {
        "luarocks"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/*.rockspec"]
    }

    fn wants(&self, path: &str) -> bool {
        installed(path).is_some()
    }

    fn max_bytes(&self) -> usize {
        256 << 10
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        if let Some((name, version)) = installed(file.path) {
            let license = license(&String::from_utf8_lossy(file.bytes)).map(str::to_owned);
            seen.package(Package { license, ..Package::new(PackageType::Luarocks, name, version) });
        }
        Ok(())
    }
}

/// The name and version of the rock whose specification a path is, if it was installed.
fn installed(path: &str) -> Option<(&str, &str)> {
    let (folder, file) = path.rsplit_once('/')?;
    let (folder, version) = folder.rsplit_once('/')?;
    let (tree, name) = folder.rsplit_once('/')?;
    let tree = file_name(tree);
    let is_tree = tree == "rocks" || tree.starts_with("rocks-");
    let named = file.strip_suffix(".rockspec")?.strip_prefix(name)?.strip_prefix('-')?;
    (is_tree && named == version).then_some((name, version))
}

/// What is assigned to `license`, where that is a plain text.
fn license(program: &str) -> Option<&str> {
    program.lines().map(str::trim_start).filter(|line| !line.starts_with("--")).find_map(|line| {
        let (_, after) = line.split_once("license")?;
        let text = after.trim_start().strip_prefix('=')?.trim_start();
        let quote = text.chars().next().filter(|first| matches!(first, '"' | '\''))?;
        Some(text.get(1..)?.split_once(quote)?.0)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn rocks_are_found_by_their_folders_with_their_licence() {
        let cases = [
            (
                "rockspec_format = \"3.0\"\npackage = \"lua-cjson\"\nversion = \"2.1.0-1\"\ndescription = {\n  license = \"MIT\"\n}\n",
                Some("MIT"),
            ),
            ("description = { summary = 'x', license = 'MIT/X11' }", Some("MIT/X11")),
            ("-- license = \"GPL\"\nlicense = [[MIT]]\nlicense = \"", None),
            ("", None),
        ];
        for (text, license) in cases {
            let path = "usr/local/lib/luarocks/rocks-5.4/lua-cjson/2.1.0-1/lua-cjson-2.1.0-1.rockspec";
            let (file, complaints) = analyse(&Luarocks, path, text.as_bytes());
            assert_eq!((names(&file), complaints.len()), (vec!["lua-cjson@2.1.0-1".into()], 0));
            assert_eq!(file.packages[0].license.as_deref(), license, "{text}");
        }
    }

    #[test]
    fn specifications_that_are_not_installed_are_not_wanted() {
        for (path, expected) in [
            ("lib/luarocks/rocks/a/1.0-1/a-1.0-1.rockspec", true),
            ("lib/luarocks/rocks-5.1/a/1.0-1/b-1.0-1.rockspec", false),
            ("lib/luarocks/rocks-5.1/a/1.0-1/tests/a-1.0-1.rockspec", false),
            ("src/a/a-1.0-1.rockspec", false),
            ("a-1.0-1.rockspec", false),
        ] {
            assert_eq!(Luarocks.wants(path), expected, "{path}");
        }
    }
}
