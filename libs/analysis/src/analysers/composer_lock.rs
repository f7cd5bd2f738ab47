//! Composer's lock file, `composer.lock`.
//!
//! In: the JSON document. Out: the packages of its list `packages`; `packages-dev` is for developing.
//! Source: Composer, "composer.lock" and `doc/04-schema.md`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use plimsoll_model::{Package, PackageType};
use serde::Deserialize;

use super::node_modules::Stated;
use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, json};

/// Reads Composer's lock files.
pub struct ComposerLock;

impl Analyser for ComposerLock {
    fn name(&self) -> &'static str {
        "composer-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/composer.lock"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
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
        let (locked, outcome) = json::entries::<Described<'_>>(file.bytes, "packages");
        locked.into_iter().filter_map(|(_, described)| described.package()).for_each(|package| seen.package(package));
        outcome
    }
}

/// A package as Composer's lock file and its list of what is installed describe it.
#[derive(Deserialize)]
pub(super) struct Described<'a> {
    name: Option<String>,
    version: Option<String>,
    #[serde(borrow)]
    license: Option<Stated<'a>>,
}

impl Described<'_> {
    /// Whether its name is among `names`.
    pub(super) fn is_named_in(&self, names: &BTreeSet<Cow<'_, str>>) -> bool {
        self.name.as_deref().is_some_and(|name| names.contains(name))
    }

    /// The package, its name in lower case as Packagist has it.
    pub(super) fn package(self) -> Option<Package> {
        let license = self.license.and_then(Stated::text);
        let (name, version) = (self.name?.to_lowercase(), self.version?);
        Some(Package { license, ..Package::new(PackageType::Composer, name, version) })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn packages_for_running_are_found() {
        let text = r#"{"content-hash":"00","packages":[
            {"name":"Sentry/SDK","version":"v2.0.4","license":["MIT"],"require":{"php":">=7"}},
            {"name":"a/b","version":"dev-main","license":["LGPL-2.1-only","GPL-3.0-or-later"]},
            {"name":"c/d","version":"1.0","license":"proprietary"},{"name":"e/f"}],
            "packages-dev":[{"name":"phpunit/phpunit","version":"9"}],"platform":[]}"#;
        let (file, complaints) = analyse(&ComposerLock, "app/composer.lock", text.as_bytes());
        assert_eq!(
            (names(&file), complaints),
            (["a/b@dev-main", "c/d@1.0", "sentry/sdk@v2.0.4"].map(str::to_owned).to_vec(), vec![])
        );
        let licenses: Vec<_> = file.packages.iter().map(|package| package.license.as_deref().unwrap()).collect();
        assert_eq!(licenses, ["LGPL-2.1-only OR GPL-3.0-or-later", "proprietary", "MIT"]);
    }

    #[test]
    fn what_came_before_the_break_is_kept() {
        let (file, complaints) =
            analyse(&ComposerLock, "composer.lock", br#"{"packages":[{"name":"a/b","version":"1"},{"#);
        assert_eq!((names(&file), complaints.len()), (vec!["a/b@1".to_owned()], 1));
        assert!(!ComposerLock.wants("app/vendor/a/b/composer.lock"));
        assert!(ComposerLock.wants("srv/composer.lock"));
    }
}
