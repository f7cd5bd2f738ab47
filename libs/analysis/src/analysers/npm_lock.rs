//! npm's lock files, `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.
//!
//! In: the JSON document, read as a stream. Out: every package that is installed for running: neither the root project, nor what
//! is needed for developing only. Versions are given as written, also where they are the address of a repository or a folder, without
//! credentials.
//! Source: npm documentation, "package-lock.json".

use std::borrow::Cow;
use std::fmt;

use plimsoll_model::Package;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::node_lock::package;
use super::node_modules::Stated;
use crate::json::Text;
use crate::{Analyser, File, Malformed, Observations};

/// Packages that are read of one file. The largest real ones have a tenth of it.
const PACKAGES: usize = 100_000;

/// Reads npm's lock files.
pub struct NpmLock;

impl Analyser for NpmLock {
    fn name(&self) -> &'static str {
        "npm-lock"
    }

    fn version(&self) -> u32 {
        2
    }

    fn globs(&self) -> &'static [&'static str] {
        // Not `.package-lock.json` in `node_modules`: the packages themselves lie beside it.
        &["**/package-lock.json", "**/npm-shrinkwrap.json"]
    }

    fn wants(&self, path: &str) -> bool {
        // A package's own lock file says what its authors had, not what is here.
        !path.split('/').any(|folder| folder == "node_modules")
    }

    fn max_bytes(&self) -> usize {
        16 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let mut lock = Lock::default();
        let mut json = serde_json::Deserializer::from_slice(file.bytes);
        let outcome = (&mut lock).deserialize(&mut json).and_then(|()| json.end());
        // Version 2 states everything twice, for new tools and for old ones. The newer form says more.
        let packages = if lock.has_packages { lock.packages } else { lock.dependencies };
        packages.into_iter().for_each(|package| seen.package(package));
        outcome.map_err(|error| Malformed::at(error.line(), format!("not a lock file: {error}")))
    }
}

/// What a document lists, in its newer and its older form.
#[derive(Default)]
struct Lock {
    has_packages: bool,
    packages: Vec<Package>,
    dependencies: Vec<Package>,
}

impl<'de> DeserializeSeed<'de> for &mut Lock {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for &mut Lock {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "packages" => {
                    self.has_packages = true;
                    map.next_value_seed(Packages(&mut self.packages))?;
                }
                "dependencies" => map.next_value_seed(Dependencies(&mut self.dependencies))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// `packages`: the folder of each package, to what is in it. The root project's folder is the empty text.
struct Packages<'p>(&'p mut Vec<Package>);

#[derive(Deserialize)]
struct Installed<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    version: Option<Cow<'a, str>>,
    #[serde(default)]
    dev: bool,
    #[serde(default)]
    link: bool,
    #[serde(borrow)]
    license: Option<Stated<'a>>,
}

impl<'de> DeserializeSeed<'de> for Packages<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Packages<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of packages")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(folder)) = map.next_key()? {
            let installed: Installed<'_> = map.next_value()?;
            let Some(version) = installed.version.filter(|_| !installed.dev && !installed.link && !folder.is_empty())
            else {
                continue;
            };
            let name = installed.name.unwrap_or_else(|| name_of(&folder).to_owned().into());
            let license = installed.license.and_then(Stated::text);
            push(self.0, Package { license, ..package(&name, &version) })?;
        }
        Ok(())
    }
}

/// The package's name where only its folder is given: what follows the last `node_modules/`; of a workspace its last part.
fn name_of(folder: &str) -> &str {
    folder.rsplit_once("node_modules/").map_or_else(|| crate::path::file_name(folder), |(_, name)| name)
}

/// `dependencies`, of the root or of one of them: names to what is installed.
struct Dependencies<'p>(&'p mut Vec<Package>);

impl<'de> DeserializeSeed<'de> for Dependencies<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Dependencies<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of dependencies")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Text(name)) = map.next_key()? {
            map.next_value_seed(Dependency { name, packages: self.0 })?;
        }
        Ok(())
    }
}

/// One of them, with those that it alone has.
struct Dependency<'p, 'n> {
    name: Cow<'n, str>,
    packages: &'p mut Vec<Package>,
}

