//! Installed Ruby gems: `specifications/NAME-VERSION.gemspec`, `specifications/default/*.gemspec`.
//!
//! In: a Ruby program, as RubyGems writes one when it installs a gem. It is not run: what it assigns as plain texts is read.
//! Out: one gem. Where its name or version is worked out by the program, RubyGems' own comment (`# stub: NAME VERSION`) says it, or
//! the file's name.
//! Source: RubyGems, `Gem::Specification#to_ruby` and `Gem::StubSpecification`.

use plimsoll_model::{Package, PackageType};

use crate::path::{self, is_samples_folder};
use crate::{Analyser, File, Malformed, Observations, PastLimit};

/// Reads the specifications of installed gems.
pub struct Gemspec;

impl Analyser for Gemspec {
    fn name(&self) -> &'static str {
        "gemspec"
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/*.gemspec"]
    }

    fn wants(&self, path: &str) -> bool {
        let mut folders = path.rsplit('/').skip(1);
        let is_installed = match folders.next() {
            Some("default") => folders.next() == Some("specifications"),
            folder => folder == Some("specifications"),
        };
        // What lies among the tests of a gem was not installed.
        is_installed && !path.split('/').skip_while(|folder| *folder != "gems").any(is_samples_folder)
    }

    fn max_bytes(&self) -> usize {
        256 << 10
    }

    fn past_limit(&self) -> PastLimit {
        // What is read comes before the lists of dependencies.
        PastLimit::BeginningSuffices
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        let text = String::from_utf8_lossy(file.bytes);
        let stated = Stated::read(&text);
        let from_name = by_file_name(path::file_name(file.path));
        let name = stated.name.or(stated.stub.map(|(name, _)| name)).or(from_name.map(|(name, _)| name));
        let version =
            stated.version.or(stated.stub.map(|(_, version)| version)).or(from_name.map(|(_, version)| version));
        let (Some(name), Some(version)) = (name, version) else {
            return Err(Malformed::new("no name and version of a gem"));
        };
        let license = (!stated.licenses.is_empty()).then(|| stated.licenses.join(" OR "));
        seen.package(Package { license, ..Package::new(PackageType::Gem, name, version) });
        Ok(())
    }
}

/// What a specification says by plain texts.
#[derive(Default)]
struct Stated<'a> {
    name: Option<&'a str>,
    version: Option<&'a str>,
    /// The name and version of RubyGems' comment.
    stub: Option<(&'a str, &'a str)>,
    licenses: Vec<&'a str>,
}

impl<'a> Stated<'a> {
    fn read(text: &'a str) -> Self {
        let mut stated = Self::default();
        for line in text.lines().map(str::trim) {
            if let Some(stub) = line.strip_prefix("# stub: ") {
                let mut words = stub.split_ascii_whitespace();
                stated.stub = stated.stub.or(words.next().zip(words.next()));
            }
            let Some((field, value)) = assignment(line) else { continue };
            match field {
                "name" => stated.name = stated.name.or_else(|| literal(value)),
                "version" => stated.version = stated.version.or_else(|| literal(value)),
                "license" | "licenses" if stated.licenses.is_empty() => stated.licenses = literals(value),
                _ => {}
            }
        }
        stated
    }
}

/// The field and the value of `spec.field = value`, whatever the variable is called.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let (variable, rest) = line.split_once('.')?;
    let (field, value) = rest.split_once('=')?;
    let is_variable =
        !variable.is_empty() && variable.chars().all(|character| character.is_alphanumeric() || character == '_');
    is_variable.then(|| (field.trim_end(), value.trim_start()))
}

/// A value that is one text: `"text".freeze`, `'text'`, `%q{text}`, `Gem::Version.new("text")`.
fn literal(value: &str) -> Option<&str> {
    let value = value.strip_prefix("Gem::Version.new").unwrap_or(value).trim_start_matches(['(', ' ']);
    if let Some(text) = value.strip_prefix("%q{") {
        return text.split_once('}').map(|(text, _)| text);
    }
    quoted(value).map(|(text, _)| text)
}

/// A value that is a text or a list of them, on one line.
fn literals(value: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = value.trim_start_matches(['[', ' ']);
    while let Some((text, after)) = quoted(rest) {
        found.push(text);
        rest = after.strip_prefix(".freeze").unwrap_or(after).trim_start_matches([',', ' ']);
    }
    found
}

/// The text between the quotes that `value` begins with, and what follows. One with something to be filled in is none.
fn quoted(value: &str) -> Option<(&str, &str)> {
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''))?;
    let (text, after) = value.get(1..)?.split_once(quote)?;
    (!text.contains("#{") && !text.contains('\\')).then_some((text, after))
}

/// The name and version of `NAME-VERSION.gemspec` and `NAME-VERSION-PLATFORM.gemspec`: the version is the first part that begins with a digit.
fn by_file_name(file_name: &str) -> Option<(&str, &str)> {
    let stem = file_name.strip_suffix(".gemspec")?;
    let dash = stem
        .match_indices('-')
        .map(|(at, _)| at)
        .find(|at| stem.get(at + 1..).is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_digit())))?;
    let version = stem.get(dash + 1..)?.split('-').next()?;
    Some((stem.get(..dash)?, version))
}

#[cfg(test)]
mod tests {
    use super::super::{analyse, names};
    use super::*;

    const INSTALLED: &str = "# -*- encoding: utf-8 -*-\n# stub: net-imap 0.3.4 ruby lib\n\nGem::Specification.new do |s|\n  \
        s.name = \"net-imap\".freeze\n  s.version = \"0.3.4\"\n\n  s.required_rubygems_version = Gem::Requirement.new(\">= 0\".freeze) if s.x=\n  \
        s.metadata = { \"homepage_uri\" => \"https://x/name = y\" } if s.respond_to? :metadata=\n  s.require_paths = [\"lib\".freeze]\n  \
        s.licenses = [\"Ruby\".freeze, \"BSD-2-Clause\".freeze]\n  s.specification_version = 4\n  s.add_runtime_dependency(%q<x>.freeze, [\">= 0\"])\nend\n";

    #[test]
    fn a_specification_is_a_gem() {
        let cases = [
            (INSTALLED, "net-imap@0.3.4", Some("Ruby OR BSD-2-Clause")),
            ("s.name = %q{rake}\ns.version = %q{0.8.7}\n", "rake@0.8.7", None),
            ("spec.name='a'\nspec.version = Gem::Version.new('1.0')\nspec.license = 'MIT'\n", "a@1.0", Some("MIT")),
            ("# stub: b 2.0 java lib\ns.name = NAME\ns.version = B::VERSION\ns.license = LICENSE\n", "b@2.0", None),
            ("s.name = \"c\"\ns.version = \"#{C}.1\"\n", "c@3.0.1", None),
            ("", "file-name@3.0.1", None),
        ];
        for (text, expected, license) in cases {
            let path = "usr/lib/ruby/gems/3.1.0/specifications/file-name-3.0.1-x86_64-linux.gemspec";
            let (file, complaints) = analyse(&Gemspec, path, text.as_bytes());
            assert_eq!((names(&file), complaints), (vec![expected.to_owned()], vec![]));
            assert_eq!(file.packages[0].license.as_deref(), license);
        }
        let (file, complaints) = analyse(&Gemspec, "specifications/x.gemspec", b"s.name = \"x\"\ns.version = X");
        assert_eq!((file.packages.len(), complaints.len()), (0, 1));
    }

    #[test]
    fn only_installed_specifications_are_wanted() {
        let cases = [
            ("usr/lib/ruby/gems/3.1.0/specifications/rake-13.0.6.gemspec", true),
            ("usr/lib/ruby/gems/3.1.0/specifications/default/json-2.6.1.gemspec", true),
            ("app/vendor/bundle/ruby/3.1.0/specifications/rake-13.0.6.gemspec", true),
            ("tests/app/vendor/bundle/ruby/3.1.0/specifications/rake-13.0.6.gemspec", true),
            ("usr/lib/ruby/gems/3.1.0/gems/rake-13.0.6/rake.gemspec", false),
            ("usr/lib/ruby/gems/3.1.0/gems/x-1.0/spec/fixtures/specifications/y-1.gemspec", false),
            ("default/x-1.gemspec", false),
        ];
        for (path, expected) in cases {
            assert_eq!(Gemspec.wants(path), expected, "{path}");
        }
    }
}
