//! Installed PHP packages, `vendor/composer/installed.json`, as Composer 1 and 2 write it.
//!
//! In: the JSON document: a list, or an object with a list. Out: the packages in it, without those that it names as for developing.
//! Source: Composer, `Repository/FilesystemRepository.php`.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::composer_lock::Described;
use crate::path::is_samples_folder;
use crate::{Analyser, File, Malformed, Observations, json};

/// Reads Composer's lists of installed packages.
pub struct ComposerInstalled;

impl Analyser for ComposerInstalled {
    fn name(&self) -> &'static str {
        "composer-installed"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/installed.json"]
    }

    fn wants(&self, path: &str) -> bool {
        let mut folders = path.split('/').skip_while(|folder| *folder != "vendor");
        // Nothing more is read of packages' tests; what else a package brings along counts.
        path.ends_with("/composer/installed.json") && !folders.any(is_samples_folder)
    }

    fn max_bytes(&self) -> usize {
        16 << 20
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let (installed, outcome) = json::entries::<Described<'_>>(file.bytes, "packages");
        for_running(file.bytes, installed).filter_map(Described::package).for_each(|package| seen.package(package));
        outcome
    }
}

/// Those of `installed` that the document does not name as for developing. Composer 1 does not say.
fn for_running<'a>(
    bytes: &'a [u8],
    installed: Vec<json::Entry<'a, Described<'a>>>,
) -> impl Iterator<Item = Described<'a>> {
    // The names come after the packages, hence another pass; of a document that is a list the entries are no names.
    let (names, _) = json::entries::<json::Text<'_>>(bytes, "dev-package-names");
    let names: BTreeSet<Cow<'_, str>> = names.into_iter().map(|(_, json::Text(name))| name).collect();
    installed.into_iter().map(|(_, described)| described).filter(move |described| !described.is_named_in(&names))
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    const PATH: &str = "app/vendor/composer/installed.json";

    #[test]
    fn both_forms_are_read() {
        let list = r#"[{"name":"a/b","version":"1.0","version_normalized":"1.0.0.0","license":["MIT"]},{"name":"c/d","version":"2"}]"#;
        let object = format!(r#"{{"packages":{list},"dev":true,"dev-package-names":["c/d"]}}"#);
        for (text, expected) in [(list, vec!["a/b@1.0", "c/d@2"]), (&object, vec!["a/b@1.0"])] {
            let (file, complaints) = analyse(&ComposerInstalled, PATH, text.as_bytes());
            assert_eq!((names(&file), complaints.len()), (expected.into_iter().map(str::to_owned).collect(), 0));
            assert_eq!(file.packages[0].license.as_deref(), Some("MIT"));
        }
        let (file, complaints) = analyse(&ComposerInstalled, PATH, &object.as_bytes()[..object.len() - 20]);
        assert_eq!((file.packages.len(), complaints.len()), (2, 1));
    }

    #[test]
    fn lists_among_the_tests_of_packages_are_not_wanted() {
        for (path, expected) in [
            (PATH, true),
            ("app/lib/composer/installed.json", true),
            ("tests/app/vendor/composer/installed.json", true),
            ("app/vendor/a/b/vendor/composer/installed.json", true),
            ("app/vendor/a/b/tests/x/vendor/composer/installed.json", false),
            ("app/installed.json", false),
        ] {
            assert_eq!(ComposerInstalled.wants(path), expected, "{path}");
        }
    }
}