impl<'de> DeserializeSeed<'de> for Dependency<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Dependency<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object that describes a dependency")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let before = self.packages.len();
        let (mut version, mut is_dev) = (None, false);
        while let Some(Text(key)) = map.next_key()? {
            match &*key {
                "version" => version = map.next_value::<Option<Text<'_>>>()?,
                "dev" => is_dev = map.next_value()?,
                "dependencies" => map.next_value_seed(Dependencies(self.packages))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if is_dev {
            // What a development dependency alone has goes with it.
            self.packages.truncate(before);
        } else if let Some(Text(version)) = version {
            // `npm:other@1.0.0`: installed under this name, but it is another package.
            let alias = version.strip_prefix("npm:").and_then(|real| real.rsplit_once('@'));
            let (name, version) = alias.unwrap_or((&self.name, &version));
            push(self.packages, package(name, version))?;
        }
        Ok(())
    }
}

fn push<E: Error>(packages: &mut Vec<Package>, package: Package) -> Result<(), E> {
    if packages.len() >= PACKAGES {
        return Err(E::custom(format!("more than {PACKAGES} packages")));
    }
    packages.push(package);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    fn found(text: &str) -> (Vec<String>, usize) {
        let (file, complaints) = analyse(&NpmLock, "app/package-lock.json", text.as_bytes());
        (names(&file), complaints.len())
    }

    #[test]
    fn every_version_lists_what_is_installed_for_running() {
        let cases: [(&str, &[&str]); 5] = [
            (
                r#"{"name":"root","version":"9","lockfileVersion":1,"dependencies":{
                    "a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0"}}},
                    "@s/c":{"version":"3.0.0","optional":true},
                    "alias":{"version":"npm:@s/real@4.0.0"},
                    "d":{"version":"5.0.0","dependencies":{"e":{"version":"6.0.0"}},"dev":true}}}"#,
                &["@s/c@3.0.0", "@s/real@4.0.0", "a@1.0.0", "b@2.0.0"],
            ),
            (
                r#"{"lockfileVersion":2,
                    "dependencies":{"a":{"version":"1.0.0"},"only-old":{"version":"1.0.0"}},
                    "packages":{"":{"name":"root","version":"9"},
                        "node_modules/a":{"version":"1.0.0","license":"MIT"},
                        "node_modules/a/node_modules/@s/b":{"version":"2.0.0"},
                        "node_modules/alias":{"name":"real","version":"4.0.0"},
                        "node_modules/d":{"version":"5.0.0","dev":true},
                        "node_modules/w":{"resolved":"packages/w","link":true},
                        "packages/w":{"version":"0.1.0"}}}"#,
                &["@s/b@2.0.0", "a@1.0.0", "real@4.0.0", "w@0.1.0"],
            ),
            (
                r#"{"lockfileVersion":3,"packages":{"":{},"node_modules/a":{"version":"1.0.0","devOptional":true}}}"#,
                &["a@1.0.0"],
            ),
            (r#"{"lockfileVersion":3,"packages":{}}"#, &[]),
            ("{}", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(found(text), (expected.iter().map(|name| (*name).to_owned()).collect(), 0), "{text}");
        }
    }

    #[test]
    fn what_came_before_the_break_is_kept() {
        let cut = r#"{"packages":{"node_modules/a":{"version":"1.0.0"},"node_modules/b":{"ver"#;
        assert_eq!(found(cut), (vec!["a@1.0.0".to_owned()], 1));
        let deep = format!("{}1{}", r#"{"dependencies":{"a":"#.repeat(500), "}}".repeat(500));
        for text in [deep.as_str(), "", "[]", r#"{"packages":{"a":{"version":"1","version":"2"}}}"#] {
            assert_eq!(found(text), (vec![], 1), "{text}");
        }
        assert_eq!(found(r#"{"x":1e999999,"dependencies":{"a":{"version":"1"}}}"#), (vec!["a@1".to_owned()], 0));
    }

    #[test]
    fn lock_files_inside_packages_are_not_wanted() {
        for (path, expected) in [
            ("package-lock.json", true),
            ("app/npm-shrinkwrap.json", true),
            ("app/node_modules/x/package-lock.json", false),
        ] {
            assert_eq!(NpmLock.wants(path), expected, "{path}");
        }
    }
}
