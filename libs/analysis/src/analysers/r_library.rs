//! Installed R packages, `library/NAME/DESCRIPTION`, also in `site-library` and in the libraries and the cache of renv.
//!
//! In: headers with indented continuations. Out: the package, if it was built: what has no `Built` header is a source.
//! Source: "Writing R Extensions", "The DESCRIPTION file".

use plimsoll_model::{Package, PackageType};

use crate::{Analyser, File, Malformed, Observations};

/// Reads the descriptions of installed R packages.
pub struct RLibrary;

impl Analyser for RLibrary {
    fn name(&self) -> &'static str {
        "r-library"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/DESCRIPTION"]
    }

    fn wants(&self, path: &str) -> bool {
        is_installed(path)
    }

    fn max_bytes(&self) -> usize {
        256 << 10
    }

    fn working_bytes(&self, _size: usize) -> usize {
        0
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let text = String::from_utf8_lossy(file.bytes);
        if header(&text, "Built").is_none() {
            return Ok(());
        }
        let (Some(name), Some(version)) = (header(&text, "Package"), header(&text, "Version")) else {
            return Err(Malformed::new("no Package and Version in its headers"));
        };
        let license = header(&text, "License").map(str::to_owned);
        seen.package(Package { license, ..Package::new(PackageType::Cran, name, version) });
        Ok(())
    }
}

/// Whether it is the description of a package in a library, and not of one inside a package.
fn is_installed(path: &str) -> bool {
    let Some(package) = crate::path::parent(path) else { return false };
    let Some(library) = crate::path::parent(package) else { return false };
    if matches!(crate::path::file_name(library), "library" | "site-library" | "dist-library" | "local-library") {
        return true;
    }
    // renv has a library a version of R and platform, and a cache with a folder for each version and checksum of a package. Both have
    // the package's own folder last.
    let mut folders = package.rsplit('/');
    folders.next();
    let above: Vec<&str> = folders.take(10).collect();
    let is_below = |store: &str, depth: std::ops::RangeInclusive<usize>| {
        above.windows(2).enumerate().any(|(levels, pair)| pair == [store, "renv"] && depth.contains(&levels))
    };
    is_below("library", 1..=3) || is_below("cache", 3..=7)
}

/// The first line of a header's value.
fn header<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?.trim();
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn packages_that_were_built_are_found() {
        let cases: [(&str, &[&str], usize); 5] = [
            (
                "Package: R6\nTitle: Classes\n of R\nVersion: 2.5.1\nLicense: MIT + file LICENSE\nBuilt: R 4.2.1; ; 2022-08-19 UTC; unix\n",
                &["R6@2.5.1"],
                0,
            ),
            ("Package: source\r\nVersion: 1.0\r\n", &[], 0),
            ("Package: R6\nBuilt: R 4\n", &[], 1),
            ("Version: 1.0-2\r\nPackage: a\r\nBuilt: R 4\r\n", &["a@1.0-2"], 0),
            ("", &[], 0),
        ];
        for (text, expected, complained) in cases {
            let (file, complaints) = analyse(&RLibrary, "usr/lib/R/site-library/R6/DESCRIPTION", text.as_bytes());
            let expected: Vec<String> = expected.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!((names(&file), complaints.len()), (expected, complained), "{text}");
        }
    }

    #[test]
    fn the_licence_is_as_stated() {
        let text = "Package: R6\nVersion: 1\nLicense: MIT + file LICENSE\nBuilt: R 4\n";
        let (file, _) = analyse(&RLibrary, "usr/lib/R/library/R6/DESCRIPTION", text.as_bytes());
        assert_eq!(file.packages[0].license.as_deref(), Some("MIT + file LICENSE"));
    }

    #[test]
    fn descriptions_in_libraries_are_wanted_and_others_not() {
        for (path, expected) in [
            ("usr/lib/R/library/base/DESCRIPTION", true),
            ("usr/local/lib/R/site-library/R6/DESCRIPTION", true),
            ("app/renv/library/R-4.2/x86_64-pc-linux-gnu/R6/DESCRIPTION", true),
            ("app/renv/library/linux/R-4.4/x86_64-pc-linux-gnu/R6/DESCRIPTION", true),
            ("root/.cache/R/renv/cache/v5/R-4.2/x86_64-pc-linux-gnu/R6/2.5.1/470851b6/R6/DESCRIPTION", true),
            (
                "root/.cache/R/renv/cache/v5/linux-ubuntu-jammy/R-4.4/x86_64-pc-linux-gnu/R6/2.5.1/470851b6/R6/DESCRIPTION",
                true,
            ),
            ("usr/lib/R/library/R6/tests/mine/DESCRIPTION", false),
            ("app/renv/library/R-4.2/x86_64-pc-linux-gnu/R6/tests/mine/deep/DESCRIPTION", false),
            ("src/R6/DESCRIPTION", false),
            ("library/DESCRIPTION", false),
            ("DESCRIPTION", false),
        ] {
            assert_eq!(is_installed(path), expected, "{path}");
        }
    }
}
