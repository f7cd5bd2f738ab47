//! Bundler's lock file: `Gemfile.lock`, `gems.locked`.
//!
//! In: sections, whose `specs:` list gems with what each needs below it. Out: every gem, without that of the folder itself (`PATH` with
//! `remote: .`). The file does not say which group a gem is in. A gem built for a platform has its plain version: advisories
//! know no platforms.
//! Source: Bundler, `lib/bundler/lockfile_parser.rb`.

use plimsoll_model::{Package, PackageType};

use crate::path::is_among_packages;
use crate::{Analyser, File, Malformed, Observations, PastLimit};

/// Reads Bundler's lock files.
pub struct GemfileLock;

impl Analyser for GemfileLock {
    fn name(&self) -> &'static str {
        "gemfile-lock"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/Gemfile.lock", "**/gems.locked"]
    }

    fn wants(&self, path: &str) -> bool {
        !is_among_packages(path)
    }

    fn max_bytes(&self) -> usize {
        4 << 20
    }

    fn past_limit(&self) -> PastLimit {
        PastLimit::ReadBeginning
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn is_of_project(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let text = String::from_utf8_lossy(file.whole_lines());
        let (mut has_gems, mut is_in_specs, mut is_own) = (false, false, false);
        for (number, line) in (1..).zip(text.lines().map(str::trim_end)) {
            if line.starts_with("<<<<<<<") {
                return Err(Malformed::at(number, "a conflict that git left"));
            }
            let indented = line.trim_start_matches(' ');
            match line.len() - indented.len() {
                0 => {
                    has_gems = matches!(line, "GEM" | "GIT" | "PATH" | "PLUGIN SOURCE");
                    (is_in_specs, is_own) = (false, false);
                }
                2 if has_gems => {
                    is_in_specs = indented == "specs:";
                    is_own |= indented == "remote: .";
                }
                4 if is_in_specs && !is_own => match gem(indented) {
                    Some(gem) => seen.package(gem),
                    None => seen.malformed(Malformed::at(number, "not a gem with its version")),
                },
                _ => {}
            }
        }
        Ok(())
    }
}

/// The gem of `name (version)` or `name (version-platform)`.
fn gem(spec: &str) -> Option<Package> {
    let (name, version) = spec.strip_suffix('!').unwrap_or(spec).strip_suffix(')')?.split_once(" (")?;
    let version = version.split('-').next()?;
    Some(Package::new(PackageType::Gem, name, version))
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    #[test]
    fn gems_of_every_source_are_found() {
        let text = "PATH\n  remote: .\n  specs:\n    own (0.1.0)\n      a (~> 1.0)\n\nPATH\n  remote: vendor/b\n  specs:\n    b (2.0.0)\n\n\
            GIT\r\n  remote: https://x/c.git\r\n  revision: 00\r\n  specs:\r\n    c (3.0.0.alpha1)\r\n      a\r\n\r\n\
            GEM\n  remote: https://rubygems.org/\n  specs:\n    a (1.0.0)\n    nokogiri (1.13.3-x86_64-linux)\n      racc (~> 1.4)\n    \
            nokogiri (1.13.3-arm64-darwin)\n\nOTHER\n  specs:\n    d (4)\n\nPLATFORMS\n  ruby\n\nDEPENDENCIES\n  a (= 1.0.0)\n  own!\n\n\
            CHECKSUMS\n  a (1.0.0) sha256=00\n\nBUNDLED WITH\n   2.2.28\n";
        let (file, complaints) = analyse(&GemfileLock, "app/Gemfile.lock", text.as_bytes());
        let expected = ["a@1.0.0", "b@2.0.0", "c@3.0.0.alpha1", "nokogiri@1.13.3"];
        assert_eq!((names(&file), complaints), (expected.map(str::to_owned).to_vec(), vec![]));
    }

    #[test]
    fn what_does_not_parse_is_a_complaint_with_its_line() {
        let text = "GEM\n  specs:\n    a (1)\n    b\n    c 2\n    d (3)\n<<<<<<< HEAD\n    e (4)\n";
        let (file, complaints) = analyse(&GemfileLock, "gems.locked", text.as_bytes());
        assert_eq!(names(&file), ["a@1", "d@3"]);
        assert_eq!(complaints.len(), 3);
        assert!(complaints[0].starts_with("line 4: "), "{complaints:?}");
        assert!(!GemfileLock.wants("usr/lib/ruby/gems/3.1.0/gems/rake-13.0.6/Gemfile.lock"));
    }
}
