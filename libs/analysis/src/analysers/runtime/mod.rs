//! Well-known programs that no package manager brought: runtimes and servers, built or unpacked into the image.
//!
//! In: ELF programs and libraries by their names, and the files in which JDKs and Go's toolchain say what they are. Out: a package of the
//! type `generic` each, by the version that its maker wrote into it. What a distribution's package owns is left to that package, and what
//! lies in the folder of an environment of Conda, of a component of Bitnami's or among the packages of a language is left to those.
//! Go's own programs are told by their build info (`go-binary`). Which programs are known, and how, is all in `table.rs`.

mod release;
mod table;

use std::sync::LazyLock;

use globset::{Glob, GlobSet};
use regex::bytes::{Regex, RegexBuilder};

use plimsoll_model::{Package, PackageType, ProblemCode};

use self::table::{PROGRAMS, Program};
use crate::executable::PROGRAM_BYTES;
use crate::path::{file_name, is_among_packages};
use crate::{Analyser, ContentKind, File, Malformed, Observations, PastLimit};

/// The analyser's name: squashing leaves out what it finds in folders that others look after.
pub(crate) const NAME: &str = "runtime";

/// Places that look like a version of which are looked at in a program. Where the right one is not the first, it is among the first ten.
const MATCHES: usize = 1_000;

/// The names of the programs that are recognised, in no order: `pkg:generic/NAME`. By whom each is judged is for `plimsoll-advisories` to say.
pub fn program_names() -> impl Iterator<Item = &'static str> {
    PROGRAMS.iter().map(|program| program.name).chain(release::NAMES)
}

/// Recognises programs that have no package.
pub struct Runtime;

impl Analyser for Runtime {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn globs(&self) -> &'static [&'static str] {
        &["**/release", "**/VERSION"]
    }

    fn wants(&self, path: &str) -> bool {
        is_installed(path)
    }

    fn content_kinds(&self) -> &'static [ContentKind] {
        &[ContentKind::Elf]
    }

    fn wants_content(&self, path: &str, _kind: ContentKind, _size: u64) -> bool {
        NAMES.is_match(file_name(path)) && is_installed(path)
    }

    fn max_bytes(&self) -> usize {
        PROGRAM_BYTES
    }

    fn past_limit(&self) -> PastLimit {
        PastLimit::BeginningSuffices
    }

    fn yields_to_distribution(&self) -> bool {
        true
    }

    fn analyse(&self, file: &File<'_>, seen: &mut Observations<'_>) -> Result<(), Malformed> {
        match (file_name(file.path), file.kind) {
            (_, ContentKind::Elf) => programs(file, seen),
            ("release", ContentKind::Text) => release::java(file).into_iter().for_each(|java| seen.package(java)),
            ("VERSION", ContentKind::Text) => release::go(file).into_iter().for_each(|go| seen.package(go)),
            _ => {}
        }
        Ok(())
    }
}

/// Whether what lies there is there to be run: what an archive or a package manager keeps is not, or is its package's.
fn is_installed(path: &str) -> bool {
    !path.contains("!/") && !is_among_packages(path)
}

fn programs(file: &File<'_>, seen: &mut Observations<'_>) {
    let name = file_name(file.path);
    let mut is_known = false;
    for row in NAMES.matches(name).into_iter().filter_map(|glob| OWNERS.get(glob)) {
        let Some(known) = KNOWN.get(*row) else { continue };
        if let Some(version) = known.version_in(file.bytes, name) {
            is_known = true;
            seen.package(Package::new(PackageType::Generic, known.program.name, version));
        }
    }
    if !is_known && !file.is_whole && NAMES.is_match(name) {
        let detail = format!("{} bytes; no version in the first {PROGRAM_BYTES}", file.size);
        seen.problem(ProblemCode::FileTooLarge, detail);
    }
}

/// A row of the table with its patterns, compiled when the first file of that name comes.
struct Known {
    program: &'static Program,
    patterns: LazyLock<Vec<Regex>, Box<dyn FnOnce() -> Vec<Regex> + Send>>,
}

impl Known {
    fn of(program: &'static Program) -> Self {
        let compiled = || program.patterns.iter().filter_map(|pattern| compile(pattern).ok()).collect();
        Self { program, patterns: LazyLock::new(Box::new(compiled)) }
    }

    /// The version that the program in a file of this name says it has.
    fn version_in<'b>(&self, bytes: &'b [u8], file_name: &str) -> Option<&'b str> {
        let begins = self.program.goes_on_with_name.then(|| beginning_of_version(file_name));
        let is_it = |version: &str| begins.as_ref().is_none_or(|begins| version.starts_with(begins));
        self.patterns.iter().find_map(|pattern| versions(pattern, bytes).take(MATCHES).find(|version| is_it(version)))
    }
}

/// What a pattern finds. What ends one match may begin the next: texts lie one after the other with a zero between.
fn versions<'b>(pattern: &Regex, bytes: &'b [u8]) -> impl Iterator<Item = &'b str> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let group = pattern.captures_at(bytes, from)?.get(1)?;
        from = group.end();
        std::str::from_utf8(group.as_bytes()).ok()
    })
}

/// `3.11.` of `libpython3.11.so.1.0`.
fn beginning_of_version(file_name: &str) -> String {
    let number = file_name.trim_start_matches(|first: char| !first.is_ascii_digit());
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (major, rest) = number.split_at(digits(number));
    let rest = rest.strip_prefix('.').unwrap_or_default();
    let minor = rest.get(..digits(rest)).unwrap_or_default();
    format!("{major}.{minor}.")
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).unicode(false).build()
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| PROGRAMS.iter().map(Known::of).collect());

/// Of each glob of [`NAMES`], the row that it is of.
static OWNERS: LazyLock<Vec<usize>> = LazyLock::new(|| {
    PROGRAMS.iter().enumerate().flat_map(|(row, program)| program.files.iter().map(move |_| row)).collect()
});

static NAMES: LazyLock<GlobSet> = LazyLock::new(|| {
    let mut builder = GlobSet::builder();
    // That each compiles is a test: they are constants.
    for glob in PROGRAMS.iter().flat_map(|program| program.files).filter_map(|name| Glob::new(name).ok()) {
        builder.add(glob);
    }
    builder.build().unwrap_or_else(|_| GlobSet::empty())
});

#[cfg(test)]
mod tests;
